from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.tenants.models import DataKey, Project
from apps.tenants.services.projects import (
    InvalidRetention,
    ProjectArchived,
    archive_project,
    set_content_storage,
)
from tests.factories import make_organization, make_project

pytestmark = pytest.mark.django_db


def test_content_is_not_kept_until_somebody_says_so() -> None:
    project = make_project(make_organization())
    assert (project.stores_content, project.content_retention_days) == (False, 30)


def test_keeping_content_needs_a_data_key_to_seal_it() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project, theirs = make_project(acme), make_project(globex)
    options: dict[str, Any] = {"organization": acme, "project_id": project.pk, "at": utc_now()}
    set_content_storage(stores_content=True, retention_days=7, **options)
    project.refresh_from_db()
    theirs.refresh_from_db()
    assert (project.stores_content, project.content_retention_days) == (True, 7)
    assert theirs.stores_content is False
    assert [row.organization_id for row in DataKey.objects.all()] == [acme.pk]
    set_content_storage(stores_content=False, retention_days=7, **options)
    project.refresh_from_db()
    assert project.stores_content is False


@pytest.mark.parametrize("days", [0, 366])
def test_a_retention_is_between_a_day_and_a_year(days: int) -> None:
    organization = make_organization()
    with pytest.raises(InvalidRetention):
        set_content_storage(
            organization=organization,
            project_id=make_project(organization).pk,
            stores_content=True,
            retention_days=days,
            at=utc_now(),
        )


def test_projects_archived_or_of_others_stay_as_they_are() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    archived, theirs = make_project(acme), make_project(globex)
    archive_project(organization=acme, project_id=archived.pk, at=utc_now())
    for project, error in ((archived, ProjectArchived), (theirs, Project.DoesNotExist)):
        with pytest.raises(error):
            set_content_storage(
                organization=acme,
                project_id=project.pk,
                stores_content=True,
                retention_days=7,
                at=utc_now(),
            )
