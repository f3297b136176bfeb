"""The web process: portal, API and admin over HTTP, WebSockets, and the gateway's paths.

A small installation runs this process alone; a larger one sends the providers' paths to
`netra.asgi_gateway`.
"""

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.db import connection
from django.urls import path, re_path

from apps.kernel.lifespan import Receive, Send, run_lifespan
from apps.proxy.app import Gateway, is_provider_path
from netra.same_origin import SameOrigin, refuse
from netra.telemetry import instrument

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
instrument("web")
django = get_asgi_application()

# Models are importable only once Django is set up.
from apps.portal.sockets import OrganizationSocket  # noqa: E402
from netra.gateway import open_runtime  # noqa: E402

gateway = Gateway(open_runtime)
sockets = URLRouter(
    [
        path("ws/o/<slug:slug>/", OrganizationSocket.as_asgi()),
        re_path("", refuse),  # type: ignore[arg-type]  # Channels routes to ASGI applications
    ]
)


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Providers' paths go to the gateway, every other one to Django."""
    application: Any = gateway if is_provider_path(scope["path"]) else django
    await application(scope, receive, send)


portal_sockets = SameOrigin(AuthMiddlewareStack(sockets))


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Providers' paths go to the gateway, whose callers have keys; others must be our own pages."""
    application: Any = gateway if is_provider_path(scope["path"]) else portal_sockets
    await application(scope, receive, send)


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Django refuses this protocol; the pools of connections are closed at the end."""
    await run_lifespan(receive, send, at_start=gateway.start, at_stop=stop)


async def stop() -> None:
    """Give the connections to providers, Postgres and Valkey back."""
    await gateway.stop()
    await get_channel_layer().close_pools()
    connection.close_pool()  # type: ignore[attr-defined]  # of Postgres' backend only


application = ProtocolTypeRouter(
    {
        "http": http,
        "lifespan": lifespan,
        "websocket": websocket,
    }
)
