"""Rows for tests, made by the services that make them in production."""

from collections.abc import Collection
from itertools import count
from typing import Any

from apps.kernel.clock import utc_now
from apps.tenants.models import Membership, Organization, Project, User
from apps.tenants.permissions import DEFAULT_KEY_SCOPES, Permission, Role
from apps.tenants.selectors import open_projects
from apps.tenants.services.api_keys import NewKey, create_api_key
from apps.tenants.services.organizations import create_organization

PASSWORD = "correct horse battery"

_serial = count(1)


def make_user(email: str | None = None, password: str = PASSWORD, **fields: Any) -> User:
    """A person with a verified address."""
    user = User.objects.create_user(email or f"person{next(_serial)}@acme.test", password, **fields)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def make_organization(name: str = "Acme", owner: User | None = None) -> Organization:
    """An organization with its schema, a project and an owner."""
    return create_organization(name=name, owner=owner or make_user(), at=utc_now())


def make_member(
    organization: Organization, role: Role = Role.VIEWER, email: str | None = None
) -> User:
    """A person who belongs to `organization` with `role`."""
    user = make_user(email)
    Membership.objects.create(organization=organization, user=user, role=role)
    return user


def make_api_key(
    organization: Organization,
    scopes: Collection[Permission] = DEFAULT_KEY_SCOPES,
    *,
    project: Project | None = None,
    name: str = "Test key",
    **fields: Any,
) -> NewKey:
    """A key of the organization's first project."""
    return create_api_key(
        project=project or open_projects(organization)[0],
        name=name,
        scopes=scopes,
        created_by=None,
        at=fields.pop("at", utc_now()),
        **fields,
    )
