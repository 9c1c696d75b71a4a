"""The environment of `manage.py scenario`: whatever the machine is set up for, a story touches nothing of it.

Read before Django's settings, so that they are those of a development that reaches nobody: no mail server, no card
service, no broker. Only a DATABASE_URL is kept: its server gets the scratch database.
"""

from __future__ import annotations

from collections.abc import MutableMapping

COMMAND = "scenario"
NOWHERE = "127.0.0.1:9"  # discard: nothing answers there
OURS = {
    "DEBUG": "1",
    "DEMO": "0",
    "EMAIL_URL": "dummymail://",
    "STRIPE_API_BASE": f"http://{NOWHERE}",
    "REDIS_URL": f"redis://{NOWHERE}/0",
    "BASE_URL": "https://portal.example.org",
    "PROGRAMME_TIME_ZONE": "UTC",
    "LOG_LEVEL": "CRITICAL",  # what went wrong in a story stands in its result
}
STAND_INS = ("SECRET_KEY", "SIGNING_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")  # settings.py has harmless ones


def is_meant(arguments: list[str]) -> bool:
    """Whether a command line asks for scenarios."""
    return arguments[1:2] == [COMMAND]


def prepare(environment: MutableMapping[str, str]) -> None:
    """Make an environment that of a story: nothing of the machine's own but the database server."""
    for name in (*OURS, *STAND_INS):
        environment.pop(name, None)
        environment.pop(f"{name}_FILE", None)
    environment.update(OURS)
