"""One simulator for the tests of this directory, and the official SDKs pointed at it."""

from collections.abc import Iterator

import anthropic
import cohere
import openai
import pytest
from google import genai
from google.genai import types

from tests.simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(shared_simulator: RunningSimulator) -> RunningSimulator:
    """The simulator without memory of other tests' calls."""
    shared_simulator.forget_calls()
    return shared_simulator


@pytest.fixture
def openai_client(simulator: RunningSimulator) -> Iterator[openai.OpenAI]:
    url = f"{simulator.url}/v1"
    with openai.OpenAI(base_url=url, api_key="sk-one", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(simulator: RunningSimulator) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=simulator.url, api_key="sk-ant-one", max_retries=0) as client:
        yield client


@pytest.fixture
def google_client(simulator: RunningSimulator) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=simulator.url)
    with genai.Client(api_key="google-one", http_options=options) as client:
        yield client


@pytest.fixture
def cohere_client(simulator: RunningSimulator) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2(base_url=simulator.url, api_key="cohere-one") as client:
        yield client
