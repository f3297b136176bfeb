"""What `./apex demo` says when it does not come to its end."""

from pathlib import Path

import pytest
from pytest_django import Settings

from demo import commanding


@pytest.mark.parametrize("step", ["traffic", "_load", "begin"])
def test_a_run_that_is_stopped_before_its_first_call_says_how_to_go_on(
    step: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def stop(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("NETRA_DATA_DIR", str(tmp_path / "absent"))
    settings.SIMULATOR_URL = "http://localhost:1"
    monkeypatch.setattr(commanding, "_load", lambda *_given: None)
    monkeypatch.setattr(commanding, step, stop)

    status = commanding.run_demo(requests=3, speed=None, is_anew=True, folder=tmp_path)

    assert status == 130
    assert capsys.readouterr().out.endswith("Stopped. ./apex demo goes on from here.\n")
