"""People. A user is public and may belong to many organizations."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from apps.tenants.models.audit import audited, audited_links


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may sign in with `email` (any case) and `password`."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A member of our staff who may do everything in the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


@audited(exclude=("password", "last_login"))
class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(
        unique=True, error_messages={"unique": "Somebody already uses this e-mail address."}
    )
    full_name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin site.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("email"), name="user_email_is_unique_in_any_case"),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def display_name(self) -> str:
        """The name shown to colleagues: the full name, else the e-mail address."""
        return self.full_name or self.email


@audited_links
class UserGroup(User.groups.through):  # type: ignore[name-defined,misc]  # made by Django
    """Who was given a group; a proxy, because triggers need a model in the migrations."""

    class Meta:
        proxy = True
