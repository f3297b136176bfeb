import os
from pathlib import Path

import pytest

from netra.launch.environment import Addresses, child_environment
from netra.launch.output import Outputs
from netra.launch.places import Places
from netra.launch.supervisor import Patience, describe_end
from netra.launch.terminal import Terminal
from netra.launch.up import procfile_programs


def test_pauses_double_up_to_the_longest() -> None:
    patience = Patience(first_pause_seconds=0.5, longest_pause_seconds=3)
    assert [patience.pause_seconds(failures) for failures in range(5)] == [0.5, 0.5, 1, 2, 3]


@pytest.mark.parametrize(
    ("status", "words"), [(3, "ended with status 3"), (-9, "was ended by SIGKILL")]
)
def test_an_end_is_described(status: int, words: str) -> None:
    assert describe_end(status) == words


def test_the_procfile_is_read_without_a_shell(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    (tmp_path / "Procfile").write_text('# all\n\nweb: serve --port $PORT_WEB "a b"\n')
    env = child_environment(places, {}, services={}, addresses=Addresses(portal=1234))
    [program] = procfile_programs(places, env)
    assert (program.name, program.argv) == ("web", ("serve", "--port", "1234", "a b"))
    assert program.log == tmp_path / ".local" / "log" / "web.log"


def test_output_goes_to_the_terminal_by_line_and_to_the_log_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = Outputs(Terminal())
    reader, writer = os.pipe()
    with open(writer, "wb") as pipe:
        outputs.follow("web", open(reader, "rb"), tmp_path / "web.log")  # noqa: SIM115 (it closes)
        pipe.write(b"one\ntwo\nhalf")
    outputs.drain()
    assert capsys.readouterr().out == "web     | one\nweb     | two\n"
    assert (tmp_path / "web.log").read_bytes() == b"one\ntwo\nhalf"


def test_a_log_that_cannot_be_written_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = Outputs(Terminal())
    reader, writer = os.pipe()
    with open(writer, "wb", buffering=0) as pipe:
        outputs.follow("web", open(reader, "rb"), tmp_path)  # noqa: SIM115 (it closes)
        pipe.write(b"one\n")
        outputs.drain()
        pipe.write(b"two\n")
    outputs.drain()
    assert capsys.readouterr().out == (
        f"web     | one\n{tmp_path} is not written any more: Is a directory\nweb     | two\n"
    )
