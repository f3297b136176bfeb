import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from netra.launch.records import MARK, Record, Run, marked_processes, start_time, sweep
from netra.launch.records import sweep_earlier as sweep_others


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, f"test-{os.getpid()}")


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_has_one_start_time_and_none_when_it_is_gone(
    sleeper: "subprocess.Popen[bytes]",
) -> None:
    began = start_time(sleeper.pid)
    assert began == start_time(sleeper.pid) != ""
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # now a zombie
    assert start_time(sleeper.pid) == ""


def test_a_sweep_ends_what_is_on_record(run: Run, sleeper: "subprocess.Popen[bytes]") -> None:
    run.add("sleeper", sleeper.pid, signal.SIGTERM)
    assert [record.name for record in run.survivors()] == ["sleeper"]
    assert sweep(run) == 1
    assert sleeper.wait() == -signal.SIGTERM
    assert not run.path.exists()


def test_a_process_that_took_over_the_number_is_left_alone(
    run: Run, sleeper: "subprocess.Popen[bytes]"
) -> None:
    run.add("sleeper", sleeper.pid, signal.SIGTERM)
    run.path.write_text(run.path.read_text().replace(start_time(sleeper.pid), "another-boot:1"))
    assert sweep(run) == 0
    assert sleeper.poll() is None


def test_what_ignores_the_request_is_killed(run: Run) -> None:
    deaf = "trap '' TERM; echo deaf; while :; do sleep 1; done"
    with subprocess.Popen(["sh", "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        run.add("deaf", process.pid, signal.SIGTERM)
        sweep(run, grace_seconds=0.1)
        assert process.wait() == -signal.SIGKILL


def test_descendants_are_found_by_the_name_of_the_run(run: Run) -> None:
    env = os.environ | {MARK: run.run_id}
    with subprocess.Popen(["sleep", "60"], env=env, start_new_session=True) as process:
        found = marked_processes(run.mark)
        sweep(run)
    assert [record.pid for record in found] == [process.pid]
    assert process.returncode == -signal.SIGTERM


def test_a_record_that_was_cut_off_is_skipped(run: Run) -> None:
    run.add("ourselves", os.getpid(), signal.SIGTERM)
    with run.path.open("a") as file:
        file.write('{"name": "half')
    assert [record.pid for record in run.survivors()] == [os.getpid()]


def test_earlier_runs_are_swept_and_the_present_one_kept(tmp_path: Path) -> None:
    earlier, present = Run(tmp_path, "earlier"), Run(tmp_path, "present")
    for run in (earlier, present):
        run.path.write_text("")
    assert sweep_others(tmp_path, keep="present") == 0
    assert [path.stem for path in tmp_path.iterdir()] == ["present"]


def test_a_record_without_start_time_names_nobody() -> None:
    assert not Record("gone", 2**22 - 1, "", signal.SIGTERM).is_alive()
