"""Units and arms: sticky, of the promised shares, and to be repeated by anybody."""

from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.assignment import Clues, arm_of, commitment_of, takes_part, unit_of

ORGANIZATION, EXPERIMENT, PROJECT = UUID(int=1), UUID(int=2), UUID(int=3)
UNITS = [f"conversation:{number:032x}" for number in range(20_000)]
# Six standard deviations of a share of 20,000 units.
TOLERANCE = 6 * (0.25 / len(UNITS)) ** 0.5


def arm(
    unit: str, *, salt: bytes = b"salt", percent: int = 10, organization: UUID = ORGANIZATION
) -> str:
    return arm_of(
        unit,
        salt=salt,
        organization_id=organization,
        experiment_id=EXPERIMENT,
        holdout_percent=percent,
    )


def is_held_out(unit: str, **options: Any) -> bool:
    return arm(unit, **options) == "holdout"


def is_inside(unit: str, percent: int) -> bool:
    return takes_part(unit, organization_id=ORGANIZATION, percent=percent)


def share(units: list[str], is_in: Any) -> float:
    return sum(1 for unit in units if is_in(unit)) / len(units)


def clues(document: dict[str, Any] | None = None, **more: Any) -> Clues:
    known: dict[str, Any] = {"project_id": PROJECT, "request_id": "r-1", "day": date(2026, 3, 1)}
    return Clues(**known | {"document": document or {}} | more)


@pytest.mark.parametrize("percent", [1, 5, 10, 20])
def test_the_share_that_is_held_out_is_the_promised_one(percent: int) -> None:
    assert share(UNITS, lambda unit: is_held_out(unit, percent=percent)) == pytest.approx(
        percent / 100, abs=TOLERANCE
    )


@pytest.mark.parametrize("ramp", [10, 50])
def test_arm_and_ramp_are_independent(ramp: int) -> None:
    inside = [unit for unit in UNITS if is_inside(unit, ramp)]
    assert len(inside) / len(UNITS) == pytest.approx(ramp / 100, abs=TOLERANCE)
    held_out = share(inside, lambda unit: is_held_out(unit, percent=20))
    assert held_out == pytest.approx(0.2, abs=6 * (0.16 / len(inside)) ** 0.5)


def test_another_salt_or_organization_draws_anew() -> None:
    first = [is_held_out(unit, percent=20) for unit in UNITS]
    for other in ({"salt": b"other"}, {"organization": UUID(int=9)}):
        second = [is_held_out(unit, percent=20, **other) for unit in UNITS]
        both = sum(a and b for a, b in zip(first, second, strict=True)) / len(UNITS)
        assert both == pytest.approx(0.04, abs=TOLERANCE)


@given(st.text(), st.binary(min_size=1), st.integers(1, 20))
def test_an_arm_follows_from_what_is_published(unit: str, salt: bytes, percent: int) -> None:
    named = salt + f":{ORGANIZATION}:{EXPERIMENT}:{unit}".encode(errors="replace")
    drawn = int.from_bytes(sha256(named).digest()[:8], "big") * 100 < percent << 64
    assert is_held_out(unit, salt=salt, percent=percent) == drawn
    assert commitment_of(salt) == sha256(salt).hexdigest()


@given(st.text(), st.integers(0, 100), st.integers(0, 100))
def test_whoever_takes_part_stays_when_the_ramp_rises(unit: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert is_inside(unit, high) or not is_inside(unit, low)
    assert (is_inside(unit, 0), is_inside(unit, 100)) == (False, True)


@given(st.lists(st.text(), min_size=1, max_size=6), st.text())
def test_every_turn_of_a_conversation_is_the_same_unit(texts: list[str], system: str) -> None:
    turns = [
        {"role": "assistant" if number % 2 else "user", "content": text}
        for number, text in enumerate(texts)
    ]
    leading = {"role": "system", "content": system}
    units = {
        unit_of(clues({"messages": [leading, *turns[: count + 1]]}, request_id=str(count)))
        for count in range(len(turns))
    }
    assert len(units) == 1


def test_cache_marks_and_blocks_make_no_other_unit() -> None:
    marked = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
    plain = {"system": "Be kind.", "messages": [{"role": "user", "content": "Hi"}]}
    blocks = {
        "system": [{"type": "text", "text": "Be kind."}],
        "messages": [{"role": "user", "content": [marked]}],
    }
    assert unit_of(clues(plain)) == unit_of(clues(blocks))


@pytest.mark.parametrize(
    ("document", "more", "kind"),
    [
        ({"user": "u", "prompt_cache_key": "k"}, {"conversation_id": "c"}, "conversation"),
        ({"prompt_cache_key": "k"}, {"end_user": "u"}, "thread"),
        ({"metadata": {"session_id": "s"}}, {}, "thread"),
        ({"previous_response_id": "resp_1", "input": "go on"}, {}, "thread"),
        ({"input": "hello"}, {"end_user": "u"}, "user_day"),
        ({"input": "hello", "instructions": "Be kind."}, {}, "prefix"),
        ({"contents": [{"parts": [{"text": "hello"}]}]}, {}, "prefix"),
        ({"input": None, "messages": 7}, {}, "request"),
    ],
)
def test_the_most_explicit_clue_says_what_belongs_together(
    document: dict[str, Any], more: dict[str, Any], kind: str
) -> None:
    assert unit_of(clues(document, **more)).partition(":")[0] == kind


def test_a_call_that_continues_an_answer_belongs_to_its_unit() -> None:
    document = {"previous_response_id": "resp_1", "input": "go on"}
    assert unit_of(clues(document, thread="prefix:7")) == "prefix:7"
    assert unit_of(clues(document, thread="prefix:7", conversation_id="c")) != "prefix:7"


def test_projects_users_days_and_requests_are_units_of_their_own() -> None:
    user: dict[str, Any] = {"end_user": "u"}
    variants = [
        clues(**user),
        clues(**user, project_id=UUID(int=9)),
        clues(end_user="v"),
        clues(**user, day=date(2026, 3, 2)),
        clues(),
        clues(request_id="r-2"),
    ]
    assert len({unit_of(each) for each in variants}) == len(variants)
