"""What callers say of answers. Run inside the organization's scope."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.kernel.errors import NetraError
from apps.optimization.models import Feedback
from apps.optimization.services.complaints import GOOD
from apps.tenants.context import current_tenant
from apps.tenants.jobs import enqueue

LONGEST_COMMENT = 1_000
_CERTIFY = "optimization.certify"
_STEP = Decimal("0.001")


class InvalidFeedback(NetraError):
    code = "invalid_feedback"
    http_status = 400


def give_feedback(
    *, request_id: UUID, score: Decimal, comment: str, given_by: str, at: datetime
) -> Feedback:
    """Say how good the answer to a request was, in place of what the same giver said before.

    request_id: of Netra-Request-Id; the record itself may still be on its way. score: 0 is bad, 1
    is good, at most three decimals. A bad one stops what a lever served from being served again.
    Raises InvalidFeedback.
    """
    if not 0 <= score <= 1 or score % _STEP:
        raise InvalidFeedback("Give the score from 0 (bad) to 1 (good), like 0.5.")
    if len(comment) > LONGEST_COMMENT:
        raise InvalidFeedback(f"Give a comment of at most {LONGEST_COMMENT} characters.")
    row, _ = Feedback.objects.update_or_create(
        request_id=request_id,
        given_by=given_by,
        defaults={"score": score, "comment": comment, "given_at": at},
    )
    if score < GOOD:
        enqueue(_CERTIFY, organization=current_tenant(), at=at)
    return row
