"""A certificate holds in its own place and time only."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.kernel.ids import uuid7
from apps.optimization.certificates import PART, Certificate, Certificates
from apps.proxy.snapshot import Shard
from apps.tenants.access import OrganizationAccess

AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
PROJECT, OTHER = uuid7(), uuid7()
ONE = Certificate(
    id=uuid7(),
    lever="semantic",
    project_id=PROJECT,
    namespace="n1",
    threshold=0.9,
    bound=Decimal("0.01"),
    expires_at=AT + timedelta(days=1),
    terms={"model": "small", "gains": {"a": 0.1}, "overall": 0.0},
)
KNOWN = Certificates((ONE,), frozenset({"answer"}))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"lever": "near_exact"},
        {"project_id": OTHER},
        {"namespace": "n2"},
        {"at": ONE.expires_at},
        {"bound": Decimal("0.009")},
    ],
)
def test_it_holds_in_its_own_place_and_time_only(elsewhere: dict[str, Any]) -> None:
    place: dict[str, Any] = {
        "lever": "semantic",
        "project_id": PROJECT,
        "namespace": "n1",
        "at": AT,
        "bound": ONE.bound,
    }
    assert KNOWN.of(**place) == ONE
    assert KNOWN.of(**place | elsewhere) is None


def test_candidates_are_those_of_a_lever_and_project() -> None:
    assert KNOWN.candidates("semantic", project_id=PROJECT) == (ONE,)
    assert KNOWN.candidates("semantic", project_id=OTHER) == ()
    assert KNOWN.candidates("routing", project_id=PROJECT) == ()


def test_gateways_are_told_as_a_part_and_know_of_none_without() -> None:
    told = OrganizationAccess(uuid7(), "acme", "t1", parts={PART: KNOWN.to_dict()})
    assert Shard(told, {}).certificates == KNOWN
    silent = OrganizationAccess(uuid7(), "globex", "t2")
    assert Shard(silent, {}).certificates == Certificates()
