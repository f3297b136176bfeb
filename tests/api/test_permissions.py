"""Every operation × every role × a key without, and with only, the scope it asks for."""

import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest
from rest_framework.test import APIRequestFactory

from apps.api.authentication import ActingRequest
from apps.api.urls import urlpatterns
from apps.api.views.projects import ProjectsView
from apps.api.views.reference import openapi_document
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, ROLE_PERMISSIONS, Access, Permission, Role
from tests import factories
from tests.api.callers import Caller, by_key, by_session

EXPECTED = {
    "getOrganization": "organization.read",
    "updateOrganization": "organization.update",
    "listMembers": "members.read",
    "updateMember": "members.update",
    "removeMember": "members.remove",
    "listInvitations": "members.read",
    "createInvitation": "members.invite",
    "revokeInvitation": "members.invite",
    "listProjects": "projects.read",
    "getProject": "projects.read",
    "createProject": "projects.write",
    "updateProject": "projects.write",
    "archiveProject": "projects.write",
    "listKeys": "keys.read",
    "getKey": "keys.read",
    "createKey": "keys.write",
    "updateKey": "keys.write",
    "revokeKey": "keys.write",
    "rotateKey": "keys.write",
    "listCredentials": "credentials.read",
    "getCredential": "credentials.read",
    "createCredential": "credentials.write",
    "deleteCredential": "credentials.write",
    "replaceCredentialSecret": "credentials.write",
    "setProjectContent": "content.write",
    "listPrices": "organization.read",
    "createRoute": "routes.write",
    "listRoutes": "routes.read",
    "deleteRoute": "routes.write",
    "updateRoute": "routes.write",
    "getRoute": "routes.read",
    "createLimit": "limits.write",
    "listLimits": "limits.read",
    "deleteLimit": "limits.write",
    "updateLimit": "limits.write",
    "getLimit": "limits.read",
    "getPolicies": "policies.read",
    "setPolicy": "policies.write",
    "invalidateCaches": "caches.invalidate",
    "giveFeedback": "feedback.write",
    "listStatements": "usage.read",
    "getStatement": "usage.read",
    "getStatementArchive": "usage.read",
    "listDisputes": "usage.read",
    "getDispute": "usage.read",
    "getDisputeReport": "usage.read",
    "createDispute": "statements.write",
    "getForecast": "usage.read",
    "listCertificates": "policies.read",
    "getCertificate": "policies.read",
    "listDeferredCalls": "gateway.call",
    "getDeferredCall": "gateway.call",
    "cancelDeferredCall": "gateway.call",
    "getExperiment": "experiments.read",
    "planExperiment": "experiments.write",
    "startExperiment": "experiments.write",
    "stopExperiment": "experiments.write",
    "getExperimentSavings": "experiments.read",
    "listProofLinks": "proof.share",
    "createProofLink": "proof.share",
    "revokeProofLink": "proof.share",
    "getStatementPdf": "usage.read",
    "listExperiments": "experiments.read",
    "createExperiment": "experiments.write",
    "listPeriods": "experiments.read",
    "commitPeriod": "experiments.write",
    "listNotices": "notices.read",
    "getPlanLimits": "usage.read",
    "listWebhooks": "webhooks.read",
    "getWebhook": "webhooks.read",
    "createWebhook": "webhooks.write",
    "updateWebhook": "webhooks.write",
    "deleteWebhook": "webhooks.write",
    "rotateWebhookSecret": "webhooks.write",
    "enableWebhook": "webhooks.write",
    "disableWebhook": "webhooks.write",
    "pingWebhook": "webhooks.write",
    "listDeliveries": "webhooks.read",
    "getDelivery": "webhooks.read",
    "redeliver": "webhooks.write",
    "listRequests": "usage.read",
    "getRequest": "usage.read",
    "getRequestContent": "content.read",
    "exportRequests": "usage.read",
    "getValue": "usage.read",
    "queryUsage": "usage.read",
    "listReconciliations": "usage.read",
    "getReconciliation": "usage.read",
    "createReconciliation": "statements.write",
    "listImports": "usage.read",
    "getImport": "usage.read",
    "getImportReport": "usage.read",
    "listImportErrors": "usage.read",
    "createImport": "usage.import",
}
Operation = tuple[str, str, Permission]


def _operations() -> Iterator[Operation]:
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            there = path.removeprefix("/api/v1").replace("{id}", str(uuid.uuid4()))
            yield method.upper(), there, Permission(operation["x-permission"])


def _is_refused(call: Caller, operation: Operation) -> bool:
    method, path, permission = operation
    response = call(method, path, None if method == "GET" else {})
    assert response.status_code in {200, 400, 403, 404, 415}
    if response.status_code != 403:
        return False
    assert response.json()["code"] == "permission_refused"
    assert permission.value in response.json()["detail"]
    return True


@pytest.fixture
def acme(db: None) -> Organization:
    return factories.make_organization("Acme", factories.make_user())


def test_the_document_states_the_permission_of_every_operation() -> None:
    stated = {
        operation["operationId"]: operation["x-permission"]
        for methods in openapi_document()["paths"].values()
        for operation in methods.values()
    }
    assert stated == EXPECTED


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says(acme: Organization, role: Role) -> None:
    owner = acme.memberships.get().user
    person = owner if role == Role.OWNER else factories.make_member(acme, role)
    call = by_session(person, acme)
    for operation in _operations():
        may = operation[2] in ROLE_PERMISSIONS[role]
        assert (operation, _is_refused(call, operation)) == (operation, not may)


def test_a_key_needs_the_scope_and_no_other(acme: Organization) -> None:
    with_only, without = (
        {
            permission: by_key(factories.make_api_key(acme, scopes).text.value)
            for permission in {Permission(value) for value in EXPECTED.values()}
            for scopes in [{permission} if is_held else KEY_SCOPES - {permission}]
        }
        for is_held in (True, False)
    )
    for operation in _operations():
        assert (operation, _is_refused(with_only[operation[2]], operation)) == (operation, False)
        assert (operation, _is_refused(without[operation[2]], operation)) == (operation, True)


def test_every_route_declares_what_it_asks_for() -> None:
    for pattern in urlpatterns:
        callback: Any = pattern.callback
        view = getattr(callback, "cls", None) or callback.view_class
        actions = getattr(callback, "actions", None) or {
            method: method for method in view.http_method_names if hasattr(view, method)
        }
        for method, action in actions.items():
            declared = view.declared_access.get(action)
            assert isinstance(declared, Permission | Access), (pattern.name, method)


def test_an_undeclared_operation_is_refused(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {k: v for k, v in ProjectsView.declared_access.items() if k != "list"}
    monkeypatch.setattr(ProjectsView, "declared_access", declared)
    call = by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)
    assert call("GET", "/projects").status_code == 500
    assert call("POST", "/projects", {"name": "New"}).status_code == 201


def test_every_post_honours_idempotency_keys() -> None:
    for pattern in urlpatterns:
        callback: Any = pattern.callback
        for method, action in getattr(callback, "actions", {}).items():
            wrapped = hasattr(getattr(callback.cls, action), "__wrapped__")
            assert (pattern.name, method, wrapped) == (pattern.name, method, method == "post")


def test_the_request_of_a_view_names_its_actor(acme: Organization) -> None:
    key = factories.make_api_key(acme, [Permission.PROJECTS_READ])
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {key.text.value}"})
    response = ProjectsView.as_view({"get": "list"})(request)
    actor = cast(ActingRequest, request).actor
    assert (response.status_code, actor.api_key) == (200, key.api_key)
