"""Signed heads: what a log was at the end of a day, in a form that its owner cannot deny later."""

from dataclasses import asdict, dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.attribution.audit.encoding import canonical

FORMAT = "netra-head/1"


@dataclass(frozen=True, slots=True)
class Head:
    """The log after a batch. size, root: rows so far and their Merkle root (hex).

    date: the batch's day, ISO. holdout_bp, commitment: of the batch's period. terms: SHA-256 of the
    contract's terms as archives hold them.
    """

    organisation: str
    experiment: str
    batch: int
    date: str
    period: int
    holdout_bp: int
    commitment: str
    terms: str
    size: int
    root: str
    format: str = FORMAT

    def to_bytes(self) -> bytes:
        """What is signed."""
        return canonical(asdict(self))

    def sign(self, key: Ed25519PrivateKey) -> "SignedHead":
        """The head with its Ed25519 signature (RFC 8032)."""
        return SignedHead(self, key.sign(self.to_bytes()).hex())


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What is mailed to the customer's finance contact, as one line of JSON."""

    head: Head
    signature: str

    def to_line(self) -> bytes:
        return canonical({"head": asdict(self.head), "signature": self.signature})


def commitment_of(salt_hex: str) -> str:
    """SHA-256 of a period's salt (hex): published before the period, the salt after it."""
    return sha256(bytes.fromhex(salt_hex)).hexdigest()
