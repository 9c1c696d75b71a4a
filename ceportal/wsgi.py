"""The web server's entry."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from ceportal.charsets import in_utf_8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ceportal.settings")
application = in_utf_8(get_wsgi_application())

# A full collection takes a tenth of a second in the middle of somebody's request. What is loaded now stays for good, so
# it is not looked at again, nor copied by processes that are forked from this one; and pages make many objects at once.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
