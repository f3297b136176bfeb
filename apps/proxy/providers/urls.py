"""Where a call goes: the upstream URL of an endpoint at a provider."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from apps.proxy.providers.facts import Endpoint
from apps.proxy.providers.table import Provider

# Azure names the model in the path of these, and only of these (openai-python, lib/azure.py).
_AZURE_DEPLOYED = frozenset(
    {
        "/completions", "/chat/completions", "/embeddings", "/audio/transcriptions",
        "/audio/translations", "/audio/speech", "/images/generations", "/images/edits",
    }
)  # fmt: skip
# The first version of Azure's dated API that knows stream_options.
# What may stand in a path as it is (RFC 3986, pchar); a client's own escapes stay.
_SAFE = "/%:@!$&'()*+,;=-._~"
_AZURE_USAGE_SINCE = "2024-09-01"


def can_serve(provider: Provider, endpoint: Endpoint) -> bool:
    """Whether `provider` has the family of APIs of `endpoint`, and the path pins no other."""
    if endpoint.provider not in (None, provider.name):
        return False
    return endpoint.family == "any" or endpoint.family in provider.doors


def upstream_url(
    provider: Provider,
    endpoint: Endpoint,
    *,
    base_url: str | None = None,
    model: str | None = None,
    api_version: str | None = None,
    query: str = "",
) -> str:
    """The URL to call.

    base_url: a credential's own. Without a path it is an origin, and the provider's usual root is
    put behind it; with one, the path is the root of the provider's main family, as in the base URL
    of that family's SDK ("https://host/v1" for OpenAI's). model: goes into the path where the
    provider has it there (Azure's deployments, Gemini). query: without its question mark, already
    free of keys. Raises LookupError for an endpoint that the provider cannot serve.
    """
    origin, given_root = _split(base_url or provider.base_url)
    if endpoint.family == "any":
        return _join(origin + quote(endpoint.path, safe=_SAFE), query)
    if provider.name == "azure_openai":
        return _azure(origin, given_root, endpoint, model, api_version, query)
    root = provider.doors[endpoint.family].root
    if given_root and endpoint.family == provider.family:
        root = given_root
    path = quote(_path(endpoint, model), safe=_SAFE)
    return _join(origin + _without_repeat(root, path) + path, query)


def asks_usage(provider: Provider, endpoint: Endpoint, api_version: str | None = None) -> bool:
    """Whether `stream_options.include_usage` must and can be asked of `provider`."""
    if provider.name == "azure_openai" and api_version and api_version < _AZURE_USAGE_SINCE:
        return False
    return provider.must_ask_usage and endpoint.name in ("chat.completions", "completions")


def _split(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")


def _join(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


def _without_repeat(root: str, path: str) -> str:
    """Drop a version from the root's end that the path begins with: /v1 + /v1/messages."""
    version = "/" + path.split("/", 2)[1]
    return root.removesuffix(version) if version.startswith("/v") else root


def _path(endpoint: Endpoint, model: str | None) -> str:
    """The endpoint's path, with the model in it replaced where it has one."""
    if endpoint.family != "google" or model in (None, endpoint.model) or not endpoint.model:
        return endpoint.path
    head, _, method = endpoint.path.rpartition(":")
    return f"{head.rpartition('/')[0]}/{quote(str(model), safe='')}:{method}"


def _azure(
    origin: str,
    root: str,
    endpoint: Endpoint,
    model: str | None,
    api_version: str | None,
    query: str,
) -> str:
    """Dated versions have deployments in the path; without a version it is the v1 API."""
    pairs, path = parse_qsl(query, keep_blank_values=True), quote(endpoint.path, safe=_SAFE)
    version = api_version or dict(pairs).get("api-version")
    resource = origin + root.removesuffix("/v1").removesuffix("/openai")
    if not version or version in ("v1", "preview", "latest"):
        return _join(f"{resource}/openai/v1{path}", query)
    others = [pair for pair in pairs if pair[0] != "api-version"]
    deployment = ""
    name = model or endpoint.model
    if name and endpoint.path in _AZURE_DEPLOYED:
        deployment = "/deployments/" + quote(name, safe="")
    asked = urlencode([("api-version", version), *others])
    return f"{resource}/openai{deployment}{path}?{asked}"
