"""The soak in rows, each with what it must be."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from bench.rows import Row
from bench.soaking import judging
from bench.soaking.judging import Trial
from bench.soaking.memory import Growth
from bench.soaking.parts import GATEWAY_WORKER, PROGRAMS
from bench.soaking.running import Run

# Of what callers ask of the gateway, with the retries that their SDK makes.
LEAST_HEARD = 0.999
MOST_GROWTH = 1.05
_ZEROS = {
    judging.WRONG: "wrong answers",
    judging.BROKEN: "answers that are none",
    judging.UNEXPLAINED: "connections cut without a kill",
    judging.BLAMELESS: "errors that nobody caused",
    judging.LOST: "records lost",
    judging.DOUBLED: "calls recorded twice",
    judging.INVENTED: "records of no call",
    judging.FOREIGN: "records with another organization",
    judging.UNASKED: "attempts that differ from the provider's books",
    judging.TOKENS: "tokens that differ from the provider's books",
    judging.MONEY: "costs that differ from the oracle's",
    judging.TOLD: "costs told in a header that differ",
    judging.SAVINGS: "savings that differ from their parts",
    judging.HIT: "kept answers worth another amount",
}


def none_of(figure: str, value: int) -> Row:
    """A count that must be 0."""
    return Row(figure, value, "", None, 0, value == 0)


def carried_rows(run: Run, trial: Trial) -> Iterator[Row]:
    """How callers fared."""
    carried = trial.carried
    cut, met = sum(carried.cut.values()), carried.right + carried.errors + carried.left
    share = met / max(1, carried.calls - cut)
    yield Row("capacity", run.capacity_per_s, "calls/s")
    yield Row("carried at", run.rate_per_s, "calls/s")
    yield Row("calls", carried.calls, "")
    yield Row("– answered right", carried.right, "")
    yield Row("– proper errors, all of them caused", carried.errors, "")
    yield Row("– whose caller left", carried.left, "")
    for part, count in sorted(carried.cut.items()):
        yield Row(f"– cut as {part} was killed", count, "")
    yield Row("carried, of calls whose process lived", share * 100, "%", None, 100, share == 1)
    for by, least in (("gateway", LEAST_HEARD), ("web", None)):
        heard = carried.heard[by] / max(1, carried.asked[by])
        target, is_met = (None, None) if least is None else (least * 100, heard >= least)
        yield Row(f"carried by {by}, as SDKs retry", heard * 100, "%", None, target, is_met)
    yield from trial_rows(trial)
    yield Row("arrivals put off, too many open", run.skipped, "")


def trial_rows(trial: Trial) -> Iterator[Row]:
    """What the calls went through."""
    lines, records = trial.lines, trial.records
    yield Row("faults that the provider met calls with", sum(bool(x.fault) for x in lines), "")
    yield Row("calls asked more than once", sum(each.attempts > 1 for each in records), "")
    yield Row("kept answers given", sum(each.cache == "hit" for each in trial.seen), "")
    cut = sum(each.outcome == "interrupted" for each in records)
    yield Row("records of calls that nobody saw end", cut, "")


def finding_rows(trial: Trial) -> Iterator[Row]:
    """Everything of which there must be none."""
    for what, figure in _ZEROS.items():
        yield none_of(figure, trial.findings.counts[what])


def money_rows(trial: Trial) -> Iterator[Row]:
    """All that was recorded, beside the oracle's sum."""
    recorded, due = trial.recorded_usd, trial.by_oracle_usd
    met = recorded == due
    yield Row("recorded, beside the oracle's", float(recorded), "USD", float(due), float(due), met)
    yield none_of("– difference, millionths of a dollar", abs(int((recorded - due) * 10**6)))


def kill_rows(run: Run) -> Iterator[Row]:
    """How often each part was killed, and how long it was away."""
    for what in (GATEWAY_WORKER, *PROGRAMS):
        own = [kill for kill in run.kills if kill.what == what]
        away = [kill.back - kill.at for kill in own if kill.back is not None]
        if own:
            yield Row(f"{what}: killed", len(own), "times")
        if away:
            yield Row(f"– away, median and worst {max(away):.1f} s", median(away), "s")
    yield none_of("parts that did not come back", sum(kill.back is None for kill in run.kills))


def outage_rows(run: Run) -> Iterator[Row]:
    """What a right answer took while a part was away, beside all others."""
    usual = _p99_ms(each.seconds for each in run.seen if each.ending == "right")
    for what in ("postgres", "queue", "cache", "shipper", "worker"):
        kills = [kill for kill in run.kills if kill.what == what]
        met = [
            each.seconds
            for each in run.seen
            if each.ending == "right" and any(k.covers(each.started, each.ended) for k in kills)
        ]
        if met:
            yield Row(f"p99 of an answer while {what} is away", _p99_ms(met), "ms", usual)


def _p99_ms(seconds: Iterable[float]) -> float:
    ordered = sorted(seconds)
    return ordered[int(0.99 * (len(ordered) - 1))] * 1000 if ordered else 0.0


def memory_rows(growths: Sequence[Growth], *, is_short: bool) -> Iterator[Row]:
    """Last quarter beside the second; a run of some minutes says nothing yet."""
    for growth in growths:
        target = None if is_short else MOST_GROWTH * growth.second_mb
        is_met = None if target is None else growth.last_mb <= target
        lives = "one process" if growth.is_one else f"{growth.lives} lives"
        name = f"memory of {growth.what}, {lives}: last quarter, beside the second"
        yield Row(name, growth.last_mb, "MB", growth.second_mb, target, is_met)
