"""Every operation that the web process answers, read from its URL patterns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apps.tenants.permissions import Access, Permission

# Pages of packages: about oneself (allauth), or for our staff with MFA (tests/tenants/test_admin).
PACKAGES = {"accounts/": "the person", "staff/": "our staff"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One path, and one method of it where methods differ."""

    surface: str
    path: str
    method: str
    declared: Permission | Access | str | None


def operations() -> list[Operation]:
    """Sorted by surface and path; `declared` is None where a view declares nothing."""
    found = {each for pattern in _patterns(get_resolver()) for each in _operations_of(*pattern)}
    return sorted(found, key=lambda each: (each.surface, each.path, each.method))


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, path)
        else:
            yield path, pattern


def _operations_of(path: str, pattern: URLPattern) -> Iterator[Operation]:
    callback: Any = pattern.callback
    for prefix, who in PACKAGES.items():
        if path.startswith(prefix):
            yield Operation("packages", prefix, "any", who)
            return
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if view:
        yield from _api_operations(path, view, getattr(callback, "actions", None))
    else:
        declared = getattr(callback, "declared_access", None)
        yield Operation("portal", f"/{path}", "any", declared)


def _api_operations(path: str, view: Any, actions: dict[str, str] | None) -> Iterator[Operation]:
    declared = getattr(view, "declared_access", {})
    methods = actions or {name: name for name in view.http_method_names if hasattr(view, name)}
    for method, action in methods.items():
        if method in {"options", "head"}:
            continue
        access = declared.get(action) or declared.get(action.upper())
        yield Operation("api", f"/{path}", method.upper(), access)
