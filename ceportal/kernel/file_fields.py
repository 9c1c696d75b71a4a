"""The field by which several files are handed over at once, as evidence (kernel.uploads)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ceportal.kernel.uploads import BYTES_AT_MOST, KINDS_IN_FORMS, Upload

FILES_AT_ONCE = 10


class FilesInput(forms.ClearableFileInput):
    """A control for several files."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Several files, each read no further than it takes to see that it is too large."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", FilesInput(attrs={"accept": KINDS_IN_FORMS}))
        super().__init__(
            required=False,
            max_length=200,
            error_messages={"empty": _("This file is empty. Choose another one.")},
            **kwargs,
        )

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        given = data if isinstance(data, list | tuple) else [data]
        files = [super(FilesField, self).clean(each, initial) for each in given if each]
        if len(files) > FILES_AT_ONCE:
            raise forms.ValidationError(_("At most %(limit)s files come at once."), params={"limit": FILES_AT_ONCE})
        return [Upload(file.name, file.read(BYTES_AT_MOST + 1)) for file in files]
