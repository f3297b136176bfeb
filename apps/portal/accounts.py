"""How allauth signs people up and in."""

from allauth.account.adapter import DefaultAccountAdapter
from django.forms import BaseForm
from django.http import HttpRequest

from apps.tenants.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        """Keep the name as well; the rest is allauth's."""
        user.full_name = form.cleaned_data.get("full_name", "")
        super().save_user(request, user, form, commit=commit)
        return user
