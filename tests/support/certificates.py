"""A certificate authority that only a test trusts, and certificates of names it vouches for."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM
_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """One authority; its key lives as long as the object."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"An authority of a test, {x509.random_serial_number():x}"[:60])
        self._certificate = self._sign(
            self._name, self._key.public_key(), x509.BasicConstraints, ""
        )

    def trusted(self) -> ssl.SSLContext:
        """What a client judges by that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self._certificate.public_bytes(_PEM).decode())

    def server(self, host: str, folder: Path, *, days: int = 1) -> ssl.SSLContext:
        """What a server shows that has a certificate for `host`; expired where `days` < 0."""
        key = ec.generate_private_key(ec.SECP256R1())
        found = self._sign(_name(host), key.public_key(), None, host, days=days)
        path = folder / f"{host}.{days}.pem"
        private = key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + found.public_bytes(_PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        basic: type[x509.BasicConstraints] | None,
        host: str,
        *,
        days: int = 1,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
        )
        # Python 3.13 takes no chain without these.
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(ours, critical=False)
        of_it = x509.SubjectKeyIdentifier.from_public_key(key)
        builder = builder.add_extension(of_it, critical=False)
        if basic is not None:
            builder = builder.add_extension(basic(ca=True, path_length=None), critical=True)
            builder = builder.add_extension(_SIGNS, critical=True)
        if host:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
