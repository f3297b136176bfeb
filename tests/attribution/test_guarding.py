"""A saving that spoils answers is paused once, said why, and not paused again."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.attribution.models import Period, QualityWatch
from apps.attribution.services.pausing import GUARD
from apps.kernel.events import Decision, Event
from apps.notices.kinds import Kind
from apps.optimization.access import PolicyTerms
from apps.optimization.feedback import give_feedback
from apps.optimization.models import Policy
from apps.optimization.selectors import standing
from apps.optimization.services import set_policy
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from tests.api.callers import by_key
from tests.attribution.test_sealing import (
    DAY,
    HOUR,
    OVER,
    START,
    in_arms,
    make_experiment,
    seal,
    store,
)
from tests.factories import make_api_key, make_project

pytestmark = pytest.mark.django_db
ACTED = (Decision("exact_cache", "act", "hit"),)
HELD = (Decision("exact_cache", "shadow", "would_hit"),)


def calls(acme: Organization, period: Period, *, is_spoiled: bool, count: int = 500) -> list[Event]:
    """Calls of which every third fails where a lever acted, or none does."""
    found = []
    for number, call in enumerate(in_arms(acme, period, count, START)):
        is_treated = call.arm == "treatment"
        fails = is_spoiled and is_treated and number % 3 == 0
        found.append(
            replace(
                call,
                outcome="error" if fails else "success",
                total_ms=100.0 if is_treated else 900.0,
                decisions=ACTED if is_treated else HELD,
            )
        )
    return found


def say(acme: Organization, **terms: Any) -> Policy:
    place = {name: terms.pop(name) for name in ("project_id", "at") if name in terms}
    with tenant_scope(acme):
        known: dict[str, Any] = {"at": START, "set_by": "ada"}
        return set_policy(organization=acme, terms=PolicyTerms(**terms), **known | place)


def state(acme: Organization, project_id: Any) -> str:
    with tenant_scope(acme):
        policy = standing(at=OVER).of(project_id=project_id, key_id=project_id)
    return policy.state("exact_cache")


def paused(acme: Organization) -> list[Any]:
    rows = acme.notices.filter(kind=Kind.LEVERS_PAUSED).order_by("at", "id")
    return list(rows.values_list("payload__lever", "page"))


def test_a_lever_that_makes_calls_fail_becomes_a_shadow_everywhere_and_people_are_told() -> None:
    acme, period = make_experiment("Acme")
    globex, _theirs = make_experiment("Globex")
    project = make_project(acme)
    say(acme, quality_bound=Decimal("0.02"), levers={"prompt_cache": "on"})
    say(acme, levers={"exact_cache": "on"}, project_id=project.pk)
    store(acme, *calls(acme, period, is_spoiled=True))

    seal(acme, period, START + DAY + HOUR)

    assert [state(acme, each) for each in (project.pk, acme.pk)] == ["shadow", "shadow"]
    assert state(globex, globex.pk) == "on"
    with tenant_scope(acme):
        written = Policy.objects.filter(set_by=GUARD).order_by("version")
        own, theirs = written
        assert own.levers == {"prompt_cache": "on", "exact_cache": "shadow"}
        assert (own.quality_bound, theirs.project_id) == (Decimal("0.0200"), project.pk)
        row = QualityWatch.objects.get()
        assert row.paused["exact_cache"]["because"]["tolerated"] == 0.02
        by_metric = {each["metric"]: each for each in row.findings if each["lever"] is None}
    assert by_metric["errors"]["verdict"] == "breached"
    latency = by_metric["latency"]
    assert (latency["holdout"]["mean"], latency["treatment"]["mean"]) == (900, 100)
    assert by_metric["length"]["holdout"]["mean"] == by_metric["length"]["treatment"]["mean"] == 200
    assert paused(acme) == [("exact_cache", "levers")]
    [notice] = acme.notices.filter(kind=Kind.LEVERS_PAUSED)
    assert "turn it on again" in notice.advice
    assert paused(globex) == []


def test_who_turns_it_on_again_has_the_last_word_in_this_period() -> None:
    acme, period = make_experiment()
    store(acme, *calls(acme, period, is_spoiled=True))
    seal(acme, period, START + DAY + HOUR)
    say(acme, levers={"exact_cache": "on"}, at=START + 2 * DAY)

    for day in range(3, 6):
        seal(acme, period, START + day * DAY)

    assert state(acme, acme.pk) == "on"
    assert paused(acme) == [("exact_cache", "levers")]


def test_nothing_is_paused_where_answers_are_as_good_as_without() -> None:
    acme, period = make_experiment()
    store(acme, *calls(acme, period, is_spoiled=False))
    seal(acme, period, START + DAY + HOUR)
    assert state(acme, acme.pk) == "on"
    assert paused(acme) == []


def test_what_people_say_of_answers_counts_in_the_arm_that_they_got() -> None:
    acme, period = make_experiment()
    given = calls(acme, period, is_spoiled=False, count=400)
    store(acme, *given)
    with tenant_scope(acme):
        for call in given[:300]:
            score = Decimal("0.2") if call.arm == "treatment" else Decimal("0.9")
            known: dict[str, Any] = {"request_id": call.event_id, "comment": "", "at": START}
            give_feedback(score=score, given_by="ada", **known)
    seal(acme, period, START + DAY + HOUR)
    with tenant_scope(acme):
        rows = QualityWatch.objects.get().findings
    rated = next(each for each in rows if each["metric"] == "feedback")
    assert (rated["holdout"]["mean"], rated["treatment"]["mean"]) == (0.9, 0.2)
    assert rated["holdout"]["units"] + rated["treatment"]["units"] == 300
    assert rated["verdict"] == "breached"
    assert state(acme, acme.pk) == "shadow"


def test_units_lost_from_the_draw_pause_billing_on_the_statement_and_are_told_once() -> None:
    acme, period = make_experiment("Acme")
    kept = [call for call in in_arms(acme, period, 900, START) if call.arm == "treatment"]
    store(acme, *kept)
    for at in (START + DAY + HOUR, START + 2 * DAY):
        seal(acme, period, at)
    assert acme.notices.filter(kind=Kind.BILLING_PAUSED).count() == 1
    [statement] = seal(acme, period, OVER + timedelta(days=1)).statements
    assert (statement.document["is_paused"], statement.document["billed"]) == (True, 0)


def test_the_api_shows_quality_with_the_running_period_and_with_the_statement() -> None:
    acme, period = make_experiment("Acme")
    globex, theirs = make_experiment("Globex")
    store(acme, *calls(acme, period, is_spoiled=True))
    seal(acme, period, OVER)
    with tenant_scope(acme):
        found = json.loads(json.dumps(QualityWatch.objects.get().findings))
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    [running] = call("GET", f"/experiments/{period.experiment_id}/periods").json()["data"]
    [statement] = call("GET", "/statements").json()["data"]
    assert running["quality"]["findings"] == statement["quality"]["findings"] == found
    assert list(statement["quality"]["paused"]) == ["exact_cache"]
    call = by_key(make_api_key(globex, KEY_SCOPES).text.value)
    [running] = call("GET", f"/experiments/{theirs.experiment_id}/periods").json()["data"]
    assert running["quality"] is None
