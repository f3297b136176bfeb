from decimal import Decimal

import pytest
from django.test import Client

from apps.tenants.models import Limit
from apps.tenants.selectors import limits
from tests.factories import make_limit
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def typed(**changes: object) -> dict[str, object]:
    return {
        "subject": "organization:",
        "kind": "budget_usd",
        "amount": "1250.5",
        "window": "day",
        "alerts": "50, 80 %",
        "is_hard": "on",
    } | changes


def test_a_budget_is_set(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "limit_create"), typed())
    assert told(answer) == ["The limit of $1,250.50 a day holds."]
    row = limits(world.organization).get(window="day")
    assert (row.amount, row.alert_fractions) == (
        Decimal("1250.5"),
        [Decimal("0.5"), Decimal("0.8")],
    )
    page = client.get(path(world, "limits")).content.decode()
    assert [text in page for text in ("$1,250.50 a day", "50 %, 80 %")] == [True, True]
    assert limits(other.organization).count() == 1


@pytest.mark.parametrize(
    ("subject", "said"),
    [("project", "Project Search"), ("key", "API key Backend")],
)
def test_a_project_or_a_key_is_limited(
    subject: str, said: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    form = typed(
        subject=f"{subject}:{getattr(world, subject).pk}",
        kind="requests_per_minute",
        amount="1000",
        window="",
        alerts="",
    )
    client.post(path(world, "limit_create"), form)
    page = client.get(path(world, "limits")).content.decode()
    assert (said in page, "1,000 requests a minute" in page) == (True, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alerts": "often"}, "alerts"),
        ({"alerts": "nan"}, "alerts"),
        ({"amount": "0"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"alerts": "120"}, "__all__"),
        ({"window": ""}, "__all__"),
        ({"kind": "concurrency"}, "__all__"),
        ({"subject": "project:nobody"}, "subject"),
    ],
)
def test_a_wrong_limit_is_refused(
    changes: dict[str, str], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "limit_create"), typed(**changes))
    assert list(form_errors(page)) == [field]
    assert limits(world.organization).count() == 1


def test_subjects_of_another_organization_are_no_choice(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "limit_create"), typed(subject=f"project:{other.project.pk}"))
    assert list(form_errors(page)) == ["subject"]


def test_the_figures_are_shown_as_they_are_and_changed(world: World, client: Client) -> None:
    row = make_limit(
        world.organization, "budget_usd", "10", window="total", alert_fractions=(Decimal("0.125"),)
    )
    sign_in(client, world.owner)
    url = path(world, "limit_edit", row.pk)
    assert client.get(url).context["form"].initial == {
        "amount": "10",
        "alerts": "12.5",
        "is_hard": True,
    }
    client.post(url, {"amount": "20", "alerts": "12.5"})
    row.refresh_from_db()
    assert (row.amount, row.alert_fractions, row.is_hard) == (
        Decimal(20),
        [Decimal("0.125")],
        False,
    )


def test_a_limit_is_deleted_after_a_question(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "limit_delete", world.limit.pk)
    client.get(url)
    assert limits(world.organization).count() == 1
    client.post(url)
    assert list(Limit.objects.all()) == [other.limit]
    assert client.post(path(world, "limit_delete", other.limit.pk)).status_code == 404
