"""One file for the customer: rows, leaves, heads, salts, prices, certificates and statements.

Format 1, a ZIP: docs/proof-archive.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from apps.attribution.audit.encoding import canonical, document_id
from apps.attribution.audit.journal import Journal, terms_document
from apps.attribution.audit.state import Opening
from apps.attribution.statements import Statement

FORMAT = "netra-proof/1"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


@dataclass(frozen=True, slots=True)
class Archive:
    """What goes into an archive: documents of closed periods, lines of the whole log.

    leaves: hashes of the rows as they were sealed. rates: every rate document that a row names;
    certificates: any documents.
    """

    organisation: str
    experiment: str
    public_key_hex: str
    terms: Mapping[str, Any]
    periods: Sequence[Mapping[str, Any]]
    statements: Sequence[Mapping[str, Any]]
    heads: Iterable[bytes]
    rows: Iterable[bytes]
    leaves: Iterable[bytes]
    rates: Iterable[Mapping[str, Any]] = ()
    certificates: Iterable[Mapping[str, Any]] = ()


def archive_of(
    journal: Journal, salts: Sequence[str], rates: Iterable[Mapping[str, Any]]
) -> Archive:
    """The archive of a journal that is whole in memory. salts: hex, of its closed periods."""
    closed = zip(journal.openings, salts, strict=False)
    return Archive(
        journal.organisation,
        journal.experiment,
        journal.public_key_hex,
        terms_document(journal.contract),
        [period_document(opening, salt) for opening, salt in closed][: len(journal.statements)],
        [statement_document(statement) for statement in journal.statements],
        [head.to_line() for head in journal.heads],
        journal.rows,
        journal.leaves,
        rates,
    )


def build_archive(target: IO[bytes], archive: Archive) -> None:
    """Write an archive. Deterministic: equal content, equal bytes."""
    rates, certificates = map(canonical, archive.rates), map(_certificate, archive.certificates)
    leaves = (leaf.hex().encode() for leaf in archive.leaves)
    with ZipFile(target, "w", ZIP_DEFLATED) as file:
        _write(file, "manifest.json", [canonical(_manifest(archive))])
        _write(file, "terms.json", [canonical(archive.terms)])
        _write(file, "periods.jsonl", map(canonical, archive.periods))
        _write(file, "rates.jsonl", rates)
        _write(file, "certificates.jsonl", certificates)
        _write(file, "rows.jsonl", archive.rows)
        _write(file, "leaves.hex", leaves)
        _write(file, "heads.jsonl", archive.heads)
        _write(file, "statements.jsonl", map(canonical, archive.statements))


def period_document(opening: Opening, salt_hex: str) -> dict[str, Any]:
    """A period that is over: its salt is revealed."""
    return {
        "number": opening.period.number,
        "starts_at": _instant(opening.period.starts_at),
        "ends_at": _instant(opening.period.ends_at),
        "holdout_bp": opening.holdout_bp,
        "salt": salt_hex,
        "commitment": opening.commitment,
    }


def statement_document(statement: Statement) -> dict[str, Any]:
    """A statement as archives hold it: whole numbers only."""
    low_high = statement.since_start
    document = {
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
    if statement.comparisons_atoms:  # statements were sealed before comparisons were in logs
        document["comparisons_atoms"] = statement.comparisons_atoms
    return document


def _manifest(archive: Archive) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "organisation": archive.organisation,
        "experiment": archive.experiment,
        "public_key": archive.public_key_hex,
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
