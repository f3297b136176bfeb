"""What goes to the provider as levers change it one after the other, and what each proposes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from apps.kernel.events import Decision
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers, Offer
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Tier


class Draft(NamedTuple):
    """body, document: the same request as bytes and parsed. tiers: whom to ask, fallbacks last."""

    body: bytes
    document: dict[str, Any]
    tiers: Sequence[Tier]

    @property
    def providers(self) -> set[str]:
        """All who may get it."""
        return {each.credential.provider for tier in self.tiers for each in tier}


class Proposal(NamedTuple):
    """What a lever decided, before it holds.

    draft: None leaves the call as it is. settle: called with whether the draft goes out, once that
    is known: then the lever notes what accounting and later calls must know of it. offers: what is
    to be judged of it.
    """

    decisions: Sequence[Decision]
    draft: Draft | None = None
    is_triggered: bool = False
    settle: Callable[[bool], None] | None = None
    offers: Sequence[Offer] = ()


# None: nothing of this call concerns the lever.
Propose = Callable[[Exchange, Runtime, Levers, Draft], Proposal | None]
