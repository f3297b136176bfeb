"""docs/configuration.md names every variable that the code reads, with its default."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.world import Habits

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/configuration.md").read_text()
LAUNCHER = (
    "NETRA_PG_BIN",
    "NETRA_CHROMIUM",
    "PORT_WEB",
    "PORT_GATEWAY",
    "PORT_SIMULATOR",
    "DJANGO_SETTINGS_MODULE",
)
SIMULATOR = ("SIM_CACHE", "SIM_LATENCY_MS", "SIM_TOKEN_MS", "SIM_BATCH_SECONDS")
# Defaults that are no constant in the code.
COMPUTED = {
    "CACHE_URL": "REDIS_URL",
    "NETRA_TRUSTED_ORIGINS": "NETRA_PORTAL_URL",
    "NETRA_WORKER_GATEWAY_URL": "NETRA_GATEWAY_URL",
    "OTEL_SERVICE_NAME": "netra-PROCESS",
}
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (secret)? ?\|", re.MULTILINE)


def documented() -> dict[str, tuple[str, bool]]:
    """Default as written, and whether secret, of each variable of the page."""
    return {name: (default.strip("`"), bool(secret)) for name, default, secret in ROW.findall(PAGE)}


def read_by_code() -> Iterator[tuple[str, str, bool]]:
    """Name, default as the page writes it, and whether secret, of each call of netra.env."""
    for path in sorted((ROOT / "netra").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if _is_reader(node):
                yield _described(node)


def _is_reader(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and bool(node.args)
    )


def _described(call: ast.AST) -> tuple[str, str, bool]:
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    name = ast.literal_eval(call.args[0])
    default = COMPUTED.get(name) or _default(call)
    return name, default, call.func.attr in {"secret", "keyring", "database"}


def _default(call: ast.Call) -> str:
    if len(call.args) == 1:
        return "–"
    return str(ast.literal_eval(call.args[1])) or "empty"


def test_every_variable_stands_on_the_page_with_its_default_and_secrecy() -> None:
    read = {name: (default, is_secret) for name, default, is_secret in read_by_code()}
    page = documented()
    assert {name: page.get(name) for name in read} == read


def test_the_page_names_no_variable_that_nothing_reads() -> None:
    read = {name for name, _, _ in read_by_code()}
    assert set(documented()) - read == {*LAUNCHER, *SIMULATOR}


def test_the_launcher_reads_what_the_page_says_of_it() -> None:
    sources = [path.read_text() for path in (ROOT / "netra/launch").glob("*.py")]
    assert [name for name in LAUNCHER if not any(name in source for source in sources)] == []


@pytest.mark.parametrize("name", SIMULATOR)
def test_the_simulator_obeys_what_the_page_says_of_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "off" if name == "SIM_CACHE" else "5")
    assert Habits.from_environment() != Habits()
