"""The proof of one customer's run: sealed in pieces, stated, exported, verified.

A unit is over when it was idle for a day, and a period is stated a week after its end. Nobody waits
that long for a demo, so the services are told that it is then: `at` lies ahead, as if nothing more
happened in between. Nothing else is different from any other customer's proof.
"""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from apps.attribution.audit import State, netra_verify
from apps.attribution.models import ProofLog, SavingsStatement
from apps.attribution.selectors import SEALED_FOR, opened_archive, periods, savings_statements
from apps.attribution.sequences import interval
from apps.attribution.services import announce_heads, seal_experiment
from apps.attribution.services.due import IDLE
from apps.attribution.services.logs import contract_of
from apps.attribution.statements import amounts, usd
from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization

# Predictions learn from units that were sealed before: so often a day, as if it were many days.
PIECES = 12


@dataclass(frozen=True, slots=True)
class Proven:
    """In US dollars. low, high: the 95 % interval of what was saved; off_low, off_high: that of
    what the ledger claims beyond what the holdout confirms; None where too few units say anything.
    """

    statement_id: UUID
    units: int
    held_out: int
    proven: Decimal
    billed: Decimal
    low: Decimal | None
    high: Decimal | None
    off_low: Decimal | None
    off_high: Decimal | None
    archive: Path
    public_key: str
    is_verified: bool


def prove(
    organization: Organization,
    experiment_id: UUID,
    *,
    began_at: datetime,
    ended_at: datetime,
    folder: Path,
) -> Proven:
    """Close the run's only period, which nothing more happens in, and have its archive verified."""
    with tenant_scope(organization):
        statement = savings_statements(experiment_id).first()
        if statement is None:
            statement = _stated(organization, experiment_id, began_at, ended_at)
        archive = _exported(organization, statement, folder)
        return _proven(statement, archive)


def verify_command(archive: Path, public_key: str) -> list[str]:
    """How anybody checks it, with Python alone."""
    program = Path(str(netra_verify.__file__))
    return ["python3", str(program), str(archive), "--key", public_key]


def _stated(
    organization: Organization, experiment_id: UUID, began_at: datetime, ended_at: datetime
) -> SavingsStatement:
    step = (ended_at - began_at) / PIECES
    for piece in range(1, PIECES + 1):
        at = began_at + step * piece + IDLE
        seal_experiment(organization=organization, experiment_id=experiment_id, at=at)
    [period] = periods(experiment_id)
    over = period.ends_at + SEALED_FOR
    sealed = seal_experiment(organization=organization, experiment_id=experiment_id, at=over)
    announce_heads(organization=organization, at=utc_now())
    return sealed.statements[0]


def _exported(organization: Organization, statement: SavingsStatement, folder: Path) -> Path:
    path = folder / f"{organization.slug}.zip"
    with opened_archive(statement.log_id, organization=organization, at=utc_now()) as file:
        path.write_bytes(file.read())
    return path


def _proven(statement: SavingsStatement, archive: Path) -> Proven:
    log = ProofLog.objects.get(pk=statement.log_id)
    found = amounts(statement.document)
    off = _off(log)
    return Proven(
        statement_id=statement.pk,
        units=statement.document["units"],
        held_out=statement.document["held_out"],
        proven=found.proven,
        billed=found.billed,
        low=found.low,
        high=found.high,
        off_low=off[0],
        off_high=off[1],
        archive=archive,
        public_key=log.public_key,
        is_verified=_is_verified(archive, log.public_key),
    )


def _off(log: ProofLog) -> tuple[Decimal | None, Decimal | None]:
    """The ledger's stated error: what the held-out conversations say of its claims."""
    sums = State.from_dict(log.state).last.reconciliation.money
    found = interval(sums, contract_of(log.terms).bound)
    return (None, None) if found is None else (usd(found[0]), usd(found[1]))


def _is_verified(archive: Path, public_key: str) -> bool:
    command = [sys.executable, *verify_command(archive, public_key)[1:]]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
