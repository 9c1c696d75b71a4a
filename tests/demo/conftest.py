"""A demonstration to test: its own folders for files and mail, and a clock that stands where a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import override_settings

from ceportal.kernel import clock


@contextmanager
def demonstration(folder: Path) -> Iterator[None]:
    """DEMO=1, as `make run` sets it, with its files in a folder."""
    mail = folder / "mail"
    mail.mkdir()
    ours = {
        "DEMO": True,
        "MEDIA_ROOT": str(folder / "media"),
        "MAIL_DIR": str(mail),
        "EMAIL_FILE_PATH": str(mail),
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    }
    clock._read.good_until = 0.0
    with override_settings(**ours):
        yield
    clock._read.good_until = 0.0


@pytest.fixture
def demo(db: None, tmp_path: Path) -> Iterator[None]:
    """A demonstration for one test."""
    with demonstration(tmp_path):
        yield
