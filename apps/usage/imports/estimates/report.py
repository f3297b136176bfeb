"""What the levers may save, each as a range with its method: a look at a log proves nothing."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from apps.usage.imports.estimates.levers import (
    BATCH,
    BURST,
    EXACT_CACHE,
    PROMPT_CACHE,
    ROUTING,
)
from apps.usage.imports.models import Dimension, Import, Pattern, Spend

CAUTION = (
    "Read from a log, before anything was routed: an estimate and not a proof. Levers overlap; "
    "their figures do not add up."
)
_USD: "DecimalField[Any, Any]" = DecimalField(max_digits=38, decimal_places=12)
_NONE = Value(Decimal(0), output_field=_USD)


@dataclass(frozen=True, slots=True)
class Method:
    """How a lever is estimated, in words for people. is_assumed: the range itself is assumed."""

    label: str
    method: str
    assumption: str
    is_assumed: bool = False


METHODS = {
    EXACT_CACHE: Method(
        "Exact answer cache",
        "Calls at temperature 0 whose request equals an earlier one, by a keyed hash.",
        "Low: the earlier one was at most an hour ago. High: at most 24 hours. Logs without "
        "prompts or temperature show none.",
    ),
    PROMPT_CACHE: Method(
        "Provider prompt cache",
        "Calls that begin as an earlier one did, with at least 1,024 tokens not cached yet; "
        "reading costs the cache price, writing is paid where the provider charges for it.",
        "Low: caches of 5 minutes, 5 characters a token. High: of 1 hour, 4 characters. "
        "Beginnings for which a cache would not pay are left as they are.",
    ),
    ROUTING: Method(
        "Model routing",
        "Short calls (at most 2,000 tokens in, 200 out, no tools) of models that cost 5 USD or "
        "more for a million tokens of output.",
        "Assumed: 16 % to 32 % of what they cost, as certified routers saved in published "
        "measurements. How your answers would fare is not looked at.",
        is_assumed=True,
    ),
    BATCH: Method(
        "Batch or flex tier",
        "Calls that were not streamed and not in such a tier, at the provider's batch price.",
        f"Low: calls in bursts of at least {BURST} a minute of one key and model. High: all in "
        "which no end user is named. Whether they can wait is yours to say.",
        is_assumed=True,
    ),
}


def estimates(of_import: Import) -> list[dict[str, Any]]:
    """One entry for each lever, amounts as strings; none where the file holds sums and no calls."""
    total = Spend.objects.filter(of_import=of_import, dimension=Dimension.TOTAL).first()
    spent = total.usd if total else Decimal(0)
    if not Pattern.objects.filter(of_import=of_import).exists():
        return []
    return [_estimate(of_import, lever, spent) for lever in METHODS]


def _estimate(of_import: Import, lever: str, spent: Decimal) -> dict[str, Any]:
    rows = Pattern.objects.filter(of_import=of_import, lever=lever)
    certain = Q(seen_count__gte=BURST) if lever == BATCH else Q()
    found = rows.aggregate(
        calls=Coalesce(Sum("seen_count"), 0),
        patterns=Count("id"),
        low=Coalesce(Sum(Greatest(F("low_usd"), _NONE), filter=certain), _NONE),
        high=Coalesce(Sum(Greatest(F("high_usd"), _NONE)), _NONE),
    )
    low = min(found["low"], spent)
    high = min(max(found["high"], low), spent)
    method = METHODS[lever]
    return {
        "lever": lever,
        "label": method.label,
        "candidate_calls": found["calls"],
        "patterns": found["patterns"],
        "low_usd": f"{low:.6f}",
        "high_usd": f"{high:.6f}",
        "low_share": _share(low, spent),
        "high_share": _share(high, spent),
        "method": method.method,
        "assumption": method.assumption,
        "is_assumed": method.is_assumed,
        "is_proven": False,
        "caution": CAUTION,
    }


def _share(part: Decimal, whole: Decimal) -> str:
    return f"{part / whole:.4f}" if whole else "0.0000"
