"""What a member may do at the desk: Django's permissions, out of the roles of today."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils import timezone

from ledger import gauges
from ledger.access import Caller, caller_kept
from ledger.models import Membership


class MembershipBackend(ModelBackend):
    """
    Signs people in as Django does, and gives members the permissions of their roles.

    And nothing else that was ever granted to their login: an auditor only reads. Superusers are the operator, whom
    Django lets do everything before it asks here.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Sign in, and count how often that fails: whoever guesses passwords shows there."""
        found = super().authenticate(request, username=username, password=password, **kwargs)
        gauges.LOGINS.labels("failed" if found is None else "passed").inc()
        return found

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether a role of today gives it; who was never a member is left to Django's own permissions."""
        member = self._member(user_obj)
        return super().has_perm(user_obj, perm, obj) if member is None else member.has_permission(perm)

    def _member(self, user_obj: Any) -> Caller | None:
        # Kept on the user, who is read anew with each request, as Django keeps permissions.
        if not hasattr(user_obj, "as_member"):
            was_admitted = Membership.objects.filter(user=user_obj.pk).exists()
            user_obj.as_member = caller_kept(user_obj, at=timezone.now()) if was_admitted else None
        found: Caller | None = user_obj.as_member
        return found
