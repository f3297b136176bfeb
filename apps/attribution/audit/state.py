"""What a log needs of its past: the tree's edge, the proofs of open periods, what is carried."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from apps.attribution.audit.merkle import Tree
from apps.attribution.audit.units import Call, ClosedUnit
from apps.attribution.estimators import Model, Proof, Ratios, Reconciliation, SampleRatio
from apps.attribution.sequences import Sums
from apps.attribution.statements import Carried, Evidence, Period


@dataclass(frozen=True, slots=True)
class Opening:
    """A period as it begins. commitment: SHA-256 of its salt, not needed before its end."""

    period: Period
    holdout_bp: int
    commitment: str


@dataclass(slots=True)
class Running:
    """An open period: the proof up to and with it, and what its statement will need."""

    opening: Opening
    proof: Proof
    ratio: SampleRatio
    paid_atoms: int = 0
    ledger_atoms: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_paused: bool = False
    comparisons_atoms: int = 0

    def count(self, units: Sequence[ClosedUnit], comparisons: Sequence[Call]) -> None:
        """Add a batch of the period."""
        treated = sum(unit.is_treated for unit in units)
        self.ratio = self.ratio.add(len(units) - treated, treated)
        self.is_paused |= self.ratio.is_off
        compared_atoms = sum(call.paid_atoms for call in comparisons)
        self.comparisons_atoms += compared_atoms
        self.paid_atoms += compared_atoms + sum(unit.paid_atoms for unit in units)
        for call in (*comparisons, *(call for unit in units for call in unit.calls)):
            for lever, atoms in call.levers.items():
                self.ledger_atoms[lever] += atoms

    def evidence(self) -> Evidence:
        """What the period's statement is made of."""
        units = self.ratio.held_out + self.ratio.treated
        return Evidence(
            self.proof.saved, self.paid_atoms, self.ledger_atoms, units, self.ratio.held_out,
            self.is_paused, self.comparisons_atoms,
        )  # fmt: skip


@dataclass(slots=True)
class State:
    """running: open periods by number. last: the proof up to and with the latest period."""

    tree: Tree = field(default_factory=Tree)
    batches: int = 0
    carried: Carried = field(default_factory=Carried)
    running: dict[int, Running] = field(default_factory=dict)
    last: Proof = field(default_factory=Proof)

    def to_dict(self) -> dict[str, Any]:
        """Dicts, lists, strings and whole numbers of any size."""
        return {
            "size": self.tree.size,
            "subtrees": [subtree.hex() for subtree in self.tree.subtrees],
            "batches": self.batches,
            "carried": _carried_to_dict(self.carried),
            "running": [_running_to_dict(each) for each in self.running.values()],
            "last": _proof_to_dict(self.last),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        running = [_running_from_dict(each) for each in plain["running"]]
        # The latest period's proof is also the one that the next period begins with.
        last = running[-1].proof if running else _proof_from_dict(plain["last"])
        subtrees = [bytes.fromhex(subtree) for subtree in plain["subtrees"]]
        by_number = {each.opening.period.number: each for each in running}
        tree, carried = Tree(plain["size"], subtrees), _carried_from_dict(plain["carried"])
        return cls(tree, plain["batches"], carried, by_number, last)


def _carried_to_dict(carried: Carried) -> dict[str, Any]:
    ends_at = carried.ends_at.isoformat() if carried.ends_at else None
    return {**asdict(carried), "ends_at": ends_at}


def _carried_from_dict(plain: Mapping[str, Any]) -> Carried:
    ends_at = plain["ends_at"]
    return Carried(**{**plain, "ends_at": ends_at and datetime.fromisoformat(ends_at)})


def _running_to_dict(running: Running) -> dict[str, Any]:
    period = running.opening.period
    return {
        "number": period.number,
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
        "holdout_bp": running.opening.holdout_bp,
        "commitment": running.opening.commitment,
        "proof": _proof_to_dict(running.proof),
        "units": [running.ratio.held_out, running.ratio.treated],
        "paid_atoms": running.paid_atoms,
        "ledger_atoms": dict(running.ledger_atoms),
        "is_paused": running.is_paused,
        "comparisons_atoms": running.comparisons_atoms,
    }


def _running_from_dict(plain: Mapping[str, Any]) -> Running:
    starts_at, ends_at = (datetime.fromisoformat(plain[name]) for name in ("starts_at", "ends_at"))
    opening = Opening(
        Period(plain["number"], starts_at, ends_at), plain["holdout_bp"], plain["commitment"]
    )
    return Running(
        opening,
        _proof_from_dict(plain["proof"]),
        SampleRatio(plain["holdout_bp"], *plain["units"]),
        plain["paid_atoms"],
        defaultdict(int, plain["ledger_atoms"]),
        plain["is_paused"],
        plain.get("comparisons_atoms", 0),  # logs were kept before comparisons were in them
    )


def _proof_to_dict(proof: Proof) -> dict[str, Any]:
    reconciliation, model = proof.reconciliation, proof.model
    return {
        "ratios": [each.to_list() for each in (model.plain, model.levered, model.claimed)],
        "sums": [
            sums.to_list() for sums in (proof.saved, reconciliation.money, reconciliation.shares)
        ],
        "claimed": reconciliation.claimed,
        "units": proof.units,
    }


def _proof_from_dict(plain: Mapping[str, Any]) -> Proof:
    plain_ratios, levered, claimed = (Ratios.from_list(each) for each in plain["ratios"])
    saved, money, shares = (Sums.from_list(each) for each in plain["sums"])
    reconciliation = Reconciliation(money, shares, plain["claimed"])
    return Proof(Model(plain_ratios, levered, claimed), saved, reconciliation, plain["units"])
