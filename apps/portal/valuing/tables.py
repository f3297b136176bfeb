"""The tables of the page: each cell says its figure, and where it can be looked up."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from apps.attribution.valuing import ArmValue, Bucket, LeverValue, Rate, Value, exact_sum
from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS
from apps.portal.valuing.addresses import Addresses
from apps.portal.valuing.glance import share

UNCLAIMED = "No single lever"
_PATTERNS = {"hour": "%H:%M", "day": "%a %-d %b %Y", "week": "Week of %-d %b %Y", "month": "%B %Y"}
_WHENS = {"hour": "Hour", "day": "Day", "week": "Week", "month": "Month"}


class Table(NamedTuple):
    """As templates/parts/table.html takes it. foot: the sum, where there is one."""

    columns: list[dict[str, Any]]
    rows: list[list[dict[str, Any]]]
    foot: list[dict[str, Any]] | None = None


def bucket_table(found: Value, addresses: Addresses) -> Table:
    """What was spent, by time, the latest first."""
    heads = (
        _WHENS[found.query.granularity], "Requests", "Without Netra", "Actual", "Estimated saving",
    )  # fmt: skip
    following: Sequence[Bucket | None] = (*found.buckets[1:], None)
    rows = [
        _row(
            heads,
            (bucket_name(found, bucket), addresses.bucket(bucket, after)),
            f"{bucket.spend.calls:,}",
            shown_usd(bucket.spend.untouched_usd),
            shown_usd(bucket.spend.actual_usd),
            shown_usd(bucket.spend.estimated_usd),
        )
        for bucket, after in zip(found.buckets, following, strict=True)
    ]
    return _table(heads, reversed(rows))


def lever_table(found: Value, addresses: Addresses) -> Table:
    """What each lever saved and cost, and their sum."""
    heads = ["Lever", "Saved on requests", "Cost of comparing", "Net saving", "Share of spend"]
    if found.before:
        heads.append("Period before")
    rows = [_lever_row(found, lever, heads, addresses) for lever in found.now.levers]
    total = found.now.spend
    overhead = exact_sum(each.overhead_usd for each in found.now.levers)
    whole = [
        shown_usd(total.estimated_usd + overhead),
        shown_usd(-overhead),
        shown_usd(total.estimated_usd),
        share(total.estimated_usd, total.untouched_usd),
    ]
    if found.before:
        whole.append(shown_usd(found.before.spend.estimated_usd))
    return _table(heads, rows)._replace(foot=_row(heads, ("All together", ""), *whole))


def rate_table(found: Value) -> Table:
    """Cost of a request and of tokens, without Netra and with it."""
    heads = ["Cost of", "Without Netra", "Actual", "Change"]
    if found.before:
        heads.append("Actual, period before")
    now, before = found.now, found.before
    tokens, was = now.per_thousand_tokens, before.per_thousand_tokens if before else None
    rows = [
        _rate_row(
            heads, "A request", now.spend.per_call, before.spend.per_call if before else None
        ),
        _rate_row(heads, "1,000 tokens", tokens, was),
    ]
    return _table(heads, rows)


def arm_table(found: Value, addresses: Addresses) -> Table:
    """Calls that were held out beside those that levers might touch."""
    heads = ("Measure", "Held out", "With levers", "Difference")
    held, treated = found.holdout, found.treatment
    rows = [
        _row(heads, ("Requests", ""), *(_counted(each, addresses) for each in (held, treated)), ""),
        _row(
            heads, ("Failed requests", ""), _percent(held.failed_share),
            _percent(treated.failed_share), _points(held.failed_share, treated.failed_share),
        ),
        *_latency_rows(heads, held, treated),
    ]  # fmt: skip
    return _table(heads, rows)


def bucket_name(found: Value, bucket: Bucket) -> str:
    """When it is, for people."""
    return f"{bucket.at:{_PATTERNS[found.query.granularity]}}"


def lever_name(lever: str) -> str:
    """For people."""
    return LABELS.get(lever, lever) if lever else UNCLAIMED


def _lever_row(
    found: Value, lever: LeverValue, heads: Sequence[str], addresses: Addresses
) -> list[dict[str, Any]]:
    url = addresses.requests(lever=lever.lever) if lever.lever else ""
    overhead_url = addresses.requests(lever=lever.lever, kind="overhead")
    overhead = (shown_usd(-lever.overhead_usd), overhead_url if lever.overhead_usd else "")
    cells: list[Any] = [
        shown_usd(lever.saved_usd), overhead, shown_usd(lever.net_usd),
        share(lever.net_usd, found.now.spend.untouched_usd),
    ]  # fmt: skip
    if found.before:
        cells.append(shown_usd(found.before.net_of(lever.lever)))
    return _row(heads, (lever_name(lever.lever), url), *cells)


def _rate_row(
    heads: Sequence[str], name: str, now: Rate, before: Rate | None
) -> list[dict[str, Any]]:
    change = "–"
    if now.before and now.after is not None:
        change = f"{(now.after - now.before) / now.before * 100:+,.1f} %"
    cells = [shown_usd(now.before), shown_usd(now.after), change]
    if before:
        cells.append(shown_usd(before.after))
    return _row(heads, (name, ""), *cells)


def _latency_rows(
    heads: Sequence[str], held: ArmValue, treated: ArmValue
) -> Iterator[list[dict[str, Any]]]:
    for label, name in (("Latency, median", "latency_p50_ms"), ("Latency, p95", "latency_p95_ms")):
        one, other = getattr(held, name), getattr(treated, name)
        yield _row(heads, (label, ""), _ms(one), _ms(other), _ms_change(one, other))


def _counted(arm: ArmValue, addresses: Addresses) -> tuple[str, str]:
    return f"{arm.calls:,}", addresses.requests(arm=arm.arm) if arm.calls else ""


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.2%}".replace("%", " %")


def _points(held: float | None, treated: float | None) -> str:
    if held is None or treated is None:
        return "–"
    return f"{(treated - held) * 100:+.2f} points"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"


def _ms_change(held: float | None, treated: float | None) -> str:
    if held is None or treated is None:
        return "–"
    return f"{treated - held:+,.0f} ms"


def _table(heads: Sequence[str], rows: Iterable[list[dict[str, Any]]]) -> Table:
    columns = [{"label": head, "is_numeric": head != heads[0]} for head in heads]
    return Table(columns, list(rows))


def _row(heads: Sequence[str], *cells: str | tuple[str, str]) -> list[dict[str, Any]]:
    """Cells are texts, or texts with addresses."""
    pairs = [(cell, "") if isinstance(cell, str) else cell for cell in cells]
    return [
        {"text": text, "url": url, "column": head, "is_numeric": head != heads[0]}
        for head, (text, url) in zip(heads, pairs, strict=True)
    ]
