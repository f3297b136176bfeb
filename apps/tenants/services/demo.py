"""The system organization and one demo organization, made at the first start."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from apps.kernel.ids import random_base62
from apps.tenants.models import ApiKey, Organization, User
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.selectors import open_projects
from apps.tenants.services.api_keys import KeyRefused, create_api_key, recognise_api_key
from apps.tenants.services.demo_providers import wire_demo
from apps.tenants.services.organizations import create_organization

DEMO_EMAIL = "demo@netra.local"
DEMO_NAME = "Demo"
SYSTEM_NAME = "Netra System"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to sign in to the demo organization and call its API."""

    email: str
    password: str
    key: str


@transaction.atomic
def ensure_system_organization(*, at: datetime) -> Organization:
    """The organization that owns our own LLM calls."""
    existing = Organization.objects.filter(is_system=True).first()
    return existing or create_organization(name=SYSTEM_NAME, owner=None, at=at, is_system=True)


@transaction.atomic
def ensure_demo(*, known: DemoAccess | None, at: datetime) -> DemoAccess:
    """The demo login and a test key that work; `known` is kept as far as it still does.

    Its calls go where the environment says, see apps/tenants/services/demo_providers.py.
    """
    password = known.password if known else random_base62(16)
    user = _demo_user(password)
    membership = user.memberships.select_related("organization").order_by("joined_at").first()
    organization = (
        membership.organization
        if membership
        else create_organization(name=DEMO_NAME, owner=user, at=at)
    )
    wire_demo(organization=organization, at=at)
    key = known.key if known and _works(known.key, at=at) else _demo_key(organization, user, at=at)
    return DemoAccess(email=user.email, password=password, key=key)


def _demo_user(password: str) -> User:
    user = User.objects.filter(email=DEMO_EMAIL).first()
    if user is None:
        user = User.objects.create_user(DEMO_EMAIL, password, full_name="Demo Owner")
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    # Nobody reads the mail of the demo address, so that it could never be confirmed.
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return user


def _works(text: str, *, at: datetime) -> bool:
    try:
        recognise_api_key(text=text, at=at)
    except KeyRefused:
        return False
    return True


def _demo_key(organization: Organization, user: User, *, at: datetime) -> str:
    ApiKey.objects.filter(organization=organization, name=DEMO_NAME, revoked_at=None).update(
        revoked_at=at
    )
    project = open_projects(organization)[0]
    new = create_api_key(
        project=project,
        name=DEMO_NAME,
        scopes=KEY_SCOPES,
        granted_by=KEY_SCOPES,
        created_by=user,
        at=at,
        is_test=True,
    )
    return new.text.value
