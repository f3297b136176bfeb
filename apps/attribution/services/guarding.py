"""Watch the quality of sealed units; pause levers that spoil it. Run inside the scope."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg

from apps.attribution.audit import ClosedUnit
from apps.attribution.models import Period, ProofLog, QualityWatch
from apps.attribution.services.pausing import LABELS, pause_levers
from apps.attribution.watching import Reading, Watch, Watched, breached_levers, findings
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.optimization.models import Feedback
from apps.optimization.selectors import standing
from apps.tenants.models import Organization
from apps.usage.outcomes import UnitOutcome, unit_outcomes

_MICRO = 10**6
_NO_KEY = UUID(int=0)


def watch_units(*, period: Period, units: Sequence[ClosedUnit], at: datetime) -> None:
    """Count a batch that was just sealed, in the transaction that sealed it."""
    row = _row(period, at)
    watch = Watch.from_dict(row.state)
    watch.add(_watched(period, units), period.holdout_percent * 100)
    row.state, row.updated_at = watch.to_dict(), at
    row.save()


def judge_quality(*, organization: Organization, period: Period, at: datetime) -> list[str]:
    """Write down what is known of a period; the levers that are paused for it now.

    A lever is paused once in a period. Whoever turns it on again has decided; the next period is
    judged by its own units. Nothing is ever turned on from here.
    """
    row = QualityWatch.objects.select_for_update().filter(pk=period.pk).first()
    if row is None:
        return []
    row.bound = _bound(period, at)
    readings = findings(Watch.from_dict(row.state), row.bound)
    row.findings, row.updated_at = [each.to_dict() for each in readings], at
    breached = breached_levers(readings)
    due = {lever: each for lever, each in breached.items() if lever not in row.paused}
    paused = pause_levers(
        organization=organization, project_id=period.experiment.project_id, levers=list(due), at=at
    )
    for lever in paused:
        row.paused[lever] = {"at": at.isoformat(), "because": due[lever].to_dict()}
    row.save()
    _tell(organization, period, {lever: due[lever] for lever in paused}, at)
    return paused


def tell_of_lost_units(*, organization: Organization, period: Period, at: datetime) -> None:
    """Say, once in a period, that its draw was not kept and that nothing is billed for it."""
    log = ProofLog.objects.get(pk=period.experiment_id)
    number = log.opened.index(str(period.pk)) + 1
    if not any(each["number"] == number and each["is_paused"] for each in log.state["running"]):
        return
    news = News(
        kind=Kind.BILLING_PAUSED,
        once=str(period.pk),
        subject=f"Billing is paused for the period from {period.starts_at:%d %b %Y}",
        advice="The shares of held-out and treated conversations are not those that were agreed: "
        "some were lost or moved. Until the period ends nothing of it is billed. Look for calls "
        "that bypass the gateway for one of the arms; the next period is counted afresh.",
        payload={"experiment_id": str(period.experiment_id), "period_id": str(period.pk)},
        page="proof",
    )
    announce(organization=organization, news=news, at=at)


def _row(period: Period, at: datetime) -> QualityWatch:
    row = QualityWatch.objects.select_for_update().filter(pk=period.pk).first()
    if row:
        return row
    earlier = QualityWatch.objects.filter(
        period__experiment_id=period.experiment_id, period__starts_at__lt=period.starts_at
    )
    before = earlier.order_by("-period__starts_at").first()
    watch = Watch.from_dict(before.state).next_period() if before else Watch()
    return QualityWatch(period=period, state=watch.to_dict(), updated_at=at)


def _bound(period: Period, at: datetime) -> Decimal:
    """Of the experiment's place."""
    place = period.experiment.project_id or _NO_KEY
    return standing(at=at).of(project_id=place, key_id=_NO_KEY).quality_bound


def _watched(period: Period, units: Sequence[ClosedUnit]) -> Iterable[Watched]:
    outcomes = {each.unit: each for each in unit_outcomes(period.pk, [u.unit for u in units])}
    scores = _scores(outcomes)
    for unit in units:
        outcome = outcomes[unit.unit]
        yield Watched(
            is_treated=unit.is_treated,
            is_triggered=unit.is_triggered,
            stratum=unit.stratum,
            levers=frozenset(outcome.levers),
            values=_values(outcome, scores),
        )


def _values(outcome: UnitOutcome, scores: Mapping[UUID, Decimal]) -> dict[str, int]:
    """By metric; what a unit has nothing of is not there."""
    values = {}
    if calls := outcome.answered + outcome.failed:
        values["errors"] = _MICRO * outcome.failed // calls
    if outcome.timed:
        values["latency"] = int(1_000 * outcome.total_ms / outcome.timed)
    if outcome.answered:
        values["length"] = outcome.generated_tokens // outcome.answered
    rated = [scores[each] for each in outcome.event_ids if each in scores]
    if rated:
        values["feedback"] = int(_MICRO * sum(rated) / len(rated))
    return values


def _scores(outcomes: Mapping[str, UnitOutcome]) -> dict[UUID, Decimal]:
    """The mean score of each call that somebody rated."""
    ids = [event_id for each in outcomes.values() for event_id in each.event_ids]
    rows = Feedback.objects.filter(request_id__in=ids).values_list("request_id")
    return dict(rows.annotate(mean=Avg("score")).order_by("request_id"))


def _tell(
    organization: Organization, period: Period, paused: Mapping[str, Reading], at: datetime
) -> None:
    for lever, because in paused.items():
        announce(organization=organization, news=_news(period, lever, because), at=at)


def _news(period: Period, lever: str, because: Reading) -> News:
    known = because.to_dict()
    of = "this lever" if because.lever else "all levers together, so all that acted are paused"
    payload: dict[str, Any] = {
        "experiment_id": str(period.experiment_id),
        "period_id": str(period.pk),
        "lever": lever,
        "because": known,
    }
    return News(
        kind=Kind.LEVERS_PAUSED,
        once=f"{period.pk}:{lever}",
        subject=f"Paused: {LABELS.get(lever, lever)}, because {_WORSE[because.metric.name]}",
        advice=f"Compared with held-out conversations {_WORSE[because.metric.name]} by at least "
        f"{known['low']:.4f}, where your quality bound allows {known['tolerated']:.4f}; seen for "
        f"{of}. It goes on as a shadow and changes no answer. To undo this, turn it on again on "
        "the page Levers; it is not paused a second time in this period.",
        payload=payload,
        page="levers",
    )


_WORSE = {"errors": "more calls failed", "feedback": "answers were rated worse"}
