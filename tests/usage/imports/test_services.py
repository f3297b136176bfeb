import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.imports import chunks, files
from apps.usage.imports.models import Dimension, Import, LineError, Pattern, State
from apps.usage.imports.selectors import imports, line_errors, spend_by, total_spend
from apps.usage.imports.services import (
    InvalidImport,
    TooManyImports,
    advance_import,
    sweep_imports,
)
from apps.usage.imports.tasks import sweep as sweep_task
from apps.usage.selectors import events
from tests.factories import make_organization, make_project
from tests.usage.imports import samples
from tests.usage.imports.importing import brought, uploaded
from tests.usage.imports.samples import AT, NOW, jsonl

pytestmark = pytest.mark.django_db
COST = Decimal("0.00275")


def counts(row: Import) -> tuple[int, int, int, int]:
    return row.new_count, row.known_count, row.skipped_count, row.error_count


def test_calls_become_events_of_their_own_kind_with_their_price(acme: Organization) -> None:
    other = make_organization("Acme")
    row = brought(acme, jsonl(samples.openai()), name="logs/log.jsonl")
    assert (row.state, row.format, row.name, counts(row)) == (
        State.DONE, "openai", "log.jsonl", (1, 0, 0, 0),
    )  # fmt: skip
    with tenant_scope(acme):
        event = events().get()
    assert (event.kind, event.started_at, event.end_user, event.tags) == (
        "import", AT, "ada", {"team": "search"},
    )  # fmt: skip
    assert (event.actual_usd, event.is_priced, event.provider_request_id) == (
        COST, True, "chatcmpl-1",
    )  # fmt: skip
    assert (event.input_uncached, event.cache_read, event.output) == (800, 200, 50)
    assert event.features["import_id"] == str(row.pk)
    assert event.project_id == acme.projects.get().pk
    with tenant_scope(other):
        assert (events().count(), imports().count()) == (0, 0)


def test_an_unknown_model_is_unpriced_and_never_free(acme: Organization) -> None:
    raw = samples.openai()
    raw["request"]["model"] = raw["response"]["model"] = "our-own"
    row = brought(acme, jsonl(raw))
    with tenant_scope(acme):
        total = total_spend(row)
        assert events().get().actual_usd is None
    assert total is not None
    assert (total.call_count, total.unpriced_count, total.usd) == (1, 1, Decimal(0))


def test_a_thousand_broken_lines_are_exactly_those_reported(acme: Organization) -> None:
    broken = set(range(3, 3003, 3))
    lines = [
        b'{"timestamp": "2026-11-01T12:00:00Z", "request": {"model"'
        if number in broken
        else jsonl(samples.openai(number)).strip()
        for number in range(1, 5001)
    ]
    row = brought(acme, b"\n".join(lines))
    assert counts(row) == (4000, 0, 0, 1000)
    with tenant_scope(acme):
        assert {error.line for error in line_errors(row)} == broken
        assert events().count() == 4000


def test_the_same_file_again_adds_nothing_and_says_so(acme: Organization) -> None:
    content = jsonl(*(samples.openai(number) for number in range(5)))
    first = brought(acme, content)
    again = brought(acme, content)
    longer = brought(acme, content + jsonl(samples.openai(99)))
    assert (counts(first), first.same_as_id) == ((5, 0, 0, 0), None)
    assert (counts(again), again.same_as_id) == ((0, 5, 0, 0), first.pk)
    assert (counts(longer), longer.same_as_id) == ((1, 5, 0, 0), None)
    with tenant_scope(acme):
        assert events().count() == 6
        assert total_spend(again) is None


def test_the_same_call_twice_in_a_file_counts_once(acme: Organization) -> None:
    nameless = samples.plain_span() | {"span_id": None}
    row = brought(acme, jsonl(nameless, nameless, samples.plain_span()))
    assert counts(row) == (2, 1, 0, 0)


def test_organizations_with_the_same_file_do_not_share_it(acme: Organization) -> None:
    other = make_organization("Acme")
    content = jsonl(samples.openai())
    rows = [brought(organization, content) for organization in (acme, other)]
    assert [counts(row) for row in rows] == [(1, 0, 0, 0)] * 2
    assert rows[1].same_as_id is None
    ids = []
    for organization in (acme, other):
        with tenant_scope(organization):
            ids.append(events().get().pk)
    assert ids[0] != ids[1]


def test_a_named_format_that_does_not_fit_is_said_to_be_another(acme: Organization) -> None:
    row = brought(acme, jsonl(samples.helicone()), format="langfuse")
    assert (row.state, counts(row)) == (State.FAILED, (0, 0, 0, 0))
    assert "no Langfuse observations" in row.failure
    assert "Helicone export (helicone)" in row.failure


@pytest.mark.parametrize("content", [b"hello\nworld\n", b'{"a": 1}\n', b"\x00\xff" * 99, b" \n"])
def test_what_is_no_log_fails_and_says_what_is_known(content: bytes, acme: Organization) -> None:
    row = brought(acme, content)
    assert row.state == State.FAILED
    assert "Anthropic request log" in row.failure


def test_single_records_of_another_format_are_errors_of_their_lines(acme: Organization) -> None:
    row = brought(acme, jsonl(samples.openai(), samples.anthropic(), {"a": 1}))
    assert counts(row) == (1, 0, 0, 2)
    with tenant_scope(acme):
        assert [error.line for error in line_errors(row)] == [2, 3]


def test_calls_outside_the_retention_are_reported_by_line(acme: Organization) -> None:
    old = samples.openai(1, timestamp="2020-01-01T00:00:00Z")
    future = samples.openai(2, timestamp="2027-01-01T00:00:00Z")
    row = brought(acme, jsonl(old, future, samples.openai(3)))
    assert counts(row) == (1, 0, 0, 2)
    with tenant_scope(acme):
        reasons = [error.reason for error in line_errors(row)]
    assert reasons == [
        "the call started more than 400 days ago, before the retention",
        "the call starts in the future",
    ]


def test_what_is_told_of_errors_is_bounded_and_all_are_counted(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.usage.imports.storing.MOST_ERRORS", 5)
    monkeypatch.setattr(chunks, "MOST_ITEMS", 3)
    row = brought(acme, jsonl(samples.openai(), *([1] * 9)))
    assert row.error_count == 9
    with tenant_scope(acme):
        assert [error.line for error in line_errors(row)] == [2, 3, 4, 5, 6]


def test_spend_is_told_by_each_dimension(acme: Organization) -> None:
    later = samples.openai(2, timestamp="2026-11-02T12:00:00Z", api_key="sk-secret-abcd")
    row = brought(acme, jsonl(samples.openai(1), later, samples.openai(3, tags={"team": "ads"})))
    with tenant_scope(acme):
        told = {
            dimension.value: [
                (each.value, each.call_count, each.usd) for each in spend_by(row, dimension)
            ]
            for dimension in Dimension
        }
    assert told == {
        "total": [("", 3, 3 * COST)],
        "model": [("openai gpt-4o-2024-08-06", 3, 3 * COST)],
        "day": [("2026-11-01", 2, 2 * COST), ("2026-11-02", 1, COST)],
        "key": [("…abcd", 1, COST)],
        "user": [("ada", 3, 3 * COST)],
        "tag": [("team=search", 2, 2 * COST), ("team=ads", 1, COST)],
    }  # fmt: skip
    assert (row.first_at, row.last_at) == (AT, AT.replace(day=2))


def test_sums_of_a_usage_export_are_priced_as_such(acme: Organization) -> None:
    row = brought(acme, samples.OPENAI_USAGE.encode())
    assert counts(row) == (1, 0, 1, 0)
    with tenant_scope(acme):
        event, total = events().get(), total_spend(row)
    assert (event.is_estimated, event.actual_usd) == (True, 7 * COST)
    assert total is not None
    assert (total.call_count, total.usd) == (7, 7 * COST)
    assert row.estimates == []


def test_prompts_are_nowhere_once_a_log_is_read(
    acme: Organization,
    import_dir: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    canary = "the-canary-in-the-prompt"
    raw = samples.openai()
    raw["request"]["messages"] = [{"role": "system", "content": f"{canary} " * 900}]
    with django_capture_on_commit_callbacks(execute=True):
        row = brought(acme, jsonl(raw, [canary], {"timestamp": canary}))
    assert [path for path in import_dir.rglob("*") if path.is_file()] == []
    with tenant_scope(acme):
        stored = [
            *events().values(), *imports().values(), *line_errors(row).values(),
            *row.spend.values(), *Pattern.objects.values(),
        ]  # fmt: skip
    assert canary not in str(stored)


def test_a_file_that_is_gone_ends_its_import(acme: Organization, import_dir: Path) -> None:
    row = uploaded(acme, jsonl(samples.openai()))
    next(import_dir.rglob(row.stored_name)).unlink()
    with tenant_scope(acme):
        ended = advance_import(import_id=row.pk, clock=lambda: NOW)
    assert (ended.state, ended.failure) == (
        State.FAILED, "The uploaded file is gone. Upload it again.",
    )  # fmt: skip


def test_a_packed_file_is_the_same_file(acme: Organization) -> None:
    content = jsonl(samples.openai())
    first = brought(acme, content)
    packed = brought(acme, gzip.compress(content[:50]) + gzip.compress(content[50:]))
    assert (packed.same_as_id, packed.digest, counts(packed)) == (
        first.pk, first.digest, (0, 1, 0, 0),
    )  # fmt: skip


def test_an_import_goes_to_an_open_project_of_its_organization(acme: Organization) -> None:
    project = make_project(acme, "Search")
    row = brought(acme, jsonl(samples.openai()), project_id=project.pk)
    assert row.project_id == project.pk
    strange = make_project(make_organization("Acme"), "Search")
    for terms in ({"project_id": strange.pk}, {"format": "papyrus"}):
        with pytest.raises(InvalidImport):
            uploaded(acme, jsonl(samples.openai(2)), **terms)


def test_imports_that_wait_are_bounded(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.usage.imports.services.MOST_OPEN", 1)
    uploaded(acme, b"a\n")
    with pytest.raises(TooManyImports):
        uploaded(acme, b"b\n")
    uploaded(make_organization("Acme"), b"c\n")


def test_what_nobody_reads_is_swept(acme: Organization, import_dir: Path) -> None:
    waiting = uploaded(acme, jsonl(samples.openai()))
    left = files.receive(organization_id=acme.pk, pieces=[b"left behind"])
    with tenant_scope(acme):
        assert sweep_imports(at=NOW.replace(year=2020)) == 0
        assert sweep_imports(at=NOW.replace(year=2027)) == 1
    assert not left.path.exists()
    assert next(import_dir.rglob(waiting.stored_name)).exists()
    assert sweep_task() == 0


def test_a_value_that_cannot_be_stored_costs_its_line(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_row = store.read_row

    def spoiled(encoded: bytes) -> Any:
        row = read_row(encoded)
        return (
            row._replace(values=[*row.values[:-1], "no json"]) if b"chatcmpl-3" in encoded else row
        )

    monkeypatch.setattr(store, "read_row", spoiled)
    row = brought(acme, jsonl(*(samples.openai(number) for number in range(1, 8))))
    assert counts(row) == (6, 0, 0, 1)
    with tenant_scope(acme):
        assert LineError.objects.get().line == 3
