"""One call from request to the steps of its answer: key, faults, handler, headers."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from sim.calls import Call
from sim.dialects import DIALECTS, REQUESTS, TOKENS
from sim.errors import WireError, bad_request
from sim.faults import (
    ERRORS,
    EXPIRES,
    NO_FLEX,
    Fault,
    alter_reply,
    alter_steps,
    failure_of,
    faults_in_key,
    parse_faults,
)
from sim.journal import Entry
from sim.replies import Reply, json_reply
from sim.routes import Place, find_route
from sim.steps import Step, steps_of
from sim.world import Habits, World

_BYTES_OF_TOKEN = 4
_STUMBLES = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
_log = logging.getLogger("sim")


def handled(call: Call, world: World) -> Reply:
    """The handler's reply. Raises WireError, 404 when the dialect has no such operation.

    Providers check a request against a schema first. Handlers do not: what they stumble over is
    malformed.
    """
    found = find_route(Place(call.dialect, call.path), call.method)
    if found is None:
        raise WireError(404, f"Unknown request URL: {call.method} {call.path}.", "unknown_url")
    handler, parts = found
    try:
        return handler(replace(call, parts=parts), world)
    except _STUMBLES as error:
        _log.info("%s %s could not be read", call.method, call.path, exc_info=error)
        raise bad_request(f"The request is malformed: {error}") from error


def failed(call: Call, error: WireError) -> Reply:
    """An error in the dialect's shape."""
    return json_reply(DIALECTS[call.dialect].error(error, call.seed), status=error.status)


def dispatch(call: Call, world: World) -> Reply:
    """The answer to a call, or its error, whatever was asked of faults."""
    try:
        return handled(call, world)
    except WireError as error:
        return failed(call, error)


def new_world(habits: Habits | None = None, clock: Callable[[], float] = time.monotonic) -> World:
    """A simulator's memory, empty."""
    return World(dispatch, clock=clock, habits=habits or Habits())


class Exchange:
    """Works out everything that is sent in answer to one call."""

    def __init__(self, call: Call, world: World, entry: Entry) -> None:
        self._call = call
        self._world = world
        self._entry = entry
        self._dialect = DIALECTS[call.dialect]

    def steps(self) -> list[Step]:
        """What is to be sent, faults and latency included."""
        try:
            faults = self.faults()
            pace = self._world.habits.overruled(self._call.headers).pace
        except WireError as error:
            refusal = failed(self._call, error)
            return steps_of(refusal, self._headers(refusal), self._world.habits.pace)
        reply = alter_reply(faults, self._reply(faults), self._error_event)
        return alter_steps(faults, steps_of(reply, self._headers(reply), pace))

    def faults(self) -> list[Fault]:
        """Those of the request's header, else of the key's script, else of the key itself.

        An entry of a script is used up, whichever applies. Raises WireError (400).
        """
        specification = self._call.headers.get("x-sim-fault")
        is_scripted, scripted = self._world.next_fault(self._call.api_key)
        if specification is None:
            specification = scripted if is_scripted else faults_in_key(self._call.api_key)
        self._entry.fault = specification
        return parse_faults(specification)

    def _reply(self, faults: list[Fault]) -> Reply:
        try:
            if failure := failure_of(faults):
                return replace(failed(self._call, failure[0]), headers=failure[1])
            self.require_key()
            return self._handled(faults)
        except WireError as error:
            return failed(self._call, error)

    def _handled(self, faults: list[Fault]) -> Reply:
        if any(fault.name == NO_FLEX for fault in faults) and _asks_flex(self._call):
            raise WireError(429, "Resource unavailable", "resource_unavailable")
        fate = next((fault.name for fault in faults if fault.name in (ERRORS, EXPIRES)), "")
        reply = handled(replace(self._call, fate=fate), self._world)
        if not reply.is_stream and any(fault.name == "error-event" for fault in faults):
            raise WireError(500, "The server had an error. Please try again.")
        return reply

    def require_key(self) -> None:
        """Every key will do, except none and those that begin with `invalid`. Raises WireError."""
        key = self._call.api_key
        if not key:
            raise self._refusal("You didn't provide an API key.", 403)
        if key.startswith(("invalid", "sk-invalid")):
            raise self._refusal("Incorrect API key provided. API key not valid.", 400)

    def _refusal(self, message: str, google_status: int) -> WireError:
        """401; Google answers 403 without a key and 400 to a wrong one."""
        if self._call.dialect != "google":
            return WireError(401, message)
        return WireError(google_status, message, "API_KEY_INVALID" if google_status == 400 else "")

    @cached_property
    def _error_event(self) -> bytes:
        error = WireError(503, "The server is overloaded. Please try again later.")
        return self._dialect.error_event(error, self._call.seed)

    def _headers(self, reply: Reply) -> dict[str, str]:
        """The dialect's own; a refused call has nothing left of its allowance."""
        is_spent = reply.status == 429
        requests = 0 if is_spent else REQUESTS - 1
        used = len(self._call.body) // _BYTES_OF_TOKEN + 1
        tokens = 0 if is_spent else max(0, TOKENS - used)
        limits = self._dialect.headers(self._call.seed, requests, tokens)
        return {"content-type": reply.content_type} | limits | reply.headers


def _asks_flex(call: Call) -> bool:
    return call.body.startswith(b"{") and call.json.get("service_tier") == "flex"
