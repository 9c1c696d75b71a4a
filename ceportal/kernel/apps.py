from django.apps import AppConfig
from django.core import checks


class KernelConfig(AppConfig):
    name = "ceportal.kernel"
    label = "kernel"

    def ready(self) -> None:
        from ceportal.kernel import signatures

        checks.register(signatures.check_keys, checks.Tags.security)
