"""Whether the portal can do its work: database, broker, migrations, and how far the relay is behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min

from ceportal.kernel.models import Delivery

log = structlog.get_logger(__name__)

BROKER_ANSWERS_WITHIN_SECONDS = 2
RELAY_LAG_AT_MOST_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the portal needs: whether it is there, and a number or a word about it."""

    ok: bool
    detail: str


def readiness(*, now: datetime) -> dict[str, Check]:
    """Every check by its name. What failed is said by its kind only: addresses and passwords stay in the log."""
    checks: dict[str, Callable[[], Check]] = {
        "database": _database,
        "broker": _broker,
        "migrations": _migrations,
        "relay": lambda: _relay(now),
    }
    return {name: _checked(name, check) for name, check in checks.items()}


def _checked(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("not_ready", check=name, error=str(error))
        return Check(ok=False, detail=type(error).__name__)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(ok=True, detail="answers")


def _broker() -> Check:
    patience = BROKER_ANSWERS_WITHIN_SECONDS
    with redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=patience, socket_connect_timeout=patience
    ) as broker:
        broker.ping()
    return Check(ok=True, detail="answers")


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return Check(ok=not missing, detail=f"{missing} to apply")


def _relay(now: datetime) -> Check:
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=now)
    oldest = due.aggregate(oldest=Min("due_at"))["oldest"]
    lag_seconds = int((now - oldest).total_seconds()) if oldest else 0
    return Check(ok=lag_seconds <= RELAY_LAG_AT_MOST_SECONDS, detail=f"{lag_seconds} s behind")
