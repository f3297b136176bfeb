"""The difference report: what a statement says, beside what its raw rows say. Plain documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_NAMED = 100
Document = Mapping[str, Any]


@dataclass(slots=True)
class RowCheck:
    """Sealed calls beside the request log. equal, differing, gone: calls; gone ones are older than
    what the log keeps. late: calls of the log that came after their unit was sealed.
    """

    equal: int = 0
    differing: int = 0
    gone: int = 0
    late: int = 0
    named: list[dict[str, Any]] = field(default_factory=list)

    def add(self, unit: str, sealed: Sequence[Document], logged: Iterable[Document]) -> None:
        """Compare the calls of one unit, as rows tell them."""
        known = {each["event"]: each for each in logged}
        for call in sealed:
            self._compare(unit, call, known.pop(call["event"], None))
        self.late += len(known)

    def _compare(self, unit: str, call: Document, found: Document | None) -> None:
        if found is None:
            self.gone += 1
        elif found == call:
            self.equal += 1
        else:
            self.differing += 1
            if len(self.named) < MOST_NAMED:
                self.named.append({"unit": unit, "sealed": dict(call), "log": dict(found)})

    def to_dict(self) -> dict[str, Any]:
        return {
            "equal": self.equal,
            "differing": self.differing,
            "gone_from_the_log": self.gone,
            "late": self.late,
            "first_differing": self.named,
        }


def difference_report(
    standing: Document, recomputed: Document | None, *, findings: Sequence[str], rows: RowCheck
) -> dict[str, Any]:
    """standing: the statement, or its latest correction. recomputed: None where the raw rows are
    not what was sealed, so that nothing follows from them; `findings` says which.
    """
    fields = list(_differences(standing, recomputed)) if recomputed is not None else []
    return {
        "period": standing["period"],
        "findings": list(findings),
        "standing": dict(standing),
        "recomputed": dict(recomputed) if recomputed is not None else None,
        "differences": fields,
        "fee_difference_minor": _fee_difference(standing, recomputed),
        "calls": rows.to_dict(),
        "is_confirmed": not findings and not fields and not rows.differing,
    }


def _differences(standing: Document, recomputed: Document) -> Iterator[dict[str, Any]]:
    for name in sorted({*standing, *recomputed}):
        said, found = standing.get(name), recomputed.get(name)
        if said != found:
            is_count = isinstance(said, int) and isinstance(found, int)
            change = int(found) - int(said) if is_count else None  # type: ignore[arg-type]  # both are
            yield {"name": name, "standing": said, "recomputed": found, "difference": change}


def _fee_difference(standing: Document, recomputed: Document | None) -> int | None:
    return None if recomputed is None else recomputed["fee_minor"] - standing["fee_minor"]
