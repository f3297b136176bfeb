from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.tenants.context import tenant_scope
from apps.usage.reconciling import statements
from tests.factories import COSTS
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def given(**changes: object) -> dict[str, object]:
    file = SimpleUploadedFile("march.csv", COSTS.encode())
    return {
        "provider": "anthropic",
        "month": "2026-03",
        "source": "anthropic",
        "file": file,
    } | changes


def test_a_statement_is_given_and_compared(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "reconciliation_create"), given())
    assert told(answer) == ["anthropic 2026-03 is compared."]
    page = client.get(answer["Location"]).content.decode()
    assert [text in page for text in ("Claude Haiku 4.5", "$0.50", "-100.00 %")] == [True] * 3
    listed = client.get(path(world, "reconciliations")).content.decode()
    assert ("march.csv" in page, "-$0.50" in listed) == (True, True)
    with tenant_scope(other.organization):
        assert statements().get().file_name == "costs.csv"


def test_any_csv_by_its_columns(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    file = SimpleUploadedFile("any.csv", b"When,Cost\n2026-03-02,3.5\n")
    form = given(source="generic", file=file, day="When", amount="Cost")
    client.post(path(world, "reconciliation_create"), form)
    with tenant_scope(world.organization):
        assert statements().get().total_usd == Decimal("3.5")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"month": "March"}, "month"),
        ({"provider": "Open AI"}, "provider"),
        ({"source": "generic"}, "amount"),
        ({"file": SimpleUploadedFile("a.csv", b"a,b\n")}, "__all__"),
    ],
)
def test_what_cannot_be_compared_is_said_at_its_field(
    changes: dict[str, object], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "reconciliation_create"), given(**changes))
    assert field in form_errors(answer)


def test_a_statement_of_another_organization_is_not_there(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = path(world, "reconciliation", other.statement.pk)
    assert client.get(page).status_code == 404
