import io
from ipaddress import ip_address
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.tenants.addresses import BaseUrlRefused, PrivateUpstreams
from apps.tenants.models import DataKey, ProviderCredential
from apps.tenants.services.credentials import (
    CredentialNameTaken,
    InvalidCredential,
    PlatformCredential,
    delete_credential,
    replace_secret,
    reveal,
    set_platform_credential,
    store_credential,
)
from apps.tenants.vault import CannotOpen
from netra.env import Keyring
from tests.factories import make_credential, make_organization

pytestmark = pytest.mark.django_db
SECRET = "sk-canary-7f3a-secret"
ProviderCredentialEvent = apps.get_model("tenants", "ProviderCredentialEvent")


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


@pytest.fixture
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"llm.acme.test": "93.184.216.34", "inside.acme.test": "10.0.0.5"}
    monkeypatch.setattr(
        "apps.tenants.services.credentials.resolve",
        lambda name: [ip_address(addresses[name])] if name in addresses else [],
    )


@pytest.mark.usefixtures("_names")
def test_a_base_url_is_kept_in_one_spelling_and_changes_with_the_secret_only() -> None:
    organization = make_organization()
    credential = make_credential(
        organization,
        "azure_openai",
        base_url=" https://LLM.acme.test/openai/ ",
        api_version="2024-10-21",
    )
    assert credential.base_url == "https://llm.acme.test/openai"
    options: dict[str, Any] = {
        "organization": organization,
        "credential_id": credential.pk,
        "at": utc_now(),
    }
    replace_secret(secret=SECRET, **options)
    credential.refresh_from_db()
    assert (credential.base_url, credential.api_version) == (
        "https://llm.acme.test/openai",
        "2024-10-21",
    )
    replace_secret(secret=SECRET, base_url="https://llm.acme.test", api_version="", **options)
    credential.refresh_from_db()
    assert (credential.base_url, credential.api_version) == ("https://llm.acme.test", "")
    with pytest.raises(InvalidCredential, match="needs the base URL"):
        replace_secret(secret=SECRET, base_url="", **options)


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize(
    "url",
    [
        "http://llm.acme.test",
        "https://inside.acme.test",
        "https://gone.acme.test",
        "https://10.1.1.1",
    ],
)
def test_a_base_url_that_leads_inside_is_refused(url: str) -> None:
    organization = make_organization()
    with pytest.raises(BaseUrlRefused):
        make_credential(organization, base_url=url)
    credential = make_credential(organization)
    with pytest.raises(BaseUrlRefused):
        replace_secret(
            organization=organization,
            credential_id=credential.pk,
            secret=SECRET,
            base_url=url,
            at=utc_now(),
        )


def test_what_the_operator_allows_may_lie_inside_and_needs_no_secret(settings: Settings) -> None:
    settings.PRIVATE_UPSTREAMS = PrivateUpstreams.parse(["vllm:8000"])
    credential = make_credential(
        make_organization(), "vllm", secret="", base_url="http://vllm:8000/v1"
    )
    assert (reveal(credential, at=utc_now()), credential.hint) == ("", "")


@pytest.mark.parametrize("provider", ["vllm", "ollama", "openai_compatible", "azure_openai"])
def test_a_provider_of_your_own_needs_its_address(provider: str) -> None:
    with pytest.raises(InvalidCredential, match="needs the base URL"):
        make_credential(make_organization(), provider)


def test_a_platform_credential_is_kept_up_to_date_and_out_of_customers_hands() -> None:
    organization = make_organization()
    options: dict[str, Any] = {
        "organization": organization,
        "provider": "openai",
        "name": "Ours",
        "at": utc_now(),
    }
    url = "http://127.0.0.1:42400"
    first = set_platform_credential(secret="simulated", base_url=url, **options)
    again = set_platform_credential(secret="simulated", base_url=url, **options)
    assert (again.pk, ProviderCredentialEvent.objects.count()) == (first.pk, 1)
    moved = set_platform_credential(secret="simulated", base_url=f"{url}1", **options)
    assert (moved.pk, moved.base_url, moved.is_platform) == (first.pk, f"{url}1", True)
    with pytest.raises(PlatformCredential):
        delete_credential(organization=organization, credential_id=first.pk)
    with pytest.raises(PlatformCredential):
        replace_secret(
            organization=organization,
            credential_id=first.pk,
            secret=SECRET,
            base_url="https://93.184.216.34",
            at=utc_now(),
        )


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
