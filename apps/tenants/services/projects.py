"""Open, rename and archive projects, and say whether they keep the content of calls."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.kernel.errors import NetraError
from apps.tenants.models import Organization, Project
from apps.tenants.models.project import LONGEST_RETENTION_DAYS
from apps.tenants.services.data_keys import data_key


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


class InvalidRetention(NetraError):
    code = "invalid_retention"
    http_status = 400
    message = f"Keep content between 1 and {LONGEST_RETENTION_DAYS} days."


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


@transaction.atomic
def set_content_storage(
    *,
    organization: Organization,
    project_id: UUID,
    stores_content: bool,
    retention_days: int,
    at: datetime,
) -> Project:
    """Say whether prompts and answers of the project's calls are kept, sealed, and for how long.

    Holds for calls from then on; what is stored already keeps the retention it was stored with.
    Raises Project.DoesNotExist, ProjectArchived, InvalidRetention.
    """
    if not 0 < retention_days <= LONGEST_RETENTION_DAYS:
        raise InvalidRetention
    project = _open(organization, project_id)
    if stores_content:
        data_key(organization, at=at)  # gateways seal under it and cannot make one
    project.stores_content, project.content_retention_days = stores_content, retention_days
    project.save(update_fields=["stores_content", "content_retention_days"])
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
