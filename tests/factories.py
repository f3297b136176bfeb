"""Small makers of rows for tests, through the real services."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress

from apps.kernel.clock import utc_now
from apps.notices.services.endpoints import NewSecret, create_endpoint
from apps.pricing.models import ContractedRate
from apps.pricing.services import set_contracted_rate
from apps.tenants.access import Target
from apps.tenants.context import tenant_scope
from apps.tenants.models import (
    Limit,
    Membership,
    Organization,
    Project,
    ProviderCredential,
    Route,
    User,
)
from apps.tenants.permissions import (
    DEFAULT_KEY_SCOPES,
    KEY_SCOPES,
    ROLE_PERMISSIONS,
    Permission,
    Role,
)
from apps.tenants.selectors import open_projects
from apps.tenants.services.api_keys import NewKey, create_api_key
from apps.tenants.services.credentials import store_credential
from apps.tenants.services.limits import LimitTerms, create_limit
from apps.tenants.services.members import Invited, invite_member
from apps.tenants.services.organizations import create_organization
from apps.tenants.services.projects import create_project
from apps.tenants.services.routes import RouteTerms, create_route
from apps.usage.models import ProviderStatement
from apps.usage.services.statements import StatementFile, record_statement

COSTS = "usage_date_utc,model,cost_usd\n2026-03-31,Claude Haiku 4.5,0.5\n"
PASSWORD = "correct horse battery"
_numbers = count(1)


def make_user(email: str | None = None, password: str = PASSWORD, **fields: Any) -> User:
    """A person with a verified address."""
    email = email or f"person-{next(_numbers)}@acme.test"
    user = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def make_organization(name: str = "Acme", owner: User | None = None) -> Organization:
    """An organization with its schema; without `owner` a new person owns it."""
    owner = owner or make_user(f"owner-{next(_numbers)}@acme.test")
    return create_organization(name=name, owner=owner, at=utc_now())


def make_member(
    organization: Organization, role: Role | str = Role.VIEWER, email: str | None = None
) -> User:
    """A new person with `role`; use the owner of the organization for Role.OWNER."""
    user = make_user(email or f"{role}-{next(_numbers)}@acme.test")
    Membership.objects.create(organization=organization, user=user, role=Role(role))
    return user


def make_project(organization: Organization, name: str = "Search") -> Project:
    """An open project."""
    return create_project(organization=organization, name=name, at=utc_now())


def make_api_key(
    organization: Organization,
    scopes: Collection[Permission] = DEFAULT_KEY_SCOPES,
    *,
    name: str = "Backend",
    project: Project | None = None,
    at: datetime | None = None,
    **options: Any,
) -> NewKey:
    """A key of `project`, else of the first open project."""
    options.setdefault("created_by", None)
    options.setdefault("granted_by", KEY_SCOPES)
    return create_api_key(
        project=project or open_projects(organization)[0],
        name=name,
        scopes=scopes,
        at=at or utc_now(),
        **options,
    )


def make_credential(
    organization: Organization,
    provider: str = "openai",
    name: str = "Main",
    secret: str = "sk-provider-secret-0001",  # noqa: S107  (a throwaway)
    **options: Any,
) -> ProviderCredential:
    """A stored provider key."""
    return store_credential(
        organization=organization,
        provider=provider,
        name=name,
        secret=secret,
        at=utc_now(),
        **options,
    )


def make_route(
    organization: Organization,
    pattern: str = "gpt-*",
    *targets: Target,
    at: datetime | None = None,
    **options: Any,
) -> Route:
    """A route to `targets`, else to OpenAI."""
    terms = RouteTerms(pattern, targets or (Target("openai"),), **options)
    return create_route(organization=organization, terms=terms, at=at or utc_now())


def make_limit(
    organization: Organization,
    kind: str = "requests_per_minute",
    amount: int | str = 100,
    at: datetime | None = None,
    **options: Any,
) -> Limit:
    """A limit of the organization, or of the project or key of `options`."""
    terms = LimitTerms(kind, Decimal(amount), **options)
    return create_limit(organization=organization, terms=terms, at=at or utc_now())


def make_statement(
    organization: Organization, costs: str = COSTS, name: str = "costs.csv"
) -> ProviderStatement:
    """What Anthropic says of March 2026."""
    file = StatementFile(name, costs.encode(), "anthropic")
    month = date(2026, 3, 1)
    with tenant_scope(organization):
        return record_statement(
            provider="anthropic", month=month, file=file, given_by="test", at=utc_now()
        )


def make_invitation(
    organization: Organization,
    email: str = "grace@acme.test",
    role: Role = Role.DEVELOPER,
    at: datetime | None = None,
) -> Invited:
    """An open invitation and its token."""
    return invite_member(
        organization=organization,
        email=email,
        role=role,
        granted_by=ROLE_PERMISSIONS[Role.OWNER],
        invited_by=None,
        at=at or utc_now(),
    )


def make_webhook(
    organization: Organization, url: str = "https://93.184.216.34/hooks", **options: Any
) -> NewSecret:
    """A webhook endpoint and its secret."""
    return create_endpoint(organization=organization, url=url, at=utc_now(), **options)


def make_contracted_rate(
    organization: Organization, source: str = "MSA 7", **fields: Any
) -> ContractedRate:
    """Half of OpenAI's list prices from now on, unless `fields` say otherwise."""
    now = utc_now()
    fields = dict[str, Any](provider="openai", terms={"discount": "0.5"}, valid_from=now) | fields
    return set_contracted_rate(organization=organization, source=source, at=now, **fields)
