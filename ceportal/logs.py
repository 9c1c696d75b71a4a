"""Logs: one JSON object a line, ours and those of libraries alike, and what must not stand in any of them."""

from __future__ import annotations

import re
from typing import Any

import structlog

ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# Whoever has such a link can confirm the address, set a new password, or see what a holder showed to somebody else.
KEY_IN_ADDRESS = re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/|/verify/|/shared/)[^/\s\"?]+")


def without_addresses(_logger: Any, _method: str, line: str) -> str:
    """Take the personal data out of a finished line: libraries put addresses into their errors (SMTP does)."""
    return KEY_IN_ADDRESS.sub(r"\1[key]", ADDRESS.sub("[e-mail]", line))


def _what_every_line_says() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
    ]


def logging_settings(*, level: str) -> dict[str, Any]:
    """What settings.LOGGING holds: everything from a level on, as JSON, on the console."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                    without_addresses,
                ],
                "foreign_pre_chain": _what_every_line_says(),
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"django.server": {"handlers": ["console"], "propagate": False}},
    }


def configure_structlog() -> None:
    """Let our own loggers write through the standard library's, so that every line takes the same way out."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_what_every_line_says(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
