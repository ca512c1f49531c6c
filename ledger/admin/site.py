"""The desk's first page and its frame."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from ledger import today
from ledger.access import memberships
from ledger.admin.runs import fees_in_words
from ledger.api.access import caller_of
from ledger.auditing import drawing

admin.site.index_template = "ledger/admin/today.html"
admin.site.index_title = "Today"
admin.site.enable_nav_sidebar = True


MOST_NAMED = 2


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Put what there is to look at today on the first page; or, to whoever belongs nowhere, why there is nothing."""
    caller = caller_of(request)
    if not caller.is_somebody:
        return {**context, "today": None}
    found = today.today(at=timezone.now(), sight=caller.sight)
    exceptions = drawing.waiting_for(int(request.user.pk or 0)).count()
    return {**context, "today": found, "fees": fees_in_words(found.fees), "exceptions": exceptions}


def is_somebody(request: HttpRequest) -> bool:
    """Whether there is anything to show to whoever asks."""
    return caller_of(request).is_somebody


def settles(request: HttpRequest) -> bool:
    """Return whether this person settles money for somebody."""
    return request.user.has_perm("royalties.add_royaltyrun")


def is_operator(request: HttpRequest) -> bool:
    """Whether they keep the house."""
    return caller_of(request).is_operator


def acting(request: HttpRequest) -> list[str]:
    """Say in the top bar for whom one acts."""
    caller = caller_of(request)
    if caller.is_operator:
        return ["Operator: sees everything", "warning"]
    names = [
        f"{one.organization}, {one.get_role_display().lower()}"
        for one in memberships(on=timezone.now().date(), at=timezone.now())
        .filter(user=request.user.pk)
        .select_related("organization__identity")
        .order_by("recorded_at", "id")
    ]
    if not names:
        return ["No organization", "danger"]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ["; ".join(names[:MOST_NAMED]) + more, "info"]
