"""WebSockets: the handshake with its key and faults, then a realtime session."""

import asyncio

import orjson

from sim.asgi import Receive, Send
from sim.calls import Call
from sim.errors import WireError
from sim.exchange import Exchange, failed
from sim.faults import Fault, failure_of
from sim.journal import Entry
from sim.models import check_model
from sim.wire.realtime import Session
from sim.world import World

PATH = "/v1/realtime"
_PROTOCOL = "realtime"
_KEY_PROTOCOL = "openai-insecure-api-key."
_SWITCHING, _GOING_DOWN = 101, 1011


def key_in_protocols(protocols: list[str]) -> str:
    """The API key that a browser can only send as a subprotocol."""
    found = [p.removeprefix(_KEY_PROTOCOL) for p in protocols if p.startswith(_KEY_PROTOCOL)]
    return found[0] if found else ""


async def serve_socket(
    call: Call, world: World, entry: Entry, protocols: list[str], receive: Receive, send: Send
) -> None:
    """One connection from handshake to end."""
    await receive()
    try:
        faults, session = _opened(call, world, entry)
    except WireError as error:
        await _refuse(call, error, entry, send)
        return
    entry.status = _SWITCHING
    chosen = _PROTOCOL if _PROTOCOL in protocols else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    await _converse(session, faults, entry, receive, send)


def _opened(call: Call, world: World, entry: Entry) -> tuple[list[Fault], Session]:
    exchange = Exchange(call, world, entry)
    faults = exchange.faults()
    if failure := failure_of(faults):
        raise failure[0]
    exchange.require_key()
    if call.path != PATH:
        raise WireError(404, f"Unknown request URL: {call.path}.", "unknown_url")
    model = check_model(call.dialect, call.query.get("model") or call.query.get("deployment"))
    return faults, Session(model, call.seed)


async def _refuse(call: Call, error: WireError, entry: Entry, send: Send) -> None:
    """The handshake's answer is an HTTP error."""
    entry.status = error.status
    reply = failed(call, error)
    headers = [(b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": error.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": reply.body})


async def _converse(
    session: Session, faults: list[Fault], entry: Entry, receive: Receive, send: Send
) -> None:
    await _tell(session.opening(), entry, send)
    while (message := await receive())["type"] == "websocket.receive":
        said = message.get("text") or message.get("bytes") or ""
        events = _answered(session, said)
        if any(fault.name == "cut" for fault in faults):
            await _tell(events[: len(events) // 2], entry, send)
            await send({"type": "websocket.close", "code": _GOING_DOWN})
            return
        await _tell(events, entry, send)
    entry.is_disconnected = True


def _answered(session: Session, said: str | bytes) -> list[dict[str, object]]:
    try:
        event = orjson.loads(said)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        return [session.refusal("The message is not a JSON object.")]
    try:
        return session.take(event)
    except WireError as error:
        return [session.refusal(error.message)]


async def _tell(events: list[dict[str, object]], entry: Entry, send: Send) -> None:
    for event in events:
        encoded = orjson.dumps(event)
        await send({"type": "websocket.send", "text": encoded.decode()})
        entry.bytes_sent += len(encoded)
        await asyncio.sleep(0)
