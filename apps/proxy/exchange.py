"""One call on its way through the stages: what is known of it so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from uuid import UUID

from apps.kernel.errors import NetraError
from apps.kernel.events import Attempt, Kind, Outcome
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import PriceBook
from apps.proxy.client import Client, Headers
from apps.proxy.levers import Levers
from apps.proxy.limits.holds import Hold
from apps.proxy.providers.dialect import Dialect, Watcher
from apps.proxy.providers.facts import Endpoint, Reading, RequestFacts
from apps.proxy.providers.table import KeyStyle
from apps.proxy.selection import Candidate, Tier
from apps.proxy.snapshot import Snapshot
from apps.proxy.transport import Body, Timeouts
from apps.proxy.upstream import EVENT_STREAM, Upstream
from apps.tenants.access import KeyAccess, OrganizationAccess, ProjectAccess, Route

NOTHING = TokenBuckets()


class InternalError(NetraError):
    """Ours to mend: the log has it under the request id."""


@dataclass(slots=True)
class Caller:
    """Who asks, after authentication. own_key: the provider's key that the caller brought.

    kind: "live", or what a pass of our own workers says.
    """

    key: KeyAccess
    organization: OrganizationAccess
    project: ProjectAccess
    own_key: str | None = None
    own_key_style: KeyStyle | None = None
    end_user: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    conversation_id: str | None = None
    kind: Kind = "live"

    @property
    def api_key_id(self) -> UUID | None:
        """None for a pass that stands in no key's place."""
        return self.key.id if self.key.id.int else None


@dataclass(slots=True)
class Timing:
    """Monotonic seconds. waited: time spent waiting for providers, which is not our overhead."""

    started: float = field(default_factory=perf_counter)
    sent: float | None = None
    first_byte: float | None = None
    waited: float = 0.0

    def elapsed_ms(self) -> float:
        """Since the call came in."""
        return (perf_counter() - self.started) * 1000

    def overhead_ms(self) -> float:
        """What we added up to now."""
        return self.elapsed_ms() - self.waited * 1000

    def admission_ms(self) -> float | None:
        """From the call's arrival until it went upstream."""
        return None if self.sent is None else (self.sent - self.started) * 1000

    def first_byte_ms(self) -> float | None:
        """From the call's arrival until an answer began."""
        return None if self.first_byte is None else (self.first_byte - self.started) * 1000


@dataclass(slots=True)
class Exchange:
    """The state that stages read and fill in; what has no default is there from its stage on."""

    client: Client
    method: str
    path: str
    query: str
    headers: Headers
    snapshot: Snapshot
    endpoint: Endpoint
    dialect: Dialect
    subprotocols: tuple[str, ...] = ()
    event_id: UUID = field(default_factory=uuid7)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    timing: Timing = field(default_factory=Timing)
    # authenticate
    caller: Caller = field(init=False)
    has_caller: bool = False
    _book: PriceBook | None = None
    due_at: datetime | None = None
    # receive
    body: Body = b""
    is_replayable: bool = True
    request_bytes: int = 0
    facts: RequestFacts = field(init=False)
    # admit
    route: Route | None = None
    tiers: list[Tier] = field(default_factory=list)
    timeouts: Timeouts = field(init=False)
    hold: Hold | None = None
    # assign, answer, shape
    levers: Levers | None = None
    # call
    attempts: list[Attempt] = field(default_factory=list)
    candidate: Candidate | None = None
    upstream: Upstream | None = None
    answer: bytes | None = None
    first_chunk: bytes = b""
    is_spent: bool = False
    has_asked_usage: bool = False
    # relay
    watcher: Watcher | None = None
    reading: Reading | None = None
    failure: NetraError | None = None
    status: int | None = None
    answer_type: str = ""
    provider_request_id: str | None = None
    # what was relayed so far, where the project keeps content
    kept: bytearray | None = None
    # record
    buckets: TokenBuckets = NOTHING
    cost_usd: Decimal | None = None
    is_estimated: bool = False
    is_priced: bool = False
    is_recorded: bool = False
    is_deferred: bool = False
    is_carried: bool = False
    content_ref: UUID | None = None
    # What the caller sees as Netra-Request-Id: the id of the event.
    request_id: str = field(init=False)
    _first: dict[bytes, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.request_id = str(self.event_id)
        self._first = dict(reversed(self.headers))

    @property
    def book(self) -> PriceBook:
        """The prices of the caller's organization; the same for the whole call."""
        if self._book is None:
            organization_id = str(self.caller.organization.id)
            self._book = self.snapshot.prices.for_organization(organization_id)
        return self._book

    @property
    def has_facts(self) -> bool:
        """Whether the body was read."""
        return hasattr(self, "facts")

    @property
    def model(self) -> str | None:
        """The model that the caller asked for."""
        return self.facts.model if self.has_facts else self.endpoint.model

    @property
    def asked_tiers(self) -> Sequence[Tier]:
        """Whom to ask: those whom a lever chose, else those whom the call itself leads to."""
        chosen = self.levers.tiers if self.levers else None
        return self.tiers if chosen is None else chosen

    def is_of_caller(self, candidate: Candidate) -> bool:
        """Whether the call itself leads there, and no lever."""
        if self.levers is None or self.levers.tiers is None:
            return True
        return any(candidate in tier for tier in self.tiers)

    @property
    def answering(self) -> Upstream:
        """The provider's answer, which the stage before this one has waited for."""
        if self.upstream is None:
            raise InternalError
        return self.upstream

    @property
    def is_event_stream(self) -> bool:
        """Whether the answer has a place for an event that tells of an error."""
        return self.upstream is not None and self.upstream.content_type == EVENT_STREAM

    @property
    def outcome(self) -> Outcome:
        """How the call ended, or would if it ended now."""
        is_complete = self.answer is not None or (
            self.reading is not None and self.reading.is_complete
        )
        if self.client.has_left and not is_complete:
            return "cancelled"
        if self.failure is not None:
            return self._failed(self.failure)
        is_error = self.status is None or self.status >= 400
        return "error" if is_error or (self.reading and self.reading.is_error) else "success"

    def _failed(self, failure: NetraError) -> Outcome:
        if self.client.has_started:
            return "truncated"
        return "error" if self.attempts or failure.http_status >= 500 else "refused"

    def header(self, name: bytes) -> str | None:
        """The first request header of that name (lower case)."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")
