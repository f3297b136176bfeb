"""Staff read editions, and set and withdraw contracts through the services."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.pricing.models import ContractedRate, PriceBookEdition
from tests.factories import make_contracted_rate, make_organization
from tests.staff import make_colleague, sign_in

pytestmark = pytest.mark.django_db
LIST = "admin:pricing_contractedrate_changelist"
ADD = "admin:pricing_contractedrate_add"


@pytest.fixture
def staff() -> Client:
    return sign_in(make_colleague(is_superuser=True))


def form(**fields: Any) -> dict[str, Any]:
    """What the page sends for a discount of 15 %."""
    return {
        "organization": make_organization().pk,
        "provider": "openai",
        "model": "*",
        "tier": "*",
        "region": "*",
        "terms": '{"discount": "0.15"}',
        "source": "MSA 7",
        "valid_from_0": "2026-11-01",
        "valid_from_1": "00:00:00",
        "valid_to_0": "",
        "valid_to_1": "",
    } | fields


def test_a_contract_is_set_through_the_service(staff: Client) -> None:
    assert staff.post(reverse(ADD), form()).status_code == 302

    rate = ContractedRate.objects.get()
    assert (rate.terms, rate.introduced_id) == ({"discount": "0.15"}, 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"terms": '{"discount": "15"}'},
        {"terms": "{"},
        {"tier": "cheap"},
        {"valid_to_0": "2026-10-01", "valid_to_1": "00:00:00"},
    ],
)
def test_what_the_service_would_refuse_is_an_error_of_the_form(
    staff: Client, fields: dict[str, Any]
) -> None:
    assert staff.post(reverse(ADD), form(**fields)).status_code == 200

    assert ContractedRate.objects.count() == PriceBookEdition.objects.count() == 0


def test_chosen_contracts_are_withdrawn_and_the_others_stay(staff: Client) -> None:
    chosen, other = (make_contracted_rate(make_organization()) for _ in range(2))
    body = {"action": "withdraw", "_selected_action": [chosen.pk]}

    assert staff.post(reverse(LIST), body).status_code == 302
    assert set(ContractedRate.objects.filter(ended=None)) == {other}


def test_a_contract_cannot_be_edited_or_deleted(staff: Client) -> None:
    rate = make_contracted_rate(make_organization())
    change = reverse("admin:pricing_contractedrate_change", args=[rate.pk])
    delete = reverse("admin:pricing_contractedrate_delete", args=[rate.pk])

    assert staff.get(change).status_code == 200
    assert staff.post(change, form(source="changed")).status_code == 403
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    assert ContractedRate.objects.get().source == "MSA 7"


def test_support_sees_contracts_and_editions_and_sets_none() -> None:
    make_contracted_rate(make_organization())
    support = sign_in(make_colleague())

    assert support.get(reverse(LIST)).status_code == 200
    assert support.get(reverse("admin:pricing_pricebookedition_changelist")).status_code == 200
    assert support.get(reverse(ADD)).status_code == 403
