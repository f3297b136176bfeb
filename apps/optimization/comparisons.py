"""What a lever would have done beside what was done: sealed on its way to be judged, then deleted.

Of each organization there is one bounded list in `CACHE_URL`, and one set that names who has any.
What is lost on the way is lost at random: how many calls there were, their events say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from apps.kernel.plain import Plain
from apps.tenants.vault import CannotOpen, binding, seal, unseal

LONGEST_QUEUE = 2_000
# Sealed bytes of one.
LARGEST = 256 << 10
KEPT_S = 86_400
_PURPOSE = "comparison"


@dataclass(frozen=True, slots=True)
class Comparison(Plain):
    """One call whose answer tells whether a lever's answer would have been right.

    score: by which the lever decides, the higher the safer. probability: with which this comparison
    was to be made. endpoint, model: of the call. question: what was asked (the last text of the
    user, or the whole body as JSON). given: the answer document that the caller got, as JSON.
    candidate: the kept answer document that would have been given, and entry: its key. kept_as,
    space: the key of the given one, where both are found by their meaning, and the name of where.
    alternative: {"path": …, "body": {…}}, to be asked for the candidate. label: whether the lever's
    answer is wrong, where that is known already. api_key_id: of the call, whose limits then bind
    what is asked to compare.
    """

    event_id: UUID
    organization_id: UUID
    project_id: UUID
    lever: str
    namespace: str
    score: float
    probability: float
    asked_at: datetime
    endpoint: str
    model: str
    question: str = field(repr=False)
    given: str = field(repr=False)
    candidate: str | None = field(default=None, repr=False)
    entry: str | None = None
    alternative: Mapping[str, Any] | None = field(default=None, repr=False)
    label: bool | None = None
    kept_as: str | None = None
    space: str | None = None
    api_key_id: UUID | None = None


def waiting_key(prefix: str) -> str:
    """Of the set of organizations' ids that have comparisons waiting."""
    return f"{prefix}:comparisons"


def queue_key(prefix: str, organization_id: UUID) -> str:
    """Of the list of an organization's comparisons, the newest first."""
    return f"{prefix}:comparisons:{organization_id.hex}"


def sealed(comparison: Comparison, data_key: bytes) -> bytes:
    """The comparison for the queue of its organization, whose data key it is."""
    plain = orjson.dumps(comparison.to_dict())
    return seal(data_key, plain, bound_to=binding(comparison.organization_id, _PURPOSE))


def opened(box: bytes, data_key: bytes, *, organization_id: UUID) -> Comparison | None:
    """The comparison; None for what was sealed elsewhere, is damaged, or of another release."""
    try:
        plain = unseal(data_key, box, bound_to=binding(organization_id, _PURPOSE))
        found = Comparison.from_dict(orjson.loads(plain))
    except (CannotOpen, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found if found.organization_id == organization_id else None
