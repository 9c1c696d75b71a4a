"""How logins behave: allauth's adapter, and the logins that staff open for others."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from candidates.models import User
from ceportal.kernel import clock
from ceportal.kernel.outbox import emit


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by e-mail address, open to everyone; what one may do follows from the records one is linked to."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail address and this password do not belong together."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return True

    def render_mail(self, *args: Any, **options: Any) -> EmailMessage:
        """As allauth makes it, dated on the portal's clock, which the demonstration can set."""
        message: EmailMessage = super().render_mail(*args, **options)
        message.extra_headers["Date"] = format_datetime(clock.now())
        return message


@transaction.atomic
def open_account(*, email: str, name: str, now: datetime) -> User:
    """Open a login for someone who acts for others; they set its password by the link for a forgotten one.

    The address counts as confirmed: staff know it. IntegrityError where a login has it already.
    """
    address = email.lower()
    user = User.objects.create_user(address, None, name=name, date_joined=now)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    emit("candidates.account_opened", user, now=now)
    return user
