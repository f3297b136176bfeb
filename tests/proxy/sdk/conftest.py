"""One gateway for all tests of a module."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anthropic
import openai
import pytest

from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator


@pytest.fixture(scope="module")
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    """A gateway with two tenants whose providers are all the simulator."""
    with running_gateway(tenant(1, simulator.url), tenant(2, simulator.url)) as running:
        yield running


OpenAIs = Callable[..., openai.OpenAI]
Anthropics = Callable[..., anthropic.Anthropic]


@pytest.fixture
def to_openai(gateway: RunningGateway) -> Iterator[OpenAIs]:
    """Makes OpenAI's client of the gateway, with other options where they are given."""
    with ExitStack() as opened:

        def made(**options: Any) -> openai.OpenAI:
            usual = {"base_url": f"{gateway.url}/v1", "api_key": gateway.key}
            return opened.enter_context(openai.OpenAI(**(usual | options)))

        yield made


@pytest.fixture
def to_anthropic(gateway: RunningGateway) -> Iterator[Anthropics]:
    """Makes Anthropic's client of the gateway, with other options where they are given."""
    with ExitStack() as opened:

        def made(**options: Any) -> anthropic.Anthropic:
            usual = {"base_url": gateway.url, "api_key": gateway.key}
            return opened.enter_context(anthropic.Anthropic(**(usual | options)))

        yield made
