"""What the command does and says."""

from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.kernel.clock import utc_now
from demo.organizations import NoDemoLogin
from demo.pricing import Unpriced
from demo.report import table, where
from demo.running import GatewayAway, Places, await_keys, begin, carry, results, settle
from demo.settling import NotWritten
from demo.simulator import Simulator, SimulatorAway
from demo.state import Run, read_run, write_run
from demo.traffic import Traffic, traffic

REQUESTS = 5_000  # of each organization: 5 to 10 minutes on two cores
DONE, MISSED, REFUSED, INTERRUPTED = 0, 1, 2, 130
_TROUBLES = (NoDemoLogin, GatewayAway, SimulatorAway, NotWritten, Unpriced)


def run_demo(*, requests: int | None, speed: float | None, is_anew: bool, folder: Path) -> int:
    """The exit status; see demo.__main__."""
    if not settings.SIMULATOR_URL:
        return _refused("no simulator runs, and the demo calls no real provider; use ./apex up")
    places = Places(settings.GATEWAY_URL, settings.SIMULATOR_URL, folder)
    try:
        return _run(requests, speed, is_anew, places)
    except _TROUBLES as trouble:
        return _refused(str(trouble))
    except KeyboardInterrupt:
        print("\nStopped. ./apex demo goes on from here.")
        return INTERRUPTED


def _run(requests: int | None, speed: float | None, is_anew: bool, places: Places) -> int:
    run = None if is_anew else read_run(places.folder)
    if run is not None and run.ended_at is None and run.over(utc_now()):
        print("The last run was stopped too long ago to go on: its experiments are over.")
        run = None
    if run is None or run.ended_at is None:
        run = _carried(run, requests, speed, places)
    else:
        print("This run is over; ./apex demo --again begins a new one.")
    return INTERRUPTED if run.ended_at is None else _told(run, places)


def _carried(run: Run | None, requests: int | None, speed: float | None, places: Places) -> Run:
    """The run, ended unless it was stopped."""
    wanted = traffic(run.requests if run else requests or REQUESTS)
    _say_what(wanted)
    _load(wanted, places)
    if run is None:
        run = begin(requests or REQUESTS, places)
    else:
        print(f"Going on with the run of {run.began_at:%H:%M} UTC; --again begins a new one.")
    await_keys(run.customers, places.gateway_url)
    if not carry(run, wanted, places, speed=speed):
        ends_at = datetime.fromisoformat(run.customers[0].period_ends_at)
        print(f"Stopped. ./apex demo goes on from here, until {ends_at:%d %B, %H:%M %Z}.")
        return run
    run = run.ended(utc_now())
    write_run(places.folder, run)
    return run


def _say_what(wanted: Traffic) -> None:
    if wanted.absent:
        print(f"RECORDED DATA IS ABSENT: there is no {wanted.absent} (see NETRA_DATA_DIR).")
        print("What follows is a small set of our own making, not recorded traffic.")
    else:
        print("Recorded traffic: agent runs of tau-bench (airline), questions of banking77,")
        print("MMLU with the answers of two models (RouteLLM), arrivals of Mooncake.")
    print(f"{wanted.calls:,} calls in {len(wanted.arriving):,} conversations, each to three")
    print("organizations at once and, as the truth, to the provider without us.")


def _load(wanted: Traffic, places: Places) -> None:
    simulator = Simulator(places.simulator_url)
    simulator.load(each.conversation for each in wanted.arriving)
    simulator.close()


def _told(run: Run, places: Places) -> int:
    print("Waiting until all is written down and compared; then each period is closed as it will")
    print("be a week after its end, its archive exported and verified.")
    settle(run, places)
    found = results(run, places)
    print(f"\n{table(found)}\n\n{where(found, settings.PORTAL_URL)}")
    return DONE if all(each.is_good for each in found) else MISSED


def _refused(why: str) -> int:
    print(f"apex: {why}")
    return REFUSED
