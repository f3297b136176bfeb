"""Whether the process lives, whether it can do its work, and how it does."""

from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.kernel.lifespan import Send
from apps.proxy.runtime import Runtime

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_JSON = "application/json"


async def answer_probe(path: str, runtime: Runtime | None, send: Send) -> None:
    """/healthz: 200 while the process answers. /readyz: 503 until keys are known."""
    if path == "/metrics":
        await _send(send, 200, CONTENT_TYPE_LATEST, generate_latest())
        return
    status, document = (200, {"status": "ok"}) if path == "/healthz" else readiness(runtime)
    await _send(send, status, _JSON, orjson.dumps(document))


def readiness(runtime: Runtime | None) -> tuple[int, dict[str, Any]]:
    """Status and report. A gateway that works on what it has left is ready, and says so."""
    snapshot = runtime.snapshot() if runtime else None
    if runtime is None or snapshot is None:
        return 503, {"status": "starting"}
    spool, limiter = runtime.spool.state, runtime.limiter.state
    age_s = (datetime.now(UTC) - snapshot.built_at).total_seconds()
    is_whole = spool.is_durable and limiter.mode == "shared" and runtime.is_in_touch()
    report = {
        "status": "ok" if is_whole else "degraded",
        "snapshot": {"version": snapshot.version, "age_s": round(age_s, 1)},
        "database": "ok" if runtime.is_in_touch() else "away",
        "limits": limiter.mode,
        "open_circuits": runtime.breakers.open_count(now=monotonic()),
        "records": {
            "is_durable": spool.is_durable,
            "backlog_bytes": spool.backlog_bytes,
            "dropped_count": spool.dropped_count,
            "open_count": spool.open_count,
        },
    }
    return 200, report


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
