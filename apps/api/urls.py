"""Paths below /api/v1/."""

from typing import Any

from django.urls import path, re_path

from apps.api.views.certificates import CertificatesView
from apps.api.views.credentials import CredentialsView
from apps.api.views.deferred_calls import DeferredCallsView
from apps.api.views.disputes import DisputesView
from apps.api.views.experiments import ExperimentsView, PeriodsView
from apps.api.views.imports import ImportErrorsView, ImportsView
from apps.api.views.keys import KeysView
from apps.api.views.limits import LimitsView
from apps.api.views.members import InvitationsView, MembersView
from apps.api.views.notices import NoticesView, PlanUseView
from apps.api.views.organization import OrganizationView
from apps.api.views.outlooks import ForecastView
from apps.api.views.policies import CachesView, FeedbackView, PoliciesView
from apps.api.views.prices import PricesView
from apps.api.views.projects import ProjectsView
from apps.api.views.proof_links import ProofLinksView
from apps.api.views.reconciliations import ReconciliationsView
from apps.api.views.reference import ReferenceView, SchemaView, UnknownPath
from apps.api.views.requests import RequestsView
from apps.api.views.routes import RoutesView
from apps.api.views.statements import StatementsView
from apps.api.views.usage import UsageView
from apps.api.views.value import ValueView
from apps.api.views.webhooks import DeliveriesView, WebhooksView

app_name = "api"
ALL: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
ONE_OR_NONE: dict[str, Any] = ONE | {"delete": "destroy"}

urlpatterns = [
    path("organization", OrganizationView.as_view(ONE), name="organization"),
    path("members", MembersView.as_view({"get": "list"}), name="members"),
    path(
        "members/<uuid:id>",
        MembersView.as_view({"patch": "partial_update", "delete": "destroy"}),
        name="member",
    ),
    path("invitations", InvitationsView.as_view(ALL), name="invitations"),
    path(
        "invitations/<uuid:id>", InvitationsView.as_view({"delete": "destroy"}), name="invitation"
    ),
    path("imports", ImportsView.as_view(ALL), name="imports"),
    path("imports/<uuid:id>", ImportsView.as_view({"get": "retrieve"}), name="import"),
    path(
        "imports/<uuid:id>/errors", ImportErrorsView.as_view({"get": "list"}), name="import_errors"
    ),
    path("imports/<uuid:id>/report", ImportsView.as_view({"get": "report"}), name="import-report"),
    path("projects", ProjectsView.as_view(ALL), name="projects"),
    path("projects/<uuid:id>", ProjectsView.as_view(ONE), name="project"),
    path(
        "projects/<uuid:id>/archive",
        ProjectsView.as_view({"post": "archive"}),
        name="project-archive",
    ),
    path(
        "projects/<uuid:id>/content",
        ProjectsView.as_view({"patch": "content"}),
        name="project-content",
    ),
    path("keys", KeysView.as_view(ALL), name="keys"),
    path("keys/<uuid:id>", KeysView.as_view(ONE), name="key"),
    path("keys/<uuid:id>/revoke", KeysView.as_view({"post": "revoke"}), name="key-revoke"),
    path("keys/<uuid:id>/rotate", KeysView.as_view({"post": "rotate"}), name="key-rotate"),
    path("credentials", CredentialsView.as_view(ALL), name="credentials"),
    path(
        "credentials/<uuid:id>",
        CredentialsView.as_view({"get": "retrieve", "delete": "destroy"}),
        name="credential",
    ),
    path(
        "credentials/<uuid:id>/replace",
        CredentialsView.as_view({"post": "replace"}),
        name="credential-replace",
    ),
    path("prices", PricesView.as_view({"get": "list"}), name="prices"),
    path("reconciliations", ReconciliationsView.as_view(ALL), name="reconciliations"),
    path(
        "reconciliations/<uuid:id>",
        ReconciliationsView.as_view({"get": "retrieve"}),
        name="reconciliation",
    ),
    path("routes", RoutesView.as_view(ALL), name="routes"),
    path("routes/<uuid:id>", RoutesView.as_view(ONE_OR_NONE), name="route"),
    path("limits", LimitsView.as_view(ALL), name="limits"),
    path("limits/<uuid:id>", LimitsView.as_view(ONE_OR_NONE), name="limit"),
    path("policies", PoliciesView.as_view({"get": "retrieve", "put": "update"}), name="policies"),
    path(
        "caches/invalidate",
        CachesView.as_view({"post": "invalidate"}),
        name="caches-invalidate",
    ),
    path("certificates", CertificatesView.as_view({"get": "list"}), name="certificates"),
    path(
        "certificates/<uuid:id>",
        CertificatesView.as_view({"get": "retrieve"}),
        name="certificate",
    ),
    path("deferred-calls", DeferredCallsView.as_view({"get": "list"}), name="deferred-calls"),
    path(
        "deferred-calls/<uuid:id>",
        DeferredCallsView.as_view({"get": "retrieve"}),
        name="deferred-call",
    ),
    path(
        "deferred-calls/<uuid:id>/cancel",
        DeferredCallsView.as_view({"post": "cancel"}),
        name="deferred-call-cancel",
    ),
    path("disputes", DisputesView.as_view(ALL), name="disputes"),
    path("disputes/<uuid:id>", DisputesView.as_view({"get": "retrieve"}), name="dispute"),
    path(
        "disputes/<uuid:id>/report",
        DisputesView.as_view({"get": "report"}),
        name="dispute-report",
    ),
    path("experiments", ExperimentsView.as_view(ALL), name="experiments"),
    path("experiments/<uuid:id>", ExperimentsView.as_view(ONE), name="experiment"),
    *(
        path(
            f"experiments/<uuid:id>/{action}",
            ExperimentsView.as_view({method: action}),
            name=f"experiment-{action}",
        )
        for method, action in (("post", "start"), ("post", "stop"), ("get", "savings"))
    ),
    path("experiments/<uuid:id>/periods", PeriodsView.as_view(ALL), name="periods"),
    path("feedback", FeedbackView.as_view({"post": "create"}), name="feedback"),
    path("forecast", ForecastView.as_view({"get": "retrieve"}), name="forecast"),
    path("notices", NoticesView.as_view({"get": "list"}), name="notices"),
    path("usage/limits", PlanUseView.as_view({"get": "retrieve"}), name="plan-limits"),
    path("webhooks", WebhooksView.as_view(ALL), name="webhooks"),
    path("webhooks/<uuid:id>", WebhooksView.as_view(ONE_OR_NONE), name="webhook"),
    *(
        path(
            f"webhooks/<uuid:id>/{action}",
            WebhooksView.as_view({"post": action}),
            name=f"webhook-{action}",
        )
        for action in ("rotate", "enable", "disable", "ping")
    ),
    path("deliveries", DeliveriesView.as_view({"get": "list"}), name="deliveries"),
    path("deliveries/<uuid:id>", DeliveriesView.as_view({"get": "retrieve"}), name="delivery"),
    path(
        "deliveries/<uuid:id>/redeliver",
        DeliveriesView.as_view({"post": "redeliver"}),
        name="delivery-redeliver",
    ),
    path("requests", RequestsView.as_view({"get": "list"}), name="requests"),
    path("requests/export", RequestsView.as_view({"get": "export"}), name="requests-export"),
    path("requests/<uuid:id>", RequestsView.as_view({"get": "retrieve"}), name="request"),
    path(
        "requests/<uuid:id>/content",
        RequestsView.as_view({"get": "content"}),
        name="request-content",
    ),
    path("statements", StatementsView.as_view({"get": "list"}), name="statements"),
    path("statements/<uuid:id>", StatementsView.as_view({"get": "retrieve"}), name="statement"),
    *(
        path(
            f"statements/<uuid:id>/{action}",
            StatementsView.as_view({"get": action}),
            name=f"statement-{action}",
        )
        for action in ("archive", "pdf")
    ),
    path("proof-links", ProofLinksView.as_view(ALL), name="proof-links"),
    path(
        "proof-links/<uuid:id>/revoke",
        ProofLinksView.as_view({"post": "revoke"}),
        name="proof-link-revoke",
    ),
    path("usage/query", UsageView.as_view({"get": "query"}), name="usage-query"),
    path("value", ValueView.as_view({"get": "retrieve"}), name="value"),
    path("docs", ReferenceView.as_view(), name="docs"),
    path("schema", SchemaView.as_view(), name="schema"),
    re_path("", UnknownPath.as_view(), name="unknown"),
]
