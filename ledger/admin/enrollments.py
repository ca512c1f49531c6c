"""Enrollments: name a folder of audio, follow what becomes of it, take away what failed and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from ledger import enrolling, tasks
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, pick
from ledger.admin.forms import sentence_of
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.api.enrollments import csv_of
from ledger.api.uploads import ImportUpload, UploadTooLarge
from ledger.enrolling import Result
from ledger.models import Enrollment, Job
from rights.models import Party

SHOWN = 100  # files on one page; the download has all

# State → the color of its chip, what it is called, and what that means.
STATES = {
    "listing": ("waiting", "Being listed", "A worker writes down which files are there."),
    "enrolling": ("waiting", "Under way", "Workers enroll the files part by part. If one dies, another goes on."),
    "done": ("cleared", "Done", "Every file has its result. Outputs are compared with what was enrolled."),
    "failed": ("failed", "Given up", "Workers tried several times. Nothing is half written: trying again goes on."),
}


class EnrollForm(forms.Form):
    """A folder, whose it is, and what says which file is which recording."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    organization = pick(
        Party, required=False, help_text="Whose recordings they are; files of others’ recordings are not enrolled"
    )
    store = forms.ChoiceField(widget=forms.Select(INPUT), help_text="The operator sets stores up")
    folder = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.TextInput(INPUT),
        help_text="In the organization’s own folder, which bears its id; empty: all of that",
    )
    mapping = forms.FileField(
        required=False,
        widget=forms.FileInput({"class": "l-input", "accept": ".csv,text/csv"}),
        help_text="CSV with the columns file, and recording, isrc, or register with title. Without it, a file is of"
        " the recording whose ISRC stands in its name or tags.",
    )
    is_only_named = forms.BooleanField(
        required=False, label="Leave alone what the mapping does not name", widget=forms.CheckboxInput
    )

    groups = (
        ("The folder", ("organization", "store", "folder")),
        ("Which file is what", ("mapping", "is_only_named")),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Offer the organizations for which this person may do so, and the stores there are."""
        super().__init__(*args, **kwargs)
        stores = sorted(settings.LEDGER_CATALOGUE_STORES)
        self.fields["store"].choices = [(name, name) for name in stores]  # type: ignore[attr-defined]
        caller = caller_of(request)
        if not caller.is_operator:
            own = Party.objects.select_related("identity").filter(pk__in=caller.organizations(Verb.IMPORT))
            given = self.fields["organization"]
            self.fields["organization"] = forms.ModelChoiceField(
                own, initial=own.first(), empty_label=None, widget=forms.Select(INPUT), help_text=given.help_text
            )

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the fields under their headings, each with whether it may be left empty."""
        return [
            (title, [(self[name], not self.fields[name].required) for name in names]) for title, names in self.groups
        ]


@admin.register(Enrollment)
class EnrollmentAdmin(FactAdmin):
    """Folders of audio that were to be enrolled."""

    search_fields = ("folder", "id")
    search_help_text = "Id, or folder"
    list_display = (
        "shown_folder",
        "shown_state",
        "shown_organization",
        sheets.column("received_at", "Received"),
        "shown_files",
    )
    list_select_related = ("progress", "organization__identity")
    ordering = ("-received_at",)
    about = "Folders of audio that become references, which every output is compared with."
    blank = "No folder was enrolled yet. Name one: each file is matched to its recording, and what fails says why."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those name folders who import."""
        return bool(request.user.has_perm("ledger.add_importbatch"))

    def get_urls(self) -> list[URLPattern]:
        """Add what one looks at and asks for while it goes on."""
        site = self.admin_site.admin_view
        return [
            path("<uuid:id>/progress/", site(self.progress_view), name="ledger_enrollment_progress"),
            path("<uuid:id>/problems.csv", site(self.problems_view), name="ledger_enrollment_problems"),
            path("<uuid:id>/retry/", site(require_POST(self.retry_view)), name="ledger_enrollment_retry"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrollment]:
        """Return enrollments with what is shown of them."""
        rows: QuerySet[Enrollment] = super().get_queryset(request)
        return rows.select_related("progress", "organization__identity")

    @admin.display(description="Folder", ordering="folder")
    def shown_folder(self, row: Enrollment) -> str:
        """Say where it is."""
        return _place(row)

    @admin.display(description="State")
    def shown_state(self, row: Enrollment) -> Shown:
        """Say what it has come to."""
        color, name, _ = _look(enrolling.status_of(row))
        return sheets.chip(color, name)

    @admin.display(description="Organization")
    def shown_organization(self, row: Enrollment) -> Shown:
        """Link to whose it is."""
        return sheets.link(row.organization)

    @admin.display(description="Enrolled")
    def shown_files(self, row: Enrollment) -> str:
        """Count what it brought."""
        status = enrolling.status_of(row)
        return f"{status.enrolled + status.known:,} of {status.files:,}"

    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, *_unused: Any, **_also: Any) -> HttpResponse:
        """Take a folder's name in. The token is checked inside, so that a mapping beyond the limit is not read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.upload_handlers = [ImportUpload(request)]
        try:
            return self._name(request)
        except UploadTooLarge as error:
            return self._form(request, EnrollForm(initial={"id": uuid4()}, request=request), sentence_of(error), 413)

    @method_decorator(csrf_protect)
    def _name(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self._form(request, EnrollForm(initial={"id": uuid4()}, request=request))
        form = EnrollForm(request.POST, request.FILES, request=request)
        if not form.is_valid():
            return self._form(request, form)
        given = form.cleaned_data
        organization_id = given["organization"].pk if given["organization"] else None
        caller_of(request).answer_for(organization_id, Verb.IMPORT)
        folder = given["folder"].strip("/")
        if organization_id is not None and not folder.startswith(str(organization_id)):
            folder = f"{organization_id}/{folder}".rstrip("/")
        mapping = given["mapping"]
        try:
            opened = enrolling.enroll_folder(
                id=given["id"],
                organization_id=organization_id,
                store_alias=given["store"],
                folder=folder,
                mapping=Path(mapping.temporary_file_path()) if mapping else None,
                is_only_named=given["is_only_named"],
                at=timezone.now(),
            )
        except enrolling.BadMapping as error:
            form.add_error("mapping", sentence_of(error))
            return self._form(request, form)
        except enrolling.NotYourFolder as error:
            form.add_error("folder", sentence_of(error))
            return self._form(request, form)
        if opened.is_new:
            tasks.ring_for(Job.Kind.LIST, opened.enrollment.pk)
            self._note(request, opened.enrollment)
        return HttpResponseRedirect(sheets.address(opened.enrollment))

    def _form(self, request: HttpRequest, form: Any, refusal: str = "", status: int = 0) -> HttpResponse:
        context = {
            "form": form,
            "title": "Enroll a folder",
            "action": "Enroll it",
            "lead": "Put the audio into the store first. Nothing is guessed: what is not told stays out.",
            "refusal": refusal,
            "hint": "What fails comes back as a sheet with the reasons.",
        }
        response = self.page(request, "ledger/admin/import_form.html", None, context)
        response.status_code = status or (422 if form.errors else 200)
        return response

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one enrollment."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        enrollment = self.fact(request, object_id)
        status = enrolling.status_of(enrollment)
        color, name, said = _look(status)
        files = enrollment.files.select_related("recording").order_by("id")
        context = {
            "title": _place(enrollment),
            "enrollment": enrollment,
            "status": status,
            "chip": sheets.chip(color, name),
            "color": color,
            "said": said,
            "progress": _progress(status),
            "counts": _counts(status),
            "problems": files.filter(result=Result.FAILED)[:SHOWN],
            "enrolled": files.filter(result__in=(Result.ENROLLED, Result.KNOWN)).order_by("-id")[:SHOWN],
            "more_problems": status.failed > SHOWN,
            "more_enrolled": status.enrolled + status.known > SHOWN,
            "may": self.has_add_permission(request)
            and caller_of(request).acts_for(enrollment.organization_id, Verb.IMPORT),
        }
        return self.page(request, "ledger/admin/enrollment.html", enrollment, context)

    def progress_view(self, request: HttpRequest, id: UUID) -> JsonResponse:
        """Say how far an enrollment has come, for the page that asks again and again."""
        status = enrolling.status_of(self.fact(request, id))
        return JsonResponse(
            {
                "state": status.state,
                "is_moving": status.is_moving,
                "percent": status.percent,
                "said": _progress(status),
            }
        )

    def problems_view(self, request: HttpRequest, id: UUID) -> Any:
        """Download the files that were not enrolled."""
        return csv_of(self.fact(request, id))

    def retry_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Put what was given up back into the queue."""
        enrollment = self.fact(request, id)
        caller = caller_of(request)
        if not self.has_add_permission(request) or not caller.acts_for(enrollment.organization_id, Verb.IMPORT):
            raise PermissionDenied
        again = enrolling.ask_again(enrollment_id=enrollment.pk, at=timezone.now())
        for kind, subject_id in again:
            tasks.ring_for(kind, subject_id)
        if not again:
            messages.info(request, "Nothing of it is given up.")
        return HttpResponseRedirect(sheets.address(enrollment))


def _look(status: enrolling.Status) -> tuple[str, str, str]:
    """The color of what it has come to, its name, and what that means."""
    if status.state == "done" and status.failed:
        return "review", "Done, some failed", f"{status.failed:,} of {status.files:,} were not enrolled."
    return STATES[status.state]


def _place(enrollment: Enrollment) -> str:
    folder = enrollment.folder
    if enrollment.organization_id and folder.startswith(str(enrollment.organization_id)):
        folder = folder.removeprefix(str(enrollment.organization_id)).strip("/") or "the whole folder"
    return f"{enrollment.store}: {folder}" if enrollment.store else folder


def _progress(status: enrolling.Status) -> str:
    if status.state == "listing" and not status.files:
        return "No file is listed yet"
    done = status.files - status.waiting
    return f"{done:,} of {status.files:,} files, {status.enrolled:,} enrolled, {status.failed:,} failed"


def _counts(status: enrolling.Status) -> list[tuple[str, str]]:
    return [
        ("Enrolled", f"{status.enrolled:,}"),
        ("Known before, by their bytes", f"{status.known:,}"),
        ("Failed", f"{status.failed:,}"),
        ("Waiting", f"{status.waiting:,}"),
        ("Passed over: no audio by their names", f"{status.passed_over:,}"),
    ]
