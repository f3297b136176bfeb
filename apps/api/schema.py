"""How operations are described in OpenAPI: permissions, errors, headers and security."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from apps.api import problems
from apps.api.permissions import access_of
from apps.tenants.permissions import Permission

KEY_PATTERN = r"^[!-~]{1,255}$"
ORGANIZATION = OpenApiParameter(
    "Netra-Organization",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="Slug of the organization, for a signed-in person who is in several. "
    "An API key belongs to one organization and ignores it.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": KEY_PATTERN},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each action. The same request with the same key "
    "acts once in 24 hours, and is answered alike with Idempotency-Replayed: true.",
)
RATE_HEADERS = {
    "RateLimit-Limit": "Calls that the caller may make in a minute.",
    "RateLimit-Remaining": "Calls left now.",
    "RateLimit-Reset": "Seconds until all calls are back.",
}


class OperationSchema(AutoSchema):
    """Adds to each operation what the house asks of all of them."""

    def get_override_parameters(self) -> list[Any]:
        return [ORGANIZATION, IDEMPOTENCY_KEY] if self.method == "POST" else [ORGANIZATION]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Out")

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def get_summary(self) -> str:
        return self._doc().partition("\n")[0]

    def get_description(self) -> str:  # type: ignore[override]  # so does the package
        text = self._doc().partition("\n")[2].strip()
        return f"{text}\n\nPermission: `{self._permission()}`.".strip()

    def get_extensions(self) -> dict[str, Any]:
        return {"x-permission": self._permission()}

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The operation with its error responses and rate headers."""
        operation = super().get_operation(*args, **kwargs) or {}
        view: Any = self.view
        raises = view.raises.get(view.action, ())
        operation["responses"] |= problems.documented(self.method, raises)
        for status, response in operation["responses"].items():
            if int(status) < 300:
                response.setdefault("description", "")
                response["headers"] = _rate_headers()
        return operation

    def _doc(self) -> str:
        return str(super().get_description())

    def _permission(self) -> str:
        access = access_of(self.view)
        return access.value if isinstance(access, Permission) else str(access)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # theirs
    target_class = "apps.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, _auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "nap_live_… or nap_test_…",
            "description": "An API key of the organization; its scopes are its permissions.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # theirs
    target_class = "apps.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, _auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A person signed in to the portal, with X-CSRFToken on every change.",
        }


def finish_document(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """The last step of the generator: the shape of errors, and closed request bodies."""
    schemas: dict[str, Any] = result["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
        _drop_marks(schema)
    schemas["Problem"] = problems.PROBLEM_SCHEMA
    result["components"]["responses"] = problems.shared_responses()
    return result


def _drop_marks(schema: Any) -> None:
    """Remove the generator's own marks on enumerations."""
    if isinstance(schema, dict):
        schema.pop("x-spec-enum-id", None)
    inner = schema.values() if isinstance(schema, dict) else schema
    for part in inner if isinstance(schema, (dict, list)) else ():
        _drop_marks(part)


def _rate_headers() -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": "integer"}}
        for name, description in RATE_HEADERS.items()
    }
