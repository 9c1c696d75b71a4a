"""A change does not wait for a broker that is gone, more than once in a while."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.plugin import PROJECT

NUDGE = """
import django, time
django.setup()
from ceportal.kernel import tasks
asked = []
whole = tasks.run_relay.apply_async
def counted(*args, **options):
    asked.append(1)
    return whole(*args, **options)
tasks.run_relay.apply_async = counted
for _each in range(3):
    tasks.nudge_relay()
print(len(asked))
"""


def test_a_broker_that_is_gone_is_asked_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NUDGE],
        check=True,
        cwd=PROJECT,
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0", "DJANGO_SETTINGS_MODULE": "ceportal.settings"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["1"]
