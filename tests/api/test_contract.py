"""schemathesis over the whole contract, as the first of two organizations with equal names."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth

from apps.api.views.reference import openapi_document
from apps.attribution.services import (
    PeriodTerms,
    commit_period,
    create_experiment,
    seal_experiment,
)
from apps.attribution.sharing.services import LinkTerms, create_proof_link
from apps.kernel.clock import utc_now
from apps.notices.services.deliveries import ping_endpoint
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Role
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.attribution.disputes.making import make_dispute
from tests.deferring import make_deferred
from tests.optimization.certified import make_certificate
from tests.usage.calls import make_event
from tests.usage.imports import samples
from tests.usage.imports.importing import brought

CANARY = "canary-of-the-second-organization"
MARCH = {"since": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}
CONFIG = SchemathesisConfig.from_dict(
    {"generation": {"deterministic": True, "with-security-parameters": False}}
)
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(openapi_document())), config=CONFIG)
SCHEMA.app = get_wsgi_application()


class Ids(dict[str, str]):
    """Ids of rows by the path that takes them; a row is made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], UUID]]) -> None:
        super().__init__()
        self.makers = makers

    def __missing__(self, kind: str) -> str:
        self[kind] = str(self.makers[kind]())
        return self[kind]


@dataclass(frozen=True)
class Rows:
    """One organization's rows: the ids to ask for. turns: of well-formed calls.

    answered: successes so far. One shows that the operation asks for a key.
    """

    organization: Organization
    key: str
    ids: Ids
    turns: Iterator[int] = field(default_factory=count)
    answered: list[int] = field(default_factory=list)

    @property
    def secrets(self) -> list[str]:
        return [str(self.organization.pk), self.organization.slug, *self.ids.values()]

    def furnish(self, kind: str) -> None:
        """Have a row of what the path is about."""
        if kind in self.ids.makers:
            assert self.ids[kind]


def _furnish(owner_email: str, mark: str) -> Rows:
    owner = factories.make_user(owner_email, full_name=mark)
    organization = factories.make_organization("Acme", owner)
    new = factories.make_api_key(organization, KEY_SCOPES, name=f"{mark} key")
    project = factories.make_project(organization, f"{mark} project")
    factories.make_contracted_rate(organization, mark, model=f"{mark} model")
    call = make_event(organization, started_at=utc_now(), project_id=project.pk, end_user=mark)
    ingest_events(organization=organization, events=[call], at=utc_now())
    organization.entitlements.create(code="seats", value="unlimited")
    makers: dict[str, Callable[[], UUID]] = {
        "members": lambda: _member(organization, f"viewer-{owner_email}"),
        "keys": lambda: factories.make_api_key(organization, KEY_SCOPES, name=mark).api_key.pk,
        "projects": lambda: project.pk,
        "credentials": lambda: (
            factories.make_credential(organization, name=mark, secret=f"sk-provider-{mark}").pk
        ),
        "routes": lambda: factories.make_route(organization, f"{mark}-*").pk,
        "limits": lambda: factories.make_limit(organization, "budget_usd", window="day").pk,
        "invitations": lambda: (
            factories.make_invitation(organization, f"guest-{owner_email}").invitation.pk
        ),
        "requests": lambda: call.event_id,
        "webhooks": lambda: _webhook(organization, mark),
        "deliveries": lambda: _delivery(organization, mark),
        "reconciliations": lambda: factories.make_statement(organization, name=mark).pk,
        "imports": lambda: _import(organization, mark),
        "deferred-calls": lambda: make_deferred(organization, project_id=project.pk).pk,
        "experiments": lambda: _experiment(organization, mark),
        "proof-links": lambda: _link(organization, mark, _experiment(organization, mark)),
        "statements": lambda: _statement(organization),
        "disputes": lambda: make_dispute(organization, _statement(organization), by=mark).pk,
        "certificates": lambda: make_certificate(organization, project, mark).pk,
    }
    return Rows(organization, new.text.value, Ids(makers))


def _member(organization: Organization, email: str) -> UUID:
    return factories.make_member(organization, Role.VIEWER, email).memberships.get().pk


def _webhook(organization: Organization, mark: str) -> UUID:
    return factories.make_webhook(organization, f"https://93.184.216.34/{mark}").endpoint.pk


def _delivery(organization: Organization, mark: str) -> UUID:
    endpoint_id = _webhook(organization, mark)
    return ping_endpoint(organization=organization, endpoint_id=endpoint_id, at=utc_now()).pk


def _experiment(organization: Organization, mark: str) -> UUID:
    with tenant_scope(organization):
        return create_experiment(organization=organization, name=mark, at=utc_now()).pk


def _link(organization: Organization, mark: str, experiment_id: UUID) -> UUID:
    terms = LinkTerms(mark, 30, experiment_id=experiment_id)
    with tenant_scope(organization):
        made = create_proof_link(
            organization=organization, terms=terms, created_by=None, at=utc_now()
        )
        return made.link.pk


def _statement(organization: Organization) -> UUID:
    """Of an experiment whose only period is over."""
    at, project_id = utc_now() - timedelta(days=60), organization.projects.earliest("created_at").pk
    known: dict[str, Any] = {"organization": organization, "at": at}
    with tenant_scope(organization):
        experiment = create_experiment(name="Over", project_id=project_id, **known)
        terms = PeriodTerms(at, at + timedelta(days=30))
        commit_period(experiment_id=experiment.pk, terms=terms, **known)
        sealed = seal_experiment(
            organization=organization, experiment_id=experiment.pk, at=utc_now()
        )
        return sealed.statements[0].pk


def _import(organization: Organization, mark: str) -> UUID:
    log = samples.jsonl(samples.openai(tags={"team": mark}), mark)
    return brought(organization, log, name=mark).pk


@pytest.fixture
def _open_connection() -> Iterator[None]:
    """Keep requests from closing the test's transaction, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def furnished(lasting_rows: None, django_db_blocker: DjangoDbBlocker) -> tuple[Rows, Rows]:
    """What both organizations begin each test with."""
    with django_db_blocker.unblock():
        return _furnish("ada@acme.test", "ours"), _furnish("eve@acme.test", CANARY)


@pytest.fixture
def two(
    furnished: tuple[Rows, Rows],
    db: None,
    _open_connection: None,
    settings: Settings,
    tmp_path: Path,
) -> tuple[Rows, Rows]:
    settings.IMPORT_DIR = tmp_path
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    ours, theirs = (Rows(each.organization, each.key, Ids(each.ids.makers)) for each in furnished)
    return ours, theirs


def _aim(case: Case[Any], two: tuple[Rows, Rows], turn: int) -> None:
    """Point a well-formed call at rows that exist: ours, or in turn those of the others."""
    kind = case.operation.path.split("/")[3]
    if "id" in case.path_parameters and turn % 3 < 2:
        case.path_parameters["id"] = two[turn % 3].ids[kind]
    _aim_query(case, two, kind)
    _aim_link(case, two)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"turn-{turn}"
    if isinstance(case.body, dict) and "project_id" in case.body:
        case.body["project_id"] = two[0].ids["projects"]
    if kind == "imports" and case.operation.method == "post":
        case.body = samples.jsonl(samples.openai(tags={"turn": str(turn)}), str(turn))
    if isinstance(case.body, dict):
        _agree(case.body)
    if isinstance(case.body, dict) and "time_zone" in case.body:
        case.body["time_zone"] = "Europe/Berlin"
    if isinstance(case.body, dict) and case.body.get("expires_at"):
        case.body["expires_at"] = (utc_now() + timedelta(days=1)).isoformat()


def _aim_query(case: Case[Any], two: tuple[Rows, Rows], kind: str) -> None:
    case.query.pop("cursor", None)
    if kind == "usage":
        case.query = {"measures": "calls,actual_usd", "dimensions": "end_user"} | MARCH
    if kind == "value":
        case.query = {"since": "2026-03-01", "until": "2026-03-31", "compare": "previous"}
    if "project_id" in case.query:
        case.query["project_id"] = two[0].ids["projects"]


def _aim_link(case: Case[Any], two: tuple[Rows, Rows]) -> None:
    """A link is of one thing, and of one's own."""
    if isinstance(case.body, dict) and case.operation.path.endswith("/proof-links"):
        statement_id = two[0].ids["statements"]
        case.body |= {"statement_id": statement_id, "experiment_id": None, "import_id": None}


def _agree(body: dict[str, Any]) -> None:
    """Make fields fit each other, which a schema cannot say: their service refuses the rest."""
    if "secret" in body:
        body |= {"secret": "sk-provider-secret", "base_url": "https://93.184.216.34/v1"}
    if "targets" in body:
        body["targets"] = [{"provider": "openai", "model": "gpt-5"}]
    body.pop("api_key_id", None)  # it has a project_id already
    if "content" in body and "month" in body:
        body |= {"source": "anthropic", "month": "2026-03", "content": factories.COSTS}
    if "amount" in body:
        body["amount"] = "12.5"
    if "alert_fractions" in body:
        body["alert_fractions"] = ["0.5", "1"]
    if "url" in body:
        body["url"] = "https://93.184.216.34/hooks"
    if "kind" in body:
        body |= {"kind": "budget_usd", "window": "month"}
    _agree_on_levers(body)


def _agree_on_levers(body: dict[str, Any]) -> None:
    if "levers" in body:
        body["levers"] = {"exact_cache": "off", "semantic": "shadow"}
    if body.get("allowed_models"):
        body["allowed_models"] = ["gpt-5"]
    if "starts_at" in body:
        at = utc_now() + timedelta(days=1)
        body |= {"starts_at": at.isoformat(), "ends_at": (at + timedelta(days=1)).isoformat()}


@SCHEMA.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_keeps_its_contract_and_the_organizations_apart(
    case: Case[Any], two: tuple[Rows, Rows]
) -> None:
    ours = two[0]
    for rows in two:
        rows.furnish(case.operation.path.split("/")[3])
    if case.meta and case.meta.generation.mode.is_positive:
        _aim(case, two, next(ours.turns))
    bearer = {"Authorization": f"Bearer {ours.key}"}
    excluded: list[CheckFunction] = [ignored_auth] if ours.answered else []
    response = case.call_and_validate(headers=bearer, excluded_checks=excluded)
    if response.status_code < 300:
        ours.answered.append(response.status_code)
    secrets = [CANARY, *two[1].secrets]
    assert [secret for secret in secrets if secret.encode() in response.content] == []
