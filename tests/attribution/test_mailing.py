"""Signed heads reach the finance contact once, as the lines that the verifier takes."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from apps.attribution.audit import build_archive
from apps.attribution.audit.netra_verify import verify
from apps.attribution.models import SealedHead
from apps.attribution.selectors import log_archive
from apps.attribution.services.mailing import announce_heads, fingerprint
from apps.notices.emails import send_emails
from apps.notices.kinds import Kind
from apps.notices.models import Delivery, Notice
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import Role
from apps.tenants.services.data_keys import data_key
from tests.attribution.test_sealing import DAY, HOUR, OVER, START, in_arms, make_experiment, store
from tests.attribution.test_sealing import seal as sealed_at
from tests.factories import make_member, make_webhook

pytestmark = pytest.mark.django_db


def _heads(organization: Organization) -> list[Notice]:
    return list(organization.notices.filter(kind=Kind.HEAD_SIGNED).order_by("payload__batch"))


def test_each_days_last_head_is_told_once_to_its_own_organization() -> None:
    acme, period = make_experiment("Acme")
    globex, _theirs = make_experiment("Globex")
    make_webhook(acme)
    store(acme, *in_arms(acme, period, 20, START), *in_arms(acme, period, 10, START + 3 * DAY))

    for _ in range(2):
        sealed_at(acme, period, OVER)

    first, second = _heads(acme)
    assert [each.payload["date"] for each in (first, second)] == ["2026-03-02", "2026-03-05"]
    assert [each.payload["size"] for each in (first, second)] == [20, 30]
    assert _heads(globex) == []
    sent = Delivery.objects.filter(kind="proof.head_signed").order_by("message_id")
    assert {json.loads(each.body)["data"]["root"] for each in sent} == {
        first.payload["root"],
        second.payload["root"],
    }


def test_a_day_that_is_sealed_twice_is_told_twice_and_no_head_again() -> None:
    acme, period = make_experiment("Acme")
    store(acme, *in_arms(acme, period, 20, START), *in_arms(acme, period, 10, START + 5 * HOUR))
    # Ten of the twenty went on for five hours.
    sealed_at(acme, period, START + DAY + HOUR)
    sealed_at(acme, period, START + DAY + 6 * HOUR)
    with tenant_scope(acme):
        heads = list(SealedHead.objects.order_by("batch"))
        again = announce_heads(organization=acme, heads=heads, at=START + 2 * DAY)

    assert [each.payload["size"] for each in _heads(acme)] == [10, 20]
    assert again == []


def test_finance_gets_the_line_that_the_verifier_takes_and_nobody_else_is_mailed() -> None:
    acme, period = make_experiment("Acme")
    make_member(acme, Role.ADMIN, "admin@acme.test")
    make_member(acme, Role.FINANCE, "finance@acme.test")
    store(acme, *in_arms(acme, period, 20, START))
    sealed_at(acme, period, OVER)
    [notice] = _heads(acme)

    assert send_emails(notice, at=OVER) == 1

    [message] = mail.outbox
    assert message.to == ["finance@acme.test"]
    assert message.alternatives == []  # type: ignore[union-attr]
    line = next(each for each in message.body.splitlines() if each.startswith("{"))
    key, at = notice.payload["public_key"], OVER + timedelta(days=1)
    for said in (notice.payload["root"], notice.payload["signature"], fingerprint(key), "20"):
        assert said in message.body
    target = io.BytesIO()
    with tenant_scope(acme):
        known: dict[str, Any] = {
            "organization_id": acme.pk,
            "data_key": data_key(acme, at=at),
            "at": at,
        }
        build_archive(target, log_archive(period.experiment_id, **known))
    assert verify(target, key, [json.loads(line)])[0].shown == []
    other = json.loads(line.replace(notice.payload["root"], "0" * 64))
    assert len(verify(target, key, [other])[0].shown) == 1


def test_without_a_finance_role_the_owner_is_the_contact() -> None:
    acme, period = make_experiment("Acme")
    make_member(acme, Role.ADMIN, "admin@acme.test")
    store(acme, *in_arms(acme, period, 20, START))
    sealed_at(acme, period, OVER)
    [notice] = _heads(acme)

    send_emails(notice, at=OVER)

    owner = acme.memberships.get(role=Role.OWNER).user
    assert [message.to for message in mail.outbox] == [[owner.email]]
