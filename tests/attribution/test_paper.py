"""A statement on paper: its figures, the same bytes each time, whatever a customer is called."""

import hashlib
import re
import zlib
from typing import Any

import pytest

from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.paper import statement_document, statement_pdf
from apps.attribution.selectors import closed_statements
from apps.attribution.services import correct_statement
from apps.attribution.statements import amounts
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from tests.attribution.proofs import make_proof
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
HOSTILE = (
    '#read("/etc/passwd") #import "@preview/x:1.0.0" $x$ *b* [#eval("1")] \\ "quoted"',
    "Ünïcödé Łódź Привет",
    "株式会社 🚀",
    "turned \u202e round\x00\x07",
)


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def statement(acme: Organization) -> SavingsStatement:
    proven = make_proof(acme, units_a_day=100)
    with tenant_scope(acme):
        return closed_statements().get(pk=proven.statement.pk)


def paper(acme: Organization, statement: SavingsStatement, name: str = "Acme") -> bytes:
    with tenant_scope(acme):
        row = closed_statements().get(pk=statement.pk)
        return statement_pdf(row, organization_name=name)


def told(acme: Organization, statement: SavingsStatement, name: str = "Acme") -> dict[str, Any]:
    with tenant_scope(acme):
        return statement_document(statement, organization_name=name)


def objects(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(_inflated(stream) for stream in streams)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def test_the_same_statement_gives_the_same_bytes_and_a_correction_others(
    acme: Organization, statement: SavingsStatement
) -> None:
    first, again = paper(acme, statement), paper(acme, statement)
    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()
    document = statement.document | {"fee_minor": statement.document["fee_minor"] - 1}
    with tenant_scope(acme):
        correct_statement(
            statement_id=statement.pk, document=document, reason="A price", at=utc_now()
        )
    assert paper(acme, statement) != first


def test_it_is_tagged_titled_and_carries_its_fonts(
    acme: Organization, statement: SavingsStatement
) -> None:
    found = objects(paper(acme, statement))
    for part in (
        b"/StructTreeRoot",
        b"/Marked true",
        b"/FontFile",
        b"pdfuaid",
        b"Savings statement",
    ):
        assert part in found, part
    assert b"/JavaScript" not in found


def test_its_figures_are_those_of_the_statement(
    acme: Organization, statement: SavingsStatement
) -> None:
    document, found = told(acme, statement), amounts(statement.document)
    lines = {line["label"]: line["usd"] for line in document["lines"]}
    expected = {
        "Spend without Netra": found.untouched, "Actual spend": found.paid,
        "Ledger saving": found.ledger, "Audited saving": found.audited,
        "Proven saving": found.proven, "Billed saving": found.billed, "Fee": found.fee,
        "Carried to the next period": found.shortfall, "Estimated, not billed": found.estimated,
    }  # fmt: skip
    assert lines == {label: shown_usd(amount) for label, amount in expected.items()}
    assert document["figures"][-1] == ["Fee", shown_usd(found.fee)]
    assert document["levers"] == [["Exact cache", shown_usd(found.ledger), shown_usd(found.billed)]]
    assert (document["key"], document["head"]["size"]) == (statement.log.public_key, "200")
    assert document["plot"].startswith("<svg")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_reasons_are_text_whatever_they_hold(
    name: str, acme: Organization, statement: SavingsStatement
) -> None:
    with tenant_scope(acme):
        Experiment.objects.update(name=name.replace("\x00", ""))
        correct_statement(
            statement_id=statement.pk, document=statement.document,
            reason=name.replace("\x00", ""), at=utc_now(),
        )  # fmt: skip
    pdf = paper(acme, statement, name)
    assert pdf.startswith(b"%PDF-")
    assert b"root:" not in objects(pdf)
    assert "\u202e" not in told(acme, statement, name)["organization"]
