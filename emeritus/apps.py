from django.apps import AppConfig


class EmeritusConfig(AppConfig):
    name = "emeritus"
