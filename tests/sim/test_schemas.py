"""Made values fit the schemas that they are made for."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import Draw
from sim.schemas import Maker
from sim.tokens import count, text_row, truncated

SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 4}}},
    {"enum": ["red", "green"]},
    {"const": 7},
    {"type": ["string", "null"], "minLength": 30, "maxLength": 40},
    {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    {"anyOf": [{"type": "boolean"}, {"type": "integer", "multipleOf": 5, "minimum": 7}]},
    {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2},
    {"type": "number", "maximum": -3},
    {"allOf": [{"type": "object", "required": ["x"], "properties": {"x": {"type": "null"}}}]},
    {
        "$ref": "#/$defs/tree",
        "$defs": {
            "tree": {
                "type": "object",
                "required": ["value", "children"],
                "properties": {
                    "value": {"type": "string", "format": "date"},
                    "parent": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
            }
        },
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_values_fit(schema: dict[str, Any]) -> None:
    for seed in range(20):
        value = Maker(schema, Draw(bytes([seed]))).value()
        jsonschema.Draft202012Validator(schema).validate(value)


@given(st.text(max_size=200), st.integers(0, 60))
def test_a_truncated_text_has_as_many_tokens_as_it_may(text: str, limit: int) -> None:
    short = truncated(text, limit)
    assert text.startswith(short)
    assert count(short) == min(limit, count(text))
    assert len(text_row(text)) == 4 * count(text)
