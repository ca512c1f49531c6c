"""Names the app to Django."""

from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    """The ``provenance`` app."""

    name = "provenance"
    default_auto_field = "django.db.models.BigAutoField"
