"""Who we are to a gateway: an Ed25519 device key of this installation, and the text it signs."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clawdesk import __version__

# The gateway takes known client names only; ours stands in the display name.
CLIENT = {
    "id": "gateway-client",
    "displayName": "ClawDesk",
    "version": __version__,
    "platform": "linux",
    "deviceFamily": "desktop",
    "mode": "ui",
}
NAME = CLIENT["displayName"]
ROLE = "operator"
SCOPES = ("operator.read", "operator.approvals", "operator.questions")
"""The least that raises, answers and looks; none that sends, runs or configures."""
CAPABILITIES = ("plugin-approvals",)
"""Without it the gateway does not tell how an approval ended."""


def text_of(raw: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Identity:
    """A device key. `seed`: its 32 secret bytes."""

    seed: bytes

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def device(self) -> str:
        """The device's id: sha256 of its public key, in hex."""
        return hashlib.sha256(self.public).hexdigest()

    def proof(self, *, nonce: str, at_ms: int, token: str) -> dict[str, object]:
        """What shows a gateway that the key is ours, bound to its nonce and to the token."""
        signed = (
            "v3",
            self.device,
            CLIENT["id"],
            CLIENT["mode"],
            ROLE,
            ",".join(SCOPES),
            str(at_ms),
            token,
            nonce,
            CLIENT["platform"],
            CLIENT["deviceFamily"],
        )
        return {
            "id": self.device,
            "publicKey": text_of(self.public),
            "signature": text_of(self._key.sign("|".join(signed).encode())),
            "signedAt": at_ms,
            "nonce": nonce,
        }

    @classmethod
    def new(cls) -> Identity:
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())
