"""Whose word holds for a call."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.access import (
    DEFAULT,
    LEVERS,
    NEVER,
    STATES,
    Flush,
    Policies,
    PolicyTerms,
    deciding,
    resolved,
)

PROJECT, KEY, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
AT = datetime(2026, 3, 1, tzinfo=UTC)
TERMS = st.builds(
    PolicyTerms,
    levers=st.dictionaries(st.sampled_from(LEVERS), st.sampled_from(STATES)),
    quality_bound=st.none() | st.decimals(0, 1, places=4),
    cache_ttl_s=st.none() | st.integers(1, 10**6),
    allowed_models=st.none() | st.lists(st.text(), max_size=3).map(tuple),
)


def test_nothing_that_can_change_an_answer_is_on_unless_somebody_said_so() -> None:
    on = {lever for lever in LEVERS if DEFAULT.state(lever) == "on"}
    assert on == {"exact_cache", "prompt_cache"}
    assert {DEFAULT.state(lever) for lever in set(LEVERS) - on} == {"off"}
    assert (DEFAULT.caches_any_temperature, DEFAULT.allowed_models) == (False, ())


@given(TERMS, TERMS, TERMS)
def test_the_most_specific_word_wins_and_an_off_above_is_final(
    organization: PolicyTerms, project: PolicyTerms, key: PolicyTerms
) -> None:
    policies = Policies(
        organization=organization,
        by_project={PROJECT: project},
        by_key={KEY: key},
        project_of={KEY: PROJECT},
    )
    policy = policies.of(project_id=PROJECT, key_id=KEY)
    chain = (organization, project, key)
    for lever in LEVERS:
        said = [terms.levers[lever] for terms in chain if lever in terms.levers]
        expected = said[-1] if said else DEFAULT.state(lever)
        assert policy.state(lever) == ("off" if "off" in said else expected)
    bounds = [terms.quality_bound for terms in chain if terms.quality_bound is not None]
    assert policy.quality_bound == (bounds[-1] if bounds else Decimal(0))
    assert policies.of(project_id=PROJECT, key_id=OTHER) == resolved(organization, project)
    assert policies.of(project_id=OTHER, key_id=OTHER) == resolved(organization)
    again = Policies.from_dict(orjson.loads(orjson.dumps(policies.to_dict())))
    assert again == policies
    assert again.of(project_id=PROJECT, key_id=KEY) == policy


@given(st.lists(TERMS, max_size=3))
def test_whose_word_holds_is_told_of_each_lever_and_field(chain: list[PolicyTerms]) -> None:
    found, policy = deciding(*chain), resolved(*chain)
    for lever in LEVERS:
        place = found.get(lever)
        said = DEFAULT.state(lever) if place is None else chain[place].levers[lever]
        assert said == policy.state(lever)
    for name in ("quality_bound", "cache_ttl_s", "allowed_models"):
        words = [place for place, terms in enumerate(chain) if getattr(terms, name) is not None]
        assert found.get(name) == (words[-1] if words else None)


def test_a_flush_voids_what_it_names_and_nothing_else() -> None:
    later = AT + timedelta(hours=1)
    policies = Policies(flushes=(Flush(AT, PROJECT), Flush(later, None, "doc=1")))
    tagged, other = frozenset({"doc=1"}), frozenset({"doc=2"})
    assert policies.flushed_at(project_id=PROJECT) == AT
    assert policies.flushed_at(project_id=PROJECT, tags=tagged) == later
    assert policies.flushed_at(project_id=OTHER, tags=other) == NEVER


def test_whose_word_cannot_be_read_has_no_lever() -> None:
    assert not Policies.closed().of(project_id=PROJECT, key_id=KEY).has_lever
