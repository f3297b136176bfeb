"""OpenAI's batches: a JSONL file in, one or two JSONL files out."""

from typing import Any

import orjson

from sim.batches import MOST_LINES, Batch, line_call, open_batch
from sim.calls import Call
from sim.draws import hex_id, made_at
from sim.errors import WireError, bad_request
from sim.replies import Reply, json_reply
from sim.wire.openai_files import File, page
from sim.world import World

Json = dict[str, Any]
Results = list[tuple[str, Reply | None]]
_ENDPOINTS = {"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions"}
_DAY_SECONDS = 86_400


def create(call: Call, world: World) -> Reply:
    """POST /v1/batches."""
    endpoint = call.required("endpoint", str)
    if endpoint not in _ENDPOINTS:
        raise bad_request(f"Invalid value: '{endpoint}'.", param="endpoint")
    call.required("completion_window", str)
    file: File = world.files.get(call.api_key, call.required("input_file_id", str))
    batch = open_batch(call, world, _lines(call, file, endpoint))
    world.batches.put(call.api_key, _identity(batch), batch)
    return json_reply(_as_json(batch, world))


def retrieve(call: Call, world: World) -> Reply:
    """GET /v1/batches/{id}."""
    return json_reply(_as_json(_batch(call, world), world))


def list_all(call: Call, world: World) -> Reply:
    """GET /v1/batches, in one page."""
    return json_reply(page([_as_json(b, world) for b in world.batches.all(call.api_key)]))


def cancel(call: Call, world: World) -> Reply:
    """POST /v1/batches/{id}/cancel."""
    batch = _batch(call, world)
    batch.cancel(world)
    return json_reply(_as_json(batch, world))


def _batch(call: Call, world: World) -> Batch:
    batch: Batch = world.batches.get(call.api_key, call.parts["id"])
    return batch


def _lines(call: Call, file: File, endpoint: str) -> list[tuple[str, Call]]:
    lines = [line for line in file.content.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST_LINES:
        raise bad_request(f"A batch has 1 to {MOST_LINES} lines, not {len(lines)}.")
    return [_line(call, number, line, endpoint) for number, line in enumerate(lines, 1)]


def _line(call: Call, number: int, line: bytes, endpoint: str) -> tuple[str, Call]:
    try:
        given = orjson.loads(line)
        if given["url"] != endpoint:
            raise WireError(400, f"Line {number}: the url is not the batch's endpoint.")
        return str(given["custom_id"]), line_call(call, endpoint, dict(given["body"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise bad_request(f"Line {number} is no request: {error}") from error


def _identity(batch: Batch) -> str:
    return f"batch_{hex_id(batch.request.seed, 'batch')}"


def _as_json(batch: Batch, world: World) -> Json:
    asked, began = batch.request.json, made_at(batch.request.seed)
    results = batch.results(world)
    failed = sum(reply is None or reply.status >= 400 for _, reply in results)
    counts = {"total": len(batch.lines), "completed": len(results) - failed, "failed": failed}
    shown = {
        "id": _identity(batch),
        "object": "batch",
        "endpoint": asked["endpoint"],
        "input_file_id": asked["input_file_id"],
        "completion_window": asked["completion_window"],
        "metadata": asked.get("metadata"),
        "created_at": began,
        "in_progress_at": began + 1,
        "expires_at": began + _DAY_SECONDS,
        "request_counts": counts,
    }
    return shown | _ending(batch, results, began, world)


def _ending(batch: Batch, results: Results, began: int, world: World) -> Json:
    if batch.is_cancelled:
        return {"status": "cancelled", "cancelling_at": began + 2, "cancelled_at": began + 3}
    if not batch.is_ended(world):
        return {"status": "in_progress"}
    status = "expired" if batch.is_expiring else "completed"
    return {
        "status": status,
        "finalizing_at": began + 2,
        f"{status}_at": began + 3,
        "output_file_id": _keep(batch, "output", [r for r in results if _is_good(r[1])], world),
        "error_file_id": _keep(batch, "error", [r for r in results if not _is_good(r[1])], world),
        "usage": _usage(results),
    }


def _is_good(reply: Reply | None) -> bool:
    return reply is not None and reply.status < 400


def _keep(batch: Batch, kind: str, results: Results, world: World) -> str | None:
    """The id of the file of these results, which is made here; None when there are none."""
    if not results:
        return None
    seed = batch.request.seed + kind.encode()
    content = b"".join(_result_line(seed, name, reply) for name, reply in results)
    file = File(seed, content, f"{_identity(batch)}_{kind}.jsonl", "batch_output")
    world.files.put(batch.request.api_key, file.identity, file)
    return file.identity


def _result_line(seed: bytes, name: str, reply: Reply | None) -> bytes:
    request_id = hex_id(seed, name)
    line: Json = {"id": f"batch_req_{request_id}", "custom_id": name}
    if reply is None:
        error = {"code": "batch_expired", "message": "This request was not executed in time."}
        return orjson.dumps(line | {"response": None, "error": error}) + b"\n"
    body = orjson.loads(reply.body)
    response = {"status_code": reply.status, "request_id": request_id, "body": body}
    return orjson.dumps(line | {"response": response, "error": None}) + b"\n"


def _usage(results: Results) -> Json:
    """The sum over the answers, in the words of the Responses API whatever the endpoint's are."""
    good = [reply for _, reply in results if reply is not None and reply.status < 400]
    usages = [orjson.loads(reply.body).get("usage") or {} for reply in good]
    read = sum(u.get("input_tokens", u.get("prompt_tokens", 0)) for u in usages)
    said = sum(u.get("output_tokens", u.get("completion_tokens", 0)) for u in usages)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": sum(map(_cached, usages))},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": sum(map(_reasoned, usages))},
        "total_tokens": read + said,
    }


def _cached(usage: Json) -> int:
    details = usage.get("input_tokens_details") or usage.get("prompt_tokens_details") or {}
    return int(details.get("cached_tokens", 0))


def _reasoned(usage: Json) -> int:
    details = usage.get("output_tokens_details") or usage.get("completion_tokens_details") or {}
    return int(details.get("reasoning_tokens", 0))
