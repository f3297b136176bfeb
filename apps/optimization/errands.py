"""Calls that our own workers make through the gateway, by pass, so that each is on record."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings

from apps.kernel.errors import NetraError
from apps.tenants.passes import HEADER, LASTS, Pass, PassKind, minted, pass_key

_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
_ANTHROPIC = {"anthropic-version": "2023-06-01"}


class GatewayAway(NetraError):
    """The gateway or the provider behind it did not answer; the same may be asked again later."""

    code = "gateway_away"
    http_status = 503


@dataclass(frozen=True, slots=True)
class Errand:
    """In whose name a call is made, and why. key_id: whose limits bind it beside the project's."""

    organization_id: UUID
    project_id: UUID
    kind: PassKind
    key_id: UUID | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """cost_usd: None where the call could not be priced. refusal: the gateway's own word for why it
    did not carry the call; "" for what a provider answered.
    """

    status: int
    body: str = field(repr=False)
    cost_usd: Decimal | None = None
    refusal: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def ask(errand: Errand, *, path: str, body: Mapping[str, Any], at: datetime) -> Reply:
    """POST `body` to `path` of the gateway, answered whole. Raises GatewayAway also for what the
    gateway or the provider may answer differently later (408, 429, 5XX).
    """
    url = settings.WORKER_GATEWAY_URL.rstrip("/") + path
    try:
        answer = httpx.post(
            url,
            json=_whole(body),
            headers=_headers(errand, path, at),
            timeout=_TIMEOUT,
            verify=_trust(),
        )
    except httpx.HTTPError as error:
        raise GatewayAway(
            f"The gateway at {settings.WORKER_GATEWAY_URL} does not answer: {error}."
        ) from error
    if answer.status_code in (408, 409, 429) or answer.status_code >= 500:
        raise GatewayAway(f"The gateway answered {answer.status_code}.")
    refusal = answer.headers.get("netra-error-code", "")
    return Reply(answer.status_code, answer.text, _cost(answer), refusal)


@cache
def _trust() -> ssl.SSLContext:
    """Certificates are read once, not for every call: that took longer than the call."""
    return httpx.create_ssl_context()


def _headers(errand: Errand, path: str, at: datetime) -> dict[str, str]:
    given = Pass(errand.organization_id, errand.project_id, errand.kind, at + LASTS, errand.key_id)
    keys = settings.KEY_ENCRYPTION_KEYS
    headers = {HEADER: minted(given, pass_key(keys.keys[keys.current_id]))}
    if errand.tags:
        headers["Netra-Tags"] = ",".join(f"{name}={value}" for name, value in errand.tags.items())
    return headers | (_ANTHROPIC if path.startswith("/v1/messages") else {})


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("stream", "stream_options")}


def _cost(answer: httpx.Response) -> Decimal | None:
    try:
        return Decimal(answer.headers["netra-cost-usd"])
    except (KeyError, InvalidOperation):
        return None
