"""Projects of an organization."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.projects import ContentForm, ProjectForm
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.models import ApiKey
from apps.tenants.permissions import Permission
from apps.tenants.selectors import open_projects, projects
from apps.tenants.services.projects import (
    archive_project,
    create_project,
    rename_project,
    set_content_storage,
)


@portal_view(Permission.PROJECTS_READ)
def project_list(request: PortalRequest) -> HttpResponse:
    page = page_of(projects(request.actor.organization), request)
    return render(request, "portal/projects/list.html", {"page": page})


@portal_view(Permission.PROJECTS_WRITE, methods=FORM)
def project_create(request: PortalRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "name"):
            project = create_project(
                organization=request.actor.organization,
                name=form.cleaned_data["name"],
                at=utc_now(),
            )
            messages.success(request, f"The project {project.name} is open.")
            return _to_list(request)
    return render(request, "portal/projects/create.html", {"form": form})


@portal_view(Permission.PROJECTS_WRITE, methods=FORM)
def project_rename(request: PortalRequest, project_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    project = open_projects(organization).get(pk=project_id)
    form = ProjectForm(request.POST or None, initial={"name": project.name})
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "name"):
            renamed = rename_project(
                organization=organization, project_id=project_id, name=form.cleaned_data["name"]
            )
            messages.success(request, f"The project is now called {renamed.name}.")
            return _to_list(request)
    return render(request, "portal/projects/rename.html", {"form": form, "project": project})


@portal_view(Permission.CONTENT_WRITE, methods=FORM)
def project_content(request: PortalRequest, project_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    project = open_projects(organization).get(pk=project_id)
    now = {
        "stores_content": project.stores_content,
        "retention_days": project.content_retention_days,
    }
    form = ContentForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            set_content_storage(
                organization=organization, project_id=project_id, at=utc_now(), **form.cleaned_data
            )
            kept = "keeps" if form.cleaned_data["stores_content"] else "does not keep"
            messages.success(request, f"The project {project.name} {kept} prompts and answers.")
            return _to_list(request)
    return render(request, "portal/projects/content.html", {"form": form, "project": project})


@portal_view(Permission.PROJECTS_WRITE, methods=FORM)
def project_archive(request: PortalRequest, project_id: UUID) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    project = open_projects(organization).get(pk=project_id)
    if request.method == "POST":
        archive_project(organization=organization, project_id=project_id, at=at)
        messages.success(request, f"The project {project.name} is archived.")
        return _to_list(request)
    return ask(
        request,
        title="Archive the project",
        text=f"The project {project.name} is closed for good.",
        consequences=_losses(ApiKey.objects.usable(at=at).filter(project=project).count()),
        button="Archive project",
        back_to="projects",
    )


def _losses(key_count: int) -> list[str]:
    history = "What it used and spent stays on record."
    if not key_count:
        return [history]
    keys = "1 key stops" if key_count == 1 else f"{key_count} keys stop"
    return [f"{keys} working at once.", history]


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:projects", slug=request.actor.organization.slug)
