"""Records that no organization takes, kept as a writer's folder of their own.

Moved back into the spool, such a folder ships again.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from apps.usage.spool import Kind, Record
from apps.usage.spool.folders import make_folder
from apps.usage.spool.frames import NOBODY, pack
from apps.usage.spool.segments import Segment

FOLDER = "quarantine"


def quarantine(spool: Path, name: str, records: Sequence[Record]) -> Path:
    """Write `records` below `spool`/quarantine; returns where. Raises OSError."""
    frames = b"".join(_frame(record) for record in records)
    data = pack(Kind.HEAD, NOBODY, NOBODY, b"") + frames
    folder, descriptor = make_folder(spool / FOLDER, name)
    try:
        segment = Segment(folder.segment(1), size=len(data))
        segment.append(data)
        os.fsync(segment.descriptor)
        segment.close()
    finally:
        os.close(descriptor)
    return folder.path


def _frame(record: Record) -> bytes:
    kind = Kind.BEGIN if record.kind is Kind.INTERRUPTED else record.kind
    return pack(kind, record.event_id, record.organization_id, record.payload)
