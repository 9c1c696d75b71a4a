"""`manage.py register_program NAME`: register a partner's program and print its credentials, once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from ceportal.kernel import clock
from ceportal.partner_api import scopes, services


class Command(BaseCommand):
    """Registers a program as the administration does, for those who set one up by a script."""

    help = "Register a partner's program, with all that its kind may where no scope is named; prints its credentials."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what it is called")
        parser.add_argument("--kind", required=True, choices=sorted(scopes.OF_PARTNERS))
        parser.add_argument("--partner", required=True, help="the code of the partner for whom it acts")
        parser.add_argument("--responsible", required=True, help="the e-mail address of whoever answers for it")
        parser.add_argument("--scope", action="append", help="what it may do; can be given several times")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = get_user_model()._default_manager.filter(email=options["responsible"].lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['responsible']}.")
        try:
            issued = services.register_application(
                name=options["name"],
                kind=options["kind"],
                tenant=options["partner"],
                responsible_id=user.pk,
                allowed=options["scope"] or sorted(scopes.of_kind(options["kind"])),
                now=clock.now(),
            )
        except ValueError as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(json.dumps({"client_id": issued.client_id, "client_secret": issued.secret}))
