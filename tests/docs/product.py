"""The product as a reader of the documentation meets it: running, with its demo organization."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from netra.launch.environment import announce
from netra.launch.places import Places
from tests.browser.site import STARTS_WITHIN_S, free_port, process, wait_until_ready
from tests.docs.managing import CLIENT
from tests.launch.projects import eventually

ROOT = Path(__file__).resolve().parents[2]
_APEX = """#!/bin/sh
[ "$1" = manage ] || { echo "snippets run ./apex manage only" >&2; exit 2; }
shift
exec @PYTHON@ -IS @CLIENT@ "$@"
"""


@dataclass(frozen=True)
class Product:
    """Processes over one database. folder: stands for the checkout of a reader."""

    folder: Path
    env: dict[str, str]


@contextmanager
def running_product(folder: Path, database_url: str, simulator_url: str) -> Iterator[Product]:
    """Prepared as `./apex up` does, then portal, API, gateway and shipper until the block ends."""
    (folder / ".local").mkdir()
    port = free_port()
    url = f"http://localhost:{port}"
    env = _environment(folder, url) | {
        "DATABASE_URL": database_url,
        "NETRA_SIMULATOR_URL": simulator_url,
    }
    web = ["-m", "uvicorn", "netra.asgi:application", "--port", str(port), "--lifespan", "on"]
    with ExitStack() as stack:
        stack.enter_context(process(_manager(folder), env, folder / "manager.txt"))
        _prepare(folder, env)
        stack.enter_context(process(web, env, folder / "web.txt"))
        stack.enter_context(process(["manage.py", "ship"], env, folder / "shipper.txt"))
        wait_until_ready(f"{url}/readyz", folder / "web.txt")
        yield Product(folder, env)


def _environment(folder: Path, url: str) -> dict[str, str]:
    local = folder / ".local"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "netra.settings.dev",
        "NETRA_PORTAL_URL": url,
        "NETRA_GATEWAY_URL": url,
        "NETRA_REDIS_PREFIX": f"docs-{os.getpid()}",
        "NETRA_SPOOL_DIR": str(local / "spool"),
        "NETRA_SNAPSHOT_DIR": str(local / "snapshot"),
        "NETRA_IMPORT_DIR": str(local / "imports"),
        "NETRA_INDEX_DIR": str(local / "index"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(folder: Path, env: dict[str, str]) -> None:
    """Make the folder what a checkout is after `./apex up`."""
    places = Places.of(folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    client, apex = places.local / "client.py", folder / "apex"
    client.write_text(CLIENT.format(path=str(places.local / "manage")))
    apex.write_text(_APEX.replace("@PYTHON@", sys.executable).replace("@CLIENT@", str(client)))
    apex.chmod(0o755)
    eventually((places.local / "manage").exists, seconds=STARTS_WITHIN_S)
    prepare = [str(apex), "manage", "prepare", "--demo", str(places.demo)]
    subprocess.run(prepare, env=env, cwd=folder, check=True, capture_output=True)
    announce(places, env, json.loads(places.demo.read_text()))


def _manager(folder: Path) -> list[str]:
    return ["-m", "tests.docs.managing", str(folder / ".local/manage")]
