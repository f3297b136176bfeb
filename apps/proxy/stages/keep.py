"""Keep prompt and answer where the project asked for it: sealed here, before any disk has them.

A kept call is the JSON {"v": 1, "request": part, "answer": part}; a part is {"type": media type,
"text" or "base64": body, "is_cut": whether it was longer than is kept}.
"""

import base64
from typing import Any

import orjson

from apps.proxy.exchange import Caller, Exchange
from apps.proxy.runtime import Runtime
from apps.tenants.vault import CONTENT, binding, seal

# Of what our own workers ask to compare answers nothing is kept.
_KEPT = frozenset({"live", "batch"})
# Of each side; base64 images make prompts of any size.
LARGEST = 1 << 20


def keeps(caller: Caller) -> bool:
    """Whether what the call asks and gets is to be kept."""
    return caller.project.stores_content and caller.kind in _KEPT


def keep(exchange: Exchange, runtime: Runtime) -> None:
    """Spool the sealed content of a call that is over, and refer to it in the event."""
    organization = exchange.caller.organization
    if not keeps(exchange.caller) or organization.data_key is None:
        return
    document = {"v": 1, "request": _request(exchange), "answer": _answer(exchange)}
    bound_to = binding(organization.id, CONTENT)
    sealed = seal(organization.data_key, orjson.dumps(document), bound_to=bound_to)
    runtime.spool.content(exchange.event_id, organization.id, sealed)
    exchange.content_ref = exchange.event_id


def _request(exchange: Exchange) -> dict[str, Any]:
    body = exchange.body if isinstance(exchange.body, bytes) else b""
    return _part(exchange.header(b"content-type") or "", body)


def _answer(exchange: Exchange) -> dict[str, Any]:
    body = exchange.answer if exchange.answer is not None else bytes(exchange.kept or b"")
    return _part(exchange.answer_type, body)


def _part(media_type: str, body: bytes) -> dict[str, Any]:
    kept = body[:LARGEST]
    part: dict[str, Any] = {"type": media_type, "is_cut": len(body) > LARGEST}
    try:
        return part | {"text": kept.decode()}
    except UnicodeDecodeError:
        return part | {"base64": base64.b64encode(kept).decode()}
