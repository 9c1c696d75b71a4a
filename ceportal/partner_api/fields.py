"""Answers with only the fields that the caller asks for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

FIELDS = "fields"


class SparseFields:
    """A serializer whose fields can be chosen by `?fields=number,status`; 400 for a field it does not have."""

    context: dict[str, Any]
    parent: Any

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]  # of the serializer it is mixed into
        request = self.context.get("request")
        nested = self.parent is not None and not (
            isinstance(self.parent, serializers.ListSerializer) and self.parent.parent is None
        )
        asked = "" if request is None or nested else getattr(request, "query_params", {}).get(FIELDS, "")
        if not asked:
            return fields
        names = [name.strip() for name in asked.split(",")]
        unknown = [name for name in names if name not in fields]
        if unknown:
            raise serializers.ValidationError(
                {
                    FIELDS: _("There is no field %(names)s; there are %(known)s.")
                    % {"names": ", ".join(unknown), "known": ", ".join(fields)}
                }
            )
        return {name: field for name, field in fields.items() if name in names}
