"""Usage by one thing that calls are told apart by, beside the window before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from apps.attribution.valuing import OVERHEAD_KINDS
from apps.kernel.money import shown_usd
from apps.portal.forms.usage import DIMENSIONS, UsageForm
from apps.tenants.models import Organization
from apps.tenants.selectors import api_keys
from apps.usage.querying import Answer, UsageQuery, usage

MEASURES = ("calls", "tokens", "unpriced_calls", "actual_usd")
WHOLE = (*MEASURES, "error_calls")
# Sums of end users and tags have no durations; whoever asks for them would read every call.
LATENCY = "latency_p95_ms"
FACETS = frozenset({"end_user", "tag"})
NO_KEY = "00000000-0000-0000-0000-000000000000"
UNNAMED: Mapping[str, str] = {
    "key": "No key", "model": "No model answered", "tag": "Without a value", "user": "Nobody",
}  # fmt: skip
_NOTHING: Mapping[str, Any] = dict.fromkeys(MEASURES, 0) | {"actual_usd": Decimal(0)}


class Row(NamedTuple):
    """value: as filters take it. before_usd: in the window before; None where that says nothing."""

    value: str
    name: str
    calls: int
    tokens: int
    unpriced: int
    usd: Decimal
    before_usd: Decimal | None


class Breakdown(NamedTuple):
    """The dearest first, days in their order. sources: what was read for it."""

    rows: Sequence[Row]
    sources: Sequence[str]


def whole(organization: Organization, form: UsageForm, *, at: datetime) -> Answer:
    """All that the form asks about, and the window before."""
    measures = WHOLE if FACETS & form.filters.keys() else (*WHOLE, LATENCY)
    return usage(_query(form, measures=measures, compare="previous"), at=at)


def compared(form: UsageForm, *, at: datetime) -> Mapping[str, Any]:
    """How many of the calls compare answers, and what they cost; inside the scope."""
    filters = {**form.filters, "kind": list(OVERHEAD_KINDS)}
    return usage(_query(form, measures=("calls", "actual_usd"), filters=filters), at=at).totals


def breakdown(organization: Organization, form: UsageForm, *, at: datetime) -> Breakdown:
    """By what the form says, inside the scope. Raises InvalidQuery, SearchTooWide."""
    if form.apart_by == "day":
        answer = usage(_query(form, granularity="day"), at=at)
        days = [_row(f"{each.at:%Y-%m-%d}", f"{each.at:%-d %b %Y}", each.measures, None)
                for each in answer.rows]  # fmt: skip
        return Breakdown(days, answer.sources)
    dimension = DIMENSIONS[form.apart_by]
    answer = usage(_query(form, dimensions=(dimension,), compare="previous"), at=at)
    names = _names(organization, form.apart_by)
    now, before = _by_value(answer), _by_value(answer.previous)
    rows = [
        _row(value, names.get(value) or value or UNNAMED.get(form.apart_by, "–"),
             now.get(value, _NOTHING), before.get(value, _NOTHING))
        for value in dict.fromkeys([*now, *before])
    ]  # fmt: skip
    return Breakdown(sorted(rows, key=_dearest), answer.sources)


def _query(form: UsageForm, **fields: Any) -> UsageQuery:
    since, until = form.window
    is_tagged = "tag" in {*form.filters, *fields.get("dimensions", ())}
    known: dict[str, Any] = {
        "measures": MEASURES, "zone": form.zone, "filters": form.filters,
        "tag": form.tag_name if is_tagged else None,
    }  # fmt: skip
    return UsageQuery(since=since, until=until, **(known | fields))


def _by_value(answer: Answer | None) -> dict[str, Mapping[str, Any]]:
    rows = answer.rows if answer else ()
    return {"".join(each.dimensions.values()): each.measures for each in rows}


def _row(value: str, name: str, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Row:
    figures = (now["calls"], now["tokens"], now["unpriced_calls"], now["actual_usd"])
    return Row(value, name, *figures, before["actual_usd"] if before else None)


def _dearest(row: Row) -> tuple[Any, ...]:
    return -row.usd, -row.calls, -(row.before_usd or 0), row.name


def _names(organization: Organization, by: str) -> dict[str, str]:
    if by == "project":
        names = organization.projects.values_list("pk", "name")
        return {str(pk): name for pk, name in names}
    if by == "key":
        keys = api_keys(organization).values_list("pk", "name", "hint")
        return {NO_KEY: UNNAMED["key"]} | {str(pk): f"{name} {hint}" for pk, name, hint in keys}
    return {}


def stats(answer: Answer) -> Iterator[dict[str, str]]:
    """What stands at the top, each beside the window before."""
    before = answer.previous.totals if answer.previous else {}
    for label, name in (
        ("Spend", "actual_usd"), ("Requests", "calls"), ("Tokens", "tokens"),
        ("Failed requests", "error_calls"), ("Requests without a price", "unpriced_calls"),
        ("Latency, p95", LATENCY),
    ):  # fmt: skip
        if name in answer.totals:
            now, then = answer.totals[name], before.get(name)
            note = (
                f"{figure(name, then)} before{_change_note(now, then)}" if then else "None before"
            )
            yield {"label": label, "value": figure(name, now), "note": note}


def figure(name: str, value: Any) -> str:
    """A measure for people."""
    if value is None:
        return "–"
    if name.endswith("_usd"):
        return shown_usd(value)
    return f"{value:,.0f} ms" if name.endswith("_ms") else f"{value:,}"


def change(now: Any, before: Any) -> str:
    """In percent of before; "new" where there was nothing."""
    if now is None or before is None or now == before == 0:
        return "–"
    if not before:
        return "new"
    return f"{(Decimal(now) - Decimal(before)) * 100 / Decimal(before):+,.1f} %"


def _change_note(now: Any, before: Any) -> str:
    found = change(now, before)
    return f", {found}" if found.endswith("%") else ""
