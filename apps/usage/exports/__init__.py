"""The request log as a file: CSV, JSON Lines, Parquet, and spend in the columns of FOCUS 1.2.

All of them are streams in bounded memory, whose figures sum to those of the events exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module

from apps.tenants.models import Organization
from apps.usage.charges import Books
from apps.usage.exports.columns import COLUMNS
from apps.usage.exports.delimited import csv_chunks
from apps.usage.exports.focus.rows import FOCUS_COLUMNS, Account, charge_batches
from apps.usage.exports.lines import jsonl_chunks
from apps.usage.exports.walking import event_batches
from apps.usage.store import EventFilter

_PARQUET = "apps.usage.exports.parquet"


@dataclass(frozen=True, slots=True)
class Format:
    """media_type: of the whole file. ending: of its name."""

    media_type: str
    ending: str


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", "csv"),
    "jsonl": Format("application/jsonl", "jsonl"),
    "parquet": Format("application/vnd.apache.parquet", "parquet"),
    "focus": Format("text/csv; charset=utf-8", "focus.csv"),
}


def exported(
    organization: Organization, wanted: EventFilter, *, name: str, at: datetime
) -> Iterator[bytes]:
    """The wanted events in the format `name` of FORMATS, in pieces, oldest first.

    What starts after `at` is left out, so that the file ends. Spend in FOCUS has no imported calls
    unless their kind is wanted. Opens the scope by itself.
    """
    wanted = replace(wanted, until=min(wanted.until, at) if wanted.until else at)
    if name == "focus" and wanted.kind is None:
        wanted = replace(wanted, is_imported=False)
    batches = event_batches(organization, wanted, COLUMNS)
    if name == "csv":
        return csv_chunks(COLUMNS, batches)
    if name == "jsonl":
        return jsonl_chunks(COLUMNS, batches)
    if name == "focus":
        charges = charge_batches(_account(organization), Books(organization.pk), batches)
        return csv_chunks(FOCUS_COLUMNS, charges)
    chunks: Iterator[bytes] = import_module(_PARQUET).parquet_chunks(COLUMNS, batches)
    return chunks


def _account(organization: Organization) -> Account:
    names = dict(organization.projects.order_by("id").values_list("id", "name"))
    return Account(organization.pk, organization.name, names)
