"""Usage at the desk: hand a report in, see what it comes to, have it booked; and say what its keys mean."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from fingerprint import store
from ledger import tasks, usages
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, pick
from ledger.admin.forms import sentence_of
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.api.uploads import UploadTooLarge
from ledger.api.usage import UsageUpload, problems_csv, unmatched_csv
from ledger.constraints import violated
from ledger.models import Job
from ledger.usages import FILES, Given, Reading, State
from ledger.visibility import Sight, seen
from rights.models import Party, Recording, Submission
from royalties import money
from royalties.models import UsageKey, UsageMapping, UsageMatch, UsageMatching, UsageReport
from royalties.usage.dsr import NotADsrFile
from royalties.usage.lines import plain
from royalties.usage.mapping import DEFAULTS, DELIMITERS, ENCODINGS, FIELDS, GROUPINGS, BadMapping
from royalties.usage.mapping import UsageMapping as Mapping

SHOWN_PROBLEMS = 100
SHOWN_ROWS = 30
SHOWN_MATCHES = 200
KEPT = "usage_files"  # of a session: those whose columns are being chosen
MOST_KEPT = 10
PAGE = 50

# State → the color of its chip, and what it is called.
CHIPS = {
    State.WAITING: ("waiting", "Waiting"),
    State.READING: ("waiting", "Being read"),
    State.READ: ("review", "Ready to book"),
    State.BOOKED: ("cleared", "Booked"),
    State.REFUSED: ("refused", "Refused"),
    State.REPLACED: ("none", "Replaced"),
    State.WITHDRAWN: ("none", "Withdrawn"),
    State.FAILED: ("failed", "Given up"),
}
SAID = {
    State.WAITING: "The report is kept. A worker reads it as soon as one is free.",
    State.READING: "Every line is being read to an exact amount. Nothing is booked before the last one is.",
    State.READ: "This is what the report comes to. Nothing is booked until you say so.",
    State.BOOKED: "Every line is booked, under a digest that stands in the log. Runs are made of it.",
    State.REFUSED: "Nothing of the report was booked. The lines below say why, and what to do.",
    State.REPLACED: "Another report counts in its place. Runs that were made with this one stay.",
    State.WITHDRAWN: "It counts no more. Runs that were made with it stay.",
    State.FAILED: "Workers tried several times. Nothing is half booked: try again.",
}
_WORDS = {
    "submission": "Our id of the output",
    "isrc": "ISRC of the output",
    "proprietary": "Their own id",
    "kind": "Usage, adjustment or reversal",
    "usages": "Usages, such as streams",
    "amount": "Amount, net",
    "transaction": "Transaction id",
}


def _title(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").capitalize())


class _Files(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Check each of them."""
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given]


class HandInForm(forms.Form):
    """The files of a report, and who made it."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    format = forms.ChoiceField(
        choices=[("sheet", "Sheet: CSV or TSV"), ("dsr", "DDEX DSR flat file")], widget=forms.Select(INPUT)
    )
    parts = FilesField(
        allow_empty_file=True,
        label="Files",
        widget=_Files({"class": "l-input", "multiple": True}),
        help_text="All files of one report, in their order; each may be packed with gzip",
    )
    payer = pick(Party, help_text="Whose outputs earned it: the service that submitted them")
    sender = forms.RegexField(
        r"^[!-~]{1,64}$",
        required=False,
        widget=forms.TextInput({"class": "l-input is-short"}),
        help_text="Of a sheet: who made it, by a code. A DSR file says so itself",
    )
    message = forms.RegexField(
        r"^[!-~][ -~]{0,159}$",
        required=False,
        label="Their number of it",
        widget=forms.TextInput({"class": "l-input is-short"}),
        help_text="Of a sheet: a number that the sender gives once, such as 2026-03",
    )
    saved = forms.ModelChoiceField(
        UsageMapping.objects.order_by("name"),
        required=False,
        label="Saved mapping",
        empty_label="Choose the columns in the next step",
        widget=forms.Select(INPUT),
        help_text="How this sender’s sheets are read. DSR files need none.",
    )
    replaces = forms.ModelChoiceField(
        UsageReport.objects.none(),
        required=False,
        label="In place of",
        empty_label="Nothing: it is a report of its own",
        widget=forms.Select(INPUT),
        help_text="A booked report of the same sender that this one corrects as a whole",
    )
    is_correction = forms.BooleanField(
        required=False,
        label="Every line corrects what was reported before, and may be negative",
        widget=forms.CheckboxInput,
    )

    groups = (
        ("The report", ("format", "parts", "payer")),
        ("Whose it is", ("sender", "message")),
        ("How it is read", ("saved", "replaces", "is_correction")),
    )
    optional = frozenset({"sender", "message", "saved", "replaces"})

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Offer the organizations for which this person settles, their mappings and their reports."""
        super().__init__(*args, **kwargs)
        caller = caller_of(request)
        self.fields["saved"].queryset = seen(UsageMapping.objects.order_by("name"), caller.sight)  # type: ignore[attr-defined]
        booked = UsageReport.objects.filter(outcome__is_booked=True, supersession__isnull=True).order_by("-received_at")
        self.fields["replaces"].queryset = seen(booked, caller.sight)  # type: ignore[attr-defined]
        if not caller.is_operator:
            own = Party.objects.select_related("identity").filter(pk__in=caller.organizations(Verb.SETTLE))
            given = self.fields["payer"]
            self.fields["payer"] = forms.ModelChoiceField(
                own, initial=own.first(), empty_label=None, widget=forms.Select(INPUT), help_text=given.help_text
            )

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the fields under their headings, each with whether it may be left empty."""
        return [(title, [(self[name], name in self.optional) for name in names]) for title, names in self.groups]


class MappingForm(forms.Form):
    """Which column of a sheet holds what."""

    encoding = forms.ChoiceField(choices=[(name, name) for name in ENCODINGS], widget=forms.Select(INPUT))
    delimiter = forms.ChoiceField(
        choices=[(one, {"\t": "tab"}.get(one, one)) for one in DELIMITERS], widget=forms.Select(INPUT)
    )
    decimal = forms.ChoiceField(
        choices=[(".", "1000.01"), (",", "1000,01")], label="Decimals", widget=forms.Select(INPUT)
    )
    grouping = forms.ChoiceField(
        choices=[
            (one, {"": "none", " ": "space", "\u00a0": "no-break space", "\u202f": "narrow space"}.get(one, one))
            for one in GROUPINGS
        ],
        label="Digits in threes",
        required=False,
        widget=forms.Select(INPUT),
    )
    date_format = forms.CharField(label="Days", max_length=20, initial="YYYY-MM-DD", widget=forms.TextInput(INPUT))
    skip_lines = forms.IntegerField(
        label="Lines before the header", min_value=0, max_value=100, initial=0, widget=forms.NumberInput(INPUT)
    )
    name = forms.CharField(
        label="Save as", required=False, max_length=120, widget=forms.TextInput(INPUT), help_text="For the next report"
    )

    def __init__(self, data: Any = None, *, preview: usages.Preview) -> None:
        """Offer the columns of the file."""
        super().__init__(data, initial={f"column_{name}": at for name, at in preview.suggested.items()})
        offered = [("", "–"), *((name.strip(), name.strip()) for name in preview.header if name.strip())]
        for name in FIELDS:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                choices=offered,
                required=False,
                widget=forms.Select({**INPUT, "aria-label": f"Column of {_title(name)}"}),
            )
            if name in DEFAULTS:
                hint = {"first_day": "2026-03-01", "last_day": "2026-03-31", "country": "DE", "currency": "EUR"}
                self.fields[f"default_{name}"] = forms.CharField(
                    required=False,
                    max_length=300,
                    widget=forms.TextInput(
                        {
                            **INPUT,
                            "aria-label": f"{_title(name)} where the cell is empty",
                            "placeholder": hint.get(name, ""),
                        }
                    ),
                )

    def columns(self) -> list[tuple[str, forms.BoundField, forms.BoundField | str]]:
        """Return what may be read, with the column that holds it and what holds where it is empty."""
        return [
            (_title(name), self[f"column_{name}"], self[f"default_{name}"] if name in DEFAULTS else "")
            for name in FIELDS
        ]

    def options(self) -> list[forms.BoundField]:
        """Return how cells are read."""
        return [self[name] for name in ("encoding", "delimiter", "decimal", "grouping", "date_format", "skip_lines")]

    def mapping(self, *, is_correction: bool) -> Mapping:
        """
        Return the mapping.

        :raises BadMapping: a field has a value that it cannot have, or something is nowhere
        """
        given = self.cleaned_data
        return Mapping(
            columns={name: given[f"column_{name}"] for name in FIELDS if given[f"column_{name}"]},
            defaults={name: given[f"default_{name}"] for name in DEFAULTS if given[f"default_{name}"]},
            is_correction=is_correction,
            **{
                name: given[name]
                for name in ("encoding", "delimiter", "decimal", "grouping", "date_format", "skip_lines")
            },
        )


class ReasonForm(forms.Form):
    """Why a report counts no more."""

    reason = forms.CharField(
        max_length=300, widget=forms.TextInput(INPUT), help_text="Without names. It stands in the record."
    )

    about = "Back to the report"
    action = "Withdraw it"
    keep = "Keep it"
    is_grave = True
    points = (
        "Its lines count in no run from now on, and nothing counts in their place.",
        "Runs that were made with it stay; the next one settles the difference.",
    )

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the one field."""
        return [("Why", [(self["reason"], False)])]


_REFUSALS = (
    usages.MappingNeeded,
    usages.MappingNotNeeded,
    usages.SenderNeeded,
    usages.MessageTwice,
    usages.NotReplaceable,
    NotADsrFile,
    BadMapping,
)
_FIELD_OF: dict[type[Exception], str] = {
    usages.SenderNeeded: "sender",
    usages.MessageTwice: "message",
    usages.NotReplaceable: "replaces",
    NotADsrFile: "parts",
    BadMapping: "saved",
}


@admin.register(UsageReport)
class UsageReportAdmin(FactAdmin):
    """Reports of usage."""

    counted = ("report", "reports")
    search_fields = ("sender", "message", "id")
    search_help_text = "Sender, its number, or id"
    list_display = (
        "shown_report",
        "shown_state",
        "shown_payer",
        "shown_lines",
        "shown_amounts",
        sheets.column("received_at", "Received"),
    )
    list_filter = ("format",)
    list_select_related = ("progress", "outcome", "supersession", "payer__identity")
    ordering = ("-received_at",)
    about = "What services report that outputs earned. Each report is read first, and booked only if you say so."
    blank = "No report was handed in yet. Hand in a sheet or a DSR file: you see what it comes to before it is booked."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those hand in who settle."""
        return bool(request.user.has_perm("royalties.add_usagereport"))

    def get_urls(self) -> list[URLPattern]:
        """Add the steps of a report."""
        site, post = self.admin_site.admin_view, require_POST
        return [
            path("map/<uuid:id>/", site(self.map_view), name="royalties_usagereport_map"),
            path("<uuid:id>/progress/", site(self.progress_view), name="royalties_usagereport_progress"),
            path("<uuid:id>/problems.csv", site(self.problems_view), name="royalties_usagereport_problems"),
            path("<uuid:id>/book/", site(post(self.book_view)), name="royalties_usagereport_book"),
            path("<uuid:id>/try/", site(post(self.try_view)), name="royalties_usagereport_try"),
            path("<uuid:id>/withdraw/", site(self.withdraw_view), name="royalties_usagereport_withdraw"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageReport]:
        """Return reports with what is shown of them."""
        rows: QuerySet[UsageReport] = super().get_queryset(request)
        return rows.select_related("progress", "outcome", "supersession", "payer__identity")

    # --- The list

    @admin.display(description="Report", ordering="message")
    def shown_report(self, row: UsageReport) -> str:
        """Say whose it is and which."""
        return f"{row.sender} {_number(row)}"

    @admin.display(description="State")
    def shown_state(self, row: UsageReport) -> Shown:
        """Say what it has come to."""
        return sheets.chip(*CHIPS[usages.status_of(row).state])

    @admin.display(description="Payer")
    def shown_payer(self, row: UsageReport) -> Shown:
        """Link to who pays of it."""
        return sheets.link(row.payer)

    @admin.display(description="Lines")
    def shown_lines(self, row: UsageReport) -> str:
        """Count its lines."""
        return f"{row.outcome.lines:,}" if hasattr(row, "outcome") else sheets.NOTHING

    @admin.display(description="Amounts")
    def shown_amounts(self, row: UsageReport) -> str:
        """Say what it comes to."""
        totals = (row.progress.document or {}).get("totals", [])
        said = ", ".join(f"{_amount(total['amount'])} {total['currency']}" for total in totals[:3])
        return said + (f" and {len(totals) - 3} more" if len(totals) > 3 else "") or sheets.NOTHING

    # --- Handing in

    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, *_unused: Any, **_also: Any) -> HttpResponse:
        """Take files in. The token is checked inside, so that what is beyond the limit is answered unread."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.upload_handlers = [UsageUpload(request)]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.LEDGER_MAX_IMPORT_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self._refuse_upload(request)
        try:
            return self._hand_in(request)
        except UploadTooLarge:  # it announced less than it sent
            return self._refuse_upload(request)

    @method_decorator(csrf_protect)
    def _hand_in(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self._form(request, HandInForm(initial={"id": uuid4()}, request=request))
        form = HandInForm(request.POST, request.FILES, request=request)
        if not form.is_valid():
            return self._form(request, form)
        given = form.cleaned_data
        payer: Party = given["payer"]
        if not caller_of(request).acts_for(payer.pk, Verb.SETTLE):
            raise PermissionDenied
        files = [Given(Path(file.temporary_file_path()), str(file.name or "")) for file in given["parts"]]
        carried = {
            "payer": str(payer.pk),
            "sender": given["sender"],
            "message": given["message"],
            "replaces": str(given["replaces"].pk) if given["replaces"] else "",
            "is_correction": given["is_correction"],
        }
        if given["format"] == "sheet" and given["saved"] is None:
            if not given["sender"]:
                form.add_error("sender", sentence_of(usages.SenderNeeded()))
                return self._form(request, form)
            digests = usages.keep(files)
            kept = dict(list(request.session.get(KEPT, {}).items())[-MOST_KEPT + 1 :])
            names = [file.name for file in files]
            kept[str(given["id"])] = {**carried, "files": list(zip(digests, names, strict=True))}
            request.session[KEPT] = kept
            return HttpResponseRedirect(reverse("admin:royalties_usagereport_map", args=[given["id"]]))
        mapping = Mapping.from_dict(given["saved"].document) if given["saved"] and given["format"] == "sheet" else None
        try:
            return self._receive(request, given["id"], given["format"], files, carried, mapping)
        except _REFUSALS as error:
            form.add_error(_FIELD_OF.get(type(error)), sentence_of(error))
            return self._form(request, form)

    def _receive(
        self,
        request: HttpRequest,
        id: UUID,
        format: str,
        files: list[Given],
        carried: dict[str, Any],
        mapping: Mapping | None,
    ) -> HttpResponse:
        found = usages.hand_in(
            id=id,
            payer_id=UUID(carried["payer"]),
            files=files,
            reading=Reading(
                format=UsageReport.Format(format),
                sender=carried["sender"],
                message=carried["message"],
                mapping=mapping,
                is_correction=carried["is_correction"] and mapping is None,
            ),
            replaces_id=UUID(carried["replaces"]) if carried["replaces"] else None,
            is_dry_run=True,
            at=timezone.now(),
        )
        if found.is_new:
            tasks.ring_for(Job.Kind.USAGE, found.report.pk)
            self._note(request, found.report)
        else:
            messages.info(request, "These files were handed in before, and read in the same way. This is that report.")
        return HttpResponseRedirect(sheets.address(found.report))

    def _form(self, request: HttpRequest, form: Any, refusal: str = "", status: int = 0) -> HttpResponse:
        context = {
            "form": form,
            "title": "Hand in a report",
            "action": "Look what it comes to",
            "lead": "First you see what it comes to and which outputs it means. Nothing is booked until you say so.",
            "refusal": refusal,
            "hint": "Nothing is booked yet.",
        }
        response = self.page(request, "ledger/admin/import_form.html", None, context)
        response.status_code = status or (422 if form.errors else 200)
        return response

    def _refuse_upload(self, request: HttpRequest) -> HttpResponse:
        limit = settings.LEDGER_MAX_IMPORT_BYTES // 2**20
        said = f"The report is larger than {limit} MiB: pack it with gzip, or split it."
        return self._form(request, HandInForm(initial={"id": uuid4()}, request=request), said, 413)

    def map_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Choose which column holds what, with the first rows in sight."""
        carried = request.session.get(KEPT, {}).get(str(id))
        if not self.has_add_permission(request):
            raise PermissionDenied
        if carried is None:
            raise Http404  # files that this person handed in, and not any whose id they have heard of
        try:
            with store.local(carried["files"][0][0], alias=FILES) as source:
                preview = usages.preview(source)
        except store.NoSuchAudio as error:
            raise Http404 from error
        form = MappingForm(request.POST if request.method == "POST" else None, preview=preview)
        if request.method != "POST" or not form.is_valid():
            return self._map(request, form, preview)
        try:
            mapping = form.mapping(is_correction=carried["is_correction"])
            if name := form.cleaned_data["name"]:
                payer = UUID(carried["payer"])
                usages.save_mapping(id=uuid4(), payer_id=payer, name=name, mapping=mapping, at=timezone.now())
            return self._receive_kept(request, id, carried, mapping)
        except _REFUSALS as error:
            form.add_error(None, sentence_of(error))
        except IntegrityError as error:
            if violated(error) != "one_usage_mapping_of_a_name":
                raise
            form.add_error("name", "Another mapping has this name: choose another.")
        return self._map(request, form, preview)

    def _receive_kept(self, request: HttpRequest, id: UUID, carried: dict[str, Any], mapping: Mapping) -> HttpResponse:
        with ExitStack() as opened:
            files = [
                Given(opened.enter_context(store.local(digest, alias=FILES)), name) for digest, name in carried["files"]
            ]
            return self._receive(request, id, "sheet", files, carried, mapping)

    def _map(self, request: HttpRequest, form: MappingForm, preview: usages.Preview) -> HttpResponse:
        context = {"form": form, "preview": preview, "title": "What the columns hold"}
        response = self.page(request, "ledger/admin/import_map.html", None, context)
        response.status_code = 422 if form.errors else 200
        return response

    # --- One report

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one report."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        report = self.fact(request, object_id)
        status = usages.status_of(report)
        found = report.progress.document or {}
        problems = report.problems.order_by("file", "line", "pk")
        context = {
            "title": f"{report.sender} {_number(report)}",
            "report": report,
            "status": status,
            "chip": sheets.chip(*CHIPS[status.state]),
            "color": CHIPS[status.state][0],
            "said": SAID[status.state],
            "found": found,
            "totals": _totals(found.get("totals", []), ()),
            "tables": [
                (title, _totals(found.get(f"by_{name}", []), (name,)))
                for name, title in (("country", "By country"), ("month", "By month of use"), ("kind", "By kind"))
                if name != "kind" or {row["kind"] for row in found.get("by_kind", [])} - {"usage"}
            ],
            "matching": _matching(found.get("matching")),
            "open": _open(report) if status.state is State.BOOKED else (),
            "problems": problems[:SHOWN_PROBLEMS],
            "problem_count": report.progress.problems,
            "files": report.files.order_by("number"),
            "may": self._may_act(request, report),
            "entry": sheets.entry_of(usage_report=report)[1],
            "read_with": _in_words(report),
        }
        return self.page(request, "ledger/admin/usage_report.html", report, context)

    def progress_view(self, request: HttpRequest, id: UUID) -> JsonResponse:
        """Say how far a report has come, for the page that asks again and again."""
        status = usages.status_of(self.fact(request, id))
        return JsonResponse(
            {
                "state": status.state.value,
                "is_moving": status.state.is_moving,
                "percent": status.percent,
                "said": f"{status.lines:,} lines, {status.problems:,} problems",
            }
        )

    def problems_view(self, request: HttpRequest, id: UUID) -> Any:
        """Download what is wrong."""
        return problems_csv(self.fact(request, id))

    def book_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for a report to be booked."""
        return self._ask(request, id, is_dry_run=False)

    def try_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for a report to be looked through again."""
        return self._ask(request, id, is_dry_run=True)

    def withdraw_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for a reason, and take a booked report out."""
        report = self.fact(request, id)
        if not self._may_act(request, report):
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                usages.withdraw(report_id=report.pk, reason=form.cleaned_data["reason"], at=timezone.now())
            except usages.NotBooked as error:
                messages.info(request, sentence_of(error))
            return HttpResponseRedirect(sheets.address(report))
        context = {"title": "Withdraw a report", "form": form, "back": sheets.address(report)}
        return self.page(request, "ledger/admin/act.html", report, context)

    def _may_act(self, request: HttpRequest, report: UsageReport) -> bool:
        """Whether this person may book a report or take it out: whoever sees it need not."""
        return self.has_add_permission(request) and caller_of(request).acts_for(report.payer_id, Verb.SETTLE)

    def _ask(self, request: HttpRequest, id: UUID, *, is_dry_run: bool) -> HttpResponse:
        report = self.fact(request, id)
        if not self._may_act(request, report):
            raise PermissionDenied
        try:
            usages.ask_to_read(report_id=report.pk, is_dry_run=is_dry_run, at=timezone.now())
        except usages.AlreadyFinished as error:
            messages.info(request, sentence_of(error))
        else:
            tasks.ring_for(Job.Kind.USAGE, report.pk)
        return HttpResponseRedirect(sheets.address(report))


def _number(report: UsageReport) -> str:
    return report.message.removeprefix("sha256:")[:12] if report.message.startswith("sha256:") else report.message


def _amount(text: str | Decimal, currency: str = "") -> str:
    """Write an amount for people: digits in threes, as many behind the point as the currency has, and never rounded."""
    whole, mark, rest = (text if isinstance(text, str) else plain(text)).partition(".")
    if currency and (places := money.exponent(currency)):
        mark, rest = ".", rest.ljust(places, "0")
    sign = "−" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or 0):,}{mark}{rest}"


def _totals(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return control totals for a table, in each currency the largest first, each with its part of the largest."""
    ordered = sorted(rows, key=lambda row: (row["currency"], -abs(Decimal(row["amount"]))))
    if "month" in names:
        ordered = sorted(rows, key=lambda row: (row["currency"], row["month"]))
    most = {
        row["currency"]: max(abs(Decimal(one["amount"])) for one in rows if one["currency"] == row["currency"])
        for row in rows
    }
    return [
        {
            "name": next((str(row[name]) for name in names), row["currency"]),
            "currency": row["currency"],
            "lines": f"{row['lines']:,}",
            "usages": f"{int(row['usages']):,}",
            "amount": _amount(row["amount"]),
            "part": int(100 * abs(Decimal(row["amount"])) // most[row["currency"]]) if most[row["currency"]] else 0,
        }
        for row in ordered[:SHOWN_ROWS]
    ]


def _matching(found: dict[str, Any] | None) -> list[tuple[str, str, str, str]]:
    """Return what a dry run would match: word, chip, keys, amounts."""
    if not found:
        return []
    words = {
        "matched": ("Matched", "cleared"),
        "suspense": ("Left in suspense before", "review"),
        "unmatched": ("For the queue", "waiting"),
    }
    said = []
    for what, (word, color) in words.items():
        amounts = [f"{_amount(row['amount'])} {row['currency']}" for row in found["amounts"] if row["what"] == what]
        said.append((word, color, f"{found['keys'][what]:,}", ", ".join(amounts) or sheets.NOTHING))
    return said


def _open(report: UsageReport) -> tuple[int, list[str]]:
    """Return how many keys of a report are open, and what they earned."""
    own = UsageKey.objects.filter(report=report)
    count = usages.keys(own, usages.KeyState.OPEN).count()
    sums: dict[str, Decimal] = {}
    if count:
        for row in usages.open_sums(own).iterator():
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.amount
    return count, [f"{_amount(amount)} {currency}" for currency, amount in sorted(sums.items())]


def _in_words(report: UsageReport) -> list[tuple[str, str]]:
    said = json.loads(report.reading)  # exact: a mapping, which holds no amounts
    if "mapping" not in said:
        found = (report.progress.document or {}).get("dsr", {})
        rows = [("Profile", str(found.get("profile", "")))] if found.get("profile") else []
        if found.get("confidence") == "secondary":
            rows.append(("Positions of cells", "as others report them: not from the standard’s own text"))
        if found.get("allocations_not_taken_over"):
            rows.append(("Sender’s own allocations", f"{found['allocations_not_taken_over']:,}, not taken over"))
        if said.get("is_correction"):
            rows.append(("Lines", "correct what was reported before"))
        return rows
    mapping = Mapping.from_dict(said["mapping"])
    rows = [(_title(name), f"from “{column}”") for name, column in mapping.columns.items()]
    rows += [(_title(name), f"“{value}” where it is empty") for name, value in mapping.defaults.items()]
    rows.append(("Numbers", f"1{mapping.grouping}000{mapping.decimal}01"))
    rows.append(("Days", mapping.date_format))
    if mapping.is_correction:
        rows.append(("Lines", "correct what was reported before"))
    return rows


# --- The queue


class MatchForm(forms.Form):
    """Which output a key means, or that nobody can say so far."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    submission = forms.UUIDField(required=False)
    reason = forms.CharField(required=False, max_length=300, widget=forms.TextInput(INPUT))


@admin.register(UsageKey)
class UsageKeyAdmin(FactAdmin):
    """What reports call outputs, and nobody knows which: the most money first."""

    search_fields = ("key", "title", "artist")
    ordering = ("first_line",)
    about = "What reports name and no id leads to an output of the payer, the most money first."

    def get_urls(self) -> list[URLPattern]:
        """Add the download and the second look."""
        site, post = self.admin_site.admin_view, require_POST
        return [
            path("unmatched.csv", site(self.download_view), name="royalties_usagekey_unmatched"),
            path("again/", site(post(self.again_view)), name="royalties_usagekey_again"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageKey]:
        """Return keys with their reports."""
        rows: QuerySet[UsageKey] = super().get_queryset(request)
        return rows.select_related("report", "payer__identity")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the queue."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        own = self.seen(request, UsageKey.objects.all())
        words = request.GET.get("q", "").strip()[:100]
        rows = usages.open_sums(own)
        for word in words.split():
            rows = rows.filter(key__title__icontains=word) | rows.filter(key__key__icontains=word)
        state = request.GET.get("state", "")
        if state in {"unmatched", "suspense"}:
            rows = rows.filter(is_suspended=state == "suspense")
        pages = Paginator(rows, PAGE)
        page = pages.get_page(request.GET.get("p"))
        shown = list(page)
        words_of = named({row.key_id: row.key for row in shown}.values(), caller_of(request).sight)
        context = {
            "title": "Unmatched usage",
            "about": self.about,
            "rows": [
                (row, _amount(row.amount, row.currency), sheets.address(row.key), words_of[row.key_id]) for row in shown
            ],
            "page": page,
            "count": pages.count,
            "words": words,
            "state": state,
            "may": request.user.has_perm("royalties.add_usagematching"),
        }
        return self.page(request, "ledger/admin/usage_queue.html", None, context)

    def download_view(self, request: HttpRequest) -> Any:
        """Download what is not matched."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return unmatched_csv(self.seen(request, UsageKey.objects.all()))

    def again_view(self, request: HttpRequest) -> HttpResponse:
        """Look up again by ids what is not matched, for every organization for which this person settles."""
        caller = caller_of(request)
        if not request.user.has_perm("royalties.add_usagematching"):
            raise PermissionDenied
        payers = (
            set(UsageReport.objects.values_list("payer_id", flat=True))
            if caller.is_operator
            else caller.organizations(Verb.SETTLE)
        )
        count = sum(usages.match_again(payer_id=payer, at=timezone.now()) for payer in sorted(payers))
        messages.info(request, f"{count} more lead to an output now." if count else "Nothing new was found by ids.")
        return HttpResponseRedirect(reverse("admin:royalties_usagekey_changelist"))

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show a key with what it may mean, and take what a person says."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key: UsageKey = self.fact(request, object_id)
        may = request.user.has_perm("royalties.add_usagematching") and caller_of(request).acts_for(
            key.payer_id, Verb.SETTLE
        )
        form = MatchForm(request.POST if request.method == "POST" else None, initial={"id": uuid4()})
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if form.is_valid() and self._match(request, key, form):
                return HttpResponseRedirect(reverse("admin:royalties_usagekey_changelist"))
        said = named([key], caller_of(request).sight)[key.pk]
        history = UsageMatch.objects.filter(payer=key.payer_id, key=key.key).select_related("matching", "submission")
        context = {
            "title": key.title or said.code,
            "usage_key": key,
            "said": said,
            "sums": [
                (_amount(row.amount, row.currency), row.currency, row.lines) for row in key.sums.order_by("currency")
            ],
            "usages": f"{int(key.usages):,}",
            "now": next((match for match in history if not hasattr(match, "successor")), None),
            "history": sorted(history, key=lambda match: match.matching.recorded_at),
            "candidates": usages.candidates(key) if may else [],
            "form": form,
            "may": may,
            "new_id": uuid4(),
        }
        response = self.page(request, "ledger/admin/usage_key.html", key, context)
        response.status_code = 422 if form.errors else 200
        return response

    def _match(self, request: HttpRequest, key: UsageKey, form: MatchForm) -> bool:
        given = form.cleaned_data
        try:
            usages.match(
                id=given["id"],
                payer_id=key.payer_id,
                key=key.key,
                submission_id=given["submission"],
                method=UsageMatching.Method.PERSON,
                matched_by_id=request.user.pk,
                reason=given["reason"],
                at=timezone.now(),
            )
        except (usages.NotAnOutputOfThePayer, usages.MatchedMeanwhile) as error:
            form.add_error(None, sentence_of(error))
            return False
        except IntegrityError as error:
            if not (violated(error) or "").endswith("_pkey"):
                raise
            messages.info(request, "This was said already.")  # the same form sent twice
            return True
        messages.success(request, "It is recorded, and holds for every report of this payer.")
        return True


_KEY_KINDS = {
    "isrc": "ISRC",
    "submission": "Our id",
    "proprietary": "Their own id",
    "title": "A title without a code",
    "unknown": "A code that is none",
}


@dataclass(frozen=True)
class Named:
    """A key as people read it: what kind of code it is, the code as it is written, and what is known of it."""

    kind: str
    code: str
    known: Shown
    is_code: bool = True  # and not its title once more


def named(keys: Iterable[UsageKey], sight: Sight) -> dict[UUID, Named]:
    """Return keys in words; what they lead to in the catalogue only as far as it is seen."""
    rows = list(keys)
    split = {row.pk: row.key.partition(":")[::2] for row in rows}
    isrcs = {value for kind, value in split.values() if kind == "isrc"}
    recordings = {row.isrc: row for row in seen(Recording.objects.filter(isrc__in=isrcs), sight)}
    ids = [value for kind, value in split.values() if kind == "submission"]
    outputs = {str(row.pk): row for row in seen(Submission.objects.filter(pk__in=ids), sight)}
    return {row.pk: _named(row, *split[row.pk], recordings, outputs) for row in rows}


def _written(key: str) -> str:
    """Return a key as people read it, without what is known of it."""
    kind, _, value = key.partition(":")
    return f"{_KEY_KINDS.get(kind, kind)} {value}"


def _named(
    row: UsageKey, kind: str, value: str, recordings: dict[str | None, Recording], outputs: dict[str, Submission]
) -> Named:
    known: Shown = ""
    code = value
    if kind == "isrc":
        code = f"{value[:2]}-{value[2:5]}-{value[5:7]}-{value[7:]}"
        if (recording := recordings.get(value)) is not None:
            known = format_html("That of a recording in the catalogue, and of no output: {}", sheets.link(recording))
        else:
            known = "Of no output of the payer, and of no recording that you see"
    elif kind == "submission":
        output = outputs.get(value)
        if output is None:
            known = "No output has this id"
        elif output.submitter_id != row.payer_id:
            known = format_html("An output of somebody else: {}", sheets.link(output))
        else:
            known = format_html("An output that is not cleared: {}", sheets.link(output))
    elif kind == "proprietary":
        sender, _, code = value.partition(":")
        known = f"In the numbers of {sender}"
    elif kind == "title":
        code = " by ".join(part for part in value.split("|", 1) if part)
    elif kind == "unknown":
        known = "Not a well-formed code, as the report has it"
    return Named(_KEY_KINDS[kind], code, known, is_code=kind != "title")


@admin.register(UsageMatching)
class UsageMatchingAdmin(FactAdmin):
    """Keys that were matched together."""

    counted = ("matching", "matchings")
    search_fields = ("id", "matches__key")
    list_display = ("method", "payer", sheets.column("recorded_at", "When"))
    list_filter = ("method",)
    list_select_related = ("payer__identity",)
    ordering = ("-recorded_at",)
    about = "What was said of keys together: by ids as a report was booked, by what was registered, or by a person."
    blank = "Nothing was matched yet."

    def sheet(self, request: HttpRequest, fact: UsageMatching) -> sheets.Sheet:  # noqa: ARG002 - the frame's signature
        """Show what was said."""
        matches = fact.matches.select_related("submission").order_by("key")
        rows: tuple[tuple[Shown, ...], ...] = tuple(
            (_written(match.key), sheets.link(match.submission) if match.submission else "Left in suspense")
            for match in matches[:SHOWN_MATCHES]
        )
        count = matches.count()
        return sheets.Sheet(
            title="What keys mean",
            lead="It holds for every report of the payer, until something newer is said of the same key.",
            facts=(
                ("How", fact.get_method_display()),
                ("Payer", sheets.link(fact.payer)),
                ("Why", fact.reason or sheets.NOTHING),
                ("When", sheets.moment(fact.recorded_at)),
                sheets.entry_of(usage_matching=fact),
            ),
            tables=(
                sheets.Table(
                    "Keys" if count <= SHOWN_MATCHES else f"The first {SHOWN_MATCHES} of {count} keys",
                    ("Key", "Output"),
                    rows,
                    "There are none.",
                ),
            ),
        )


@admin.register(UsageMapping)
class UsageMappingAdmin(FactAdmin):
    """How senders' sheets of usage are read."""

    counted = ("mapping", "mappings")
    search_fields = ("name",)
    list_display = ("name", "payer", sheets.column("changed_at", "Changed"))
    list_select_related = ("payer__identity",)
    ordering = ("name",)
    about = "How each sender’s sheets of usage are read. A mapping is saved where a report’s columns are chosen."
    blank = "No mapping was saved yet. Hand in a sheet, choose what its columns hold, and give that a name."

    def sheet(self, request: HttpRequest, fact: UsageMapping) -> sheets.Sheet:  # noqa: ARG002 - the frame's signature
        """Show one mapping."""
        mapping = Mapping.from_dict(fact.document)
        rows = tuple(
            (_title(name), mapping.columns.get(name, sheets.NOTHING), mapping.defaults.get(name, sheets.NOTHING))
            for name in FIELDS
            if name in mapping.columns or name in mapping.defaults
        )
        return sheets.Sheet(
            title=fact.name,
            lead="Reports keep the mapping that they were read with, whatever becomes of this one.",
            facts=(
                ("Payer", sheets.link(fact.payer)),
                ("Encoding", mapping.encoding),
                ("Numbers", f"1{mapping.grouping}000{mapping.decimal}01"),
                ("Days", mapping.date_format),
                ("Changed", sheets.moment(fact.changed_at)),
            ),
            tables=(sheets.Table("Columns", ("Holds", "Column", "Where it is empty"), rows, "No column is named."),),
        )
