"""Envelope encryption: AES-256-GCM under a data key per organization, wrapped by a KEK.

Layout of a sealed value: 12 bytes of nonce, then ciphertext and tag (NIST SP 800-38D). The
associated data binds a value to its organization and purpose, so that a row copied elsewhere
does not open.
"""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.kernel.errors import NetraError

NONCE_BYTES = 12
KEY_BYTES = 32
# What kept prompts and answers are bound to, beside their organization.
CONTENT = "content"


class CannotOpen(NetraError):
    code = "credential_unreadable"
    http_status = 500
    message = (
        "A stored secret cannot be decrypted. Check NETRA_KEK, which must still hold the key "
        "that wrapped it, or enter the secret again."
    )


def seal(key: bytes, plaintext: bytes, *, bound_to: bytes) -> bytes:
    """Encrypt `plaintext` under a 32-byte `key`, bound to the associated data `bound_to`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def unseal(key: bytes, sealed: bytes | memoryview, *, bound_to: bytes) -> bytes:
    """Reverse `seal`. Raises CannotOpen for another key, another binding or damaged bytes."""
    sealed = bytes(sealed)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def new_data_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def binding(organization_id: UUID, purpose: str) -> bytes:
    """The associated data of a value that belongs to an organization and serves one purpose."""
    return f"{organization_id}:{purpose}".encode()
