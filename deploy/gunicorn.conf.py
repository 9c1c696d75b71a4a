"""gunicorn in production: `gunicorn --config deploy/gunicorn.conf.py ceportal.wsgi:application`.

WEB_CONCURRENCY (processes) is read by gunicorn itself; four threads each wait for the database side by side.
"""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")
django.setup()

bind = "0.0.0.0:8000"
worker_class = "gthread"
threads = 4
preload_app = True

# Longer than any page needs and shorter than a person waits. Uploads do not count: threads keep the heartbeat.
timeout = 30
graceful_timeout = 25
keepalive = 5
max_requests = 2000
max_requests_jitter = 400

# The root file system is read-only; heartbeats belong into memory anyway.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes its files private
control_socket_disable = True

# The proxy is the only one who can connect, and the portal itself reads who stands behind it (TRUSTED_PROXIES).
forwarded_allow_ips = "*"

# Its own words as JSON lines too, in the format of all the others. The portal itself logs the requests, without
# addresses; gunicorn would write them down.
logconfig_dict = settings.LOGGING | {
    "loggers": {
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": False},
    }
}
