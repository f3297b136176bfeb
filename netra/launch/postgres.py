"""Our own Postgres: one cluster, loopback only, password by SCRAM."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from netra.launch.binaries import (
    major_version,
    postgres_account,
    postgres_binaries,
    postgres_home,
)
from netra.launch.failures import DiskFullError, LaunchError
from netra.launch.files import require_space
from netra.launch.places import Places
from netra.launch.probes import postgres_answers
from netra.launch.processes import Account, Program, as_user, die_with_us
from netra.launch.records import send, start_time

USER = DATABASE = "netra"
_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # one schema per tenant: many tables in one transaction
    "log_line_prefix": "%m [%p] ",
}
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Cluster:
    """A data directory and the binaries that serve it; throw-away ones trade safety for speed."""

    home: Path
    binaries: Path
    account: Account | None
    log: Path
    port: int
    password: str
    is_durable: bool

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def program(self) -> Program:
        """The server, to be started once `prepare` has run."""
        return Program(
            name="postgres",
            argv=(str(self.binaries / "postgres"), "-D", str(self.data), *self._options()),
            env=_ENV,
            cwd=self.home,
            log=self.log,
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for clients to leave
            account=self.account,
            is_service=True,
            is_ready=partial(postgres_answers, self.port),
            before_start=partial(clear_remains, self.data),
        )

    def _options(self) -> list[str]:
        settings = _SETTINGS | {"port": str(self.port)}
        if (self.binaries.parent / "lib" / "pg_stat_statements.so").exists():
            settings["shared_preload_libraries"] = "pg_stat_statements"
        if not self.is_durable:
            settings |= _THROW_AWAY
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def open_cluster(
    places: Places, caller: Mapping[str, str], *, port: int, password: str, is_durable: bool
) -> Cluster:
    """The cluster of `places`, made when there is none yet. Raises LaunchError, DiskFullError."""
    account = postgres_account()
    home = postgres_home(places, account)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    require_space(home)
    binaries = postgres_binaries(home, account, caller)
    log = places.logs / "postgres.log"
    cluster = Cluster(home, binaries, account, log, port, password, is_durable)
    prepare(cluster)
    return cluster


def prepare(cluster: Cluster) -> None:
    """Make the data directory with the database in it, whole or not at all."""
    if cluster.data.exists():
        _require_same_version(cluster)
        return
    draft = cluster.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _give(draft, cluster.account)
    _initialise(cluster, draft)
    draft.rename(cluster.data)


def _require_same_version(cluster: Cluster) -> None:
    made_by = (cluster.data / "PG_VERSION").read_text().strip()
    here = major_version(cluster.binaries)
    if made_by != here:
        raise LaunchError(
            f"{cluster.data} was made by Postgres {made_by} and this is {here}; set NETRA_PG_BIN "
            f"to a Postgres {made_by}, or dump there and load here"
        )


def _initialise(cluster: Cluster, draft: Path) -> None:
    password_file = draft.with_name("password.new")
    password_file.touch(mode=0o600)
    try:
        password_file.write_text(cluster.password)
        _give(password_file, cluster.account)
        _run(
            cluster,
            ["initdb", "-D", str(draft), "-U", USER, f"--pwfile={password_file}"]
            + ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
            + ([] if cluster.is_durable else ["--no-sync"]),
        )
    finally:
        password_file.unlink(missing_ok=True)
    # A single-user server needs neither port nor client to make the database.
    _run(
        cluster,
        ["postgres", "--single", "-D", str(draft), "postgres"],
        f"CREATE DATABASE {DATABASE}\n",
    )


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _run(cluster: Cluster, command: list[str], text: str = "") -> None:
    program, *rest = command
    done = subprocess.run(
        [str(cluster.binaries / program), *rest],
        input=text,
        text=True,
        capture_output=True,
        env=_ENV,
        cwd=cluster.home,
        start_new_session=True,  # Ctrl-C is for us
        preexec_fn=die_with_us(signal.SIGTERM),
        check=False,
        **as_user(cluster.account),
    )
    said = done.stdout + done.stderr
    if "No space left on device" in said:
        raise DiskFullError(cluster.home)
    if done.returncode or "FATAL:" in said or "ERROR:" in said:
        raise LaunchError(f"{program} failed: {_reason(said)}")


def _reason(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line.lower() or "FATAL" in line]
    return (telling or lines or ["it said nothing"])[0].strip()


def clear_remains(data: Path) -> None:
    """End processes left of a killed server and forget its lock file.

    We hold the launcher's lock, so whatever works in this directory is not meant to. The lock file
    must go because its process id may by now belong to somebody else, which Postgres cannot tell.
    """
    for number in (signal.SIGINT, signal.SIGKILL):
        give_up_at = time.monotonic() + 5
        for pid in working_in(data):
            send(pid, number)
        while working_in(data) and time.monotonic() < give_up_at:
            time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def working_in(data: Path) -> list[int]:
    """Processes whose working directory is `data`: a Postgres server and all its backends."""
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    where = str(data.resolve())
    return [pid for pid in pids if _working_directory(pid) == where and start_time(pid)]


def _working_directory(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""
