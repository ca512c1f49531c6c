"""Names the app to Django."""

from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    """The ``provenance`` app."""

    name = "provenance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say that there is an index of outputs, which workers tidy as they do those of references."""
        from provenance import lookup  # the models are not there before

        lookup.keep_index()
