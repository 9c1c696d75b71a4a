"""The administration as a whole: one way in for everybody, and the records of allauth."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ceportal.kernel.staff import RecordAdmin

# Staff sign in where everybody does: with the same limits and the same second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth says
admin.site.index_title = _("Dashboard")

for model in (EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(EmailAddress)
class EmailAddressAdmin(RecordAdmin):
    """The addresses of logins, and whether their owners confirmed them."""

    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified", "primary")
    list_select_related = ("user",)
    search_fields = ("email", "user__email", "user__name")
    ordering = ("email",)


@admin.register(Authenticator)
class AuthenticatorAdmin(RecordAdmin):
    """Who has a second factor. Its secret stays out of sight."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    date_hierarchy = "created_at"
    exclude = ("data",)
