"""Say which experiment a call belongs to, in which arm it is, and whether levers may touch it.

Whoever bypasses the levers keeps the arm: who was meant to be treated is what is compared.
"""

from apps.attribution.access import PeriodAccess
from apps.attribution.assignment import TREATMENT, Clues, arm_of, takes_part, unit_of
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.runtime import Runtime
from apps.proxy.snapshot import Shard

BYPASS = b"netra-bypass"
# Kinds of calls that a lever may do something to.
_TOUCHED = frozenset({"generate", "embed"})
_YES = frozenset({"true", "1", "yes"})


def assign(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `levers` of a call that any lever or experiment concerns; never raises.

    Calls of our own workers concern none.
    """
    if exchange.endpoint.kind not in _TOUCHED or exchange.caller.kind != "live":
        return
    shard = exchange.snapshot.shards[exchange.caller.organization.id]
    try:
        exchange.levers = _levers(exchange, runtime, shard)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever("assignment", "error")


def remember(exchange: Exchange, runtime: Runtime) -> None:
    """Let the call that continues this one's answer belong to the same unit."""
    levers, reading = exchange.levers, exchange.reading
    if levers is None or levers.unit is None or reading is None or reading.response_id is None:
        return
    organization_id = exchange.caller.organization.id
    runtime.units.remember_answer(organization_id, reading.response_id, levers.unit)


def _levers(exchange: Exchange, runtime: Runtime, shard: Shard) -> Levers | None:
    caller, policies = exchange.caller, shard.policies
    policy = policies.of(project_id=caller.project.id, key_id=caller.key.id)
    period = shard.experiments.running(project_id=caller.project.id, at=exchange.started_at)
    if period is None and not policy.has_lever:
        return None
    levers = Levers(policy, policies.version)
    if exchange.header(BYPASS) is not None:
        levers.is_bypassed = (exchange.header(BYPASS) or "").strip().lower() in _YES
        levers.may_act = not levers.is_bypassed
    is_drawn = period is not None or policy.traffic_percent < 100
    if is_drawn or policy.follows_conversations:
        _place(exchange, runtime, levers, period, shard)
    return levers


def _place(
    exchange: Exchange,
    runtime: Runtime,
    levers: Levers,
    running: PeriodAccess | None,
    shard: Shard,
) -> None:
    organization_id = exchange.caller.organization.id
    levers.unit = unit = unit_of(_clues(exchange, runtime))
    percent = levers.policy.traffic_percent
    period = _period(exchange, runtime, unit, running, shard)
    if period is not None:
        percent = min(percent, period.ramp_percent)
    if not takes_part(unit, organization_id=organization_id, percent=percent):
        levers.may_act = False
    elif period is not None:
        _draw(exchange, levers, unit, period)


def _draw(exchange: Exchange, levers: Levers, unit: str, period: PeriodAccess) -> None:
    levers.period = period
    levers.arm = arm_of(
        unit,
        salt=period.salt,
        organization_id=exchange.caller.organization.id,
        experiment_id=period.experiment_id,
        holdout_percent=period.holdout_percent,
    )
    levers.may_act = levers.may_act and levers.arm == TREATMENT


def _period(
    exchange: Exchange,
    runtime: Runtime,
    unit: str,
    running: PeriodAccess | None,
    shard: Shard,
) -> PeriodAccess | None:
    """The period of the unit's first call, as long as it goes on."""
    if running is None:
        return None
    organization_id, at = exchange.caller.organization.id, exchange.started_at
    known = runtime.units.period_of(organization_id, unit, at=at)
    period = running if known in (None, running.id) else shard.experiments.period(known) or running
    runtime.units.see(organization_id, unit, period_id=period.id, at=at)
    return period


def _clues(exchange: Exchange, runtime: Runtime) -> Clues:
    caller, facts = exchange.caller, exchange.facts
    document = facts.document if isinstance(facts.document, dict) else {}
    thread = None
    if "previous_response_id" in document:
        continued = document["previous_response_id"]
        thread = runtime.units.thread_of(caller.organization.id, continued)
    return Clues(
        project_id=caller.project.id,
        request_id=exchange.request_id,
        day=exchange.started_at.date(),
        document=document,
        conversation_id=caller.conversation_id,
        end_user=caller.end_user or facts.end_user,
        thread=thread,
    )
