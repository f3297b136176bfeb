"""What a gateway process holds while it runs; every stage gets it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.optimization.compression import ResultCompressor, SessionTools
from apps.optimization.prefix import PromptCachePlanner
from apps.optimization.routing import Pins
from apps.proxy.answer_store import AnswerStore, NoAnswers
from apps.proxy.breaker import Breakers
from apps.proxy.comparisons import Comparisons, NoComparisons
from apps.proxy.flights import Flights
from apps.proxy.limits.limiter import Limiter
from apps.proxy.recognition import Recognition
from apps.proxy.selection import Latencies
from apps.proxy.similar import Similar
from apps.proxy.snapshot import Snapshot
from apps.proxy.transport import Timeouts, Transport
from apps.proxy.units import Units
from apps.usage.spool import SpoolWriter


@dataclass(frozen=True, slots=True)
class Settings:
    """peppers: those under which key digests were made. pass_keys: those of passes. Sizes in bytes.

    largest_body: of a request held in memory, and so replayable. largest_answer: of a JSON answer.
    lever_seconds: so long a lever may think; a call that it kept longer goes on untouched.
    portal_url: where callers ask for answers that come later; no slash at the end.
    """

    peppers: tuple[bytes, ...]
    largest_body: int = 64 << 20
    largest_answer: int = 64 << 20
    max_retries: int = 2
    timeouts: Timeouts = Timeouts()
    lever_seconds: float = 0.005
    portal_url: str = ""
    pass_keys: tuple[bytes, ...] = field(default=(), repr=False)


def _planner() -> PromptCachePlanner:
    """What it learns lives and ends with the process, and so does its key."""
    return PromptCachePlanner(key=secrets.token_bytes(32))


def _tools() -> SessionTools:
    """Ranked by their words alone: a vector for each tool would take more time than there is."""
    return SessionTools(embed=lambda _: None)


@dataclass(slots=True)
class Runtime:
    """The parts that live as long as the process.

    snapshot: None until one was loaded. is_in_touch: whether it follows the database's changes.
    tasks: what goes on after its call was answered, and may be lost.
    """

    settings: Settings
    snapshot: Callable[[], Snapshot | None]
    is_in_touch: Callable[[], bool]
    mark_used: Callable[[UUID, datetime], None]
    limiter: Limiter
    spool: SpoolWriter
    transport: Transport
    breakers: Breakers = field(default_factory=Breakers)
    latencies: Latencies = field(default_factory=Latencies)
    answers: AnswerStore = field(default_factory=NoAnswers)
    comparisons: Comparisons = field(default_factory=NoComparisons)
    similar: Similar = field(default_factory=Similar)
    units: Units = field(default_factory=Units)
    planner: PromptCachePlanner = field(default_factory=_planner)
    pins: Pins = field(default_factory=Pins)
    results: ResultCompressor = field(default_factory=ResultCompressor)
    tools: SessionTools = field(default_factory=_tools)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    flights: Flights = field(init=False)
    recognition: Recognition = field(init=False)

    def __post_init__(self) -> None:
        self.flights = Flights(self.answers.release)
        self.recognition = Recognition(self.settings.peppers)
