"""Rounds that are cut off anywhere: the next one goes on, and nothing is recorded twice."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.optimization.deadlines.services import settle_call
from apps.proxy.batching import asking, handing_in
from apps.tenants.context import tenant_scope
from apps.usage.selectors import events
from tests.proxy.batching.conftest import CHAT, House

MESSAGES = {"model": "claude-sonnet-4-5", "max_tokens": 20}


class Killed(Exception):
    """The process ends here."""


def killing(step: Callable[..., Any], *, at_call: int, is_before: bool) -> Callable[..., Any]:
    """The step, whose process ends just before or after its `at_call`-th time."""
    calls = [0]

    def cut(*args: Any, **options: Any) -> Any:
        calls[0] += 1
        if is_before and calls[0] == at_call:
            raise Killed
        result = step(*args, **options)
        if calls[0] == at_call:
            raise Killed
        return result

    return cut


@pytest.mark.parametrize(("path", "changes"), [(CHAT, {}), ("/v1/messages", MESSAGES)])
@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize(
    ("step", "at_call"),
    [("note_batch", 1), ("note_batch", 2), ("settle_call", 2), ("end_batch", 1)],
)
def test_a_batch_goes_on_where_it_was(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    changes: dict[str, Any],
    is_before: bool,
    step: str,
    at_call: int,
) -> None:
    ids = [house.ask(f"Question {number}", path, **changes) for number in range(3)]
    cut = killing(getattr(handing_in, step), at_call=at_call, is_before=is_before)
    with monkeypatch.context() as killed:
        killed.setattr(handing_in, step, cut)
        with pytest.raises(Killed):
            _two_rounds(house)
    for _ in range(3):
        house.simulator.world.now += 601.0  # type: ignore[attr-defined]
        house.advance(minutes=6)
    made = [each for each in house.asked() if each.startswith("POST") and "batches" in each]
    assert len(made) == 1
    assert {(row.state, row.tier) for row in map(house.call, ids)} == {("completed", "batch")}
    with tenant_scope(house.acme):
        assert sorted(each.pk for each in events()) == sorted(ids)


def test_an_answer_that_was_not_written_down_is_asked_for_again_and_recorded_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = house.ask(deadline="10h")
    cut = killing(settle_call, at_call=1, is_before=True)
    with monkeypatch.context() as killed:
        killed.setattr(asking, "settle_call", cut)
        with pytest.raises(Killed):
            house.advance(minutes=575)
    house.advance(minutes=10)
    assert house.call(call_id).state == "waiting"  # whoever asked may still be at it
    house.advance(minutes=11)
    assert (house.call(call_id).state, house.call(call_id).tier) == ("completed", "standard")
    with tenant_scope(house.acme):
        assert [each.pk for each in events()] == [call_id]


def _two_rounds(house: House) -> None:
    """One that hands in, and one that brings back."""
    house.advance(seconds=40)
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=6)
