"""Virtual API keys. The text of a new one is in one answer to one POST, and nowhere else."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.keys import KeyForm, KeyNameForm, ProjectFilterForm, RotateForm
from apps.portal.once import is_repeated
from apps.portal.paging import page_of
from apps.portal.snippets import snippets
from apps.portal.views.confirmation import ask
from apps.tenants.models import ApiKey
from apps.tenants.permissions import Permission, require_covered
from apps.tenants.selectors import api_keys, projects
from apps.tenants.services.api_keys import (
    KeyNotActive,
    NewKey,
    create_api_key,
    rename_api_key,
    revoke_api_key,
    rotate_api_key,
)


@portal_view(Permission.KEYS_READ)
def key_list(request: PortalRequest) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    chosen = ProjectFilterForm(request.GET, projects=projects(organization))
    project = chosen.cleaned_data["project"] if chosen.is_valid() else None
    rows = api_keys(organization)
    page = page_of(rows.filter(project=project) if project else rows, request)
    context = {
        "page": page,
        "rows": [(row, row.state(at=at)) for row in page.rows],
        "filter": chosen,
        "project": project,
    }
    return render(request, "portal/keys/list.html", context)


@portal_view(Permission.KEYS_WRITE, methods=FORM)
def key_create(request: PortalRequest) -> HttpResponse:
    form = KeyForm(request.POST or None, actor=request.actor, initial=_chosen_project(request))
    if request.method == "POST" and form.is_valid():
        if is_repeated(request, form):
            return _shown_already(request)
        with shown_in(form):
            return _show_once(request, _create(request, form))
    return render(request, "portal/keys/create.html", {"form": form})


@portal_view(Permission.KEYS_WRITE, methods=FORM)
def key_rename(request: PortalRequest, key_id: UUID) -> HttpResponse:
    key = _key_in_use(request, key_id)
    form = KeyNameForm(request.POST or None, initial={"name": key.name})
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "name"):
            renamed = rename_api_key(
                organization=request.actor.organization,
                api_key_id=key_id,
                name=form.cleaned_data["name"],
                granted_by=request.actor.permissions,
                at=utc_now(),
            )
            messages.success(request, f"The key is now called {renamed.name}.")
            return _to_list(request)
    return render(request, "portal/keys/rename.html", {"form": form, "key": key})


@portal_view(Permission.KEYS_WRITE, methods=FORM)
def key_rotate(request: PortalRequest, key_id: UUID) -> HttpResponse:
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and is_repeated(request, form):
        return _shown_already(request)
    key = _key_in_use(request, key_id)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            return _show_once(request, _rotate(request, key, form))
    return render(request, "portal/keys/rotate.html", {"form": form, "key": key})


@portal_view(Permission.KEYS_WRITE, methods=FORM)
def key_revoke(request: PortalRequest, key_id: UUID) -> HttpResponse:
    key = _key_in_use(request, key_id)
    if request.method == "POST":
        revoke_api_key(
            organization=request.actor.organization,
            api_key_id=key_id,
            granted_by=request.actor.permissions,
            at=utc_now(),
        )
        messages.success(request, f"The key {key.name} is revoked.")
        return _to_list(request)
    return ask(
        request,
        title="Revoke the key",
        text=f"The key {key.name} ({key.hint}) stops working at once.",
        consequences=["Calls signed with it are refused.", "This cannot be undone."],
        button="Revoke key",
        back_to="keys",
    )


def _create(request: PortalRequest, form: KeyForm) -> NewKey:
    at = utc_now()
    return create_api_key(
        project=form.cleaned_data["project"],
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        is_test=form.cleaned_data["kind"] == "test",
        expires_at=form.expires_at(at=at),
        granted_by=request.actor.permissions,
        created_by=request.user,
        at=at,
    )


def _rotate(request: PortalRequest, key: ApiKey, form: RotateForm) -> NewKey:
    return rotate_api_key(
        organization=request.actor.organization,
        api_key_id=key.pk,
        overlap=form.overlap,
        granted_by=request.actor.permissions,
        created_by=request.user,
        at=utc_now(),
    )


def _show_once(request: PortalRequest, new: NewKey) -> HttpResponse:
    # No redirect: a page to redirect to would have to keep the text somewhere.
    context = {
        "key": new.api_key,
        "text": new.text.value,
        "replaced": new.api_key.replaces,
        "snippets": snippets(gateway_url=settings.GATEWAY_URL, key=new.text.value),
        "portal_url": settings.PORTAL_URL,
    }
    return render(request, "portal/keys/shown_once.html", context)


def _shown_already(request: PortalRequest) -> HttpResponse:
    messages.warning(request, "That key was shown once already. Lost it? Rotate it.")
    return _to_list(request)


def _key_in_use(request: PortalRequest, key_id: UUID) -> ApiKey:
    key = api_keys(request.actor.organization).get(pk=key_id)
    if key.state(at=utc_now()) not in {"active", "retiring"}:
        raise KeyNotActive
    scopes = [Permission(scope) for scope in key.scopes]
    require_covered(scopes, granted_by=request.actor.permissions)
    return key


def _chosen_project(request: PortalRequest) -> dict[str, str]:
    return {"project": request.GET.get("project", "")}


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:keys", slug=request.actor.organization.slug)
