"""A demonstration to test: its own folders for files and mail, and a clock that stands where a test says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ceportal.kernel import clock


@pytest.fixture
def demo(settings, tmp_path: Path, db: None) -> Iterator[None]:
    """DEMO=1, as `make run` sets it."""
    settings.DEMO = True
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.MAIL_DIR = settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    (tmp_path / "mail").mkdir()
    clock._read.good_until = 0.0
    yield
    clock._read.good_until = 0.0
