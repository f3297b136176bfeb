"""Paths of the portal."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from apps.portal.views import (
    alerts,
    certificates,
    credentials,
    deferred,
    disputes,
    experiments,
    get_started,
    home,
    imports,
    invitations,
    keys,
    levers,
    limits,
    members,
    outlooks,
    ownership,
    projects,
    proof,
    proof_links,
    reconciliations,
    requests,
    routes,
    shared,
    start,
    trials,
    usage,
    value,
    webhooks,
)
from apps.portal.views import settings as organization_settings

app_name = "portal"

organization_patterns = [
    path("", home.home, name="home"),
    path("start/", get_started.get_started, name="get_started"),
    path("start/key/", get_started.first_key, name="first_key"),
    path("start/request/", get_started.first_request, name="first_request"),
    path("value/", value.value_page, name="value"),
    path("value/figures.csv", value.value_file, name="value_file"),
    path("members/", members.member_list, name="members"),
    path("members/invite/", members.invitation_create, name="invitation_create"),
    path("members/leave/", members.leave, name="leave"),
    path("members/transfer/", ownership.ownership_transfer, name="ownership_transfer"),
    path("members/<uuid:membership_id>/role/", members.member_role, name="member_role"),
    path("members/<uuid:membership_id>/remove/", members.member_remove, name="member_remove"),
    path(
        "invitations/<uuid:invitation_id>/resend/",
        members.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "invitations/<uuid:invitation_id>/withdraw/",
        members.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("projects/", projects.project_list, name="projects"),
    path("projects/new/", projects.project_create, name="project_create"),
    path("projects/<uuid:project_id>/rename/", projects.project_rename, name="project_rename"),
    path("projects/<uuid:project_id>/content/", projects.project_content, name="project_content"),
    path("projects/<uuid:project_id>/archive/", projects.project_archive, name="project_archive"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/new/", keys.key_create, name="key_create"),
    path("keys/<uuid:key_id>/rename/", keys.key_rename, name="key_rename"),
    path("keys/<uuid:key_id>/rotate/", keys.key_rotate, name="key_rotate"),
    path("keys/<uuid:key_id>/revoke/", keys.key_revoke, name="key_revoke"),
    path("credentials/", credentials.credential_list, name="credentials"),
    path("credentials/new/", credentials.credential_create, name="credential_create"),
    path(
        "credentials/<uuid:credential_id>/replace/",
        credentials.credential_replace,
        name="credential_replace",
    ),
    path(
        "credentials/<uuid:credential_id>/delete/",
        credentials.credential_delete,
        name="credential_delete",
    ),
    path("gateway/", routes.route_list, name="routes"),
    path("gateway/new/", routes.route_create, name="route_create"),
    path("gateway/<uuid:route_id>/edit/", routes.route_edit, name="route_edit"),
    path("gateway/<uuid:route_id>/delete/", routes.route_delete, name="route_delete"),
    path("limits/", limits.limit_list, name="limits"),
    path("limits/new/", limits.limit_create, name="limit_create"),
    path("limits/<uuid:limit_id>/edit/", limits.limit_edit, name="limit_edit"),
    path("limits/<uuid:limit_id>/delete/", limits.limit_delete, name="limit_delete"),
    path("levers/", levers.lever_list, name="levers"),
    path("levers/deferred/", deferred.deferred_list, name="deferred_calls"),
    path("levers/edit/", levers.lever_edit, name="lever_edit"),
    path("levers/switch/", levers.lever_switch, name="lever_switch"),
    path("levers/reset/", levers.lever_reset, name="lever_reset"),
    path("levers/invalidate/", levers.caches_invalidate, name="caches_invalidate"),
    path("levers/certificates/", certificates.certificate_list, name="certificates"),
    path(
        "levers/certificates/<uuid:certificate_id>/",
        certificates.certificate_page,
        name="certificate",
    ),
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/emails/", alerts.notice_emails, name="notice_emails"),
    path("alerts/webhooks/new/", webhooks.webhook_create, name="webhook_create"),
    path("alerts/webhooks/<uuid:endpoint_id>/", webhooks.webhook_page, name="webhook"),
    path("alerts/webhooks/<uuid:endpoint_id>/edit/", webhooks.webhook_edit, name="webhook_edit"),
    path(
        "alerts/webhooks/<uuid:endpoint_id>/rotate/",
        webhooks.webhook_rotate,
        name="webhook_rotate",
    ),
    path(
        "alerts/webhooks/<uuid:endpoint_id>/delete/",
        webhooks.webhook_delete,
        name="webhook_delete",
    ),
    path(
        "alerts/webhooks/<uuid:endpoint_id>/switch/",
        webhooks.webhook_switch,
        name="webhook_switch",
    ),
    path("alerts/webhooks/<uuid:endpoint_id>/ping/", webhooks.webhook_ping, name="webhook_ping"),
    path(
        "alerts/deliveries/<uuid:delivery_id>/redeliver/",
        webhooks.delivery_redeliver,
        name="delivery_redeliver",
    ),
    path("requests/", requests.request_list, name="requests"),
    path("requests/requests.csv", requests.request_file, name="request_file"),
    path("requests/rows/", requests.request_rows, name="request_rows"),
    path("requests/<uuid:request_id>/", requests.request_page, name="request"),
    path("requests/<uuid:request_id>/content/", requests.request_content, name="request_content"),
    path("usage/", usage.usage_page, name="usage"),
    path("usage/usage.csv", usage.usage_file, name="usage_file"),
    path("usage/imports/", usage.usage_imports, name="usage_imports"),
    path("proof/", proof.proof, name="proof"),
    path("proof/statements.csv", proof.proof_file, name="proof_file"),
    path("proof/netra_verify.py", proof.proof_verifier, name="proof_verifier"),
    path("proof/links/", proof_links.link_list, name="proof_links"),
    path("proof/links/new/", proof_links.link_create, name="proof_link_create"),
    path("proof/links/<uuid:link_id>/", proof_links.link_page, name="proof_link"),
    path("proof/links/<uuid:link_id>/revoke/", proof_links.link_revoke, name="proof_link_revoke"),
    path("proof/experiments/new/", experiments.experiment_create, name="experiment_create"),
    *(
        path(f"proof/experiments/<uuid:experiment_id>/{tail}", view, name=view.__name__)
        for tail, view in (
            ("", experiments.experiment),
            ("savings.csv", experiments.experiment_file),
            ("plan/", experiments.experiment_plan),
            ("start/", experiments.experiment_start),
            ("stop/", experiments.experiment_stop),
        )
    ),
    *(
        path(f"proof/statements/<uuid:statement_id>/{tail}", view, name=view.__name__)
        for tail, view in (
            ("", proof.savings_statement),
            ("figures.csv", proof.savings_file),
            ("archive.zip", proof.savings_archive),
            ("statement.pdf", proof.savings_pdf),
        )
    ),
    path("reconciliation/", reconciliations.reconciliation_list, name="reconciliations"),
    path(
        "reconciliation/new/", reconciliations.reconciliation_create, name="reconciliation_create"
    ),
    path(
        "reconciliation/<uuid:statement_id>/",
        reconciliations.reconciliation_page,
        name="reconciliation",
    ),
    path("forecast/", outlooks.forecast_page, name="forecast"),
    path("disputes/", disputes.dispute_list, name="disputes"),
    path("disputes/new/", disputes.dispute_create, name="dispute_create"),
    path("disputes/<uuid:dispute_id>/report.json", disputes.dispute_report, name="dispute_report"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.import_create, name="import_create"),
    path("imports/<uuid:import_id>/", imports.import_page, name="import"),
    path("imports/<uuid:import_id>/report/", trials.import_report_page, name="import_report"),
    path("imports/<uuid:import_id>/errors.csv", imports.import_errors, name="import_errors"),
    path("settings/", organization_settings.settings_page, name="settings"),
    path("settings/edit/", organization_settings.settings_edit, name="settings_edit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("o/new/", start.organization_create, name="organization_create"),
    path("o/<slug:slug>/", include(organization_patterns)),
    path("invitations/decline/", invitations.invitation_decline, name="invitation_decline"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path(
        "invitations/<str:token>/accept/", invitations.invitation_accept, name="invitation_accept"
    ),
    *(
        path(f"proof/<str:token>/{tail}", view, name=view.__name__)
        for tail, view in (
            ("", shared.shared_proof),
            ("archive.zip", shared.shared_archive),
            ("statement.pdf", shared.shared_pdf),
            ("netra_verify.py", shared.shared_verifier),
        )
    ),
    path("support/leave/", start.support_leave, name="support_leave"),
]
if settings.IS_DEVELOPMENT:
    urlpatterns.append(path("styleguide/", start.styleguide, name="styleguide"))
