import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from apps.tenants.context import NoTenantScope, is_tenant_model
from apps.tenants.jobs import PublicTask, TenantTask
from netra.celery import application

ROOT = Path(__file__).parents[2]
TENANT_MODELS = [model for model in apps.get_models() if is_tenant_model(model)]
# What moves a connection to another schema, in django-tenants' and in Postgres' words.
CHOOSES_SCHEMA = re.compile(
    r"search_path|set_schema|set_tenant\b|schema_context|tenant_context|set_config"
)


def sources() -> Iterator[tuple[str, str]]:
    for folder in ("apps", "netra"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "djstripe_migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text()


def code_of(text: str) -> str:
    """The source without docstrings and comments, roughly: enough to look for calls."""
    return re.sub(r'"""(?:.|\n)*?"""|#.*', "", text)


def test_public_and_tenant_tables_never_share_a_name() -> None:
    tenant = {model._meta.db_table for model in TENANT_MODELS}
    public = {model._meta.db_table for model in apps.get_models()} - tenant

    assert tenant
    assert not tenant & public
    assert not set(settings.SHARED_APPS) & set(settings.TENANT_APPS)


@pytest.mark.django_db
@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_a_tenant_model_is_out_of_reach_outside_a_scope(model: type[Model]) -> None:
    manager = model._default_manager
    for reach in (
        manager.first,
        manager.count,
        manager.exists,
        manager.all().delete,
        lambda: manager.bulk_create([model()]),
        lambda: manager.update(**{model._meta.pk_fields[-1].name: 1}),
        lambda: list(manager.raw(f"SELECT * FROM {model._meta.db_table}")),  # noqa: S608
    ):
        with pytest.raises(NoTenantScope):
            reach()


def test_no_tenant_table_has_a_foreign_key_out_of_its_schema() -> None:
    pointing_out = [
        f"{model.__name__}.{field.name}"
        for model in TENANT_MODELS
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model not in TENANT_MODELS
    ]

    assert pointing_out == []


def test_one_module_chooses_the_schema() -> None:
    choosing = {path for path, text in sources() if CHOOSES_SCHEMA.search(code_of(text))}

    assert choosing == {"apps/tenants/schema.py"}


def test_no_query_leaves_the_thread_of_its_request() -> None:
    leaving = [path for path, text in sources() if re.search(r"thread_sensitive\s*=\s*False", text)]

    assert leaving == []


def test_every_task_carries_an_organization_or_says_that_it_needs_none() -> None:
    application.autodiscover_tasks(force=True)
    ours = {
        name: task
        for name, task in current_app.tasks.items()
        if type(task).__module__.startswith(("apps.", "netra."))
        or task.__module__.startswith(("apps.", "netra."))
    }

    assert "tenants.send_invitation" in ours
    undeclared = {
        name for name, task in ours.items() if not isinstance(task, TenantTask | PublicTask)
    }
    assert undeclared == set()


def test_every_scheduled_task_exists() -> None:
    application.autodiscover_tasks(force=True)
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= set(current_app.tasks)
