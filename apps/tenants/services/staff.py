"""Our own staff: one group, whose rights are written here and nowhere else."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.kernel.errors import NetraError
from apps.tenants.models import User

SUPPORT = "Support"
# Everything that the admin site shows, and the few things that support does.
SEEN = (
    "apikey", "apikeyevent", "contractedrate", "contractedrateevent", "dispute",
    "disputeevent", "entitlement",
    "entitlementevent", "flag", "flagevent", "invitation", "invitationevent", "job", "membership",
    "membershipevent", "organization", "pricebookedition", "organizationevent", "project",
    "projectevent", "providercredential", "providercredentialevent", "recomputation",
    "recomputationevent", "supportaccess",
    "supportaccessevent", "user", "userevent", "periodictask",
)  # fmt: skip
DONE = (
    "change_apikey",  # revoke
    "add_dispute",  # open, recompute, answer
    "add_entitlement",
    "change_entitlement",
    "add_flag",
    "change_flag",
    "add_supportaccess",
    "change_user",  # lock out, send a password reset
)


class NoSuchUser(NetraError):
    code = "no_such_user"
    http_status = 404


@transaction.atomic
def ensure_support_group() -> Group:
    """The group Support with exactly the rights above, whatever somebody made of it."""
    group, _ = Group.objects.get_or_create(name=SUPPORT)
    codenames = [f"view_{name}" for name in SEEN] + list(DONE)
    group.permissions.set(
        Permission.objects.filter(
            content_type__app_label__in=("tenants", "pricing", "disputes", "django_celery_beat"),
            codename__in=codenames,
        )
    )
    return group


@transaction.atomic
def make_staff(*, email: str, is_superuser: bool = False) -> User:
    """Let the person who signed up as `email` open the admin site. Raises NoSuchUser."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise NoSuchUser(f"Nobody signed up as {email}. Sign up in the portal first.")
    user.is_staff = True
    user.is_superuser = user.is_superuser or is_superuser
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.add(ensure_support_group())
    return user
