"""The simulator: an LLM provider for development and tests, as a bare ASGI application."""

from urllib.parse import parse_qsl

from sim.asgi import ClientGone, Receive, Scope, Send, read_body, run_lifespan, watch_departure
from sim.calls import Call
from sim.control import answer_control
from sim.dialects import DIALECTS
from sim.exchange import Exchange, new_world
from sim.journal import Entry
from sim.routes import place_of
from sim.sockets import key_in_protocols, serve_socket
from sim.steps import Pace, steps_of, take_steps
from sim.world import Habits, World


class Simulator:
    """Answers providers' HTTP requests, and what tests ask of the simulator itself."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or new_world(Habits.from_environment())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._talk(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        call, entry = self._open(scope, b"")
        try:
            protocols = list(scope["subprotocols"])
            await serve_socket(call, self.world, entry, protocols, receive, send)
        finally:
            entry.is_finished = True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive)
        except ClientGone:
            return
        if scope["path"] == "/healthz" or scope["path"].startswith("/_sim/"):
            await self._control(scope, body, receive, send)
            return
        call, entry = self._open(scope, body)
        gone = watch_departure(receive)
        try:
            steps = Exchange(call, self.world, entry).steps()
            await take_steps(steps, send, gone, entry)
        finally:
            entry.is_finished = True
            gone.cancel()

    async def _control(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        query = _query(scope)
        reply = answer_control(self.world, scope["method"], scope["path"], query, body)
        steps = steps_of(reply, {"content-type": reply.content_type}, Pace())
        unseen = Entry(0, scope["method"], scope["path"], "", [])
        gone = watch_departure(receive)
        await take_steps(steps, send, gone, unseen)
        gone.cancel()

    def _open(self, scope: Scope, body: bytes) -> tuple[Call, Entry]:
        pairs = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
        headers, query = dict(pairs), _query(scope)
        method, place = scope.get("method", "WEBSOCKET"), place_of(scope["path"], headers)
        api_key = DIALECTS[place.dialect].key(headers, query)
        api_key = api_key or key_in_protocols(scope.get("subprotocols", []))
        call = Call(
            method, place.path, place.dialect, api_key, headers, query, body, model=place.model
        )
        entry = self.world.journal.open(
            method=method,
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=pairs,
            dialect=place.dialect,
            api_key=api_key,
            body=body,
        )
        return call, entry


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


application = Simulator()
