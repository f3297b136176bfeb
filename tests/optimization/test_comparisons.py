"""What is to be judged is readable to its own organization's workers only."""

from apps.kernel.ids import uuid7
from apps.optimization.comparisons import opened, sealed
from apps.tenants.vault import new_data_key
from tests.optimization.comparisons import comparison

KEY, OTHER_KEY = new_data_key(), new_data_key()


def test_it_opens_for_its_own_organization_only() -> None:
    one = comparison(alternative={"path": "/v1/chat/completions", "body": {"model": "small"}})
    box = sealed(one, KEY)
    assert opened(box, KEY, organization_id=one.organization_id) == one
    assert opened(box, OTHER_KEY, organization_id=one.organization_id) is None
    assert opened(box, KEY, organization_id=uuid7()) is None
    assert opened(box[:-1], KEY, organization_id=one.organization_id) is None


def test_what_was_asked_and_answered_is_in_no_log_line() -> None:
    shown = repr(comparison(question="canary", given="canary", candidate="canary"))
    assert "canary" not in shown
    assert b"canary" not in sealed(comparison(question="canary"), KEY)
