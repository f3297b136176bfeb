"""What can be told of two answers without asking, and what cannot."""

import numpy as np
import pytest

from apps.optimization.judging.checks import Verdict, checked
from apps.optimization.judging.reading import Said, ToolCall
from apps.optimization.similarity import Vector

LONG = "Open the settings of your account, choose security, and follow the link that we send you"
OTHER = "Our shops in Berlin and Hamburg are open on weekdays from nine until six in the evening"


def near(text: str) -> Vector | None:
    """Texts that begin alike lie together, others at right angles."""
    return np.array([1, 0] if text.startswith("Open") else [0, 1], np.float32)


def check(given: str, candidate: str) -> Verdict | None:
    return checked(Said(given), Said(candidate), vector=near)


@pytest.mark.parametrize(
    ("given", "candidate", "is_wrong", "labeller"),
    [
        ("Go to  settings .", "go to settings", False, "exact"),
        ('{"a": 1, "b": [2]}', '```json\n{"b": [2], "a": 1}\n```', False, "task"),
        ('{"a": 1}', '{"a": 2}', True, "task"),
        ('{"a": 1}', '{"a": true}', True, "task"),
        ('{"a": "yes"}', '{"a": "no"}', True, "task"),
        ('{"a": 1}', "It is 1.", True, "task"),
        ("It is 1.", '{"a": 1}', True, "task"),
        (LONG, OTHER, True, "vectors"),
    ],
)
def test_it_is_told_without_a_judge(
    given: str, candidate: str, is_wrong: bool, labeller: str
) -> None:
    found = check(given, candidate)
    assert found is not None
    assert (found.is_wrong, found.labeller) == (is_wrong, labeller)


@pytest.mark.parametrize(
    ("given", "candidate"),
    [
        (LONG, LONG.replace("security", "privacy")),
        ("Yes", "Sure"),
        ("It costs 10 euros", "It costs 11 euros"),
        ('{"a": "as you like it"}', '{"a": "what you will do"}'),
    ],
)
def test_a_judge_is_needed(given: str, candidate: str) -> None:
    assert check(given, candidate) is None


def test_calls_of_tools_must_be_the_same() -> None:
    one = Said("Let me see.", (ToolCall("find", {"city": "Ulm"}),))
    same = Said("", (ToolCall("find", {"city": "Ulm"}),))
    for other, is_wrong in (
        (same, False),
        (Said("", (ToolCall("find", {"city": "Bonn"}),)), True),
        (Said("", (*same.calls, *same.calls)), True),
        (Said("Let me see."), True),
    ):
        found = checked(one, other, vector=near)
        assert found is not None
        assert (found.is_wrong, found.labeller) == (is_wrong, "task")
