"""Logins, and what groups of staff may do, in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import accounts
from candidates.models import User
from ceportal.kernel.staff import ActForm, StaffAdmin, do_act

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(StaffAdmin):
    """What staff who are no administrators may do, by group."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            kwargs["queryset"] = db_field.remote_field.model.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class AccountForm(ActForm):
    """A login to be opened for someone who acts for others."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is a login with this address already."))
        return email


@admin.register(User)
class UserAdmin(StaffAdmin):
    """Logins. A password is never set here: its owner sets it by the link for a forgotten one."""

    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "last_login", "date_joined")
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        kept = ("email", "last_login", "date_joined")
        return kept if request.user.is_superuser else (*kept, "is_staff", "is_superuser", "groups")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        return do_act(
            self,
            request,
            title=_("Open a login"),
            button=_("Open"),
            explanation=_("For someone who acts for others. They set a password by the link for a forgotten one."),
            form=AccountForm,
            perform=self._open,
        )

    @staticmethod
    def _open(values: dict[str, Any], now: datetime) -> str:
        user = accounts.open_account(email=values["email"], name=values["name"], now=now)
        return _("%(email)s can set a password now.") % {"email": user.email}
