"""The desk's first page and its frame."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from ledger import today

admin.site.index_template = "ledger/admin/today.html"
admin.site.index_title = "Today"
admin.site.enable_nav_sidebar = True


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - the theme's signature
    """Put what there is to look at today on the first page."""
    return {**context, "today": today.today(at=timezone.now())}
