"""Projects."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.projects import ProjectChange, ProjectContent, ProjectNew, ProjectOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.tenants.selectors import projects
from apps.tenants.services.projects import (
    LastProject,
    ProjectArchived,
    ProjectNameTaken,
    archive_project,
    create_project,
    rename_project,
    set_content_storage,
)


@extend_schema(tags=["Projects"])
class ProjectsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.PROJECTS_READ,
        "retrieve": Permission.PROJECTS_READ,
        "create": Permission.PROJECTS_WRITE,
        "partial_update": Permission.PROJECTS_WRITE,
        "archive": Permission.PROJECTS_WRITE,
        "content": Permission.CONTENT_WRITE,
    }
    raises = {
        "create": (ProjectNameTaken,),
        "partial_update": (ProjectArchived, ProjectNameTaken),
        "archive": (ProjectArchived, LastProject),
        "content": (ProjectArchived,),
    }

    @extend_schema(operation_id="listProjects", responses=ProjectOut(many=True))
    def list(self, _request: Request) -> Response:
        """List projects

        Archived ones carry `archived_at`.
        """
        return self.page(projects(self.organization), ProjectOut)

    @extend_schema(operation_id="getProject", responses=ProjectOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a project"""
        return Response(ProjectOut(projects(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="createProject", request=ProjectNew, responses={201: ProjectOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Open a project"""
        project = create_project(
            organization=self.organization, at=utc_now(), **self.checked(ProjectNew)
        )
        return Response(ProjectOut(project).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="updateProject", request=ProjectChange, responses=ProjectOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Rename a project"""
        project = rename_project(
            organization=self.organization, project_id=id, **self.checked(ProjectChange)
        )
        return Response(ProjectOut(project).data)

    @extend_schema(operation_id="archiveProject", request=None, responses=ProjectOut)
    @acts_once
    def archive(self, _request: Request, id: UUID) -> Response:
        """Archive a project

        Its keys stop working at once; its history stays.
        """
        project = archive_project(organization=self.organization, project_id=id, at=utc_now())
        return Response(ProjectOut(project).data)

    @extend_schema(operation_id="setProjectContent", request=ProjectContent, responses=ProjectOut)
    def content(self, _request: Request, id: UUID) -> Response:
        """Keep prompts and answers of a project, or stop it

        Off unless somebody turns it on. They are encrypted for the organization alone and
        deleted after `retention_days`. Holds for calls from then on.
        """
        project = set_content_storage(
            organization=self.organization,
            project_id=id,
            at=utc_now(),
            **self.checked(ProjectContent),
        )
        return Response(ProjectOut(project).data)
