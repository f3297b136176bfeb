"""netra-verify against honest archives, and against those that were changed after sealing."""

import ast
import io
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attribution.audit import Journal, netra_verify
from apps.attribution.audit.netra_verify import is_signed, verify
from apps.attribution.sequences import Bound
from apps.attribution.statements import Contract
from tests.attribution.audit.journals import (
    CONTRACT,
    Lines,
    archived,
    comparison,
    edited,
    journal_of,
    salt_of,
    spoilt,
    written,
)

SCRIPT = Path(netra_verify.__file__)
EXACT = Contract(Bound("exact", Decimal("0.05"), scale=10**9))
VICTIM = 100


@pytest.fixture(scope="module")
def journal() -> Journal:
    return journal_of()


@pytest.fixture(scope="module")
def archive(journal: Journal) -> bytes:
    return archived(journal, ({"lever": "exact_cache", "limit_bp": 50},))


@pytest.mark.parametrize("comparisons", [0, 4])
@pytest.mark.parametrize("contract", [CONTRACT, EXACT])
def test_an_honest_archive_is_verified_to_the_cent(contract: Contract, comparisons: int) -> None:
    journal = journal_of(300, contract=contract, comparisons=comparisons)

    findings, statements = verify(io.BytesIO(archived(journal)))

    assert findings.shown == []
    fees = [statement.fee_minor for statement in journal.statements]
    assert [each["fee_minor"] for each in statements] == fees
    assert fees[0] > 0


def test_a_month_is_verified_while_the_next_one_runs() -> None:
    """Its rows are in the log already, its salt is not in the archive."""
    journal, whole = journal_of(is_second_open=True), journal_of()

    findings, statements = verify(io.BytesIO(archived(journal)))

    assert findings.shown == []
    assert [each["fee_minor"] for each in statements] == [whole.statements[0].fee_minor]
    assert journal.rows == whole.rows


def test_it_runs_alone_on_the_standard_library(archive: bytes, tmp_path: Path) -> None:
    script = tmp_path / "netra_verify.py"
    script.write_text(SCRIPT.read_text())

    ran = _run(script, written(archive, tmp_path))

    assert ran.returncode == 0
    assert ran.stdout.splitlines()[0].startswith("period 1: fee ")
    assert _imported() <= sys.stdlib_module_names


def _row(lines: Lines, **fields: Any) -> None:
    lines["rows.jsonl"][VICTIM] = edited(lines["rows.jsonl"][VICTIM], **fields)


def _flip(lines: Lines) -> None:
    line = bytearray(lines["rows.jsonl"][VICTIM])
    line[len(line) // 2] ^= 1
    lines["rows.jsonl"][VICTIM] = bytes(line)


def _drop(lines: Lines) -> None:
    del lines["rows.jsonl"][VICTIM]


def _add(lines: Lines) -> None:
    forged = edited(lines["rows.jsonl"][VICTIM], unit="conversation:forged")
    lines["rows.jsonl"].insert(VICTIM, forged)


def _repeat(lines: Lines) -> None:
    lines["rows.jsonl"].insert(VICTIM, lines["rows.jsonl"][VICTIM])


def _swap(lines: Lines) -> None:
    rows = lines["rows.jsonl"]
    rows[VICTIM], rows[VICTIM + 1] = rows[VICTIM + 1], rows[VICTIM]


def _swap_arm(lines: Lines) -> None:
    row = json.loads(lines["rows.jsonl"][VICTIM])
    _row(lines, arm="holdout" if row["arm"] == "treatment" else "treatment")


def _other_salt(lines: Lines) -> None:
    lines["periods.jsonl"][0] = edited(lines["periods.jsonl"][0], salt=salt_of(9))


def _other_price(lines: Lines) -> None:
    rate = json.loads(lines["rates.jsonl"][0])
    rate["levels"][0]["atoms"]["output"] += 1
    lines["rates.jsonl"][0] = json.dumps(rate).encode()


def _other_fee(lines: Lines) -> None:
    fee = json.loads(lines["statements.jsonl"][0])["fee_minor"]
    lines["statements.jsonl"][0] = edited(lines["statements.jsonl"][0], fee_minor=fee + 1)


def _other_terms(lines: Lines) -> None:
    lines["terms.json"] = [edited(lines["terms.json"][0], fee_bp=2_500)]


def _other_certificate(lines: Lines) -> None:
    lines["certificates.jsonl"][0] = edited(lines["certificates.jsonl"][0], limit_bp=51)


def _no_last_day(lines: Lines) -> None:
    del lines["heads.jsonl"][-1]


def _no_last_statement(lines: Lines) -> None:
    del lines["statements.jsonl"][-1]


def _both_row_and_leaf(lines: Lines) -> None:
    _drop(lines)
    del lines["leaves.hex"][VICTIM]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_flip, "row 100 ("),
        (_drop, "row 100: missing"),
        (_add, "row 100 (unit conversation:forged): added"),
        (_repeat, "row 101 (unit conversation:1-1-40): twice, or out of place"),
        (_swap, "row 100 (unit conversation:1-1-41): twice, or out of place"),
        (_swap_arm, "row 100 (unit conversation:1-1-40): altered"),
        (_other_salt, "period 1: not the salt committed to"),
        (_other_price, "rate or certificate "),
        (_other_certificate, "rate or certificate "),
        (_other_fee, "statement 1, fee_minor: is "),
        (_other_terms, "head 1 (2026-10-01): signed for other terms"),
        (_no_last_day, "leaves after the last signed head"),
        (_no_last_statement, "a statement is missing or added"),
        (_both_row_and_leaf, "head 2 (2026-10-02): its root is not that of the leaves"),
    ],
)
def test_what_was_changed_after_sealing_is_named(
    archive: bytes, change: Callable[[Lines], None], named: str
) -> None:
    findings, statements = verify(spoilt(archive, change))

    assert findings.shown[0].startswith(named)
    assert statements == [] or change in (_other_fee, _no_last_statement)


def test_a_comparison_that_was_changed_or_left_out_after_sealing_is_named() -> None:
    journal = journal_of(comparisons=2)
    name = f"comparison {comparison('1-0-0').event_id}"
    assert json.loads(journal.rows[60])["comparison"]["event"] == comparison("1-0-0").event_id

    def drop(lines: Lines) -> None:
        del lines["rows.jsonl"][60]

    def cheapen(lines: Lines) -> None:
        call = json.loads(lines["rows.jsonl"][60])["comparison"] | {"paid_atoms": 0}
        lines["rows.jsonl"][60] = edited(lines["rows.jsonl"][60], comparison=call)

    for change, named in (
        (cheapen, f"row 60 ({name}): altered"),
        (drop, f"row 60: missing (before comparison {comparison('1-0-1').event_id})"),
    ):
        findings, _ = verify(spoilt(archived(journal), change))
        assert findings.shown == [named]


@cache
def _archive() -> bytes:
    return archived(journal_of())


@settings(deadline=None, max_examples=50)
@given(place=st.integers(0, 359), at=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_any_flipped_bit_of_any_row_is_found_at_its_row(place: int, at: float, bit: int) -> None:
    def flip(lines: Lines) -> None:
        line = bytearray(lines["rows.jsonl"][place])
        line[int(at * len(line))] ^= 1 << bit
        lines["rows.jsonl"][place] = bytes(line).replace(b"\n", b"?").replace(b"\r", b"?")

    findings, _ = verify(spoilt(_archive(), flip))

    assert findings.count == 1
    assert findings.shown[0].startswith(f"row {place} (")


def test_another_key_and_a_missing_head_are_named(archive: bytes, journal: Journal) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    mailed = [json.loads(head.to_line()) for head in journal.heads]
    forged = {**mailed[0], "signature": "00" * 64}

    assert verify(io.BytesIO(archive), journal.public_key_hex, mailed)[0].count == 0
    assert verify(io.BytesIO(archive), other)[0].shown == ["signed with another key"]
    assert verify(io.BytesIO(archive), None, [forged])[0].shown[0].startswith("mailed head")


@pytest.mark.parametrize("cut", [0, 10, 5_000])
def test_a_damaged_file_ends_with_1_and_a_sentence(
    archive: bytes, tmp_path: Path, cut: int
) -> None:
    ran = _run(SCRIPT, written(archive[:cut], tmp_path))

    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith("NOT VERIFIED: the archive is damaged")


@settings(deadline=None, max_examples=30)
@given(message=st.binary(max_size=64), seed=st.binary(min_size=32, max_size=32))
def test_signatures_are_those_of_another_implementation(message: bytes, seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)

    assert is_signed(public, message, signature)
    assert not is_signed(public, message + b"!", signature)
    assert not is_signed(public, message, bytes([signature[0] ^ 1]) + signature[1:])
    assert not is_signed(public, message, signature[:63])


def test_equal_content_gives_equal_bytes(journal: Journal) -> None:
    assert archived(journal) == archived(journal_of())


def _imported() -> set[str]:
    nodes = list(ast.walk(ast.parse(SCRIPT.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    modules = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | modules}


def _run(script: Path, archive: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(script), str(archive)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
