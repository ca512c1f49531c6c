"""The service's settings, with a handful changed for tests: a data folder of their own, cheap passwords."""

import os
from pathlib import Path

os.environ.setdefault("LEDGER_DATA", str(Path(__file__).resolve().parent.parent / "var" / "tests"))
os.environ.setdefault("LEDGER_PUBLIC_URL", "http://testserver")

from ledger.settings import *  # noqa: F403
from ledger.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "tests"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(("submit", "artist", "preferences"), "100000/hour"),
}
