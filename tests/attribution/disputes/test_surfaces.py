"""Disputes by API, portal, staff site and command."""

import json
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.attribution.disputes import tasks
from apps.attribution.disputes.models import Dispute
from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.tenants.permissions import KEY_SCOPES, Role
from tests.api.callers import by_key
from tests.attribution.disputes.making import (
    REASON,
    make_dispute,
    make_savings_statement,
    overwrite_fee,
)
from tests.factories import make_api_key, make_member
from tests.staff import make_colleague, sign_in

pytestmark = pytest.mark.django_db


def run_jobs(organization: Organization) -> None:
    for job in Job.objects.filter(task="disputes.recompute"):
        with tenant_scope(organization):
            tasks.recompute.run(**job.arguments)


def staff_page(dispute: Dispute, action: str) -> str:
    return reverse(f"admin:disputes_dispute_{action}", args=[dispute.pk])


def test_a_program_disputes_and_reads_the_report() -> None:
    acme, statement = make_savings_statement("Acme")
    globex, theirs = make_savings_statement("Globex")
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    body = {"statement_id": str(statement.pk), "reason": REASON}
    made = call("POST", "/disputes", body)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    path = f"/disputes/{made.json()['id']}"
    assert call("POST", "/disputes", body).json()["code"] == "dispute_open"
    assert call("POST", "/disputes", body | {"statement_id": str(theirs.pk)}).status_code == 404
    assert call("GET", f"{path}/report").status_code == 404
    colleague = sign_in(make_colleague())
    dispute = Dispute.objects.get()
    colleague.post(staff_page(dispute, "recompute"), {"reason": REASON})
    run_jobs(acme)
    assert call("GET", f"{path}/report").json()["is_confirmed"] is True
    assert call("GET", path).json()["recomputations"][0]["is_confirmed"] is True
    assert call("GET", "/disputes").json()["data"][0]["id"] == made.json()["id"]
    other = by_key(make_api_key(globex, KEY_SCOPES).text.value)
    assert other("GET", "/disputes").json()["data"] == []
    assert [other("GET", each).status_code for each in (path, f"{path}/report")] == [404, 404]


def test_finance_disputes_by_a_button_and_a_viewer_may_not(client: Client) -> None:
    acme, statement = make_savings_statement()
    page = f"/o/{acme.slug}/disputes/new/"
    client.force_login(make_member(acme, Role.VIEWER))
    assert client.get(page).status_code == 403
    client.force_login(make_member(acme, Role.FINANCE))
    shown = client.get(f"{page}?statement={statement.pk}")
    assert f'value="{statement.pk}" selected' in shown.content.decode()
    done = client.post(page, {"statement": str(statement.pk), "reason": REASON})
    assert done.headers["location"] == f"/o/{acme.slug}/disputes/"
    assert REASON in client.get(f"/o/{acme.slug}/disputes/").content.decode()
    again = client.post(page, {"statement": str(statement.pk), "reason": REASON})
    assert "disputed already" in again.content.decode()


def test_staff_recompute_download_answer_and_correct_and_all_of_it_is_logged() -> None:
    acme, statement = make_savings_statement()
    overwrite_fee(acme, statement.pk, 77)
    dispute = make_dispute(acme, statement.pk)
    staff = sign_in(make_colleague())
    assert staff.get(staff_page(dispute, "report")).status_code == 302
    refused = staff.post(staff_page(dispute, "recompute"), {"reason": "no"})
    assert (refused.status_code, dispute.recomputations.count()) == (200, 0)
    staff.post(staff_page(dispute, "recompute"), {"reason": REASON})
    run_jobs(acme)
    report = json.loads(staff.get(staff_page(dispute, "report")).content)
    assert report["fee_difference_minor"] == -77
    shown = staff.get(staff_page(dispute, "change")).content.decode()
    assert "1 findings, 1 figures differ" in shown
    staff.post(staff_page(dispute, "answer"), {"answer": REASON, "is_corrected": "on"})
    dispute.refresh_from_db()
    assert (dispute.state, dispute.answered_by) == ("answered", "sam@netra.test")
    with tenant_scope(acme):
        assert statement.corrections.get().pk == dispute.correction_id
    told = staff.post(staff_page(dispute, "answer"), {"answer": REASON})
    assert "is answered" in told.content.decode()
    logged = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert [message.split(":")[0] for message in logged] == ["Recompute", "Answer"]


def test_staff_open_a_dispute_of_their_own_with_a_reason() -> None:
    acme, statement = make_savings_statement()
    staff = sign_in(make_colleague(is_superuser=True))
    page = reverse("admin:disputes_dispute_add")
    given = {"organization": str(acme.pk), "statement_id": str(statement.pk), "reason": REASON}
    staff.post(page, given | {"statement_id": "0192f3a0-0000-7000-8000-000000000001"})
    assert Dispute.objects.count() == 0
    staff.post(page, given)
    dispute = Dispute.objects.get()
    assert (dispute.is_by_staff, dispute.opened_by) == (True, "sam@netra.test")
    assert not Job.objects.filter(task="disputes.tell_staff").exists()


def test_an_operator_gets_the_difference_report_by_one_command() -> None:
    acme, statement = make_savings_statement()
    out = StringIO()
    call_command("rerun_savings", acme.slug, "--statement", str(statement.pk), stdout=out)
    assert json.loads(out.getvalue())["is_confirmed"] is True
    overwrite_fee(acme, statement.pk, 77)
    with pytest.raises(CommandError, match="differs"):
        call_command("rerun_savings", acme.slug, "--statement", str(statement.pk), stdout=out)
    nobody = "0192f3a0-0000-7000-8000-000000000001"
    with pytest.raises(CommandError, match="no statement"):
        call_command("rerun_savings", acme.slug, "--statement", nobody)
