"""What callers saw, what the provider's books say and what the product recorded, side by side.

Pure. Everything that does not fit is a `Finding`, in words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bench.soaking import prices
from bench.soaking.calling import Seen
from bench.soaking.killing import Kill
from bench.soaking.records import NOT_OURS, Line, Record

# Errors that an organization's own limits give; only one of them has any.
_LIMITED = frozenset({"rate_limit_exceeded", "concurrency_limit_exceeded", "budget_exhausted"})
# Refused before anybody knew who asks: no record.
_UNKNOWN = frozenset({"gateway_not_ready"})
# What listens for callers: its death cuts their connections.
SERVERS = {"gateway": ("gateway", "gateway worker"), "web": ("web",)}
_SLACK_SECONDS = 2.0
_SHOWN = 12
_HEARD = frozenset({"right", "error", "left"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit: what kind of thing, and which call."""

    what: str
    call: int
    said: str


@dataclass(slots=True)
class Findings:
    """All of them, counted by kind; some of each are kept to be shown."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[Finding] = field(default_factory=list)

    def add(self, what: str, call: int, said: str = "") -> None:
        self.counts[what] += 1
        if self.counts[what] <= _SHOWN:
            self.shown.append(Finding(what, call, said))

    def expect(self, holds: bool, what: str, call: int, said: str = "") -> None:
        if not holds:
            self.add(what, call, said)


@dataclass(slots=True)
class Carried:
    """How callers fared. cut: by which part's death connections broke. asked, heard: what callers
    wanted by which server, and what of it they got with the retries of their SDK.
    """

    calls: int = 0
    right: int = 0
    errors: int = 0
    left: int = 0
    cut: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)


LOST, DOUBLED, INVENTED = "record lost", "recorded twice", "record of no call"
FOREIGN, UNASKED = "record of another organization", "attempts beside the provider's books"
MONEY, TOKENS = "cost differs", "tokens differ"
SAVINGS, HIT = "saving differs from its parts", "kept answer's worth differs"
BROKEN, UNEXPLAINED, BLAMELESS = "no answer", "connection cut without a kill", "error without fault"
WRONG, TOLD = "wrong answer", "cost told differs"
RECORDS = (LOST, DOUBLED, INVENTED, FOREIGN, UNASKED)


class Trial:
    """One run. kills: with what was killed when."""

    def __init__(
        self,
        seen: Sequence[Seen],
        lines: Sequence[Line],
        records: Sequence[Record],
        kills: Sequence[Kill],
        limited: Iterable[str],
    ) -> None:
        self.seen, self.lines, self.records, self.kills = seen, lines, records, kills
        self._limited = frozenset(limited)
        self._by_call = {each.number: each for each in seen}
        self._lines: defaultdict[int, list[Line]] = defaultdict(list)
        self._records: defaultdict[int, list[Record]] = defaultdict(list)
        for line in lines:
            self._lines[line.call].append(line)
        for record in records:
            self._records[record.call].append(record)
        self._given = self._answers_given()
        self.findings, self.carried = Findings(), Carried()
        self.priced = 0
        self.by_oracle_usd = self.recorded_usd = Decimal(0)

    def judge(self) -> Findings:
        """Everything that does not fit."""
        for seen in self.seen:
            self._judge_answer(seen)
            self._judge_records(seen)
        for call in set(self._records) - set(self._by_call) - {NOT_OURS}:
            self.findings.add(INVENTED, call)
        heard = {each.first for each in self.seen if each.ending in _HEARD}
        asked = {each.first: each.by for each in self.seen}
        self.carried.asked = Counter(asked.values())
        self.carried.heard = Counter(by for first, by in asked.items() if first in heard)
        return self.findings

    # ---- what callers saw

    def _judge_answer(self, seen: Seen) -> None:
        self.carried.calls += 1
        judge = {
            "right": self._judge_right, "error": self._judge_error, "lost": self._judge_lost,
            "left": self._judge_left, "broken": self._judge_broken,
        }[seen.ending]  # fmt: skip
        judge(seen)

    def _judge_right(self, seen: Seen) -> None:
        given = (
            self._given[seen.tenant, seen.asked]
            if seen.cache.startswith("hit")
            else {line.said for line in self._lines[seen.number]}
        )
        self.carried.right += 1
        self.findings.expect(seen.said in given, WRONG, seen.number, f"{seen.kind} {seen.cache}")

    def _judge_error(self, seen: Seen) -> None:
        self.carried.errors += 1
        told = f"{seen.kind}, {seen.status} {seen.code}"
        self.findings.expect(self._is_explained(seen), BLAMELESS, seen.number, told)

    def _is_explained(self, seen: Seen) -> bool:
        if seen.code in _LIMITED:
            return seen.tenant in self._limited
        has_fault = any(line.fault for line in self._lines[seen.number])
        return bool(seen.fault) or has_fault or bool(self._cut_by(seen))

    def _judge_lost(self, seen: Seen) -> None:
        if killed := self._cut_by(seen):
            self.carried.cut[killed] += 1
        else:
            self.findings.add(UNEXPLAINED, seen.number, f"{seen.kind} at {seen.by}: {seen.trouble}")

    def _judge_left(self, seen: Seen) -> None:
        self.carried.left += 1

    def _judge_broken(self, seen: Seen) -> None:
        self.findings.add(BROKEN, seen.number, f"{seen.kind}, status {seen.status}, {seen.fault}")

    def _cut_by(self, seen: Seen) -> str:
        """The part that was killed under the call; empty where none was."""
        since, until = seen.started - _SLACK_SECONDS, seen.ended + _SLACK_SECONDS
        own = [kill for kill in self.kills if kill.what in SERVERS[seen.by]]
        return next((kill.what for kill in own if kill.cuts(since, until)), "")

    # ---- what was recorded

    def _judge_records(self, seen: Seen) -> None:
        found, lines = self._records[seen.number], self._lines[seen.number]
        must_be = bool(lines) or seen.ending in ("right", "left", "broken")
        must_be |= seen.ending == "error" and seen.code not in _UNKNOWN
        told = f"{seen.kind}, {seen.ending} {seen.code}"
        self.findings.expect(bool(found) or not must_be, LOST, seen.number, told)
        self.findings.expect(len(found) < 2, DOUBLED, seen.number, told)
        for record in found:
            is_own = record.tenant == record.canary == seen.tenant
            self.findings.expect(is_own, FOREIGN, seen.number, record.tenant)
            self._judge_attempts(seen, record, lines)
            self._judge_money(seen, record, lines)

    def _judge_attempts(self, seen: Seen, record: Record, lines: Sequence[Line]) -> None:
        """A call that was cut may have been asked for or not; nobody is left who knows. An attempt
        on a connection that the provider was just closing never reached it.
        """
        if record.outcome != "interrupted":
            told = f"{seen.kind}, {record.outcome}: {record.attempts} and {len(lines)}"
            is_told = record.answered <= len(lines) <= record.attempts
            self.findings.expect(is_told, UNASKED, seen.number, told)

    def _judge_money(self, seen: Seen, record: Record, lines: Sequence[Line]) -> None:
        paid = record.actual_usd
        if paid is None:
            is_unknown = record.outcome == "interrupted" and record.is_estimated
            self.findings.expect(is_unknown, MONEY, seen.number, f"unpriced, {record.outcome}")
            return
        due = prices.usd(seen.model, record.tokens)
        self.priced += 1
        self.recorded_usd, self.by_oracle_usd = self.recorded_usd + paid, self.by_oracle_usd + due
        self.findings.expect(paid == due, MONEY, seen.number, f"{paid} recorded, {due} due")
        if record.outcome == "success" and not record.is_estimated and record.attempts:
            self._judge_tokens(seen, record, lines)
        if seen.cost and seen.ending == "right":
            self.findings.expect(Decimal(seen.cost) == paid, TOLD, seen.number, seen.cost)
        self._judge_savings(seen, record, paid)

    def _judge_tokens(self, seen: Seen, record: Record, lines: Sequence[Line]) -> None:
        billed = [prices.tokens_of(seen.path, line.usage) for line in lines if line.is_whole]
        told = f"{record.tokens} recorded, {billed[-1:]} in the books"
        self.findings.expect(billed[-1:] == [record.tokens], TOKENS, seen.number, told)

    def _judge_savings(self, seen: Seen, record: Record, paid: Decimal) -> None:
        untouched = record.counterfactual_usd
        is_whole = untouched is not None and sum(record.saved.values()) == untouched - paid
        told = f"{untouched} - {paid} and {record.saved}"
        self.findings.expect(is_whole, SAVINGS, seen.number, told)
        if seen.cache == "hit" and record.outcome == "success":
            worth = self._worth[seen.tenant, seen.asked]
            self.findings.expect(untouched in worth, HIT, seen.number, f"{untouched}, {worth}")

    # ---- answers that were given before

    def _answers_given(self) -> Mapping[tuple[str, str], set[str]]:
        """(organization, question) → what its provider ever said to it, and what that cost."""
        given: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._worth: defaultdict[tuple[str, str], set[Decimal]] = defaultdict(set)
        for seen, line in self._whole_lines():
            given[seen.tenant, seen.asked].add(line.said)
            if line.usage:
                tokens = prices.tokens_of(seen.path, line.usage)
                self._worth[seen.tenant, seen.asked].add(prices.usd(seen.model, tokens))
        return given

    def _whole_lines(self) -> Iterator[tuple[Seen, Line]]:
        for call, lines in self._lines.items():
            if seen := self._by_call.get(call):
                yield from ((seen, line) for line in lines if line.is_whole)
