import pytest
from django.core.exceptions import ObjectDoesNotExist

from apps.portal.subjects import subject_choices, subject_of
from tests.portal.pages import World


def test_addresses_name_the_organization_a_project_or_a_key(world: World) -> None:
    organization, project, key = world.organization, world.project, world.key
    whole = subject_of(organization, "")
    assert (whole.name, whole.query) == ("The whole organization", "")
    assert (whole.said_for, whole) == (
        {"project_id": None},
        subject_of(organization, "organization:"),
    )
    of_project = subject_of(organization, f"project:{project.pk}")
    assert (of_project.name, of_project.said_for) == ("Project Search", {"project_id": project.pk})
    of_key = subject_of(organization, f"key:{key.pk}")
    assert of_key.said_for == {"api_key_id": key.pk}
    assert of_key.place == {"project_id": project.pk, "api_key_id": key.pk}
    assert of_key.query == f"?subject=key%3A{key.pk}"


def test_what_is_no_subject_here_is_not_found(world: World, other: World) -> None:
    strange = [
        "nobody:1",
        "project:",
        "key:x",
        f"project:{other.project.pk}",
        f"key:{other.key.pk}",
    ]
    for text in strange:
        with pytest.raises(ObjectDoesNotExist):
            subject_of(world.organization, text)


def test_only_ones_own_can_be_chosen(world: World, other: World) -> None:
    shown = str(subject_choices(world.organization))
    assert (str(world.key.pk) in shown, str(world.project.pk) in shown) == (True, True)
    assert (str(other.key.pk) in shown, str(other.project.pk) in shown) == (False, False)
