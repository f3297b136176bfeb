"""Anthropic's message batches and models."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sim.batches import MOST_LINES, Batch, line_call, open_batch
from sim.calls import Call
from sim.draws import base62_id, made_at
from sim.errors import bad_request, not_found
from sim.models import LISTED
from sim.replies import Reply, json_reply
from sim.world import World

Json = dict[str, Any]


def create(call: Call, world: World) -> Reply:
    """POST /v1/messages/batches."""
    requests = call.json.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_LINES:
        raise bad_request("requests: Input should be a list of at least one request")
    batch = open_batch(call, world, [_line(call, request) for request in requests])
    world.batches.put(call.api_key, _identity(batch), batch)
    return json_reply(_as_json(batch, call, world))


def retrieve(call: Call, world: World) -> Reply:
    """GET /v1/messages/batches/{id}."""
    return json_reply(_as_json(_batch(call, world), call, world))


def list_all(call: Call, world: World) -> Reply:
    """GET /v1/messages/batches, in one page."""
    batches = [_as_json(batch, call, world) for batch in world.batches.all(call.api_key)]
    return json_reply(_page(batches))


def cancel(call: Call, world: World) -> Reply:
    """POST /v1/messages/batches/{id}/cancel."""
    batch = _batch(call, world)
    batch.cancel(world)
    return json_reply(_as_json(batch, call, world))


def delete(call: Call, world: World) -> Reply:
    """DELETE /v1/messages/batches/{id}."""
    world.batches.remove(call.api_key, call.parts["id"])
    return json_reply({"id": call.parts["id"], "type": "message_batch_deleted"})


def results(call: Call, world: World) -> Reply:
    """GET /v1/messages/batches/{id}/results: one JSON line for each request."""
    batch = _batch(call, world)
    if not batch.is_ended(world):
        raise not_found("results yet of the batch", call.parts["id"])
    outcomes = [(name, _outcome(reply)) for name, reply in batch.results(world)]
    outcomes = outcomes or [(name, {"type": "canceled"}) for name, _ in batch.lines]
    lines = [orjson.dumps({"custom_id": n, "result": result}) + b"\n" for n, result in outcomes]
    return Reply(lines, content_type="application/x-jsonl")


def _outcome(reply: Reply | None) -> Json:
    if reply is None:
        return {"type": "expired"}
    body = orjson.loads(reply.body)
    if reply.status >= 400:
        return {"type": "errored", "error": body}
    body["usage"]["service_tier"] = "batch"
    return {"type": "succeeded", "message": body}


def _line(call: Call, request: Any) -> tuple[str, Call]:
    try:
        return str(request["custom_id"]), line_call(call, "/v1/messages", dict(request["params"]))
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request(f"requests: a request needs custom_id and params ({error})") from error


def _identity(batch: Batch) -> str:
    return f"msgbatch_{base62_id(batch.request.seed, 'batch')}"


def _batch(call: Call, world: World) -> Batch:
    batch: Batch = world.batches.get(call.api_key, call.parts["id"])
    return batch


def _as_json(batch: Batch, call: Call, world: World) -> Json:
    began = datetime.fromtimestamp(made_at(batch.request.seed), UTC)
    is_ended, name = batch.is_ended(world), _identity(batch)
    where = f"http://{call.headers.get('host', 'localhost')}/v1/messages/batches/{name}/results"
    return {
        "id": name,
        "type": "message_batch",
        "processing_status": "ended" if is_ended else "in_progress",
        "request_counts": _counts(batch, world),
        "created_at": began.isoformat(),
        "expires_at": (began + timedelta(days=1)).isoformat(),
        "ended_at": (began + timedelta(minutes=1)).isoformat() if is_ended else None,
        "cancel_initiated_at": began.isoformat() if batch.is_cancelled else None,
        "archived_at": None,
        "results_url": where if is_ended else None,
    }


def _counts(batch: Batch, world: World) -> Json:
    replies = [reply for _, reply in batch.results(world)]
    statuses = [reply.status for reply in replies if reply is not None]
    failed = sum(status >= 400 for status in statuses)
    return {
        "processing": 0 if batch.is_ended(world) else len(batch.lines),
        "succeeded": len(statuses) - failed,
        "errored": failed,
        "canceled": len(batch.lines) if batch.is_cancelled else 0,
        "expired": len(replies) - len(statuses),
    }


def _page(items: list[Json]) -> Json:
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"data": items, "has_more": False, "first_id": first, "last_id": last}


def models(call: Call, world: World) -> Reply:
    """GET /v1/models in Anthropic's dialect."""
    return json_reply(_page([_model(name) for name in LISTED["anthropic"]]))


def model(call: Call, world: World) -> Reply:
    """GET /v1/models/{id} in Anthropic's dialect."""
    if call.parts["id"] not in LISTED["anthropic"]:
        raise not_found("model", call.parts["id"])
    return json_reply(_model(call.parts["id"]))


def _model(name: str) -> Json:
    made = datetime.fromtimestamp(made_at(name.encode()), UTC).isoformat()
    shown = name.replace("-", " ").title()
    return {
        "type": "model",
        "id": name,
        "display_name": shown,
        "created_at": made,
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }
