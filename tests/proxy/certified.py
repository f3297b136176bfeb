"""Organizations whose levers are certified, as gateways know them."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.optimization.access import LEVERS, Policies, PolicyTerms
from apps.optimization.certificates import Certificate, Certificates
from apps.tenants.vault import new_data_key
from tests.gateways import Tenant

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
    **parts: Any,
) -> Tenant:
    """The tenant with these levers and no other, and these certificates."""
    terms = PolicyTerms(levers={**OFF, **levers}, allowed_models=models)
    said = {
        "policies": Policies(organization=terms).to_dict(),
        "certificates": Certificates(certificates).to_dict(),
    }
    key = known.organization.data_key or new_data_key()
    return known.having(data_key=key, parts=said | parts)
