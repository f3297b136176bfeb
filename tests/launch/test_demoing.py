"""`demo`: only beside what `up` runs, with its addresses, and what was asked for."""

from pathlib import Path

import pytest

from netra.launch import demoing
from netra.launch.failures import LaunchError
from netra.launch.places import Places
from tests.launch.projects import Project
from tests.launch.test_commands import caller

SAYS = (
    "import os, sys\n"
    "print(os.environ['NETRA_PORTAL_URL'], os.environ['DATABASE_URL'] != '', *sys.argv[1:])\n"
    "sys.exit(3)\n"
)


def test_a_demo_needs_a_running_product(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"start \./apex up in another terminal"):
        demoing.demo(Places.of(tmp_path), {}, [])


def test_it_runs_with_the_addresses_of_the_product_and_keeps_its_files_beside_them(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    (project.places.root / "demo.py").write_text(SAYS)
    project.up().wait_until_ready()
    capfd.readouterr()
    assert demoing.demo(project.places, caller(), ["--requests", "7"]) == 3
    folder = project.places.local / "demo"
    expected = f"http://localhost:{project.portal} True --folder {folder} --requests 7\n"
    assert capfd.readouterr().out == expected


def test_help_needs_nothing(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (project.places.root / "demo.py").write_text("import sys\nprint(sys.argv[-1])\n")
    assert demoing.demo(project.places, caller(), ["--help"]) == 0
    assert capfd.readouterr().out == "--help\n"
