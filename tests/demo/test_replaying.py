"""A replay asks everybody at once, stops between steps, and keeps to the recorded times."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.carriers import Carrier
from demo.dressing import agent_conversations
from demo.journal import Journal, read_calls
from demo.replaying import Replay
from demo.sources import own
from demo.traffic import Arriving
from tests.simulator import RunningSimulator, running_simulator


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def talks(count: int) -> list[Arriving]:
    conversations = agent_conversations(own.agent_runs()[:count])
    return [Arriving(each, float(number)) for number, each in enumerate(conversations)]


def replay(
    simulator: RunningSimulator,
    path: Path,
    arriving: list[Arriving],
    *,
    stop_after: int = 1_000,
    speed: float | None = None,
) -> bool:
    """By two customers, straight to the simulator."""

    async def run() -> bool:
        journal, stop, steps = Journal(path), asyncio.Event(), 0
        carriers = [Carrier(name, simulator.url, f"sk-{name}") for name in ("a", "b")]

        def tell() -> None:
            nonlocal steps
            steps += 1
            if steps >= stop_after:
                stop.set()

        try:
            return await Replay(carriers, journal, stop, tell, speed).run(arriving)
        finally:
            journal.close()
            for each in carriers:
                await each.close()

    return asyncio.run(run())


def test_each_step_waits_for_the_one_before_at_every_customer(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    [arriving] = talks(1)
    assert replay(simulator, tmp_path / "calls", [arriving])
    asked = [(call.api_key, len(call.json["messages"])) for call in simulator.calls()]
    turns = arriving.conversation.turns
    steps = [sorted(asked[n : n + 2]) for n in range(0, len(asked), 2)]
    assert steps == [[("sk-a", turn), ("sk-b", turn)] for turn in turns]


def test_a_stopped_replay_ends_its_steps_and_goes_on_with_the_rest(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    path, arriving = tmp_path / "calls", talks(6)
    assert not replay(simulator, path, arriving, stop_after=5)
    first = read_calls(path)
    assert 10 <= len(first) < 2 * 24
    assert len(first) % 2 == 0
    assert replay(simulator, path, arriving)
    everything = read_calls(path)
    assert everything[: len(first)] == first
    assert len(everything) == len(simulator.calls()) == 2 * 24


def test_conversations_begin_at_the_recorded_times_and_nobody_waits_for_them_once_stopped(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    path = tmp_path / "calls"
    assert not replay(simulator, path, talks(3), stop_after=4, speed=0.001)
    assert {each.conversation for each in read_calls(path)} == {"agent-0"}


def test_a_provider_that_fails_is_noted_and_not_repeated(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    simulator.script("sk-a", "400")
    assert replay(simulator, tmp_path / "calls", talks(1))
    failed = [each for each in read_calls(tmp_path / "calls") if each.error]
    assert [(each.who, each.is_same) for each in failed] == [("a", False)]
    assert failed[0].error.startswith("BadRequestError")
