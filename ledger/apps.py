"""Names the app to Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ``ledger`` app."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the Celery application, so that tasks are sent to our broker from every process."""
        from ledger import celery  # noqa: F401
