"""A Postgres of one test's own, flushed to disk as in production, that may be killed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from netra.launch.places import Places
from netra.launch.ports import pick_free
from netra.launch.postgres import Cluster, clear_remains, open_cluster
from netra.launch.probes import postgres_answers
from netra.launch.processes import as_user, die_with_us
from tests.databases import ROOT, migrate

PASSWORD = "secret-word"
_TAKEN = ("HOST", "PORT", "USER", "PASSWORD", "NAME")


class OwnPostgres:
    def __init__(self, folder: Path) -> None:
        places = Places(ROOT, folder)
        places.logs.mkdir(parents=True)
        self.cluster: Cluster = open_cluster(
            places, os.environ, port=pick_free(), password=PASSWORD, is_durable=True
        )
        self.start()

    def start(self) -> None:
        program = self.cluster.program()
        clear_remains(self.cluster.data)
        with program.log.open("ab") as log:
            self.process = subprocess.Popen(
                program.argv,
                env=dict(program.env),
                cwd=program.cwd,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_us(9),
                **as_user(self.cluster.account),
            )
        give_up_at = time.monotonic() + 60
        while not postgres_answers(self.cluster.port):
            assert time.monotonic() < give_up_at, program.log.read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """As an accident would: no farewell, recovery from the log afterwards."""
        self.process.kill()
        self.process.wait()
        self.start()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        clear_remains(self.cluster.data)
        shutil.rmtree(self.cluster.home, ignore_errors=True)


@contextmanager
def own_postgres(folder: Path) -> Iterator[OwnPostgres]:
    """Django, and programs that the test starts, use it for the block."""
    postgres = OwnPostgres(folder)
    before = {name: connection.settings_dict[name] for name in _TAKEN}
    url = os.environ["DATABASE_URL"]
    try:
        migrate(postgres.cluster.url)
        os.environ["DATABASE_URL"] = postgres.cluster.url
        _use({"HOST": "127.0.0.1", "PORT": postgres.cluster.port, "USER": "netra"}
             | {"PASSWORD": PASSWORD, "NAME": "netra"})  # fmt: skip
        yield postgres
    finally:
        os.environ["DATABASE_URL"] = url
        _use(before)
        postgres.end()


def _use(values: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # only Postgres has pools
    connection.settings_dict.update(values)
