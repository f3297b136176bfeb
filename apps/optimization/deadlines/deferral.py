"""A call that is answered later, as the gateway hands it on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from apps.kernel.plain import Plain
from apps.optimization.deadlines.stated import FLEX_WITHIN

# What sealed requests and answers are bound to, beside their organization.
REQUEST, RESULT = "deferred request", "deferred result"
# Units of an experiment close when nothing happened for a day, and batches end within one.
LONGEST_WAIT = timedelta(hours=23)
_LONGEST_RESERVE = timedelta(minutes=30)


class UnreadableDeferral(ValueError):
    """Bytes that are no deferred call."""


@dataclass(frozen=True, slots=True)
class Deferral(Plain):
    """event: the call's record as far as it is known, as JSON. sealed: the body that the provider
    is to get, under the organization's data key, bound to REQUEST. path: of the provider's API.
    headers: those that change what the provider does. due_at: when the answer must be there.
    """

    due_at: datetime
    endpoint: str
    path: str
    provider: str
    credential_id: UUID
    model: str
    sealed: bytes
    event: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """As it lies in the spool."""
        return orjson.dumps(self.to_dict())

    @classmethod
    def decoded(cls, encoded: bytes) -> "Deferral":
        """Raises UnreadableDeferral."""
        try:
            return cls.from_dict(orjson.loads(encoded))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UnreadableDeferral(str(error)) from error


def may_batch(within: timedelta) -> bool:
    """Whether a call that can wait for so long may be answered by a batch."""
    return within > FLEX_WITHIN


def fallback_at(*, started_at: datetime, due_at: datetime) -> datetime:
    """When the ordinary tier is asked if no batch has answered: a quarter of the time before the
    deadline, at most half an hour.
    """
    return due_at - min(_LONGEST_RESERVE, (due_at - started_at) / 4)
