"""The log of an experiment, its archive, and its re-run; to be read inside the scope."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.attribution.audit import Archive, Opening, build_archive, period_document
from apps.attribution.audit.netra_verify import verify
from apps.attribution.models import ProofLog, RateDocument, SavingsCorrection, SavingsStatement
from apps.attribution.selectors.periods import opened_salt
from apps.attribution.statements import Period as Span
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Rerun:
    """What the verifier found: sentences, none where all holds; statements as recomputed."""

    findings: list[str]
    statements: list[dict[str, Any]]


def savings_statements(experiment_id: UUID) -> QuerySet[SavingsStatement]:
    """Final ones of an experiment, the oldest first, with their corrections."""
    statements = SavingsStatement.objects.filter(log_id=experiment_id)
    return statements.order_by("number").prefetch_related(_corrections())


def closed_statements() -> QuerySet[SavingsStatement]:
    """Those of all experiments, the latest first, with log, quality and corrections."""
    rows = SavingsStatement.objects.select_related("log", "period__quality")
    return rows.prefetch_related(_corrections()).order_by("-finalised_at", "-id")


def _corrections() -> "Prefetch[str]":
    return Prefetch("corrections", SavingsCorrection.objects.order_by("created_at", "id"))


def key_binding(organization_id: UUID, experiment_id: UUID) -> bytes:
    """What the signing key of a log is bound to."""
    return binding(organization_id, f"proof:{experiment_id}")


def log_archive(experiment_id: UUID, *, organization_id: UUID, data_key: bytes) -> Archive:
    """The archive of all closed periods, for `build_archive`; rows are read as it is written. The
    salts of closed periods are no secret any more. Raises ProofLog.DoesNotExist.
    """
    log = ProofLog.objects.get(pk=experiment_id)
    statements = list(savings_statements(experiment_id).select_related("period"))
    known: dict[str, Any] = {"organization_id": organization_id, "data_key": data_key}
    return Archive(
        str(organization_id),
        str(experiment_id),
        log.public_key,
        log.terms,
        [_period(each, opened_salt(each.period, **known)) for each in statements],
        [each.document for each in statements],
        [bytes(line) for line in log.heads.order_by("batch").values_list("line", flat=True)],
        _of_rows(log, "line"),
        _of_rows(log, "leaf"),
        RateDocument.objects.order_by("id").values_list("document", flat=True),
    )


def opened_archive(experiment_id: UUID, *, organization: Organization, at: datetime) -> IO[bytes]:
    """The archive as a file that whoever sends it closes; its rows are read here, in the scope.
    Raises ProofLog.DoesNotExist.
    """
    key = data_key(organization, at=at)
    archive = log_archive(experiment_id, organization_id=organization.pk, data_key=key)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed once it is sent)
    build_archive(file, archive)
    file.seek(0)
    return file


def rerun(experiment_id: UUID, *, organization_id: UUID, data_key: bytes) -> Rerun:
    """Every figure again from the raw rows, by the verifier that customers have."""
    archive = log_archive(experiment_id, organization_id=organization_id, data_key=data_key)
    with tempfile.TemporaryFile() as file:
        build_archive(file, archive)
        findings, statements = verify(file, archive.public_key_hex)
    return Rerun(findings.shown, statements)


def _of_rows(log: ProofLog, name: str) -> Iterator[bytes]:
    found = log.rows.order_by("number").values_list(name, flat=True)
    return (bytes(each) for each in found.iterator(chunk_size=_CHUNK))


def _period(statement: SavingsStatement, salt: bytes) -> Mapping[str, Any]:
    period = statement.period
    span = Span(statement.number, period.starts_at, period.ends_at)
    opening = Opening(span, period.holdout_percent * 100, period.commitment)
    return period_document(opening, salt.hex())
