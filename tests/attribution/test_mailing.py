"""Signed heads reach the finance contact once, as the lines that the verifier takes."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from apps.attribution.audit import build_archive
from apps.attribution.audit.netra_verify import verify
from apps.attribution.models import Period, SealedHead
from apps.attribution.selectors import log_archive
from apps.attribution.services import (
    PeriodTerms,
    announce_heads,
    commit_period,
    create_experiment,
)
from apps.attribution.services.mailing import fingerprint
from apps.notices.emails import send_emails
from apps.notices.kinds import Kind
from apps.notices.models import Delivery, Notice
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import Role
from apps.tenants.services.data_keys import data_key
from tests.attribution.test_sealing import (
    DAY,
    END,
    HOUR,
    OVER,
    START,
    in_arms,
    make_experiment,
    store,
)
from tests.attribution.test_sealing import seal as sealed_at
from tests.factories import make_member, make_project, make_webhook

pytestmark = pytest.mark.django_db


def _told(organization: Organization) -> list[Notice]:
    return list(organization.notices.filter(kind=Kind.HEAD_SIGNED).order_by("id"))


def _sizes(organization: Organization) -> list[list[int]]:
    return [[head["size"] for head in each.payload["heads"]] for each in _told(organization)]


def tell(organization: Organization, at: datetime) -> list[SealedHead]:
    with tenant_scope(organization):
        return announce_heads(organization=organization, at=at)


def second_experiment(organization: Organization) -> Period:
    project = make_project(organization, "Second")
    with tenant_scope(organization):
        experiment = create_experiment(
            organization=organization, name="Second", project_id=project.pk, at=START
        )
        return commit_period(
            organization=organization,
            experiment_id=experiment.pk,
            terms=PeriodTerms(START, END, holdout_percent=20),
            at=START,
        )


def test_all_that_was_sealed_is_told_by_one_message_to_its_own_organization() -> None:
    acme, period = make_experiment("Acme")
    globex, _theirs = make_experiment("Globex")
    make_webhook(acme)
    other = second_experiment(acme)
    store(acme, *in_arms(acme, period, 20, START), *in_arms(acme, period, 10, START + 3 * DAY))
    store(acme, *in_arms(acme, other, 5, START))
    assert tell(acme, START) == []

    for _ in range(2):
        sealed_at(acme, period, OVER)
        sealed_at(acme, other, OVER)
        tell(acme, OVER)
        tell(globex, OVER)

    [notice] = _told(acme)
    first, second = notice.payload["heads"]
    assert (first["experiment"], first["date"], first["size"]) == ("Levers", "2026-03-05", 30)
    assert (second["experiment"], second["date"], second["size"]) == ("Second", "2026-03-02", 5)
    assert notice.subject == "Signed heads of 2 experiments up to 2026-03-05"
    assert _told(globex) == []
    [sent] = Delivery.objects.filter(kind="proof.head_signed")
    assert json.loads(sent.body)["data"]["heads"] == notice.payload["heads"]


def test_what_is_sealed_later_is_told_later_and_no_head_again() -> None:
    acme, period = make_experiment("Acme")
    store(acme, *in_arms(acme, period, 20, START), *in_arms(acme, period, 10, START + 5 * HOUR))
    # Ten of the twenty went on for five hours.
    sealed_at(acme, period, START + DAY + HOUR)
    assert [head.size for head in tell(acme, START + DAY + HOUR)] == [10]
    assert tell(acme, START + DAY + 2 * HOUR) == []
    # The process that sealed it ended before it told.
    sealed_at(acme, period, START + DAY + 6 * HOUR)
    assert [head.size for head in tell(acme, START + 2 * DAY)] == [20]
    assert _sizes(acme) == [[10], [20]]


def test_finance_gets_the_line_that_the_verifier_takes_and_nobody_else_is_mailed() -> None:
    acme, period = make_experiment("Acme")
    make_member(acme, Role.ADMIN, "admin@acme.test")
    make_member(acme, Role.FINANCE, "finance@acme.test")
    store(acme, *in_arms(acme, period, 20, START))
    sealed_at(acme, period, OVER)
    tell(acme, OVER)
    [notice] = _told(acme)

    assert send_emails(notice, at=OVER) == 1

    [message] = mail.outbox
    assert message.to == ["finance@acme.test"]
    assert message.alternatives == []  # type: ignore[union-attr]
    line = next(each for each in message.body.splitlines() if each.startswith("{"))
    [head] = notice.payload["heads"]
    key, at = head["public_key"], OVER + timedelta(days=1)
    for said in (head["root"], head["signature"], key, fingerprint(key), "20"):
        assert said in message.body
    target = io.BytesIO()
    with tenant_scope(acme):
        known: dict[str, Any] = {
            "organization_id": acme.pk,
            "data_key": data_key(acme, at=at),
        }
        build_archive(target, log_archive(period.experiment_id, **known))
    assert verify(target, key, [json.loads(line)])[0].shown == []
    other = json.loads(line.replace(head["root"], "0" * 64))
    assert len(verify(target, key, [other])[0].shown) == 1


def test_without_a_finance_role_the_owner_is_the_contact() -> None:
    acme, period = make_experiment("Acme")
    make_member(acme, Role.ADMIN, "admin@acme.test")
    store(acme, *in_arms(acme, period, 20, START))
    sealed_at(acme, period, OVER)
    tell(acme, OVER)
    [notice] = _told(acme)

    send_emails(notice, at=OVER)

    owner = acme.memberships.get(role=Role.OWNER).user
    assert [message.to for message in mail.outbox] == [[owner.email]]
