from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from apps.kernel.clock import utc_now
from apps.tenants.key_format import digest
from apps.tenants.models import ApiKey
from apps.tenants.permissions import KEY_SCOPES, GrantRefused, Permission
from apps.tenants.services.api_keys import (
    InvalidKeyRequest,
    KeyNotActive,
    KeyRefused,
    recognise_api_key,
    rename_api_key,
    revoke_api_key,
    rotate_api_key,
)
from apps.tenants.services.projects import archive_project
from netra.env import Keyring
from tests.factories import make_api_key, make_organization, make_project

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_new_key_is_recognised() -> None:
    new = make_api_key(make_organization())

    assert recognise_api_key(text=new.text.value, at=utc_now()) == new.api_key


def test_the_text_of_a_key_is_nowhere_in_the_database() -> None:
    new = make_api_key(make_organization())

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k::text FROM tenants_apikey k"
            " UNION ALL SELECT e::text FROM tenants_apikeyevent e"
        )
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert new.api_key.hint in stored
    assert new.text.value[9:39] not in stored


@pytest.mark.parametrize("text", ["", "nap_live_short", "sk-something"])
def test_foreign_text_is_refused_without_a_query(
    text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0), pytest.raises(KeyRefused):
        recognise_api_key(text=text, at=utc_now())


def test_an_expired_or_revoked_key_is_refused() -> None:
    organization, at = make_organization(), utc_now()
    expiring = make_api_key(organization, expires_at=at + HOUR)
    revoked = make_api_key(organization)
    revoke_api_key(
        organization=organization, api_key_id=revoked.api_key.pk, granted_by=KEY_SCOPES, at=at
    )

    assert recognise_api_key(text=expiring.text.value, at=at) == expiring.api_key
    with pytest.raises(KeyRefused):
        recognise_api_key(text=expiring.text.value, at=at + HOUR)
    with pytest.raises(KeyRefused):
        recognise_api_key(text=revoked.text.value, at=at)


def test_a_key_stops_with_its_project() -> None:
    organization = make_organization()
    project = make_project(organization)
    new = make_api_key(organization, project=project)

    archive_project(organization=organization, project_id=project.pk, at=utc_now())

    with pytest.raises(KeyRefused):
        recognise_api_key(text=new.text.value, at=utc_now())


def test_rotation_overlaps_and_keeps_everything_but_the_text() -> None:
    organization, at = make_organization(), utc_now()
    old = make_api_key(organization, {Permission.GATEWAY_CALL}, name="CI", at=at)

    new = rotate_api_key(
        organization=organization,
        api_key_id=old.api_key.pk,
        overlap=HOUR,
        granted_by=KEY_SCOPES,
        created_by=None,
        at=at,
    )

    assert (new.api_key.name, new.api_key.scopes) == ("CI", ["gateway.call"])
    assert new.api_key.replaces == old.api_key
    assert recognise_api_key(text=old.text.value, at=at + HOUR / 2) == old.api_key
    with pytest.raises(KeyRefused):
        recognise_api_key(text=old.text.value, at=at + HOUR)
    assert recognise_api_key(text=new.text.value, at=at + HOUR) == new.api_key


@pytest.mark.parametrize("overlap", [-HOUR, timedelta(days=31)])
def test_an_overlap_outside_its_bounds_is_refused(overlap: timedelta) -> None:
    organization = make_organization()
    old = make_api_key(organization)

    with pytest.raises(InvalidKeyRequest, match="between 0 seconds and 30 days"):
        rotate_api_key(
            organization=organization,
            api_key_id=old.api_key.pk,
            overlap=overlap,
            granted_by=KEY_SCOPES,
            created_by=None,
            at=utc_now(),
        )


def test_a_revoked_key_is_neither_rotated_nor_renamed_nor_revoked_again() -> None:
    organization, at = make_organization(), utc_now()
    key_id = make_api_key(organization).api_key.pk
    revoke_api_key(organization=organization, api_key_id=key_id, granted_by=KEY_SCOPES, at=at)

    with pytest.raises(KeyNotActive):
        revoke_api_key(organization=organization, api_key_id=key_id, granted_by=KEY_SCOPES, at=at)
    with pytest.raises(KeyNotActive):
        rename_api_key(
            organization=organization, api_key_id=key_id, name="x", granted_by=KEY_SCOPES, at=at
        )


def test_a_weaker_caller_cannot_rotate_a_stronger_key() -> None:
    organization = make_organization()
    strong = make_api_key(organization, {Permission.CREDENTIALS_WRITE})

    with pytest.raises(GrantRefused):
        rotate_api_key(
            organization=organization,
            api_key_id=strong.api_key.pk,
            overlap=HOUR,
            granted_by=frozenset({Permission.KEYS_WRITE}),
            created_by=None,
            at=utc_now(),
        )


def test_keys_of_another_organization_are_out_of_reach() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    theirs = make_api_key(globex)

    with pytest.raises(ApiKey.DoesNotExist):
        revoke_api_key(
            organization=acme,
            api_key_id=theirs.api_key.pk,
            granted_by=KEY_SCOPES,
            at=utc_now(),
        )
    assert recognise_api_key(text=theirs.text.value, at=utc_now()) == theirs.api_key


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "name of at most 80"),
        ({"scopes": []}, "at least one scope"),
        ({"scopes": [Permission.ORGANIZATION_LEAVE]}, "cannot have the scopes organization.leave"),
        ({"expires_at": utc_now() - HOUR}, "must lie ahead"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidKeyRequest, match=message):
        make_api_key(make_organization(), **options)  # type: ignore[arg-type]  # wrong on purpose


def test_the_last_use_is_noted_at_most_once_a_minute() -> None:
    new, at = make_api_key(make_organization()), utc_now()
    for seconds in (0, 30, 59, 90):
        recognise_api_key(text=new.text.value, at=at + timedelta(seconds=seconds))

    new.api_key.refresh_from_db()
    assert new.api_key.last_used_at == at + timedelta(seconds=90)


def test_a_key_moves_to_the_new_pepper_when_it_is_used(settings: Settings) -> None:
    new = make_api_key(make_organization())
    old_keys = settings.API_KEY_PEPPERS.keys
    fresh = b"f" * 32
    settings.API_KEY_PEPPERS = Keyring({"fresh": fresh, **old_keys})

    recognise_api_key(text=new.text.value, at=utc_now())
    settings.API_KEY_PEPPERS = Keyring({"fresh": fresh})

    found = recognise_api_key(text=new.text.value, at=utc_now())
    assert (found.pepper_id, found.digest) == ("fresh", digest(new.text.value, fresh))
