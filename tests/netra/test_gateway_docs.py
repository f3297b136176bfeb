"""docs/gateway.md names the codes, headers and providers that there are."""

import re
from pathlib import Path

from apps.kernel.errors import NetraError
from apps.proxy import app, client, connection, failures, labels, routing, websocket
from apps.proxy.limits import refusals
from apps.proxy.providers import facts, paths
from apps.proxy.providers.table import PROVIDERS
from apps.proxy.stages import authenticate

PAGE = (Path(__file__).parents[2] / "docs/gateway.md").read_text()
MODULES = (
    app, client, connection, failures, labels, routing, websocket, refusals, facts, paths,
    authenticate,
)  # fmt: skip
# Never seen by a caller under these names.
INTERNAL = {"internal_error", "upstream_failed", "upstream_answer_too_large"}


def codes() -> set[str]:
    named = (value for module in MODULES for value in vars(module).values())
    kinds = {each for each in named if isinstance(each, type) and issubclass(each, NetraError)}
    return {kind.code for kind in kinds} - INTERNAL


def test_every_error_of_the_gateway_is_explained() -> None:
    assert {code for code in codes() if f"`{code}`" not in PAGE} == set()


def test_every_provider_is_named() -> None:
    listed = re.search(r"Providers: (.*?)\. A base URL", PAGE, re.DOTALL)
    assert listed
    named = set(re.findall(r"[a-z_]+", listed[1]))
    assert set(PROVIDERS) - named == set()
