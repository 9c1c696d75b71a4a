"""What must not stand in a log line, whoever wrote it: e-mail addresses, and the keys of account links."""

from __future__ import annotations

import re
from typing import Any

ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# Whoever has such a link can confirm the address or set a new password.
ACCOUNT_KEY = re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/)[^/\s\"?]+")


def without_addresses(_logger: Any, _method: str, line: str) -> str:
    """Take the personal data out of a finished line: libraries put addresses into their errors (SMTP does)."""
    return ACCOUNT_KEY.sub(r"\1[key]", ADDRESS.sub("[e-mail]", line))
