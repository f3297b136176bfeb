"""Levers as pages show them: what each does, what holds and who said it, evidence and worth."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS, LEVERS, NO_JUDGE, Lever, Policy
from apps.optimization.selectors import COLLECTING, STANDING, WATCHED, WITHDRAWN, Effect, Namespace
from apps.portal.subjects import Subject
from apps.tenants.models import Organization
from apps.usage.querying import UsageQuery, usage

SAVED_OVER = timedelta(days=30)
EXPLANATIONS: Mapping[str, str] = {
    "exact_cache": "Gives the same call the same answer again, without asking the provider. Only "
    "where temperature is 0, unless you say otherwise.",
    "near_exact": "Takes questions for the same that differ in spelling and small words only, "
    "never in a number, a name or a negation.",
    "semantic": "Takes single questions for the same that mean the same, within a bound on wrong "
    "answers that you set.",
    "routing": "Sends conversations to a cheaper one of the models that you allow where its "
    "answers are certified to be as good, by kind of request.",
    "compression": "Shortens tool results and repeats that were not sent yet, without losing what "
    "they say, and leaves out tools that a conversation does not need; each form once certified.",
    "prompt_cache": "Marks what the provider should keep, so that it charges a tenth for reading "
    "it again. The model sees the same prompt.",
    "tier": "Takes the provider's cheaper tiers for calls that say until when they can wait, and "
    "the ordinary one before their time is up.",
}
# What can change an answer, and so serves only where a certificate stands.
CERTIFIED: frozenset[str] = frozenset({"near_exact", "semantic", "routing", "compression"})
LEVELS = {"on": "success", "shadow": "accent", "off": "neutral"}
STATES: Mapping[str, tuple[str, str]] = {
    STANDING: ("Certified", "success"),
    COLLECTING: ("Collecting", "accent"),
    WATCHED: ("Watching", "neutral"),
    WITHDRAWN: ("Withdrawn: drift", "warning"),
}
SOURCES = {"organization": "the organization", "project": "the project", "key": "the key"}
_SECONDS_AN_HOUR = 3600


class Choice(NamedTuple):
    """A word that can be said of a lever. value: "" is what is above."""

    value: str
    label: str
    is_said: bool


class Evidence(NamedTuple):
    """How many namespaces are so far, and with how many labels."""

    label: str
    level: str


class Line(NamedTuple):
    """A lever as the page shows it. source: whose setting holds. elsewhere: of others."""

    name: str
    label: str
    text: str
    state: str
    level: str
    source: str
    choices: Sequence[Choice]
    evidence: Sequence[Evidence]
    is_certified_first: bool
    saved: str
    saved_calls: int
    elsewhere: str = ""


class Term(NamedTuple):
    """Something else that holds."""

    label: str
    value: str
    source: str


def lever_lines(
    effect: Effect,
    found: Sequence[Namespace],
    saved: Mapping[str, tuple[int, Any]],
    *,
    above: str,
    others: Sequence[Mapping[str, str]] = (),
) -> list[Line]:
    """One line for each lever. above: what no setting is called. others: what is set below."""
    return [
        _line(lever, effect, found, saved.get(lever, (0, None)), above)._replace(
            elsewhere=_elsewhere(lever, others)
        )
        for lever in LEVERS
    ]


def _elsewhere(lever: str, others: Sequence[Mapping[str, str]]) -> str:
    counts = Counter(each[lever] for each in others if lever in each)
    words = [f"{state} in {count:,}" for state, count in sorted(counts.items())]
    return f"{', '.join(words).capitalize()} of the projects and keys" if words else ""


def _line(
    lever: Lever, effect: Effect, found: Sequence[Namespace], saved: tuple[int, Any], above: str
) -> Line:
    state, said = effect.policy.state(lever), effect.said.levers.get(lever, "")
    words = (("", above), ("off", "Off"), ("shadow", "Shadow"), ("on", "On"))
    return Line(
        lever,
        LABELS[lever],
        EXPLANATIONS[lever],
        state.capitalize(),
        LEVELS[state],
        source_of(effect, lever),
        [Choice(value, label, value == said) for value, label in words],
        list(_evidence([each for each in found if each.lever == lever])),
        lever in CERTIFIED,
        shown_usd(saved[1]) if saved[0] else "–",
        saved[0],
    )


def source_of(effect: Effect, name: str) -> str:
    """Whose word holds of a lever or a field, in words; "" where nobody says anything."""
    source = effect.sources.get(name)
    return SOURCES[source] if source else ""


def _evidence(found: Sequence[Namespace]) -> Iterator[Evidence]:
    counts = Counter(each.state for each in found)
    labels = sum(each.labels for each in found if each.state == COLLECTING)
    for state, count in counts.items():
        word, level = STATES[state]
        more = f", {labels:,} labels" if state == COLLECTING else ""
        yield Evidence(f"{count:,} {word.lower()}{more}", level)


def term_lines(effect: Effect) -> list[Term]:
    """Everything that is said beside the levers."""
    shown = dict(_terms(effect.policy))
    return [Term(label, value, source_of(effect, name)) for (name, label), value in shown.items()]


def _terms(policy: Policy) -> Iterator[tuple[tuple[str, str], str]]:
    percent = f"{(policy.quality_bound * 100).normalize():f} %"
    yield ("quality_bound", "Answers that may be worse"), percent
    yield ("cache_ttl_s", "Answers are kept for"), span(policy.cache_ttl_s)
    random = "Kept, too" if policy.caches_any_temperature else "Not kept: temperature 0 only"
    yield ("caches_any_temperature", "Answers drawn at random"), random
    models = ", ".join(policy.allowed_models) or "None but the one asked for"
    yield ("allowed_models", "Models that routing may choose"), models
    judge = "None" if policy.judge_model == NO_JUDGE else policy.judge_model or "Ours, if any"
    yield ("judge_model", "Model that compares answers"), judge
    share = f"{policy.traffic_percent} % of conversations"
    yield ("traffic_percent", "What levers may touch"), share
    wait = "Only where they say so" if policy.deadline_s is None else span(policy.deadline_s)
    yield ("deadline_s", "Calls can wait for"), wait


def span(seconds: int) -> str:
    """Whole hours or minutes where it is so."""
    if seconds % _SECONDS_AN_HOUR == 0:
        count, unit = seconds // _SECONDS_AN_HOUR, "hour"
    else:
        count, unit = -(-seconds // 60), "minute"
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def savings(
    organization: Organization, subject: Subject, *, at: datetime
) -> dict[str, tuple[int, Any]]:
    """Lever → calls on which it saved in the last 30 days, and US dollars; inside the scope."""
    zone = ZoneInfo(organization.time_zone)
    filters: dict[str, Sequence[str]] = {}
    if subject.api_key_id:
        filters["api_key_id"] = (str(subject.api_key_id),)
    elif subject.project_id:
        filters["project_id"] = (str(subject.project_id),)
    day = (at - SAVED_OVER).replace(hour=0, minute=0, second=0, microsecond=0)
    query = UsageQuery(
        ("calls", "saved_usd"),
        day,
        at.replace(second=0, microsecond=0) + timedelta(minutes=1),
        dimensions=("lever",),
        filters=filters,
        zone=zone,
    )
    rows = usage(query, at=at).rows
    return {
        row.dimensions["lever"]: (int(row.measures["calls"] or 0), row.measures["saved_usd"])
        for row in rows
    }


def meaning(lever: str, state: str, effect: Effect) -> list[str]:
    """What it brings about when the subject of `effect` says `state` of a lever."""
    if state == "off":
        return ["It touches no call from then on.", "What is certified stays known for later."]
    found = _certified if lever in CERTIFIED else _plain
    return [*_closed_above(lever, effect), *found(lever, state, effect.policy)]


def _closed_above(lever: str, effect: Effect) -> Iterator[str]:
    is_off = effect.policy.states[lever] == "off" and effect.said.levers.get(lever) != "off"
    if is_off and lever in effect.sources:
        yield f"It stays off all the same: {source_of(effect, lever)} has turned it off."


def _plain(lever: str, state: str, policy: Policy) -> Iterator[str]:
    if state == "shadow":
        yield "It writes down what it would have done and saved, and does nothing."
    if lever == "exact_cache":
        yield f"Answers are kept for {span(policy.cache_ttl_s)}, sealed for you alone."
    if lever == "tier" and state == "on":
        yield "Calls that can wait may be answered later, by the same model."
    if state == "on":
        yield "No certificate is needed: the model's own answer is what callers get."


def _certified(lever: str, state: str, policy: Policy) -> Iterator[str]:
    yield (
        "This is your consent to comparing: a share of calls is kept sealed until it was judged, "
        "and the model that judges sees it."
    )
    if lever in ("routing", "compression"):
        yield "To compare, some calls are asked twice, with your credentials and at your cost."
    if lever == "routing" and not policy.allowed_models:
        yield "No model is allowed yet, so that it has nothing to choose from. Change the terms."
    if not policy.quality_bound:
        yield "Your bound on worse answers is 0 %: nothing is certified then. Change the terms."
    if state == "on":
        percent = f"{(policy.quality_bound * 100).normalize():f} %"
        yield f"It serves where it is certified within {percent} at 95 %, and watches elsewhere."
    else:
        yield "It serves nothing, even where it is certified."


def namespace_lines(
    found: Sequence[Namespace], projects: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """Namespaces with the state of their evidence. projects: their names."""
    return [
        {
            "lever": LABELS.get(each.lever, each.lever),
            "namespace": each.namespace,
            "project": projects.get(each.project_id, ""),
            "state": STATES[each.state][0],
            "level": STATES[each.state][1],
            "labels": each.labels,
            "errors": each.errors,
            "certificate": each.certificate,
        }
        for each in found
    ]
