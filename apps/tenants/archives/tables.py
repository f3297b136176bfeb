"""Which rows of `public` belong to one organization: found from the models' own keys.

A table belongs when its rows name the organization, or lead by keys that are never null to rows
that do. tests/tenants/archives/test_tables.py holds that every other table is known to be shared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import AutoField, BigAutoField, Model
from pghistory.models import Event
from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.tenants.models import Organization, User

# Belong to an organization and stay where they are, with the reason.
LEFT_BEHIND = {
    "tenants_gatewaychange": "versions are counted by the installation",
    "tenants_flag_organizations": "flags are switched by the installation",
    "tenants_flagorganizationevent": "the same",
    "tenants_job": "work in flight; the schedule finds again what is due",
}
_COUNTED = (AutoField, BigAutoField)


@dataclass(frozen=True)
class PublicTable:
    """A table of `public` that holds rows of organizations.

    columns: without keys that the database counts up; nobody refers to those. rows: an SQL
    condition, true of those of one organization. people: columns that hold keys of users.
    protected: the trigger that forbids to delete rows, or "".
    """

    name: str
    columns: tuple[str, ...]
    key: str
    rows: Composable
    people: frozenset[str]
    protected: str
    is_audit: bool


@dataclass(frozen=True)
class _Reach:
    """How rows lead to their organization: the condition, and over how many keys."""

    rows: Composable
    steps: int


def public_tables(organization_id: UUID) -> tuple[PublicTable, ...]:
    """All of them, those that others refer to first and audits last."""
    reaches = ((model, _reach(model, organization_id)) for model in shared_models())
    found = [(model, reach) for model, reach in reaches if reach]
    found.sort(key=lambda pair: (issubclass(pair[0], Event), pair[1].steps))
    return tuple(_described(model, reach.rows) for model, reach in found)


def carried_tables(organization_id: UUID) -> Iterator[PublicTable]:
    """Those whose rows go into an archive."""
    return (each for each in public_tables(organization_id) if each.name not in LEFT_BEHIND)


def shared_models() -> Iterator[type[Model]]:
    """The models of all tables of `public` that are ours to read; dj-stripe's are Stripe's."""
    for model in apps.get_models(include_auto_created=True):
        config = apps.get_app_config(model._meta.app_label)
        is_ours = config.name not in settings.TENANT_APPS and config.label != "djstripe"
        if is_ours and model._meta.managed and not model._meta.proxy:
            yield model


def _described(model: type[Model], condition: Composable) -> PublicTable:
    fields = model._meta.concrete_fields
    key = model._meta.pk
    return PublicTable(
        name=model._meta.db_table,
        columns=tuple(each.attname for each in fields if not isinstance(each, _COUNTED)),
        key=key.attname,
        rows=condition,
        people=frozenset(each.attname for each in fields if each.related_model is User),
        protected=_protection(model),
        is_audit=issubclass(model, Event),
    )


def _protection(model: type[Model]) -> str:
    names = (each.name for each in getattr(model._meta, "triggers", ()))
    return next((f"{model._meta.label}:{name}" for name in names if name == "written_once"), "")


def _reach(model: type[Model], organization_id: UUID) -> _Reach | None:
    """How rows of `model` lead to the organization, or None when they belong to none."""
    if model is Organization:
        return _Reach(_equals("id", organization_id), 0)
    fields = model._meta.concrete_fields
    if any(each.attname == "organization_id" for each in fields):
        return _Reach(_equals("organization_id", organization_id), 1)
    return next(filter(None, (_by_key(each, organization_id) for each in fields)), None)


def _equals(column: str, organization_id: UUID) -> Composable:
    return SQL("{} = {}").format(Identifier(column), Literal(str(organization_id)))


def _by_key(field: Any, organization_id: UUID) -> _Reach | None:
    parent = field.related_model
    if not parent or field.null or parent in {field.model, User}:
        return None
    reach = _reach(parent, organization_id)
    return reach and _Reach(_among(field.attname, parent, reach.rows), reach.steps + 1)


def _among(column: str, parent: type[Model], rows: Composable) -> Composable:
    return SQL("{} IN (SELECT {} FROM {} WHERE {})").format(
        Identifier(column),
        Identifier(parent._meta.pk.attname),
        Identifier("public", parent._meta.db_table),
        rows,
    )
