"""Who is measured: the floor, the gateway as it really runs, and others that are installed."""

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit, urlunsplit

from bench._database import NAME
from bench.relays.servers import OTHERS, Server, free_port, python, running
from bench.relays.wire import MODEL

_ROOT = Path(__file__).resolve().parents[2]
_INSTALLED = {"LiteLLM": "NETRA_BENCH_LITELLM", "Portkey": "NETRA_BENCH_PORTKEY"}
_MASTER_KEY = "sk-bench"


@dataclass(frozen=True, slots=True)
class Contender:
    """headers: what its calls carry. is_other: it may fail without failing the benchmark."""

    name: str
    server: Server
    headers: Mapping[str, str]
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where contenders put their files, whom they call, and our key."""

    folder: Path
    upstream: str
    key: str

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def static_upstream(folder: Path) -> Iterator[Server]:
    """The provider that all of them call."""
    port = free_port()
    command = python("-m", "bench.relays.upstream", str(port))
    log = folder / "upstream.log"
    with running(command, port=port, env=os.environ, log=log, cpu=OTHERS) as server:
        yield server


def absent() -> list[str]:
    """The other gateways that are not installed."""
    return [name for name, variable in _INSTALLED.items() if not os.environ.get(variable)]


@contextmanager
def contenders(place: Place) -> Iterator[list[Contender]]:
    """All that can run here, the floor first and ours second."""
    starts: list[Callable[[Place], AbstractContextManager[Contender]]] = [floor, gateway]
    others = {"LiteLLM": litellm, "Portkey": portkey}
    starts += [others[name] for name in others if name not in absent()]
    with ExitStack() as stack:
        yield [stack.enter_context(start(place)) for start in starts]


@contextmanager
def floor(place: Place) -> Iterator[Contender]:
    """A relay that does nothing else, under the same server."""
    port = free_port()
    command = python("-m", "uvicorn", "bench.relays.floor:application", "--port", str(port))
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    env = os.environ | {"UPSTREAM": place.upstream}
    with running(command, port=port, env=env, log=place.log("floor")) as server:
        yield Contender("floor", server, {"authorization": "Bearer sk-static"})


@contextmanager
def gateway(place: Place) -> Iterator[Contender]:
    """As in production: the Procfile's own command, on the throwaway database and real Valkey."""
    port = free_port()
    env = os.environ | {
        "DATABASE_URL": _database_url(),
        "NETRA_SPOOL_DIR": str(place.folder / "spool"),
        "NETRA_SNAPSHOT_DIR": str(place.folder / "snapshot"),
        "NETRA_REDIS_PREFIX": "bench",
        "NETRA_GATEWAY_WORKERS": "1",
    }
    with running(procfile_command(port), port=port, env=env, log=place.log("gateway")) as server:
        yield Contender("netra", server, {"authorization": f"Bearer {place.key}"})


@contextmanager
def litellm(place: Place) -> Iterator[Contender]:
    """LiteLLM's proxy, with its master key checked and neither database nor limits."""
    port, config = free_port(), place.folder / "litellm.yaml"
    deployment = {"model": f"openai/{MODEL}", "api_base": f"{place.upstream}/v1", "api_key": "sk-x"}
    config.write_text(  # JSON is YAML
        json.dumps(
            {
                "model_list": [{"model_name": MODEL, "litellm_params": deployment}],
                "general_settings": {"master_key": _MASTER_KEY},
                "litellm_settings": {"telemetry": False},
            }
        )
    )
    command = [os.environ["NETRA_BENCH_LITELLM"], "--config", str(config), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--num_workers", "1"]
    env = _outsiders() | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    with running(command, port=port, env=env, log=place.log("litellm")) as server:
        yield Contender("LiteLLM", server, {"authorization": f"Bearer {_MASTER_KEY}"}, True)


@contextmanager
def portkey(place: Place) -> Iterator[Contender]:
    """Portkey's gateway under node, which checks no key and keeps no record."""
    port, given = free_port(), Path(os.environ["NETRA_BENCH_PORTKEY"])
    script = given / "build" / "start-server.js" if given.is_dir() else given
    command = ["node", str(script), f"--port={port}", "--headless"]
    env = _outsiders() | {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
    with running(command, port=port, env=env, log=place.log("portkey")) as server:
        headers = {
            "authorization": "Bearer sk-static",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{place.upstream}/v1",
        }
        yield Contender("Portkey", server, headers, True)


def procfile_command(port: int) -> list[str]:
    """How production runs the gateway."""
    lines = (_ROOT / "Procfile").read_text().splitlines()
    [line] = [line.partition(":")[2] for line in lines if line.startswith("gateway:")]
    names = {"PORT_GATEWAY": str(port), "NETRA_GATEWAY_WORKERS": "1"}
    return shlex.split(Template(line).substitute(names))


def _database_url() -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}"))


def _outsiders() -> dict[str, str]:
    """The environment of programs that are not ours, without any secret of ours."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
