"""Who this Fabric is to others: a key, a certificate signed with it, and TLS that trusts few.

A certificate is known by the SHA-256 of its bytes, its fingerprint. There is no authority: each
side trusts the very certificates of the peers it was paired with, and nothing else. `cryptography`
is loaded only where a certificate is made or read: most Fabrics have no peers.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.weights.files import write_private

# A pinned certificate needs no renewal, and a peer whose clock is wrong must be reached too.
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)
CERTIFICATE_CHARS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """This Fabric's own certificate.

    Args:
        path: the file with key and certificate, which only its owner reads.
        certificate: PEM.
    """

    path: Path
    certificate: str

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits."""
        return fingerprint_of(self.certificate)

    def listening(self, trusted: Iterable[str], *, strangers: bool) -> ssl.SSLContext:
        """What the listener speaks: TLS 1.3 with those who show one of these certificates.

        Args:
            trusted: PEM.
            strangers: also with those who show none, as who is being paired.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_OPTIONAL if strangers else ssl.CERT_REQUIRED
        context.num_tickets = 0  # nobody comes back on what was shown before a revocation
        return self._ours(context, trusted)

    def calling(self, certificate: str) -> ssl.SSLContext:
        """What is spoken to the one peer that has this certificate (PEM)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the certificate itself is pinned, wherever it answers
        return self._ours(context, [certificate])

    def _ours(self, context: ssl.SSLContext, trusted: Iterable[str]) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(self.path)
        except OSError as error:  # of TLS too: its key is damaged
            raise _unusable(self.path, error) from error
        for certificate in trusted:
            context.load_verify_locations(cadata=certificate)
        return context


def fingerprint_of(certificate: str) -> str:
    """Of a certificate in PEM. Raises ValueError if it is none."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def checked_certificate(text: object) -> str:
    """A peer's certificate as it came, in the one spelling that is kept.

    Raises:
        ValueError: it is none, or of a kind that TLS here would not take.
    """
    if not isinstance(text, str) or len(text) > CERTIFICATE_CHARS_MAX:
        raise ValueError("no certificate")
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificate(text.encode())
        is_ours = isinstance(found.public_key(), ec.EllipticCurvePublicKey)
        certificate = found.public_bytes(Encoding.PEM).decode()
        # One that TLS cannot load would stop the listener for everybody.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm, ssl.SSLError) as error:
        raise ValueError("no certificate that can be used") from error
    if not is_ours:
        raise ValueError("the key of the certificate is of another kind")
    return certificate


def open_identity(folder: Path) -> Identity:
    """This Fabric's identity, made if there is none yet.

    Raises:
        FabricError: others can read its key, or the file is damaged.
    """
    path = folder / "identity.pem"
    try:
        if not path.exists():
            write_private(path, _made())
        seen = path.stat()
        text = path.read_text(encoding="ascii")
        certificate = checked_certificate(text[text.index("-----BEGIN CERTIFICATE") :])
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    if stat.S_IMODE(seen.st_mode) & 0o077 or seen.st_uid != os.getuid():
        raise FabricError(
            f"{path} holds this Fabric's key and others can read it",
            mend=f"remove {path}; a new one is made, and peers must be paired anew",
        )
    found = Identity(path, certificate)
    found.calling(certificate)  # its key is looked at too, before anybody counts on it
    return found


def _unusable(path: Path, error: Exception) -> FabricError:
    return FabricError(
        f"{path}, by which peers know this Fabric, cannot be read or made: {error}",
        mend=f"remove {path}; a new one is made, and peers must be paired anew",
    )


def _made() -> str:
    """Key and certificate. Each has a name of its own, by which TLS looks a certificate up."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    pem = serialization.Encoding.PEM
    key = ec.generate_private_key(ec.SECP256R1())
    common = f"clawdesk-fabric {secrets.token_hex(8)}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(pem)).decode()
