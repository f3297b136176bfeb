"""Pages of the proof: the figures of the API, in words, files and pictures."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.attribution.audit import netra_verify
from apps.attribution.audit.netra_verify import verify
from apps.attribution.models import Experiment, Period
from apps.attribution.selectors import standing
from apps.attribution.services import correct_statement
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.tenants.context import tenant_scope
from apps.tenants.permissions import KEY_SCOPES
from tests.api.callers import by_key
from tests.factories import make_api_key, make_organization
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World

WORLDS_LAST = ("savings_token", "experiment_token")
NANO = Decimal("1e-9")


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def figures_of_the_api(world: World) -> dict[str, Any]:
    call = by_key(make_api_key(world.organization, KEY_SCOPES).text.value)
    answer: dict[str, Any] = call("GET", f"/statements/{world.savings.pk}").json()
    return answer


def table(client: Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_page_and_file_of_a_statement_have_the_figures_of_the_api(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    found = figures_of_the_api(world)["figures"]
    page = text_of(client, path(world, "savings_statement", world.savings.pk))
    rows = table(client, path(world, "savings_file", world.savings.pk))
    exact = {row["figure"]: Decimal(row["usd"]) for row in rows}
    nanos = {
        "Audited saving": "audited",
        "Proven saving": "proven",
        "Billed saving": "billed",
        "Estimated, not billed": "estimated",
        "Carried to the next period": "shortfall",
    }
    assert {name: exact[name] for name in nanos} == {
        name: found[field] * NANO for name, field in nanos.items()
    }
    assert exact["Spend without Netra"] == Decimal(found["untouched_atoms"]).scaleb(-18)
    assert exact["Fee"] == Decimal(found["fee_minor"]) / 100
    ledger = Decimal(sum(found["ledger_atoms"].values())).scaleb(-18)
    assert exact["Ledger saving"] == exact["Ledger saving: Exact cache"] == ledger
    assert exact["Spend without Netra"] - exact["Actual spend"] == ledger
    told = figures_of_the_api(world)["amounts_usd"]
    assert [Decimal(told[name]) for name in ("ledger", "billed", "fee")] == [
        exact["Ledger saving"], exact["Billed saving"], exact["Fee"],
    ]  # fmt: skip
    assert [value for value in exact.values() if shown_usd(value) not in page] == []
    low, high = (shown_usd(each * NANO) for each in found["since_start"])
    assert f"it lies between {low} and {high}" in page


def test_overview_and_its_file_list_what_is_ones_own(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = text_of(client, path(world, "proof"))
    [row] = table(client, path(world, "proof_file"))
    found = figures_of_the_api(world)["figures"]
    assert Decimal(row["proven_usd"]) == found["proven"] * NANO
    assert shown_usd(Decimal(row["paid_usd"])) in page
    assert str(world.savings.pk) in page
    assert str(other.savings.pk) not in page
    assert str(other.experiment.pk) not in page


def test_the_archive_of_the_page_is_verified_by_the_script_of_the_page(
    world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = text_of(client, path(world, "savings_statement", world.savings.pk))
    archive = client.get(path(world, "savings_archive", world.savings.pk))
    script = client.get(path(world, "proof_verifier"))
    key = figures_of_the_api(world)["public_key"]
    file = io.BytesIO(b"".join(archive.streaming_content))  # type: ignore[attr-defined]
    findings, [statement] = verify(file, key)
    assert findings.shown == []
    assert statement["fee_minor"] == world.savings.document["fee_minor"]
    assert script.content == Path(str(netra_verify.__file__)).read_bytes()
    name = archive["Content-Disposition"].partition("filename=")[2].strip('"')
    assert f"python3 netra_verify.py {name} \\\n  --key {key}" in page


def test_page_link_and_api_give_the_same_paper(world: World, client: Client) -> None:
    call = by_key(make_api_key(world.organization, KEY_SCOPES).text.value)
    answer = call("GET", f"/statements/{world.savings.pk}/pdf")
    shared = client.get(reverse("portal:shared_pdf", args=[world.savings_token]))
    sign_in(client, world.owner)
    own = client.get(path(world, "savings_pdf", world.savings.pk))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    papers = {own.content, shared.content, b"".join(answer.streaming_content)}
    assert len(papers) == 1


def test_an_experiment_shows_what_is_known_of_it_and_its_file_the_same(
    world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    with tenant_scope(world.organization):
        found = standing(world.experiment.pk)
    page = text_of(client, path(world, "experiment", world.experiment.pk))
    rows = table(client, path(world, "experiment_file", world.experiment.pk))
    assert found.last
    assert found.last.low is not None
    assert [Decimal(row["at_least_usd"]) for row in rows] == [
        (point.low or 0) * NANO for point in found.points
    ]
    assert f"at least {shown_usd(found.last.low * NANO)}" in page
    assert (page.count("<svg xmlns"), "As agreed" in page) == (2, True)


def test_the_salt_is_shown_when_nobody_is_assigned_by_it_any_more(
    world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = text_of(client, path(world, "experiment", world.experiment.pk))
    with tenant_scope(world.organization):
        commitments = Period.objects.values_list("commitment", flat=True)
        assert [each for each in commitments if each not in page] == []
    assert page.count("The secret is shown a week after") == 1


def test_a_correction_stands_beside_the_statement(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    address = path(world, "savings_statement", world.savings.pk)
    assert "Corrections" not in text_of(client, address)
    document = world.savings.document
    with tenant_scope(world.organization):
        correct_statement(
            statement_id=world.savings.pk,
            document={**document, "fee_minor": document["fee_minor"] - 125},
            reason="A price <b>was</b> wrong",
            at=utc_now(),
        )
    page = text_of(client, address)
    assert "A price &lt;b&gt;was&lt;/b&gt; wrong" in page
    assert "-$1.25" in page
    assert ", corrected" in text_of(client, path(world, "proof"))


def test_an_experiment_is_made_started_planned_and_stopped(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    given = {
        "name": "Search",
        "project": world.project.pk,
        "holdout_percent": 5,
        "ramp_percent": 10,
    }
    made = client.post(path(world, "experiment_create"), given)
    with tenant_scope(world.organization):
        row = Experiment.objects.get(name="Search")
    assert (row.project_id, row.holdout_percent, row.ramp_percent) == (world.project.pk, 5, 10)
    assert made["Location"] == path(world, "experiment", row.pk)
    assert "Nobody is held out before it is started" in text_of(client, made["Location"])
    client.post(path(world, "experiment_start", row.pk))
    assert client.post(path(world, "experiment_start", row.pk)).status_code == 409
    planned = {"holdout_percent": 2, "ramp_percent": 100}
    told_of_plan = told(client.post(path(world, "experiment_plan", row.pk), planned))
    assert told_of_plan[-1] == "It holds from the next period on."
    page = text_of(client, path(world, "experiment", row.pk))
    assert ("2 % of conversations held out" in page, "5 %" in page) == (True, True)
    client.post(path(world, "experiment_stop", row.pk), {"confirmed": "yes"})
    assert "No period follows" in text_of(client, path(world, "experiment", row.pk))


@pytest.mark.parametrize(
    ("change", "field"),
    [({"holdout_percent": 21}, "holdout_percent"), ({"ramp_percent": 30}, "ramp_percent")],
)
def test_shares_that_cannot_be_are_said_at_their_field(
    change: dict[str, int], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    form = {"holdout_percent": 10, "ramp_percent": 100} | change
    answer = client.post(path(world, "experiment_plan", world.experiment.pk), form)
    assert list(form_errors(answer)) == [field]


def test_before_anything_the_pages_say_what_comes_next(world: World, client: Client) -> None:
    empty = make_organization("Empty", world.owner)
    sign_in(client, world.owner)
    page = text_of(client, f"/o/{empty.slug}/proof/")
    assert "No experiment yet" in page
    assert "No statement yet" in page
    with tenant_scope(empty):
        row = Experiment.objects.create(name="New", created_at=utc_now() - timedelta(days=1))
    shown = text_of(client, f"/o/{empty.slug}/proof/experiments/{row.pk}/")
    assert "Nothing can be said yet: a bound begins at 200 conversations" in shown
