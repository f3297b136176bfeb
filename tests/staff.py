"""Staff who signed in with a second factor, for tests of the admin site."""

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.test import Client, RequestFactory

from apps.tenants.models import User
from apps.tenants.services.staff import make_staff
from tests.factories import make_user


def make_colleague(email: str = "sam@netra.test", *, is_superuser: bool = False) -> User:
    """A member of our staff with TOTP."""
    make_user(email)
    user = make_staff(email=email, is_superuser=is_superuser)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


def sign_in(user: User, *, used: str = "mfa") -> Client:
    """A browser of `user` whose session was confirmed by `used` (password or mfa)."""
    client = Client()
    client.force_login(user)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, user, used)
    request.session.save()
    return client
