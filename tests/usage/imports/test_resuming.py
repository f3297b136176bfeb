import json
from decimal import Decimal
from typing import Any

import pytest

from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.usage.imports import chunks
from apps.usage.imports.models import Import, State
from apps.usage.imports.selectors import import_of, total_spend
from apps.usage.imports.services import advance_import
from apps.usage.imports.tasks import advance as advance_task
from apps.usage.selectors import events
from tests.factories import make_organization
from tests.usage.imports import samples
from tests.usage.imports.importing import uploaded
from tests.usage.imports.samples import NOW, jsonl

pytestmark = pytest.mark.django_db
COST = Decimal("0.00275")


def counts(row: Import) -> tuple[int, int, int, int]:
    return row.new_count, row.known_count, row.skipped_count, row.error_count


class Killed(BaseException):
    """What ends a process in the middle."""


@pytest.mark.parametrize("shape", ["lines", "document", "table"])
def test_a_killed_import_goes_on_where_it_was(
    shape: str, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [samples.helicone(number) for number in range(25)]
    lines = [*map(json.dumps, records)]
    lines[7] = lines[7][:-9]
    content = {
        "lines": "\n".join(lines),
        "document": json.dumps(records, indent=2),
        "table": _table(records),
    }[shape].encode()
    monkeypatch.setattr(chunks, "MOST_ITEMS", 4)
    row = uploaded(acme, content)
    call, calls = chunks._call, iter(range(10_000))

    def dies(*arguments: Any) -> Any:
        if next(calls) in (6, 13, 22):
            raise Killed
        return call(*arguments)

    monkeypatch.setattr(chunks, "_call", dies)
    deaths = 0
    while row.is_open:
        try:
            with tenant_scope(acme):
                row = advance_import(import_id=row.pk, clock=lambda: NOW)
        except Killed:
            deaths += 1
    assert deaths == 3
    assert counts(row) == ((24, 0, 0, 1) if shape == "lines" else (25, 0, 0, 0))
    with tenant_scope(acme):
        total = total_spend(row)
        assert events().count() == row.new_count
    assert total is not None
    assert (total.call_count, total.usd) == (row.new_count, row.new_count * COST)


def _table(records: list[dict[str, Any]]) -> str:
    names = [name for name in records[0] if name != "request_properties"]
    rows = [[str(record[name]) for name in names] for record in records]
    return "\n".join(",".join(row) for row in [names, *rows])


def test_an_import_asks_for_its_work_and_for_more_of_it(acme: Organization) -> None:
    row = uploaded(acme, jsonl(samples.openai(1), samples.openai(2)))
    with tenant_scope(acme):
        ended = advance_import(import_id=row.pk, clock=lambda: NOW, seconds=0)
        assert ended.state == State.DONE
    jobs = Job.objects.filter(task="imports.advance")
    assert [job.arguments for job in jobs] == [{"import_id": str(row.pk)}]


def test_work_that_takes_long_is_cut_into_jobs(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MOST_ITEMS", 1)
    row = uploaded(acme, jsonl(samples.openai(1), samples.openai(2)))
    with tenant_scope(acme):
        states = [
            advance_import(import_id=row.pk, clock=lambda: NOW, seconds=0).state for _ in range(3)
        ]
        assert import_of(row.pk).percent == 100
    assert states == [State.RUNNING, State.RUNNING, State.DONE]
    assert Job.objects.filter(task="imports.advance").count() == 3


def test_the_task_of_another_organization_does_not_find_the_import(acme: Organization) -> None:
    other = make_organization("Acme")
    row = uploaded(acme, jsonl(samples.openai()))
    with pytest.raises(Import.DoesNotExist):
        advance_task(import_id=str(row.pk), organization_id=str(other.pk))
    advance_task(import_id=str(row.pk), organization_id=str(acme.pk))
    with tenant_scope(acme):
        assert import_of(row.pk).state == State.DONE
