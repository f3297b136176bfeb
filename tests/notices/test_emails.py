from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail

from apps.notices.emails import recipients, send_emails
from apps.notices.kinds import Kind
from apps.notices.models import Notice
from apps.notices.services.announcing import News, announce
from apps.notices.services.mutings import choose_emails
from apps.notices.tasks import send_emails as send_emails_task
from apps.tenants.models import Job, Organization
from apps.tenants.permissions import Role
from tests.factories import make_member, make_organization, make_user
from tests.notices.receivers import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme & Söhne", make_user("owner@acme.test"))


@pytest.fixture
def notice(acme: Organization) -> Notice:
    news = News(Kind.BUDGET_ALERT, "1", "80 % of the budget is spent", "Raise it.", {}, "limits")
    made = announce(organization=acme, news=news, at=AT)
    assert made is not None
    return made


def sent_to() -> list[str]:
    return sorted(message.to[0] for message in mail.outbox)


def test_owner_admins_and_finance_are_told_once(acme: Organization, notice: Notice) -> None:
    for role in (Role.ADMIN, Role.FINANCE, Role.DEVELOPER, Role.VIEWER):
        make_member(acme, role, f"{role}@acme.test")
    make_member(make_organization("Acme"), Role.ADMIN, "stranger@acme.test")
    assert send_emails(notice, at=AT) == 3
    assert send_emails(notice, at=AT) == 0
    assert sent_to() == ["admin@acme.test", "finance@acme.test", "owner@acme.test"]


def test_the_message_has_two_parts_that_say_what_to_do(notice: Notice) -> None:
    send_emails(notice, at=AT)
    (message,) = mail.outbox
    assert message.subject == "80 % of the budget is spent (Acme & Söhne)"
    page, choose = (
        f"http://localhost:8000/o/{notice.organization.slug}/{path}/"
        for path in ("limits", "alerts/emails")
    )
    for said in ("Acme & Söhne: 80 % of the budget is spent.", "Raise it.", page, choose):
        assert said in message.body
    html: Any = message.alternatives[0]  # type: ignore[attr-defined]
    assert html.mimetype == "text/html"
    for said in ("Acme &amp; Söhne", "80 % of the budget is spent", "Raise it.", page, choose):
        assert said in html.content
    whole: EmailMessage = message.message()
    assert whole.get_content_type() == "multipart/alternative"


def test_a_muted_kind_is_not_sent_and_others_are(acme: Organization, notice: Notice) -> None:
    owner, other = acme.memberships.get().user, make_organization("Acme")
    finance = make_member(acme, Role.FINANCE)
    choose_emails(organization=acme, user=owner, kinds=[Kind.PLAN_USAGE])
    choose_emails(organization=other, user=finance, kinds=[])
    assert list(recipients(notice)) == [finance]
    choose_emails(organization=acme, user=owner, kinds=[Kind.BUDGET_ALERT])
    assert list(recipients(notice)) == [owner, finance]
    notice.kind = Kind.PLAN_USAGE
    assert list(recipients(notice)) == [finance]


def test_a_failing_mail_server_is_tried_again_for_those_who_are_left(
    acme: Organization, notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_member(acme, Role.ADMIN, "admin@acme.test")
    real = mail.EmailMultiAlternatives.send

    def fail(message: mail.EmailMultiAlternatives, **options: Any) -> int:
        if message.to == ["admin@acme.test"]:
            raise OSError("connection refused")
        return real(message, **options)

    with monkeypatch.context() as patched:
        patched.setattr(mail.EmailMultiAlternatives, "send", fail)
        with pytest.raises(OSError, match="refused"):
            send_emails(notice, at=AT)
    assert send_emails(notice, at=AT) == 1
    assert sent_to() == ["admin@acme.test", "owner@acme.test"]


def test_a_task_of_another_organization_does_not_find_the_notice(notice: Notice) -> None:
    other = make_organization("Acme")
    with pytest.raises(Notice.DoesNotExist):
        send_emails_task(notice_id=str(notice.pk), organization_id=str(other.pk))
    assert mail.outbox == []
    job = Job.objects.get(task="notices.send_emails")
    assert (job.organization, job.arguments) == (notice.organization, {"notice_id": str(notice.pk)})
