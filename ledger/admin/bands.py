"""Bands at the desk: from which strength on a match is looked at or refused, tried on past outputs before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ledger import activating, approvals, banding, simulating
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.constraints import violated
from ledger.models import BandsVersion, Proposal
from rights.bands import MILLION, NEVER, BadBands, Band, Bands, Measure, ReferenceClass, Thresholds, read
from rights.vocabulary import MatchKind

KINDS = {MatchKind.EXACT: "Recording", MatchKind.VERSION: "Version", MatchKind.VOICE: "Voice"}
CLASSES = {
    ReferenceClass.ANY: "Any reference",
    ReferenceClass.OWN: "The submitter’s own",
    ReferenceClass.THIRD_PARTY: "Somebody else’s",
}
MEASURES = {Measure.PROBABILITY: "Probability", Measure.SCORE: "Score"}
ENDS = {"review_from": "looked at from", "block_from": "refused from"}
TRIED = (100, 500, 2_000)


def said(value: int) -> str:
    """Return a threshold in per cent."""
    if value >= NEVER:
        return "never"
    return f"{(Decimal(value) / 10_000).normalize():f} %"


class ThresholdField(forms.CharField):
    """Per cent to four places, exactly; or “never”."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        widget = forms.TextInput({"class": "l-input", "inputmode": "decimal", "size": 7})
        super().__init__(required=False, max_length=12, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        """Read whole millionths; None where it is empty."""
        text = str(super().clean(value)).strip().removesuffix("%").strip().lower()
        if not text:
            return None
        if text == "never":
            return NEVER
        try:
            millionths = Decimal(text) * 10_000
        except InvalidOperation as error:
            raise forms.ValidationError("Per cent such as 99.9, or never.") from error
        if not millionths.is_finite() or millionths != millionths.to_integral_value():
            raise forms.ValidationError("Four places behind the point at most.")
        if not 0 <= millionths <= MILLION:
            raise forms.ValidationError("From 0 to 100, or never.")
        return int(millionths)


@dataclass(frozen=True)
class Row:
    """One line of the form or of the table: a kind against a class."""

    kind: MatchKind
    reference_class: ReferenceClass
    name: str
    cells: tuple[Any, ...]
    is_changed: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether there has to be such a band."""
        return self.reference_class is ReferenceClass.ANY


class BandsForm(FactForm):
    """Bands to be proposed."""

    note = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="Why these, without names"
    )
    refusals = {banding.ShippedAlready: "note", banding.AlreadyDrafted: "note"}
    done = "Drafted. Try it on past outputs; then two people put it in force."

    def __init__(self, *args: Any, begin: Bands | None = None, **options: Any) -> None:
        """Begin with bands, those in force."""
        super().__init__(*args, **options)
        given = {(row.kind, row.reference_class): row for row in begin.rows} if begin else {}
        for kind, reference_class, measure, end in _cells():
            row = given.get((kind, reference_class))
            value = getattr(row.probability if measure is Measure.PROBABILITY else row.score, end) if row else None
            self.fields[_name(kind, reference_class, measure, end)] = ThresholdField(
                label=f"{KINDS[kind]}, {CLASSES[reference_class].lower()}: {MEASURES[measure].lower()} {ENDS[end]}",
                initial="" if value is None else said(value).removesuffix(" %"),
            )

    def table(self) -> list[Row]:
        """Return the fields as the form lays them out."""
        return [
            Row(kind, reference_class, f"{KINDS[kind]}: {CLASSES[reference_class].lower()}", tuple(
                self[_name(kind, reference_class, measure, end)] for measure in Measure for end in ENDS
            ))
            for kind in MatchKind for reference_class in ReferenceClass
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Put the bands together."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        rows = []
        for kind in MatchKind:
            for reference_class in ReferenceClass:
                values = [given[_name(kind, reference_class, measure, end)] for measure in Measure for end in ENDS]
                if all(value is None for value in values) and reference_class is not ReferenceClass.ANY:
                    continue  # as for any reference
                if any(value is None for value in values):
                    self.add_error(
                        None, f"{KINDS[kind]}, {CLASSES[reference_class].lower()}: fill in all four, or none."
                    )
                    continue
                rows.append(Band(kind, reference_class, Thresholds(*values[:2]), Thresholds(*values[2:])))
        if not self.errors:
            try:
                given["bands"] = Bands(tuple(rows))
            except BadBands as error:
                self.add_error(None, str(error))
        return given


def _cells() -> Iterator[tuple[MatchKind, ReferenceClass, Measure, str]]:
    for kind in MatchKind:
        for reference_class in ReferenceClass:
            for measure in Measure:
                for end in ENDS:
                    yield kind, reference_class, measure, end


def _name(kind: MatchKind, reference_class: ReferenceClass, measure: Measure, end: str) -> str:
    return f"{kind.value}-{reference_class.value}-{measure.value}-{end}"


def rows_of(bands: Bands, against: Bands) -> list[Row]:
    """Return bands as a table, with what differs from others."""
    found = []
    for row in sorted(bands.rows, key=lambda row: (list(MatchKind).index(row.kind), row.reference_class.value)):
        other = against.band(row.kind, row.reference_class)
        values = [getattr(given, end) for given in (row.probability, row.score) for end in ENDS]
        before = [getattr(given, end) for given in (other.probability, other.score) for end in ENDS]
        cells = tuple((said(value), said(old), value != old) for value, old in zip(values, before, strict=True))
        name = f"{KINDS[row.kind]}: {CLASSES[row.reference_class].lower()}"
        found.append(Row(row.kind, row.reference_class, name, cells, values != before))
    return found


@admin.register(BandsVersion)
class BandsVersionAdmin(FactAdmin):
    """By what matches are judged."""

    counted = ("version of the bands", "versions of the bands")
    list_display = ("shown_number", "shown_state", "note", sheets.column("drafted_at", "Drafted"), "shown_id")
    ordering = ("-number",)
    called = "bands"
    blank = "The bands that the release ships are in force, and nobody drafted others."
    list_before_template = "ledger/admin/list_before_bands.html"
    has_filter_button = False

    def get_urls(self) -> list[URLPattern]:
        """Add proposing and answering."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:id>/propose/", view(require_POST(self.propose_view)), name="ledger_bandsversion_propose"),
            path("<uuid:id>/answer/", view(require_POST(self.answer_view)), name="ledger_bandsversion_answer"),
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let the operator's people draft."""
        return bool(caller_of(request).is_operator)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what is in force above what was drafted."""
        current = banding.in_force(at=timezone.now())
        newest = BandsVersion.objects.filter(pk=current.id).first()
        context = {
            "current": rows_of(current, current),
            "current_name": f"Version {newest.number}" if newest else "As the release ships them",
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="Version", ordering="number")
    def shown_number(self, row: BandsVersion) -> str:
        """Show which one it is."""
        return f"Version {row.number}"

    @admin.display(description="State")
    def shown_state(self, row: BandsVersion) -> Shown:
        """Say whether it counts."""
        return _state(row)

    @admin.display(description="Id")
    def shown_id(self, row: BandsVersion) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    # --- Drafting.

    def add_view(self, request: HttpRequest, *_unused: Any, **_also: Any) -> HttpResponse:
        """Draft bands, beginning with those in force."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        now = timezone.now()
        if request.method != "POST":
            return self._draft(request, BandsForm(initial={"id": uuid4()}, begin=banding.in_force(at=now)))
        form = BandsForm(request.POST)
        if not form.is_valid():
            return self._draft(request, form)
        given = form.cleaned_data
        try:
            row = banding.draft(bands=given["bands"], note=given["note"], drafted_by_id=request.user.pk or 0, at=now)
        except banding.AlreadyDrafted:
            messages.info(request, "The same bands were drafted before: here they are.")
            return HttpResponseRedirect(sheets.address(BandsVersion.objects.get(pk=given["bands"].id)))
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self._draft(request, form)
        messages.success(request, form.done)
        return HttpResponseRedirect(sheets.address(row))

    def _draft(self, request: HttpRequest, form: BandsForm) -> HttpResponse:
        response = self.page(request, "ledger/admin/bands_form.html", None, {"form": form, "title": "Draft bands"})
        response.status_code = 422 if form.errors else 200
        return response

    # --- One version.

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one version beside what is in force, and what it would have changed."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        row: BandsVersion = self.fact(request, object_id)
        now, is_operator = timezone.now(), caller_of(request).is_operator
        current, bands = banding.in_force(at=now), read(row.document)
        asked = request.GET.get("tried", "")
        most = int(asked) if asked in {str(one) for one in TRIED} else 0
        proposal = self._open_proposal(row)
        context = {
            "title": f"Bands, version {row.number}",
            "row": row,
            "chip": _state(row),
            "table": rows_of(bands, current),
            "is_current": current.id == row.pk,
            "is_operator": is_operator,
            "tried": TRIED,
            "most": most,
            "simulation": _shown(simulating.simulate(bands, most=most, at=now)) if most and is_operator else None,
            "proposal": proposal,
            "is_mine": proposal is not None and proposal.proposed_by_id == request.user.pk,
            "new_id": uuid4(),
            "facts": (
                ("Drafted", sheets.moment(row.drafted_at)),
                ("Note", row.note or sheets.NOTHING),
                ("In force", ", ".join(
                    f"from {one.effective_from:%Y-%m-%d %H:%M} UTC"
                    for one in row.activations.order_by("effective_from")) or "never"),
                ("Document", sheets.long_id(f"sha256:{row.digest}")),
                ("Id", sheets.long_id(row.pk)),
                sheets.entry_of(bands=row),
            ),
        }  # fmt: skip
        return self.page(request, "ledger/admin/bands.html", row, context)

    @staticmethod
    def _open_proposal(row: BandsVersion) -> Proposal | None:
        rows = Proposal.objects.select_related("proposed_by").filter(bands=row, approval__isnull=True)
        return rows.order_by("-proposed_at").first()

    def propose_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Propose that these bands count."""
        row, reason = self._asked(request, id), request.POST.get("reason", "").strip()
        if not 0 < len(reason) <= 300:
            messages.error(request, "Say why, in 300 characters at most.")
            return HttpResponseRedirect(sheets.address(row))
        try:
            activating.propose(
                id=UUID(request.POST.get("id", "")),
                bands_id=row.pk,
                reason=reason,
                proposed_by_id=request.user.pk or 0,
                at=timezone.now(),
            )
        except ValueError:
            messages.error(request, "The form was broken: send it again from this page.")
        except IntegrityError as error:
            if violated(error) != "ledger_proposal_pkey":
                raise
            messages.info(request, "This was proposed already.")
        else:
            messages.success(request, "Proposed. Somebody else has to agree; until then nothing changes.")
        return HttpResponseRedirect(sheets.address(row))

    def answer_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Agree to bands that somebody else proposed, which puts them in force; or refuse."""
        row = self._asked(request, id)
        proposal = self._open_proposal(row)
        is_agreed = request.POST.get("answer") == "agree"
        if proposal is None or request.POST.get("answer") not in {"agree", "refuse"}:
            messages.info(request, "Nothing waits for an answer here.")
            return HttpResponseRedirect(sheets.address(row))
        try:
            activating.answer(
                id=uuid4(),
                proposal_id=proposal.pk,
                answered_by_id=request.user.pk or 0,
                is_agreed=is_agreed,
                at=timezone.now(),
            )
        except (approvals.AlreadyAnswered, approvals.NeedsASecondPerson, activating.ActivatedBackwards) as error:
            messages.error(request, sentence_of(error))
        else:
            messages.success(request, "In force from now on." if is_agreed else "Refused; nothing changes.")
        return HttpResponseRedirect(sheets.address(row))

    def _asked(self, request: HttpRequest, id: UUID) -> BandsVersion:
        if not caller_of(request).is_operator:
            raise PermissionDenied
        found: BandsVersion = self.fact(request, id)
        return found


def _state(row: BandsVersion) -> Shown:
    now = timezone.now()
    if banding.in_force(at=now).id == row.pk:
        return sheets.chip("cleared", "In force")
    if row.activations.filter(effective_from__gt=now).exists():
        return sheets.chip("waiting", "From a later day on")
    if row.activations.exists():
        return sheets.chip("none", "Was in force")
    if Proposal.objects.filter(bands=row, approval__isnull=True).exists():
        return sheets.chip("review", "Waits for a second person")
    return sheets.chip("none", "Draft")


def _shown(found: simulating.Simulation) -> dict[str, Any]:
    outcomes = [("cleared", "Cleared"), ("review", "For review"), ("refused", "Refused")]
    before = {outcome.value: count for outcome, count in found.before.items()}
    after = {outcome.value: count for outcome, count in found.after.items()}
    return {
        "outputs": found.outputs,
        "unreadable": found.unreadable,
        "changed": found.changed,
        "counts": [
            (name, look, after.get(look, 0), _compared(before.get(look, 0), after.get(look, 0)))
            for look, name in outcomes
        ],
        "innocent": [
            {
                "name": KINDS[MatchKind(one.kind)],
                "tracks": f"{one.tracks:,}",
                "refused": one.refused_after,
                "refused_compared": _compared(one.refused_before, one.refused_after),
                "review": one.review_after,
                "review_compared": _compared(one.review_before, one.review_after),
            }
            for one in found.innocent
        ],
        "changes": [
            (change, reverse("admin:rights_submission_change", args=[change.submission_id])) for change in found.changes
        ],
    }


def _compared(before: int, after: int) -> str:
    if before == after:
        return "as now"
    return f"{abs(after - before)} {'more' if after > before else 'fewer'} than now"
