"""Names the app to Django."""

from django.apps import AppConfig


class FingerprintConfig(AppConfig):
    """The ``fingerprint`` app."""

    name = "fingerprint"
    default_auto_field = "django.db.models.BigAutoField"
