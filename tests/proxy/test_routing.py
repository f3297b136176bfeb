"""Conversations go to cheaper models where that is certified, and nowhere else."""

from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from apps.attribution.access import Experiments
from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.optimization.certificates import PART, Certificate, Certificates
from apps.proxy.selection import Candidate
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.gateway_parts import publish_part
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import by_key
from tests.comparing import compared
from tests.gateways import RunningGateway, Tenant, quick_settings, running_gateway, tenant
from tests.proxy.certified import certificate, is_sampled, levered, recomputed, unsampled
from tests.proxy.test_assignment import period
from tests.proxy.test_levers import known_to_gateways
from tests.simulator import RunningSimulator

ON, SHADOW = {"routing": "on"}, {"routing": "shadow"}
STRONG, CHEAP = "gpt-4o", "gpt-4o-mini"
PAIR = f"{STRONG}>{CHEAP}"
PICTURE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]


def chat(turns: int = 1, **changes: Any) -> dict[str, Any]:
    said = [("user", "Why are there tides?"), ("assistant", "Because of the moon.")] * turns
    messages = [{"role": role, "content": text} for role, text in said[: 2 * turns - 1]]
    return {"model": STRONG, "messages": messages} | changes


def ask(
    gateway: RunningGateway,
    conversation: str,
    body: dict[str, Any] | None = None,
    *,
    key: str = "",
    path: str = "/v1/chat/completions",
    **headers: str,
) -> httpx.Response:
    sent = {
        "authorization": f"Bearer {key or gateway.key}",
        "netra-conversation": conversation,
        "netra-tags": "route=faq",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    url = f"{gateway.url}{path}"
    content = orjson.dumps(body or chat(), option=orjson.OPT_INDENT_2)
    return httpx.post(url, content=content, headers=sent, timeout=30).raise_for_status()


def gains(known: Tenant, **changes: Any) -> Certificate:
    terms = {"model": CHEAP, "gains": {"tag:faq": 0.02}, "overall": -0.2} | changes
    return certificate(known, "routing", PAIR, threshold=0.0, **terms)


def decided(event: Event) -> tuple[str, str]:
    [found] = [each for each in event.decisions if each.lever == "routing"]
    return found.decision, found.reason


def conversation_of(gateway: RunningGateway, decision: tuple[str, str]) -> str:
    """One whose calls are decided so; which are sampled follows from the organization's key."""
    for number in range(100):
        ask(gateway, f"c-{number}")
        event = gateway.events()[-1]
        gateway.forget_events()
        if decided(event) == decision:
            return f"c-{number}"
    raise AssertionError(f"None of 100 conversations is {decision}.")


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    simulator.forget_calls()
    return tenant(1, simulator.url)


def test_a_certified_kind_of_request_is_sent_to_the_cheaper_model_byte_for_byte(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    other = levered(tenant(2, simulator.url), ON, models=(CHEAP,))
    with running_gateway(levered(caller, ON, gains(caller), models=(CHEAP,)), other) as gateway:
        conversation = conversation_of(gateway, ("act", "routed"))
        simulator.forget_calls()
        answers = [ask(gateway, conversation, chat(n)) for n in (1, 2)]
        theirs = ask(gateway, conversation, key=other.key)
        events = gateway.events(3)
    sent = [call.body for call in simulator.calls()]
    bodies = [orjson.dumps(chat(n), option=orjson.OPT_INDENT_2) for n in (1, 2)]
    assert sent[:2] == [each.replace(b'"gpt-4o"', b'"gpt-4o-mini"') for each in bodies]
    assert sent[2] == bodies[0]
    assert [each.json()["model"].startswith(CHEAP) for each in (*answers, theirs)] == [
        True, True, False,
    ]  # fmt: skip
    assert [each.headers.get("netra-model") for each in (*answers, theirs)] == [CHEAP, CHEAP, None]
    assert [decided(event) for event in events] == [
        ("act", "pinned"), ("act", "pinned"), ("shadow", "uncertified"),
    ]  # fmt: skip
    assert_saved(events[0])
    assert events[2].decomposition == {}


def assert_saved(event: Event) -> None:
    """Fifteen or so times what was paid: the same tokens at the model that was asked for."""
    assert (event.requested_model, event.actual_usd is None) == (STRONG, False)
    actual, untouched = event.actual_usd or Decimal(0), event.counterfactual_usd or Decimal(0)
    assert event.decomposition == {"routing": untouched - actual}
    assert untouched > 10 * actual > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"messages": [{"role": "user", "content": PICTURE}], "model": "gpt-4"}, "counts_differ"),
        ({"messages": [{"role": "user", "content": PICTURE}]}, "lacks_vision"),
        ({"reasoning_effort": "low"}, "lacks_reasoning"),
        ({"model": "gpt-4o-mini-2024-07-18"}, "not_cheaper"),
        ({"model": "my-own-model"}, "unknown_model"),
    ],
)
def test_a_call_that_another_model_could_not_carry_stays_where_it_is(
    caller: Tenant, simulator: RunningSimulator, changes: dict[str, Any], reason: str
) -> None:
    cheap = "o3-mini" if reason == "lacks_vision" else CHEAP
    with running_gateway(levered(caller, ON, models=(cheap,))) as gateway:
        ask(gateway, "c", chat(**changes))
        [event] = gateway.events()
    assert decided(event) == ("none", reason)
    assert simulator.calls()[0].json == chat(**changes)


@pytest.mark.parametrize(
    ("models", "reasons"),
    [((CHEAP,), ["no_credential"]), ((), [])],
)
def test_no_model_is_chosen_for_which_there_is_no_credential_or_no_leave(
    simulator: RunningSimulator, models: tuple[str, ...], reasons: list[str]
) -> None:
    caller = tenant(1, simulator.url, providers=("groq",))
    with running_gateway(levered(caller, ON, gains(caller), models=models)) as gateway:
        ask(gateway, "c", chat(model="llama-3.3-70b-versatile"))
        [event] = gateway.events()
    assert [each.reason for each in event.decisions] == reasons


def test_what_is_uncertified_or_expected_to_be_worse_is_offered_to_be_judged(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    """In either state; what the worker is to ask is the call with the other model."""
    worse = gains(caller, gains={"tag:faq": -0.1})
    cases = (
        (levered(caller, ON, models=(CHEAP,)), ("shadow", "uncertified"), 0.0),
        (levered(caller, SHADOW, models=(CHEAP,)), ("shadow", "uncertified"), 0.0),
        (levered(caller, ON, worse, models=(CHEAP,)), ("none", "gain_too_low"), -0.1),
    )
    for known, decision, score in cases:
        with running_gateway(known) as gateway:
            for number in range(60):
                ask(gateway, f"c-{number}", chat(stream=number % 2 == 1))
            events = gateway.events(60)
            found = compared(gateway, 1)
        assert {decided(event) for event in events} == {decision}
        assert {each.namespace for each in found} == {PAIR}
        assert {(each.score, each.probability) for each in found} == {(score, 0.1)}
        first = found[0]
        asked = {"path": "/v1/chat/completions", "body": chat(model=CHEAP), "class": "tag:faq"}
        assert first.alternative == asked
        assert orjson.loads(first.given)["choices"][0]["message"]["role"] == "assistant"
        assert (first.project_id, first.model) == (caller.project_id, STRONG)
    assert {call.json["model"] for call in simulator.calls()} == {STRONG}


def test_the_same_is_decided_in_both_arms_and_only_one_of_them_is_touched(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    parts = {"experiments": Experiments((period(),)).to_dict()}
    known = levered(caller, ON, gains(caller), models=(CHEAP,), parts=parts)
    with running_gateway(known) as gateway:
        for number in range(40):
            ask(gateway, f"c-{number}")
        events = gateway.events(40)
    reasons = {
        arm: {decided(e)[1] for e in events if e.arm == arm} for arm in ("holdout", "treatment")
    }
    assert reasons["holdout"] <= {"routed", "sampled"}
    assert {e.arm for e in events if decided(e)[0] == "act"} == {"treatment"}
    assert [e.is_triggered for e in events] == [decided(e)[1] == "routed" for e in events]
    models = [call.json["model"] for call in simulator.calls()]
    assert models == [CHEAP if decided(e)[0] == "act" else STRONG for e in events]
    acted = [event for event in events if event.untouched]
    assert {event.arm for event in acted} == {"treatment"}
    assert [recomputed(e) for e in acted] == [e.counterfactual_usd for e in acted]


def test_a_conversation_keeps_its_model_and_a_withdrawn_certificate_ends_it(
    caller: Tenant,
) -> None:
    """At a fifth of the price a warm conversation moves once three answers were given."""
    strong, cheap = "gpt-4.1", "gpt-4.1-mini"
    route = certificate(caller, "routing", f"{strong}>{cheap}", gains={"tag:faq": 0.02})
    certified = levered(unsampled(caller, "begun-before"), ON, route, models=(cheap,))
    plain = levered(certified, ON, models=(cheap,))
    with running_gateway(plain) as gateway:
        for turns in range(1, 7):
            gateway.tenants = [plain if turns in (1, 6) else certified]
            ask(gateway, "begun-before", chat(turns, model=strong))
        events = gateway.events(6)
    assert [decided(event) for event in events] == [
        ("shadow", "uncertified"),
        ("none", "cache_is_warm"),
        ("none", "cache_is_warm"),
        ("act", "routed"),
        ("act", "pinned"),
        ("shadow", "uncertified"),
    ]


def test_a_model_that_answers_much_later_gets_no_new_conversation(caller: Tenant) -> None:
    known = levered(unsampled(caller, "new"), ON, gains(caller), models=(CHEAP,))
    [strong, *_] = known.organization.credentials_of("openai")
    with running_gateway(known) as gateway:
        latencies = gateway.runtime.latencies
        for model, first_byte_ms in ((None, 100.0), (CHEAP, 601.0)):
            latencies.observe(Candidate(strong, model), first_byte_ms)
        ask(gateway, "new")
        [event] = gateway.events()
    assert decided(event) == ("none", "slow_model")


def test_a_refusal_of_the_cheaper_model_is_not_the_callers_answer(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    known = levered(caller, ON, gains(caller), models=(CHEAP,))
    with running_gateway(known) as gateway:
        conversation = conversation_of(gateway, ("act", "routed"))
        simulator.script("sim-key-1", "400")
        answer = ask(gateway, conversation)
        [event] = gateway.events()
    assert answer.json()["model"].startswith(STRONG)
    assert [attempt.model for attempt in event.attempts] == [CHEAP, STRONG]
    assert event.decomposition == {}
    assert "netra-model" not in answer.headers


@pytest.mark.parametrize("why", ["slow", "error", "bypass"])
def test_a_lever_that_fails_leaves_the_call_as_it_came(
    caller: Tenant, simulator: RunningSimulator, why: str
) -> None:
    terms = {"gains": {"tag:faq": "much"}} if why == "error" else {}
    known = levered(caller, ON, gains(caller, **terms), models=(CHEAP,))
    settings = quick_settings(lever_seconds=0.0 if why == "slow" else 5.0)
    headers = {"netra_bypass": "true"} if why == "bypass" else {}
    with running_gateway(known, settings=settings) as gateway:
        for number in range(20):
            ask(gateway, f"c-{number}", chat(), **headers)
        events = gateway.events(20)
    assert {call.json["model"] for call in simulator.calls()} == {STRONG}
    assert [event.decomposition for event in events] == [{}] * 20
    assert {event.outcome for event in events} == {"success"}


@pytest.mark.django_db
def test_a_route_that_the_policy_allows_shows_in_the_record_and_in_the_figures_of_its_lever(
    simulator: RunningSimulator,
) -> None:
    acme = factories.make_organization("Acme")
    factories.make_credential(acme, provider="openai", secret="sim-acme")
    key = factories.make_api_key(acme, KEY_SCOPES).text.value
    call = by_key(key)
    policy = {"levers": {"routing": "on"}, "allowed_models": [CHEAP], "quality_bound": "0.01"}
    assert call("PUT", "/policies", policy).status_code == 200
    route = gains(known_to_gateways(acme, key, simulator))
    publish_part(
        organization=acme, name=PART, document=Certificates((route,)).to_dict(), at=utc_now()
    )
    known = known_to_gateways(acme, key, simulator)
    conversation = next(n for n in map(str, range(100)) if not is_sampled(known, n))
    with running_gateway(known) as gateway:
        answer = ask(gateway, conversation)
        [event] = gateway.events()
    ingest_events(organization=acme, events=[event], at=utc_now())
    shown = call("GET", f"/requests/{answer.headers['netra-request-id']}").json()
    [told] = [each for each in shown["decisions"] if each["lever"] == "routing"]
    assert (told["decision"], told["reason"], told["namespace"]) == ("act", "routed", PAIR)
    assert told["certificate_id"] == str(route.id)
    saved = Decimal(shown["counterfactual_usd"]) - Decimal(shown["actual_usd"])
    assert {n: Decimal(usd) for n, usd in shown["decomposition"].items()} == {"routing": saved}
    assert (shown["requested_model"], shown["served_model"].startswith(CHEAP)) == (STRONG, True)
