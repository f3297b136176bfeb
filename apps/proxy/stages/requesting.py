"""The request as one provider gets it: the caller's bytes, the provider's key."""

from functools import lru_cache

import orjson

from apps.proxy.exchange import Exchange
from apps.proxy.forwarding import upstream_headers
from apps.proxy.providers.facts import Endpoint
from apps.proxy.providers.json_splice import add_member
from apps.proxy.providers.keys import strip_auth
from apps.proxy.providers.table import PROVIDERS, auth_headers
from apps.proxy.providers.urls import asks_usage, upstream_url
from apps.proxy.selection import Candidate
from apps.proxy.transport import Body, UpstreamRequest

# The answer is read as it passes, so it must not be compressed.
_PLAIN = ("accept-encoding", "identity")
# Where Azure has the model's name.
_DEPLOYMENT = "/deployments/"


def upstream_request(exchange: Exchange, candidate: Candidate) -> UpstreamRequest:
    """What `candidate` is sent; its key goes to its own base URL and nowhere else."""
    credential = candidate.credential
    headers, query = exchange.headers, exchange.query
    if query:
        headers, query = strip_auth(headers, query)
    sent = upstream_headers(headers, is_own_key=candidate.is_own)
    sent.append(_PLAIN)
    sent += _key_headers(exchange, candidate)
    url = _url(exchange.endpoint, candidate, query)
    return UpstreamRequest(
        method=exchange.method,
        url=url,
        headers=sent,
        body=_body(exchange, candidate, is_named_by_url=_DEPLOYMENT in url),
        may_reach_private=credential.may_reach_private,
    )


def _url(endpoint: Endpoint, candidate: Candidate, query: str) -> str:
    credential = candidate.credential
    where = credential.provider, credential.base_url, credential.api_version
    if query or len(endpoint.path) > _LONGEST_REMEMBERED:
        return _new_url(endpoint, where, candidate.model, query)
    return _known_url(endpoint, where, candidate.model)


def _new_url(
    endpoint: Endpoint,
    where: tuple[str, str | None, str | None],
    model: str | None,
    query: str = "",
) -> str:
    provider, base_url, api_version = where
    return upstream_url(
        PROVIDERS[provider],
        endpoint,
        base_url=base_url,
        model=model,
        api_version=api_version,
        query=query,
    )


# Callers choose the paths, hence the bounds.
_LONGEST_REMEMBERED = 256
_known_url = lru_cache(maxsize=4096)(_new_url)


def _key_headers(exchange: Exchange, candidate: Candidate) -> list[tuple[str, str]]:
    credential = candidate.credential
    if not credential.secret:
        return []
    pairs = auth_headers(
        PROVIDERS[credential.provider],
        credential.secret,
        family=exchange.endpoint.family,
        style=exchange.caller.own_key_style if candidate.is_own else None,
    )
    return [(name.decode(), value.decode("latin-1")) for name, value in pairs]


def _body(exchange: Exchange, candidate: Candidate, *, is_named_by_url: bool) -> Body:
    body, credential, facts = exchange.body, candidate.credential, exchange.facts
    if exchange.levers is not None and exchange.levers.body is not None:
        body = exchange.levers.body
    if not body or not isinstance(body, bytes):
        return body or None
    provider = PROVIDERS[credential.provider]
    exchange.has_asked_usage = (
        facts.is_stream
        and not facts.wants_usage_chunk
        and asks_usage(provider, exchange.endpoint, credential.api_version)
    )
    # A deployment in Azure's path is the model's name to everybody else.
    model = candidate.model or (None if is_named_by_url else exchange.endpoint.model)
    body = exchange.dialect.prepare(body, facts, model=model, needs_usage=exchange.has_asked_usage)
    if candidate.service_tier:
        return add_member(body, "service_tier", orjson.dumps(candidate.service_tier))
    return body
