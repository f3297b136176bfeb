"""A value that fits a JSON schema: what tools are called with and structured answers consist of."""

from collections.abc import Callable, Mapping
from typing import Any

from sim.draws import Draw

Schema = Mapping[str, Any]
_DEEPEST, _MOST_VALUES = 6, 500  # beyond either, only what must be there
_LONGEST = 1_000
_FORMATS = {
    "date": "2025-03-14",
    "time": "09:26:53Z",
    "date-time": "2025-03-14T09:26:53Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_TEXTS = ("Paris", "Zürich", "quarterly report", "東京", "blue", "Ada Lovelace", "42 Main Street")


class Maker:
    """Makes values for one root schema, whose `$ref`s it follows."""

    def __init__(self, root: Schema, draw: Draw) -> None:
        self._root = root
        self._draw = draw
        self._made = 0

    def value(self, schema: Any = None, depth: int = 0) -> Any:
        """A value that fits `schema`, the root by default."""
        self._made += 1
        depth = depth if self._made < _MOST_VALUES else _DEEPEST
        schema = self._resolved(self._root if schema is None else schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._draw.pick(schema["enum"])
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(self._branch(branches, depth), depth + 1)
        return self._typed(schema, depth)

    def _branch(self, branches: list[Schema], depth: int) -> Schema:
        """Any branch, but the plainest one once the value is deep enough."""
        if depth < _DEEPEST:
            return self._draw.pick(branches)
        plain = [b for b in branches if "$ref" not in b and _kind(b) not in {"object", "array"}]
        return (plain or branches)[0]

    def _typed(self, schema: Schema, depth: int) -> Any:
        makers: dict[str, Callable[[Schema, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
        }
        if _kind(schema) == "null":
            return None
        return makers.get(_kind(schema), self._string)(schema, depth)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = set(schema.get("required") or ())
        properties = schema.get("properties") or {}
        wanted = {n: s for n, s in properties.items() if n in required or depth < _DEEPEST}
        return {name: self.value(inner, depth + 1) for name, inner in wanted.items()}

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        fewest = min(int(schema.get("minItems") or 0), _LONGEST)
        most = int(schema.get("maxItems") or 3)
        length = fewest if depth >= _DEEPEST else max(fewest, min(most, 1 + self._draw.below(3)))
        return [self.value(schema.get("items") or {}, depth + 1) for _ in range(length)]

    def _string(self, schema: Schema, depth: int) -> str:
        text = _FORMATS.get(str(schema.get("format"))) or self._draw.pick(_TEXTS)
        text = text.ljust(min(int(schema.get("minLength") or 0), _LONGEST), "x")
        return text[: int(schema.get("maxLength") or len(text))]

    def _integer(self, schema: Schema, depth: int) -> int:
        low = _bound(schema, "minimum", "exclusiveMinimum", 1)
        high = _bound(schema, "maximum", "exclusiveMaximum", -1)
        low = low if low is not None else min(0, high or 0)
        step = int(schema.get("multipleOf") or 1)
        choices = max(1, ((high if high is not None else low + 100) - low) // step + 1)
        return -(-low // step) * step + self._draw.below(min(choices, 1000)) * step

    def _number(self, schema: Schema, depth: int) -> float:
        whole = self._integer(schema, depth)
        return (
            whole if {"maximum", "exclusiveMaximum", "multipleOf"} & schema.keys() else whole + 0.5
        )

    def _boolean(self, schema: Schema, depth: int) -> bool:
        return self._draw.below(2) == 1

    def _resolved(self, schema: Any) -> Schema:
        """The schema behind `$ref`, with the parts of `allOf` merged into it."""
        if not isinstance(schema, Mapping):
            return {}
        if "$ref" in schema:
            return self._resolved(self._target(str(schema["$ref"])))
        merged = dict(schema)
        for part in schema.get("allOf") or ():
            merged |= self._resolved(part)
        return merged

    def _target(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(step, {}) if step and isinstance(found, Mapping) else found
        return found


def _kind(schema: Schema) -> str:
    """The JSON type in small letters (Google writes it large), the first that is not null."""
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    kinds = [kind] if isinstance(kind, str) else [k for k in kind if k != "null"]
    return str(kinds[0]).lower() if kinds else "null"


def _bound(schema: Schema, inclusive: str, exclusive: str, step: int) -> int | None:
    if inclusive in schema:
        return int(schema[inclusive])
    return int(schema[exclusive]) + step if exclusive in schema else None
