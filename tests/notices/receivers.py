"""What receives webhooks in tests: nothing leaves the process."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import httpx

AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
URL = "https://93.184.216.34/hooks?team=search"


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, step: timedelta) -> datetime:
        """Let `step` pass; returns the time then."""
        self.at += step
        return self.at


class Receiver(httpx.MockTransport):
    """Keeps what it was sent, and answers with `status`; None is a broken connection."""

    def __init__(self, status: int | None = 200, text: str = "thanks") -> None:
        super().__init__(self._answer)
        self.status, self.text = status, text
        self.requests: list[httpx.Request] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.status is None:
            raise httpx.ConnectError("Connection refused", request=request)
        return httpx.Response(self.status, stream=httpx.ByteStream(self.text.encode()))


def is_signed_by(secret: str, request: httpx.Request) -> bool:
    """The check of a receiver, written from the specification and without our code."""
    headers = request.headers
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.content
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    found = [each.split(",", 1) for each in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and value == wanted for version, value in found)
