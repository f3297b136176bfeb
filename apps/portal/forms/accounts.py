"""Forms of sign-up and account."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.portal.invited import forget_token, kept_invitation, kept_token
from apps.tenants.models import Organization, User
from apps.tenants.services.members import accept_invitation
from apps.tenants.services.organizations import create_organization

Saved = tuple[User | None, HttpResponse | None]


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth ships no types
    """A person, and the organization that they found or were invited to."""

    full_name = forms.CharField(
        label="Full name (optional)",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    organization_name = forms.CharField(
        label="Organization",
        max_length=80,
        help_text="Usually the name of your company. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    field_order = ("full_name", "email", "password1", "organization_name")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.invitation = kept_invitation(context.request, at=utc_now())
        if self.invitation:
            del self.fields["organization_name"]
            # The token proves this address and no other one.
            self.fields["email"].disabled = True
            self.initial["email"] = self.invitation.email

    def clean_organization_name(self) -> str:
        name = " ".join(self.cleaned_data["organization_name"].split())
        if not name:
            raise forms.ValidationError("Give the organization a name.")
        return name

    def try_save(self, request: HttpRequest) -> Saved:
        """Make user and organization, or neither.

        An address that is taken gets the same answer as a new one, and an e-mail instead.
        """
        try:
            return self._save_together(request)
        except IntegrityError:
            # Somebody took the address or the organization's URL at the same moment.
            email = self.cleaned_data["email"]
            self.account_already_exists = User.objects.filter(email__iexact=email).exists()
            return self._save_together(request)
        except NetraError as error:
            messages.error(request, error.detail)
            return None, redirect("account_signup")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the user is saved."""
        if self.invitation:
            organization = self._join(request, user)
        else:
            name = self.cleaned_data["organization_name"]
            organization = create_organization(name=name, owner=user, at=utc_now())
        request.session["organization"] = organization.slug

    def _save_together(self, request: HttpRequest) -> Saved:
        if self.invitation and self.account_already_exists:
            # Whoever holds the token owns the address: there is nothing to hide.
            messages.info(request, "You have an account already. Sign in to join.")
            return None, redirect("portal:invitation", token=kept_token(request))
        if self.account_already_exists:
            return super().try_save(request)  # type: ignore[no-any-return]  # allauth ships no types
        with transaction.atomic():
            return super().try_save(request)  # type: ignore[no-any-return]  # allauth ships no types

    def _join(self, request: HttpRequest, user: User) -> Organization:
        membership = accept_invitation(token=kept_token(request), user=user, at=utc_now())
        forget_token(request)
        get_adapter().stash_verified_email(request, user.email)
        return membership.organization
