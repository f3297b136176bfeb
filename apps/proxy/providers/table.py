"""The providers: where they are, which families of APIs they serve there, how they want their key.

Sources: each provider's API reference, as of October 2026.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from apps.proxy.providers.facts import Family, Header

KeyStyle = Literal["bearer", "x-api-key", "api-key", "x-goog-api-key"]


@dataclass(frozen=True, slots=True)
class Door:
    """One family of APIs of a provider: the path its root has, and the header of the key."""

    root: str
    key: KeyStyle = "bearer"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `doors` by family, the main one first; `base_url` is an origin, empty where
    each customer has their own. `must_ask_usage`: a stream carries no usage unless asked for it.
    """

    name: str
    base_url: str
    doors: Mapping[Family, Door]
    must_ask_usage: bool = True

    @property
    def family(self) -> Family:
        """The family of its own API."""
        return next(iter(self.doors))

    @property
    def is_at_customer(self) -> bool:
        """Whether a credential must name the base URL."""
        return not self.base_url


def _provider(name: str, base_url: str, *, must_ask_usage: bool = True, **doors: Door) -> Provider:
    return Provider(name, base_url, MappingProxyType(doors), must_ask_usage)  # type: ignore[arg-type]


_ALL = (
    _provider("openai", "https://api.openai.com", openai=Door("/v1")),
    _provider(
        "anthropic",
        "https://api.anthropic.com",
        anthropic=Door("", "x-api-key"),
        openai=Door("/v1"),
    ),
    _provider("azure_openai", "", openai=Door("/openai/v1", "api-key")),
    _provider(
        "google",
        "https://generativelanguage.googleapis.com",
        google=Door("", "x-goog-api-key"),
        openai=Door("/v1beta/openai"),
    ),
    _provider(
        "cohere",
        "https://api.cohere.com",
        cohere=Door(""),
        openai=Door("/compatibility/v1"),
    ),
    # Refuses members it does not know, and reports usage unasked.
    _provider("mistral", "https://api.mistral.ai", openai=Door("/v1"), must_ask_usage=False),
    _provider("groq", "https://api.groq.com", openai=Door("/openai/v1"), must_ask_usage=False),
    _provider(
        "deepseek",
        "https://api.deepseek.com",
        openai=Door("/v1"),
        anthropic=Door("/anthropic", "x-api-key"),
    ),
    _provider("together", "https://api.together.xyz", openai=Door("/v1"), cohere=Door("")),
    _provider(
        "openrouter",
        "https://openrouter.ai",
        openai=Door("/api/v1"),
        anthropic=Door("/api"),
        must_ask_usage=False,
    ),
    _provider("vllm", "", openai=Door("/v1"), anthropic=Door(""), cohere=Door("")),
    _provider("ollama", "", openai=Door("/v1"), anthropic=Door("")),
    _provider("openai_compatible", "", openai=Door("/v1"), anthropic=Door("", "x-api-key")),
)
PROVIDERS: Mapping[str, Provider] = MappingProxyType({provider.name: provider for provider in _ALL})

_HEADERS: Mapping[KeyStyle, tuple[bytes, bytes]] = {
    "bearer": (b"authorization", b"Bearer "),
    "x-api-key": (b"x-api-key", b""),
    "api-key": (b"api-key", b""),
    "x-goog-api-key": (b"x-goog-api-key", b""),
}


def auth_headers(
    provider: Provider,
    secret: str,
    extra: Sequence[Header] = (),
    *,
    family: Family | None = None,
    style: KeyStyle | None = None,
) -> list[Header]:
    """The header that carries `secret` to `provider`, then `extra`.

    `style` puts it in the place in which a customer's own key came; else the place follows from the
    `family` of API that is called.
    """
    door = provider.doors.get(family or provider.family) or provider.doors[provider.family]
    name, prefix = _HEADERS[style or door.key]
    return [(name, prefix + secret.encode()), *extra]
