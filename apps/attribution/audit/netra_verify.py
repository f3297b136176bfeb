#!/usr/bin/env python3
"""netra-verify: re-runs a Netra savings statement from its raw rows, to the cent.

    python3 netra_verify.py ARCHIVE.zip [--key PUBLIC_KEY_HEX] [--heads MAILED_HEADS.jsonl]

One file, Python 3.11's standard library, nothing of Netra's. It checks that
 1. every row is in the signed log: none altered, missing or added (RFC 6962, Ed25519 of RFC 8032);
 2. the heads that were mailed to you are those of the archive (--heads), under your key (--key);
 3. each salt is the one committed to before its period, and each arm the one that it draws;
 4. each call costs its tokens times its rate, and each saving is split over levers without rest;
    what comparing answers cost is taken off what was saved;
 5. each prediction follows from earlier batches alone, and each score from prediction and cost;
 6. each statement, bound and fee follows from the rows.
Exit 0: all of it holds; the fees are printed. Exit 1: what does not hold is named. Exit 2: usage.
Amounts: atoms are 10^-18 USD, nanos 10^-9 USD.
"""

import argparse
import io
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import ROUND_CEILING, Context, Decimal, setcontext
from hashlib import sha256, sha512
from itertools import islice, pairwise
from math import ceil, lgamma, log
from typing import Any, NamedTuple

HELD_OUT, TREATED = "holdout", "treatment"
WHOLE, ONE, LARGEST, PULL, MOST = 10_000, 2**16, 16 * 2**16, 20, 2**42
SLOPES = tuple(n / 1024 for n in (922, 614, 410, 273, 182, 121, 81, 54, 36, 24, 16, 11))
WEIGHTS = (8, 20, 26, 19, 10, 6, 4, 3, 1, 1, 1, 1)  # of the exact bound
SHOWN = 20
Document = dict[str, Any]
Point = tuple[int, int, int, int]


class Findings:
    """What does not hold, in words."""

    def __init__(self) -> None:
        self.count = 0
        self.shown: list[str] = []

    def add(self, sentence: str) -> None:
        self.count += 1
        if self.count <= SHOWN:
            self.shown.append(sentence)

    def expect(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.add(sentence)


# ---- Ed25519 (RFC 8032 §5.1.7), points in extended coordinates ------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add_points(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point, scalar = add_points(point, point), scalar >> 1
    return total


def point_of(encoded: bytes) -> Point | None:
    """The point of 32 bytes; None when there is none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (not x and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = (4 * pow(5, -1, P) % P).to_bytes(32, "little")


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether s B = R + H(R, A, M) A."""
    base, public, commitment = point_of(BASE), point_of(key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not base or not public or not commitment or scalar >= ORDER:
        return False
    digest = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(scalar, base), add_points(commitment, times(digest, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


# ---- The log (RFC 6962 §2.1) ----------------------------------------------------------------


class Tree:
    def __init__(self) -> None:
        self.size = 0
        self.subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        self.size += 1
        carry = self.size
        while not carry & 1:
            leaf = sha256(b"\x01" + self.subtrees.pop() + leaf).digest()
            carry >>= 1
        self.subtrees.append(leaf)

    def root(self) -> bytes:
        if not self.subtrees:
            return sha256(b"").digest()
        *lefts, root = self.subtrees
        for left in reversed(lefts):
            root = sha256(b"\x01" + left + root).digest()
        return root


def canonical(document: Any) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def check_heads(archive: "Archive", findings: Findings) -> None:
    """Signatures, roots over the leaves, and what each head says of its period and the terms."""
    key, terms = bytes.fromhex(archive.manifest["public_key"]), sha256(archive.terms_bytes)
    tree, periods = Tree(), {period["number"]: period for period in archive.periods}
    for number, signed in enumerate(archive.heads, 1):
        head = signed["head"]
        name = f"head {number} ({head['date']})"
        signature = bytes.fromhex(signed["signature"])
        findings.expect(is_signed(key, canonical(head), signature), f"{name}: bad signature")
        for leaf in archive.leaves[tree.size : head["size"]]:
            tree.append(leaf)
        is_same = tree.size == head["size"] and tree.root().hex() == head["root"]
        findings.expect(is_same, f"{name}: its root is not that of the leaves")
        findings.expect(head["terms"] == terms.hexdigest(), f"{name}: signed for other terms")
        check_head(archive, number, head, periods.get(head["period"]), findings)
    findings.expect(tree.size == len(archive.leaves), "leaves after the last signed head")


def check_head(
    archive: "Archive", number: int, head: Document, period: Document | None, findings: Findings
) -> None:
    names = ("organisation", "experiment")
    is_of_this = all(head[name] == archive.manifest[name] for name in names)
    findings.expect(is_of_this and head["batch"] == number, f"head {number}: of another log")
    if period is not None:
        agreed = all(head[name] == period[name] for name in ("commitment", "holdout_bp"))
        findings.expect(agreed, f"head {number}: salt or share of its period were changed")


def check_rows_are_the_leaves(archive: "Archive", findings: Findings) -> None:
    """Name each row that was altered, removed or put in."""
    rows, leaves = archive.row_hashes, archive.leaves
    if rows == leaves:
        return
    known, present = set(leaves), set(rows)
    row = leaf = 0
    while row < len(rows) or leaf < len(leaves):
        here = rows[row] if row < len(rows) else None
        there = leaves[leaf] if leaf < len(leaves) else None
        is_lost = there is not None and there not in present
        is_foreign = here is not None and here not in known
        if here != there:
            is_shown = findings.count < SHOWN
            names = describe(archive, row, leaf, is_lost, is_foreign) if is_shown else ""
            findings.add(names)
        row += here == there or is_foreign or not is_lost
        leaf += here == there or is_lost or here is None


def describe(archive: "Archive", row: int, leaf: int, is_lost: bool, is_foreign: bool) -> str:
    if is_lost and is_foreign:
        return f"row {leaf} ({archive.row_name(row)}): altered"
    if is_lost:
        return f"row {leaf}: missing (before {archive.row_name(row)})"
    if is_foreign:
        return f"row {row} ({archive.row_name(row)}): added"
    return f"row {row} ({archive.row_name(row)}): twice, or out of place"


# ---- Assignment, prices ----------------------------------------------------------------------


class Draw:
    """The arms of a period: SHA-256 of salt, organisation, experiment, unit against the share."""

    def __init__(self, manifest: Document, period: Document) -> None:
        named = f":{manifest['organisation']}:{manifest['experiment']}:".encode()
        self.begun = sha256(bytes.fromhex(period["salt"]) + named)
        self.threshold = 2**64 * period["holdout_bp"] // WHOLE

    def arm(self, unit: str) -> str:
        drawn = self.begun.copy()
        drawn.update(unit.encode())
        is_below = int.from_bytes(drawn.digest()[:8], "big") < self.threshold
        return HELD_OUT if is_below else TREATED


def price(charges: list[Any], rates: Mapping[str, Document]) -> int | None:
    """Atoms; None when a rate is missing or has no price for something used."""
    total = 0
    for rate_id, tokens, units in charges:
        rate = rates.get(rate_id)
        if rate is None:
            return None
        total += rate["units"].get("request", 0)
        for prices, counts in ((prices_of(rate, tokens), tokens), (rate["units"], units)):
            for name, count in counts.items():
                if count and (count < 0 or name not in prices):
                    return None
                total += count and prices[name] * count
    return total


def prices_of(rate: Document, tokens: Mapping[str, int]) -> Mapping[str, int]:
    """Of the highest level that the input exceeds."""
    levels = rate["levels"]
    if len(levels) > 1:
        sent = sum(count for name, count in tokens.items() if name.startswith(("input_", "cache_")))
        levels = [level for level in levels if sent > level["above"]]
    prices: Mapping[str, int] = levels[-1]["atoms"]
    return prices


def check_calls(row: Document, archive: "Archive", findings: Findings, events: set[str]) -> int:
    """Prices of a unit's calls, and their split over levers; what was paid, in atoms."""
    total, is_held_out = 0, row["arm"] == HELD_OUT
    for call in row["calls"]:
        event, paid, untouched = call["event"], call["paid_atoms"], call["untouched_atoms"]
        own = price(call["paid"], archive.rates)
        is_alike = call["untouched"] == call["paid"]
        other = own if is_alike else price(call["untouched"], archive.rates)
        if (own, other) != (paid, untouched):
            findings.add(f"{at(row, event)}: costs {own}, {other} atoms, not {paid}, {untouched}")
        if sum(call["levers"].values()) != untouched - paid:
            findings.add(f"{at(row, event)}: levers do not sum to its saving")
        if is_held_out and (paid != untouched or call["levers"]):
            findings.add(f"{at(row, event)}: a lever acted on a held-out unit")
        if event in events:
            findings.add(f"{at(row, event)}: counted twice")
        events.add(event)
        total += paid
    return total


def check_comparison(
    row: Document, archive: "Archive", findings: Findings, events: set[str]
) -> int:
    """Price of a call that was made to compare answers, all of which levers lost; in atoms."""
    call, name = row["comparison"], name_of(row)
    paid = price(call["paid"], archive.rates)
    findings.expect(paid == call["paid_atoms"], f"{name}: costs {paid}, not {call['paid_atoms']}")
    is_loss = not call["untouched"] and not call["untouched_atoms"]
    is_loss = is_loss and sum(call["levers"].values()) == -call["paid_atoms"]
    findings.expect(is_loss, f"{name}: its cost is not a loss of levers")
    findings.expect(call["event"] not in events, f"{name}: counted twice")
    events.add(call["event"])
    return int(call["paid_atoms"])


def name_of(row: Document) -> str:
    if "comparison" in row:
        return f"comparison {row['comparison']['event']}"
    return f"unit {row['unit']}"


def at(row: Document, event: str) -> str:
    return f"{name_of(row)}, call {event}"


# ---- Predictions and scores ------------------------------------------------------------------


class Ratios:
    """Outcome over expectation, by stratum, pulled to that of all; batches before this one only."""

    def __init__(self) -> None:
        self.expected: defaultdict[int | None, int] = defaultdict(int)
        self.outcome: defaultdict[int | None, int] = defaultdict(int)
        self.known: dict[int, int] = {}
        self.waiting: list[tuple[int, int, int]] = []
        self.count = 0

    def ratio(self, stratum: int) -> int:
        if not self.expected[None]:
            return ONE
        if stratum not in self.known:
            overall = self.outcome[None] * ONE // self.expected[None]
            pull = PULL * self.expected[None] // self.count
            seen = self.outcome[stratum] * ONE + overall * pull
            self.known[stratum] = min(seen // max(self.expected[stratum] + pull, 1), LARGEST)
        return self.known[stratum]

    def end_batch(self) -> None:
        for stratum, expected, outcome in self.waiting:
            for key in (stratum, None):
                self.expected[key] += expected
                self.outcome[key] += outcome
        self.count += len(self.waiting)
        self.known, self.waiting = {}, []


class Experiment:
    """The sums of the scores, row by row."""

    def __init__(self, terms: Document) -> None:
        self.cap, self.plain, self.levered = terms["scale"], Ratios(), Ratios()
        self.count = self.total = self.spread = 0
        self.bets = range(len(SLOPES) if terms["kind"] == "exact" else 0)
        self.losses = [0] * len(self.bets)

    def end_batch(self) -> None:
        self.plain.end_batch()
        self.levered.end_batch()

    def score(self, row: Document, paid_atoms: int, holdout_bp: int) -> "Score":
        """Of a row, by what earlier batches taught."""
        treated = WHOLE - holdout_bp
        outcome = min((paid_atoms + 5 * 10**8) // 10**9, MOST, self.cap)
        plain_x, levered_x = (min(each, MOST, self.cap) for each in row["expected"])
        stratum = row["stratum"]
        plain = plain_x * self.plain.ratio(stratum) // ONE
        plain = min(plain, holdout_bp * self.cap // treated, self.cap)
        levered = min(levered_x * self.levered.ratio(stratum) // ONE, self.cap)
        centre = treated * (plain - levered) // WHOLE
        if row["arm"] == TREATED:
            score, taught = centre + levered - outcome, (stratum, levered_x, outcome)
        else:
            score = centre + treated * (outcome - plain) // holdout_bp
            taught = (stratum, plain_x, outcome)
        is_counted = bool(row["triggered"])
        return Score([plain, levered], score if is_counted else 0, centre, taught, is_counted)

    def follow(self, score: "Score", arm: str) -> None:
        """Count a row of this period or of one before it; learnt when its batch is over."""
        if score.is_counted:
            (self.levered if arm == TREATED else self.plain).waiting.append(score.taught)
            self.count, self.total = self.count + 1, self.total + score.score
            self.spread += (score.score - score.centre) ** 2
            for bet in self.bets:
                self.losses[bet] += loss(SLOPES[bet] * ((score.score - score.centre) / self.cap))

    def spend(self, paid_atoms: int) -> None:
        """Take off what a comparison cost, rounded up."""
        self.total -= -(-paid_atoms // 10**9)


class Score(NamedTuple):
    predicted: list[int]
    score: int
    centre: int
    taught: tuple[int, int, int]
    is_counted: bool


# ---- Bounds, in decimal arithmetic that every machine does alike -----------------------------


def asymptotic(experiment: Experiment, terms: Document) -> int:
    """Waudby-Smith et al., arXiv 2103.06476, Proposition B.1, for the sum of the scores."""
    alpha, count = Decimal(terms["alpha"]), experiment.count
    twice = -2 * (2 * alpha).ln()
    rho2 = (twice + (twice + 1).ln()) / terms["tuned_for"]
    grown = count * rho2 + 1
    log_term = (1 + grown.sqrt() / (2 * alpha)).ln()
    square = 2 * experiment.spread * grown / (count * rho2) * log_term
    return int(square.sqrt().to_integral_value(ROUND_CEILING))


def loss(y: float) -> int:
    """At least y - log(1 + y), for y > -1, in 2^-40: only +, *, / and ceil."""
    if y >= 0:
        exactly = y * y * (3 + y) / (6 + y * (6 + y))
    else:
        exactly = y * y * (3 + 2 * y) / ((1 + y) * (6 + 2 * y))
    return ceil(exactly * 2**40) + 1


def exact(experiment: Experiment, terms: Document) -> int:
    """Ville's inequality for a mixture of bets; Waudby-Smith, Ramdas 2024, around centres."""
    scale = terms["scale"]
    lost = [Decimal(each) / 2**40 for each in experiment.losses]
    parts = [(w, Decimal(s), each) for w, s, each in zip(WEIGHTS, SLOPES, lost, strict=True)]
    wanted = sum(WEIGHTS) / Decimal(terms["alpha"])

    def is_reached(at: int) -> bool:
        reached = (w * (s * (Decimal(at) / scale) - each).exp() for w, s, each in parts)
        return sum(reached, Decimal(0)) >= wanted

    low, high = 0, int(scale)
    while not is_reached(high):
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high


def bounds(experiment: Experiment, terms: Document) -> tuple[int | None, list[int] | None]:
    """The lower bound of all that was saved, and low and high for people; None for nothing yet."""
    is_early = experiment.count < terms["least_count"]
    if not experiment.count or (is_early and terms["kind"] == "asymptotic"):
        return None, None
    deviation = exact if terms["kind"] == "exact" else asymptotic
    low = experiment.total - deviation(experiment, terms)
    return low, None if is_early else [low, experiment.total + asymptotic(experiment, terms)]


def is_off(held_out: int, treated: int, holdout_bp: int) -> bool:
    """Lindon, Malek, arXiv 2011.03567: were units lost from the draw?"""
    share = holdout_bp / WHOLE
    prior = 1_000 * share, 1_000 * (1 - share)

    def log_beta(a: float, b: float) -> float:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    mixed = log_beta(prior[0] + held_out, prior[1] + treated) - log_beta(*prior)
    return mixed - held_out * log(share) - treated * log(1 - share) >= log(1_000)


# ---- Statements ------------------------------------------------------------------------------


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    positive = {name: max(weight, 0) for name, weight in weights.items()}
    whole = sum(positive.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    parts = {name: total * weight // whole for name, weight in positive.items()}
    order = sorted(positive, key=lambda name: (-(total * positive[name] % whole), name))
    for name in order[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def fee(billed: int, fee_bp: int, remainder: int) -> tuple[int, int]:
    """Cents, half to even, and the rest in 10^-13 USD."""
    exactly = billed * fee_bp + remainder
    cents, rest = divmod(exactly, 10**11)
    cents += 2 * rest > 10**11 or (2 * rest == 10**11 and cents & 1)
    return int(cents), exactly - int(cents) * 10**11


class Period:
    """What a period's rows add up to."""

    def __init__(self, document: Document, draw: Draw, experiment: Experiment) -> None:
        self.document, self.draw, self.experiment = document, draw, experiment
        self.ledger: defaultdict[str, int] = defaultdict(int)
        self.paid = self.comparisons = self.held_out = self.treated = 0
        self.is_paused = False
        self.units: set[str] = set()

    def count(self, row: Document, paid: int) -> None:
        self.units.add(row["unit"])
        self.paid += paid
        self.held_out += row["arm"] == HELD_OUT
        self.treated += row["arm"] == TREATED
        for call in row["calls"]:
            self.claim(call)

    def compare(self, row: Document, paid: int) -> None:
        self.paid, self.comparisons = self.paid + paid, self.comparisons + paid
        self.claim(row["comparison"])

    def claim(self, call: Document) -> None:
        for lever, atoms in call["levers"].items():
            self.ledger[lever] += atoms

    def end_batch(self) -> None:
        share = self.document["holdout_bp"]
        self.is_paused = self.is_paused or is_off(self.held_out, self.treated, share)

    def statement(self, terms: Document, before: dict[str, int]) -> Document:
        experiment = self.experiment
        ledger_atoms = sum(self.ledger.values())
        low, low_high = bounds(experiment, terms)
        proven = max(low or 0, 0) - before["proven"]
        lesser = min(ledger_atoms // 10**9, proven)
        claim = before["shortfall"] + (min(lesser, 0) if self.is_paused else lesser)
        billed = max(claim, 0)
        cents, remainder = fee(billed, terms["fee_bp"], before["remainder"])
        audited = experiment.total - before["audited"]
        before.update(proven=before["proven"] + proven, shortfall=min(claim, 0))
        before.update(audited=experiment.total, remainder=remainder)
        return {
            "period": self.document["number"],
            "starts_at": self.document["starts_at"],
            "ends_at": self.document["ends_at"],
            "units": self.held_out + self.treated,
            "held_out": self.held_out,
            "paid_atoms": self.paid,
            "ledger_atoms": dict(self.ledger),
            "untouched_atoms": self.paid + ledger_atoms,
            "audited": audited,
            "since_start": low_high,
            "proven": proven,
            "billed": billed,
            "billed_by_lever": split(billed, self.ledger),
            "estimated": max(ledger_atoms // 10**9 - billed, 0),
            "shortfall": min(claim, 0),
            "fee_minor": cents,
            "fee_remainder": remainder,
            "is_paused": self.is_paused,
            **({"comparisons_atoms": self.comparisons} if self.comparisons else {}),
        }


class Rerun:
    """Everything again from the rows, batch by batch.

    A period begins with a copy of what the one before has taught so far. Then both hear of the last
    units of the earlier one, but the earlier one never hears of the later.
    """

    def __init__(self, archive: "Archive", findings: Findings) -> None:
        self.archive, self.findings = archive, findings
        self.rows, self.number, self.events = archive.rows(), 0, set[str]()
        self.known = {document["number"]: document for document in archive.periods}
        self.periods: dict[int, Period] = {}

    def statements(self) -> Iterator[Document]:
        for signed in self.archive.heads:
            head = signed["head"]
            if head["period"] in self.known:
                self.batch(self.period(head["period"]), head["size"])
            else:
                self.skip(head)
        before = {"proven": 0, "shortfall": 0, "audited": 0, "remainder": 0}
        for number in self.known:
            yield self.period(number).statement(self.archive.terms, before)

    def period(self, number: int) -> "Period":
        if number not in self.periods:
            earlier = self.periods.get(number - 1)
            begun = earlier and deepcopy(earlier.experiment)
            document = self.known[number]
            self.periods[number] = Period(
                document,
                Draw(self.archive.manifest, document),
                begun or Experiment(self.archive.terms),
            )
        return self.periods[number]

    def skip(self, head: Document) -> None:
        """Rows of a period that is not over: its salt is revealed, and they count, later.

        Two may be open: the last units of one go on while the next one runs.
        """
        could_be_open = 0 < head["period"] - max(self.known, default=0) <= 2
        self.findings.expect(could_be_open, f"head {head['batch']}: of no period that is open")
        self.number += sum(1 for _ in islice(self.rows, head["size"] - self.number))

    def batch(self, period: "Period", end: int) -> None:
        number = period.document["number"]
        following = [each.experiment for at, each in self.periods.items() if at >= number]
        for row in islice(self.rows, end - self.number):
            is_here = row["row"] == self.number and row["period"] == number
            if not is_here:
                self.findings.add(f"{name_of(row)}: says that it is row {row['row']}")
            if "comparison" in row:
                self.comparison(row, period, following)
            else:
                score = self.row(row, period)
                for experiment in following:
                    experiment.follow(score, row["arm"])
            self.number += 1
        for experiment in following:
            experiment.end_batch()
        period.end_batch()

    def comparison(self, row: Document, period: "Period", following: Sequence[Experiment]) -> None:
        paid = check_comparison(row, self.archive, self.findings, self.events)
        period.compare(row, paid)
        for experiment in following:
            experiment.spend(paid)

    def row(self, row: Document, period: "Period") -> Score:
        document, unit, findings = period.document, row["unit"], self.findings
        if unit in period.units:
            findings.add(f"unit {unit}: counted twice")
        if row["arm"] != (arm := period.draw.arm(unit)):
            findings.add(f"unit {unit}: drawn as {arm}, recorded as {row['arm']}")
        paid = check_calls(row, self.archive, findings, self.events)
        score = period.experiment.score(row, paid, document["holdout_bp"])
        if row["predicted"] != score.predicted:
            findings.add(
                f"unit {unit}: the past predicts {score.predicted}, not {row['predicted']}"
            )
        if row["score"] != score.score:
            findings.add(f"unit {unit}: scores {score.score}, not {row['score']}")
        period.count(row, paid)
        return score


def check_statements(archive: "Archive", findings: Findings) -> list[Document]:
    computed = list(Rerun(archive, findings).statements())
    stated = archive.statements
    findings.expect(len(stated) == len(computed), "a statement is missing or added")
    for ours, theirs in zip(computed, stated, strict=False):
        for field in sorted(set(ours) | set(theirs)):
            is_same = ours.get(field) == theirs.get(field)
            name = f"statement {ours['period']}, {field}"
            findings.expect(is_same, f"{name}: is {ours.get(field)}, stated as {theirs.get(field)}")
    return computed


def check_documents(archive: "Archive", findings: Findings) -> None:
    """Periods follow each other; salts are those committed to; rates and certificates unchanged."""
    for period in archive.periods:
        committed = sha256(bytes.fromhex(period["salt"])).hexdigest() == period["commitment"]
        findings.expect(committed, f"period {period['number']}: not the salt committed to")
    for before, after in pairwise(archive.periods):
        follows = before["ends_at"] == after["starts_at"]
        follows = follows and before["number"] + 1 == after["number"]
        findings.expect(follows, f"period {after['number']} does not follow the one before it")
    for document in [*archive.rates.values(), *archive.certificates]:
        content = {name: value for name, value in document.items() if name != "id"}
        is_same = sha256(canonical(content)).hexdigest()[:16] == document["id"]
        findings.expect(is_same, f"rate or certificate {document['id']}: altered")


# ---- The archive and the command -------------------------------------------------------------


class Archive:
    """The members of the file; rows are read one after another."""

    def __init__(self, path: Any) -> None:
        self.file = zipfile.ZipFile(path)
        self.manifest = json.loads(self.file.read("manifest.json"))
        self.terms_bytes = self.file.read("terms.json").rstrip(b"\n")
        self.terms = json.loads(self.terms_bytes)
        self.periods = self.documents("periods.jsonl")
        self.rates = {rate["id"]: rate for rate in self.documents("rates.jsonl")}
        self.certificates = self.documents("certificates.jsonl")
        self.heads = self.documents("heads.jsonl")
        self.statements = self.documents("statements.jsonl")
        self.leaves = [bytes.fromhex(line.decode()) for line in self.lines("leaves.hex")]
        self.row_hashes = [sha256(b"\x00" + line).digest() for line in self.lines("rows.jsonl")]

    def lines(self, member: str) -> Iterator[bytes]:
        compressed: Any = self.file.open(member)
        with io.BufferedReader(compressed, 2**20) as lines:
            for line in lines:
                yield line.rstrip(b"\n")

    def documents(self, member: str) -> list[Document]:
        return [json.loads(line) for line in self.lines(member)]

    def rows(self) -> Iterator[Document]:
        return (json.loads(line.decode()) for line in self.lines("rows.jsonl"))

    def row_name(self, number: int) -> str:
        for at, line in enumerate(self.lines("rows.jsonl")):
            if at == number:
                try:
                    return name_of(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    return "unreadable"
        return "the end"


def verify(
    path: Any, key: str | None = None, mailed: list[Document] | None = None
) -> tuple[Findings, list[Document]]:
    """(findings, statements as recomputed). Statements are none where the log itself is broken."""
    findings = Findings()
    setcontext(Context(prec=50, Emax=999_999, Emin=-999_999))
    try:
        archive = Archive(path)
        is_known = archive.manifest["format"] == "netra-proof/1"
        findings.expect(is_known, "not an archive of format netra-proof/1")
        findings.expect(
            key is None or key == archive.manifest["public_key"], "signed with another key"
        )
        lines = {canonical(head) for head in archive.heads}
        for head in mailed or []:
            findings.expect(canonical(head) in lines, f"mailed head {head} is not in the archive")
        check_rows_are_the_leaves(archive, findings)
        check_heads(archive, findings)
        check_documents(archive, findings)
        return findings, [] if findings.count else check_statements(archive, findings)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        findings.expect(False, f"the archive is damaged: {type(error).__name__} {error}")
        return findings, []


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("netra-verify", description=__doc__.splitlines()[0])
    parser.add_argument("archive")
    parser.add_argument("--key", help="public key, hex, from your first statement")
    parser.add_argument("--heads", help="file of the heads mailed to you, one a line")
    options = parser.parse_args(arguments)
    mailed = None
    if options.heads:
        with open(options.heads, encoding="utf-8") as lines:
            mailed = [json.loads(line) for line in lines if line.strip()]
    findings, statements = verify(options.archive, options.key, mailed)
    for each in statements if not findings.count else []:
        amount = f"fee {each['fee_minor'] // 100}.{each['fee_minor'] % 100:02d} USD"
        sys.stdout.write(f"period {each['period']}: {amount}, {each['units']} units: verified\n")
    for sentence in findings.shown:
        sys.stdout.write(f"NOT VERIFIED: {sentence}\n")
    if findings.count > SHOWN:
        sys.stdout.write(f"NOT VERIFIED: {findings.count - SHOWN} more\n")
    return 1 if findings.count else 0


if __name__ == "__main__":
    sys.exit(main())
