"""Event v1: the record of one call, the same in the spool, on the way and in the tables.

Fields are only ever added, with a default: an old reader skips those it does not know, a new
reader fills in those that an old writer did not send.
"""

from apps.kernel.events.encoding import UnreadableEvent, decode, decode_begin, encode, read_alerts
from apps.kernel.events.fields import (
    KINDS,
    OUTCOMES,
    Alert,
    Attempt,
    Begin,
    Charge,
    Decision,
    Event,
    Feature,
    Kind,
    Outcome,
)
from apps.kernel.events.interruption import INTERRUPTED, interrupted

__all__ = [
    "INTERRUPTED",
    "KINDS",
    "OUTCOMES",
    "Alert",
    "Attempt",
    "Begin",
    "Charge",
    "Decision",
    "Event",
    "Feature",
    "Kind",
    "Outcome",
    "UnreadableEvent",
    "decode",
    "decode_begin",
    "encode",
    "interrupted",
    "read_alerts",
]
