"""WebSockets carry cookies but no CSRF token: only our own pages may open one."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.kernel.lifespan import Receive, Send


class SameOrigin:
    """Refuses a WebSocket whose Origin is neither the host asked for nor a trusted one.

    Stricter than Channels' own validator, which takes any port of an allowed host.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        is_ours = is_same_origin(headers.get(b"origin", ""), headers.get(b"host", ""))
        application = self.application if is_ours else refuse
        await application(scope, receive, send)


async def refuse(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Close a WebSocket before it is accepted, which the browser sees as 403."""
    await send({"type": "websocket.close", "code": 4403})


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` (scheme://host:port) may talk to the server asked as `host`."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    is_allowed_host = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return is_allowed_host and urlsplit(origin).netloc == host
