"""Imports: hand a file in, choose what its columns hold, see what it would do, take it, follow it, take it back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from fingerprint import store
from ledger import batches, importing, incoming, reversing, tasks
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, pick
from ledger.admin.forms import sentence_of
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.api.imports import csv_of
from ledger.api.uploads import ImportUpload, UploadTooLarge
from ledger.batches import State
from ledger.constraints import violated
from ledger.incoming import ALIAS, SHEETS, Reading
from ledger.models import ImportBatch, ImportedFact, Job, SavedMapping
from ledger.visibility import seen
from rights.exchange.mapping import DELIMITERS, FIELDS, UNITS, BadMapping, Mapping
from rights.exchange.text import AUTO, ENCODINGS
from rights.models import Party
from rights.vocabulary import PartyKind

SHOWN_PROBLEMS = 100
SHOWN_ANSWERS = 100
KEPT_FILES = "import_files"  # of a session: those whose columns are being chosen
MOST_KEPT = 20

# State → the color of its chip, and what it is called.
CHIPS = {
    State.WAITING: ("waiting", "Waiting"),
    State.REHEARSING: ("waiting", "Dry run under way"),
    State.REHEARSED: ("review", "Ready to take"),
    State.CHECKING: ("waiting", "Being checked"),
    State.WRITING: ("waiting", "Being written"),
    State.TAKEN: ("cleared", "Taken"),
    State.REFUSED: ("refused", "Refused"),
    State.REVERSING: ("waiting", "Being taken back"),
    State.REVERSED: ("refused", "Taken back"),
    State.FAILED: ("failed", "Given up"),
}
SAID = {
    State.WAITING: "The file is kept. A worker reads it as soon as one is free.",
    State.REHEARSING: "A worker looks up what the file would do. Nothing is written.",
    State.REHEARSED: "This is what the file would do. Nothing is written until you take it.",
    State.CHECKING: "The whole file is checked before its first fact is written.",
    State.WRITING: "Facts are being written, each with its entry in the log. If it is interrupted, it goes on.",
    State.TAKEN: "The file was read to its end; each new fact has its entry in the log.",
    State.REFUSED: "Nothing of the file was taken. Correct the rows below and hand them in again.",
    State.REVERSING: "Shares are being retracted and consents withdrawn.",
    State.REVERSED: "Shares were retracted and consents withdrawn. What else the file brought stays registered.",
    State.FAILED: "Workers tried several times. Nothing is half written: what was begun goes on when you try again.",
}
TABLES = {
    "rights_party": "Parties",
    "rights_work": "Works",
    "rights_recording": "Recordings",
    "rights_recordingwork": "Links of recordings to works",
    "rights_recordingdescription": "Descriptions of recordings",
    "rights_release": "Releases",
    "rights_identifier": "Codes",
    "rights_share": "Shares",
    "rights_consent": "Consents",
}


_CODES = {"isrc": "ISRC", "iswc": "ISWC", "ipi": "IPI", "isni": "ISNI", "dpid": "DPID", "grid": "GRid", "id": "id"}


def _title(name: str) -> str:
    """Return what may be read from a sheet, in words."""
    words = [_CODES.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _in_words(reading: Reading) -> list[tuple[str, str]]:
    """Return what a file was read with."""
    said = []
    if mapping := reading.mapping:
        said += [(_title(name), f"from “{column}”") for name, column in mapping.columns.items()]
        said += [(_title(name), f"“{value}” where it is empty") for name, value in mapping.defaults.items()]
        said.append(
            ("Cells", f"{mapping.encoding} encoding, {mapping.delimiter} delimiter, {mapping.decimal} decimals")
        )
        said.append(("Days", mapping.date_format))
    if reading.holds_from:
        said.append(("Shares without a day hold from", reading.holds_from.isoformat()))
    if reading.kind is not PartyKind.PERSON:
        said.append(("New parties are", reading.kind.value))
    return said


class HandInForm(forms.Form):
    """A file, and how it is to be taken."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    format = forms.ChoiceField(choices=ImportBatch.Format.choices, widget=forms.Select(INPUT))
    file = forms.FileField(
        allow_empty_file=True,
        widget=forms.FileInput({"class": "l-input"}),
        help_text="CSV or TSV, CWR 2.1 to 3.1, acknowledgements of a society, or a DDEX ERN message",
    )
    organization = pick(
        Party, required=False, help_text="Whose catalogue it is; it is entered as the registrar of what is new"
    )
    saved = forms.ModelChoiceField(
        SavedMapping.objects.order_by("name"),
        required=False,
        label="Saved mapping",
        empty_label="Choose the columns in the next step",
        widget=forms.Select(INPUT),
        help_text="How this sender’s sheets are read. Other files need none.",
    )
    is_partial = forms.BooleanField(
        required=False,
        label="Take the rows without a problem even where others have one",
        widget=forms.CheckboxInput,
    )
    holds_from = DateField(
        required=False, label="Shares hold from", help_text="For shares that name no day; empty: today"
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value.capitalize()) for kind in PartyKind],
        label="New parties are",
        widget=forms.Select({"class": "l-input is-short"}),
        help_text="Where the file does not say",
    )
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)

    groups = (
        ("The file", ("format", "file", "organization")),
        ("How it is read", ("saved", "holds_from", "kind", "is_partial")),
    )
    optional = frozenset({"organization", "saved", "holds_from"})

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Offer the organizations for which this person imports, and their mappings."""
        super().__init__(*args, **kwargs)
        caller = caller_of(request)
        self.fields["saved"].queryset = seen(SavedMapping.objects.order_by("name"), caller.sight)  # type: ignore[attr-defined]
        if not caller.is_operator:
            own = Party.objects.select_related("identity").filter(pk__in=caller.organizations(Verb.IMPORT))
            given = self.fields["organization"]
            self.fields["organization"] = forms.ModelChoiceField(
                own, initial=own.first(), empty_label=None, widget=forms.Select(INPUT), help_text=given.help_text
            )
            self.optional -= {"organization"}

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the fields under their headings, each with whether it may be left empty."""
        return [(title, [(self[name], name in self.optional) for name in names]) for title, names in self.groups]


class MappingForm(forms.Form):
    """Which column of a sheet holds what."""

    encoding = forms.ChoiceField(choices=[(name, name) for name in (AUTO, *ENCODINGS)], widget=forms.Select(INPUT))
    delimiter = forms.ChoiceField(
        choices=[(AUTO, AUTO), *((one, {"\t": "tab"}.get(one, one)) for one in DELIMITERS)], widget=forms.Select(INPUT)
    )
    decimal = forms.ChoiceField(
        choices=[(AUTO, AUTO), (".", "33.33"), (",", "33,33")], label="Decimals", widget=forms.Select(INPUT)
    )
    share_unit = forms.ChoiceField(
        choices=[(unit, {"percent": "0.5 is half a percent", "fraction": "0.5 is a half"}[unit]) for unit in UNITS],
        label="Shares",
        widget=forms.Select(INPUT),
    )
    date_format = forms.CharField(label="Days", max_length=20, widget=forms.TextInput(INPUT))
    name = forms.CharField(
        label="Save as", required=False, max_length=120, widget=forms.TextInput(INPUT), help_text="For the next file"
    )

    def __init__(self, data: Any = None, *, preview: batches.Preview) -> None:
        """Offer the columns of the file."""
        suggested = preview.suggested
        initial = {**suggested.to_dict(), **{f"column_{name}": at for name, at in suggested.columns.items()}}
        super().__init__(data, initial=initial)
        self.kind = suggested.kind
        columns = [("", "–"), *((name.strip(), name.strip()) for name in preview.header if name.strip())]
        for name in FIELDS[self.kind]:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                choices=columns,
                required=False,
                widget=forms.Select({**INPUT, "aria-label": f"Column of {_title(name)}"}),
            )
            self.fields[f"default_{name}"] = forms.CharField(
                required=False,
                max_length=300,
                widget=forms.TextInput({**INPUT, "aria-label": f"{_title(name)} where the cell is empty"}),
            )

    def columns(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Return what may be read, with the column that holds it and what holds where it is empty."""
        return [(_title(name), self[f"column_{name}"], self[f"default_{name}"]) for name in FIELDS[self.kind]]

    def options(self) -> list[forms.BoundField]:
        """Return how cells are read."""
        return [self[name] for name in ("encoding", "delimiter", "decimal", "share_unit", "date_format")]

    def mapping(self) -> Mapping:
        """
        Return the mapping.

        :raises BadMapping: a field has a value that it cannot have
        """
        given = self.cleaned_data
        return Mapping(
            kind=self.kind,
            columns={name: given[f"column_{name}"] for name in FIELDS[self.kind] if given[f"column_{name}"]},
            defaults={name: given[f"default_{name}"] for name in FIELDS[self.kind] if given[f"default_{name}"]},
            **{name: given[name] for name in ("encoding", "delimiter", "decimal", "share_unit", "date_format")},
        )


class ReversalForm(forms.Form):
    """Why an import is taken back."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=300, widget=forms.TextInput(INPUT), help_text="It stands in the record.")


_REFUSALS = (incoming.MappingMissing, incoming.MappingOfAnotherFormat, importing.NotOver, BadMapping)


@admin.register(ImportBatch)
class ImportBatchAdmin(FactAdmin):
    """Files that were handed in."""

    search_fields = ("file_digest", "id")
    search_help_text = "Id, or SHA-256 of the file"
    list_display = (
        "shown_format",
        "shown_state",
        "shown_organization",
        sheets.column("received_at", "Received"),
        "shown_size",
        "shown_facts",
    )
    list_filter = ("format",)
    list_select_related = ("progress", "outcome", "reversal", "organization__identity")
    ordering = ("-received_at",)
    about = (
        "Files of catalogues, shares, consents and works. Each is looked through first, and written only if you say so."
    )
    blank = "Nothing was imported yet. Hand in a CSV, CWR or ERN file: you see what it would do before it does it."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those hand in who may."""
        return bool(request.user.has_perm("ledger.add_importbatch"))

    def get_urls(self) -> list[URLPattern]:
        """Add the steps of an import."""
        site, post = self.admin_site.admin_view, require_POST
        return [
            path("map/<str:digest>/", site(self.map_view), name="ledger_importbatch_map"),
            path("<uuid:id>/progress/", site(self.progress_view), name="ledger_importbatch_progress"),
            path("<uuid:id>/problems.csv", site(self.problems_view), name="ledger_importbatch_problems"),
            path("<uuid:id>/take/", site(post(self.take_view)), name="ledger_importbatch_take"),
            path("<uuid:id>/rehearse/", site(post(self.rehearse_view)), name="ledger_importbatch_rehearse"),
            path("<uuid:id>/reverse/", site(self.reverse_view), name="ledger_importbatch_reverse"),
            *super().get_urls(),
        ]

    # --- The list

    @admin.display(description="File", ordering="format")
    def shown_format(self, row: ImportBatch) -> str:
        """Say what kind of file it is."""
        return f"{row.get_format_display()} {row.file_digest[:8]}"

    @admin.display(description="State")
    def shown_state(self, row: ImportBatch) -> Shown:
        """Say what it has come to."""
        return sheets.chip(*CHIPS[batches.status_of(row).state])

    @admin.display(description="Organization")
    def shown_organization(self, row: ImportBatch) -> Shown:
        """Link to whose it is."""
        return sheets.link(row.organization)

    @admin.display(description="Size", ordering="size_bytes")
    def shown_size(self, row: ImportBatch) -> str:
        """Say how large it is."""
        return filesizeformat(row.size_bytes)

    @admin.display(description="New facts")
    def shown_facts(self, row: ImportBatch) -> str:
        """Count what it brought."""
        return f"{row.outcome.facts:,}" if hasattr(row, "outcome") else sheets.NOTHING

    # --- Handing in

    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, *_unused: Any, **_also: Any) -> HttpResponse:
        """Take a file in. The token is checked inside, so that a file beyond the limit is answered unread."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.upload_handlers = [ImportUpload(request)]
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
            again = request.GET.get("again", "")
            return self._form(request, HandInForm(initial={"id": uuid4(), "again": again}, request=request))
        form = HandInForm(request.POST, request.FILES, request=request)
        if not form.is_valid():
            return self._form(request, form)
        given = form.cleaned_data
        source = Path(given["file"].temporary_file_path())
        if given["format"] in SHEETS and given["saved"] is None:
            # Kept for the next step; the bytes are collected after a day if nobody comes back.
            digest = store.put(source, alias=ALIAS)
            request.session[KEPT_FILES] = [*request.session.get(KEPT_FILES, []), digest][-MOST_KEPT:]
            kept = ("id", "format", "kind", "is_partial", "holds_from", "again")
            query = {name: str(given[name]) for name in kept if given[name]}
            if given["organization"]:
                query["organization"] = str(given["organization"].pk)
            return HttpResponseRedirect(reverse("admin:ledger_importbatch_map", args=[digest], query=query))
        mapping = Mapping.from_dict(given["saved"].document) if given["saved"] and given["format"] in SHEETS else None
        try:
            return self._receive(
                request, source, {**given, "organization": getattr(given["organization"], "pk", None)}, mapping
            )
        except _REFUSALS as error:
            form.add_error("saved" if mapping else None, sentence_of(error))
            return self._form(request, form)

    def _receive(
        self, request: HttpRequest, source: Path, given: dict[str, Any], mapping: Mapping | None
    ) -> HttpResponse:
        found = importing.hand_in(
            id=given["id"],
            organization_id=given["organization"],
            format=ImportBatch.Format(given["format"]),
            path=source,
            reading=Reading(
                mapping=mapping, holds_from=given["holds_from"], kind=PartyKind(given["kind"]), again=given["again"]
            ),
            is_partial=given["is_partial"],
            is_rehearsal=True,
            at=timezone.now(),
        )
        if found.is_new:
            tasks.ring_for(Job.Kind.REHEARSE, found.batch.pk)
            self._note(request, found.batch)
        else:
            messages.info(request, "This file was handed in before, and read in the same way. This is that import.")
        return HttpResponseRedirect(sheets.address(found.batch))

    def _form(self, request: HttpRequest, form: Any, refusal: str = "", status: int = 0) -> HttpResponse:
        context = {
            "form": form,
            "title": "Import a file",
            "action": "Look what it would do",
            "lead": "First you see what the file would do. Nothing is written until you take it.",
            "refusal": refusal,
            "hint": "Nothing is written yet.",
        }
        response = self.page(request, "ledger/admin/import_form.html", None, context)
        response.status_code = status or (422 if form.errors else 200)
        return response

    def _refuse_upload(self, request: HttpRequest) -> HttpResponse:
        limit = settings.LEDGER_MAX_IMPORT_BYTES // 2**20
        said = f"The file is larger than {limit} MiB: split it."
        return self._form(request, HandInForm(initial={"id": uuid4()}, request=request), said, 413)

    def map_view(self, request: HttpRequest, digest: str) -> HttpResponse:
        """Choose which column holds what, with the first rows in sight."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if digest not in request.session.get(KEPT_FILES, []):
            raise Http404  # a file that this person handed in, and not any whose digest they have heard of
        try:
            given = _carried(request)
            if not caller_of(request).acts_for(given["organization"], Verb.IMPORT):
                raise PermissionDenied
            with store.local(digest, alias=ALIAS) as source:
                preview = batches.preview(source, given["format"])
                if request.method != "POST":
                    return self._map(request, MappingForm(preview=preview), preview)
                form = MappingForm(request.POST, preview=preview)
                if not form.is_valid():
                    return self._map(request, form, preview)
                try:
                    mapping = form.mapping()
                    self._save_mapping(form.cleaned_data["name"], given["organization"], mapping)
                    return self._receive(request, source, given, mapping)
                except _REFUSALS as error:
                    form.add_error(None, sentence_of(error))
                except IntegrityError as error:
                    if violated(error) != "one_mapping_of_a_name":
                        raise
                    form.add_error("name", "Another mapping has this name: choose another.")
                return self._map(request, form, preview)
        except (store.NoSuchAudio, ValueError, KeyError, BadMapping) as error:
            raise Http404 from error

    def _save_mapping(self, name: str, organization_id: UUID | None, mapping: Mapping) -> None:
        if not name:
            return
        incoming.check(ImportBatch.Format(mapping.kind), Reading(mapping=mapping))
        importing.save_mapping(
            id=uuid4(), organization_id=organization_id, name=name, mapping=mapping, at=timezone.now()
        )

    def _map(self, request: HttpRequest, form: MappingForm, preview: batches.Preview) -> HttpResponse:
        response = self.page(
            request,
            "ledger/admin/import_map.html",
            None,
            {"form": form, "preview": preview, "title": "What the columns hold"},
        )
        response.status_code = 422 if form.errors else 200
        return response

    # --- One import

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one import."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        batch = self.fact(request, object_id)
        status = batches.status_of(batch)
        problems = batches.problems_of(batch)
        rehearsal = getattr(batch, "rehearsal", None)
        outcome = getattr(batch, "outcome", None)
        counts = _counts(batch, rehearsal, outcome)
        context = {
            "title": f"{batch.get_format_display()} import",
            "batch": batch,
            "status": status,
            "chip": sheets.chip(*CHIPS[status.state]),
            "color": CHIPS[status.state][0],
            "said": SAID[status.state],
            "counts": counts,
            "rehearsal": rehearsal if outcome is None else None,
            "outcome": outcome,
            "problems": problems.order_by("line", "pk")[:SHOWN_PROBLEMS],
            "problem_count": problems.count(),
            "answers": batch.answers.select_related("work").order_by("line")[:SHOWN_ANSWERS],
            "notes": batch.notes.count(),
            "back": reversing.taken_back(batch) if hasattr(batch, "reversal") else None,
            "read_with": _in_words(Reading.of(batch)),
            "may": self._may_act(request, batch),
            "entry": sheets.entry_of(import_batch=batch)[1],
        }
        return self.page(request, "ledger/admin/import.html", batch, context)

    def progress_view(self, request: HttpRequest, id: UUID) -> JsonResponse:
        """Say how far an import has come, for the page that asks again and again."""
        status = batches.status_of(self.fact(request, id))
        return JsonResponse(
            {
                "state": status.state.value,
                "is_moving": status.state.is_moving,
                "percent": status.percent,
                "lines": status.lines,
                "facts": status.facts,
                "problems": status.problems,
            }
        )

    def problems_view(self, request: HttpRequest, id: UUID) -> Any:
        """Download the rows that were not taken."""
        return csv_of(self.fact(request, id))

    def take_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for an import to be taken."""
        return self._ask(request, id, importing.ask_to_take, Job.Kind.IMPORT)

    def rehearse_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for an import to be looked through again."""
        return self._ask(request, id, importing.ask_to_rehearse, Job.Kind.REHEARSE)

    def _may_act(self, request: HttpRequest, batch: ImportBatch) -> bool:
        """Whether this person may take an import or take it back: whoever sees it need not."""
        return self.has_add_permission(request) and caller_of(request).acts_for(batch.organization_id, Verb.IMPORT)

    def _ask(self, request: HttpRequest, id: UUID, ask: Any, kind: Job.Kind) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        batch = self.fact(request, id)
        if not self._may_act(request, batch):
            raise PermissionDenied
        try:
            ask(batch_id=batch.pk, at=timezone.now())
        except (importing.AlreadyTaken, importing.BeingTaken) as error:
            messages.info(request, sentence_of(error))
        else:
            tasks.ring_for(kind, batch.pk)
        return HttpResponseRedirect(sheets.address(batch))

    def reverse_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for a reason, and for what an import brought to be taken back."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        batch = self.fact(request, id)
        if not self._may_act(request, batch):
            raise PermissionDenied
        form = ReversalForm(request.POST if request.method == "POST" else None, initial={"id": uuid4()})
        if request.method == "POST" and form.is_valid():
            try:
                reversing.ask_to_reverse(**form.cleaned_data, batch_id=batch.pk, at=timezone.now())
            except (reversing.AlreadyReversed, reversing.NothingTaken) as error:
                messages.info(request, sentence_of(error))
            else:
                tasks.ring_for(Job.Kind.REVERSE, batch.pk)
            return HttpResponseRedirect(sheets.address(batch))
        context = {"title": "Take an import back", "form": form, "batch": batch, "back": reversing.taken_back(batch)}
        return self.page(request, "ledger/admin/import_reverse.html", batch, context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        """Return imports with what is shown of them."""
        rows: QuerySet[ImportBatch] = super().get_queryset(request)
        return rows.select_related("progress", "outcome", "reversal", "rehearsal", "organization__identity")


def _carried(request: HttpRequest) -> dict[str, Any]:
    """
    Return what the first step of a sheet's import asked, from the address.

    :raises ValueError: something there is not what it should be
    """
    given = request.GET
    return {
        "id": UUID(given.get("id", "")),
        "format": ImportBatch.Format(given.get("format", "")).value,
        "organization": UUID(given["organization"]) if "organization" in given else None,
        "kind": PartyKind(given.get("kind", "")).value,
        "is_partial": "is_partial" in given,
        "holds_from": date.fromisoformat(given["holds_from"]) if "holds_from" in given else None,
        "again": UUID(given["again"]) if "again" in given else None,
    }


def _counts(batch: ImportBatch, rehearsal: Any, outcome: Any) -> list[tuple[str, int, int]]:
    """Return for each kind of fact how many are new and how many were known."""
    new: dict[str, int] = {}
    known: dict[str, int] = {}
    if outcome is not None:
        rows = ImportedFact.objects.filter(batch=batch)
        for name in TABLES:
            new[name] = rows.filter(table=name, is_new=True).count()
            known[name] = rows.filter(table=name, is_new=False).count()
    elif rehearsal is not None:
        new, known = rehearsal.document["new"], rehearsal.document["known_before"]
    return [
        (title, new.get(name, 0), known.get(name, 0))
        for name, title in TABLES.items()
        if new.get(name, 0) or known.get(name, 0)
    ]


@admin.register(SavedMapping)
class SavedMappingAdmin(FactAdmin):
    """How senders' sheets are read."""

    counted = ("mapping", "mappings")
    search_fields = ("name",)
    list_display = ("name", "format", "organization", sheets.column("changed_at", "Changed"))
    list_select_related = ("organization__identity",)
    ordering = ("name",)
    about = "How each sender’s sheets are read. A mapping is saved where a file’s columns are chosen."
    blank = "No mapping was saved yet. Hand in a sheet, choose what its columns hold, and give that a name."

    def sheet(self, request: HttpRequest, fact: SavedMapping) -> sheets.Sheet:  # noqa: ARG002 - the frame's signature
        """Show one mapping."""
        mapping = Mapping.from_dict(fact.document)
        return sheets.Sheet(
            title=fact.name,
            lead="Imports keep the mapping that they were read with, whatever becomes of this one.",
            facts=(
                ("Sheets of", mapping.kind),
                ("Organization", sheets.link(fact.organization)),
                ("Encoding", mapping.encoding),
                ("Decimals", mapping.decimal),
                ("Shares", mapping.share_unit),
                ("Days", mapping.date_format),
                ("Changed", sheets.moment(fact.changed_at)),
            ),
            tables=(
                sheets.Table(
                    "Columns",
                    ("Holds", "Column", "Where it is empty"),
                    tuple(
                        (
                            _title(name),
                            mapping.columns.get(name, sheets.NOTHING),
                            mapping.defaults.get(name, sheets.NOTHING),
                        )
                        for name in FIELDS[mapping.kind]
                        if name in mapping.columns or name in mapping.defaults
                    ),
                    "No column is named.",
                ),
            ),
        )
