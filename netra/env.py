"""Typed readers of environment variables; a secret may also come from the file NAME_FILE.

Every reader records the variable, so that a test can hold docs/configuration.md against the code.
"""

import base64
import binascii
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

Value = TypeVar("Value")


class ConfigurationError(Exception):
    """A variable is missing or malformed; the message names it and the form it should have."""


KNOWN: set[str] = set()


def text(name: str, default: str | None = None) -> str:
    """The value of `name`. Raises ConfigurationError when it is unset and has no default."""
    KNOWN.add(name)
    value = os.environ.get(name, default)
    if value is None:
        raise ConfigurationError(f"Set {name}; docs/configuration.md says what it is.")
    return value


def integer(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ConfigurationError(f"{name}={value!r} must be a whole number.") from error


def number(name: str, default: float) -> float:
    """A number that is not money, for example a sampling share."""
    value = text(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise ConfigurationError(f"{name}={value!r} must be a number.") from error


def boolean(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off, any case."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ConfigurationError(f"{name}={value!r} must be 1 or 0.")


def words(name: str, default: str) -> list[str]:
    """A comma-separated list without empty items."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def parsed(name: str, default: str, parse: Callable[[list[str]], Value]) -> Value:
    """A comma-separated list as `parse` understands it; its ValueError names the form."""
    try:
        return parse(words(name, default))
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}.") from error


def secret(name: str, default: str | None = None) -> str:
    """The value of `name`, or the stripped contents of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return text(name, default)
    KNOWN.add(name)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"{name}_FILE={path} cannot be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Keyring:
    """Named 32-byte keys; the first is the one in use, the others are still accepted."""

    keys: dict[str, bytes]

    @property
    def current_id(self) -> str:
        return next(iter(self.keys))


def keyring(name: str) -> Keyring:
    """Keys as `id:base64,id:base64`, each of 32 bytes, the current one first."""
    return Keyring(dict(_key(name, item) for item in secret(name).split(",")))


def _key(name: str, item: str) -> tuple[str, bytes]:
    key_id, _, encoded = item.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not key_id or len(key) != 32:
        raise ConfigurationError(f"{name} must be ID:BASE64 of 32 bytes.")
    return key_id, key


def database(name: str) -> dict[str, str | int]:
    """A Postgres URL as Django's NAME, USER, PASSWORD, HOST and PORT."""
    parts = urlsplit(secret(name))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname:
        raise ConfigurationError(f"{name} must be postgres://USER:PASSWORD@HOST:PORT/NAME.")
    return {
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port or 5432,
    }
