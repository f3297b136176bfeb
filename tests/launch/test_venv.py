import hashlib
import json
import sys
from pathlib import Path

import pytest

from netra.launch import venv
from netra.launch.failures import DiskFullError, LaunchError
from netra.launch.places import Places
from netra.launch.terminal import Terminal
from netra.launch.uv import pip_settings, run, uv_settings


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A checkout whose `.venv` was installed completely, without development tools."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name in (venv.RUNTIME, venv.DEV):
        (tmp_path / name).write_text(name)
    made = Places.of(tmp_path)
    stamp(made, {"root": str(tmp_path), venv.RUNTIME: digest(venv.RUNTIME)})
    return made


def stamp(places: Places, values: dict[str, str]) -> None:
    (places.venv / "apex-stamp.json").write_text(json.dumps(values))


def test_an_environment_is_current_for_what_its_stamp_says(places: Places) -> None:
    assert venv.is_current(places, venv.RUNTIME)
    assert not venv.is_current(places, venv.DEV)


def test_changed_requirements_make_it_stale(places: Places) -> None:
    (places.root / venv.RUNTIME).write_text("more")
    assert not venv.is_current(places, venv.RUNTIME)


def test_a_moved_checkout_makes_it_stale(places: Places) -> None:
    stamp(places, {"root": "/elsewhere", venv.RUNTIME: digest(venv.RUNTIME)})
    assert not venv.is_current(places, venv.RUNTIME)


def test_a_python_that_is_gone_makes_it_stale(places: Places) -> None:
    places.python.unlink()
    places.python.symlink_to("/nowhere/python3.11")
    assert not venv.is_current(places, venv.RUNTIME)


def test_a_damaged_stamp_makes_it_stale(places: Places) -> None:
    (places.venv / "apex-stamp.json").write_text('{"root"')
    assert not venv.is_current(places, venv.RUNTIME)


@pytest.mark.parametrize(("tool", "file"), [("pytest", venv.DEV), ("celery", venv.RUNTIME)])
def test_development_tools_are_never_taken_away(
    places: Places, monkeypatch: pytest.MonkeyPatch, tool: str, file: str
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(venv, "_prepare_venv", lambda *_: None)
    monkeypatch.setattr(venv, "uv", lambda _, arguments: installed.append(arguments[-1]))
    (places.venv / "bin" / tool).touch()
    (places.root / venv.RUNTIME).write_text("more")

    venv.ensure_venv(places, venv.RUNTIME, Terminal())

    assert installed == [file]
    assert venv.is_current(places, venv.RUNTIME)
    assert venv.is_current(places, venv.DEV) == (file == venv.DEV)


def test_an_installation_that_was_cut_off_begins_anew(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    remains = places.venv / "half-a-package"
    remains.touch()
    monkeypatch.setattr(venv, "install_uv", lambda _: None)
    monkeypatch.setattr(venv, "uv", cut_off)
    with pytest.raises(KeyboardInterrupt):
        venv.ensure_venv(places, venv.DEV, Terminal())
    assert not venv.is_current(places, venv.RUNTIME)

    monkeypatch.setattr(venv, "uv", lambda *_: None)
    venv.ensure_venv(places, venv.RUNTIME, Terminal())

    assert venv.is_current(places, venv.RUNTIME)
    assert not remains.exists()


def test_variables_overrule_the_files_of_pip() -> None:
    listed = ":env:.cert='/env.pem'\nglobal.cert='/file.pem'\nglobal.index-url='https://mirror'\n"
    assert pip_settings(listed) == {"cert": "/env.pem", "index-url": "https://mirror"}


def test_uv_is_told_what_pip_knows_unless_the_caller_says_otherwise(places: Places) -> None:
    pip = {"cert": "/ca.pem", "index-url": "https://mirror", "timeout": "3"}
    told = uv_settings(places, {"UV_DEFAULT_INDEX": "https://own"}, pip)
    assert told["SSL_CERT_FILE"] == "/ca.pem"
    assert told["UV_PYTHON_DOWNLOADS"] == "never"
    assert "UV_DEFAULT_INDEX" not in told


def test_a_failed_command_says_its_words(places: Places) -> None:
    with pytest.raises(LaunchError, match="sh -c .* failed; its words:\nno network"):
        run(["sh", "-c", "echo no network; exit 1"], places)
    with pytest.raises(DiskFullError):
        run(["sh", "-c", "echo write: No space left on device; exit 1"], places)
