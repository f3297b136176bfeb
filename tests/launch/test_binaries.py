import os
from pathlib import Path

import pytest

from netra.launch import binaries
from netra.launch.binaries import major_version, postgres_binaries, postgres_home, valkey_server
from netra.launch.failures import LaunchError
from netra.launch.places import Places
from netra.launch.postgres import Cluster, prepare
from netra.launch.processes import Account
from tests.launch.projects import shared_binaries

SOMEBODY = Account(os.getuid(), os.getgid())


def test_the_programs_of_the_wheels_are_there() -> None:
    assert os.access(valkey_server(), os.X_OK)
    assert major_version(shared_binaries()) == "18"


def test_a_copy_for_another_user_is_made_once_and_open_to_all(tmp_path: Path) -> None:
    copied = postgres_binaries(tmp_path, SOMEBODY, {})
    marker = copied / "marker"
    marker.touch()
    assert postgres_binaries(tmp_path, SOMEBODY, {}) == copied
    assert marker.exists()
    assert major_version(copied) == "18"
    modes = {path.stat().st_mode & 0o044 for path in copied.iterdir() if path != marker}
    assert modes == {0o044}


def test_another_build_must_have_its_programs(tmp_path: Path) -> None:
    assert (
        postgres_binaries(tmp_path, None, {"NETRA_PG_BIN": str(shared_binaries())})
        == shared_binaries()
    )
    with pytest.raises(LaunchError, match=r"has no program initdb; correct it"):
        postgres_binaries(tmp_path, None, {"NETRA_PG_BIN": str(tmp_path)})


def test_the_cluster_moves_where_its_user_can_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_ELSEWHERE", Path("/var/lib/elsewhere"))
    places = Places.of(tmp_path)
    places.local.mkdir(mode=0o700)
    assert postgres_home(places, None) == places.local / "postgres"

    chosen = postgres_home(places, SOMEBODY)

    assert chosen.parent == Path("/var/lib/elsewhere")
    assert (places.local / "postgres-directory").read_text() == f"{chosen}\n"
    monkeypatch.setattr(binaries, "_ELSEWHERE", Path("/var/lib/changed"))
    assert postgres_home(places, SOMEBODY) == chosen


def test_data_of_another_version_is_not_touched(tmp_path: Path) -> None:
    home = tmp_path / "postgres"
    (home / "data").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("17\n")
    log = tmp_path / "postgres.log"
    cluster = Cluster(home, shared_binaries(), None, log, port=1, password="", is_durable=True)
    with pytest.raises(LaunchError, match="was made by Postgres 17 and this is 18"):
        prepare(cluster)
