"""Where a call may go: the customer's own key, a route that they made, or the path's provider."""

from dataclasses import replace

from apps.kernel.errors import NetraError
from apps.proxy.exchange import Exchange
from apps.proxy.providers.table import PROVIDERS
from apps.proxy.providers.urls import can_serve
from apps.proxy.selection import Candidate, Tier, tier_of_provider, tiers_of_route
from apps.tenants.access import CredentialAccess, OrganizationAccess, Route

HEADER = b"netra-provider"
# Of our own workers, on behalf of calls that were put off: whose batches only one key can see.
CREDENTIAL = b"netra-credential"


class NoProvider(NetraError):
    code = "no_provider"
    http_status = 404

    def __init__(self, provider: str, model: str | None) -> None:
        what = f" for the model {model!r}" if model else ""
        super().__init__(
            f"There is no credential of {provider}{what} here. Store the provider's key under "
            "Credentials, send it with the call and your Netra key as Netra-Key, or make a route "
            "for this model."
        )


class CannotServe(NetraError):
    code = "provider_cannot_serve"
    http_status = 400

    def __init__(self, provider: str, family: str) -> None:
        super().__init__(
            f"{provider} does not speak the API of this path ({family}). Call it on a path of its "
            "own API, or name another provider or model."
        )


class UnknownProvider(NetraError):
    code = "unknown_provider"
    http_status = 400

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Netra-Provider: {name[:40]} is none of {', '.join(PROVIDERS)}. Name one of these."
        )


def candidates(exchange: Exchange) -> list[Tier]:
    """Whom to ask, fallbacks last; sets `exchange.route`.

    Raises NoProvider, UnknownProvider, CannotServe.
    """
    tiers = _named(exchange)
    able: list[Tier] = [
        found for tier in tiers if (found := [c for c in tier if _speaks(exchange, c)])
    ]
    if not able:
        raise CannotServe(tiers[0][0].credential.provider, exchange.endpoint.family)
    return able


def candidates_for(exchange: Exchange, model: str) -> list[Tier]:
    """Whom to ask for another model than the caller's, by the same rules; none where nobody can.

    Every candidate names its model, so that the caller's bytes are cut where theirs stands.
    """
    caller, pinned = exchange.caller, _pinned(exchange)
    try:
        if caller.own_key is not None:
            tiers: list[Tier] = [[_own(exchange, pinned or exchange.endpoint.home)]]
        else:
            route = None if pinned else _route(exchange, model)
            found = tiers_of_route(caller.organization, route) if route else []
            tiers = found or [_of_provider(exchange, pinned, model)]
    except NoProvider:
        return []
    named = [[replace(c, model=c.model or model) for c in tier] for tier in tiers]
    able = [[c for c in tier if _speaks(exchange, c)] for tier in named]
    return [tier for tier in able if tier]


def _speaks(exchange: Exchange, candidate: Candidate) -> bool:
    return can_serve(PROVIDERS[candidate.credential.provider], exchange.endpoint)


def _named(exchange: Exchange) -> list[Tier]:
    """Whom the key, the path, a route or the model means, whatever they speak."""
    caller = exchange.caller
    pinned = _pinned(exchange)
    if caller.kind == "batch" and (name := exchange.header(CREDENTIAL)) is not None:
        exchange.is_carried = True
        return [[_carrying(exchange, pinned or exchange.endpoint.home, name)]]
    if caller.own_key is not None:
        return [[_own(exchange, pinned or exchange.endpoint.home)]]
    tiers = [] if pinned else _routed(exchange)
    return tiers or [_of_provider(exchange, pinned, exchange.model)]


def _pinned(exchange: Exchange) -> str | None:
    """The provider that the path or the header Netra-Provider names."""
    name = exchange.endpoint.provider or exchange.header(HEADER)
    if name is not None and name not in PROVIDERS:
        raise UnknownProvider(name)
    return name


def _own(exchange: Exchange, provider: str) -> Candidate:
    """The caller's own key goes to the provider's own address and nowhere else."""
    caller = exchange.caller
    if PROVIDERS[provider].is_at_customer:
        raise NoProvider(provider, exchange.model)
    credential = CredentialAccess(
        id=caller.key.id,
        organization_id=caller.organization.id,
        provider=provider,
        name="own key",
        secret=caller.own_key or "",
    )
    return Candidate(credential, is_own=True)


def _carrying(exchange: Exchange, provider: str, name: str) -> Candidate:
    """The credential itself. Raises NoProvider once it is gone."""
    for credential in exchange.caller.organization.credentials_of(provider):
        if str(credential.id) == name:
            return Candidate(credential)
    raise NoProvider(provider, exchange.model)


def _routed(exchange: Exchange) -> list[Tier]:
    exchange.route = _route(exchange, exchange.model)
    if exchange.route is None:
        return []
    return tiers_of_route(exchange.caller.organization, exchange.route)


def _route(exchange: Exchange, model: str | None) -> Route | None:
    caller = exchange.caller
    return caller.organization.route(project_id=caller.project.id, model=model) if model else None


def _of_provider(exchange: Exchange, pinned: str | None, model: str | None) -> Tier:
    organization = exchange.caller.organization
    if pinned:
        return _required(organization, pinned, model)
    prefix, slash, rest = (model or "").partition("/")
    if slash and prefix in PROVIDERS and organization.credentials_of(prefix):
        return tier_of_provider(organization, prefix, model=rest)
    home = exchange.endpoint.home
    return tier_of_provider(organization, home) or _who_knows(exchange, home, model)


def _required(organization: OrganizationAccess, provider: str, model: str | None) -> Tier:
    tier = tier_of_provider(organization, provider)
    if not tier:
        raise NoProvider(provider, model)
    return tier


def _who_knows(exchange: Exchange, home: str, model: str | None) -> Tier:
    """Another provider of the same API whose price list has the model."""
    organization = exchange.caller.organization
    for name, provider in PROVIDERS.items():
        if model and can_serve(provider, exchange.endpoint):
            tier = tier_of_provider(organization, name)
            if tier and exchange.snapshot.prices.model(name, model):
                return tier
    raise NoProvider(home, model)
