"""Sign-up: a person and an organization, or neither."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import ProgrammingError
from django.test import Client
from django.urls import reverse

from apps.kernel.clock import utc_now
from apps.portal.forms import accounts
from apps.tenants import schema
from apps.tenants.models import Membership, Organization, User
from apps.tenants.permissions import Role
from apps.tenants.services.members import accept_invitation, revoke_invitation
from tests.factories import PASSWORD, make_invitation, make_organization, make_user
from tests.portal.browsing import form_errors, told

pytestmark = pytest.mark.django_db
FILLED = {
    "full_name": "Grace Hopper",
    "email": "Grace@Acme.test",
    "password1": PASSWORD,
    "organization_name": " Acme  Corp ",
}


def sign_up(client: Client, **changes: str) -> Any:
    return client.post(reverse("account_signup"), FILLED | changes)


def test_makes_a_person_who_owns_an_organization_and_confirms_by_mail(client: Client) -> None:
    answer = sign_up(client)
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    membership = Membership.objects.select_related("user", "organization").get()
    assert (membership.role, membership.organization.name) == (Role.OWNER, "Acme Corp")
    assert (membership.user.email, membership.user.full_name) == ("grace@acme.test", "Grace Hopper")
    assert [message.to for message in mail.outbox] == [["grace@acme.test"]]
    assert "_auth_user_id" not in client.session


def test_the_link_of_the_mail_signs_in_the_browser_that_signed_up(client: Client) -> None:
    sign_up(client)
    link = next(word for word in str(mail.outbox[0].body).split() if "confirm-email" in word)
    local = link.replace("http://testserver", "")
    elsewhere = Client()
    assert elsewhere.get(local).status_code == 200
    assert not EmailAddress.objects.get().verified
    answer = client.post(local)
    assert EmailAddress.objects.get().verified
    assert client.get(answer.headers["Location"]).headers["Location"] == "/o/acme-corp/"


def test_a_taken_address_gets_the_same_answer_and_no_organization(client: Client) -> None:
    make_user("grace@acme.test")
    answer = sign_up(client)
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert User.objects.count() == 1
    assert Organization.objects.count() == 0
    assert [message.to for message in mail.outbox] == [["grace@acme.test"]]
    assert "already" in mail.outbox[0].subject.lower() + str(mail.outbox[0].body).lower()


def test_an_address_taken_at_the_same_moment_counts_as_taken(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user("grace@acme.test")
    # The look that finds it comes a moment too early.
    monkeypatch.setattr(accounts.SignupForm, "validate_unique_email", lambda _form, email: email)
    answer = sign_up(client)
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert (User.objects.count(), Organization.objects.count()) == (1, 0)


def test_a_failing_clone_leaves_neither_person_nor_organization(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(schema_name: str) -> None:
        raise ProgrammingError("no template")

    monkeypatch.setattr(schema, "clone_template", fail)
    with pytest.raises(ProgrammingError):
        sign_up(client)
    assert (User.objects.count(), Organization.objects.count()) == (0, 0)
    assert (EmailAddress.objects.count(), mail.outbox) == (0, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organization_name": "   "}, "organization_name"),
        ({"organization_name": "x" * 81}, "organization_name"),
        ({"email": "grace"}, "email"),
        ({"password1": "short"}, "password1"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(
    client: Client, changes: dict[str, str], field: str
) -> None:
    page = sign_up(client, **changes)
    assert (page.status_code, list(form_errors(page))) == (200, [field])
    assert (User.objects.count(), Organization.objects.count()) == (0, 0)
    assert PASSWORD not in page.content.decode()


def test_an_invitation_joins_its_organization_with_a_verified_address(client: Client) -> None:
    organization, other = make_organization("Acme"), make_organization("Acme")
    token = make_invitation(organization, "grace@acme.test", Role.FINANCE).token
    make_invitation(other, "grace@acme.test")
    client.get(reverse("portal:invitation", args=[token]))
    page = client.get(reverse("account_signup"))
    assert list(page.context["form"].fields) == ["full_name", "email", "password1"]
    answer = sign_up(client)
    assert client.get(answer.headers["Location"]).headers["Location"] == "/o/acme/"
    membership = Membership.objects.get(user__email="grace@acme.test")
    assert (membership.organization, membership.role) == (organization, Role.FINANCE)
    assert EmailAddress.objects.get(email="grace@acme.test").verified
    assert Organization.objects.count() == 2
    assert "invitation" not in client.session


def test_an_invitation_proves_its_own_address_and_no_other(client: Client) -> None:
    token = make_invitation(make_organization(), "grace@acme.test").token
    client.get(reverse("portal:invitation", args=[token]))
    sign_up(client, email="mallory@evil.test")
    assert not User.objects.filter(email="mallory@evil.test").exists()
    assert User.objects.filter(email="grace@acme.test").count() == 1


def test_an_invited_person_with_an_account_is_sent_to_sign_in(client: Client) -> None:
    make_user("grace@acme.test")
    token = make_invitation(make_organization(), "grace@acme.test").token
    client.get(reverse("portal:invitation", args=[token]))
    answer = sign_up(client)
    assert answer.headers["Location"] == reverse("portal:invitation", args=[token])
    assert "Sign in to join" in client.get(answer.headers["Location"]).content.decode()


def test_an_invitation_withdrawn_meanwhile_leaves_an_ordinary_sign_up(client: Client) -> None:
    organization = make_organization()
    invited = make_invitation(organization, "grace@acme.test")
    client.get(reverse("portal:invitation", args=[invited.token]))
    revoke_invitation(organization=organization, invitation_id=invited.invitation.pk, at=utc_now())
    sign_up(client)
    assert not organization.memberships.filter(user__email="grace@acme.test").exists()
    assert not EmailAddress.objects.get(email="grace@acme.test").verified


def test_an_invitation_used_while_signing_up_makes_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = make_organization()
    invited = make_invitation(organization, "grace@acme.test")
    client.get(reverse("portal:invitation", args=[invited.token]))

    def accept_too_late(**arguments: Any) -> Membership:
        revoke_invitation(
            organization=organization, invitation_id=invited.invitation.pk, at=utc_now()
        )
        return accept_invitation(**arguments)

    monkeypatch.setattr(accounts, "accept_invitation", accept_too_late)
    answer = sign_up(client)
    assert answer.headers["Location"] == reverse("account_signup")
    assert told(answer) == [
        "This invitation was used, withdrawn or has expired. Ask for a new one."
    ]
    assert not User.objects.filter(email="grace@acme.test").exists()


def test_an_unconfirmed_address_cannot_sign_in(client: Client) -> None:
    sign_up(client)
    answer = client.post(
        reverse("account_login"), {"login": "grace@acme.test", "password": PASSWORD}
    )
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session
