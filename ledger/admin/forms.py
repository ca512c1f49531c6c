"""What staff register at the desk: each form calls the use case that the API calls, and no other way in exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db.models import Model

from fingerprint.audio import AudioRefused
from ledger import holding, registration
from ledger.admin.fields import INPUT, DateField, FractionField, TerritoriesField, digest_of, pick, pick_several
from ledger.visibility import EVERYTHING, Sight, seen
from rights.assets import GivenWork
from rights.identifiers import BadIsrc, BadIswc
from rights.models import Party, Recording, Share, Work
from rights.registry import (
    AssetRef,
    NotAPart,
    NotOneAsset,
)
from rights.shares import GivenShare
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import RightType, Use

Refusals = Mapping[type[Exception], str]

_USES = [
    (Use.INPUT.value, "The asset goes into a generated output (remix, cover, transformation)"),
    (Use.DISTRIBUTE_OUTSIDE.value, "The output leaves the licensee’s own service"),
    (Use.DISTRIBUTE_INSIDE.value, "The output stays within the licensee’s own service"),
]
_OPEN = "The first day on which it does not hold any more; empty while open"
_SIDE = "Either a recording, the master side, or a work, the publishing side"


def sentence_of(error: Exception) -> str:
    """Return what an exception says: its message, else its docstring."""
    text = str(error) or " ".join((type(error).__doc__ or "").split())
    return text[:1].upper() + text[1:]


class FactForm(forms.Form):
    """A fact to be inserted. The id is made with the form, so that sending it twice registers it once."""

    id = forms.UUIDField(widget=forms.HiddenInput)

    lead: str = ""  # what registering it does
    hint: ClassVar[str] = ""  # what stands beside the button, in place of that facts are not changed
    done: ClassVar[str] = "Registered; its entry goes into the log within a second."
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()  # heading → fields
    one_of: ClassVar[frozenset[str]] = frozenset()  # fields of which one is needed, though none of them alone
    refusals: ClassVar[Refusals] = {}  # what the use case may raise → the field that it is about

    registrar_id: UUID | None = None  # the organization in whose name it is registered
    sight: Sight = EVERYTHING  # whose eyes it is filled in with

    def look_through(self, sight: Sight) -> None:
        """Offer only what is seen, also where an address or a body names something else by its id."""
        self.sight = sight
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                field.queryset = seen(field.queryset, sight)
                field.widget.rows = field.queryset

    def field_of(self, error: Exception) -> str:
        """Return the field that a refusal is about."""
        return next(name for kind, name in self.refusals.items() if isinstance(error, kind))

    def write(self, *, id: UUID, at: datetime) -> Model:
        """Call the use case."""
        raise NotImplementedError

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the fields under their headings, each with whether it may be left empty."""
        return [
            (title, [(self[name], not self.fields[name].required and name not in self.one_of) for name in names])
            for title, names in self.groups
        ]


class WorkForm(FactForm):
    """A work to register."""

    title = forms.CharField(max_length=300, widget=forms.TextInput(INPUT))
    iswc = forms.CharField(
        label="ISWC", required=False, max_length=20, widget=forms.TextInput(INPUT), help_text="Such as T-034524680-1"
    )

    lead = "A composition: the publishing side. Its recordings name it, and its shares say who holds it."
    groups = (("What", ("title", "iswc")),)
    refusals = {BadIswc: "iswc"}

    def write(self, *, id: UUID, at: datetime) -> Work:
        """Register the work."""
        given = self.cleaned_data
        return registration.register_work(
            id=id, title=given["title"], iswc=given["iswc"] or None, registrar_id=self.registrar_id, at=at
        )


class RecordingForm(FactForm):
    """A recording to register."""

    title = forms.CharField(max_length=300, widget=forms.TextInput(INPUT))
    isrc = forms.CharField(
        label="ISRC", required=False, max_length=20, widget=forms.TextInput(INPUT), help_text="Such as GB-AYE-05-00001"
    )
    works = pick_several(
        Work, required=False, help_text="What is performed in it; without one its publishing side is unknown"
    )
    audio = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"class": "l-input", "accept": "audio/*,.wav,.aiff,.aif,.mp3,.flac,.m4a,.ogg"}),
        help_text="WAV, AIFF, MP3, FLAC, M4A or OGG. With it, outputs are compared with this recording from now on.",
    )

    lead = "The master side. Its audio is fingerprinted while you wait, about a second for each minute of music."
    groups = (("What", ("title", "isrc", "works")), ("Audio", ("audio",)))
    refusals = {BadIsrc: "isrc", AudioRefused: "audio"}

    def write(self, *, id: UUID, at: datetime) -> Recording:
        """Register the recording and enroll its audio."""
        given = self.cleaned_data
        upload = given["audio"]
        return registration.register_recording(
            id=id,
            title=given["title"],
            isrc=given["isrc"] or None,
            works=[GivenWork(work.pk) for work in given["works"]],
            audio_path=Path(upload.temporary_file_path()) if upload else None,
            media_type=upload.content_type if upload else None,
            registrar_id=self.registrar_id,
            at=at,
        )


class AssetForm(FactForm):
    """A fact about one recording or one work."""

    recording = pick(Recording, required=False, help_text=_SIDE)
    work = pick(Work, required=False)

    one_of = frozenset({"recording", "work", "document", "digest"})

    def asset(self) -> AssetRef:
        """
        Return which one.

        :raises NotOneAsset: both or neither
        """
        recording, work = self.cleaned_data["recording"], self.cleaned_data["work"]
        return AssetRef(recording_id=recording.pk if recording else None, work_id=work.pk if work else None)


class ShareForm(AssetForm):
    """A share to register."""

    party = pick(Party)
    right_type = forms.ChoiceField(
        choices=[(RightType.AI_OUTPUT.value, "AI output")],
        widget=forms.Select(INPUT),
        help_text="Being asked about, and paid for, outputs that a machine made with it",
    )
    part = FractionField(help_text="Exact: 1, 1/2, 33/100")
    territories = TerritoriesField()
    active_from = DateField()
    active_to = DateField(required=False, help_text=_OPEN)

    lead = (
        "Who holds which part. Shares need not add up when you register them; an output is cleared only where they do."
    )
    groups = (
        ("Of what", ("recording", "work")),
        ("Who holds how much", ("party", "right_type", "part")),
        ("Where and when", ("territories", "active_from", "active_to")),
    )
    refusals = {NotOneAsset: "recording", NotAPart: "part", NoSuchTerritory: "territories", NoTerritory: "territories"}

    def write(self, *, id: UUID, at: datetime) -> Share:
        """Register the share."""
        given = self.cleaned_data
        return holding.register_share(
            GivenShare(
                id=id,
                asset=self.asset(),
                party_id=given["party"].pk,
                right_type=RightType(given["right_type"]),
                part=given["part"],
                territories=tuple(given["territories"]),
                active_from=given["active_from"],
                active_to=given["active_to"],
                registrar_id=self.registrar_id,
            ),
            at=at,
        )


class AgreementFields(forms.Form):
    """What a consent and a license have in common: uses, where, when, and the text that was signed."""

    uses = forms.MultipleChoiceField(
        choices=_USES, widget=forms.CheckboxSelectMultiple, help_text="What is not ticked is not allowed"
    )
    territories = TerritoriesField()
    active_from = DateField()
    active_to = DateField(required=False, help_text=_OPEN)
    document = forms.FileField(
        label="Signed text",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Only its SHA-256 is kept; keep the text itself where you keep contracts",
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )

    def clean(self) -> dict[str, Any]:
        """Find the digest of the text."""
        given = super().clean() or self.cleaned_data
        try:
            given["document_digest"] = digest_of(given.get("document"), given.get("digest", ""))
        except forms.ValidationError as error:
            self.add_error("document", error)
        return given
