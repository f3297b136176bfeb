"""A lever through the running product: watched, judged, certified, serving, and withdrawn again.

Workers run here as they do in theirs: they read the queue that the gateway fills, ask through the
gateway by pass, and publish what gateways are then told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.notices.models import Notice
from apps.optimization import tasks
from apps.optimization.access import PolicyTerms
from apps.optimization.certificates import Certificates
from apps.optimization.feedback import give_feedback
from apps.optimization.judging.judges import NoJudgement
from apps.optimization.models import Certificate, ShadowComparison
from apps.optimization.services import certify, evidence, fitting, judge_comparisons, set_policy
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.passes import pass_key
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.gateways import RunningGateway, Tenant, quick_settings, running_gateway
from tests.optimization.comparisons import comparison
from tests.proxy.certified import OFF
from tests.proxy.test_levers import known_to_gateways
from tests.simulator import RunningSimulator

pytestmark = pytest.mark.django_db
STRONG, CHEAP = "gpt-4o", "gpt-4o-mini"
SHARE = "apps.proxy.stages.shaping.routing.SHADOW_SHARE"
PAIRS, QUESTIONS = 120, 40
ALIKE, UNLIKE = "Repeat after me: tide {}", "Why is there tide {}?"
BOUND = Decimal("0.2")
SHADOW = {"routing": "shadow"}


class World:
    """One organization whose calls pass the gateway, and its workers."""

    def __init__(
        self, gateway: RunningGateway, acme: Organization, key: str, simulator: RunningSimulator
    ) -> None:
        self.gateway, self.acme, self.key, self._simulator = gateway, acme, key, simulator
        self._asked = self._stored = 0

    def ask(self, text: str, count: int, *, first: int | None = None) -> list[Event]:
        """So many conversations of one call each; their events, once they are stored."""
        first = self._asked if first is None else first
        self._asked += count
        for number in range(first, first + count):
            self.post(text.format(number), f"c-{self._asked}-{number}")
        return self.stored(count)

    def post(self, text: str, conversation: str) -> httpx.Response:
        said = [{"role": "user", "content": text}]
        return httpx.post(
            f"{self.gateway.url}/v1/chat/completions",
            json={"model": STRONG, "messages": said, "temperature": 0},
            headers={
                "authorization": f"Bearer {self.key}",
                "netra-conversation": conversation,
                "netra-tags": "route=tides",
            },
            timeout=30,
        ).raise_for_status()

    def stored(self, count: int) -> list[Event]:
        """The next events, moved to their tables as the shipper does."""
        found = self.gateway.events(self._stored + count)[self._stored :]
        self._stored += len(found)
        ingest_events(organization=self.acme, events=found, at=utc_now())
        return found

    def skip(self) -> None:
        """Calls of workers that a test does not look at."""
        self._stored = len(self.gateway.events(self._stored))

    def told(self) -> Certificates:
        """What the gateway knows of certificates."""
        return self.gateway.tenants[0].shard().certificates

    def work(self) -> None:
        """Workers judge what waits, look at the evidence, and gateways learn of it."""
        tasks.judge_offered(organization_id=str(self.acme.pk))
        with tenant_scope(self.acme):
            certify(organization=self.acme, at=utc_now())
        self.gateway.tenants = [known(self.acme, self.key, self._simulator)]


def known(acme: Organization, key: str, simulator: RunningSimulator) -> Tenant:
    return known_to_gateways(acme, key, simulator)


@contextmanager
def opened(
    simulator: RunningSimulator, settings: Settings, levers: dict[str, str], **terms: Any
) -> Iterator[World]:
    acme = factories.make_organization("Acme")
    factories.make_credential(acme, provider="openai", secret="sim-acme")
    key = factories.make_api_key(acme).text.value
    said = PolicyTerms(levers=OFF | levers, quality_bound=BOUND, allowed_models=(CHEAP,), **terms)
    with tenant_scope(acme):
        set_policy(organization=acme, terms=said, set_by="u", at=utc_now())
    keks = settings.KEY_ENCRYPTION_KEYS.keys.values()
    quick = quick_settings(pass_keys=tuple(map(pass_key, keks)))
    with running_gateway(known(acme, key, simulator), settings=quick) as gateway:
        settings.WORKER_GATEWAY_URL = gateway.url
        settings.REDIS_KEY_PREFIX = gateway.prefix
        yield World(gateway, acme, key, simulator)


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few calls and no waiting: what is tested is the road, its figures are tested elsewhere."""
    monkeypatch.setattr(SHARE, 1.0)
    monkeypatch.setattr(fitting, "_FIRST_PAIRS", PAIRS)
    monkeypatch.setattr(fitting, "_FIRST_LOOK", 2 * QUESTIONS)
    monkeypatch.setattr(evidence, "WARM_UP", {})
    monkeypatch.setattr(evidence, "LAG", timedelta(0))


@pytest.mark.usefixtures("quickly")
def test_a_lever_is_certified_serves_and_is_withdrawn_when_its_answers_change(
    simulator: RunningSimulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(simulator, settings, {"routing": "on"}) as world:
        issued = certified(world)
        monkeypatch.setattr(SHARE, 0.5)
        assert_serves(world, issued)
        world.ask(UNLIKE, 150)
        world.work()
        with tenant_scope(world.acme):
            issued.refresh_from_db()
        assert issued.end_reason == "drift"
        assert Notice.objects.get(organization=world.acme).kind == "certificate.withdrawn"
        world.skip()
        assert reasons(world.ask(ALIKE, 3)) == {"uncertified"}


def certified(world: World) -> Certificate:
    """Watched, and asked of both models, until it is certified; the customer pays and sees it."""
    watched = world.ask(ALIKE, PAIRS)
    assert reasons(watched) == {"uncertified"}
    assert {event.served_model for event in watched} == {"gpt-4o-2024-08-06"}
    world.work()
    asked = world.stored(PAIRS)
    assert {event.kind for event in asked} == {"shadow"}
    assert all((event.served_model or "").startswith(CHEAP) for event in asked)
    with tenant_scope(world.acme):
        issued = Certificate.objects.get()
        labels = set(ShadowComparison.objects.values_list("labeller", "is_wrong"))
    assert labels == {("exact", False)}
    assert issued.cost_usd == sum(event.actual_usd or 0 for event in asked)
    assert [event.decomposition for event in asked] == [
        {"routing": -(event.actual_usd or 0)} for event in asked
    ]
    return issued


def assert_serves(world: World, issued: Certificate) -> None:
    served = world.ask(ALIKE, 12)
    acted = [event for event in served if event.decisions[0].decision == "act"]
    assert {event.decisions[0].certificate_id for event in acted} == {issued.pk}
    assert all((event.served_model or "").startswith(CHEAP) for event in acted)
    world.work()
    world.skip()


def reasons(events: list[Event]) -> set[str]:
    return {each.reason for event in events for each in event.decisions if each.lever == "routing"}


@pytest.mark.usefixtures("quickly")
def test_a_judge_is_asked_through_the_gateway_and_its_cost_is_the_levers(
    simulator: RunningSimulator, settings: Settings
) -> None:
    with opened(simulator, settings, SHADOW, judge_model="gpt-4.1-mini") as world:
        world.ask(UNLIKE, 3)
        world.work()
        asked = world.stored(6)
        with tenant_scope(world.acme):
            rows = list(ShadowComparison.objects.all())
    judged = [event for event in asked if event.kind == "judge"]
    assert [row.labeller for row in rows] == ["judge"] * 3
    assert all(row.is_wrong for row in rows), "a simulated judge gives no verdict"
    assert {(event.requested_model, event.provider) for event in judged} == {
        ("gpt-4.1-mini", "openai")
    }
    paid = sum((event.actual_usd or Decimal(0) for event in judged), Decimal(0))
    assert sum((row.judge_usd or Decimal(0) for row in rows), Decimal(0)) == paid > 0
    assert all(event.counterfactual_usd == 0 for event in judged)


def test_what_cannot_be_judged_waits_and_labels_nothing(
    simulator: RunningSimulator, settings: Settings
) -> None:
    with opened(simulator, settings, SHADOW, judge_model="claude-haiku-4-5") as world:
        given, other = (
            f'{{"choices": [{{"message": {{"content": "{text}"}}}}]}}' for text in ("Yes", "Well")
        )
        project = world.acme.projects.get().pk
        both = [
            comparison(
                organization_id=world.acme.pk, project_id=project, given=given, candidate=candidate
            )
            for candidate in (given, other)
        ]
        with tenant_scope(world.acme), pytest.raises(NoJudgement, match="claude-haiku-4-5"):
            judge_comparisons(organization=world.acme, comparisons=both, at=utc_now())
        with tenant_scope(world.acme):
            assert not ShadowComparison.objects.exists()


@pytest.mark.usefixtures("quickly")
def test_near_answers_are_certified_served_and_taken_out_by_a_complaint(
    simulator: RunningSimulator, settings: Settings
) -> None:
    with opened(simulator, settings, {"near_exact": "on"}) as world:
        world.ask(ALIKE, QUESTIONS, first=0)
        watched = world.ask(ALIKE + ".", QUESTIONS, first=0)
        assert {each.reason for event in watched for each in event.decisions} == {"uncertified"}
        world.work()
        with tenant_scope(world.acme):
            issued = Certificate.objects.get()
        assert (issued.lever, issued.labels, issued.errors) == ("near_exact", QUESTIONS, 0)
        served = world.ask(ALIKE + " .", 12, first=0)
        acted = [event for event in served if event.decisions[-1].decision == "act"]
        assert acted
        assert {event.actual_usd for event in acted} == {Decimal(0)}
        complain(world, acted[0])
        assert world.told().evicted == {acted[0].decisions[-1].entry}
        number = served.index(acted[0])
        [again] = world.ask(ALIKE + "  .", 1, first=number)
        assert again.decisions[-1].reason == "evicted"


def complain(world: World, event: Event) -> None:
    with tenant_scope(world.acme):
        give_feedback(
            request_id=event.event_id, score=Decimal(0), comment="", given_by="u", at=utc_now()
        )
    world.work()
