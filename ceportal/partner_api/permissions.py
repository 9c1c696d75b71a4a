"""What a call needs: a scope of the view, by the method."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ceportal.partner_api.callers import of_request


class HasScope(BasePermission):
    """Lets callers through who have the scope that the view names for the method. 401 for strangers, else 403.

    Whoever has one of the view's scopes may ask what can be asked of it (OPTIONS).
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = {view.scope_of(request.method)} if request.method != "OPTIONS" else set(view.scopes.values())
        if not needed or None in needed:
            return True
        caller = of_request(request)
        if caller is None:
            raise NotAuthenticated(_("This needs a token. How to get one stands in the documentation of the API."))
        if not needed & caller.scopes:
            raise PermissionDenied(
                _("This needs the scope “%(scope)s”, which your token was not given.")
                % {"scope": ", ".join(sorted(needed))}
            )
        return True
