"""Headers that Django has no setting for."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

# No page of ours needs the machine's sensors, devices or payment sheets.
REFUSED = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in REFUSED),
    "Cross-Origin-Resource-Policy": "same-origin",
}


@sync_and_async_middleware
def security_headers(get_response: Any) -> Any:
    """Add them to every response, also to static files, probes and errors."""
    if iscoroutinefunction(get_response):

        async def add_async(request: HttpRequest) -> HttpResponse:
            return _with_headers(await get_response(request))

        return add_async

    def add_sync(request: HttpRequest) -> HttpResponse:
        return _with_headers(get_response(request))

    return add_sync


def _with_headers(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
