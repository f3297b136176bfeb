from typing import Any

import pytest

from apps.pricing.rates.matching import InvalidRule, ModelIndex, compiled


@pytest.mark.parametrize(
    ("rule", "matching", "other"),
    [
        ({"equals": "Command"}, "command", "command-r"),
        ({"starts_with": "gpt-4"}, "gpt-4-turbo", "not-gpt-4"),
        ({"ends_with": ":free"}, "qwen:free", "qwen:freedom"),
        ({"contains": "claude"}, "eu.claude-v2", "clade"),
        ({"regex": r"^o3-\d{4}$"}, "o3-2025", "o3-20256"),
        ({"or": [{"equals": "a"}, {"equals": "b"}]}, "b", "c"),
        ({"and": [{"starts_with": "a"}, {"ends_with": "z"}]}, "abz", "ab"),
    ],
)
def test_a_rule_matches(rule: dict[str, Any], matching: str, other: str) -> None:
    assert (compiled(rule)(matching), compiled(rule)(other)) == (True, False)


def test_a_rule_that_we_do_not_know_is_refused() -> None:
    with pytest.raises(InvalidRule):
        compiled({"resembles": "gpt"})


def test_an_id_beats_a_name_and_a_name_beats_a_rule() -> None:
    models: list[dict[str, Any]] = [
        {"id": "a", "match": {"starts_with": ""}, "names": ["c"]},
        {"id": "b", "names": ["a", "x"]},
        {"id": "c"},
    ]
    index = ModelIndex(models)

    found = {name: index.find(name) for name in ("a", "b", "c", "x", "other")}
    assert {name: model and model["id"] for name, model in found.items()} == {
        "a": "a", "b": "b", "c": "c", "x": "b", "other": "a",
    }  # fmt: skip
