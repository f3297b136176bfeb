"""A doubt is told both ways, recomputed from raw rows, and corrected beside the statement."""

from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection

from apps.attribution.disputes import tasks
from apps.attribution.disputes.models import Dispute, Recomputation
from apps.attribution.disputes.selectors import disputes, report_of
from apps.attribution.disputes.services import (
    DisputeAnswered,
    DisputeOpen,
    InvalidDispute,
    NothingToCorrect,
    answer_dispute,
    recompute,
    request_recomputation,
)
from apps.attribution.models import SavingsStatement
from apps.notices.kinds import Kind
from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.usage.models import UsageEvent
from tests.attribution.disputes.making import (
    REASON,
    make_dispute,
    make_savings_statement,
    overwrite_fee,
)
from tests.attribution.test_sealing import OVER
from tests.staff import make_colleague

pytestmark = pytest.mark.django_db
ANSWER = "We found the digit that was wrong."


def recomputed(organization: Organization, dispute: Dispute) -> Recomputation:
    row = request_recomputation(dispute=dispute, reason=REASON, by="sam", at=OVER)
    with tenant_scope(organization):
        return recompute(organization=organization, recomputation_id=row.pk, at=OVER)


def told(organization: Organization) -> list[str]:
    rows = organization.notices.filter(kind__startswith="proof.dispute").order_by("at", "id")
    return list(rows.values_list("kind", flat=True))


def test_a_statement_that_holds_is_confirmed_and_both_sides_are_told() -> None:
    acme, statement = make_savings_statement("Acme")
    globex, theirs = make_savings_statement("Globex")
    make_colleague("sam@netra.test")
    dispute = make_dispute(acme, statement.pk)
    [job] = Job.objects.filter(task="disputes.tell_staff")
    with tenant_scope(acme):
        assert [tasks.tell_staff.run(**job.arguments) for _ in range(2)] == [True, False]
    with tenant_scope(globex):
        assert tasks.tell_staff.run(**job.arguments) is False
    [message] = mail.outbox
    assert (message.bcc, REASON in message.body) == (["sam@netra.test"], True)

    report = recomputed(acme, dispute).report

    assert report is not None
    assert (report["is_confirmed"], report["differences"], report["findings"]) == (True, [], [])
    assert (report["calls"]["equal"], report["calls"]["differing"]) == (40, 0)
    with tenant_scope(acme):
        answer_dispute(dispute_id=dispute.pk, answer=ANSWER, by="sam", at=OVER)
    assert told(acme) == [Kind.DISPUTE_OPENED, Kind.DISPUTE_ANSWERED]
    assert told(globex) == []
    assert [each.pk for each in disputes(acme)] == [dispute.pk]
    assert list(disputes(globex)) == []
    with pytest.raises(Recomputation.DoesNotExist):
        report_of(globex, dispute.pk)
    assert theirs.pk != statement.pk


def test_a_wrong_figure_is_corrected_beside_the_statement_which_stays() -> None:
    acme, statement = make_savings_statement()
    overwrite_fee(acme, statement.pk, 77)
    dispute = make_dispute(acme, statement.pk)

    report = recomputed(acme, dispute).report

    assert report is not None
    [change] = report["differences"]
    assert change == {"name": "fee_minor", "standing": 77, "recomputed": 0, "difference": -77}
    assert (report["fee_difference_minor"], report["is_confirmed"]) == (-77, False)
    with tenant_scope(acme):
        answered = answer_dispute(
            dispute_id=dispute.pk, answer=ANSWER, by="sam", at=OVER, is_corrected=True
        )
        kept = SavingsStatement.objects.get(pk=statement.pk)
        [correction] = kept.corrections.all()
    assert answered.correction_id == correction.pk
    assert (correction.fee_difference_minor, correction.document["fee_minor"]) == (-77, 0)
    assert kept.document["fee_minor"] == 77
    again = recomputed(acme, make_dispute(acme, statement.pk)).report
    assert again is not None
    assert again["differences"] == []


def test_a_call_that_the_log_tells_otherwise_is_named() -> None:
    acme, statement = make_savings_statement()
    with tenant_scope(acme):
        one, other = UsageEvent.objects.filter(unit__isnull=False).order_by("pk")[:2]
        with connection.cursor() as cursor:
            change = "UPDATE usage_event SET arm = arm, decomposition = '{}' WHERE event_id = %s"
            cursor.execute(change, [one.pk])
            cursor.execute("DELETE FROM usage_event WHERE event_id = %s", [other.pk])
    report = recomputed(acme, make_dispute(acme, statement.pk)).report
    assert report is not None
    calls = report["calls"]
    assert (calls["equal"] + calls["differing"], calls["gone_from_the_log"]) == (39, 1)
    assert report["differences"] == []


def test_a_report_is_made_once_and_kept() -> None:
    acme, statement = make_savings_statement()
    row = recomputed(acme, make_dispute(acme, statement.pk))
    overwrite_fee(acme, statement.pk, 77)
    with tenant_scope(acme):
        again = recompute(organization=acme, recomputation_id=row.pk, at=OVER)
    assert (again.report, again.finished_at) == (row.report, OVER)


def test_refusals_say_what_to_do() -> None:
    acme, statement = make_savings_statement()
    with pytest.raises(SavingsStatement.DoesNotExist):
        make_dispute(acme, uuid4())
    with pytest.raises(InvalidDispute):
        make_dispute(acme, statement.pk, reason="no")
    dispute = make_dispute(acme, statement.pk)
    with pytest.raises(DisputeOpen):
        make_dispute(acme, statement.pk)
    with tenant_scope(acme):
        with pytest.raises(NothingToCorrect):
            answer_dispute(
                dispute_id=dispute.pk, answer=ANSWER, by="sam", at=OVER, is_corrected=True
            )
        answer_dispute(dispute_id=dispute.pk, answer=ANSWER, by="sam", at=OVER)
        with pytest.raises(DisputeAnswered):
            answer_dispute(dispute_id=dispute.pk, answer=ANSWER, by="sam", at=OVER)
    assert make_dispute(acme, statement.pk).state == "open"
