"""Keep the log of an experiment: open it, seal batches, close periods. Inside the scope."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from apps.attribution.audit import (
    Call,
    ClosedUnit,
    Journal,
    Opening,
    State,
    statement_document,
    terms_document,
)
from apps.attribution.models import (
    Experiment,
    Period,
    ProofLog,
    RateDocument,
    SavingsCorrection,
    SavingsStatement,
    SealedHead,
    SealedRow,
)
from apps.attribution.selectors import SEALED_FOR, key_binding
from apps.attribution.sequences import Bound, interval
from apps.attribution.services.telling import tell_correction, tell_statement
from apps.attribution.statements import Contract
from apps.attribution.statements import Period as Span
from apps.kernel.errors import NetraError
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import seal, unseal

_COMPARISON = "comparison:"


class LogRefused(NetraError):
    code = "log_refused"
    http_status = 409


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """Units that closed on a day, calls that compared answers on it, and the rate documents that
    all of them name.
    """

    day: date
    units: Sequence[ClosedUnit]
    rates: Iterable[Mapping[str, Any]]
    comparisons: Sequence[Call] = ()

    @property
    def names(self) -> list[str]:
        """What each row of the batch is of: no unit is named as a comparison is."""
        of_units = [unit.unit for unit in self.units]
        return of_units + [comparison_name(call.event_id) for call in self.comparisons]


def open_log(
    *, organization: Organization, experiment_id: UUID, contract: Contract, at: datetime
) -> ProofLog:
    """Begin the log of an experiment under terms that hold for all of it."""
    key = Ed25519PrivateKey.generate()
    experiment = Experiment.objects.get(pk=experiment_id)
    bound_to = key_binding(organization.pk, experiment.pk)
    return ProofLog.objects.create(
        experiment=experiment,
        terms=terms_document(contract),
        sealed_key=seal(data_key(organization, at=at), key.private_bytes_raw(), bound_to=bound_to),
        public_key=key.public_key().public_bytes_raw().hex(),
        state=State().to_dict(),
        created_at=at,
    )


@transaction.atomic
def open_log_period(*, organization: Organization, period_id: UUID, at: datetime) -> int:
    """Begin the next period; its number. Raises LogRefused where it does not follow the last."""
    period = Period.objects.get(pk=period_id)
    log = _locked(period.experiment_id)
    if log.opened:
        before = Period.objects.get(pk=log.opened[-1])
        if before.ends_at != period.starts_at:
            raise LogRefused(f"Open the period that begins at {before.ends_at.isoformat()} first.")
    journal = _journal(organization, log, at)
    number = len(log.opened) + 1
    span = Span(number, period.starts_at, period.ends_at)
    journal.open_period(Opening(span, period.holdout_percent * 100, period.commitment))
    log.opened.append(str(period.pk))
    _keep(log, journal)
    return number


def comparison_name(event_id: str) -> str:
    """What the row of a call that compared answers is of."""
    return f"{_COMPARISON}{event_id}"


def compared_event(name: str) -> UUID | None:
    """The inverse of `comparison_name`; None for a unit's."""
    return UUID(name.removeprefix(_COMPARISON)) if name.startswith(_COMPARISON) else None


@transaction.atomic
def seal_batch(
    *, organization: Organization, period_id: UUID, batch: SealedBatch, at: datetime
) -> SealedHead:
    """Score, sign and store the units of an open period; the head to mail. Raises LogRefused."""
    period = Period.objects.get(pk=period_id)
    log = _locked(period.experiment_id)
    journal, number = _journal(organization, log, at), _number(log, period)
    head = journal.close_batch(batch.day, number, batch.units, batch.comparisons)
    documents = [RateDocument(id=rate["id"], document=rate) for rate in batch.rates]
    RateDocument.objects.bulk_create(documents, ignore_conflicts=True)
    _store_rows(log, period, batch.names, journal)
    _keep(log, journal)
    return SealedHead.objects.create(
        log=log,
        batch=head.head.batch,
        date=batch.day,
        size=head.head.size,
        line=head.to_line(),
        savings=_known(journal),
    )


@transaction.atomic
def close_log_period(
    *, organization: Organization, period_id: UUID, at: datetime
) -> SavingsStatement:
    """The final statement of the oldest open period, once none of its units goes on."""
    period = Period.objects.get(pk=period_id)
    log = _locked(period.experiment_id)
    journal, number = _journal(organization, log, at), _number(log, period)
    if number != min(journal.state.running):
        raise LogRefused("An earlier period is open. Close it first.")
    if at < period.ends_at + SEALED_FOR:
        raise LogRefused(f"Its units go on until {(period.ends_at + SEALED_FOR).isoformat()}.")
    document = statement_document(journal.close_period())
    _keep(log, journal)
    statement = SavingsStatement.objects.create(
        log=log, period=period, number=number, document=document, finalised_at=at
    )
    tell_statement(statement, at=at)
    return statement


@transaction.atomic
def correct_statement(
    *, statement_id: UUID, document: Mapping[str, Any], reason: str, at: datetime
) -> SavingsCorrection:
    """What the statement should have said, beside it; the statement itself stays."""
    statement = SavingsStatement.objects.get(pk=statement_id)
    if not reason.strip():
        raise LogRefused("Say why the statement is corrected.")
    if document["period"] != statement.number:
        raise LogRefused(f"These are not the figures of period {statement.number}.")
    last = statement.corrections.order_by("created_at", "id").last()
    fee_minor = (last or statement).document["fee_minor"]
    correction = SavingsCorrection.objects.create(
        statement=statement,
        reason=reason.strip(),
        document=dict(document),
        fee_difference_minor=document["fee_minor"] - fee_minor,
        created_at=at,
    )
    tell_correction(correction, at=at)
    return correction


def _store_rows(log: ProofLog, period: Period, names: Sequence[str], journal: Journal) -> None:
    first = journal.state.tree.size - len(names)
    sealed = enumerate(zip(names, journal.rows, journal.leaves, strict=True), first)
    rows = (
        SealedRow(log=log, number=number, period=period, unit=name, line=line, leaf=leaf)
        for number, (name, line, leaf) in sealed
    )
    SealedRow.objects.bulk_create(rows, batch_size=1_000)


def _known(journal: Journal) -> dict[str, int | None]:
    """Since the experiment began, over all periods: what a page shows of the day."""
    saved = journal.proof.saved
    low, high = interval(saved, journal.contract.bound) or (None, None)
    return {"units": journal.proof.units, "audited": saved.total, "low": low, "high": high}


def _locked(experiment_id: UUID) -> ProofLog:
    return ProofLog.objects.select_for_update().get(pk=experiment_id)


def _journal(organization: Organization, log: ProofLog, at: datetime) -> Journal:
    bound_to = key_binding(organization.pk, log.pk)
    key = unseal(data_key(organization, at=at), log.sealed_key, bound_to=bound_to)
    return Journal(
        str(organization.pk),
        str(log.pk),
        contract_of(log.terms),
        Ed25519PrivateKey.from_private_bytes(key),
        State.from_dict(log.state),
    )


def contract_of(terms: Mapping[str, Any]) -> Contract:
    """The inverse of `terms_document`."""
    bound = {name: value for name, value in terms.items() if name != "fee_bp"}
    return Contract(Bound(**{**bound, "alpha": Decimal(terms["alpha"])}), terms["fee_bp"])


def _number(log: ProofLog, period: Period) -> int:
    number = 1 + log.opened.index(str(period.pk)) if str(period.pk) in log.opened else 0
    if str(number) not in {str(each["number"]) for each in log.state["running"]}:
        raise LogRefused("The period is not open in the log.")
    return number


def _keep(log: ProofLog, journal: Journal) -> None:
    log.state = journal.state.to_dict()
    log.save(update_fields=("state", "opened"))
