import base64
from pathlib import Path

import pytest

from netra.launch.environment import (
    Addresses,
    announce,
    announced,
    child_environment,
    given_url,
    is_set,
    local_secrets,
    without_own_urls,
)
from netra.launch.failures import LaunchError
from netra.launch.places import Places

URLS = {
    "DATABASE_URL": "postgres://netra:word@127.0.0.1:1/netra",
    "REDIS_URL": "redis://:word@127.0.0.1:2/0",
    "CACHE_URL": "redis://:word@127.0.0.1:3/0",
}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.of(tmp_path)


def test_secrets_are_made_once_and_private(places: Places) -> None:
    made = local_secrets(places)
    assert local_secrets(places) == made
    assert places.secrets.stat().st_mode & 0o777 == 0o600
    name, _, encoded = made["NETRA_KEK"].partition(":")
    assert (name, len(base64.b64decode(encoded))) == ("local1", 32)


def test_lost_secrets_are_not_replaced_behind_the_data(places: Places) -> None:
    local_secrets(places)
    places.announcement.write_text("")
    places.secrets.unlink()
    with pytest.raises(LaunchError, match="cannot be read; restore it, or delete"):
        local_secrets(places)


def test_an_exported_announcement_does_not_pass_for_servers_of_the_callers(places: Places) -> None:
    word = local_secrets(places)["postgres_password"]
    exported = {"PATH": "/bin", "DATABASE_URL": f"postgres://netra:{word}@127.0.0.1:1/netra"}
    foreign = {"REDIS_URL": "redis://:theirs@10.0.0.1:6379/0"}

    assert without_own_urls(places, exported | foreign) == {"PATH": "/bin"} | foreign


def test_children_see_ours_unless_the_caller_says_otherwise(places: Places) -> None:
    caller = {"PATH": "/bin", "NETRA_KEK_FILE": "/run/kek", "NETRA_SECRET_KEY": "theirs"}
    caller["PYTHONDONTWRITEBYTECODE"] = "1"
    env = child_environment(places, caller, services=URLS, addresses=Addresses(1234, 1235))
    kept = local_secrets(places)
    assert env == {
        **URLS,
        "PATH": f"{places.venv}/bin:/bin",
        "VIRTUAL_ENV": str(places.venv),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPYCACHEPREFIX": f"{places.local}/bytecode",
        "PYTHONDONTWRITEBYTECODE": "",
        "DJANGO_SETTINGS_MODULE": "netra.settings.dev",
        "NETRA_SPOOL_DIR": f"{places.local}/spool",
        "NETRA_GATEWAY_WORKERS": "1",
        "NETRA_KEK_FILE": "/run/kek",
        "NETRA_SECRET_KEY": "theirs",
        "NETRA_KEY_PEPPER": kept["NETRA_KEY_PEPPER"],
        "NETRA_PORTAL_URL": "http://localhost:1234",
        "NETRA_GATEWAY_URL": "http://localhost:1235",
        "PORT_WEB": "1234",
        "PORT_GATEWAY": "1235",
    }


def test_a_url_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://there\n")
    caller = {"REDIS_URL_FILE": str(tmp_path / "url"), "CACHE_URL_FILE": "/nowhere"}
    assert is_set(caller, "REDIS_URL")
    assert not is_set(caller, "DATABASE_URL")
    assert given_url(caller, "REDIS_URL") == "redis://there"
    with pytest.raises(LaunchError, match="CACHE_URL_FILE=/nowhere cannot be read"):
        given_url(caller, "CACHE_URL")


def test_an_announcement_holds_what_scripts_and_other_terminals_need(places: Places) -> None:
    env = child_environment(places, {}, services=URLS, addresses=Addresses())
    announce(places, env, {"email": "demo@netra.local", "password": "word", "key": "nap_test_1"})
    text = places.announcement.read_text()
    assert text.startswith(
        "APEX_PORTAL_URL=http://localhost:8000\n"
        "APEX_GATEWAY_URL=http://localhost:8001\n"
        "APEX_DEMO_EMAIL=demo@netra.local\n"
        "APEX_DEMO_PASSWORD=word\n"
        "APEX_DEMO_KEY=nap_test_1\n"
        "DATABASE_URL=postgres://netra:word@127.0.0.1:1/netra\n"
    )
    assert announced(places) == URLS | Addresses().variables()


def test_a_simulator_is_announced_where_one_runs(places: Places) -> None:
    addresses = Addresses(simulator=23456)
    env = child_environment(places, {}, services=URLS, addresses=addresses)
    announce(places, env, {})
    simulator = {
        "NETRA_SIMULATOR_URL": "http://localhost:23456",
        "PORT_SIMULATOR": "23456",
    }
    assert announced(places) == URLS | Addresses().variables() | simulator
