from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "ceportal.kernel"
    label = "kernel"
