"""Find out who asks: our virtual key, with or without the caller's own provider key; or a pass."""

from datetime import datetime

from apps.kernel.errors import NetraError
from apps.proxy.exchange import Caller, Exchange
from apps.proxy.labels import read_labels
from apps.proxy.passes import HEADER, PassRefused, key_of, read_pass
from apps.proxy.providers.keys import find_keys
from apps.proxy.runtime import Runtime
from apps.tenants.access import KeyAccess

SCOPE = "gateway.call"


class KeyMissing(NetraError):
    code = "missing_api_key"
    http_status = 401
    message = (
        "No Netra API key was sent. Put your key (nap_…) where your provider's key was, or send "
        "it as Netra-Key beside the provider's own."
    )


class KeyUnknown(NetraError):
    code = "invalid_api_key"
    http_status = 401
    message = "This Netra API key is unknown. Check it for typing errors, or make a new one."


class KeyEnded(NetraError):
    code = "invalid_api_key"
    http_status = 401

    def __init__(self, state: str) -> None:
        super().__init__(f"This Netra API key is {state}. Make a new one on the keys page.")


class KeyOutOfScope(NetraError):
    code = "insufficient_scope"
    http_status = 403
    message = f"This Netra API key lacks the scope {SCOPE}. Make one that has it."


def authenticate(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `caller`. Raises KeyMissing, KeyUnknown, KeyEnded, KeyOutOfScope, PassRefused."""
    if (text := exchange.header(HEADER)) is not None:
        _take_pass(exchange, runtime, text)
        return
    found = find_keys(exchange.headers, exchange.query, exchange.subprotocols)
    if found.netra is None:
        raise KeyMissing
    key = runtime.recognition.key(found.netra, exchange.snapshot)
    if key is None:
        raise KeyUnknown
    caller = _caller(exchange, key)
    caller.own_key, caller.own_key_style = found.provider, found.style
    _admit(exchange, caller)
    runtime.mark_used(key.id, exchange.started_at)


def _take_pass(exchange: Exchange, runtime: Runtime, text: str) -> None:
    """A pass stands alone: beside a key it could speak for somebody else."""
    if find_keys(exchange.headers, exchange.query, exchange.subprotocols).netra is not None:
        raise PassRefused
    given = read_pass(text, runtime.settings.pass_keys, at=exchange.started_at)
    caller = _caller(exchange, key_of(given, exchange.snapshot, scope=SCOPE))
    caller.kind = given.kind
    _admit(exchange, caller)


def _caller(exchange: Exchange, key: KeyAccess) -> Caller:
    organization = exchange.snapshot.organization(key.organization_id)
    project = organization.projects.get(key.project_id) if organization else None
    if organization is None or project is None:
        raise KeyUnknown
    if organization.is_closed or project.is_archived:
        raise KeyEnded("of an archived project")
    _require_usable(key, exchange.started_at)
    return Caller(key, organization, project)


def _admit(exchange: Exchange, caller: Caller) -> None:
    exchange.caller = caller
    exchange.has_caller = True
    read_labels(exchange)


def _require_usable(key: KeyAccess, at: datetime) -> None:
    state = key.state(at=at)
    if state != "active":
        raise KeyEnded(state)
    if SCOPE not in key.scopes:
        raise KeyOutOfScope
