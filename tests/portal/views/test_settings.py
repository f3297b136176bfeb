import pytest
from django.test import Client

from tests.portal.browsing import form_errors, path, sign_in
from tests.portal.pages import World

TYPED = {"name": "Acme GmbH", "time_zone": "Europe/Berlin", "currency": "EUR"}


def test_settings_are_saved_for_this_organization(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "settings_edit"), TYPED)
    assert answer.headers["Location"] == path(world, "settings")
    page = client.get(path(world, "settings")).content.decode()
    assert "Times in <strong>Europe/Berlin</strong>, amounts in <strong>US dollars</strong>" in page
    assert "invoices in <strong>EUR</strong>" in page
    other.organization.refresh_from_db()
    assert (other.organization.name, other.organization.currency) == ("Acme", "USD")


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("time_zone", "Mars/Base"), ("currency", "XXX")]
)
def test_a_wrong_setting_is_named(field: str, value: str, world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "settings_edit"), TYPED | {field: value})
    assert list(form_errors(page)) == [field]
    world.organization.refresh_from_db()
    assert world.organization.name == "Acme"
