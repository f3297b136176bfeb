"""What the shipper says of itself, in a file that any process may read."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from apps.usage.spool.files import read_json, replace_json

NAME = "shipper.json"


@dataclass(frozen=True, slots=True)
class ShipperStatus:
    """at: RFC 3339. Counts are since the shipper's start.

    lag_seconds: how long the shipper has not been up to date, 0 when it is. lag_bytes: of
    segments not stored, at most. error: why it waits, None when it does not.
    """

    at: str
    lag_seconds: float = 0.0
    lag_bytes: int = 0
    inserted: int = 0
    duplicate: int = 0
    refused: int = 0
    quarantined: int = 0
    damaged_bytes: int = 0
    error: str | None = None

    def counting(self, *, inserted: int, duplicate: int, refused: int) -> Self:
        """With a batch more."""
        return replace(
            self,
            inserted=self.inserted + inserted,
            duplicate=self.duplicate + duplicate,
            refused=self.refused + refused,
        )


def write_status(spool: Path, status: ShipperStatus) -> None:
    """Raises OSError."""
    replace_json(spool / NAME, asdict(status))


def read_status(spool: Path) -> ShipperStatus | None:
    """The last words of the shipper of this spool; None when there are none."""
    known = read_json(spool / NAME)
    if not isinstance(known.get("at"), str):
        return None
    names = {field.name for field in fields(ShipperStatus)}
    return ShipperStatus(**{name: value for name, value in known.items() if name in names})


def age_seconds(status: ShipperStatus, *, at: datetime) -> float:
    """How long ago the shipper said so; a living one does each second."""
    return (at - datetime.fromisoformat(status.at)).total_seconds()
