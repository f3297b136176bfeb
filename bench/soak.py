"""Load and faults together: mixed traffic at half of the machine's capacity while everything is
killed at random and the provider has a bad day. Protocol and figures: docs/reliability.md.

It runs on a product of its own, in .local/soak, as `./apex up` runs it with two gateway workers.
"""

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from django.conf import settings
from django.db import connection

from apps.kernel.clock import utc_now
from bench.relays.servers import free_port, python, running
from bench.rows import Row
from bench.soaking.health import idle_parts
from bench.soaking.judging import Trial
from bench.soaking.memory import growths
from bench.soaking.parts import Addresses, Parts
from bench.soaking.records import Record, book_lines, records
from bench.soaking.report import (
    carried_rows,
    finding_rows,
    kill_rows,
    memory_rows,
    money_rows,
    none_of,
    outage_rows,
)
from bench.soaking.running import Plan, Run, soak
from bench.soaking.sums import Stated, differing_checks, differing_sums, stated
from bench.soaking.tenants import Tenant, furnish
from bench.soaking.timeline import timeline
from netra.launch.places import CHECKOUT, Places

TIMELINE = Places.of(CHECKOUT).for_soak().local / "soak.json"
_MINUTES, _QUICK_MINUTES = 20.0, 3.0
_KILL_EVERY_SECONDS, _QUICK_KILL_EVERY_SECONDS = 11.0, 7.0
_SHORT_MINUTES = 10.0
# So slow that calls are open when something dies.
_PACE = {"SIM_LATENCY_MS": "120", "SIM_TOKEN_MS": "5"}
_REQUESTS_PER_MINUTE = 400
_SHIPPED_WITHIN_SECONDS = 180.0


def run(quick: bool, *, minutes: float | None = None) -> list[Row]:
    """minutes: of the bad day, 20 unless said; quick: 3."""
    logging.getLogger("django_structlog").setLevel(logging.WARNING)
    lasts = minutes or (_QUICK_MINUTES if quick else _MINUTES)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        books, log, port = Path(name) / "books.jsonl", Path(name) / "provider.log", free_port()
        command = python("-m", "bench.soaking.provider", "--port", str(port), "--books", str(books))
        env = os.environ | _PACE
        with running(command, port=port, env=env, log=log, cpu=1):
            return _soaked(lasts, f"http://127.0.0.1:{port}", books)


def _soaked(minutes: float, provider: str, books: Path) -> list[Row]:
    places = Places.of(CHECKOUT).for_soak()
    lasts = timedelta(minutes=minutes + 3)
    tenants = furnish(provider, lasts=lasts, requests_per_minute=_REQUESTS_PER_MINUTE)
    connection.close()  # what is open dies with the next Postgres
    connection.close_pool()  # type: ignore[attr-defined]  # only Postgres has pools
    pause = _QUICK_KILL_EVERY_SECONDS if minutes < _SHORT_MINUTES else _KILL_EVERY_SECONDS
    plan = Plan(minutes * 60, pause)
    parts = Parts(places, Addresses.of(_urls()))
    sleep(_known_after_seconds())
    seen = asyncio.run(soak(plan, tenants, parts, _origins(), provider))
    rows = [
        *_rows(seen, tenants, books, is_short=minutes < _SHORT_MINUTES),
        _idle_row(idle_parts(parts)),
    ]
    TIMELINE.write_text(json.dumps(timeline(seen)) + "\n")
    return rows


def _rows(run: Run, tenants: Sequence[Tenant], books: Path, *, is_short: bool) -> list[Row]:
    found = _shipped(tenants, run)
    limited = [each.name for each in tenants if each.is_limited]
    trial = Trial(run.seen, book_lines(books), found, run.kills, limited)
    _show([f"{each.what}, call {each.call}: {each.said}" for each in trial.judge().shown])
    return [
        *carried_rows(run, trial),
        *finding_rows(trial),
        *money_rows(trial),
        *_sum_rows(tenants),
        *_statement_rows(stated(tenants[0], found)),
        *kill_rows(run),
        *outage_rows(run),
        *memory_rows(growths(run.samples, since=run.since, until=run.until), is_short=is_short),
    ]


def _shipped(tenants: Sequence[Tenant], run: Run) -> list[Record]:
    """The records, once the shipper has had time for all of them."""
    give_up_at, before, found = monotonic() + _SHIPPED_WITHIN_SECONDS, -1, records(tenants)
    answered = {each.number for each in run.seen if each.ending == "right"}
    while monotonic() < give_up_at and not (
        len(found) == before and answered <= {each.call for each in found}
    ):
        sleep(5)
        before, found = len(found), records(tenants)
    return found


def _sum_rows(tenants: Sequence[Tenant]) -> list[Row]:
    differing = [line for tenant in tenants for line in differing_sums(tenant)]
    _show(differing)
    checked = sum(differing_checks(tenant, at=utc_now()) for tenant in tenants)
    return [
        none_of("sums of rollups, ledger and days that differ from the rows", len(differing)),
        none_of("– by the product's own check", checked),
    ]


def _statement_rows(statement: Stated) -> list[Row]:
    _show([*statement.differing, *statement.findings])
    document = statement.document
    return [
        Row("units of the experiment", document["units"], "", document["held_out"]),
        Row("saving in the statement's ledger", _usd(document["ledger_atoms"].values()), "USD"),
        Row("calls without a price, which count for nothing", statement.unexplained, ""),
        none_of("figures of the statement that differ from the oracle's", len(statement.differing)),
        none_of("findings of the customers' verifier", len(statement.findings)),
    ]


def _idle_row(idle: Sequence[str]) -> Row:
    _show([f"{name} does not do its work" for name in idle])
    return none_of("parts that do not work again", len(idle))


def _usd(atoms: object) -> float:
    return sum(atoms) / 1e18  # type: ignore[call-overload,no-any-return]


def _show(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"! {line}")


def _urls() -> dict[str, str]:
    return {
        "gateway": settings.GATEWAY_URL,
        "web": settings.PORTAL_URL,
        "postgres": os.environ["DATABASE_URL"],
        "queue": settings.REDIS_URL,
        "cache": settings.CACHE_URL,
    }


def _origins() -> dict[str, str]:
    """By address: a name could lead to another protocol, where nobody listens."""
    urls = {name: _urls()[name] for name in ("gateway", "web")}
    return {name: url.replace("localhost", "127.0.0.1") for name, url in urls.items()}


def _known_after_seconds() -> float:
    """Until gateways have heard of new organizations, and the experiment's period has begun."""
    return 6.0
