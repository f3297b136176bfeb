"""How far an experiment has come: what is known since it began, and how its draw is going."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.attribution.audit import State
from apps.attribution.models import ProofLog, SavingsStatement, SealedHead
from apps.attribution.selectors.periods import SEALED_FOR
from apps.attribution.statements import Point

MOST_DAYS = 400
MOST_HEADS = 200


@dataclass(frozen=True, slots=True)
class Draw:
    """One open period's draw. is_off: units were lost from it; is_paused: that once was so.

    log_evidence: natural log of the e-value against the agreed share; see docs/formulas.md.
    """

    period: int
    holdout_bp: int
    held_out: int
    treated: int
    log_evidence: float
    is_off: bool
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """points: one for each of the latest days on which something was sealed, in order. units: all
    that have an arm. is_overstated: the ledger claims more than the holdout confirms. terms: the
    contract as archives hold it, empty before anything was sealed.
    """

    terms: Mapping[str, Any] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    draws: tuple[Draw, ...] = ()
    units: int = 0
    is_overstated: bool = False

    @property
    def last(self) -> Point | None:
        """What is known now."""
        return self.points[-1] if self.points else None


def standing(experiment_id: UUID) -> Standing:
    """Of an experiment, up to what was sealed last; empty before anything was."""
    log = ProofLog.objects.filter(pk=experiment_id).first()
    if log is None:
        return Standing()
    state = State.from_dict(log.state)
    return Standing(
        log.terms,
        _points(log.heads.exclude(savings=None)),
        tuple(_draw(number, each) for number, each in sorted(state.running.items())),
        state.last.units,
        state.last.reconciliation.is_overstated(),
    )


def points_by_experiment(experiment_ids: Sequence[UUID]) -> dict[UUID, tuple[Point, ...]]:
    """What was known day by day of each, the latest days in order; empty before any was sealed."""
    heads = SealedHead.objects.filter(log_id__in=experiment_ids).exclude(savings=None)
    latest = heads.order_by("log_id", "-date", "-batch").distinct("log_id", "date")
    found: dict[UUID, tuple[Point, ...]] = dict.fromkeys(experiment_ids, ())
    for log_id, of_log in groupby(latest, key=lambda head: head.log_id):
        last = list(islice(of_log, MOST_DAYS))
        found[log_id] = tuple(_point(head.date, head.savings or {}) for head in reversed(last))
    return found


def statement_points(statement: SavingsStatement) -> tuple[Point, ...]:
    """What was known day by day up to a statement, and its own figures as the last. They never
    change: no unit of a later period is over before this one's end.
    """
    ends_on = statement.period.ends_at.date()
    known = statement.log.heads.exclude(savings=None).filter(date__lte=ends_on)
    return (*_points(known), *_final(statement))


def statement_heads(statement: SavingsStatement) -> list[dict[str, Any]]:
    """Signed heads of the statement's period as documents, the first of the period first."""
    days = (statement.period.starts_at.date(), statement.finalised_at.date())
    heads = statement.log.heads.filter(date__range=days).order_by("batch")
    documents = [json.loads(bytes(line)) for line in heads.values_list("line", flat=True)]
    return [each for each in documents if each["head"]["period"] == statement.number][-MOST_HEADS:]


def carried_before(statement: SavingsStatement) -> int:
    """What the statement before fell short, in nano US dollars; at most 0."""
    before = statement.log.statements.filter(number=statement.number - 1).first()
    return int(before.document["shortfall"]) if before else 0


def _points(heads: QuerySet[SealedHead]) -> tuple[Point, ...]:
    """The last of each day."""
    latest = heads.order_by("-date", "-batch").distinct("date")[:MOST_DAYS]
    return tuple(_point(head.date, head.savings or {}) for head in reversed(latest))


def _point(day: date, savings: Mapping[str, Any]) -> Point:
    return Point(day, savings["units"], savings["audited"], savings["low"], savings["high"])


def _final(statement: SavingsStatement) -> tuple[Point, ...]:
    document = statement.document
    if document["since_start"] is None:
        return ()
    low, high = document["since_start"]
    until = statement.log.statements.filter(number__lte=statement.number)
    known = until.values_list("document__units", "document__audited")
    units, audited = (sum(column) for column in zip(*known, strict=True))
    last_day = min(statement.finalised_at, statement.period.ends_at + SEALED_FOR).date()
    return (Point(last_day, units, audited, low, high),)


def _draw(number: int, running: Any) -> Draw:
    ratio = running.ratio
    return Draw(
        number,
        ratio.holdout_bp,
        ratio.held_out,
        ratio.treated,
        ratio.log_evidence,
        ratio.is_off,
        running.is_paused,
    )
