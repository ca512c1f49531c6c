"""Catalogue: works, recordings and the shares in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from ledger.admin import sheets
from ledger.admin.facts import FactAdmin, add_address
from ledger.admin.forms import RecordingForm, WorkForm
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import seen_by
from rights.models import (
    Consent,
    License,
    Lyrics,
    Recording,
    RecordingDescription,
    RecordingWork,
    Share,
    Stem,
    Submission,
    Work,
)

MOST_RELATED = 100


def share_rows(shares: QuerySet[Share], *, of_party: bool = False) -> tuple[tuple[Shown, ...], ...]:
    """Return shares as rows of a table."""
    rows = shares.select_related(
        "party__identity", "recording", "work", "voice__person__identity", "stem", "lyrics__work"
    ).order_by("-active_from", "id")
    return tuple(
        (
            sheets.link(share, f"{share.numerator}/{share.denominator}"),
            sheets.link(_asset_of(share)) if of_party else sheets.link(share.party),
            sheets.territories(share.territories, share.active_from),
            sheets.period(share),
        )
        for share in rows[:MOST_RELATED]
    )


def _asset_of(share: Share) -> Any:
    return share.recording or share.work or share.voice or share.stem or share.lyrics


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
        recordings = [
            link.recording
            for link in self.seen(request, fact.recording_links.select_related("recording"))[:MOST_RELATED]
        ]
        return Sheet(
            title=fact.title,
            lead="A work, the publishing side. Outputs are cleared only if all shares of it add up to 1.",
            steps=(Step("Shares…", shares_address("work", fact)),),
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
                Table("Lyrics", ("Language", "SHA-256"),
                      tuple((sheets.link(row, row.language), sheets.short_id(f"sha256:{row.text_digest}"))
                            for row in self.seen(request, fact.lyrics.order_by("language"))[:MOST_RELATED]),
                      "No text of it is registered.",
                      add_address(request, Lyrics, work=fact.pk), "Add lyrics"),
            ),
        )  # fmt: skip


class AudioFilter(admin.SimpleListFilter):
    """Whether outputs are compared with a recording: its audio came with it, or was delivered later."""

    title = "audio"
    parameter_name = "audio"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer both."""
        return [("with", "With audio"), ("without", "Without audio")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        silent = Q(reference=None, deliveries=None)
        match self.value():
            case "with":
                return queryset.exclude(silent)
            case "without":
                return queryset.filter(silent)
            case _:
                return queryset


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
    list_filter = (AudioFilter,)
    ordering = ("-registered_at",)
    list_select_related = ("reference__audio",)
    blank = "No recording is registered yet, so outputs are compared with nothing. Add one with its audio."
    about = "Recordings: the master side. Those with audio are what every output is compared with."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        """Return recordings with their works."""
        rows: QuerySet[Recording] = super().get_queryset(request)
        return rows.prefetch_related(
            Prefetch("work_links", self.seen(request, RecordingWork.objects.select_related("work"))),
            "deliveries__reference__audio",
        )

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

        sound = fact.sound.audio if fact.sound else None
        works = [link.work for link in self.seen(request, fact.work_links.select_related("work"))]
        voices = self.seen(request, fact.voice_links.select_related("voice__person__identity")).order_by("recorded_at")
        tracks = self.seen(request, fact.releases.select_related("release")).order_by("release", "position")
        said = fact.descriptions.select_related("describer__identity")
        descriptions = self.seen(request, said).order_by("-recorded_at", "id")
        return Sheet(
            title=fact.title,
            lead="A recording, the master side."
            + (" Every output is compared with it." if sound else " It has no audio here, so it is never heard."),
            steps=(Step("Shares…", shares_address("recording", fact)),),
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
                Table("Voices in it", ("Voice", "As"),
                      tuple((sheets.link(row.voice), row.get_component_display()) for row in voices[:MOST_RELATED]),
                      "No voice is known to be heard in it."),
                Table("Stems", ("Stem", "What it is"),
                      tuple((sheets.link(row), row.get_component_display())
                            for row in self.seen(request, fact.stems.order_by("title", "id"))[:MOST_RELATED]),
                      "No part of it is registered by itself.",
                      add_address(request, Stem, recording=fact.pk), "Add stem"),
                Table("Descriptions", ("Described by", "Genres", "Recorded"),
                      tuple((sheets.link(row.describer), sheets.link(row, ", ".join(row.genres) or "No genre"),
                             sheets.moment(row.recorded_at)) for row in descriptions[:MOST_RELATED]),
                      "Nobody has described it: in reports of coverage it is unknown.",
                      add_address(request, RecordingDescription, recording=fact.pk), "Add description"),
                Table("Sold as", ("Release", "Track"),
                      tuple((sheets.link(row.release), str(row.position)) for row in tracks[:MOST_RELATED]),
                      "No release names it."),
                Table("Declared as an ingredient of", OUTPUTS,
                      submission_rows(self.seen(request, outputs().filter(ingredients__recording=fact))),
                      "No output declares it."),
            ),
        )  # fmt: skip


def shares_address(kind: str, asset: Any) -> str:
    """Return where the shares of an asset are: what they come to, as known on a day, and the form for more."""
    return reverse("admin:rights_share_editor", args=[kind, asset.pk])


def _asset_tables(request: HttpRequest, side: str, fact: Any) -> tuple[Table, ...]:
    ids = {side: fact.pk}
    return (
        Table("Shares", SHARES, share_rows(seen_by(request, fact.shares.all())),
              "Nobody is registered as holding it, which refuses outputs.",
              shares_address(side, fact), "Edit shares, sums and history"),
        Table("Consents", CONSENTS, consent_rows(seen_by(request, fact.consents.all())),
              "Nobody has agreed to anything, which refuses outputs.",
              add_address(request, Consent, **ids), "Add consent"),
        Table("On the schedule of", LICENSES,
              license_rows(seen_by(request, License.objects.filter(**{f"schedule__{side}": fact}))),
              "It is on no license.", add_address(request, License, **{f"{side}s": fact.pk}), "Add license"),
    )  # fmt: skip


def _has_audio(row: Recording) -> Shown:
    return sheets.chip("cleared", "Compared with") if row.sound else sheets.chip("none", "No audio")


def _described(sound: Any) -> str:
    minutes, seconds = divmod(sound.duration_ms // 1000, 60)
    channels = {1: "mono", 2: "stereo"}.get(sound.channels, f"{sound.channels} channels")
    return f"{minutes}:{seconds:02d}, {sound.media_type} ({sound.codec}), {sound.sample_rate_hz} Hz, {channels}"
