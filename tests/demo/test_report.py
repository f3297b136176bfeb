"""The table, the progress line, and the file of a run."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from demo.__main__ import main
from demo.ledger import Ledger
from demo.organizations import Customer
from demo.progress import Progress
from demo.proving import Proven
from demo.report import Result, table, where
from demo.state import Run, read_run, write_run
from demo.truth import Truth

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CUSTOMER = Customer(
    "all", "Demo: all levers", "demo-all", str(UUID(int=1)), str(UUID(int=2)), str(UUID(int=3)),
    (AT + timedelta(days=1)).isoformat(), "nap_test_x", "sk-demo",
)  # fmt: skip
TRUTH = Truth(
    calls=1_000, errors=0, kept=20, without=Decimal(10), paid=Decimal(7), comparing=Decimal("0.5"),
    same=0.99, reference_same=1.0, right=0.98, reference_right=0.98,
)  # fmt: skip
LEDGER = Ledger(Decimal("2.4"), Decimal("2.9"), {"exact_cache": Decimal("2.4")})
PROVEN = Proven(
    UUID(int=4), 300, 60, Decimal("1.5"), Decimal("1.5"), Decimal("1.5"), Decimal("3.5"),
    Decimal("-0.2"), Decimal("0.3"), Path("/tmp/demo-all.zip"), "ab12", is_verified=True,  # noqa: S108
)  # fmt: skip
RESULT = Result(CUSTOMER, TRUTH, LEDGER, PROVEN)


def test_the_truth_counts_what_comparing_cost_and_the_ledger_is_held_against_the_calls() -> None:
    assert (TRUTH.saved, TRUTH.saved_on_calls) == (Decimal("2.5"), Decimal(3))
    assert RESULT.off == Decimal("-0.1")
    assert RESULT.is_good


@pytest.mark.parametrize(
    "result",
    [
        replace(RESULT, proven=replace(PROVEN, proven=Decimal("2.51"))),
        replace(RESULT, proven=replace(PROVEN, off_low=Decimal("-0.05"))),
        replace(RESULT, proven=replace(PROVEN, is_verified=False)),
        replace(RESULT, truth=replace(TRUTH, errors=1)),
    ],
)
def test_a_figure_that_is_not_as_it_should_be_is_seen(result: Result) -> None:
    assert not result.is_good


def test_the_table_has_a_column_for_each_customer() -> None:
    other = replace(CUSTOMER, title="Demo: all in shadow", slug="demo-shadow")
    lines = table([RESULT, replace(RESULT, customer=other)]).splitlines()
    assert lines[0].split("  ")[-1].strip() == "all in shadow"
    cells = {line[:30].strip(): line[30:].split() for line in lines}
    assert cells["TRUE SAVING"] == ["$2.5000", "$2.5000"]
    assert cells["- by exact cache"] == ["$2.4000", "$2.4000"]
    assert cells["true saving >= proven"] == ["yes", "yes"]
    assert "demo-shadow" not in where([RESULT], "http://localhost:8000")
    assert "/o/demo-all/proof/statements/" in where([RESULT], "http://localhost:8000")


def test_progress_is_a_line_for_each_tenth_where_nobody_looks() -> None:
    file = io.StringIO()
    progress = Progress(20, done=10, file=file)
    for _ in range(10):
        progress.step()
    lines = file.getvalue().splitlines()
    assert [line.split("] ")[1].partition(" of")[0] for line in lines] == [
        "12", "14", "16", "18", "20",
    ]  # fmt: skip


def test_a_run_is_kept_for_its_owner_alone_and_can_go_on_for_a_day(tmp_path: Path) -> None:
    run = Run("20261121-120000", 4_000, AT, (CUSTOMER,))
    write_run(tmp_path / "demo", run)
    assert read_run(tmp_path / "demo") == run
    assert (tmp_path / "demo" / "run.json").stat().st_mode & 0o077 == 0
    assert not run.over(AT + timedelta(hours=23))
    assert run.over(AT + timedelta(hours=24))
    write_run(tmp_path / "demo", run.ended(AT))
    assert read_run(tmp_path / "demo") == replace(run, ended_at=AT)


def test_a_damaged_run_is_no_run(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    (tmp_path / "run.json").write_text("{")
    assert read_run(tmp_path) is None


@pytest.mark.parametrize("given", [["--requests", "0"], ["--requests", "x"], ["--speed", "0"]])
def test_an_option_that_makes_no_sense_is_refused_before_anything_runs(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(given)
    assert f"argument {given[0]}: {given[1]} is no" in capsys.readouterr().err
