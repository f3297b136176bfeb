"""`up` with real databases: reached, stopped, killed, and started again."""

import os
import random
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from netra.launch.files import read_assignments
from netra.launch.locking import holder_of
from netra.launch.terminal import Terminal
from netra.launch.up import down
from tests.launch.projects import Project, eventually


def write_something(project: Project) -> None:
    project.sql("CREATE TABLE kept (word text)")
    project.sql("INSERT INTO kept VALUES ('row')")
    project.queue().set("kept", "entry")


def read_something(project: Project) -> tuple[object, object]:
    return project.sql("SELECT word FROM kept"), project.queue().get("kept")


KEPT = ([("row",)], "entry")


def test_up_says_where_everything_is_and_ctrl_c_leaves_nothing(project: Project) -> None:
    running = project.up().wait_until_ready()

    ready = [line for line in running.said().splitlines() if line.startswith("ready")]
    announcement = project.places.announcement
    values = read_assignments(announcement)

    assert ready == [
        f"ready  portal http://localhost:{project.portal}  "
        f"gateway http://localhost:{project.gateway}  login demo@netra.local / secret-word"
    ]
    assert announcement.stat().st_mode & 0o777 == 0o600
    assert project.places.demo.stat().st_mode & 0o777 == 0o600
    assert values["APEX_PORTAL_URL"] == f"http://localhost:{project.portal}"
    assert values["APEX_DEMO_KEY"] == "nap_test_1"
    assert {"DATABASE_URL", "REDIS_URL", "CACHE_URL"} < values.keys()
    assert values["NETRA_SIMULATOR_URL"] == f"http://localhost:{values['PORT_SIMULATOR']}"
    assert running.signal(signal.SIGINT) == 0
    assert project.processes() == {}


def test_data_and_addresses_survive_a_restart(project: Project) -> None:
    first = project.up().wait_until_ready()
    write_something(project)
    before = read_assignments(project.places.announcement)
    first.signal(signal.SIGTERM)

    second = project.up().wait_until_ready()

    assert read_something(project) == KEPT
    assert read_assignments(project.places.announcement) == before
    assert second.signal(signal.SIGTERM) == 0


def test_killing_the_supervisor_leaves_no_process_and_no_loss(project: Project) -> None:
    first = project.up().wait_until_ready()
    write_something(project)

    first.signal(signal.SIGKILL)

    eventually(lambda: not project.processes())
    project.up().wait_until_ready()
    assert read_something(project) == KEPT


@pytest.mark.parametrize("name", ["postgres", "queue"])
def test_a_killed_database_is_named_and_comes_back_with_its_data(
    project: Project, name: str
) -> None:
    running = project.up().wait_until_ready()
    write_something(project)
    binary = {"postgres": "bin/postgres -D", "queue": "valkey-server"}[name]

    os.kill(project.pid_of(binary), signal.SIGKILL)

    running.wait_for(f"{name} was ended by SIGKILL; starting it again in 0.05 s")
    eventually(lambda: _answers(project))
    assert read_something(project) == KEPT


def _answers(project: Project) -> bool:
    try:
        return read_something(project) == KEPT
    except Exception:  # noqa: BLE001 (whatever a client says while the server is away)
        return False


def test_the_lock_file_of_a_killed_postgres_does_not_stop_the_next_start(project: Project) -> None:
    project.up().wait_until_ready().signal(signal.SIGTERM)
    # The process id in it belongs to somebody else by now: ourselves.
    lock = project.places.local / "postgres" / "data" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n")

    project.up().wait_until_ready()

    assert project.sql("SELECT 1") == [(1,)]


def test_a_second_up_is_refused_in_one_line(project: Project) -> None:
    first = project.up().wait_until_ready()

    refused = project.up()

    assert refused.process.wait(timeout=60) == 2
    assert refused.said() == (
        f"apex: apex up already runs here (process {first.process.pid}); stop it with ./apex down\n"
    )


def test_down_stops_what_runs_and_is_content_with_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    running = project.up().wait_until_ready()

    assert down(project.places, Terminal()) == 0
    assert running.process.wait(timeout=60) == 0
    assert project.processes() == {}
    assert holder_of(project.places.lock) is None
    assert down(project.places, Terminal()) == 0
    assert capsys.readouterr().out == "stopped\nnothing was running\n"


def test_a_program_that_keeps_failing_is_given_up_with_its_last_words(project: Project) -> None:
    (project.root / "worker.py").write_text("print('no such queue'); raise SystemExit(3)")

    running = project.up()

    assert running.process.wait(timeout=60) == 2
    assert "apex: worker ended with status 3, 3 times in a row; the end of" in running.said()
    assert running.said().endswith("    no such queue\n\n")
    assert project.processes() == {}


def test_a_failed_preparation_is_shown(project: Project) -> None:
    (project.root / "manage.py").write_text("raise SystemExit('no such migration')")

    running = project.up()

    assert running.process.wait(timeout=60) == 2
    assert "bringing the database up to date failed with status 1" in running.said()
    assert "    no such migration\n" in running.said()


def test_a_taken_port_is_named_with_its_option(project: Project) -> None:
    with socket.create_server(("127.0.0.1", project.gateway)):
        running = project.up()
        assert running.process.wait(timeout=60) == 2
    assert running.said() == (
        f"apex: port {project.gateway} is taken by another program; "
        "stop it or choose another with --gateway-port PORT\n"
    )


def test_an_unreachable_database_is_named(project: Project) -> None:
    running = project.up(DATABASE_URL="postgres://user:word@127.0.0.1:1/name")

    assert running.process.wait(timeout=60) == 2
    assert running.said() == (
        "apex: DATABASE_URL points to 127.0.0.1:1, which cannot be reached (Connection refused); "
        "start that server, or unset DATABASE_URL to let apex run its own\n"
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_random_kills_lose_nothing(project: Project, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (a reproducible choice, not a secret)
    project.up().wait_until_ready()
    write_something(project)
    for round_number in range(1, 6):
        project.sql(f"INSERT INTO kept VALUES ('{round_number}')")  # noqa: S608 (a number)
        victims = sorted(project.processes())
        for pid in chance.sample(victims, k=chance.randint(1, len(victims))):
            subprocess.run(["kill", "-9", str(pid)], check=False, capture_output=True)
        down(project.places, Terminal())
        eventually(lambda: not project.processes())
        project.up().wait_until_ready()
        assert project.sql("SELECT count(*) FROM kept") == [(round_number + 1,)]
        assert project.queue().get("kept") == "entry"


def test_logs_are_kept_for_each_program(project: Project) -> None:
    project.up().wait_until_ready().signal(signal.SIGTERM)

    names = {path.name for path in Path(project.places.logs).iterdir()}

    assert names == {
        f"{name}.log"
        for name in (
            "postgres",
            "queue",
            "cache",
            "prepare",
            "web",
            "gateway",
            "simulator",
            "worker",
        )
    }
