import os
from pathlib import Path

import pytest

from netra.launch.failures import LaunchError
from netra.launch.locking import hold, holder_of


def test_a_lock_names_its_holder_while_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert holder_of(path) is None
    with hold(path, "up"):
        holder = holder_of(path)
        assert holder is not None
        assert (holder.command, holder.pid, holder.is_alive()) == ("up", os.getpid(), True)
    assert holder_of(path) is None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("up", "apex up already runs here (process {}); stop it with ./apex down"),
        ("manage", "apex manage runs here (process {}); wait for it to end"),
    ],
)
def test_a_second_holder_is_told_who_is_first(tmp_path: Path, command: str, words: str) -> None:
    with (
        hold(tmp_path / "lock", command),
        pytest.raises(LaunchError) as refusal,
        hold(tmp_path / "lock", "up", wait_seconds=0.1),
    ):
        pass
    assert str(refusal.value) == words.format(os.getpid())
