"""The reference for people: the OpenAPI document as plain rows that a template can print."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver

from apps.api.problems import catalogue

EXAMPLES: dict[str, Any] = {
    "uuid": "01995f3c-8a4e-7c1b-9d20-5b1e6a2f4c11",
    "date-time": "2026-03-01T12:00:00Z",
    "email": "grace@example.com",
    "integer": 3600,
    "boolean": False,
    "string": "text",
    "object": {"agent_runs": 100},
}
NAMED_EXAMPLES = {
    "name": "Production",
    "currency": "USD",
    "time_zone": "Europe/Berlin",
    "hint": "nap_live_…x7Qa",
    "next_cursor": None,
    "secret": "sk-…",
    "key": "nap_live_…",
    "plan": "early",
    "slug": "acme",
    "state": "active",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a request, or one member of a body or answer."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, ready to print."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    permission: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer_status: str
    answer: tuple[Field, ...]
    body_example: str
    answer_example: str
    errors: tuple[str, ...]


def operations_by_tag(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """All operations of an OpenAPI document below their first tag, in its order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            operation = _operation(document, path, method.upper(), raw)
            found.setdefault(raw["tags"][0], []).append(operation)
    return found


def problems_of(patterns: Iterable[URLPattern | URLResolver]) -> list[dict[str, Any]]:
    """An example of every problem that the views behind `patterns` document."""
    callbacks = [getattr(pattern, "callback", None) for pattern in patterns]
    views = [getattr(callback, "cls", None) for callback in callbacks]
    documented = [errors for view in views for errors in getattr(view, "raises", {}).values()]
    raised = {error for errors in documented for error in errors}
    return catalogue(sorted(raised, key=lambda error: error.code))


def _operation(document: dict[str, Any], path: str, method: str, raw: dict[str, Any]) -> Operation:
    body = _resolved(document, _content(raw.get("requestBody", {})))
    status = next(status for status in raw["responses"] if status.startswith("2"))
    answer = _resolved(document, _content(raw["responses"][status]))
    return Operation(
        id=raw["operationId"],
        method=method,
        path=path,
        summary=raw["summary"],
        description=raw["description"].rpartition("Permission:")[0].strip(),
        permission=raw["x-permission"],
        parameters=tuple(_parameter(parameter) for parameter in raw["parameters"]),
        body=tuple(_fields(document, body)),
        answer_status=status,
        answer=tuple(_fields(document, answer)),
        body_example=_printed(document, body),
        answer_example=_printed(document, answer),
        errors=tuple(status for status in raw["responses"] if not status.startswith("2")),
    )


def _parameter(raw: dict[str, Any]) -> Field:
    where = f"{raw['in']}: {_kind(raw['schema'])}"
    return Field(raw["name"], where, raw.get("required", False), raw.get("description", ""))


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[Field]:
    for name, raw in schema.get("properties", {}).items():
        inner = _resolved(document, raw)
        required = name in schema.get("required", ())
        yield Field(name, _kind(raw), required, inner.get("description", ""))


def _content(part: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = part.get("content", {})
    return dict(content.get("application/json", {}).get("schema", {}))


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    return dict(document["components"]["schemas"][name])


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    types = schema.get("type", "any")
    kind = " or ".join(types) if isinstance(types, list) else str(types)
    return f"{kind}, {schema['format']}" if "format" in schema else kind


def _printed(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if not schema:
        return ""
    return json.dumps(_example(document, schema), indent=2, ensure_ascii=False)


def _example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    schema = _resolved(document, schema)
    if "properties" in schema:
        return {
            name: NAMED_EXAMPLES.get(name, _example(document, inner))
            for name, inner in schema["properties"].items()
        }
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_example(document, schema["items"])]
    return _scalar(schema)


def _scalar(schema: dict[str, Any]) -> Any:
    types = schema.get("type", "string")
    if isinstance(types, list) and "null" in types:
        return None
    return EXAMPLES.get(schema.get("format", ""), EXAMPLES.get(str(types), "text"))
