"""Savings through the running product: calls, record, seal, statement, archive, verifier."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from django.core.management import call_command

from apps.attribution.audit import netra_verify
from apps.attribution.models import Period
from apps.attribution.services import PeriodTerms, commit_period, create_experiment
from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.optimization.certificates import PART, Certificates
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.gateway_parts import publish_part
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import Caller, by_key
from tests.gateways import RunningGateway, running_gateway
from tests.proxy.test_levers import known_to_gateways, question
from tests.proxy.test_routing import CHEAP, STRONG, gains
from tests.simulator import RunningSimulator

CONVERSATIONS = 260
DAYS = 4
AGO = timedelta(days=30)
MONTH = timedelta(days=20)
# Shorter than what providers keep unasked, so that the second time costs what the first did.
TEXT = "Explain the tides of this bay, in order and with all that moves them. " * 50
Lines = dict[str, list[bytes]]
Spoil = Callable[[Lines], None]


@dataclass
class Proven:
    """An organization whose period is over, what was asked of it, and how it is called."""

    organization: Organization
    events: list[Event]
    call: Caller


def ask(gateway: RunningGateway, key: str, number: int, **changes: Any) -> None:
    headers = {"authorization": f"Bearer {key}", "netra-conversation": f"c-{number}"}
    headers["netra-tags"] = "route=faq"
    body = question(TEXT, model="gpt-4-turbo") | changes
    url = f"{gateway.url}/v1/chat/completions"
    httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status()


def committed(organization: Organization) -> Period:
    at = utc_now()
    with tenant_scope(organization):
        experiment = create_experiment(organization=organization, name="Levers", at=at)
        terms = PeriodTerms(at, at + MONTH, holdout_percent=10)
        return commit_period(
            organization=organization, experiment_id=experiment.pk, terms=terms, at=at
        )


def a_month_ago(organization: Organization, period: Period, events: list[Event]) -> list[Event]:
    """The same as if all of it had been then, spread over some days."""
    with tenant_scope(organization):
        Period.objects.update(
            created_at=period.starts_at - AGO,
            starts_at=period.starts_at - AGO,
            ends_at=period.ends_at - AGO,
        )
    days = [timedelta(days=number % DAYS) for number in range(len(events))]
    return [
        replace(event, started_at=event.started_at - AGO + day)
        for event, day in zip(events, days, strict=True)
    ]


def sealed(
    organization: Organization, key: str, simulator: RunningSimulator, count: int, **changes: Any
) -> Proven:
    """After `count` conversations of one call in a period that is over since."""
    period = committed(organization)
    with running_gateway(known_to_gateways(organization, key, simulator)) as gateway:
        for number in range(count):
            ask(gateway, key, number, **changes)
        events = gateway.events(count)
    past = a_month_ago(organization, period, events)
    ingest_events(organization=organization, events=past, at=utc_now())
    call_command("seal_savings", organization.slug, stdout=io.StringIO())
    return Proven(organization, past, by_key(key))


@pytest.fixture
def acme() -> Organization:
    organization = factories.make_organization("Acme")
    factories.make_credential(organization, provider="openai", secret="sim-acme")
    return organization


@pytest.fixture
def key(acme: Organization) -> str:
    return factories.make_api_key(acme, KEY_SCOPES).text.value


@pytest.fixture
def proven(acme: Organization, key: str, simulator: RunningSimulator) -> Proven:
    return sealed(acme, key, simulator, CONVERSATIONS)


def verified(archive: bytes, folder: Path, key: str) -> tuple[int, str]:
    """Exit code and words of the customers' file alone, as they run it."""
    path = folder / "archive.zip"
    path.write_bytes(archive)
    command = [sys.executable, "-I", netra_verify.__file__, str(path), "--key", key]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return found.returncode, found.stdout


def spoiled(archive: bytes, spoil: Spoil) -> bytes:
    with ZipFile(io.BytesIO(archive)) as file:
        lines = {name: file.read(name).splitlines() for name in file.namelist()}
    spoil(lines)
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as file:
        for name, kept in lines.items():
            file.writestr(name, b"".join(line + b"\n" for line in kept))
    return target.getvalue()


def flip_one_bit(lines: Lines) -> None:
    row = lines["rows.jsonl"][7]
    found = re.search(rb'"paid_atoms":[0-9]+', row)
    assert found
    last = found.end() - 1  # of a digit, which stays one
    lines["rows.jsonl"][7] = row[:last] + bytes([row[last] ^ 1]) + row[last + 1 :]


def drop_one_row(lines: Lines) -> None:
    del lines["rows.jsonl"][7]


def add_one_row(lines: Lines) -> None:
    added = json.loads(lines["rows.jsonl"][7]) | {"unit": "conversation:added"}
    lines["rows.jsonl"].insert(8, netra_verify.canonical(added))


def assert_true(statement: Any, events: list[Event]) -> None:
    """All treated conversations but the first asked what had its answer already."""
    held = [event for event in events if event.arm == "holdout"]
    treated = [event for event in events if event.arm == "treatment"]
    [usd] = {event.actual_usd for event in held}
    assert usd
    assert len(held) + len(treated) == CONVERSATIONS
    saving, figures = (len(treated) - 1) * usd, statement["figures"]
    assert figures["ledger_atoms"] == {"exact_cache": int(saving * 10**18)}
    assert figures["paid_atoms"] == int((len(held) + 1) * usd * 10**18)
    assert 0 < figures["billed"] == figures["proven"] < int(saving * 10**9)
    assert figures["since_start"][0] <= int(saving * 10**9) <= figures["since_start"][1]
    # A fifth of what is billed, in cents of 10^7 nanos.
    exactly = Decimal(figures["billed"]) / 5 / 10**7
    assert statement["fee_minor"] == round(exactly) > 0


def unit_names(archive: bytes) -> list[str]:
    with ZipFile(io.BytesIO(archive)) as file:
        return [json.loads(line)["unit"] for line in file.read("rows.jsonl").splitlines()]


def exported(call: Caller, path: str) -> bytes:
    answer = call("GET", f"{path}/archive")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    return b"".join(answer.streaming_content)


@pytest.mark.django_db
def test_a_known_saving_is_proven_billed_exported_and_re_run_to_the_cent_by_the_customer(
    proven: Proven, tmp_path: Path
) -> None:
    [statement] = proven.call("GET", "/statements").json()["data"]
    assert_true(statement, proven.events)
    path, key = f"/statements/{statement['id']}", statement["public_key"]
    assert proven.call("GET", path).json() == statement
    archive = exported(proven.call, path)
    fee = f"{statement['fee_minor'] // 100}.{statement['fee_minor'] % 100:02d}"
    assert verified(archive, tmp_path, key) == (
        0,
        f"period 1: fee {fee} USD, {CONVERSATIONS} units: verified\n",
    )
    units = unit_names(archive)
    for spoil, sentence in (
        (flip_one_bit, f"row 7 (unit {units[7]}): altered"),
        (drop_one_row, f"row 7: missing (before unit {units[8]})"),
        (add_one_row, "row 8 (unit conversation:added): added"),
    ):
        found = verified(spoiled(archive, spoil), tmp_path, key)
        assert found == (1, f"NOT VERIFIED: {sentence}\n")

    globex = factories.make_organization("Globex")
    other = by_key(factories.make_api_key(globex, KEY_SCOPES).text.value)
    assert other("GET", "/statements").json()["data"] == []
    assert [other("GET", each).status_code for each in (path, f"{path}/archive")] == [404, 404]


@pytest.mark.django_db
def test_calls_that_went_to_a_cheaper_model_are_re_run_at_the_rates_of_both(
    acme: Organization, key: str, simulator: RunningSimulator, tmp_path: Path
) -> None:
    policy = {"levers": {"routing": "on"}, "allowed_models": [CHEAP], "quality_bound": "0.01"}
    assert by_key(key)("PUT", "/policies", policy).status_code == 200
    route = gains(known_to_gateways(acme, key, simulator))
    document = Certificates((route,)).to_dict()
    publish_part(organization=acme, name=PART, document=document, at=utc_now())

    proven = sealed(acme, key, simulator, 40, model=STRONG, temperature=1)

    [statement] = proven.call("GET", "/statements").json()["data"]
    saving = sum(event.decomposition.get("routing", Decimal(0)) for event in proven.events)
    assert statement["figures"]["ledger_atoms"] == {"routing": int(saving * 10**18)}
    assert saving > 0
    archive = exported(proven.call, f"/statements/{statement['id']}")
    assert verified(archive, tmp_path, statement["public_key"]) == (
        0,
        "period 1: fee 0.00 USD, 40 units: verified\n",
    )
