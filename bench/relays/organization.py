"""An organization as a customer has it: a project, a key, a provider's key, limits on all three."""

from datetime import datetime
from decimal import Decimal

from apps.kernel.clock import utc_now
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.selectors import open_projects
from apps.tenants.services.api_keys import create_api_key
from apps.tenants.services.credentials import set_platform_credential
from apps.tenants.services.limits import LimitTerms, create_limit
from apps.tenants.services.organizations import create_organization

_MANY = Decimal(10**9)
_CALLS = Decimal(10_000)
_DOLLARS = Decimal(1_000_000)


def furnish(upstream: str) -> str:
    """Make one whose OpenAI is at `upstream`; the text of its key."""
    at = utc_now()
    organization = create_organization(name="Bench", owner=None, at=at)
    set_platform_credential(
        organization=organization, provider="openai", name="static", secret="sk-static",
        base_url=upstream, at=at,
    )  # fmt: skip
    project = open_projects(organization)[0]
    key = create_api_key(
        project=project, name="bench", scopes=KEY_SCOPES, granted_by=KEY_SCOPES, created_by=None,
        at=at,
    )  # fmt: skip
    _limit(organization, at, {})
    _limit(organization, at, {"project_id": project.id})
    _limit(organization, at, {"api_key_id": key.api_key.id})
    _create(organization, at, kind="concurrency", amount=_CALLS, api_key_id=key.api_key.id)
    return key.text.value


def _limit(organization: Organization, at: datetime, subject: dict[str, object]) -> None:
    """Requests and tokens a minute, and a monthly budget: none of them is reached."""
    for kind, amount in (("requests_per_minute", _MANY), ("tokens_per_minute", _MANY)):
        _create(organization, at, kind=kind, amount=amount, **subject)
    _create(organization, at, kind="budget_usd", amount=_DOLLARS, window="month", **subject)


def _create(organization: Organization, at: datetime, **terms: object) -> None:
    create_limit(organization=organization, terms=LimitTerms(**terms), at=at)  # type: ignore[arg-type]
