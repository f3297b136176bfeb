"""Records on their way to Postgres, in files that outlive the process that wrote them.

Each writing process has a folder of its own: a lock that it holds while it lives, and numbered
segments of checked frames. Plain Python: the gateway writes here, the shipper reads.
"""

from apps.usage.spool.following import Follower, Record
from apps.usage.spool.frames import Kind
from apps.usage.spool.status import ShipperStatus, read_status
from apps.usage.spool.writer import SpoolState, SpoolWriter

__all__ = [
    "Follower",
    "Kind",
    "Record",
    "ShipperStatus",
    "SpoolState",
    "SpoolWriter",
    "read_status",
]
