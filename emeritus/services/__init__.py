"""What changes Emeritus: terms that are imported and bought, and what holders are told of them."""

from emeritus.services.purchases import buy_emeritus, record_purchase, renew_request
from emeritus.services.records import import_emeritus
from emeritus.services.telling import tell_lifetime, tell_windows

__all__ = [
    "buy_emeritus",
    "import_emeritus",
    "record_purchase",
    "renew_request",
    "tell_lifetime",
    "tell_windows",
]
