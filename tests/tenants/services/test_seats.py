import pytest

from apps.kernel.clock import utc_now
from apps.tenants.models import Entitlement, Invitation, Organization
from apps.tenants.plans import PlanLimitReached
from apps.tenants.services.members import revoke_invitation
from tests.factories import make_invitation, make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    organization = make_organization("Acme")
    Entitlement.objects.filter(organization=organization, code="plan").update(value="free")
    return organization


def test_members_and_open_invitations_take_seats(acme: Organization) -> None:
    other = make_organization("Acme")
    make_member(other)
    make_member(acme)
    made = make_invitation(acme, "third@acme.test")
    with pytest.raises(PlanLimitReached) as refusal:
        make_invitation(acme, "fourth@acme.test")
    assert (refusal.value.code, refusal.value.http_status) == ("plan_limit_reached", 402)
    assert refusal.value.detail == (
        "Your plan Free has 3 seats, open invitations included, and all are taken. Upgrade from "
        "Free to Early (10) to have more. Or remove a member, or withdraw an invitation."
    )
    # Sending an invitation again takes no second seat.
    again = make_invitation(acme, "third@acme.test").invitation
    assert again.pk != made.invitation.pk
    revoke_invitation(organization=acme, invitation_id=again.pk, at=utc_now())
    make_invitation(acme, "fourth@acme.test")
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_an_expired_invitation_takes_no_seat(acme: Organization) -> None:
    make_member(acme)
    expired = make_invitation(acme, "third@acme.test").invitation
    Invitation.objects.filter(pk=expired.pk).update(expires_at=utc_now())
    assert make_invitation(acme, "fourth@acme.test").invitation.email == "fourth@acme.test"


def test_an_entitlement_lifts_the_bound(acme: Organization) -> None:
    Entitlement.objects.create(organization=acme, code="seats", value="unlimited")
    for number in range(12):
        make_invitation(acme, f"guest-{number}@acme.test")
    assert acme.invitations.count() == 12
