"""Sums of the product against sums of its raw rows: rollups, ledger, days, statement."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from django.db import connection

from apps.attribution.selectors import SEALED_FOR, rerun
from apps.attribution.services import seal_experiment
from apps.tenants.context import tenant_scope
from apps.tenants.services.data_keys import data_key
from apps.usage.services.checking import check_usage
from bench.soaking.records import Record
from bench.soaking.tenants import Tenant

_DIGITS = 60
_PLACES = 18
Figures = dict[str, Decimal]
# As the raw rows of one organization have it; everything below must say the same.
_EVENTS = """
    SELECT count(*), coalesce(sum(actual_usd), 0),
        coalesce(sum(counterfactual_usd - actual_usd), 0),
        coalesce(sum(input_uncached + cache_read + cache_write_5m + cache_write_1h + output
            + reasoning + input_audio + output_audio + input_image + output_image), 0)
    FROM usage_event
"""
_ROLLUPS = """
    SELECT sum(calls), sum(actual_usd), sum(saved_usd),
        sum(input_uncached_tokens + cache_read_tokens + cache_write_5m_tokens
            + cache_write_1h_tokens + output_tokens + reasoning_tokens + input_audio_tokens
            + output_audio_tokens + input_image_tokens + output_image_tokens)
    FROM usage_rollup JOIN usage_series ON usage_series.id = series_id
    WHERE lever = '' AND grain = %s
"""
_LEDGER = """
    SELECT coalesce(sum(amount) FILTER (WHERE unit = 'calls'), 0),
        coalesce(sum(amount) FILTER (WHERE unit = 'usd'), 0),
        coalesce(sum(amount) FILTER (WHERE unit = 'saved_usd'), 0),
        coalesce(sum(amount) FILTER (WHERE unit = 'tokens'), 0)
    FROM public.ledger_entry AS entry JOIN public.ledger_journal AS journal
        ON journal.id = entry.journal_id
    WHERE journal.organization_id = %s AND entry.account LIKE 'used:%%'
"""
_DAYS = """
    SELECT sum(calls), sum(spend_usd), sum(saved_usd), sum(tokens)
    FROM public.ledger_organizationday WHERE organization_id = %s
"""
_GRAINS = (1, 15, 60, 1440)
_NAMES = ("calls", "usd", "saved_usd", "tokens")


def differing_sums(tenant: Tenant) -> list[str]:
    """Where sums of an organization are not those of its rows, in words; none where all agree."""
    key = [tenant.organization.pk]
    with tenant_scope(tenant.organization):
        events = _figures(_EVENTS, [])
        places = {f"rollups of {grain} min": _figures(_ROLLUPS, [grain]) for grain in _GRAINS}
        places |= {"ledger": _figures(_LEDGER, key), "days": _figures(_DAYS, key)}
    return [
        f"{tenant.name}: {name} {figures[name]} in {place}, {events[name]} in the rows"
        for place, figures in places.items()
        for name in _NAMES
        if figures[name] != events[name]
    ]


def _figures(query: str, given: Sequence[Any]) -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        row = cursor.fetchone() or ()
    return {name: Decimal(value or 0) for name, value in zip(_NAMES, row, strict=True)}


def differing_checks(tenant: Tenant, *, at: Any) -> int:
    """What the product's own check finds."""
    with tenant_scope(tenant.organization):
        return len(check_usage(organization=tenant.organization, months=1, at=at))


@dataclass(frozen=True, slots=True)
class Stated:
    """The statement of the experiment beside the oracle's. findings: of the customers' verifier.

    unexplained: calls without a price, which count for nothing.
    """

    document: Mapping[str, Any]
    oracle: Mapping[str, Any]
    findings: Sequence[str]
    unexplained: int

    @property
    def differing(self) -> list[str]:
        """Figures that are not the same, in words."""
        return [
            f"{name}: {self.document[name]} stated, {due} due"
            for name, due in self.oracle.items()
            if self.document[name] != due
        ]


def stated(tenant: Tenant, records: Sequence[Record]) -> Stated:
    """Close the experiment's period, as of the day on which its last unit is over, and compare."""
    organization, experiment = tenant.organization, tenant.experiment_id
    assert experiment
    assert tenant.period_ends_at
    at = tenant.period_ends_at + SEALED_FOR
    with tenant_scope(organization):
        sealed = seal_experiment(organization=organization, experiment_id=experiment, at=at)
        key = data_key(organization, at=at)
        seen = rerun(experiment, organization_id=organization.pk, data_key=key)
    own = [each for each in records if each.period_id == tenant.period_id]
    document = sealed.statements[0].document
    return Stated(document, statement_due(own), seen.findings, sealed.unexplained)


def statement_due(records: Sequence[Record]) -> dict[str, Any]:
    """What a statement of these rows must say, from the rows alone, in 10^-18 USD."""
    arms = {each.unit: each.arm for each in records if each.unit is not None}
    ledger: defaultdict[str, int] = defaultdict(int)
    for lever, atoms in _saved(records):
        ledger[lever] += atoms
    paid = sum(_atoms(each.actual_usd) for each in records if each.actual_usd is not None)
    return {
        "units": len(arms),
        "held_out": sum(arm == "holdout" for arm in arms.values()),
        "paid_atoms": paid,
        "ledger_atoms": dict(ledger),
        "untouched_atoms": paid + sum(ledger.values()),
    }


def _saved(records: Sequence[Record]) -> Iterator[tuple[str, int]]:
    for each in records:
        if each.actual_usd is not None:
            yield from ((lever, _atoms(usd)) for lever, usd in each.saved.items())


def _atoms(usd: Decimal) -> int:
    with localcontext(prec=_DIGITS):
        return int(usd.scaleb(_PLACES))
