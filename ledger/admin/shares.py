"""Shares at the desk: the editor of an asset's shares, and each share with what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from ledger import holding
from ledger.access import NotYourParty, Verb
from ledger.admin import share_rows, sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, TerritoriesField, pick
from ledger.admin.forms import FactForm, ShareForm, sentence_of
from ledger.admin.share_rows import BASES, RIGHTS, NotATable, PartField, ShareRow, Values
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of, seen_by
from ledger.api.once import OtherContent
from ledger.constraints import REFUSALS, violated
from ledger.holding import Ending, Retraction
from ledger.visibility import Sight, seen
from rights import claims, shares
from rights.claims import TOLERANCE, Holding, OverClaim, Sum, Zone
from rights.models import Conflict, Lyrics, Party, Recording, Share, ShareEvent, Stem, Voice, Work
from rights.registry import AssetRef, NotAPart
from rights.shares import Field, GivenShare
from rights.territories import NoSuchTerritory, NoTerritory, codes, countries, covered, name
from rights.vocabulary import AssetKind, Basis, RightType, ShareAct

ASSETS: dict[str, type[Model]] = {
    AssetKind.RECORDING.value: Recording,
    AssetKind.WORK.value: Work,
    AssetKind.VOICE.value: Voice,
    AssetKind.STEM.value: Stem,
    AssetKind.LYRICS.value: Lyrics,
}
SIDES = {"recording": "Master", "work": "Publishing", "voice": "Voice", "stem": "Stem", "lyrics": "Lyrics"}
MOST_NAMED = 6  # countries
_REFUSALS = (
    shares.NotARole,
    shares.WrittenOtherwise,
    NotAPart,
    NoSuchTerritory,
    NoTerritory,
)
_SUMS = {Sum.OVER_CLAIM: "refused", Sum.UNDER_CLAIM: "review", Sum.COMPLETE: "cleared"}


def asset_of(row: Any) -> Any:
    """Return what a row is of, whichever kind it is."""
    return next((found for kind in AssetKind if (found := getattr(row, kind.value)) is not None), None)


def kind_of(row: Any) -> str:
    """Return which kind of asset a row is of."""
    return next(kind.value for kind in AssetKind if getattr(row, f"{kind.value}_id") is not None)


def editor_of(kind: str, id: UUID) -> str:
    """Return the address of an asset's shares."""
    return reverse("admin:rights_share_editor", args=[kind, id])


# --- What shares come to, in words.


@dataclass(frozen=True)
class SumRow:
    """Countries with the same claims, and what these come to."""

    where: str
    said: str
    look: str
    chip: str
    filled: int  # thousandths of the bar
    beyond: int

    @property
    def kept(self) -> int:
        """Where on the bar that begins which is too much."""
        return 1000 - self.beyond


@dataclass(frozen=True)
class SumBlock:
    """What is claimed of one right, territory by territory."""

    title: str
    rows: tuple[SumRow, ...]


def where(found: frozenset[str], on: date) -> str:
    """Name countries: a few of them, or the world less a few."""
    everywhere = countries(on)
    if found == everywhere:
        return "The world"
    if len(missing := everywhere - found) <= MOST_NAMED:
        return f"The world without {', '.join(name(code) for code in sorted(missing))}"
    listed = sorted(found)
    if len(listed) <= MOST_NAMED:
        return ", ".join(name(code) for code in listed)
    return f"{len(listed)} countries: {', '.join(name(code) for code in listed[:3])} …"


def territories(codes: list[str], on: date) -> Shown:
    """Return what codes mean on a day, with the codes on hover; those that mean nothing that day as they are."""
    found = covered(codes, on)
    return format_html('<span title="{}">{}</span>', " ".join(codes), where(found, on) if found else " ".join(codes))


def percent(part: Fraction) -> str:
    """Return a part for reading: exact, and as a percentage with two digits where that says more."""
    if part.denominator == 1 or part.denominator <= 4:
        return str(part)
    cents = round(part * 10_000)
    return f"{part} ({cents // 100}.{cents % 100:02d} %)"


def sums(holdings: Iterable[tuple[Field, Holding]], on: date) -> list[SumBlock]:
    """Return what holdings come to on a day, a block a right."""
    fields: dict[Field, list[Holding]] = {}
    for field, one in holdings:
        fields.setdefault(field, []).append(one)
    order = list(RightType), list(Basis)
    return [
        SumBlock(
            f"{RIGHTS[field.right_type]}, {BASES[field.basis].lower()}",
            tuple(_sum_row(zone, on) for zone in claims.position(fields[field], on)),
        )
        for field in sorted(fields, key=lambda one: (order[0].index(one.right_type), order[1].index(one.basis)))
    ]


def _sum_row(zone: Zone, on: date) -> SumRow:
    chip = {Sum.OVER_CLAIM: "Too much", Sum.UNDER_CLAIM: "Gap", Sum.COMPLETE: "Complete"}[zone.sum]
    said = {
        Sum.OVER_CLAIM: f"{percent(zone.total)} claimed, {percent(zone.excess)} too much",
        Sum.UNDER_CLAIM: f"{percent(zone.total)} claimed, {percent(zone.remainder)} missing",
        Sum.COMPLETE: "All of it is claimed",
    }[zone.sum]
    if zone.sum is not Sum.COMPLETE and abs(zone.total - 1) <= TOLERANCE:
        said += "; rounding explains it"
    return SumRow(
        where(zone.countries, on),
        said,
        _SUMS[zone.sum],
        chip,
        int(min(Fraction(1), zone.total) * 1000),
        int(min(Fraction(1), zone.excess) * 1000),
    )


def warning_of(over: OverClaim, names: dict[UUID, str]) -> str:
    """Say what is claimed too often, where, when and by whom."""
    day = over.active_from
    total = sum((one.part for one in over.holdings), Fraction(0))
    until = f" to before {over.active_to}" if over.active_to else " on"
    whose = ", ".join(f"{names.get(one.party_id, 'somebody')} {one.part}" for one in over.holdings)
    return (
        f"{where(covered(over.territories, day), day)}, from {day}{until}:"
        f" {percent(total)} is claimed, {percent(total - 1)} too much ({whose})."
    )


@lru_cache(maxsize=4)
def territory_table(on: date) -> dict[str, list[str]]:
    """Return which countries each code means on a day; a page adds shares up with it while they are typed."""
    return {code: sorted(covered([code], on)) for code in codes()}


def names_of_countries(on: date) -> dict[str, str]:
    """Return what the countries of a day are called."""
    return {code: name(code) for code in sorted(countries(on))}


# --- Forms about one share.


class EndForm(FactForm):
    """That a share ends."""

    effective_on = DateField(label="First day without it", help_text="After its first day and before its agreed end")
    reason = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No names and nothing private"
    )

    lead = "It was right until this day. If it never was, retract it instead."
    done = "Ended; its entry goes into the log within a second."
    groups = (("The end", ("effective_on", "reason")),)
    refusals = {
        shares.EndsOutsideItsPeriod: "effective_on",
        shares.AlreadyRetracted: "effective_on",
        holding.AlreadyEnded: "effective_on",
    }

    def __init__(self, *args: Any, share: Share, **options: Any) -> None:
        """End this share."""
        super().__init__(*args, **options)
        self.share = share

    def write(self, *, id: UUID, at: datetime) -> ShareEvent:
        """Record the end."""
        given = self.cleaned_data
        return holding.change_share(Ending(id, self.share.pk, given["effective_on"], given["reason"]), at=at)


class RetractForm(FactForm):
    """That a share never was."""

    reason = forms.CharField(max_length=300, widget=forms.TextInput(INPUT), help_text="No names and nothing private")

    lead = "It was wrong from its first day. If it was right for a time, end it instead."
    done = "Retracted; its entry goes into the log within a second."
    groups = (("Why", ("reason",)),)
    refusals = {holding.AlreadyEnded: "reason"}

    def __init__(self, *args: Any, share: Share, **options: Any) -> None:
        """Retract this share."""
        super().__init__(*args, **options)
        self.share = share

    def write(self, *, id: UUID, at: datetime) -> ShareEvent:
        """Record the retraction."""
        return holding.change_share(Retraction(id, self.share.pk, self.cleaned_data["reason"]), at=at)


class ReplaceForm(FactForm):
    """That other terms stand in place of a share: from a day on, or from the beginning."""

    successor_id = forms.UUIDField(widget=forms.HiddenInput)
    party = pick(Party, label="Holder")
    part = PartField()
    territories = TerritoriesField()
    active_from = DateField(
        label="From", help_text="The day of the old one: it never was. A later day: it ends on that day"
    )
    active_to = DateField(
        required=False, label="To before", help_text="The first day on which it does not hold; empty while open"
    )
    reason = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No names and nothing private"
    )

    lead = "The old share and the one in its place are recorded together, or neither is."
    done = "Replaced; both entries go into the log within a second."
    groups = (
        ("In its place", ("party", "part")),
        ("Where and when", ("territories", "active_from", "active_to")),
        ("Why", ("reason",)),
    )
    refusals = {
        shares.EndsOutsideItsPeriod: "active_from",
        shares.AlreadyRetracted: "active_from",
        holding.AlreadyEnded: "active_from",
        shares.WrittenOtherwise: "part",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
    }

    def __init__(self, *args: Any, share: Share, **options: Any) -> None:
        """Replace this share."""
        super().__init__(*args, **options)
        self.share = share

    def clean(self) -> dict[str, Any]:
        """Check that it ends after it begins."""
        given = super().clean() or self.cleaned_data
        since, until = given.get("active_from"), given.get("active_to")
        if since and until and until <= since:
            self.add_error("active_to", REFUSALS["share_ends_after_it_begins"].sentence)
        return given

    def write(self, *, id: UUID, at: datetime) -> ShareEvent:
        """Record both."""
        given, old = self.cleaned_data, self.share
        part, written = given["part"]
        successor = GivenShare(
            id=given["successor_id"],
            asset=shares.asset_of(old),
            party_id=given["party"].pk,
            right_type=RightType(old.right_type),
            basis=Basis(old.basis),
            role=old.role,
            part=part,
            written=written,
            territories=tuple(given["territories"]),
            active_from=given["active_from"],
            active_to=given["active_to"],
            registrar_id=self.registrar_id,
        )
        change = (
            Retraction(id, old.pk, given["reason"], successor)
            if given["active_from"] == old.active_from
            else Ending(id, old.pk, given["active_from"], given["reason"], successor)
        )
        return holding.change_share(change, at=at)


ACTS: dict[str, tuple[type[FactForm], str]] = {
    "end": (EndForm, "End"),
    "retract": (RetractForm, "Retract"),
    "replace": (ReplaceForm, "Replace"),
}


# --- The editor.


@dataclass
class Draft:
    """What somebody is about to register: rows with what is wrong about them, and what they would come to."""

    rows: list[ShareRow]
    given: list[GivenShare]
    over: list[str]
    token: str  # names the over-claims that were shown, so that a tick accepts these and no others
    said: str = ""
    problem: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether every row can be written."""
        return len(self.given) == len(self.rows)


@admin.register(Share)
class ShareAdmin(FactAdmin):
    """Who holds which part."""

    fact_form = ShareForm
    search_fields = ("recording__title", "work__title", "stem__title", "voice__label", "lyrics__work__title")
    search_help_text = "Title of the asset"
    list_display = (
        "shown_part",
        "shown_asset",
        "shown_side",
        "shown_right",
        "shown_party",
        "shown_territories",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_state",
    )
    list_filter = ("right_type", "basis")
    list_select_related = ("recording", "work", "voice__person__identity", "stem", "lyrics__work", "party__identity")
    ordering = ("-recorded_at",)
    blank = "Nobody is registered as holding anything yet. Open a work or a recording, and edit its shares."
    about = (
        "Exact parts of a right, per asset, territory and period. They must add up to 1 before an output is cleared."
        " Several at once are added from the page of the asset."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """Return shares with what became of them."""
        rows: QuerySet[Share] = super().get_queryset(request)
        return rows.prefetch_related("events")

    def get_urls(self) -> list[URLPattern]:
        """Add the editor, and what may happen to a share."""
        wrap = self.admin_site.admin_view
        return [
            path("of/<str:kind>/<uuid:id>/", wrap(self.editor_view), name="rights_share_editor"),
            *(path(f"<uuid:id>/{act}/", wrap(self.act_view), {"act": act}, name=f"rights_share_{act}") for act in ACTS),
            *super().get_urls(),
        ]

    @admin.display(description="Part")
    def shown_part(self, row: Share) -> str:
        """Show the fraction."""
        return f"{row.numerator}/{row.denominator}"

    @admin.display(description="Asset")
    def shown_asset(self, row: Share) -> Shown:
        """Link to what it is a share of."""
        return sheets.link(asset_of(row))

    @admin.display(description="Side")
    def shown_side(self, row: Share) -> str:
        """Say which side that is."""
        return SIDES[kind_of(row)]

    @admin.display(description="Right", ordering="right_type")
    def shown_right(self, row: Share) -> str:
        """Say of which right, and on which basis."""
        return RIGHTS[row.right_type] + (", collects" if row.basis == Basis.COLLECTION else "")

    @admin.display(description="Holder")
    def shown_party(self, row: Share) -> Shown:
        """Link to who holds it."""
        return sheets.link(row.party)

    @admin.display(description="Where")
    def shown_territories(self, row: Share) -> Shown:
        """Say where."""
        return territories(row.territories, row.active_from)

    @admin.display(description="State")
    def shown_state(self, row: Share) -> Shown:
        """Say what became of it."""
        return state_chip(row, timezone.now().date())

    # --- One share.

    def sheet(self, request: HttpRequest, fact: Share) -> Sheet:
        """Show the share, what became of it, and the others of the same asset."""
        asset, kind = asset_of(fact), kind_of(fact)
        events = fact.events.select_related("successor__party__identity").order_by("recorded_at", "id")
        others = self.seen(request, asset.shares.all())
        conflicts = self.seen(request, Conflict.objects.filter(claims__share=fact)).order_by("-opened_at")
        return Sheet(
            title=f"{fact.numerator}/{fact.denominator} of “{asset}”",
            lead=f"{SIDES[kind]} side: {RIGHTS[fact.right_type]}, {BASES[fact.basis].lower()}.",
            chip=self.shown_state(fact),
            steps=tuple(self._steps(request, fact, kind, asset)),
            facts=(
                ("Holder", sheets.link(fact.party)),
                ("Asset", sheets.link(asset)),
                ("Role", fact.role or sheets.NOTHING),
                ("Written as", f"{fact.written} %" if fact.written else sheets.NOTHING),
                ("Where", territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(share=fact),
            ),
            tables=(
                Table(
                    "What became of it",
                    ("What", "From", "In its place", "Reason", "Recorded"),
                    tuple(
                        (
                            sheets.chip(event.act),
                            event.effective_on.isoformat() if event.effective_on else "the beginning",
                            sheets.link(event.successor),
                            event.reason or sheets.NOTHING,
                            sheets.moment(event.recorded_at),
                        )
                        for event in events
                    ),
                    "Nothing yet: it stands as it was registered.",
                ),
                Table(
                    "Conflicts",
                    ("Conflict", "Answer by", "Close by"),
                    tuple(
                        (sheets.link(one, "Conflict"), one.answer_by.isoformat(), one.close_by.isoformat())
                        for one in conflicts
                    ),
                    "It has part in no conflict.",
                ),
                Table(
                    "All shares of this asset",
                    ("Part", "Holder", "Right", "Where", "When", "State"),
                    share_lines(others, timezone.now().date()),
                    "",
                    editor_of(kind, asset.pk),
                    "Edit shares",
                ),
            ),
        )

    def _steps(self, request: HttpRequest, fact: Share, kind: str, asset: Any) -> Iterable[Step]:
        yield Step("All shares of it", editor_of(kind, asset.pk))
        acts = {event.act for event in fact.events.all()}
        if not self._may_change(request, fact) or ShareAct.RETRACTED in acts:
            return
        if ShareAct.ENDED not in acts:
            yield Step("Replace…", reverse("admin:rights_share_replace", args=[fact.pk]))
            yield Step("End…", reverse("admin:rights_share_end", args=[fact.pk]))
        yield Step("Retract…", reverse("admin:rights_share_retract", args=[fact.pk]), is_grave=True)

    def _may_change(self, request: HttpRequest, fact: Share) -> bool:
        may_add = bool(request.user.has_perm("rights.add_shareevent"))
        return may_add and caller_of(request).acts_for(fact.party_id, Verb.REGISTER)

    def act_view(self, request: HttpRequest, id: UUID, act: str) -> HttpResponse:
        """End, retract or replace a share."""
        share: Share = self.fact(request, id)
        if not self._may_change(request, share):
            raise PermissionDenied
        form_class, verb = ACTS[act]
        title = f"{verb} {share.numerator}/{share.denominator} of “{asset_of(share)}”"
        caller = caller_of(request)
        if request.method != "POST":
            form = form_class(initial=self._began(share, act), share=share)  # type: ignore[call-arg]
            form.look_through(caller.sight)
            return self.ask(request, share, form, title=title)
        form = form_class(request.POST, share=share)  # type: ignore[call-arg]
        form.look_through(caller.sight)
        form.registrar_id = caller.registrar(Verb.REGISTER, party_id=share.party_id)
        if not form.is_valid():
            return self.ask(request, share, form, title=title)
        holder = form.cleaned_data.get("party")
        if holder is not None and not caller.acts_for(holder.pk, Verb.REGISTER):
            form.add_error("party", sentence_of(NotYourParty()))
            return self.ask(request, share, form, title=title)
        try:
            form.write(id=form.cleaned_data["id"], at=timezone.now())
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, share, form, title=title)
        except IntegrityError as error:
            if violated(error) not in {"rights_shareevent_pkey", "rights_share_pkey"}:
                raise
            messages.info(request, "This was recorded already.")
            return HttpResponseRedirect(sheets.address(share))
        messages.success(request, form.done)
        return HttpResponseRedirect(sheets.address(share))

    def _began(self, share: Share, act: str) -> dict[str, Any]:
        today = timezone.now().date()
        if act != "replace":
            return {"id": uuid4(), "effective_on": max(today, share.active_from + timedelta(days=1))}
        return {
            "id": uuid4(),
            "successor_id": uuid4(),
            "party": share.party_id,
            "part": f"{share.numerator}/{share.denominator}",
            "territories": " ".join(share.territories),
            "active_from": share.active_from,
            "active_to": share.active_to,
        }

    # --- The editor of an asset.

    def editor_view(self, request: HttpRequest, kind: str, id: UUID) -> HttpResponse:
        """Show the shares of an asset, as known on a day, and take new ones."""
        if kind not in ASSETS or not self.has_view_permission(request):
            raise Http404
        asset: Any = seen_by(request, QuerySet(ASSETS[kind]).filter(pk=id)).first()
        if asset is None:
            raise Http404
        ref = AssetRef(**{f"{kind}_id": asset.pk})
        if request.method == "POST":
            return self._post(request, kind, asset, ref)
        known_on = _day(request.GET.get("known_on", ""))
        today = timezone.now().date()
        draft = self._draft(request, ref, [])
        return self._editor(request, kind, asset, ref, draft, known_on if known_on and known_on < today else None)

    def _post(self, request: HttpRequest, kind: str, asset: Any, ref: AssetRef) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        rows = share_rows.sent(request.POST.dict())
        match request.POST.get("action"):
            case "paste":
                draft = self._pasted(request, ref, rows)
            case "copy":
                draft = self._copied(request, kind, ref, rows)
            case "save":
                draft = self._draft(request, ref, rows)
                is_accepted = not draft.over or request.POST.get("accepted") == draft.token
                if draft.rows and draft.is_sound and is_accepted:
                    return self._save(request, kind, asset, ref, draft)
                if not draft.rows:
                    draft.problem = "There is no row to save: name a holder and a part."
                elif not draft.is_sound:
                    draft.problem = "Nothing was saved: all rows are, or none."
                else:
                    draft.problem = (
                        "Nothing was saved: more than the whole would be claimed. The warning below says where."
                    )
            case _:
                draft = self._draft(request, ref, rows)
                if draft.rows and draft.is_sound:
                    draft.said = "Every row can be saved. Nothing is saved yet."
        response = self._editor(request, kind, asset, ref, draft, None)
        response.status_code = 422 if draft.problem or not draft.is_sound else 200
        return response

    def _save(self, request: HttpRequest, kind: str, asset: Any, ref: AssetRef, draft: Draft) -> HttpResponse:
        here = editor_of(kind, asset.pk)
        try:
            written = holding.save_shares(draft.given, (), at=timezone.now())
        except _REFUSALS as error:
            draft.problem = f"Nothing was saved: {sentence_of(error)}"
        except IntegrityError as error:
            ids = [one.id for one in draft.given]
            if violated(error) != "rights_share_pkey":
                raise
            if self.get_queryset(request).filter(pk__in=ids, asset_id=asset.pk).count() == len(ids):
                messages.info(request, "These were registered already.")
                return HttpResponseRedirect(here)
            draft.problem = sentence_of(OtherContent())
        else:
            for share in written.shares:
                self._note(request, share)
            count = len(written.shares)
            said = "One share is registered." if count == 1 else f"{count} shares are registered."
            messages.success(request, said)
            if written.opened:
                messages.warning(request, "More than the whole is claimed: a conflict was opened about it.")
            return HttpResponseRedirect(here)
        response = self._editor(request, kind, asset, ref, draft, None)
        response.status_code = 409
        return response

    def _draft(
        self,
        request: HttpRequest,
        ref: AssetRef,
        rows: Sequence[Values],
        problems: Sequence[dict[str, str]] = (),
    ) -> Draft:
        """Read rows, and add them to what stands."""
        caller = caller_of(request)
        forms_ = [share_rows.form_of(values, place, caller.sight) for place, values in enumerate(rows)]
        given: list[GivenShare] = []
        seen_ids: set[UUID] = set()
        for place, form in enumerate(forms_):
            own = problems[place] if place < len(problems) else {}
            form.is_valid()
            for name_, said in own.items():
                form.errors.pop(name_, None)
                form.add_error(name_, said)
            holder = form.cleaned_data.get("party")
            if holder is not None and not caller.acts_for(holder.pk, Verb.REGISTER):
                form.add_error("party", sentence_of(NotYourParty()))
            if form.cleaned_data.get("id") in seen_ids:
                form.add_error(None, "This row has the id of another one: add it anew.")
            if not form.errors:
                seen_ids.add(form.cleaned_data["id"])
                registrar = caller.registrar(Verb.REGISTER, party_id=form.cleaned_data["party"].pk)
                given.append(form.given(ref, registrar))
        given = share_rows.normalized(given)
        over = self._over_claims(request, ref, given)
        return Draft(forms_, given, over, hashlib.sha256("\n".join(over).encode()).hexdigest() if over else "")

    def _over_claims(self, request: HttpRequest, ref: AssetRef, given: Sequence[GivenShare]) -> list[str]:
        fields: dict[Field, list[GivenShare]] = {}
        for one in given:
            fields.setdefault(Field(ref, one.right_type, one.basis), []).append(one)
        said = []
        for field, new in fields.items():
            ids = {one.id for one in new}  # of rows sent twice some stand already
            standing = [one for one in self._holdings(request, field) if one.share_id not in ids]
            together = claims.over_claims([*standing, *(share_rows.holding_of(one) for one in new)])
            found = [over for over in together if any(one.share_id in ids for one in over.holdings)]
            parties = {one.party_id for over in found for one in over.holdings}
            rows = Party.objects.select_related("identity").filter(pk__in=parties)
            names = {party.pk: str(party) for party in seen_by(request, rows)}
            said += [f"{RIGHTS[field.right_type]}: {warning_of(over, names)}" for over in found]
        return said

    def _holdings(self, request: HttpRequest, field: Field, known_at: datetime | None = None) -> list[Holding]:
        """Return what stands of a right, of what the caller sees: a sum tells what others claim."""
        ids = set(self.seen(request, Share.objects.filter(**field.columns)).values_list("pk", flat=True))
        return [one for one in shares.holdings(field, known_at=known_at) if one.share_id in ids]

    def _standing(
        self, request: HttpRequest, ref: AssetRef, known_at: datetime | None = None
    ) -> list[tuple[Field, Holding]]:
        rows = self.seen(request, Share.objects.filter(asset_id=ref.id)).values_list("right_type", "basis").distinct()
        found = []
        for right, basis in rows:
            field = Field(ref, RightType(right), Basis(basis))
            found += [(field, one) for one in self._holdings(request, field, known_at)]
        return found

    def _pasted(self, request: HttpRequest, ref: AssetRef, rows: list[Values]) -> Draft:
        sight = caller_of(request).sight
        today = timezone.now().date()
        try:
            lines = share_rows.read_pasted(request.POST.get("pasted", ""), on=today, find=share_rows.finder(sight))
        except NotATable as error:
            draft = self._draft(request, ref, rows)
            draft.problem = sentence_of(error)
            return draft
        if len(rows) + len(lines) > share_rows.MOST_ROWS:
            draft = self._draft(request, ref, rows)
            draft.problem = sentence_of(NotATable())
            return draft
        draft = self._draft(
            request,
            ref,
            [*rows, *(one.values for one in lines)],
            [*({} for _ in rows), *(one.problems for one in lines)],
        )
        bad = [f"line {line.line}" for line, form in zip(lines, draft.rows[len(rows) :], strict=True) if form.errors]
        count = "One line was" if len(lines) == 1 else f"{len(lines)} lines were"
        draft.said = f"{count} read; nothing is saved yet."
        if bad:
            draft.problem = f"Look again at {', '.join(bad)}: what is wrong stands at the row."
        return draft

    def _copied(self, request: HttpRequest, kind: str, ref: AssetRef, rows: list[Values]) -> Draft:
        form = CopyForm(request.POST, kind=kind)
        form.look_through(caller_of(request).sight)
        if not form.is_valid():
            draft = self._draft(request, ref, rows)
            draft.problem = "Choose the one whose shares are copied."
            return draft
        today = timezone.now().date()
        source = form.cleaned_data["source"]
        found = []
        standing = self._standing(request, AssetRef(**{f"{kind}_id": source.pk}))
        originals = Share.objects.in_bulk([one.share_id for _, one in standing])
        for field, one in standing:
            if one.active_to is not None and one.active_to <= today:
                continue
            original = originals[one.share_id]
            found.append(
                GivenShare(
                    id=uuid4(),
                    asset=ref,
                    party_id=one.party_id,
                    right_type=field.right_type,
                    basis=field.basis,
                    part=one.part,
                    territories=one.territories,
                    active_from=one.active_from,
                    active_to=one.active_to,
                    role=original.role,
                    written=original.written,
                )
            )
        room = share_rows.MOST_ROWS - len(rows)
        draft = self._draft(request, ref, [*rows, *share_rows.copied(found[:room])])
        if not found:
            draft.problem = f"“{source}” has no shares that hold today or later."
        else:
            draft.said = f"{len(found[:room])} shares of “{source}” are below; nothing is saved yet."
        return draft

    def _editor(
        self, request: HttpRequest, kind: str, asset: Any, ref: AssetRef, draft: Draft, known_on: date | None
    ) -> HttpResponse:
        today = timezone.now().date()
        known_at = _end_of(known_on) if known_on else None
        on = known_on or today
        ids = {one.id for one in draft.given}
        standing = [pair for pair in self._standing(request, ref, known_at) if pair[1].share_id not in ids]
        rows = self.seen(request, Share.objects.filter(asset_id=asset.pk))
        events = ShareEvent.objects.all()
        if known_at:
            rows, events = rows.filter(recorded_at__lte=known_at), events.filter(recorded_at__lte=known_at)
        rows = rows.prefetch_related(None).prefetch_related(Prefetch("events", queryset=events))
        may_add = self.has_add_permission(request) and known_on is None
        new = [(Field(ref, one.right_type, one.basis), share_rows.holding_of(one)) for one in draft.given]
        first = share_rows.blank(today)
        sight = caller_of(request).sight
        copy = CopyForm(kind=kind)
        copy.look_through(sight)
        context = {
            "title": f"Shares of “{asset}”",
            "asset": asset,
            "asset_link": sheets.link(asset),
            "side": SIDES[kind],
            "known_on": known_on,
            "today": today,
            "on": on,
            "may_add": may_add,
            "blocks": sums([*standing, *new], on),
            "table": Table(
                "Shares",
                ("Part", "Holder", "Right", "Where", "When", "State"),
                share_lines(rows, on),
                "Nobody is registered as holding it, which refuses outputs.",
            ),
            "draft": draft,
            "rows": draft.rows or [share_rows.form_of(first, 0, sight, is_bound=False)],
            "blank_row": share_rows.form_of(first | {"id": ""}, 0, sight, is_bound=False),
            "copy": copy,
            "pasted": request.POST.get("pasted", "") if draft.problem else "",
            "live": {
                "on": today.isoformat(),
                "territories": territory_table(today),
                "names": names_of_countries(today),
                "rights": RIGHTS,
                "bases": BASES,
                "standing": [
                    {
                        "right": field.right_type.value,
                        "basis": field.basis.value,
                        "part": f"{one.part.numerator}/{one.part.denominator}",
                        "territories": " ".join(one.territories),
                        "from": one.active_from.isoformat(),
                        "to": one.active_to.isoformat() if one.active_to else "",
                    }
                    for field, one in standing
                ],
            },
        }
        return self.page(request, "ledger/admin/shares_editor.html", None, context)


class CopyForm(forms.Form):
    """Whose shares are copied."""

    def __init__(self, *args: Any, kind: str, **options: Any) -> None:
        """Choose among assets of one kind."""
        super().__init__(*args, **options)
        self.fields["source"] = pick(ASSETS[kind], label=f"Another {kind}" if kind != "lyrics" else "Other lyrics")

    def look_through(self, sight: Sight) -> None:
        """Offer only what is seen."""
        field: Any = self.fields["source"]
        field.queryset = seen(field.queryset, sight)
        field.widget.rows = field.queryset


# --- Words about a share.


def state_chip(share: Share, on: date) -> Shown:
    """Say what became of a share."""
    acts = {event.act: event.effective_on for event in share.events.all()}
    if ShareAct.RETRACTED in acts:
        return sheets.chip("refused", "Retracted")
    ends = acts.get(ShareAct.ENDED) or share.active_to
    if ends is not None and ends <= on:
        return sheets.chip("none", f"Ended {ends}")
    if share.active_from > on:
        return sheets.chip("waiting", f"From {share.active_from}")
    if acts.get(ShareAct.ENDED):
        return sheets.chip("review", f"Ends {ends}")
    return sheets.chip("cleared", "In force")


def share_lines(rows: QuerySet[Share], on: date) -> tuple[tuple[Shown, ...], ...]:
    """Return the shares of one asset as rows of a table, those in force first."""
    found = list(rows.select_related("party__identity").prefetch_related("events").order_by("recorded_at", "id"))
    return tuple(
        (
            sheets.link(share, f"{share.numerator}/{share.denominator}"),
            sheets.link(share.party),
            RIGHTS[share.right_type] + (", collects" if share.basis == Basis.COLLECTION else ""),
            territories(share.territories, share.active_from),
            sheets.period(share),
            state_chip(share, on),
        )
        for share in found
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) - timedelta(microseconds=1)
