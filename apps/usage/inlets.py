"""Who stores what calls leave in the spool besides their records: apps above this one say so."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, cast
from uuid import UUID

from django.utils.module_loading import import_string

from apps.usage.spool import Kind

if TYPE_CHECKING:  # said before the models are there
    from apps.tenants.models import Organization


class Inlet(Protocol):
    """Stores payloads by the ids of their calls, twice the same as once; returns the ids of those
    that cannot be read. Raises DatabaseError.
    """

    def __call__(
        self,
        *,
        organization: "Organization",
        payloads: Sequence[tuple[UUID, bytes]],
        at: datetime,
    ) -> Collection[UUID]: ...


_inlets: dict[Kind, str] = {}


def register_inlet(kind: Kind, path: str) -> None:
    """Let the function at the dotted `path` store all of `kind`; said when the apps are ready."""
    _inlets[kind] = path


def inlet_of(kind: Kind) -> Inlet | None:
    """Who stores `kind`; None when nobody does."""
    path = _inlets.get(kind)
    return cast(Inlet, import_string(path)) if path else None
