"""Who may read the reports: staff who signed in, each what is theirs to see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def staff_only(view: View) -> View:
    """Send strangers to the login, and refuse whoever signed in but is not staff."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise PermissionDenied
        response = view(request, *args, **kwargs)
        # A shared computer's next user must not find it with the back button.
        response.setdefault("Cache-Control", "private, no-store")
        return response

    return guarded
