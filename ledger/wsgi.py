"""What the web server runs."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")

gc.disable()  # what is loaded here stays: to look through it over and over is a quarter of the start
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # every page, for which the first request would wait
gc.freeze()
gc.enable()
