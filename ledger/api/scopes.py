"""Which scopes an application may have."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes
from oauth2_provider.settings import oauth2_settings

from ledger.models import ApiClient


class ClientScopes(BaseScopes):  # type: ignore[misc]
    """The scopes of an application are those of its client, whatever it asks for."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return every scope with its description."""
        return dict(oauth2_settings.SCOPES)

    def get_available_scopes(
        self,
        application: Any = None,
        request: Any = None,  # noqa: ARG002 - the toolkit's signature, as are the following
        *args: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> list[str]:
        """Return what this application may ask for."""
        client = ApiClient.objects.filter(application=application).first()
        return list(client.scopes) if client else []

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        """Return what an application gets that asks for nothing: all it may have."""
        return self.get_available_scopes(application, request, *args, **kwargs)
