"""Forms of sign-up and account."""

from django import forms


class SignupForm(forms.Form):
    pass
