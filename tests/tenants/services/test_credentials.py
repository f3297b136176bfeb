import io

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.tenants.models import DataKey, ProviderCredential
from apps.tenants.services.credentials import (
    CredentialNameTaken,
    InvalidCredential,
    delete_credential,
    replace_secret,
    reveal,
    store_credential,
)
from apps.tenants.vault import CannotOpen
from netra.env import Keyring
from tests.factories import make_credential, make_organization

pytestmark = pytest.mark.django_db
SECRET = "sk-canary-7f3a-secret"


def test_a_stored_secret_can_be_revealed_and_only_its_end_is_shown() -> None:
    credential = make_credential(make_organization(), secret=f" {SECRET}\n")

    assert reveal(credential, at=utc_now()) == SECRET
    assert credential.hint == "…cret"


def test_the_secret_is_nowhere_in_the_database() -> None:
    make_credential(make_organization(), secret=SECRET)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c::text FROM tenants_providercredential c"
            " UNION ALL SELECT e::text FROM tenants_providercredentialevent e"
        )
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert "openai" in stored
    assert SECRET not in stored
    assert SECRET.encode().hex() not in stored


def test_a_secret_moved_to_another_organization_or_provider_does_not_open() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    theirs = make_credential(globex)
    stolen = make_credential(acme)
    stolen.sealed = theirs.sealed
    with pytest.raises(CannotOpen):
        reveal(stolen, at=utc_now())

    theirs.provider = "anthropic"
    with pytest.raises(CannotOpen):
        reveal(theirs, at=utc_now())


def test_a_replaced_secret_takes_the_place_of_the_old_one() -> None:
    organization = make_organization()
    credential = make_credential(organization)

    replace_secret(
        organization=organization, credential_id=credential.pk, secret=SECRET, at=utc_now()
    )

    credential.refresh_from_db()
    assert reveal(credential, at=utc_now()) == SECRET


def test_credentials_of_another_organization_are_out_of_reach() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    theirs = make_credential(globex, secret=SECRET)

    with pytest.raises(ProviderCredential.DoesNotExist):
        delete_credential(organization=acme, credential_id=theirs.pk)
    with pytest.raises(ProviderCredential.DoesNotExist):
        replace_secret(
            organization=acme, credential_id=theirs.pk, secret="sk-overwritten", at=utc_now()
        )

    theirs.refresh_from_db()
    assert reveal(theirs, at=utc_now()) == SECRET


@pytest.mark.parametrize(
    "wrong",
    [{"provider": "acme"}, {"name": " "}, {"secret": "short"}, {"secret": "sk-line\nbreak-inside"}],
)
def test_a_wrong_credential_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidCredential):
        make_credential(make_organization(), **wrong)


def test_two_credentials_of_a_provider_need_two_names() -> None:
    organization = make_organization()
    make_credential(organization)

    with pytest.raises(CredentialNameTaken):
        store_credential(
            organization=organization,
            provider="openai",
            name="Main",
            secret=SECRET,
            at=utc_now(),
        )


def test_the_key_encryption_key_is_rotated_without_touching_secrets(
    settings: Settings,
) -> None:
    credentials = [make_credential(make_organization(name), secret=SECRET) for name in "AB"]
    old = settings.KEY_ENCRYPTION_KEYS.keys
    fresh = {"fresh": b"f" * 32}
    settings.KEY_ENCRYPTION_KEYS = Keyring({**fresh, **old})
    assert [reveal(credential, at=utc_now()) for credential in credentials] == [SECRET, SECRET]

    output = io.StringIO()
    call_command("rotate_kek", stdout=output)

    assert output.getvalue() == "2 data keys are now wrapped by the current key\n"
    settings.KEY_ENCRYPTION_KEYS = Keyring(fresh)
    assert [reveal(credential, at=utc_now()) for credential in credentials] == [SECRET, SECRET]
    assert set(DataKey.objects.values_list("kek_id", flat=True)) == {"fresh"}


def test_a_missing_key_encryption_key_is_named(settings: Settings) -> None:
    credential = make_credential(make_organization())
    used = DataKey.objects.get().kek_id
    settings.KEY_ENCRYPTION_KEYS = Keyring({"other": b"o" * 32})

    with pytest.raises(CannotOpen, match=f"NETRA_KEK lacks the key '{used}'"):
        reveal(credential, at=utc_now())
