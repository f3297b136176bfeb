"""Organizations whose levers are certified, as gateways know them."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from apps.attribution.assignment import Clues, unit_of
from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.kernel.ids import uuid7
from apps.optimization.access import DEFAULT, LEVERS, Lever, Policies, PolicyTerms
from apps.optimization.certificates import Certificate, Certificates
from apps.optimization.serving import SHADOW_SHARE
from apps.pricing.rates import cost_usd
from apps.proxy.levers import Levers
from apps.proxy.stages.shaping.alternatives import conversation_draw
from apps.tenants.vault import new_data_key
from tests.gateways import Tenant, price_book

OFF: dict[str, str] = dict.fromkeys(LEVERS, "off")


def certificate(
    known: Tenant, lever: str, namespace: str, *, threshold: float = 0.0, **terms: Any
) -> Certificate:
    """One of the tenant's project that holds for another hour."""
    return Certificate(
        id=uuid7(),
        lever=lever,
        project_id=known.project_id,
        namespace=namespace,
        threshold=threshold,
        bound=Decimal("0.01"),
        expires_at=utc_now() + timedelta(hours=1),
        terms=terms,
    )


def levered(
    known: Tenant,
    levers: Mapping[str, str],
    *certificates: Certificate,
    models: tuple[str, ...] = (),
    parts: Mapping[str, Any] = MappingProxyType({}),
) -> Tenant:
    """The tenant with these levers and no other, and these certificates."""
    terms = PolicyTerms(
        levers={**OFF, **levers}, allowed_models=models, quality_bound=Decimal("0.01")
    )
    said = {
        "policies": Policies(organization=terms).to_dict(),
        "certificates": Certificates(certificates).to_dict(),
    }
    key = known.organization.data_key or new_data_key()
    return known.having(data_key=key, parts={**said, **parts})


def unsampled(known: Tenant, conversation: str) -> Tenant:
    """The tenant with a data key by which this conversation stays out of every lever's sample."""
    keyed = (known.having(data_key=new_data_key()) for _ in range(1000))
    return next(each for each in keyed if not is_sampled(each, conversation))


def is_sampled(known: Tenant, conversation: str) -> bool:
    """Whether any lever leaves the conversation as it is, to learn from it."""
    key = known.organization.data_key
    assert key
    clues = Clues(known.project_id, "", utc_now().date(), {}, conversation_id=conversation)
    levers = Levers(DEFAULT, 0, unit=unit_of(clues))
    drawn: tuple[Lever, ...] = ("routing", "compression")
    return any(conversation_draw(levers, key, each) < SHADOW_SHARE for each in drawn)


def recomputed(event: Event) -> Decimal:
    """The untouched call by its recorded charges and the price book alone, as verifiers do it."""
    total = Decimal(0)
    for charge in event.untouched:
        named = charge.provider, charge.model, charge.tier, charge.region
        rate = price_book().rate(*named, event.started_at)
        assert rate
        total += cost_usd(charge.buckets, rate, charge.units)
    return total
