"""Names the app to Django."""

from django.apps import AppConfig


class RoyaltiesConfig(AppConfig):
    """The ``royalties`` app."""

    name = "royalties"
    default_auto_field = "django.db.models.BigAutoField"
