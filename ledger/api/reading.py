"""What stands before every door: auditors only read, and reads of dossiers are written down (LED-6, record 23)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

Handler = Callable[[HttpRequest], HttpResponseBase]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# What auditors may do beside reading: sign out, change their own password, and what an audit itself leaves on record.
THEIR_OWN = frozenset(
    {
        "admin:logout",
        "admin:password_change",
        "verifying:verify",  # reads a file that is handed in, and keeps nothing
        "reports:note",
        "reports:save-question",
        "reports:end-question",
        "reports:answer-question",
        "reports:draw-sample",
        "reports:record-exception",
        "audit-notes",
        "audit-samples",
        "audit-exceptions",
        "saved-questions",
        "saved-question-ends",
    }
)


class AuditorsOnlyRead:
    """Refuse whatever is no reading, of people who are auditors and nothing else, whatever a page would allow."""

    def __init__(self, get_response: Handler) -> None:
        """Stand before what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request on; it is looked at once its address is known."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponseBase | None:
        """
        Let it pass, or answer that it is not for auditors.

        :raises PermissionDenied: a page is not theirs to send
        """
        user: Any = getattr(request, "user", None)
        if request.method in SAFE or user is None or not user.is_authenticated or user.is_superuser:
            return None
        match = request.resolver_match
        if match is not None and match.view_name in THEIR_OWN:
            return None
        from ledger.access import caller_of_user, is_auditor

        # Not what is remembered of the request: a program's token may stand beside a person's session.
        if not is_auditor(caller_of_user(user, at=timezone.now())):
            return None
        if request.path.startswith("/v1/"):
            detail = "Auditors only read. What an audit itself leaves on record has addresses of its own."
            body = {"status": 403, "code": "auditors_only_read", "detail": detail}
            return JsonResponse(body, status=403, content_type="application/problem+json")
        raise PermissionDenied("Auditors only read.")


# Address → whose dossier it shows, and the part of the address that names it.
DOSSIERS: Mapping[str, tuple[str, str]] = {
    "reports/submissions/<uuid:id>": ("rights_submission", "id"),
    "reports/submissions/<uuid:id>/pack": ("rights_submission", "id"),
    "reports/submissions/<uuid:id>/certificate": ("rights_submission", "id"),
    "reports/submissions/<uuid:id>/whole.wav": ("rights_submission", "id"),
    "reports/statements/<uuid:id>": ("royalties_statement", "id"),
    "reports/statements/<uuid:id>.pdf": ("royalties_statement", "id"),
    "reports/statements/<uuid:id>.csv": ("royalties_statement", "id"),
    "reports/statements/<uuid:id>/lines/<int:partition>.<int:number>": ("royalties_statement", "id"),
    "admin/rights/submission/<path:object_id>/change/": ("rights_submission", "object_id"),
    "admin/rights/party/<path:object_id>/change/": ("rights_party", "object_id"),
    "admin/rights/voice/<path:object_id>/change/": ("rights_voice", "object_id"),
    **{
        f"v1/submissions/<uuid:id>{part}": ("rights_submission", "id")
        for part in ("", "/evidence", "/file", "/manifest", "/entries", "/pack")
    },
    "v1/parties/<uuid:id>": ("rights_party", "id"),
    "v1/parties/<uuid:id>/export": ("rights_party", "id"),
    "v1/voices/<uuid:id>": ("rights_voice", "id"),
    **{
        f"v1/statements/<uuid:id>{part}": ("royalties_statement", "id")
        for part in ("", "/document", "/lines", "/lines.csv", "/pdf")
    },
}


class ReadsOfDossiers:
    """Write down who read a dossier and why, before it leaves the house."""

    def __init__(self, get_response: Handler) -> None:
        """Stand before what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand the request on, and note what was read once it is known that it was."""
        response = self._get_response(request)
        match = request.resolver_match
        if match is None or request.method != "GET" or response.status_code not in {200, 206}:
            return response
        of = DOSSIERS.get(match.route)
        if of is not None:
            table, named = of
            _note(request, table, match.kwargs[named], match.route)
        return response


def _note(request: HttpRequest, table: str, id: object, door: str) -> None:
    from ledger.access import engagement_of, memberships
    from ledger.api.access import Client, caller_of
    from ledger.models import DossierRead

    fact_id = id if isinstance(id, UUID) else UUID(str(id))
    asking: Any = request.user
    if not getattr(asking, "is_authenticated", False):
        return
    at = timezone.now()
    if isinstance(asking, Client):
        if _is_own(table, fact_id, caller_of(request).sight.parties):
            return  # a program that follows its own output asks every second
        DossierRead.objects.create(
            id=uuid4(),
            table=table,
            fact_id=fact_id,
            door=door[:60],
            client=asking.client,
            why="as a program",
            read_at=at,
        )
        return
    members = list(memberships(on=at.date(), at=at).filter(user=asking.pk).select_related("engagement").order_by("pk"))
    audit = next((found for one in members if (found := engagement_of(one)) is not None), None)
    roles = ", ".join(sorted({one.get_role_display().lower() for one in members})) or "the operator"
    DossierRead.objects.create(
        id=uuid4(),
        table=table,
        fact_id=fact_id,
        door=door[:60],
        user=asking,
        engagement=audit,
        why=audit.purpose if audit else f"as {roles}",
        read_at=at,
    )


def _is_own(table: str, fact_id: UUID, own: frozenset[UUID] | None) -> bool:
    from rights.models import Submission
    from royalties.models import Statement

    if own is None:
        return False
    if table == "rights_submission":
        return Submission.objects.filter(pk=fact_id, submitter__in=own).exists()
    if table == "royalties_statement":
        return Statement.objects.filter(pk=fact_id, payee__in=own).exists()
    return fact_id in own
