"""A log tried by the real levers: what repeats is saved, and nothing is made up."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.attribution.selectors import import_report
from apps.attribution.trials import TrialReport
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.usage.imports.models import Import, TrialSum
from tests.api.callers import by_key
from tests.factories import make_api_key, make_organization, make_user
from tests.usage.imports import samples
from tests.usage.imports.importing import brought
from tests.usage.imports.samples import AT, jsonl

pytestmark = pytest.mark.django_db
COST = Decimal("0.00275")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SYSTEM = "You answer questions about our handbook. " * 800


def asked(number: int, after: timedelta, text: str = "?", **request: Any) -> dict[str, Any]:
    """A call at temperature 0 of gpt-4o."""
    raw = samples.openai(number, timestamp=(AT - 13 * DAY + after).isoformat())
    messages = [{"role": "user", "content": text}]
    raw["request"] = raw["request"] | {"messages": messages} | request
    return raw


def said(number: int, after: timedelta, **usage: int) -> dict[str, Any]:
    """A call of Claude with a long system prompt that nobody marked."""
    raw = samples.anthropic(number)
    raw["timestamp"] = (AT - 13 * DAY + after).isoformat()
    raw["request"] = raw["request"] | {"system": SYSTEM}
    counts = {"input_tokens": 10_000, "output_tokens": 10} | usage
    raw["response"] = raw["response"] | {"usage": counts}
    return raw


def report(organization: Organization, row: Import) -> TrialReport:
    with tenant_scope(organization):
        return import_report(row.pk)


def saved(found: TrialReport, lever: str) -> Decimal:
    return next(each.saved_usd for each in found.levers if each.lever == lever)


def test_calls_that_repeat_within_a_day_are_answered_and_no_others() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    calls = [
        asked(1, timedelta(0)),
        asked(2, HOUR, stream=True, user="grace"),
        asked(3, 2 * HOUR, temperature=0.7),
        asked(4, 3 * HOUR, text="another"),
        asked(5, 30 * HOUR),
    ]
    found = report(acme, brought(acme, jsonl(*calls)))
    assert (found.calls, found.baseline_usd) == (5, 5 * COST)
    assert saved(found, "exact_cache") == COST
    assert found.share is None
    assert "14 days" in found.missing
    theirs = report(globex, brought(globex, jsonl(asked(1, timedelta(0)))))
    assert (theirs.calls, theirs.saved_usd) == (1, Decimal(0))


def test_what_is_older_than_the_call_before_is_not_tried() -> None:
    acme = make_organization()
    calls = [asked(1, HOUR), asked(2, timedelta(0)), asked(3, 2 * HOUR)]
    found = report(acme, brought(acme, jsonl(*calls)))
    assert saved(found, "exact_cache") == COST


def test_a_prompt_that_comes_back_within_minutes_is_read_from_the_providers_cache() -> None:
    acme = make_organization()
    calls = [said(number, number * timedelta(minutes=2)) for number in range(40)]
    calls += [said(99, 2 * HOUR, cache_read_input_tokens=5_000)]
    found = report(acme, brought(acme, jsonl(*calls)))
    # At most nine tenths of what was sent can be saved, and writing costs a quarter once.
    sent = 40 * Decimal(10_000) * Decimal("3e-6")
    assert sent * Decimal("0.7") < saved(found, "prompt_cache") < sent * Decimal("0.9")


def test_an_import_in_two_goes_adds_up_and_the_same_calls_count_once() -> None:
    acme = make_organization()
    calls = [asked(number, number * HOUR) for number in range(6)]
    row = brought(acme, jsonl(*calls))
    again = brought(acme, jsonl(*calls))
    assert saved(report(acme, row), "exact_cache") == 5 * COST
    with tenant_scope(acme):
        assert TrialSum.objects.filter(of_import=again).count() == 0


def test_an_interval_is_drawn_over_days_and_shown_as_an_estimate(client: Client) -> None:
    owner = make_user()
    acme = make_organization("Acme", owner)
    calls = [
        asked(100 * day + number, day * DAY + number * HOUR, text=f"{day} {number // 2}")
        for day in range(14)
        for number in range(4)
    ]
    row = brought(acme, jsonl(*calls))
    found = report(acme, row)
    assert (found.clusters, found.cluster_count, found.missing) == ("day", 14, "")
    assert found.share is not None
    assert (found.share.share, found.share.low, found.share.high) == (0.5, 0.5, 0.5)
    assert found.monthly_saved is not None
    assert found.monthly_saved.expected == round(2 * COST * 30, 2)
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    shown = call("GET", f"/imports/{row.pk}/report").json()
    assert (shown["is_estimate"], shown["is_proven"], shown["share"]["share"]) == (True, False, 0.5)
    assert "routing" in " ".join(shown["left_out"])
    client.force_login(owner)
    page = client.get(f"/o/{acme.slug}/imports/{row.pk}/report/").content.decode()
    assert "Estimate" in page
    assert "50.0% (50.0% to 50.0%)" in page
    other = by_key(make_api_key(make_organization("Other"), KEY_SCOPES).text.value)
    assert other("GET", f"/imports/{row.pk}/report").status_code == 404


def test_a_link_opens_the_estimate_and_nothing_else_of_the_organization(client: Client) -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    row = brought(acme, jsonl(asked(1, timedelta(0)), asked(2, HOUR)))
    theirs = brought(globex, jsonl(asked(1, timedelta(0))))
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    body = {"name": "The board", "import_id": str(row.pk)}
    made = call("POST", "/proof-links", body).json()
    assert (made["import_id"], made["experiment_id"], made["has_archive"]) == (
        str(row.pk), None, False,
    )  # fmt: skip
    path = urlsplit(made["url"]).path
    page = client.get(path)
    assert "Estimate" in page.content.decode()
    assert "Net of the plan" not in page.content.decode()
    assert client.get(f"{path}archive.zip").status_code == 404
    for wrong in (
        {"import_id": str(theirs.pk)},
        {"experiment_id": str(row.pk)},
        {"import_id": str(row.pk), "experiment_id": str(row.pk)},
    ):
        assert call("POST", "/proof-links", {"name": "x"} | wrong).status_code == 400
    with tenant_scope(acme):
        Import.objects.get(pk=row.pk).delete()
    assert client.get(path).status_code == 404
