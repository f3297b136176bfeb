"""What tests ask of the simulator itself, below /_sim/ and at /healthz."""

from collections.abc import Mapping
from typing import Any

import orjson

from sim.errors import WireError, bad_request
from sim.replies import Reply, json_reply
from sim.world import World

_SHOWN_CALLS = 100


def answer_control(
    world: World, method: str, path: str, query: Mapping[str, str], body: bytes
) -> Reply:
    """The answer to a request for the simulator itself; errors are `{"error": "..."}`."""
    try:
        return _answer(world, f"{method} {path}", query, body)
    except WireError as error:
        return json_reply({"error": error.message}, status=error.status)


def _answer(world: World, what: str, query: Mapping[str, str], body: bytes) -> Reply:
    if what == "GET /healthz":
        return json_reply({"status": "ok"})
    if what == "GET /_sim/calls":
        return json_reply(_calls(world, query))
    if what == "DELETE /_sim/calls":
        world.journal.clear()
        return json_reply({"deleted": True})
    if what == "GET /_sim/meter":
        return json_reply({"models": world.meter.of(query.get("api_key", ""))})
    if what in ("POST /_sim/recordings", "DELETE /_sim/recordings"):
        return json_reply(_recorded(world, what.partition(" ")[0], body))
    if what == "POST /_sim/scripts":
        world.write_script(*_script(body))
        return json_reply({"written": True})
    raise WireError(404, f"sim: nothing is at {what}; sim/README.md lists what there is")


def _calls(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    limit = query.get("limit", str(_SHOWN_CALLS))
    if not limit.isdigit():
        raise bad_request("sim: limit must be a whole number")
    entries = world.journal.entries(query.get("api_key"), int(limit))
    in_flight = sum(not entry.is_finished for entry in entries)
    calls = [entry.as_json() for entry in entries]
    return {"total": world.journal.total, "in_flight": in_flight, "calls": calls}


def _recorded(world: World, method: str, body: bytes) -> dict[str, Any]:
    if method == "DELETE":
        world.recordings.clear()
        return {"deleted": True}
    given = _parsed(body)
    conversations = given.get("conversations") if isinstance(given, dict) else None
    if not isinstance(conversations, list):
        raise bad_request('sim: recordings are {"conversations": [{"model", "messages"}]}')
    return {"answers": sum(world.recordings.add(each) for each in conversations)}


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"sim: that is not valid JSON: {error}") from error


def _script(body: bytes) -> tuple[str, list[str | None]]:
    given = _parsed(body)
    if not isinstance(given, dict) or not isinstance(given.get("api_key"), str):
        raise bad_request('sim: a script is {"api_key": "...", "faults": ["500", null]}')
    faults = given.get("faults")
    if not isinstance(faults, list) or not all(f is None or isinstance(f, str) for f in faults):
        raise bad_request("sim: faults is a list of specifications and nulls")
    return given["api_key"], faults
