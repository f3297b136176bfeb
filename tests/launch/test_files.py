import errno
import os
from pathlib import Path

import pytest

from netra.launch.failures import DiskFullError, LaunchError, explain_os_error
from netra.launch.files import (
    bounded_log,
    read_assignments,
    read_json,
    require_space,
    tail,
    write_assignments,
    write_json,
    write_private,
)


def test_a_private_file_is_readable_by_its_owner_only_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "below" / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    write_private(path, "one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "two")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("secret", "one")]


def test_json_comes_back_and_is_empty_when_absent(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": 1})
    assert read_json(tmp_path / "a.json") == {"a": 1}
    assert read_json(tmp_path / "b.json") == {}


def test_damaged_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(LaunchError, match=r"a\.json is damaged .* restore it or delete it"):
        read_json(tmp_path / "a.json")


def test_assignments_keep_equal_signs_in_values(tmp_path: Path) -> None:
    values = {"A": "x=y", "B": ""}
    write_assignments(tmp_path / "env", values)
    assert (tmp_path / "env").read_text() == "A=x=y\nB=\n"
    assert read_assignments(tmp_path / "env") == values
    assert read_assignments(tmp_path / "none") == {}


def test_too_little_space_is_refused(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(DiskFullError, match=r"\(\d+ MB free, 4398046511104 MB needed\)"):
        require_space(tmp_path, 1 << 62)


def test_a_long_log_is_moved_aside_once(tmp_path: Path) -> None:
    log = tmp_path / "log" / "web.log"
    bounded_log(log).write_text("12345")
    assert bounded_log(log, limit_bytes=5).read_text() == "12345"
    bounded_log(log, limit_bytes=4)
    assert [path.name for path in log.parent.iterdir()] == ["web.log.1"]


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("one\ntwo\nthree\n")
    assert tail(log, lines=2) == "    two\n    three\n"
    assert tail(tmp_path / "none.log") == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            errno.ENOSPC,
            "the disk is full at /there (no space left); free some space and run it again",
        ),
        (
            errno.EACCES,
            "/there may not be written or run by this user (it says); "
            "run it as the owner of the checkout",
        ),
    ],
)
def test_errors_of_the_system_are_one_line(number: int, words: str) -> None:
    assert str(explain_os_error(OSError(number, "it says", "/there"))) == words


def test_an_unknown_error_says_where_it_came_from() -> None:
    try:
        Path("/nowhere/at/all").read_text()
    except OSError as error:
        words = str(explain_os_error(error))
    assert words.startswith("[Errno 2] No such file or directory: '/nowhere/at/all' (")
