"""`manage`, `bench`, `test` and `check`: what they run, with what, and what they answer."""

import json
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from bench.__main__ import main as run_bench
from bench.rows import Row, table, write_json
from netra.launch import benching, checking, commands
from netra.launch.browser import find_browser
from netra.launch.checking import Outcome
from netra.launch.cli import COMMANDS, main
from netra.launch.failures import LaunchError
from netra.launch.places import CHECKOUT, Places
from netra.launch.testing import is_whole, outside_variables, pytest_command
from tests.launch.projects import Project, shared_binaries


def caller() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "NETRA_PG_BIN": str(shared_binaries())}


def test_manage_borrows_what_up_runs(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.up().wait_until_ready()
    before = project.processes()

    assert commands.manage(project.places, caller(), ["env", "NETRA_PORTAL_URL", "0"]) == 0

    assert capfd.readouterr().out == f"http://localhost:{project.portal}\n"
    assert project.processes() == before


def test_manage_alone_runs_the_databases_for_itself(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    assert commands.manage(project.places, caller(), ["env", "DATABASE_URL", "7"]) == 7
    assert capfd.readouterr().out.startswith("postgres://netra:")
    assert project.processes() == {}


def test_an_unknown_benchmark_is_answered_with_those_there_are(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    (tmp_path / "bench").mkdir()
    for name in ("__init__", "__main__", "rows", "tenants", "gateway"):
        (tmp_path / "bench" / f"{name}.py").touch()
    for name, text in (("proof", '"""It."""\n\ndef run(quick): ...\n'), ("relays", "")):
        (tmp_path / "bench" / name).mkdir()
        (tmp_path / "bench" / name / "__init__.py").write_text(text)
    assert benching.benchmarks(places) == ["gateway", "proof", "tenants"]
    with pytest.raises(LaunchError, match="no benchmark nothing; there are: gateway proof tenants"):
        benching.bench(places, ["nothing"])


ROWS = [
    Row("create one organization", 0.43, "s", None, 1.5, True, 0.4),
    Row("requests", 12_345.6, "1/s", 4.0, 20_000, False),
    Row("size", 3, "MB"),
]


def test_rows_are_a_table_for_people_and_json_with_the_same_names(tmp_path: Path) -> None:
    assert table(ROWS) == (
        "figure                   value   unit  baseline  ratio  target  met  aim\n"
        "create one organization  0.43    s     -         -      1.5     yes  0.4\n"
        "requests                 12,346  1/s   4         3086   20,000  no   -\n"
        "size                     3       MB    -         -      -       -    -"
    )
    write_json(tmp_path / "rows.json", ROWS[:1])
    assert json.loads((tmp_path / "rows.json").read_text()) == [
        {
            "figure": "create one organization",
            "value": 0.43,
            "unit": "s",
            "baseline": None,
            "target": 1.5,
            "met": True,
            "aim": 0.4,
        }
    ]


def test_a_benchmark_that_misses_its_target_has_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Module:
        @staticmethod
        def run(quick: bool) -> list[Row]:
            return [Row("quick", float(quick), "", None, 2, False)]

    monkeypatch.setattr("importlib.import_module", lambda name: {"bench.speed": Module}[name])
    run_bench(["speed", "--quick", "--json", str(tmp_path / "rows.json")])
    said = capsys.readouterr().out.splitlines()[1].split()
    assert said == ["quick", "1", "-", "-", "2", "no", "-"]
    assert json.loads((tmp_path / "rows.json").read_text())[0]["met"] is False


def test_a_length_that_a_benchmark_does_not_know_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Module:
        __name__ = "bench.speed"

        @staticmethod
        def run(quick: bool, *, minutes: float | None = None) -> list[Row]:
            return [Row("minutes", minutes or 0, "", None, 2, minutes == 2)]

    monkeypatch.setattr("importlib.import_module", lambda name: {"bench.speed": Module()}[name])
    assert run_bench(["speed", "--minutes", "2"]) == 0
    with pytest.raises(SystemExit, match="bench.speed takes no is_long"):
        run_bench(["speed", "--long"])


def test_all_benchmarks_are_run_as_often_as_asked_and_then_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bench").mkdir()
    for name in ("tenants", "gateway"):
        (tmp_path / "bench" / f"{name}.py").touch()
    commands: list[list[str]] = []

    def run(command: list[str], *, env: dict[str, str], cwd: Path) -> int:
        commands.append(command[2:])
        return int("gateway" in command)

    monkeypatch.setattr(benching, "run_foreground", run)
    monkeypatch.setattr(benching, "_environment", lambda places, name: nullcontext({}))
    assert benching.bench(Places.of(tmp_path), ["all", "--quick", "--runs", "2"]) == 1
    assert commands == [
        *[["bench", "gateway", "--quick", "--keep"]] * 2,
        *[["bench", "tenants", "--quick", "--keep"]] * 2,
        ["bench.publishing"],
    ]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ([], True),
        (["-q"], True),
        (["-k", "x"], False),
        (["tests/a.py"], False),
        (["-mlong"], False),
    ],
)
def test_a_run_is_whole_when_nothing_narrows_it(arguments: list[str], whole: bool) -> None:
    assert is_whole(arguments) is whole


def test_tests_run_on_every_core_unless_told_otherwise() -> None:
    assert pytest_command("python", [])[-2:-1] == ["-n"]
    assert pytest_command("python", ["-n0", "tests/a.py"]) == [
        *("python", "-m", "pytest", "-p", "tests.workers"),
        *("-n0", "tests/a.py"),
    ]


def test_tests_never_see_the_callers_data() -> None:
    given = {"DATABASE_URL": "theirs", "REDIS_URL_FILE": "theirs", "NETRA_KEK": "theirs"}
    assert outside_variables(given | {"PATH": "/bin"}) == {"PATH": "/bin"}


def test_check_reports_each_result_and_fails_with_any(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [Outcome("lint", True, "fine", 0.1), Outcome("types", False, "a.py:1", 12.3)]
    assert checking.report(outcomes) == 1
    assert capsys.readouterr().out == (
        "── types\na.py:1\n\nlint        ok        0.1 s\ntypes       FAILED   12.3 s\n"
    )
    assert checking.report(outcomes[:1]) == 0


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(LaunchError, match="there is no check spelling; there are: sizes lint"):
        checking.check(Places.of(CHECKOUT), ["spelling"])


@pytest.mark.parametrize(("command", "told"), [("check", "sizes | lint"), ("lock", "--upgrade")])
def test_help_of_a_command_does_nothing_else(
    command: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, run = COMMANDS[command]
    assert run(Places.of(tmp_path), ["--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: apex {command} [")
    assert told in said


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: ./apex COMMAND")


def test_an_unknown_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert capsys.readouterr().err == "apex: there is no command fly; ./apex help lists them\n"


def test_a_named_browser_is_taken(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    assert find_browser(places, {"NETRA_CHROMIUM": "/own"}) == {"NETRA_CHROMIUM": "/own"}
    assert find_browser(places, {"PATH": str(tmp_path)}) == {}
    (tmp_path / "chromium").touch(mode=0o755)
    found = find_browser(places, {"PATH": str(tmp_path)})
    assert found == {"NETRA_CHROMIUM": str(tmp_path / "chromium")}
