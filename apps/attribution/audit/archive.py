"""One file for the customer: rows, leaves, heads, salts, prices, certificates and statements.

Format 1, a ZIP: docs/proof-archive.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from apps.attribution.audit.encoding import canonical, document_id
from apps.attribution.audit.journal import Journal, Opening, terms_document
from apps.attribution.audit.merkle import leaf_hash
from apps.attribution.audit.signing import commitment_of
from apps.attribution.statements import Statement

FORMAT = "netra-proof/1"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


@dataclass(frozen=True, slots=True)
class Archive:
    """What goes into an archive. rates: rate documents by id; certificates: any documents."""

    journal: Journal
    rates: Mapping[str, Mapping[str, Any]]
    certificates: Sequence[Mapping[str, Any]] = ()


def build_archive(target: IO[bytes], archive: Archive) -> None:
    """Write the archive of all closed periods. Deterministic: equal content, equal bytes."""
    journal = archive.journal
    closed = journal.openings[: len(journal.statements)]
    with ZipFile(target, "w", ZIP_DEFLATED) as file:
        _write(file, "manifest.json", [canonical(_manifest(journal))])
        _write(file, "terms.json", [canonical(terms_document(journal.contract))])
        _write(file, "periods.jsonl", [canonical(period_document(each)) for each in closed])
        _write(file, "rates.jsonl", [canonical(rate) for rate in archive.rates.values()])
        _write(file, "certificates.jsonl", map(_certificate, archive.certificates))
        _write(file, "rows.jsonl", journal.rows)
        _write(file, "leaves.hex", (leaf_hash(row).hex().encode() for row in journal.rows))
        _write(file, "heads.jsonl", [head.to_line() for head in journal.heads])
        _write(
            file, "statements.jsonl", [canonical(statement_document(s)) for s in journal.statements]
        )


def period_document(opening: Opening) -> dict[str, Any]:
    """A period that is over: its salt is revealed."""
    return {
        "number": opening.period.number,
        "starts_at": _instant(opening.period.starts_at),
        "ends_at": _instant(opening.period.ends_at),
        "holdout_bp": opening.holdout_bp,
        "salt": opening.salt_hex,
        "commitment": commitment_of(opening.salt_hex),
    }


def statement_document(statement: Statement) -> dict[str, Any]:
    """A statement as archives hold it: whole numbers only."""
    low_high = statement.since_start
    return {
        "period": statement.period.number,
        "starts_at": _instant(statement.period.starts_at),
        "ends_at": _instant(statement.period.ends_at),
        "units": statement.units,
        "held_out": statement.held_out,
        "paid_atoms": statement.paid_atoms,
        "ledger_atoms": dict(statement.ledger_atoms),
        "untouched_atoms": statement.untouched_atoms,
        "audited": statement.audited,
        "since_start": None if low_high is None else list(low_high),
        "proven": statement.proven,
        "billed": statement.billed,
        "billed_by_lever": dict(statement.billed_by_lever),
        "estimated": statement.estimated,
        "shortfall": statement.carried.shortfall,
        "fee_minor": statement.fee_minor,
        "fee_remainder": statement.carried.fee_remainder,
        "is_paused": statement.is_paused,
    }


def _manifest(journal: Journal) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "organisation": journal.organisation,
        "experiment": journal.experiment,
        "public_key": journal.public_key_hex,
    }


def _certificate(document: Mapping[str, Any]) -> bytes:
    return canonical({**document, "id": document_id(document)})


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _write(file: ZipFile, name: str, lines: Iterable[bytes]) -> None:
    info = ZipInfo(name, _EPOCH)
    info.compress_type = ZIP_DEFLATED
    with file.open(info, "w", force_zip64=True) as member:
        for line in lines:
            member.write(line + b"\n")
