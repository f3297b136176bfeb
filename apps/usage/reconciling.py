"""Our figure beside the provider's: the gap, and what may explain it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from django.db.models import QuerySet, Sum

from apps.usage.models import ProviderStatement
from apps.usage.statements import comparable
from apps.usage.store import (
    ModelSpend,
    UnpricedModel,
    spend_by_model,
    spend_by_month,
    unpriced_by_model,
)

_EXACT = Context(prec=80)
_CENTS = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """USD. our_usd: what we recorded. their_usd: what the provider says; None: it does not say."""

    our_usd: Decimal
    their_usd: Decimal | None

    @property
    def gap_usd(self) -> Decimal | None:
        """By how much ours is more; negative when the provider says more."""
        return None if self.their_usd is None else _EXACT.subtract(self.our_usd, self.their_usd)

    @property
    def gap_percent(self) -> Decimal | None:
        """The gap in percent of what the provider says, two decimals; None of nothing."""
        return _percent(self.gap_usd, self.their_usd)


@dataclass(frozen=True, slots=True)
class Summary:
    """A statement and what we recorded in its month."""

    statement: ProviderStatement
    total: Comparison


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model: its calls here, and both figures. model: as we name it, else as they do.

    unpriced_calls: those that our figure lacks.
    """

    model: str
    calls: int
    unpriced_calls: int
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A provider's month. unpriced: calls that our figure lacks. estimated_percent: of the calls,
    those whose tokens are our estimate. models: empty where the file names none.
    """

    statement: ProviderStatement
    total: Comparison
    call_count: int
    estimated_count: int
    estimated_percent: Decimal | None
    models: Sequence[ModelLine]
    unpriced: Sequence[UnpricedModel]


def statements() -> QuerySet[ProviderStatement]:
    """What providers say to the current organization, the newest first."""
    return ProviderStatement.objects.order_by("-created_at", "-id")


def summaries(rows: Sequence[ProviderStatement]) -> list[Summary]:
    """Each statement beside our figure, in their order."""
    if not rows:
        return []
    months = [row.month for row in rows]
    spent = spend_by_month({row.provider for row in rows}, min(months), max(months))
    return [
        Summary(row, Comparison(spent.get((row.provider, row.month), _NOTHING), row.total_usd))
        for row in rows
    ]


def reconciliation(statement: ProviderStatement) -> Reconciliation:
    """All that is known of the gap between a statement and what we recorded."""
    spent = spend_by_model(statement.provider, statement.month)
    calls = sum(each.calls for each in spent)
    estimated = sum(each.estimated_calls for each in spent)
    return Reconciliation(
        statement=statement,
        total=Comparison(_sum(each.actual_usd for each in spent), statement.total_usd),
        call_count=calls,
        estimated_count=estimated,
        estimated_percent=_percent(Decimal(estimated), Decimal(calls)),
        models=_lines(statement, spent),
        unpriced=unpriced_by_model(statement.provider, statement.month),
    )


def _lines(statement: ProviderStatement, spent: Sequence[ModelSpend]) -> list[ModelLine]:
    """Models that both name first, in the order of what they cost here; then only theirs."""
    theirs = _theirs(statement)
    if not any(theirs):
        return []
    ours: dict[str, list[ModelSpend]] = {}
    for each in spent:
        ours.setdefault(comparable(each.model), []).append(each)
    lines = [_line(models, theirs.pop(name, ("", None))[1]) for name, models in ours.items()]
    return lines + [
        ModelLine(name, 0, 0, Comparison(_NOTHING, said)) for name, said in theirs.values()
    ]


def _line(models: Sequence[ModelSpend], said: Decimal | None) -> ModelLine:
    cost = _sum(each.actual_usd for each in models)
    # In a file that names its models, one that it does not name cost nothing there.
    comparison = Comparison(cost, _NOTHING if said is None else said)
    calls, unpriced = (
        sum(counts) for counts in zip(*((m.calls, m.unpriced_calls) for m in models), strict=True)
    )
    return ModelLine(models[0].model, calls, unpriced, comparison)


def _theirs(statement: ProviderStatement) -> dict[str, tuple[str, Decimal | None]]:
    """Comparable name → their name and amount, the dearest first."""
    found: dict[str, tuple[str, Decimal | None]] = {}
    sums = statement.lines.values("model").annotate(usd=Sum("amount_usd")).order_by("-usd", "model")
    for row in sums:
        name, known = found.get(comparable(row["model"]), (row["model"], _NOTHING))
        found[comparable(row["model"])] = name, _EXACT.add(known or _NOTHING, row["usd"])
    return found


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = _NOTHING
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    share = _EXACT.divide(_EXACT.multiply(part, Decimal(100)), whole)
    return share.quantize(_CENTS, ROUND_HALF_EVEN, _EXACT)
