"""The one door to an organization's own tables.

    with tenant_scope(organization):
        ...  # tenant models are readable here, and nowhere else

The scope is carried twice, in a context variable and on the database connection of the thread;
a query is let through only while both name the same organization. That is what keeps a fresh
thread, a fresh event loop or a leaked connection from reading somebody else's rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from apps.kernel.errors import NetraError
from apps.tenants import schema
from apps.tenants.models import Organization


class NoTenantScope(NetraError):
    code = "no_tenant_scope"
    http_status = 500

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} belongs to one organization: wrap the call in tenant_scope(organization), "
            "on the thread that runs the query."
        )


_organization: ContextVar[Organization | None] = ContextVar("organization", default=None)


@contextmanager
def tenant_scope(organization: Organization) -> Iterator[Organization]:
    """Open the schema of `organization` for the block; nested scopes restore the outer one."""
    token = _organization.set(organization)
    try:
        with (
            schema.entered(organization.schema_name),
            structlog.contextvars.bound_contextvars(organization_id=str(organization.pk)),
        ):
            yield organization
    finally:
        _organization.reset(token)


def current_tenant() -> Organization:
    """The organization of the surrounding scope. Raises NoTenantScope outside one."""
    organization = _organization.get()
    if organization is None or schema.current() != organization.schema_name:
        raise NoTenantScope("This operation")
    return organization


def is_tenant_model(model: type[Model]) -> bool:
    """Whether rows of `model` live in the schema of an organization."""
    return apps.get_app_config(model._meta.app_label).name in settings.TENANT_APPS


class TenantScopeRouter:
    """Refuses every query on a tenant model outside `tenant_scope`."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> None:
        self._require_scope(model)

    def db_for_write(self, model: type[Model], **_hints: Any) -> None:
        self._require_scope(model)

    def _require_scope(self, model: type[Model]) -> None:
        if not is_tenant_model(model):
            return
        organization = _organization.get()
        if organization is None or schema.current() != organization.schema_name:
            raise NoTenantScope(model.__name__)
