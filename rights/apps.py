"""Names the app to Django."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """The ``rights`` app."""

    name = "rights"
    default_auto_field = "django.db.models.BigAutoField"
