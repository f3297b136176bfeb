"""A process that outlives the supervisor by a moment and ends what it left behind.

The kernel's parent-death signal reaches only direct children and only asks. The warden reads its
standard input, which ends when the supervisor does, and then sweeps the run, forcibly if needed.
Run as: python -m netra.launch.warden DIRECTORY RUN_ID
"""

import subprocess
import sys
from pathlib import Path

from netra.launch.places import CHECKOUT
from netra.launch.records import Run, sweep


def post(run: Run) -> "subprocess.Popen[bytes]":
    """Start a warden over `run`; it leaves when our end of its standard input is closed."""
    return subprocess.Popen(
        [sys.executable, "-S", "-m", "netra.launch.warden", str(run.directory), run.run_id],
        cwd=CHECKOUT,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(directory: str, run_id: str) -> None:
    """Wait for the supervisor's end, then sweep."""
    sys.stdin.buffer.read()
    sweep(Run(Path(directory).resolve(), run_id), grace_seconds=6)


if __name__ == "__main__":
    main(*sys.argv[1:])
