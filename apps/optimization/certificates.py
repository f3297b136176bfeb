"""What gateways know of certified levers: plain values, read on the hot path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.kernel.plain import Plain

PART = "certificates"


@dataclass(frozen=True, slots=True)
class Certificate(Plain):
    """A lever may act in a namespace of a project on calls whose score is `threshold` or more.

    bound: the share of wrong answers that it was certified for. terms: what the lever needs beside,
    as JSON; routing: {"model": …, "gains": {class: gain}, "overall": gain}.
    """

    id: UUID
    lever: str
    project_id: UUID
    namespace: str
    threshold: float
    bound: Decimal
    expires_at: datetime
    terms: Mapping[str, Any] = field(default_factory=dict)


_Place = tuple[str, UUID, str]


@dataclass(frozen=True, slots=True)
class Certificates(Plain):
    """All that stand in an organization, at most one for each lever, project and namespace.

    evicted: keys of kept answers that were found to be wrong; they are not to be served again.
    """

    standing: tuple[Certificate, ...] = ()
    evicted: frozenset[str] = frozenset()
    _by_place: Mapping[_Place, Certificate] = field(init=False, repr=False, compare=False)
    _by_lever: Mapping[tuple[str, UUID], tuple[Certificate, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        by_lever: dict[tuple[str, UUID], tuple[Certificate, ...]] = {}
        for each in self.standing:
            place = each.lever, each.project_id
            by_lever[place] = (*by_lever.get(place, ()), each)
        by_place = {(each.lever, each.project_id, each.namespace): each for each in self.standing}
        object.__setattr__(self, "_by_place", by_place)
        object.__setattr__(self, "_by_lever", by_lever)

    def of(
        self,
        lever: str,
        *,
        project_id: UUID,
        namespace: str,
        at: datetime,
        bound: Decimal | None = None,
    ) -> Certificate | None:
        """The one that holds at `at`; None where it was withdrawn, expired or never made, or made
        for more wrong answers than `bound`, the greatest share that the call's policy allows.
        """
        found = self._by_place.get((lever, project_id, namespace))
        if found is None or at >= found.expires_at:
            return None
        return None if bound is not None and found.bound > bound else found

    def candidates(self, lever: str, *, project_id: UUID) -> tuple[Certificate, ...]:
        """Those of all namespaces of a project, expired ones too: ask `of` before acting on one."""
        return self._by_lever.get((lever, project_id), ())
