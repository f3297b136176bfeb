"""Three organizations side by side: with levers in an experiment, with a limit, without any lever.

All of them are as a customer has them: made by the services of the product.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.attribution.services import PeriodTerms, commit_period, create_experiment
from apps.kernel.clock import utc_now
from apps.optimization.access import LEVERS, PolicyTerms
from apps.optimization.services import set_policy
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.selectors import open_projects
from apps.tenants.services.api_keys import create_api_key
from apps.tenants.services.credentials import set_platform_credential
from apps.tenants.services.limits import LimitTerms, create_limit
from apps.tenants.services.organizations import create_organization

PROVIDERS = ("openai", "anthropic")
HOLDOUT_PERCENT = 20
# Gateways must have heard of a period before it begins.
_AHEAD = timedelta(seconds=5)
_ALL_ON = PolicyTerms(
    levers={
        "exact_cache": "on",
        "prompt_cache": "on",
        "compression": "shadow",
        "routing": "shadow",
    },
    caches_any_temperature=True,
)
_OFF = PolicyTerms(levers=dict.fromkeys(LEVERS, "off"))


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organization. secrets: provider → the key under which its provider knows it."""

    organization: Organization
    name: str
    key: str
    secrets: dict[str, str]
    is_limited: bool = False
    period_id: UUID | None = None
    experiment_id: UUID | None = None
    period_ends_at: datetime | None = None


def furnish(provider: str, *, lasts: timedelta, requests_per_minute: int) -> list[Tenant]:
    """Make them. provider: where their credentials lead. lasts: of the experiment's period.

    requests_per_minute: of the second one, which is to be refused now and then.
    """
    levered, limited, plain = (_tenant(name, provider) for name in ("Alder", "Birch", "Cedar"))
    create_limit(
        organization=limited.organization,
        terms=LimitTerms(kind="requests_per_minute", amount=Decimal(requests_per_minute)),
        at=utc_now(),
    )
    _say(levered, _ALL_ON)
    _say(plain, _OFF)
    bounded = Tenant(
        limited.organization, limited.name, limited.key, limited.secrets, is_limited=True
    )
    return [_experiment(levered, lasts), bounded, plain]


def _tenant(name: str, provider: str) -> Tenant:
    at = utc_now()
    organization = create_organization(name=f"Soak {name}", owner=None, at=at)
    secrets = {each: f"sim-{organization.slug}-{each}" for each in PROVIDERS}
    for each, secret in secrets.items():
        set_platform_credential(
            organization=organization, provider=each, name="soak", secret=secret,
            base_url=provider, at=at,
        )  # fmt: skip
    key = create_api_key(
        project=open_projects(organization)[0], name="soak", scopes=KEY_SCOPES,
        granted_by=KEY_SCOPES, created_by=None, at=at,
    )  # fmt: skip
    return Tenant(organization, name, key.text.value, secrets)


def _say(tenant: Tenant, terms: PolicyTerms) -> None:
    with tenant_scope(tenant.organization):
        set_policy(organization=tenant.organization, terms=terms, set_by="soak", at=utc_now())


def _experiment(tenant: Tenant, lasts: timedelta) -> Tenant:
    organization, at = tenant.organization, utc_now()
    with tenant_scope(organization):
        experiment = create_experiment(
            organization=organization, name="Soak", at=at, holdout_percent=HOLDOUT_PERCENT
        )
        terms = PeriodTerms(at + _AHEAD, at + _AHEAD + lasts, HOLDOUT_PERCENT)
        period = commit_period(
            organization=organization, experiment_id=experiment.pk, terms=terms, at=at
        )
    return Tenant(
        organization, tenant.name, tenant.key, tenant.secrets, period_id=period.pk,
        experiment_id=experiment.pk, period_ends_at=period.ends_at,
    )  # fmt: skip
