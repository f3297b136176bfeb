"""Calls of our own gateway in the name of a project, which cost it nothing by themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from apps.kernel.errors import NetraError
from apps.tenants.passes import HEADER, LASTS, Pass, minted

# Uploads and lists; an answer of a model may take as long as the gateway waits for it.
QUICK_SECONDS, LONGEST_SECONDS = 60.0, 900.0


class CarriageFailed(NetraError):
    """A provider's batch API did not do what it was asked. status: None without an answer."""

    code = "batch_failed"
    http_status = 502

    def __init__(self, what: str, status: int | None = None) -> None:
        super().__init__(
            f"{what}: status {status}. It is tried again, or the call asked by itself."
        )
        self.status = status

    @property
    def is_final(self) -> bool:
        """Whether asking again would be answered the same."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429


@dataclass(frozen=True, slots=True)
class Carriage:
    """Who is called for whom. key: signs passes. Any thread may use it."""

    client: httpx.Client
    key: bytes
    clock: Callable[[], datetime]
    organization_id: UUID
    project_id: UUID
    provider: str
    credential_id: UUID

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = QUICK_SECONDS,
        **content: Any,
    ) -> httpx.Response:
        """The answer, whatever its status. Raises CarriageFailed when there is none."""
        try:
            return self.client.request(
                method,
                path,
                headers=self._headers() | dict(headers or {}),
                timeout=seconds,
                **content,
            )
        except httpx.HTTPError as error:
            raise CarriageFailed(f"{method} {path} ({type(error).__name__})") from error

    def require(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer, which is a good one. Raises CarriageFailed."""
        answer = self.send(method, path, **content)
        if answer.status_code >= 400:
            raise CarriageFailed(f"{method} {path}", answer.status_code)
        return answer

    def _headers(self) -> dict[str, str]:
        expires_at = self.clock() + LASTS
        given = Pass(self.organization_id, self.project_id, "batch", expires_at)
        return {
            HEADER: minted(given, self.key),
            "Netra-Provider": self.provider,
            "Netra-Credential": str(self.credential_id),
        }
