"""Every page of the portal that a browser can open, and who may open it.

For a test that opens them all:

    world = make_world("Acme")
    for page in ORGANIZATION_PAGES + SIGNED_IN_PAGES + OPEN_PAGES:
        page.url(world)  # signed in as world.owner, or signed out for OPEN_PAGES
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse

from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.sharing.models import ProofLink
from apps.attribution.sharing.services import LinkTerms, NewLink, create_proof_link
from apps.kernel.clock import utc_now
from apps.kernel.events import Decision
from apps.kernel.tokens import TokenBuckets
from apps.notices.models import WebhookEndpoint
from apps.optimization.models import Certificate
from apps.tenants.context import tenant_scope
from apps.tenants.models import (
    ApiKey,
    Invitation,
    Limit,
    Membership,
    Organization,
    Project,
    ProviderCredential,
    Route,
    User,
)
from apps.tenants.permissions import Role
from apps.usage.imports.models import Import
from apps.usage.models import ProviderStatement
from apps.usage.services.ingestion import ingest_events
from tests.attribution.proofs import Proven, make_proof
from tests.factories import (
    make_api_key,
    make_credential,
    make_invitation,
    make_limit,
    make_member,
    make_organization,
    make_project,
    make_route,
    make_statement,
    make_user,
    make_webhook,
)
from tests.optimization.certified import make_certificate
from tests.usage.calls import AT, make_event
from tests.usage.imports.importing import make_import

EVERYBODY = frozenset(Role)
BUILDERS = frozenset({Role.OWNER, Role.ADMIN, Role.DEVELOPER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
SPENDERS = MANAGERS | {Role.FINANCE}


@dataclass(frozen=True)
class World:
    """An organization with one of everything. proven_days: of each period.

    What it proved is made when it is first asked for: that takes longer than all the rest.
    """

    organization: Organization
    owner: User
    member: Membership
    project: Project
    key: ApiKey
    credential: ProviderCredential
    route: Route
    limit: Limit
    webhook: WebhookEndpoint
    statement: ProviderStatement
    imported: Import
    request_id: str
    certificate: Certificate
    invitation: Invitation
    token: str
    proven_days: int

    @cached_property
    def finance(self) -> User:
        """A member who looks after money."""
        return make_member(self.organization, Role.FINANCE)

    @cached_property
    def proven(self) -> Proven:
        """One period stated, the next one running."""
        return make_proof(self.organization, days=self.proven_days, units_a_day=100)

    @cached_property
    def shared(self) -> NewLink:
        """To the statement."""
        return make_link(self.organization, statement_id=self.proven.statement.pk)

    @cached_property
    def experiment_token(self) -> str:
        """Of a link to the experiment as it runs."""
        return make_link(self.organization, experiment_id=self.proven.experiment.pk).token

    @property
    def experiment(self) -> Experiment:
        return self.proven.experiment

    @property
    def savings(self) -> SavingsStatement:
        return self.proven.statement

    @property
    def link(self) -> ProofLink:
        return self.shared.link

    @property
    def savings_token(self) -> str:
        return self.shared.token


@dataclass(frozen=True)
class Page:
    """One page: the view's name, the row it is about, and the roles that may open it.

    is_recent: asks for the password again unless it was typed a moment ago. is_shown: no POST.
    query: what the address needs beside its path.
    """

    view: str
    about: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    is_recent: bool = False
    is_shown: bool = False
    query: str = ""

    def url(self, world: World) -> str:
        """The address of the page in `world`."""
        arguments: list[object] = [world.organization.slug] if self.roles else []
        if self.about:
            row = getattr(world, self.about)
            arguments.append(row if isinstance(row, str) else row.pk)
        return reverse(self.view, args=arguments) + self.query


ORGANIZATION_PAGES = (
    Page("portal:home", roles=EVERYBODY),
    Page("portal:value", roles=EVERYBODY, query="?since=2026-03-10&until=2026-03-20"),
    Page("portal:get_started", roles=EVERYBODY),
    Page("portal:members", roles=EVERYBODY),
    Page("portal:invitation_create", roles=MANAGERS),
    Page("portal:invitation_withdraw", "invitation", MANAGERS),
    Page("portal:leave", roles=EVERYBODY - {Role.OWNER}),
    Page("portal:ownership_transfer", roles=frozenset({Role.OWNER}), is_recent=True),
    Page("portal:member_role", "member", MANAGERS),
    Page("portal:member_remove", "member", MANAGERS),
    Page("portal:projects", roles=EVERYBODY),
    Page("portal:project_create", roles=BUILDERS),
    Page("portal:project_rename", "project", BUILDERS),
    Page("portal:project_content", "project", MANAGERS),
    Page("portal:project_archive", "project", BUILDERS),
    Page("portal:keys", roles=EVERYBODY),
    Page("portal:key_create", roles=BUILDERS),
    Page("portal:key_rename", "key", BUILDERS),
    Page("portal:key_rotate", "key", BUILDERS),
    Page("portal:key_revoke", "key", BUILDERS),
    Page("portal:credentials", roles=BUILDERS),
    Page("portal:credential_create", roles=MANAGERS),
    Page("portal:credential_replace", "credential", MANAGERS),
    Page("portal:credential_delete", "credential", MANAGERS),
    Page("portal:routes", roles=BUILDERS),
    Page("portal:route_create", roles=BUILDERS),
    Page("portal:route_edit", "route", BUILDERS),
    Page("portal:route_delete", "route", BUILDERS),
    Page("portal:limits", roles=EVERYBODY),
    Page("portal:limit_create", roles=SPENDERS),
    Page("portal:limit_edit", "limit", SPENDERS),
    Page("portal:limit_delete", "limit", SPENDERS),
    Page("portal:levers", roles=EVERYBODY),
    Page("portal:deferred_calls", roles=EVERYBODY),
    Page("portal:lever_edit", roles=MANAGERS),
    Page("portal:lever_switch", roles=MANAGERS, query="?lever=semantic&to=on"),
    Page("portal:lever_reset", roles=MANAGERS),
    Page("portal:caches_invalidate", roles=BUILDERS),
    Page("portal:certificates", roles=EVERYBODY),
    Page("portal:certificate", "certificate", EVERYBODY, is_shown=True),
    Page("portal:alerts", roles=EVERYBODY),
    Page("portal:notice_emails", roles=EVERYBODY),
    Page("portal:webhook_create", roles=MANAGERS),
    Page("portal:webhook", "webhook", BUILDERS, is_shown=True),
    Page("portal:webhook_edit", "webhook", MANAGERS),
    Page("portal:webhook_rotate", "webhook", MANAGERS),
    Page("portal:webhook_delete", "webhook", MANAGERS),
    Page("portal:requests", roles=EVERYBODY),
    Page("portal:request", "request_id", EVERYBODY, is_shown=True),
    Page("portal:proof", roles=EVERYBODY),
    Page("portal:experiment_create", roles=MANAGERS),
    Page("portal:experiment", "experiment", EVERYBODY, is_shown=True),
    Page("portal:experiment_plan", "experiment", MANAGERS),
    Page("portal:experiment_stop", "experiment", MANAGERS),
    Page("portal:savings_statement", "savings", EVERYBODY, is_shown=True),
    Page("portal:proof_links", roles=SPENDERS),
    Page("portal:proof_link", "link", SPENDERS, is_shown=True),
    Page("portal:proof_link_revoke", "link", SPENDERS),
    Page("portal:usage", roles=EVERYBODY),
    Page("portal:reconciliations", roles=EVERYBODY),
    Page("portal:reconciliation_create", roles=SPENDERS),
    Page("portal:reconciliation", "statement", EVERYBODY, is_shown=True),
    Page("portal:forecast", roles=EVERYBODY),
    Page("portal:disputes", roles=EVERYBODY),
    Page("portal:dispute_create", roles=SPENDERS),
    Page("portal:imports", roles=EVERYBODY),
    Page("portal:import_create", roles=BUILDERS),
    Page("portal:import", "imported", EVERYBODY, is_shown=True),
    Page("portal:import_report", "imported", EVERYBODY, is_shown=True),
    Page("portal:settings", roles=EVERYBODY),
    Page("portal:settings_edit", roles=MANAGERS),
)
SIGNED_IN_PAGES = (
    Page("portal:organization_create"),
    Page("portal:styleguide"),
    Page("account_email"),
    Page("account_change_password"),
    Page("account_logout"),
    Page("account_reauthenticate"),
    Page("mfa_index"),
    Page("mfa_activate_totp", is_recent=True),
    Page("usersessions_list"),
)
OPEN_PAGES = (
    Page("api:docs"),
    Page("portal:invitation", "token"),
    Page("portal:shared_proof", "savings_token"),
    Page("portal:shared_proof", "experiment_token"),
    Page("account_login"),
    Page("account_signup"),
    Page("account_reset_password"),
    Page("account_reset_password_done"),
    Page("account_email_verification_sent"),
)


def make_world(name: str = "Acme", *, proven_days: int = 1) -> World:
    """An organization called `name` with one of everything; a second one may have the same name."""
    owner = make_user(full_name="Ada Lovelace")
    organization = make_organization(name, owner)
    make_member(organization, Role.VIEWER)
    project = make_project(organization, "Search")
    organization.entitlements.update(valid_from=utc_now() - timedelta(days=30))
    invited = make_invitation(organization, f"grace@{organization.slug}.test")
    return World(
        organization=organization,
        owner=owner,
        member=organization.memberships.exclude(user=owner).get(),
        project=project,
        key=make_api_key(organization, project=project).api_key,
        credential=make_credential(organization),
        route=make_route(organization),
        limit=make_limit(organization, "budget_usd", window="month", project_id=project.pk),
        webhook=make_webhook(organization).endpoint,
        statement=make_statement(organization),
        imported=make_import(organization),
        request_id=_carried(organization, project),
        certificate=make_certificate(organization, project),
        invitation=invited.invitation,
        token=invited.token,
        proven_days=proven_days,
    )


def _carried(organization: Organization, project: Project) -> str:
    """A call that a lever acted on."""
    call = make_event(
        organization, project_id=project.pk, served_model="gpt-4o-mini", end_user="grace",
        requested_model="gpt-4o", buckets=TokenBuckets(1000, 500, output=200), total_ms=812.5,
        admission_ms=0.4, first_byte_ms=310.0, overhead_ms=0.9, tags={"team": "search"},
        actual_usd=Decimal("0.0003075"), counterfactual_usd=Decimal("0.00051"),
        decomposition={"prompt_cache": Decimal("0.0002025")},
        decisions=(
            Decision("exact_cache", "none", "miss"), Decision("prompt_cache", "act", "keyed"),
        ),
    )  # fmt: skip
    ingest_events(organization=organization, events=[call], at=AT)
    return str(call.event_id)


def make_link(organization: Organization, **subject: Any) -> NewLink:
    """A link of a statement or an experiment."""
    terms = LinkTerms("The auditor", 30, **subject)
    with tenant_scope(organization):
        return create_proof_link(
            organization=organization, terms=terms, created_by=None, at=utc_now()
        )
