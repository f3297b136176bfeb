from datetime import UTC, datetime, timedelta

import pytest

from apps.tenants.context import tenant_scope
from apps.tenants.idempotency.models import Reply
from apps.tenants.idempotency.services import (
    KEPT,
    Answer,
    KeyReused,
    Request,
    answer_once,
    fingerprint,
)
from apps.tenants.idempotency.tasks import prune
from apps.tenants.models import Organization
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
REQUEST = Request("user:1", "order-1", fingerprint("POST", "/projects", b"{}"))


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


def test_an_answer_is_kept_for_24_hours_and_then_given_anew(acme: Organization) -> None:
    with tenant_scope(acme):
        answer_once(REQUEST, lambda: Answer(201, b"first"), at=AT)
        kept = answer_once(REQUEST, lambda: Answer(201, b"second"), at=AT + timedelta(hours=23))
        anew = answer_once(REQUEST, lambda: Answer(201, b"third"), at=AT + KEPT)
    assert kept == Answer(201, b"first", is_replayed=True)
    assert anew == Answer(201, b"third")


def test_what_raises_or_fails_is_not_kept(acme: Organization) -> None:
    def fail() -> Answer:
        raise ZeroDivisionError

    with tenant_scope(acme):
        with pytest.raises(ZeroDivisionError):
            answer_once(REQUEST, fail, at=AT)
        answer_once(REQUEST, lambda: Answer(500, b"oops"), at=AT)
        assert answer_once(REQUEST, lambda: Answer(201, b"made"), at=AT) == Answer(201, b"made")


def test_another_fingerprint_is_refused_while_the_reply_is_kept(acme: Organization) -> None:
    changed = Request("user:1", "order-1", fingerprint("POST", "/projects", b"[]"))
    with tenant_scope(acme):
        answer_once(REQUEST, lambda: Answer(201, b"first"), at=AT)
        with pytest.raises(KeyReused):
            answer_once(changed, lambda: Answer(201, b"second"), at=AT)


def test_replies_live_in_the_schema_of_their_organization(acme: Organization) -> None:
    other = factories.make_organization("Other")
    with tenant_scope(acme):
        answer_once(REQUEST, lambda: Answer(201, b"ours"), at=AT)
    with tenant_scope(other):
        answer = answer_once(REQUEST, lambda: Answer(201, b"theirs"), at=AT)
    assert answer == Answer(201, b"theirs")


def test_pruning_forgets_old_replies_of_every_open_organization(acme: Organization) -> None:
    other = factories.make_organization("Other")
    for organization in (acme, other):
        with tenant_scope(organization):
            answer_once(REQUEST, lambda: Answer(201, b"old"), at=AT)
    recent = Request("user:1", "order-2", "f" * 64)
    with tenant_scope(acme):
        answer_once(recent, lambda: Answer(201, b"new"), at=datetime.now(UTC))
    assert prune() == 2
    with tenant_scope(acme):
        assert list(Reply.objects.values_list("key", flat=True)) == ["order-2"]
