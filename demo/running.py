"""A run from its beginning, or from where it was stopped, to its table."""

import asyncio
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from django.db import close_old_connections

from apps.kernel.clock import utc_now
from apps.pricing.selectors import price_book
from apps.tenants.models import Organization
from demo.carriers import REFERENCE, Carrier
from demo.journal import Journal, read_calls
from demo.ledger import ledger
from demo.organizations import SETTINGS, Customer, demo_user, furnish
from demo.pricing import Prices
from demo.progress import Progress
from demo.proving import prove
from demo.replaying import Replay
from demo.report import Result
from demo.settling import await_comparisons, await_records, look_again
from demo.simulator import Simulator
from demo.state import Run, journal_path, write_run
from demo.traffic import Arriving, Traffic
from demo.truth import Truth, truth

_KNOWN_SECONDS, _LOOK_SECONDS = 30.0, 60.0


class GatewayAway(Exception):
    """The gateway does not answer, or does not learn of new keys."""


@dataclass(frozen=True, slots=True)
class Places:
    """Origins of gateway and simulator, and the folder of the run's files."""

    gateway_url: str
    simulator_url: str
    folder: Path


def begin(requests: int, places: Places) -> Run:
    """Make the customers of a new run, and keep it. Raises NoDemoLogin."""
    at = utc_now()
    owner, name = demo_user(), f"{at:%Y%m%d-%H%M%S}"
    customers = tuple(
        furnish(each, owner=owner, run=name, simulator_url=places.simulator_url, at=utc_now())
        for each in SETTINGS
    )
    run = Run(name, requests, at, customers)
    write_run(places.folder, run)
    return run


def await_keys(customers: Sequence[Customer], gateway_url: str) -> None:
    """Until the gateway knows them all. Raises GatewayAway."""
    deadline = time.monotonic() + _KNOWN_SECONDS
    for customer in customers:
        headers = {"authorization": f"Bearer {customer.key}"}
        while not _is_known(gateway_url, headers):
            if time.monotonic() > deadline:
                raise GatewayAway(f"the gateway at {gateway_url} does not know the demo's keys")
            time.sleep(0.2)


def _is_known(gateway_url: str, headers: dict[str, str]) -> bool:
    try:
        return httpx.get(f"{gateway_url}/v1/models", headers=headers, timeout=10).is_success
    except httpx.HTTPError as error:
        raise GatewayAway(f"the gateway at {gateway_url} does not answer: {error}") from error


def carry(run: Run, traffic: Traffic, places: Places, *, speed: float | None) -> bool:
    """Replay what is left of the run; False when it was stopped before its end."""
    journal = Journal(journal_path(places.folder, run))
    left = _left(run, traffic, journal)
    done = traffic.calls - sum(len(each.conversation.turns) for each in left)
    progress = Progress(traffic.calls, done)
    try:
        return asyncio.run(_carry(run, left, places, journal, progress, speed))
    finally:
        progress.end()
        journal.close()


async def _carry(
    run: Run,
    left: Sequence[Arriving],
    places: Places,
    journal: Journal,
    progress: Progress,
    speed: float | None,
) -> bool:
    carriers = [
        Carrier(REFERENCE, places.simulator_url, f"sk-demo-{REFERENCE}-{run.id}"),
        *(Carrier(each.name, places.gateway_url, each.key) for each in run.customers),
    ]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    looking = asyncio.create_task(_keep_looking(run.customers))
    try:
        return await Replay(carriers, journal, stop, progress.step, speed).run(left)
    finally:
        looking.cancel()
        for each in carriers:
            await each.close()


async def _keep_looking(customers: Sequence[Customer]) -> None:
    """Levers that may change answers are certified while traffic passes, or not at all."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.to_thread(_look, customers)


def _look(customers: Sequence[Customer]) -> None:
    for each in customers:
        look_again(_organization(each), at=utc_now())
    close_old_connections()


def _left(run: Run, traffic: Traffic, journal: Journal) -> list[Arriving]:
    """What somebody still waits for, the first of it at once."""
    names = (REFERENCE, *(each.name for each in run.customers))
    left = [
        each
        for each in traffic.arriving
        if not all(
            journal.has(name, each.conversation, turn)
            for turn in each.conversation.turns
            for name in names
        )
    ]
    first = left[0].starts_s if left else 0.0
    return [Arriving(each.conversation, each.starts_s - first) for each in left]


def settle(run: Run, places: Places) -> None:
    """Wait until all calls of a run are written down and compared. Raises NotWritten."""
    calls = read_calls(journal_path(places.folder, run))
    for each in run.customers:
        own = sum(call.who == each.name for call in calls)
        await_records(_organization(each), UUID(each.project_id), own)
        await_comparisons(_organization(each))


def results(run: Run, places: Places) -> list[Result]:
    """All figures of a run whose calls are written down. Raises Unpriced, SimulatorAway."""
    calls = read_calls(journal_path(places.folder, run))
    simulator = Simulator(places.simulator_url)
    metered = {each.name: simulator.metered(each.secret) for each in run.customers}
    simulator.close()
    prices = Prices(price_book(run.began_at), run.began_at)
    return [
        _result(run, each, places, truth(calls, each.name, prices, metered[each.name]))
        for each in run.customers
    ]


def _result(run: Run, customer: Customer, places: Places, true: Truth) -> Result:
    organization, project_id = _organization(customer), UUID(customer.project_id)
    ended_at = run.ended_at or utc_now()
    return Result(
        customer,
        true,
        ledger(organization, project_id, since=run.began_at, until=utc_now()),
        prove(
            organization,
            UUID(customer.experiment_id),
            began_at=run.began_at,
            ended_at=ended_at,
            folder=places.folder,
        ),
    )


def _organization(customer: Customer) -> Organization:
    return Organization.objects.get(pk=customer.organization_id)
