"""Whose questions may stand for each other, and how their answers are named there."""

from dataclasses import dataclass, field
from uuid import UUID

from apps.tenants.vault import binding

# Follows an installation's prefix in the keys of all that is kept of answers.
ANSWERS = "answers"
ROW_FIELD = b"r"


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace since its last flush: `name` is a keyed hash of all that tells it apart."""

    organization_id: UUID
    name: str
    data_key: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """A name for files and keys."""
        return f"{self.organization_id.hex}.{self.name}"

    @property
    def binding(self) -> bytes:
        """What its rows are sealed for."""
        return binding(self.organization_id, f"row:{self.name}")


def rows_key(prefix: str, space: Space) -> str:
    """The stream of its rows in the store of answers, whose keys start with `prefix`."""
    return f"{prefix}:rows:{space.path}"


def digest_of(key: str) -> bytes:
    """What rows name an answer by: the end of its key in the store, 32 bytes."""
    return bytes.fromhex(key.rpartition(":")[2])
