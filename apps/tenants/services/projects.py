"""Open, rename and archive projects."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.kernel.errors import NetraError
from apps.tenants.models import Organization, Project


class ProjectNameTaken(NetraError):
    code = "project_name_taken"
    http_status = 409
    message = "An open project already has this name. Choose another one."


class ProjectNameBlank(NetraError):
    code = "project_name_blank"
    http_status = 400
    message = "Give the project a name of at most 80 characters."


class LastProject(NetraError):
    code = "last_project"
    http_status = 409
    message = "An organization keeps at least one open project. Create another one first."


class ProjectArchived(NetraError):
    code = "project_archived"
    http_status = 409
    message = "This project is archived and stays as it is. Create another one."


def create_project(*, organization: Organization, name: str, at: datetime) -> Project:
    """Open a project. Raises ProjectNameTaken, ProjectNameBlank."""
    return _saved(Project(organization=organization, created_at=at), name)


def rename_project(*, organization: Organization, project_id: UUID, name: str) -> Project:
    """Raises Project.DoesNotExist, ProjectArchived, ProjectNameTaken, ProjectNameBlank."""
    return _saved(_open(organization, project_id), name)


@transaction.atomic
def archive_project(*, organization: Organization, project_id: UUID, at: datetime) -> Project:
    """Close a project; its keys stop working at once, its history stays.

    Raises Project.DoesNotExist, ProjectArchived, LastProject.
    """
    # Locking them all keeps two archivings at once from closing the last two.
    open_projects = organization.projects.filter(archived_at=None)
    locked = list(open_projects.select_for_update().order_by("id"))
    project = _open(organization, project_id)
    if len(locked) == 1:
        raise LastProject
    project.archived_at = at
    project.save(update_fields=["archived_at"])
    return project


def _open(organization: Organization, project_id: UUID) -> Project:
    project = organization.projects.get(pk=project_id)
    if project.archived_at:
        raise ProjectArchived
    return project


def _saved(project: Project, name: str) -> Project:
    project.name = " ".join(name.split())
    if not 0 < len(project.name) <= 80:
        raise ProjectNameBlank
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        raise ProjectNameTaken from error
    return project
