"""Whom beat asks rounds for."""

from datetime import timedelta
from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.optimization.deadlines.selectors import has_work
from apps.proxy.batching import tasks
from apps.tenants.context import tenant_scope
from tests.deferring import finish_deferred, make_deferred
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


def test_rounds_are_asked_for_where_there_is_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme, idle, done = (make_organization(name) for name in ("Acme", "Idle", "Done"))
    make_deferred(acme)
    finish_deferred(done, make_deferred(done), {})
    asked: list[str] = []

    def note(*, kwargs: dict[str, Any], expires: int) -> None:
        asked.append(kwargs["organization_id"])

    monkeypatch.setattr(tasks.advance_deferred, "apply_async", note)
    assert tasks.advance_all() == 1
    assert asked == [str(acme.pk)]
    with tenant_scope(done):
        assert has_work(at=utc_now() + timedelta(days=8))
    with tenant_scope(idle):
        assert not has_work(at=utc_now() + timedelta(days=8))
