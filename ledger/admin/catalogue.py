"""Catalogue: works, recordings and the shares in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.admin import sheets
from ledger.admin.facts import FactAdmin, add_address
from ledger.admin.forms import RecordingForm, ShareForm, WorkForm
from ledger.admin.sheets import Sheet, Shown, Table
from rights.models import Consent, License, Recording, Share, Submission, Work

MOST_RELATED = 100


def share_rows(shares: QuerySet[Share], *, of_party: bool = False) -> tuple[tuple[Shown, ...], ...]:
    """Return shares as rows of a table."""
    rows = shares.select_related("party__identity", "recording", "work").order_by("-active_from", "id")
    return tuple(
        (
            sheets.link(share, f"{share.numerator}/{share.denominator}"),
            sheets.link(share.recording or share.work) if of_party else sheets.link(share.party),
            sheets.territories(share.territories, share.active_from),
            sheets.period(share),
        )
        for share in rows[:MOST_RELATED]
    )


def consent_rows(consents: QuerySet[Consent], *, of_party: bool = False) -> tuple[tuple[Shown, ...], ...]:
    """Return consents as rows of a table, with what became of them."""
    rows = consents.select_related("grantor__identity", "recording", "work").prefetch_related("events")
    return tuple(
        (
            sheets.link(consent, "Consent"),
            sheets.link(consent.recording or consent.work) if of_party else sheets.link(consent.grantor),
            sheets.uses(consent.uses),
            sheets.period(consent),
            state_of(consent),
        )
        for consent in rows.order_by("-recorded_at")[:MOST_RELATED]
    )


def state_of(consent: Consent) -> Shown:
    """Return what became of a consent, as a chip."""
    for event in consent.events.all():
        if event.act == "withdrawn":
            return sheets.chip("refused", f"Withdrawn from {event.effective_on}")
    return sheets.chip("cleared", "Granted")


def license_rows(licenses: QuerySet[License]) -> tuple[tuple[Shown, ...], ...]:
    """Return licenses as rows of a table."""
    rows = licenses.select_related("licensor__identity", "licensee__identity").order_by("-recorded_at").distinct()
    return tuple(
        (
            sheets.link(row, "License"),
            sheets.link(row.licensor),
            sheets.link(row.licensee),
            sheets.uses(row.uses),
            sheets.period(row),
        )
        for row in rows[:MOST_RELATED]
    )


def submission_rows(submissions: QuerySet[Submission]) -> tuple[tuple[Shown, ...], ...]:
    """Return outputs as rows of a table."""
    return tuple(
        (sheets.link(row), sheets.chip(row.state), sheets.moment(row.submitted_at))  # type: ignore[attr-defined]
        for row in submissions.order_by("-submitted_at")[:MOST_RELATED]
    )


SHARES = ("Part", "Holder", "Where", "When")
CONSENTS = ("Consent", "Holder", "Uses", "When", "State")
LICENSES = ("License", "Licensor", "Licensee", "Uses", "When")
OUTPUTS = ("Output", "Outcome", "Submitted")


@admin.register(Work)
class WorkAdmin(FactAdmin):
    """Compositions: the publishing side."""

    fact_form = WorkForm
    pick_fields = ("title", "iswc")
    search_fields = ("title", "iswc")
    search_help_text = "Title or ISWC"
    list_display = ("title", "iswc", sheets.column("registered_at", "Registered"), "shown_id")
    ordering = ("-registered_at",)
    blank = "No work is registered yet. Add the compositions first, then their recordings."
    about = "Compositions: the publishing side of every recording."

    def more(self, row: Any) -> str:
        """Tell two of the same title apart by their code."""
        return row.iswc or str(row.pk)[:8]

    @admin.display(description="Id")
    def shown_id(self, row: Work) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: Work) -> Sheet:
        """Show its recordings, and who holds and allows what."""
        recordings = [link.recording for link in fact.recording_links.select_related("recording")[:MOST_RELATED]]
        return Sheet(
            title=fact.title,
            lead="A work, the publishing side. Outputs are cleared only if all shares of it add up to 1.",
            facts=(
                ("ISWC", fact.iswc or sheets.NOTHING),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(work=fact),
            ),
            tables=(
                Table("Recordings", ("Recording", "ISRC", "Audio"),
                      tuple((sheets.link(row), row.isrc or sheets.NOTHING, _has_audio(row)) for row in recordings),
                      "No recording of it is registered.",
                      add_address(request, Recording, works=fact.pk), "Add recording"),
                *_asset_tables(request, "work", fact),
            ),
        )  # fmt: skip


@admin.register(Recording)
class RecordingAdmin(FactAdmin):
    """Recordings: the master side, and what outputs are compared with."""

    fact_form = RecordingForm
    pick_fields = ("title", "isrc")
    search_fields = ("title", "isrc")
    search_help_text = "Title or ISRC"
    list_display = (
        "title",
        "isrc",
        "shown_works",
        "shown_audio",
        sheets.column("registered_at", "Registered"),
        "shown_id",
    )
    list_filter = (("reference", admin.EmptyFieldListFilter),)
    ordering = ("-registered_at",)
    list_select_related = ("reference__audio",)
    blank = "No recording is registered yet, so outputs are compared with nothing. Add one with its audio."
    about = "Recordings: the master side. Those with audio are what every output is compared with."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        """Return recordings with their works."""
        rows: QuerySet[Recording] = super().get_queryset(request)
        return rows.prefetch_related("work_links__work")

    def more(self, row: Any) -> str:
        """Tell two of the same title apart by their code."""
        return row.isrc or str(row.pk)[:8]

    @admin.display(description="Works")
    def shown_works(self, row: Recording) -> Shown:
        """Show what is performed in it."""
        return sheets.links(link.work for link in row.work_links.all())

    @admin.display(description="Audio", ordering="reference")
    def shown_audio(self, row: Recording) -> Shown:
        """Show whether outputs are compared with it."""
        return _has_audio(row)

    @admin.display(description="Id")
    def shown_id(self, row: Recording) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: Recording) -> Sheet:
        """Show its works and audio, and who holds and allows what."""
        from ledger.today import outputs

        sound = fact.reference.audio if fact.reference else None
        works = [link.work for link in fact.work_links.select_related("work")]
        return Sheet(
            title=fact.title,
            lead="A recording, the master side."
            + (" Every output is compared with it." if sound else " It has no audio here, so it is never heard."),
            facts=(
                ("ISRC", fact.isrc or sheets.NOTHING),
                ("Works", sheets.links(works) if works else "None, which refuses every output that declares it"),
                ("Audio", _described(sound) if sound else sheets.NOTHING),
                ("Bytes", sheets.long_id(f"sha256:{sound.digest}") if sound else sheets.NOTHING),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(recording=fact),
            ),
            tables=(
                *_asset_tables(request, "recording", fact),
                Table("Declared as an ingredient of", OUTPUTS,
                      submission_rows(outputs().filter(ingredients__recording=fact)), "No output declares it."),
            ),
        )  # fmt: skip


def _asset_tables(request: HttpRequest, side: str, fact: Any) -> tuple[Table, ...]:
    ids = {side: fact.pk}
    return (
        Table("Shares", SHARES, share_rows(fact.shares.all()),
              "Nobody is registered as holding it, which refuses outputs.",
              add_address(request, Share, **ids), "Add share"),
        Table("Consents", CONSENTS, consent_rows(fact.consents.all()),
              "Nobody has agreed to anything, which refuses outputs.",
              add_address(request, Consent, **ids), "Add consent"),
        Table("On the schedule of", LICENSES, license_rows(License.objects.filter(**{f"schedule__{side}": fact})),
              "It is on no license.", add_address(request, License, **{f"{side}s": fact.pk}), "Add license"),
    )  # fmt: skip


def _has_audio(row: Recording) -> Shown:
    return sheets.chip("cleared", "Compared with") if row.reference_id else sheets.chip("none", "No audio")


def _described(sound: Any) -> str:
    minutes, seconds = divmod(sound.duration_ms // 1000, 60)
    channels = {1: "mono", 2: "stereo"}.get(sound.channels, f"{sound.channels} channels")
    return f"{minutes}:{seconds:02d}, {sound.media_type} ({sound.codec}), {sound.sample_rate_hz} Hz, {channels}"


@admin.register(Share)
class ShareAdmin(FactAdmin):
    """Who holds which part."""

    fact_form = ShareForm
    search_fields = ("recording__title", "work__title")
    search_help_text = "Title of the asset"
    list_display = (
        "shown_part",
        "shown_asset",
        "shown_side",
        "shown_party",
        "shown_territories",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
    )
    list_filter = (("recording", admin.EmptyFieldListFilter),)
    list_select_related = ("recording", "work", "party__identity")
    ordering = ("-recorded_at",)
    blank = "Nobody is registered as holding anything yet. Add who holds which part of each recording and work."
    about = (
        "Exact parts of a right, per asset, territory and period. They must add up to 1 before an output is cleared."
    )

    @admin.display(description="Part")
    def shown_part(self, row: Share) -> str:
        """Show the fraction."""
        return f"{row.numerator}/{row.denominator}"

    @admin.display(description="Asset")
    def shown_asset(self, row: Share) -> Shown:
        """Link to what it is a share of."""
        return sheets.link(row.recording or row.work)

    @admin.display(description="Side")
    def shown_side(self, row: Share) -> str:
        """Say which side that is."""
        return "Master" if row.recording_id else "Publishing"

    @admin.display(description="Holder")
    def shown_party(self, row: Share) -> Shown:
        """Link to who holds it."""
        return sheets.link(row.party)

    @admin.display(description="Where")
    def shown_territories(self, row: Share) -> Shown:
        """Say where."""
        return sheets.territories(row.territories, row.active_from)

    def sheet(self, request: HttpRequest, fact: Share) -> Sheet:
        """Show the share beside the others of the same asset."""
        asset: Any = fact.recording or fact.work
        return Sheet(
            title=f"{fact.numerator}/{fact.denominator} of “{asset}”",
            lead=f"{'Master' if fact.recording_id else 'Publishing'} side: the right to be asked about AI outputs.",
            facts=(
                ("Holder", sheets.link(fact.party)),
                ("Asset", sheets.link(asset)),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(share=fact),
            ),
            tables=(
                Table("All shares of this asset", SHARES, share_rows(asset.shares.all()), "",
                      add_address(request, Share, **{"recording" if fact.recording_id else "work": asset.pk}),
                      "Add share"),
            ),
        )  # fmt: skip
