"""Settings without a database, for checks that must start none: ``manage.py makemigrations --check``."""

from tests.settings import *  # noqa: F403

DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
