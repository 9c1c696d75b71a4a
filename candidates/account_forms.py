"""Allauth's forms in the portal's words: a label says all, so nothing is repeated inside the field."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "remember": _("Stay signed in on this device"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password again"),
}


class InOurWords:
    """Sets the labels and takes the placeholders away."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(InOurWords, forms.LoginForm):
    """Sign in."""


class SignupForm(InOurWords, forms.SignupForm):
    """Create an account."""


class AddEmailForm(InOurWords, forms.AddEmailForm):
    """Change the address one signs in with."""


class ChangePasswordForm(InOurWords, forms.ChangePasswordForm):
    """Change the password."""


class ResetPasswordForm(InOurWords, forms.ResetPasswordForm):
    """Ask for a link that sets a new password."""


class ResetPasswordKeyForm(InOurWords, forms.ResetPasswordKeyForm):
    """Set a new password by that link."""
