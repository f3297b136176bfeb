"""The request as one provider gets it: the caller's bytes, the provider's key."""

from apps.proxy.exchange import Exchange
from apps.proxy.forwarding import upstream_headers
from apps.proxy.providers.keys import strip_auth
from apps.proxy.providers.table import PROVIDERS, auth_headers
from apps.proxy.providers.urls import asks_usage, upstream_url
from apps.proxy.selection import Candidate
from apps.proxy.transport import Body, UpstreamRequest

# The answer is read as it passes, so it must not be compressed.
_PLAIN = ("accept-encoding", "identity")


def upstream_request(exchange: Exchange, candidate: Candidate) -> UpstreamRequest:
    """What `candidate` is sent; its key goes to its own base URL and nowhere else."""
    credential = candidate.credential
    headers, query = strip_auth(exchange.headers, exchange.query)
    sent = upstream_headers(headers, is_own_key=candidate.is_own)
    sent.append(_PLAIN)
    sent += _key_headers(exchange, candidate)
    return UpstreamRequest(
        method=exchange.method,
        url=upstream_url(
            PROVIDERS[credential.provider],
            exchange.endpoint,
            base_url=credential.base_url,
            model=candidate.model,
            api_version=credential.api_version,
            query=query,
        ),
        headers=sent,
        body=_body(exchange, candidate),
        may_reach_private=credential.may_reach_private,
    )


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


def _body(exchange: Exchange, candidate: Candidate) -> Body:
    body, credential, facts = exchange.body, candidate.credential, exchange.facts
    if not body or not isinstance(body, bytes):
        return body or None
    provider = PROVIDERS[credential.provider]
    exchange.has_asked_usage = (
        facts.is_stream
        and not facts.wants_usage_chunk
        and asks_usage(provider, exchange.endpoint, credential.api_version)
    )
    # A deployment in Azure's path is the model's name to everybody else.
    model = candidate.model or exchange.endpoint.model
    return exchange.dialect.prepare(body, facts, model=model, needs_usage=exchange.has_asked_usage)
