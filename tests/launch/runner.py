"""`apex up` for a project of a test: python -m tests.launch.runner ROOT PORTAL GATEWAY."""

import os
import sys
from pathlib import Path

from netra.launch import cli
from netra.launch.environment import Addresses
from netra.launch.failures import LaunchError
from netra.launch.places import Places
from netra.launch.supervisor import Patience
from netra.launch.up import Launch, up


def main(root: str, portal: str, gateway: str) -> int:
    """What cli.main does, for another checkout and with less patience."""
    launch = Launch(
        Places.of(Path(root)),
        Addresses(int(portal), int(gateway)),
        dict(os.environ),
        patience=Patience(first_pause_seconds=0.05, quick_failures=3),
    )
    try:
        return up(launch)
    except LaunchError as error:
        return cli.fail(error)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
