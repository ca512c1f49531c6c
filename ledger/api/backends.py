"""What a member may do at the desk: Django's permissions, out of the roles of today."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from ledger.access import caller_of_user
from ledger.models import Membership


class MembershipBackend(ModelBackend):
    """
    Signs people in as Django does, and gives members the permissions of their roles.

    And nothing else that was ever granted to their login: an auditor only reads. Superusers are the operator, whom
    Django lets do everything before it asks here.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether a role of today gives it; who was never a member is left to Django's own permissions."""
        if not Membership.objects.filter(user=user_obj.pk).exists():
            return super().has_perm(user_obj, perm, obj)
        return caller_of_user(user_obj, at=timezone.now()).has_permission(perm)
