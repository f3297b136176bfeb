"""The gateway, the verifier and the tests draw the same arms."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.assignment import HOLDOUT, TREATMENT, arm_of, commitment_of
from apps.attribution.audit import commitment_of as commitment_of_hex
from apps.attribution.audit.netra_verify import Draw
from tests.attribution.audit.journals import EXPERIMENT, ORGANISATION, arm_is_holdout

MANIFEST = {"organisation": ORGANISATION, "experiment": EXPERIMENT}


@given(unit=st.text(), salt=st.binary(min_size=32, max_size=32), percent=st.integers(1, 50))
def test_an_arm_is_the_same_for_gateway_and_verifier(unit: str, salt: bytes, percent: int) -> None:
    arm = arm_of(
        unit,
        salt=salt,
        organization_id=UUID(ORGANISATION),
        experiment_id=UUID(EXPERIMENT),
        holdout_percent=percent,
    )
    draw = Draw(MANIFEST, {"salt": salt.hex(), "holdout_bp": 100 * percent})

    assert draw.arm(unit) == arm
    assert arm_is_holdout(unit, salt.hex(), 100 * percent) is (arm == HOLDOUT)
    assert {HOLDOUT, TREATMENT} == {"holdout", "treatment"}


@given(salt=st.binary(min_size=32, max_size=32))
def test_a_commitment_is_the_same_for_period_and_archive(salt: bytes) -> None:
    assert commitment_of_hex(salt.hex()) == commitment_of(salt)
