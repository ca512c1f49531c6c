"""Licenses: the builder, what becomes of them, the versions of terms, and the register of most favored nations."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_protect

from ledger import licensing, planning, previewing
from ledger.access import Verb
from ledger.admin import plans, sheets
from ledger.admin.facts import FactAdmin, link_if_seen
from ledger.admin.fields import INPUT, DateField, FractionField, TerritoriesField, pick, pick_several
from ledger.admin.forms import AgreementFields, FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of, seen_by
from ledger.constraints import REFUSALS, violated
from ledger.licensing import AmendedBySigning, NoSuchLicense, NothingSigned
from ledger.planning import GivenPlan
from ledger.previewing import Preview
from ledger.statements.document import TERMS
from ledger.visibility import Sight, finds, seen
from rights import contracts, obstacles, wording
from rights.case import Side
from rights.clearances import Asked
from rights.contracts import ExclusivityClash, State
from rights.mfn import CLASSES, LICENSOR, Favor, Measure
from rights.models import (
    License,
    LicenseEvent,
    Lyrics,
    MfnClause,
    ModelVersion,
    Party,
    Recording,
    Stem,
    TermsVersion,
    Voice,
    Work,
)
from rights.obstacles import Kind, Obstacle
from rights.registry import AssetRef, EmptySchedule, NoSuchUse, NotAPart, NothingAllowed
from rights.territories import NoSuchTerritory, NoTerritory, check
from rights.vocabulary import ApprovalMode, AssetKind, LicenseAct, Purpose, Use
from royalties import money, splits
from royalties.models import Plan
from royalties.splits import NotAPart as NotAPartOfThePlan
from royalties.vocabulary import WeighingModel
from royalties.weighing import Blend
from royalties.weighing import Model as WeighedBy

MOST_RELATED = 200
MOST_FOUND = 100  # assets that one search puts before somebody
MOST_SCHEDULED = 5_000  # assets on the schedule of a license that is built at the desk
_OPEN = "The first day on which it does not hold any more; empty while open"

OBSTACLES = {
    Kind.UNKNOWN: "Nothing is registered under this id.",
    Kind.NO_SIDE: "No work, or no voice, is registered for it: that side cannot be cleared.",
    Kind.NO_SHARES: "Nobody is registered as holding the right.",
    Kind.TOO_FEW_SHARES: "Less than the whole of the right is registered.",
    Kind.CONTESTED: "More than the whole of the right is claimed: a conflict is open or due.",
    Kind.RESERVED: "A holder reserved these uses in public.",
    Kind.WITHDRAWN: "A holder withdrew the consent.",
    Kind.NARROWER_CONSENT: "A holder agreed to less: other uses, places, days, purposes or models.",
    Kind.NO_CONSENT: "A holder agreed to nothing.",
    Kind.ASKED_EACH_TIME: "A holder wants to be asked each time.",
    Kind.CONSENT_ENDS: "A consent ends before the license does.",
    Kind.EXCLUSIVELY_LICENSED: "Another license has it to itself.",
    Kind.LICENSED_TO_OTHERS: "Others are licensed already, so it cannot be exclusive unless they are let stand.",
}
STATES = {
    State.IN_FORCE: "cleared",
    State.NOT_YET: "waiting",
    State.SUSPENDED: "review",
    State.TERMINATED: "refused",
    State.AMENDED: "waiting",
    State.ENDED: "waiting",
}


_MODELS: dict[AssetKind, type[Model]] = {
    AssetKind.RECORDING: Recording,
    AssetKind.WORK: Work,
    AssetKind.VOICE: Voice,
    AssetKind.STEM: Stem,
    AssetKind.LYRICS: Lyrics,
}


def _codes(of: str, vocabulary: Iterable[str]) -> list[tuple[str, str]]:
    said = [(str(code), wording.said(of, code)) for code in vocabulary]
    return [(code, words[:1].upper() + words[1:]) for code, words in said]


def _several(choices: list[tuple[str, str]], **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **options)


def _number(**options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        widget=forms.NumberInput({"class": "l-input is-short"}),
        **options,
    )


# --- the builder


class WentAnotherWay(Exception):
    """Something else became of the license that this one amends: look at it again."""


class LicenseForm(AgreementFields, FactForm):
    """A license to sign; what is in ``schedule`` was found by a search and put there."""

    licensor = pick(Party)
    licensee = pick(Party, help_text="Who submits the outputs")
    recordings = pick_several(Recording, required=False, help_text="One by one; a search above puts many on it at once")
    works = pick_several(Work, required=False)
    schedule = forms.CharField(required=False, widget=forms.HiddenInput)
    amends = forms.UUIDField(required=False, widget=forms.HiddenInput)
    terms = pick(TermsVersion, required=False, help_text="The license stays within them; their text is what is signed")
    uses = _several(_codes("use", Use), help_text="What is not ticked is not allowed")
    barred = _several(_codes("purpose", Purpose), required=False, label="Not for")
    is_exclusive = forms.BooleanField(
        required=False, label="Exclusive", help_text="Nobody else is licensed the same uses there, then"
    )
    max_outputs = _number(label="Outputs at most", help_text="Empty: any number")
    influence = FractionField(
        required=False, label="Influence at most", help_text="What one output may owe to one asset"
    )
    release_from = DateField(required=False, label="Released from")
    release_to = DateField(required=False, label="Released before")
    model_versions = forms.ModelMultipleChoiceField(
        ModelVersion.objects.select_related("model").order_by("model__name", "label"),
        required=False,
        widget=forms.SelectMultiple({"class": "l-input", "size": "3"}),
        help_text="Empty: bound to none",
    )
    commission = FractionField(initial="0", help_text="Of net receipts, for the licensee")
    creators = FractionField(
        initial="0", help_text="Of what the commission leaves, for the human creators of the output"
    )
    masters = FractionField(initial="1/2", help_text="Of what the creators leave; publishing has the rest")
    mfn_measure = forms.ChoiceField(
        required=False,
        label="Most favored in",
        choices=[("", "Nothing"), *_codes("measure", Measure)],
        widget=forms.Select(INPUT),
        help_text="If a later license is better in this, the register shows it",
    )
    mfn_class = forms.ChoiceField(
        required=False,
        label="Compared with",
        choices=[*_codes("class", CLASSES), (LICENSOR, "The licenses that one party gives")],
        widget=forms.Select(INPUT),
    )
    mfn_licensor = pick(Party, required=False, label="Which party")
    mfn_looks_back_to = DateField(required=False, label="Looking back to")

    one_of = frozenset({"recordings", "works", "document", "digest"})
    lead = "What a licensee may do with the assets on its schedule. Schedule and plan are frozen when it is signed."
    done = "Signed; schedule and plan are frozen, and the entry goes into the log within a second."
    groups = (
        ("Schedule, one by one", ("recordings", "works")),
        ("Between whom", ("licensor", "licensee", "terms")),
        ("What is allowed", ("uses", "barred", "territories", "active_from", "active_to", "is_exclusive")),
        ("Limits", ("max_outputs", "influence", "release_from", "release_to", "model_versions")),
        ("How receipts are divided", ("commission", "creators", "masters")),
        ("Most favored nation", ("mfn_measure", "mfn_class", "mfn_licensor", "mfn_looks_back_to")),
        ("What was signed", ("document", "digest")),
    )
    refusals = {
        EmptySchedule: "recordings",
        NothingAllowed: "uses",
        NoSuchUse: "uses",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
        NotAPart: "influence",
        ExclusivityClash: "is_exclusive",
        contracts.WiderThanItsTerms: "terms",
        contracts.NotTheSameParties: "licensee",
        contracts.OutsideThePeriod: "active_from",
        contracts.BeforeTheLastEvent: "active_from",
        NothingSigned: "document",
        WentAnotherWay: "active_from",
    }

    def clean(self) -> dict[str, Any]:
        """Check each part of the plan here, since the use case's refusal does not say which one it is about."""
        given = super().clean()
        if given.get("terms") and not given.get("document") and not given.get("digest"):
            given["document_digest"] = None  # what was signed is their text
            self.errors.pop("document", None)
        for name in ("commission", "creators", "masters"):
            if name in given and given[name] > 1:
                self.add_error(name, sentence_of(NotAPartOfThePlan()))
        if given.get("mfn_measure") and not given.get("mfn_looks_back_to"):
            self.add_error("mfn_looks_back_to", "Since when are licenses compared?")
        if given.get("mfn_measure") and given.get("mfn_class") == LICENSOR and not given.get("mfn_licensor"):
            self.add_error("mfn_licensor", "Whose licenses are compared?")
        try:
            self.put_there()
        except ValueError:
            self.add_error(None, "The schedule in this form is damaged: search for the assets again.")
        if given.get("amends") and not finds(License, given["amends"], self.sight):
            self.add_error(None, sentence_of(NoSuchLicense()))
        return given

    def put_there(self) -> tuple[AssetRef, ...]:
        """
        Return the assets that were put on the schedule by searches.

        :raises ValueError: somebody altered it
        """
        found = read_schedule(str(self.data.get("schedule", "") if self.is_bound else self.initial.get("schedule", "")))
        if found != _seen_assets(found, self.sight):
            raise ValueError("not seen")
        return found

    def assets(self) -> tuple[AssetRef, ...]:
        """Return the whole schedule: what searches put there, and what was chosen one by one."""
        chosen = [
            *(AssetRef(recording_id=row.pk) for row in self.cleaned_data.get("recordings", ())),
            *(AssetRef(work_id=row.pk) for row in self.cleaned_data.get("works", ())),
        ]
        return tuple(dict.fromkeys((*self.put_there(), *chosen)))

    def beside(self) -> tuple[UUID, ...]:
        """Return the licenses that were ticked to be let stand."""
        ticked = self.data.getlist("beside") if isinstance(self.data, QueryDict) else []
        named = [UUID(one) for one in ticked if re.fullmatch(_UUID, one)]
        return tuple(seen(License.objects.filter(pk__in=named), self.sight).values_list("pk", flat=True))

    def write(self, *, id: UUID, at: datetime) -> License:
        """Sign the license."""
        given = self.cleaned_data
        favors = []
        if given["mfn_measure"]:
            named = f"{LICENSOR}{given['mfn_licensor'].pk}" if given["mfn_class"] == LICENSOR else given["mfn_class"]
            favors.append(Favor(named, Measure(given["mfn_measure"]), given["mfn_looks_back_to"]))
        try:
            return licensing.sign_license(
                id=id,
                licensor_id=given["licensor"].pk,
                licensee_id=given["licensee"].pk,
                schedule=self.assets(),
                uses=given["uses"],
                barred=given["barred"],
                territories=given["territories"],
                active_from=given["active_from"],
                active_to=given["active_to"],
                is_exclusive=given["is_exclusive"],
                max_outputs=given["max_outputs"],
                influence=given["influence"],
                release_from=given["release_from"],
                release_to=given["release_to"],
                terms_id=given["terms"].pk if given["terms"] else None,
                model_version_ids=[version.pk for version in given["model_versions"]],
                favors=favors,
                beside=self.beside(),
                amends=given["amends"],
                document_digest=given["document_digest"],
                plan=GivenPlan(commission=given["commission"], creators=given["creators"], masters=given["masters"]),
                registrar_id=self.registrar_id,
                sight=self.sight,
                at=at,
            )
        except IntegrityError as error:
            if violated(error) in {"license_follows_its_course", "license_event_has_its_own_position"}:
                raise WentAnotherWay from error
            raise


class DraftForm(LicenseForm):
    """A license that is not sent yet: what is missing may still come."""

    def full_clean(self) -> None:
        """Find nothing wrong."""
        self._errors = ErrorDict()
        self.cleaned_data = {}


_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def read_schedule(text: str) -> tuple[AssetRef, ...]:
    """
    Return the assets of a schedule written as ``recording:<id> work:<id>``.

    :raises ValueError: it is not written so, or too long
    """
    found = []
    for one in text.split():
        kind, _, id = one.partition(":")
        if not re.fullmatch(_UUID, id):
            raise ValueError(one[:60])
        found.append(AssetRef(**{f"{AssetKind(kind).value}_id": UUID(id)}))
    if len(found) > MOST_SCHEDULED:
        raise ValueError("too long")
    return tuple(dict.fromkeys(found))


def write_schedule(assets: Iterable[AssetRef]) -> str:
    """Write a schedule as ``read_schedule`` reads it."""
    return " ".join(f"{_kind(asset).value}:{asset.id}" for asset in assets)


def _seen_assets(assets: tuple[AssetRef, ...], sight: Sight) -> tuple[AssetRef, ...]:
    """Return those assets that are seen."""
    if sight.is_whole:
        return assets
    shown: set[UUID] = set()
    for kind, model in _MODELS.items():
        ids = [asset.id for asset in assets if _kind(asset) is kind]
        if ids:
            shown |= set(seen(QuerySet(model).filter(pk__in=ids), sight).values_list("pk", flat=True))
    return tuple(asset for asset in assets if asset.id in shown)


def _kind(asset: AssetRef) -> AssetKind:
    return next(kind for kind in AssetKind if asset.columns[f"{kind.value}_id"] is not None)


@dataclass(frozen=True)
class Line:
    """One asset as the builder shows it."""

    value: str
    kind: str
    row: Model | None
    code: str

    @property
    def shown(self) -> Shown:
        """A link to it where it has a page, else what it is called."""
        if isinstance(self.row, Recording | Work):
            return sheets.link(self.row)
        return str(self.row) if self.row else "not registered"


def lines_of(assets: Sequence[AssetRef]) -> list[Line]:
    """Return assets with their titles and codes, in one query a kind."""
    rows: dict[UUID, Model] = {}
    for kind in AssetKind:
        model = _MODELS[kind]
        ids = [asset.id for asset in assets if _kind(asset) is kind]
        if ids:
            rows |= QuerySet(model).in_bulk(ids)
    return [
        Line(
            value=f"{_kind(asset).value}:{asset.id}",
            kind=_kind(asset).value.capitalize(),
            row=rows.get(asset.id),
            code=getattr(rows.get(asset.id), "isrc", None) or getattr(rows.get(asset.id), "iswc", None) or "",
        )
        for asset in assets
    ]


@admin.register(License)
class LicenseAdmin(FactAdmin):
    """What licensees may do."""

    fact_form = LicenseForm
    search_fields = ("schedule__recording__title", "schedule__work__title")
    search_help_text = "Title on the schedule"
    list_display = (
        "shown_licensee",
        "shown_licensor",
        "shown_assets",
        "shown_uses",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_state",
        "shown_id",
    )
    list_filter = ("is_exclusive",)
    list_select_related = ("licensor__identity", "licensee__identity")
    ordering = ("-recorded_at",)
    blank = "No license is recorded, so every output with registered material is refused. Add a license."
    about = "What a licensee may do with the assets on a schedule, and how receipts are divided; both are frozen."

    def get_urls(self) -> list[URLPattern]:
        """Add what becomes of a license."""
        event, plan = self.admin_site.admin_view(self.event_view), self.admin_site.admin_view(self.plan_view)
        return [
            path("<uuid:id>/event/", event, name="rights_license_event"),
            path("<uuid:id>/plan/", plan, name="rights_license_plan"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[License]:
        """Return licenses with their schedules and events."""
        rows: QuerySet[License] = super().get_queryset(request)
        return rows.prefetch_related("schedule", "events")

    @admin.display(description="Licensee")
    def shown_licensee(self, row: License) -> str:
        """Show who may."""
        return str(row.licensee)

    @admin.display(description="Licensor")
    def shown_licensor(self, row: License) -> Shown:
        """Link to who allows."""
        return sheets.link(row.licensor)

    @admin.display(description="Schedule")
    def shown_assets(self, row: License) -> str:
        """Count what is on the schedule."""
        return _counted(row.schedule.all())

    @admin.display(description="Uses")
    def shown_uses(self, row: License) -> str:
        """Say what is allowed."""
        return ", ".join(row.uses)

    @admin.display(description="State")
    def shown_state(self, row: License) -> Shown:
        """Say what it is today."""
        return _state_chip(contracts.state_of(row, on=timezone.now().date()))

    @admin.display(description="Id")
    def shown_id(self, row: License) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    # --- reading one

    def sheet(self, request: HttpRequest, fact: License) -> Sheet:
        """Show the terms, the schedule, the plan and the history, as known at a moment."""
        now = timezone.now()
        known_at = _moment(request.GET.get("known_at", "")) or now
        state = contracts.state_of(fact, on=now.date(), known_at=known_at)
        lines = sorted(
            fact.schedule.select_related("recording", "work", "voice__person__identity", "stem", "lyrics__work"),
            key=lambda line: (line.recording_id is None, str(line)),
        )
        amended = contracts.amendment_of(fact)
        cleared = contracts.cleared_outputs([fact.pk], known_at=known_at)[fact.pk]
        sight = caller_of(request).sight
        beside = licensing.known_beside(fact, sight=sight) if fact.is_exclusive else ()
        lead = f"From {fact.licensor}, {sheets.period(fact).lower()}."
        if known_at != now:
            lead += f" Its history is shown as it was known on {sheets.moment(known_at)}."
        return Sheet(
            title=f"License to {fact.licensee}",
            lead=lead,
            chip=_state_chip(state),
            steps=tuple(_steps(fact, state) if _may_change(request, fact) else ()),
            facts=(
                ("Licensor", sheets.link(fact.licensor)),
                ("Licensee", sheets.link(fact.licensee)),
                ("Uses", _said("use", fact.uses)),
                ("Not for", _said("purpose", fact.barred)),
                ("Where", sheets.territories(fact.territories, on=fact.active_from)),
                ("When", sheets.period(fact)),
                ("Exclusive", "Yes" if fact.is_exclusive else "No"),
                *([("Lets stand", sheets.links(License.objects.filter(pk__in=beside)))] if beside else []),
                ("Outputs cleared", f"{cleared} of at most {fact.max_outputs}" if fact.max_outputs else str(cleared)),
                ("Influence at most", _part(fact.influence_numerator, fact.influence_denominator)),
                ("Release window", _window(fact)),
                ("Model versions", ", ".join(str(one) for one in fact.model_versions.all()) or "Bound to none"),
                ("Terms", sheets.link(fact.terms)),
                *([("Amends", link_if_seen(request, amended.license, str(amended.license), unseen="Another license"))]
                  if amended else []),
                ("Signed text", sheets.long_id(f"sha256:{fact.document_digest}")),
                ("Schedule", sheets.long_id(f"sha256:{licensing.schedule_digest(line.asset_id for line in lines)}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(license=fact),
            ),
            tables=(
                Table("What became of it", ("Act", "Effective", "By", "Reason", "Recorded", "Log entry", "Then known"),
                      _history(request, fact, known_at),
                      "Nothing: it holds as it was signed."),
                Table("How net receipts are divided", ("Step", "Part", "Of"), _plan(fact), "No plan is recorded."),
                Table("Versions of the plan", PLAN_COLUMNS, _plan_versions(request, fact), "No plan is recorded.",
                      reverse("admin:rights_license_plan", args=[fact.pk]) if _may_plan(request, fact) else "",
                      "Try another plan"),
                Table("Better licenses", MFN_COLUMNS, _triggers({fact.pk}, sight),
                      "No later license is better in what its licensor is favored in."
                      if fact.mfn_clauses.exists() else "Its licensor has no most-favored-nation clause."),
                Table(f"Schedule: {len(lines)} asset{'s' * (len(lines) != 1)}", ("Kind", "Asset"),
                      tuple((_kind_of(line), _asset_link(line)) for line in lines[:MOST_RELATED]),
                      "Nothing is on it."),
            ),
        )  # fmt: skip

    # --- the builder

    def _initial(self, request: HttpRequest, form_class: type[FactForm]) -> dict[str, Any]:
        given = super()._initial(request, form_class)
        amended = _amended(given, caller_of(request).sight)
        return {**given, **(_initial_of(amended) if amended else {"active_from": timezone.now().date()})}

    @method_decorator(csrf_protect)
    def _add(self, request: HttpRequest) -> HttpResponse:
        """Search, put on the schedule, take off it, check; whatever says none of that signs."""
        act = request.POST.get("do", "sign")
        if request.method != "POST" or act == "sign":
            return super()._add(request)
        data: QueryDict = request.POST.copy()
        builder = Builder(found=(), checked=None, sought=data.get("sought", "")[:200], holder=data.get("holder", ""))
        sight = caller_of(request).sight
        try:
            schedule = _seen_assets(read_schedule(data.get("schedule", "")), sight)
        except ValueError:
            schedule = ()
        match act:
            case "find":
                builder = builder.searched(sight)
            case "take":
                taken = _seen_assets(_readable(data.getlist("found")), sight)
                schedule = tuple(dict.fromkeys((*schedule, *taken)))[:MOST_SCHEDULED]
            case "drop":
                dropped = set(data.getlist("drop"))
                schedule = tuple(
                    asset for asset, line in zip(schedule, lines_of(schedule), strict=True) if line.value not in dropped
                )
            case "fill":
                _fill_in(data, sight)
        data["schedule"] = write_schedule(schedule)
        if act == "check":
            form = self._prepared(request, LicenseForm(data, request.FILES))
            if form.is_valid():
                if form.cleaned_data["document_digest"] and not data.get("digest"):
                    data["digest"] = form.cleaned_data["document_digest"]  # a browser does not send the file again
                    form = self._prepared(request, LicenseForm(data))
                    form.is_valid()
                builder = builder.after(form)
            return self._build(request, form, builder)
        return self._build(request, self._prepared(request, DraftForm(data)), builder)

    def _form(self, request: HttpRequest, form: FactForm) -> HttpResponse:
        if not isinstance(form, LicenseForm):
            raise TypeError(type(form).__name__)
        builder = Builder(found=(), checked=None, sought="", holder="")
        if set(form.errors) == {"is_exclusive"}:  # refused for what it meets: show what that is
            again = self._prepared(request, LicenseForm(form.data, form.files))
            builder = builder.after(again) if again.is_valid() else builder
        return self._build(request, form, builder)

    def _build(self, request: HttpRequest, form: LicenseForm, builder: Builder) -> HttpResponse:
        try:
            schedule = form.put_there()
        except ValueError:
            schedule = ()
        amended = _amended(form.data if form.is_bound else form.initial, form.sight)
        holders = pick(Party, required=False).widget
        holders.rows = seen(holders.rows, form.sight)
        response = self.page(
            request,
            "ledger/admin/license_builder.html",
            None,
            {
                "form": form,
                "builder": builder,
                "title": "Amend license" if amended else "Add license",
                "lead": f"It takes the place of the license to {amended.licensee} from its first day on."
                if amended
                else form.lead,
                "amended": amended,
                "schedule": lines_of(schedule[:MOST_RELATED]),
                "scheduled": len(schedule),
                "schedule_digest": licensing.schedule_digest(asset.id for asset in schedule),
                "holder_widget": holders.render("holder", builder.holder, {"id": "id_holder"}),
            },
        )
        response.status_code = 422 if form.errors else 200
        return response

    # --- what becomes of one

    def event_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Suspend, resume or terminate a license, after saying what that does."""
        license_: License = self.fact(request, id)
        if not _may_change(request, license_):
            raise PermissionDenied
        act = request.GET.get("act", "")
        if request.method != "POST":
            initial = {"id": uuid4(), "act": act, "effective_on": timezone.now().date()}
            form = self._prepared(request, LicenseEventForm(initial=initial, license_=license_))
            return self._ask(request, license_, form)
        form = self._prepared(request, LicenseEventForm(request.POST, license_=license_))
        if form.is_valid():
            try:
                event = form.write(id=form.cleaned_data["id"], at=timezone.now())
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            except IntegrityError as error:
                if LicenseEvent.objects.filter(pk=form.cleaned_data["id"]).exists():
                    messages.info(request, "This was recorded already.")
                    return HttpResponseRedirect(sheets.address(license_))
                refusal = REFUSALS.get(violated(error) or "")
                if refusal is None or refusal.field not in form.fields:
                    raise
                form.add_error(refusal.field, refusal.sentence)
            else:
                self._note(request, event)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(license_))
        return self._ask(request, license_, form)

    def _ask(self, request: HttpRequest, license_: License, form: LicenseEventForm) -> HttpResponse:
        cleared = contracts.cleared_outputs([license_.pk], known_at=timezone.now())[license_.pk]
        response = self.page(
            request,
            "ledger/admin/license_event.html",
            license_,
            {"form": form, "license": license_, "cleared": cleared, "title": "Change license"},
        )
        response.status_code = 422 if form.errors else 200
        return response

    def plan_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show a version of the plan, what another one would have paid, and state that as the next version."""
        license_: License = self.fact(request, id)
        current = plans.version_of(license_.pk, request.GET.get("version", ""))
        may_preview, may_state = _may_plan(request, license_), _may_change(request, license_)
        if current is None or not (may_preview or may_state):
            raise PermissionDenied
        is_stated = request.POST.get("act") == "state"
        begin = {"valid_from": max(timezone.now().date(), license_.active_from), "id": uuid4()}
        form = plans.PlanForm(
            request.POST if request.method == "POST" else None,
            current=current,
            sight=caller_of(request).sight,
            is_stated=is_stated,
            initial=begin,
        )
        found = None
        if form.is_bound and form.is_valid():
            if is_stated and may_state:
                if (answer := self._state_plan(request, license_, form)) is not None:
                    return answer
            elif may_preview and not is_stated:
                try:
                    found = form.preview(license_, at=timezone.now())
                except (previewing.NothingRunYet, previewing.NotOfThisLicense, previewing.TooManyOutputs) as error:
                    form.add_error("amount", f"{error.__doc__}")
            else:
                raise PermissionDenied
        return self._plan_page(request, license_, form, found)

    def _state_plan(self, request: HttpRequest, license_: License, form: plans.PlanForm) -> HttpResponse | None:
        given = form.cleaned_data
        if Plan.objects.filter(pk=given["id"]).exists():
            messages.info(request, "This was stated already.")
            return HttpResponseRedirect(sheets.address(license_))
        try:
            planning.amend(
                id=given["id"],
                license_id=license_.pk,
                plan=form.plan(),
                valid_from=given["valid_from"],
                reason=given["reason"],
                aimed=given["aimed"],
                at=timezone.now(),
            )
        except (planning.BeforeItsLicense, planning.StatedMeanwhile) as error:
            form.add_error("valid_from", sentence_of(error))
        except planning.NotScheduled as error:
            form.add_error("scope_track", sentence_of(error))
        else:
            messages.success(request, "Stated. The splits of what rests on it are derived again within minutes.")
            return HttpResponseRedirect(sheets.address(license_))
        return None

    def _plan_page(
        self, request: HttpRequest, license_: License, form: plans.PlanForm, found: Preview | None
    ) -> HttpResponse:
        rows: list[dict[str, Any]] = []
        if found is not None:
            names = Party.objects.select_related("identity").in_bulk([one.party_id for one in found.payees])
            rows = [
                {
                    "who": sheets.link(names[one.party_id]) if one.party_id else "Held, nobody’s yet",
                    "old": money.written(one.old, found.currency),
                    "new": money.written(one.new, found.currency),
                    "units": one.units,
                    "difference": money.written(one.units, found.currency),
                }
                for one in found.payees
            ]
        response = self.page(
            request,
            "ledger/admin/license_plan.html",
            license_,
            {
                "form": form,
                "license": license_,
                "found": found,
                "rows": rows,
                "terms": _terms_compared(found) if found else [],
                "asked": plans.ASKED,
                "current": form.current,
                "quantities": form.current.quantities.count(),
                "total": money.written(found.units, found.currency) if found else "",
                "may_preview": _may_plan(request, license_),
                "may_state": _may_change(request, license_),
                "title": "Another plan",
            },
        )
        response.status_code = 422 if form.errors else 200
        return response


def _terms_compared(found: Preview) -> list[dict[str, Any]]:
    names = Party.objects.select_related("identity").in_bulk([one.party_id for one in found.terms if one.party_id])
    return [
        {
            "name": TERMS[one.kind.value],
            "who": sheets.link(names[one.party_id])
            if one.party_id
            else f"Owners of the assets{sheets.of_side(one.side)}",
            "old": _come_said(one.old, one.currency),
            "new": _come_said(one.new, one.currency),
            "basis": (one.new or one.old or previewing.Come(None, "")).basis,
        }
        for one in found.terms
    ]


def _come_said(come: previewing.Come | None, currency: str) -> str:
    if come is None:
        return "–"
    if come.units is None:
        return "not known yet"
    return f"{'at most ' if come.is_at_most else ''}{money.written(come.units, currency)} {currency}"


def _may_plan(request: HttpRequest, license_: License) -> bool:
    """Whether somebody may see what another plan would pay: the licensee's, since it tells what its outputs earn."""
    caller = caller_of(request)
    return any(caller.acts_for(license_.licensee_id, verb) for verb in (Verb.SUBMIT, Verb.SETTLE))


PLAN_COLUMNS = ("No.", "Valid from", "For", "Commission", "Creators", "Masters", "Masters by", "Publishing by", "Why")
_MODELS_SAID = {
    WeighingModel.TRAIN_EQUAL: "all alike",
    WeighingModel.TRAIN_PRORATA: "pro rata",
    WeighingModel.OUTPUT_INFLUENCE: "influence",
    WeighingModel.OWN_SIMILARITY: "our similarity",
}


def _plan_versions(request: HttpRequest, license_: License) -> tuple[tuple[Shown, ...], ...]:
    rows = splits.versions_of([license_.pk]).select_related("party__identity", "release", "recording")
    may = _may_plan(request, license_) or _may_change(request, license_)
    page = reverse("admin:rights_license_plan", args=[license_.pk]) if may else ""
    shown = []
    for row in reversed(rows):
        terms = splits.terms_of(row)
        of = row.release or row.recording
        for_whom = link_if_seen(request, of, str(of), unseen="Some of it") if of else str(row.party or "All of it")
        shown.append(
            (
                sheets.to(f"{page}?version={row.pk}", row.number) if page else str(row.number),
                format_html('<span class="l-date">{}</span>', row.valid_from or license_.active_from),
                for_whom,
                str(terms.commission),
                str(terms.creators),
                str(terms.masters),
                _blend_said(terms.blends.get(Side.MASTER)),
                _blend_said(terms.blends.get(Side.PUBLISHING)),
                row.reason or "Signed with the license",
            )
        )
    return tuple(shown)


def _blend_said(blend: Blend | None) -> str:
    if blend is None or not blend.models:
        return "all alike"
    said = " + ".join(_model_said(model, is_alone=len(blend.models) == 1) for model in blend.models)
    if not blend.fallback:
        return said
    return f"{said}; else {' + '.join(_model_said(one, is_alone=len(blend.fallback) == 1) for one in blend.fallback)}"


def _model_said(model: WeighedBy, *, is_alone: bool) -> str:
    said = _MODELS_SAID[model.model] + (f" of {model.basis}" if model.basis else "")
    if model.threshold is not None:
        said += f" from confidence {model.threshold} on"
    return said if is_alone else f"{model.part} {said}"


def _may_change(request: HttpRequest, license_: License) -> bool:
    """Whether somebody at the desk may change a license: its licensee sees it, and does not decide on it."""
    speaks = caller_of(request).acts_for(license_.licensor_id, Verb.LICENSE)
    return speaks and request.user.has_perm("rights.add_licenseevent")


class LicenseEventForm(FactForm):
    """What becomes of one license."""

    act = forms.ChoiceField(
        choices=[("suspended", "Suspend"), ("resumed", "Resume"), ("terminated", "Terminate")],
        widget=forms.Select(INPUT),
    )
    effective_on = DateField(label="From which day on", help_text="A day of the license's period")
    actor = pick(Party, label="Declared by", required=False, help_text="Empty: the licensor")
    reason = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No personal data: it is kept for good"
    )

    groups = (("What becomes of it", ("act", "effective_on", "actor", "reason")),)
    done = "Recorded; the entry goes into the log within a second."
    refusals = {
        contracts.OutsideThePeriod: "effective_on",
        contracts.BeforeTheLastEvent: "effective_on",
        AmendedBySigning: "act",
    }

    def __init__(self, *args: Any, license_: License, **options: Any) -> None:
        """Change this license."""
        super().__init__(*args, **options)
        self.license = license_

    def write(self, *, id: UUID, at: datetime) -> Model:
        """Record it."""
        given = self.cleaned_data
        return licensing.change_license(
            id=id,
            license_id=self.license.pk,
            act=LicenseAct(given["act"]),
            actor_id=given["actor"].pk if given["actor"] else self.license.licensor_id,
            effective_on=given["effective_on"],
            reason=given["reason"],
            at=at,
        )


@dataclass(frozen=True)
class Met:
    """A license that is in the way."""

    license: License
    is_let_stand: bool


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    assets: int
    digest: str
    blocked: tuple[tuple[Line, tuple[str, ...]], ...]
    blocked_count: int
    met: tuple[Met, ...]
    others: int  # licenses in the way that are not seen
    compared: tuple[tuple[str, Shown, Shown, bool], ...]

    @property
    def may_sign(self) -> bool:
        """Whether exclusivity leaves it to be signed; whatever else is in the way only keeps outputs from going out."""
        return not self.others and all(one.is_let_stand and not one.license.is_exclusive for one in self.met)


@dataclass(frozen=True)
class Builder:
    """What the builder's page shows besides the form."""

    found: tuple[Line, ...]
    checked: Checked | None
    sought: str
    holder: str
    has_searched: bool = False
    is_cut: bool = False

    def searched(self, sight: Sight) -> Builder:
        """Return it with what a search finds."""
        holder = UUID(self.holder) if re.fullmatch(_UUID, self.holder) else None
        if holder is not None and not finds(Party, holder, sight):
            holder = uuid4()  # like one that does not exist: nothing is found
        found = contracts.find_assets(
            words=self.sought, holder_id=holder, on=timezone.now().date(), most=MOST_FOUND + 1, sight=sight
        )
        return Builder(
            found=tuple(lines_of(found[:MOST_FOUND])),
            checked=None,
            sought=self.sought,
            holder=self.holder,
            has_searched=True,
            is_cut=len(found) > MOST_FOUND,
        )

    def after(self, form: LicenseForm) -> Builder:
        """Return it with what stands in the way of the license in a form."""
        return Builder(found=(), checked=check_license(form), sought=self.sought, holder=self.holder)


def check_license(form: LicenseForm) -> Checked:
    """Return what stands in the way of a license, and how it differs from the one that it amends."""
    given = form.cleaned_data
    assets = form.assets()
    amended = _amended(given, form.sight)
    except_for = {amended.pk} if amended else set()
    reach = contracts.Reach(
        licensee_id=given["licensee"].pk,
        asset_ids=tuple(asset.id for asset in assets),
        uses=tuple(given["uses"]),
        territories=tuple(given["territories"]),
        active_from=given["active_from"],
        active_to=given["active_to"],
        is_exclusive=given["is_exclusive"],
    )
    try:
        check(given["territories"])
    except (NoSuchTerritory, NoTerritory) as error:
        form.add_error("territories", sentence_of(error))
        return Checked(len(assets), "", (), 0, (), 0, ())
    let_stand = set(form.beside())
    found = obstacles.explain(
        [Asked(_kind(asset), asset.id) for asset in assets],
        reach,
        model_version_id=next((version.pk for version in given["model_versions"]), None),
        except_for={*except_for, *let_stand},
        known_at=timezone.now(),
    )
    blocked = [asset for asset in assets if asset.id in found]
    clashing = contracts.clashing(reach, except_for=except_for)
    met = list(seen(License.objects.filter(pk__in=clashing), form.sight).order_by("recorded_at"))
    return Checked(
        assets=len(assets),
        digest=licensing.schedule_digest(asset.id for asset in assets),
        blocked=tuple(
            (line, tuple(dict.fromkeys(_obstacle(obstacle) for obstacle in found[asset.id])))
            for asset, line in zip(blocked[:MOST_RELATED], lines_of(blocked[:MOST_RELATED]), strict=True)
        ),
        blocked_count=len(blocked),
        met=tuple(Met(license_, license_.pk in let_stand) for license_ in met),
        others=len(set(clashing)) - len(met),
        compared=_compared(amended, given, len(assets)) if amended else (),
    )


def _obstacle(obstacle: Obstacle) -> str:
    said = OBSTACLES[obstacle.kind]
    return f"{said.removesuffix('.')}, from {obstacle.begins_on} on." if obstacle.begins_on else said


def _compared(old: License, new: dict[str, Any], assets: int) -> tuple[tuple[str, Shown, Shown, bool], ...]:
    plan = splits.plans_of([old.pk]).get(old.pk)
    influence = new["influence"]
    rows: list[tuple[str, Shown, Shown]] = [
        ("Uses", _said("use", old.uses), _said("use", sorted(new["uses"]))),
        ("Not for", _said("purpose", old.barred), _said("purpose", sorted(new["barred"]))),
        ("Where", " ".join(old.territories), " ".join(new["territories"])),
        ("From", str(old.active_from), str(new["active_from"])),
        ("To before", str(old.active_to or "open"), str(new["active_to"] or "open")),
        ("Exclusive", "Yes" if old.is_exclusive else "No", "Yes" if new["is_exclusive"] else "No"),
        ("Outputs at most", str(old.max_outputs or "any number"), str(new["max_outputs"] or "any number")),
        ("Influence at most", _part(old.influence_numerator, old.influence_denominator),
         _part(influence.numerator, influence.denominator) if influence else _part(None, None)),
        ("Released from", str(old.release_from or "any day"), str(new["release_from"] or "any day")),
        ("Released before", str(old.release_to or "any day"), str(new["release_to"] or "any day")),
        ("Assets", str(old.schedule.count()), str(assets)),
        *((name.capitalize(), str(getattr(plan, name)) if plan else sheets.NOTHING, str(new[name]))
          for name in ("commission", "creators", "masters")),
        ("Most favored in", _said("measure", [clause.measure for clause in old.mfn_clauses.order_by("id")]),
         _said("measure", [new["mfn_measure"]] if new["mfn_measure"] else [])),
        ("Terms", str(old.terms or sheets.NOTHING), str(new["terms"] or sheets.NOTHING)),
    ]  # fmt: skip
    return tuple((name, before, after, before != after) for name, before, after in rows)


def _amended(given: Mapping[str, Any], sight: Sight) -> License | None:
    """Return the license that a form amends, if it is seen."""
    named = str(given.get("amends") or "")
    return seen(License.objects.filter(pk=named), sight).first() if re.fullmatch(_UUID, named) else None


def _readable(values: Iterable[str]) -> tuple[AssetRef, ...]:
    try:
        return read_schedule(" ".join(values))
    except ValueError:
        return ()


def _initial_of(license_: License) -> dict[str, Any]:
    plan = splits.plans_of([license_.pk]).get(license_.pk)
    lines = license_.schedule.order_by("id")
    clause = license_.mfn_clauses.order_by("id").first()
    schedule = [
        AssetRef(**{f"{kind.value}_id": getattr(line, f"{kind.value}_id") for kind in AssetKind}) for line in lines
    ]
    return {
        "licensor": license_.licensor_id,
        "licensee": license_.licensee_id,
        "schedule": write_schedule(schedule[:MOST_SCHEDULED]),
        "terms": license_.terms_id,
        "uses": license_.uses,
        "barred": license_.barred,
        "territories": " ".join(license_.territories),
        "active_from": max(timezone.now().date(), license_.active_from),
        "active_to": license_.active_to,
        "is_exclusive": license_.is_exclusive,
        "max_outputs": license_.max_outputs,
        "influence": _part(license_.influence_numerator, license_.influence_denominator)
        if license_.influence_numerator
        else "",
        "release_from": license_.release_from,
        "release_to": license_.release_to,
        "model_versions": [line.model_version_id for line in license_.model_versions.all()],
        **(_favored(clause.reference_class, clause.measure, clause.looks_back_to) if clause else {}),
        **({name: str(getattr(plan, name)) for name in ("commission", "creators", "masters")} if plan else {}),
    }


def _fill_in(data: QueryDict, sight: Sight) -> None:
    """Put what terms say into the fields of a license."""
    chosen = data.get("terms", "")
    version = seen(TermsVersion.objects.filter(pk=chosen), sight).first() if re.fullmatch(_UUID, chosen) else None
    if version is None:
        return
    terms = wording.parse(version.data)
    data.setlist("uses", [use.value for use in terms.uses])
    data.setlist("barred", [purpose.value for purpose in terms.barred])
    data["territories"] = " ".join(terms.territories)
    begin = terms.active_from or _day(data.get("active_from", "")) or timezone.now().date()
    end = terms.active_to if terms.months is None else wording.end_after(terms.months, begin)
    data["active_from"], data["active_to"] = begin.isoformat(), end.isoformat() if end else ""
    data["is_exclusive"] = "on" if terms.is_exclusive else ""
    data["max_outputs"] = str(terms.max_outputs or "")
    data["influence"] = str(terms.influence or "")
    data["release_from"] = terms.release_from.isoformat() if terms.release_from else ""
    data["release_to"] = terms.release_to.isoformat() if terms.release_to else ""
    data.setlist("model_versions", [str(id) for id, _ in terms.model_versions])
    if terms.plan:
        for name in ("commission", "creators", "masters"):
            data[name] = str(getattr(terms.plan, name))
    if terms.mfn:
        favor = terms.mfn[0]
        for name, value in _favored(favor.reference_class, favor.measure, favor.looks_back_to).items():
            data[name] = value


def _favored(reference_class: str, measure: str, looks_back_to: date) -> dict[str, str]:
    """Return the fields of the form that say a most-favored-nation clause."""
    is_party = reference_class.startswith(LICENSOR)
    return {
        "mfn_measure": str(measure),
        "mfn_class": LICENSOR if is_party else reference_class,
        "mfn_licensor": reference_class.removeprefix(LICENSOR) if is_party else "",
        "mfn_looks_back_to": looks_back_to.isoformat(),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _said(of: str, codes: Sequence[str]) -> str:
    said = "; ".join(wording.said(of, code) for code in codes)
    return said[:1].upper() + said[1:] if said else "Nothing named"


def _part(numerator: int | None, denominator: int | None) -> str:
    return "Not limited" if numerator is None else f"{numerator}/{denominator}"


def _window(license_: License) -> str:
    begin, end = license_.release_from, license_.release_to
    if begin is None and end is None:
        return "Any day of its period"
    return " ".join([f"from {begin}" if begin else "", f"before {end}" if end else ""]).strip().capitalize()


def _kind_of(line: Any) -> str:
    return next(kind.value for kind in AssetKind if getattr(line, f"{kind.value}_id") is not None).capitalize()


def _asset_link(line: Any) -> Shown:
    asset = line.recording or line.work
    return sheets.link(asset) if asset else str(line)


def _counted(lines: Iterable[Any]) -> str:
    counts: dict[str, int] = {}
    for line in lines:
        kind = _kind_of(line).lower()
        counts[kind] = counts.get(kind, 0) + 1
    return ", ".join(f"{count} {kind}{'s' * (count != 1 and kind != 'lyrics')}" for kind, count in counts.items())


def _state_chip(state: State) -> Shown:
    return sheets.chip(STATES[state], state.value[:1].upper() + state.value[1:])


def _steps(license_: License, state: State) -> Iterable[Step]:
    last = max(license_.events.all(), key=lambda event: event.position, default=None)
    act = last.act if last else "signed"
    if act in {LicenseAct.TERMINATED, LicenseAct.AMENDED} or state is State.ENDED:
        return
    event = reverse("admin:rights_license_event", args=[license_.pk])
    if act == LicenseAct.SUSPENDED:
        yield Step("Resume…", f"{event}?act=resumed")
    else:
        yield Step("Amend…", f"{reverse('admin:rights_license_add')}?amends={license_.pk}")
        yield Step("Suspend…", f"{event}?act=suspended")
    yield Step("Terminate…", f"{event}?act=terminated", is_grave=True)


def _history(request: HttpRequest, license_: License, known_at: datetime) -> tuple[tuple[Shown, ...], ...]:
    events = license_.events.select_related("actor__identity", "successor").order_by("position")
    page = sheets.address(license_)
    return tuple(
        (
            format_html(
                "{} by {}",
                event.get_act_display(),
                link_if_seen(request, event.successor, "another license", unseen="another license"),
            )
            if event.successor
            else event.get_act_display(),
            str(event.effective_on),
            sheets.link(event.actor),
            event.reason or sheets.NOTHING,
            sheets.moment(event.recorded_at),
            sheets.entry_of(license_event=event)[1],
            format_html(
                '<a href="{}?known_at={}">as known then</a>', page, f"{event.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}"
            ),
        )
        for event in events
        if event.recorded_at <= known_at
    )


def _plan(license_: License) -> tuple[tuple[Shown, ...], ...]:
    plan = planning.newest(license_.pk)
    if plan is None:
        return ()
    steps = (
        ("Commission of the licensee", plan.commission_numerator, plan.commission_denominator, "all net receipts"),
        ("Human creators of the output", plan.creator_numerator, plan.creator_denominator, "what is left"),
        ("Masters; publishing has the rest", plan.masters_numerator, plan.masters_denominator, "what is left then"),
    )
    return tuple((name, f"{over}/{under}", of) for name, over, under, of in steps)


# --- most favored nation

MFN_COLUMNS = ("Compared", "This license", "Better license", "Has", "Reaches back to", "As good would be")


def _triggers(license_ids: set[UUID], sight: Sight) -> tuple[tuple[Shown, ...], ...]:
    found = [
        trigger
        for trigger in licensing.mfn_register(known_at=timezone.now(), sight=sight)
        if trigger.favored.license_id in license_ids
    ]
    rows = License.objects.select_related("licensee__identity").in_bulk([one.better.license_id for one in found])
    return tuple(
        (
            _said("measure", [trigger.clause.measure]),
            str(trigger.ours) if trigger.ours is not None else "no limit",
            sheets.link(rows[trigger.better.license_id]),
            str(trigger.theirs),
            str(trigger.reaches_back_to),
            _proposal(trigger.proposal),
        )
        for trigger in found
    )


def _said_class(reference_class: str, sight: Sight) -> str:
    if reference_class in CLASSES:
        return _said("class", [reference_class])
    named = Party.objects.select_related("identity").filter(pk=reference_class.removeprefix(LICENSOR))
    return f"The licenses that {seen(named, sight).first() or 'one party'} gives"


def _proposal(amendment: Any) -> str:
    if amendment is None:
        return "Nothing that the commission could pay: the parties must agree"
    if amendment.plan is not None:
        plan = amendment.plan
        return f"Commission {plan.commission}, creators {plan.creators}, masters {plan.masters}"
    return f"At most {amendment.max_outputs} outputs" if amendment.max_outputs else f"To before {amendment.active_to}"


@admin.register(MfnClause)
class MfnClauseAdmin(FactAdmin):
    """Who is favored."""

    list_display = (
        "shown_license",
        "shown_measure",
        "shown_class",
        sheets.column("looks_back_to", "Looks back to"),
        "shown_state",
    )
    list_select_related = ("license__licensee__identity", "license__licensor__identity")
    ordering = ("-license__recorded_at",)
    blank = "No license has a most-favored-nation clause. Add one while a license is built."
    about = "If a later license is better, it shows here with what would be as good. Nothing follows by itself."
    has_filter_button = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the clauses, each with whether a better license is there."""
        register = licensing.mfn_register(known_at=timezone.now(), sight=caller_of(request).sight)
        request.triggered = [trigger.clause.id for trigger in register]  # type: ignore[attr-defined]
        return super().changelist_view(request, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MfnClause]:
        """Return the clauses, each with whether the register shows a better license."""
        rows: QuerySet[MfnClause] = super().get_queryset(request)
        return rows.annotate(has_better=Q(pk__in=getattr(request, "triggered", [])))

    @admin.display(description="License")
    def shown_license(self, row: MfnClause) -> str:
        """Name the favored license."""
        return f"{row.license.licensor} to {row.license.licensee}"

    @admin.display(description="Compared")
    def shown_measure(self, row: MfnClause) -> str:
        """Say what is compared."""
        return _said("measure", [row.measure])

    @admin.display(description="With")
    def shown_class(self, row: MfnClause) -> str:
        """Say with whom; which party it is stands on its page."""
        return _said("class", [row.reference_class]) if row.reference_class in CLASSES else "The licenses of one party"

    @admin.display(description="Register")
    def shown_state(self, row: MfnClause) -> Shown:
        """Say whether a better license is there."""
        if row.has_better:  # type: ignore[attr-defined]  # the annotation
            return sheets.chip("review", "A better license")
        return sheets.chip("cleared", "None better")

    def sheet(self, request: HttpRequest, fact: MfnClause) -> Sheet:
        """Show the clause and what triggers it."""
        sight = caller_of(request).sight
        return Sheet(
            title=f"Most favored in {wording.said('measure', fact.measure)}",
            lead="The register compares later licenses with this one. It proposes, and changes nothing.",
            facts=(
                ("License", sheets.link(fact.license)),
                ("Compared", _said("measure", [fact.measure])),
                ("With", _said_class(fact.reference_class, sight)),
                ("Looks back to", str(fact.looks_back_to)),
                ("Id", sheets.long_id(fact.pk)),
            ),
            tables=(
                Table(
                    "Better licenses", MFN_COLUMNS, _triggers({fact.license_id}, sight), "No later license is better."
                ),
            ),
        )


# --- terms


class TermsForm(FactForm):
    """A version of terms to publish."""

    name = forms.CharField(
        max_length=200, widget=forms.TextInput(INPUT), help_text="Versions of one name are numbered 1, 2, 3"
    )
    language = forms.ChoiceField(
        choices=[(code, {"en": "English", "de": "German"}.get(code, code)) for code in wording.LANGUAGES],
        widget=forms.Select(INPUT),
        help_text="Publish each language of a version from the same data",
    )
    title = forms.CharField(max_length=wording.LONGEST_LINE, widget=forms.TextInput(INPUT))
    uses = _several(_codes("use", Use), help_text="What is not ticked is not allowed")
    barred = _several(_codes("purpose", Purpose), required=False, label="Not for")
    territories = TerritoriesField()
    active_from = DateField(required=False, label="From", help_text="Or a number of months")
    active_to = DateField(required=False, label="To before", help_text=_OPEN)
    months = _number(label="Months", help_text="Counted from the first day of each license")
    exclusive = forms.BooleanField(required=False)
    approval = forms.ChoiceField(choices=_codes("approval", ApprovalMode), widget=forms.Select(INPUT))
    notice_days = forms.IntegerField(
        min_value=0, max_value=3650, initial=0, widget=forms.NumberInput({"class": "l-input is-short"})
    )
    max_outputs = _number(label="Outputs at most", help_text="Empty: any number")
    influence = FractionField(
        required=False, label="Influence at most", help_text="What one output may owe to one asset"
    )
    release_from = DateField(required=False, label="Released from")
    release_to = DateField(required=False, label="Released before")
    commission = FractionField(required=False, help_text="Give all three parts, or none")
    creators = FractionField(required=False)
    masters = FractionField(required=False)
    reference = forms.CharField(
        required=False, max_length=wording.LONGEST_LINE, widget=forms.TextInput(INPUT), label="Money agreed elsewhere"
    )
    clauses_en = forms.CharField(
        required=False,
        label="Further clauses in English",
        widget=forms.Textarea({"class": "l-input", "rows": 6}),
        help_text="A line that begins with # is the heading of a clause; its text follows",
    )
    clauses_de = forms.CharField(
        required=False,
        label="Further clauses in German",
        widget=forms.Textarea({"class": "l-input", "rows": 6}),
        help_text="The same clauses in the same order",
    )

    like = forms.UUIDField(required=False, widget=forms.HiddenInput)

    lead = "Text and data are made from what you fill in here. The text is what people sign, and it prevails."
    done = "Published; the entry goes into the log within a second."
    groups = (
        ("Which terms", ("name", "language", "title")),
        ("What is allowed", ("uses", "barred", "territories")),
        ("For how long", ("active_from", "active_to", "months")),
        ("How", ("exclusive", "approval", "notice_days", "max_outputs", "influence", "release_from", "release_to")),
        ("Money", ("commission", "creators", "masters", "reference")),
        ("In your own words", ("clauses_en", "clauses_de")),
    )
    refusals = {
        wording.BadTerms: "title",
        wording.ClauseNotTranslated: "clauses_de",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
        contracts.OtherDataInThisVersion: "language",
    }

    def field_of(self, error: Exception) -> str:
        """Return the field that a refusal is about: terms name it first."""
        named = re.split(r"[.:\[]", str(error), maxsplit=1)[0]
        if isinstance(error, wording.ClauseNotTranslated):
            return f"clauses_{self.cleaned_data['language']}"
        if isinstance(error, wording.BadTerms):
            also = {"period": "active_from", "release_window": "release_from", "compensation": "commission"}
            return also.get(named, named if named in self.fields else "clauses_en" if named == "clauses" else "title")
        return super().field_of(error)

    def original(self) -> TermsVersion | None:
        """Return the version that this one began as a copy of."""
        named = self.cleaned_data["like"]
        return seen(TermsVersion.objects.filter(pk=named), self.sight).first() if named else None

    def document(self) -> dict[str, Any]:
        """Return the terms as the JSON object that they are published from."""
        given = self.cleaned_data
        parts = {name: given[name] for name in ("commission", "creators", "masters")}
        has_plan = any(part is not None for part in parts.values())
        plan = {name: _exact(part) for name, part in parts.items() if part is not None} if has_plan else None
        period: dict[str, Any] = {"from": _iso(given["active_from"]), "to": _iso(given["active_to"])}
        if given["months"]:
            period = {"months": given["months"]} | {name: day for name, day in period.items() if day}
        window = {"from": _iso(given["release_from"]), "to": _iso(given["release_to"])}
        like = self.original()
        kept = wording.document(like.data) if like else {}  # what this form has no fields for
        return {
            **{name: kept[name] for name in ("model_versions", "mfn") if name in kept},
            "title": given["title"],
            "uses": given["uses"],
            "barred": given["barred"],
            "territories": given["territories"],
            "period": period,
            "exclusive": given["exclusive"],
            "approval": given["approval"],
            "notice_days": given["notice_days"],
            "max_outputs": given["max_outputs"],
            "influence": _exact(given["influence"]) if given["influence"] else None,
            "release_window": window if any(window.values()) else None,
            "compensation": {"plan": plan, "reference": given["reference"] or None},
            "clauses": _clauses({"en": given["clauses_en"], "de": given["clauses_de"]}),
        }

    def write(self, *, id: UUID, at: datetime) -> TermsVersion:
        """Publish the terms."""
        given = self.cleaned_data
        return licensing.publish_terms(
            id=id,
            name=given["name"],
            terms=wording.read(self.document()),
            language=given["language"],
            registrar_id=self.registrar_id,
            at=at,
        )


def _exact(part: Fraction) -> str:
    return f"{part.numerator}/{part.denominator}"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _initial_of_terms(like: TermsVersion, language: str) -> dict[str, Any]:
    """Return what the form begins with: what another version says."""
    terms = wording.parse(like.data)
    return {
        "name": like.name,
        "language": language if language in wording.LANGUAGES else like.language,
        "title": terms.title,
        "uses": [use.value for use in terms.uses],
        "barred": [purpose.value for purpose in terms.barred],
        "territories": " ".join(terms.territories),
        "active_from": terms.active_from,
        "active_to": terms.active_to,
        "months": terms.months,
        "exclusive": terms.is_exclusive,
        "approval": terms.approval.value,
        "notice_days": terms.notice_days,
        "max_outputs": terms.max_outputs,
        "influence": _exact(terms.influence) if terms.influence else "",
        "release_from": terms.release_from,
        "release_to": terms.release_to,
        "reference": terms.reference or "",
        **{f"clauses_{code}": _written(terms, code) for code in wording.LANGUAGES},
        **({name: _exact(getattr(terms.plan, name)) for name in ("commission", "creators", "masters")}
           if terms.plan else {}),
    }  # fmt: skip


def _written(terms: wording.Wording, language: str) -> str:
    said = [clause for clause in terms.clauses if language in clause.text]
    return "\n\n".join(f"# {clause.heading[language]}\n{clause.text[language]}" for clause in said)


def _clauses(texts: dict[str, str]) -> list[dict[str, dict[str, str]]]:
    """Return clauses written as headings with # and the lines below them, put together by their order."""
    found: list[dict[str, dict[str, str]]] = []
    for language, text in texts.items():
        blocks = re.split(r"^#", text.replace("\r\n", "\n"), flags=re.MULTILINE)
        for position, block in enumerate(block for block in blocks if block.strip()):
            heading, _, words = block.partition("\n")
            if position == len(found):
                found.append({"heading": {}, "text": {}})
            found[position]["heading"][language] = heading.strip()
            found[position]["text"][language] = words.strip()
    return found


@admin.register(TermsVersion)
class TermsVersionAdmin(FactAdmin):
    """What licenses are signed under."""

    counted = ("version of terms", "versions of terms")
    fact_form = TermsForm
    pick_fields = ("name",)
    search_fields = ("name",)
    search_help_text = "Name"
    list_display = ("name", "number", "language", sheets.column("recorded_at", "Published"), "shown_digest")
    list_filter = ("language",)
    ordering = ("-recorded_at",)
    blank = "No terms are published. Publish terms once, and sign licenses under them."
    about = "Terms in versions that never change: a text that people sign, and the same as data for programs."

    def more(self, row: TermsVersion) -> str:
        """Tell versions of one name apart."""
        return f"version {row.number}, {row.language}"

    @admin.display(description="Text")
    def shown_digest(self, row: TermsVersion) -> Shown:
        """Show the beginning of the text's digest."""
        return sheets.short_id(f"sha256:{row.text_digest}")

    def _initial(self, request: HttpRequest, form_class: type[FactForm]) -> dict[str, Any]:
        given = super()._initial(request, form_class)
        like = seen_by(request, TermsVersion.objects.filter(pk=given["like"])).first() if "like" in given else None
        return given | _initial_of_terms(like, request.GET.get("language", "")) if like else given

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Keep in whose name it is published: versions of one name have one registrar, if they speak for it."""
        if not isinstance(form, TermsForm):
            raise TypeError(type(form).__name__)
        caller, like = caller_of(request), form.original()
        goes_on = like is not None and caller.acts_for(like.registrar_id, Verb.LICENSE)
        form.registrar_id = like.registrar_id if like and goes_on else caller.registrar(Verb.LICENSE)
        return True

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show text and data side by side, and what changed since another version."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        fact: TermsVersion = self.fact(request, object_id)
        named = self.seen(request, TermsVersion.objects.filter(name=fact.name, registrar=fact.registrar_id))
        versions = named.filter(language=fact.language)
        other_id = request.GET.get("with", "")
        other = versions.filter(pk=other_id).first() if re.fullmatch(_UUID, other_id) else None
        if other is None:
            other = versions.filter(number__lt=fact.number).order_by("-number").first()
        languages = named.filter(number=fact.number)
        return self.page(
            request,
            "ledger/admin/terms.html",
            fact,
            {
                "terms": fact,
                "title": str(fact),
                "data": json.dumps(wording.document(fact.data), indent=2, ensure_ascii=False),
                "other": other,
                "versions": versions.exclude(pk=fact.pk).order_by("number"),
                "languages": languages.exclude(pk=fact.pk).order_by("language"),
                "changes": list(_changes(other, fact)) if other else [],
                "licenses": self.seen(request, fact.licenses.all()).count(),
                "entry": sheets.entry_of(terms=fact)[1],
                "missing": sorted(set(wording.LANGUAGES) - {one.language for one in languages})
                if self.has_add_permission(request)
                else [],
            },
        )


def _changes(old: TermsVersion, new: TermsVersion) -> Iterable[tuple[str, str, str]]:
    """Yield the lines in which two texts differ: under which heading, the old line, the new one."""
    # Each text names the digest of its data, which is another one with every change.
    before = old.text.replace(old.data_digest, "").split("\n")
    after = new.text.replace(new.data_digest, "").split("\n")
    for tag, a, b, c, d in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for place in range(max(b - a, d - c)):
            left = before[a + place] if a + place < b else ""
            right = after[c + place] if c + place < d else ""
            if left.strip() or right.strip():
                yield _heading(after, c + place) or _heading(before, a + place), left.strip(), right.strip()


def _heading(lines: Sequence[str], place: int) -> str:
    """Return the heading that a line stands under; empty for the title."""
    return next((line for line in reversed(lines[: place + 1]) if re.match(r"[0-9]+\. ", line)), "")
