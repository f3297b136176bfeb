"""How long the server takes for each page that a browser can open, for an organization at work.

It has NETRA_BENCH_EVENTS events of the last 30 days (100,000 unless set; 10,000 with --quick),
stored as the shipper stores them, 50 projects and keys, a proof of 20 days. The pages are those
that the tests walk.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter

from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.kernel.clock import utc_now
from bench._database import throwaway_database
from bench._traffic import make_traffic
from bench.rows import Row
from netra.memory import settle_memory
from tests.factories import PASSWORD, make_api_key, make_member, make_project
from tests.portal.pages import (
    OPEN_PAGES,
    ORGANIZATION_PAGES,
    SIGNED_IN_PAGES,
    Page,
    World,
    make_world,
)

TARGET_MS = 300.0
ROUNDS, QUICK_ROUNDS = 20, 5
MANY = 50
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# An owner cannot leave; the page of value has its own questions below.
_LEFT_OUT = {"portal:leave", "portal:value"}


def run(quick: bool) -> list[Row]:
    """Milliseconds at the 95th percentile of each page, the slowest first."""
    count = 10_000 if quick else int(os.environ.get("NETRA_BENCH_EVENTS", "100000"))
    logging.disable(logging.INFO)  # a line for each of the requests, between the rows
    with throwaway_database():
        world = _world(count, proven_days=4 if quick else 20)
        signed_in = _signed_in(world)
        pages = [(*each, signed_in) for each in _pages()]
        pages += [(_name(page), page, _visitor()) for page in OPEN_PAGES]
        settle_memory()  # as the web process does before it serves
        rows = list(_measured(world, pages, QUICK_ROUNDS if quick else ROUNDS))
    return sorted(rows, key=lambda row: row.value, reverse=True)


def _world(count: int, proven_days: int) -> World:
    world = make_world("Bench", proven_days=proven_days)
    assert world.savings_token  # makes what was proven, which shared pages are about
    assert world.experiment_token
    projects = [make_project(world.organization, f"Project {n}") for n in range(MANY)]
    for number in range(MANY):
        make_api_key(world.organization, name=f"Key {number}", project=projects[number])
    for _ in range(MANY // 5):
        make_member(world.organization)
    make_traffic(world.organization, projects, count)
    return world


def _pages() -> Iterator[tuple[str, Page]]:
    """Each with its name. What follows from today is in no name, so that runs can be compared."""
    for page in (*ORGANIZATION_PAGES, *SIGNED_IN_PAGES):
        if page.view not in _LEFT_OUT:
            yield _name(page), page
    today = utc_now().date()
    asked = {
        "portal:value": {
            "30 days": "",
            "90 days": _days(today, 90),
            "a year": _days(today, 366),
            "30 days of an end user": f"{_days(today, 30)}&end_user=user-7",
            "7 days of a tag": f"{_days(today, 7)}&tag_name=team&tag=search",
            "30 days of a model": f"{_days(today, 30)}&requested_model=model-3",
        },
        "portal:requests": {
            "of a lever": "?lever=routing",
            "held out": "?arm=holdout",
            "by text": "?text=user-77",
            "7 days of a model": f"{_days(today, 7)}&model=model-3",
        },
    }
    for view, questions in asked.items():
        page = next(page for page in ORGANIZATION_PAGES if page.view == view)
        for name, query in questions.items():
            yield f"{_name(page)}, {name}", replace(page, query=query)


def _days(today: date, count: int) -> str:
    return f"?since={today - timedelta(days=count - 1)}&until={today}"


def _visitor() -> Client:
    return Client(headers={"host": "localhost"})


def _signed_in(world: World) -> Client:
    """The owner, who has typed the password a moment ago."""
    client = _visitor()
    client.force_login(world.owner, backend=_BACKEND)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def _measured(world: World, pages: list[tuple[str, Page, Client]], rounds: int) -> Iterator[Row]:
    """Each page so many times, a round after the other, so that a slow moment falls on all."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        cache.clear()  # which counts visits by address
        for name, page, client in pages:
            ms = _ms(client, page.url(world))
            if number:  # the first compiles templates
                taken[name].append(ms)
    for name, of_page in taken.items():
        p95 = sorted(of_page)[int(0.95 * (rounds - 1))]
        yield Row(name, p95, "ms", None, TARGET_MS, p95 <= TARGET_MS)


def _ms(client: Client, url: str) -> float:
    started = perf_counter()
    response = client.get(url)
    taken = (perf_counter() - started) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{url} answered {response.status_code}")
    return taken


def _name(page: Page) -> str:
    view = page.view.removeprefix("portal:")
    return f"{view} of {page.about}" if page.about else view
