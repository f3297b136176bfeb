"""Calls of the API in tests, by key or by session."""

import json
from collections.abc import Mapping
from typing import Any

from django.test import Client

from apps.tenants.models import Organization, User

PREFIX = "/api/v1"


class Caller:
    """Speaks JSON to the API with the same headers each time."""

    def __init__(self, client: Client, headers: Mapping[str, str]) -> None:
        self._client, self._headers = client, dict(headers)

    def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
    ) -> Any:
        """The response to `method` on `path` below /api/v1."""
        return self._client.generic(
            method,
            PREFIX + path,
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self._headers | dict(headers),
        )


def by_key(text: str) -> Caller:
    """Calls with an API key."""
    return Caller(Client(raise_request_exception=False), {"Authorization": f"Bearer {text}"})


def by_session(user: User, organization: Organization | None = None) -> Caller:
    """Calls of a signed-in person, without CSRF checks as Django's test client has it."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return Caller(client, {"Netra-Organization": organization.slug} if organization else {})
