"""Rights reserved in public, at the desk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import consenting
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, TerritoriesField, digest_of, pick
from ledger.admin.forms import AssetForm, FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from rights.models import Party, Reservation
from rights.registry import AssetRef, NoSuchUse, NothingAllowed, NotOneAsset
from rights.reservations import Channel
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import AssetKind, Use

MOST_RELATED = 200
_TEXT = {"class": "l-input", "rows": 3}


class ReservationForm(AssetForm):
    """A reservation to record."""

    holder = pick(Party, help_text="Whose rights are reserved")
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use], widget=forms.CheckboxSelectMultiple
    )
    territories = TerritoriesField()
    active_from = DateField(label="First published on")
    active_to = DateField(required=False, help_text="The first day without it; empty while open")
    channel = forms.ChoiceField(
        choices=[(channel.value, channel.value) for channel in Channel], widget=forms.Select(INPUT)
    )
    wording = forms.CharField(required=False, max_length=500, widget=forms.Textarea(_TEXT))
    document = forms.FileField(
        label="Snapshot",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="The page or file as it was seen; only its SHA-256 is kept",
    )

    one_of = frozenset[str]()
    lead = "A right reserved in public: a standing no, until it is lifted or a consent that names it says yes."
    groups = (
        ("Whose, of what", ("holder", "recording", "work")),
        ("What is reserved", ("uses", "territories", "active_from", "active_to")),
        ("Where it was seen", ("channel", "wording", "document")),
    )
    refusals = {
        NotOneAsset: "recording",
        NothingAllowed: "uses",
        NoSuchUse: "uses",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
    }

    def write(self, *, id: UUID, at: datetime) -> Reservation:
        """Record the reservation."""
        given = self.cleaned_data
        asset: AssetRef | None = self.asset() if given["recording"] or given["work"] else None
        return consenting.reserve(
            id=id,
            holder_id=given["holder"].pk,
            asset=asset,
            uses=given["uses"],
            territories=given["territories"],
            active_from=given["active_from"],
            active_to=given["active_to"],
            channel=Channel(given["channel"]),
            wording=given["wording"],
            snapshot_digest=digest_of(given["document"], "") if given["document"] else "",
            registrar_id=self.registrar_id,
            at=at,
        )


class LiftForm(FactForm):
    """The lifting of a reservation."""

    effective_on = DateField(label="From which day on", help_text="Today or later; the first day without it")

    groups = (("Lifting", ("effective_on",)),)
    done = "Lifted; the entry goes into the log within a second."
    refusals = {consenting.LiftReachesBack: "effective_on", consenting.AlreadyLifted: "effective_on"}


@admin.register(Reservation)
class ReservationAdmin(FactAdmin):
    """Rights reserved in public."""

    fact_form = ReservationForm
    search_fields = ("recording__title", "work__title", "wording")
    search_help_text = "Title of the asset, or words of the reservation"
    list_display = (
        "shown_asset",
        "shown_holder",
        "shown_uses",
        "shown_channel",
        sheets.column("active_from", "Since"),
        "shown_state",
    )
    list_select_related = ("recording", "work", "voice", "stem", "lyrics__work", "holder__identity", "end")
    ordering = ("-recorded_at",)
    has_filter_button = False
    blank = "No reservation is recorded. Where a holder reserved rights in public, add it with a snapshot."
    about = "Rights reserved in public: a standing no, until it is lifted or a consent that names it says yes."

    def get_urls(self) -> list[URLPattern]:
        """Add the lifting."""
        view = self.admin_site.admin_view(self.lift_view)
        return [path("<uuid:id>/lift/", view, name="rights_reservation_lift"), *super().get_urls()]

    @admin.display(description="Asset")
    def shown_asset(self, row: Reservation) -> str:
        """Show what it is of."""
        return str(_asset(row) or "Everything of the holder")

    @admin.display(description="Holder")
    def shown_holder(self, row: Reservation) -> Shown:
        """Link to whose rights they are."""
        return sheets.link(row.holder)

    @admin.display(description="Reserved")
    def shown_uses(self, row: Reservation) -> str:
        """Say what is reserved."""
        return ", ".join(row.uses)

    @admin.display(description="Seen in")
    def shown_channel(self, row: Reservation) -> str:
        """Say where it was seen."""
        return row.channel

    @admin.display(description="State")
    def shown_state(self, row: Reservation) -> Shown:
        """Say whether it stands."""
        end = getattr(row, "end", None)
        if end is not None:
            return sheets.chip("cleared", f"Lifted from {end.effective_on}")
        return sheets.chip("refused", "Reserved")

    def sheet(self, request: HttpRequest, fact: Reservation) -> Sheet:
        """Show what is reserved and which consents name it."""
        end = getattr(fact, "end", None)
        can_lift = end is None and _may_lift(request, fact)
        named = self.seen(request, fact.overrides.select_related("consent__recording", "consent__work"))[:MOST_RELATED]
        return Sheet(
            title=f"Reserved: {_asset(fact) or 'everything of the holder'}",
            lead="A standing no in its period, for what it names." if end is None else "It was lifted.",
            chip=self.shown_state(fact),
            steps=(Step("Lift…", reverse("admin:rights_reservation_lift", args=[fact.pk])),) if can_lift else (),
            facts=(
                ("Holder", sheets.link(fact.holder)),
                ("Of", _of(fact)),
                ("Reserved", sheets.uses(fact.uses)),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Wording", fact.wording or sheets.NOTHING),
                (
                    "Snapshot",
                    sheets.long_id(f"sha256:{fact.snapshot_digest}") if fact.snapshot_digest else sheets.NOTHING,
                ),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(reservation=fact),
            ),
            tables=(
                Table(
                    "Consents that say yes all the same",
                    ("Consent", "From"),
                    tuple((sheets.link(one.consent), str(one.consent.active_from)) for one in named),
                    "None names it.",
                ),
            ),
        )

    def lift_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask from when on, and lift."""
        reservation: Reservation = self.fact(request, id)
        if not _may_lift(request, reservation):
            raise PermissionDenied
        initial = {"id": uuid4(), "effective_on": timezone.now().date()}
        form = LiftForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                end = consenting.lift(
                    id=form.cleaned_data["id"],
                    reservation_id=reservation.pk,
                    effective_on=form.cleaned_data["effective_on"],
                    at=timezone.now(),
                )
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            except IntegrityError:
                messages.info(request, "This was lifted already.")  # the same form sent twice
                return HttpResponseRedirect(sheets.address(reservation))
            else:
                self._note(request, end)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(reservation))
        return self.ask(request, reservation, form, title="Lift this reservation")


def _may_lift(request: HttpRequest, reservation: Reservation) -> bool:
    speaks = caller_of(request).acts_for(reservation.holder_id, Verb.CONSENT)
    return speaks and request.user.has_perm("rights.add_reservationend")


def _asset(row: Reservation) -> Model | None:
    return next((getattr(row, kind.value) for kind in AssetKind if getattr(row, f"{kind.value}_id")), None)


def _of(row: Reservation) -> Shown:
    if row.recording or row.work:
        return sheets.link(row.recording or row.work)
    return str(_asset(row) or "Everything of the holder")
