"""Open a dispute, recompute, answer, and correct beside the statement. Inside the scope."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.attribution.disputes.models import Dispute, Recomputation
from apps.attribution.disputes.recomputing import recomputed_report
from apps.attribution.models import SavingsCorrection, SavingsStatement
from apps.attribution.services import correct_statement
from apps.kernel.errors import NetraError
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.jobs import enqueue
from apps.tenants.models import Organization

RECOMPUTE = "disputes.recompute"
TELL_STAFF = "disputes.tell_staff"
LEAST_REASON, LONGEST_REASON = 10, 2_000


class InvalidDispute(NetraError):
    code = "invalid_dispute"
    http_status = 400
    message = f"Say why in {LEAST_REASON} to {LONGEST_REASON:,} characters."


class DisputeOpen(NetraError):
    code = "dispute_open"
    http_status = 409
    message = "This statement is disputed already. We answer that one first."


class DisputeAnswered(NetraError):
    code = "dispute_answered"
    http_status = 409
    message = "This dispute is answered. Open another one with what is new."


class NothingToCorrect(NetraError):
    code = "nothing_to_correct"
    http_status = 409
    message = "No recomputation gives other figures than those that stand. Recompute it first."


@transaction.atomic
def open_dispute(
    *,
    organization: Organization,
    statement_id: UUID,
    reason: str,
    by: str,
    at: datetime,
    is_by_staff: bool = False,
) -> Dispute:
    """Doubt a statement: our staff are told, and the organization that they were.

    Raises SavingsStatement.DoesNotExist, InvalidDispute, DisputeOpen.
    """
    statement = SavingsStatement.objects.get(pk=statement_id)
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                organization=organization,
                experiment_id=statement.log_id,
                statement_id=statement.pk,
                period_number=statement.number,
                reason=_checked(reason),
                opened_by=by[:200],
                is_by_staff=is_by_staff,
                opened_at=at,
            )
    except IntegrityError as error:
        raise DisputeOpen from error
    announce(organization=organization, news=_opened(dispute), at=at)
    if not is_by_staff:
        enqueue(TELL_STAFF, organization=organization, at=at, dispute_id=str(dispute.pk))
    return dispute


@transaction.atomic
def request_recomputation(*, dispute: Dispute, reason: str, by: str, at: datetime) -> Recomputation:
    """Ask for the difference report of a statement, in the background. Raises InvalidDispute."""
    row = Recomputation.objects.create(
        dispute=dispute, reason=_checked(reason), requested_by=by[:200], requested_at=at
    )
    enqueue(RECOMPUTE, organization=dispute.organization, at=at, recomputation_id=str(row.pk))
    return row


def recompute(*, organization: Organization, recomputation_id: UUID, at: datetime) -> Recomputation:
    """Make the report that was asked for. Twice is the same as once: a report is never changed."""
    mine = Recomputation.objects.select_related("dispute").filter(
        dispute__organization=organization
    )
    row = mine.get(pk=recomputation_id)
    if row.finished_at is None:
        row.report = recomputed_report(organization, row.dispute.statement_id, at=at)
        row.finished_at = at
        row.save(update_fields=["report", "finished_at"])
    return row


@transaction.atomic
def answer_dispute(
    *, dispute_id: UUID, answer: str, by: str, at: datetime, is_corrected: bool = False
) -> Dispute:
    """Tell the organization what came of it; with `is_corrected` the recomputed figures are
    written beside the statement first. Raises InvalidDispute, DisputeAnswered, NothingToCorrect.
    """
    disputes = Dispute.objects.select_for_update(of=("self",)).select_related("organization")
    dispute = disputes.get(pk=dispute_id)
    if dispute.answered_at:
        raise DisputeAnswered
    dispute.answer, dispute.answered_by = _checked(answer), by[:200]
    dispute.answered_at = at
    if is_corrected:
        dispute.correction_id = _correct(dispute, at).pk
    dispute.save()
    announce(organization=dispute.organization, news=_answered(dispute), at=at)
    return dispute


def _correct(dispute: Dispute, at: datetime) -> SavingsCorrection:
    finished = dispute.recomputations.filter(finished_at__isnull=False)
    last = finished.order_by("finished_at", "id").last()
    report = last.report if last else None
    if not report or not report["recomputed"] or not report["differences"]:
        raise NothingToCorrect
    return correct_statement(
        statement_id=dispute.statement_id,
        document=report["recomputed"],
        reason=f"Dispute {dispute.pk}: {dispute.answer}",
        at=at,
    )


def _checked(text: str) -> str:
    text = text.strip()
    if not LEAST_REASON <= len(text) <= LONGEST_REASON:
        raise InvalidDispute
    return text


def _opened(dispute: Dispute) -> News:
    who = "Our support" if dispute.is_by_staff else "Somebody of your organization"
    return News(
        kind=Kind.DISPUTE_OPENED,
        once=str(dispute.pk),
        subject=f"Savings statement {dispute.period_number} is disputed",
        advice=f"{who} opened a dispute. The statement is recomputed from its raw rows by a person "
        "of our support, who answers here. Meanwhile nothing of it changes.",
        payload=_payload(dispute),
        page="disputes",
    )


def _answered(dispute: Dispute) -> News:
    result = "A correction stands beside it" if dispute.correction_id else "It stands as it is"
    return News(
        kind=Kind.DISPUTE_ANSWERED,
        once=str(dispute.pk),
        subject=f"Your dispute of savings statement {dispute.period_number} is answered",
        advice=f"{result}. {dispute.answer}"[:500],
        payload=_payload(dispute),
        page="disputes",
    )


def _payload(dispute: Dispute) -> dict[str, object]:
    return {
        "dispute_id": str(dispute.pk),
        "statement_id": str(dispute.statement_id),
        "experiment_id": str(dispute.experiment_id),
        "period": dispute.period_number,
        "state": dispute.state,
        "correction_id": dispute.correction_id and str(dispute.correction_id),
    }
