"""What rights are in: works, recordings, releases, voices, stems, lyrics, models and datasets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import store
from ledger import registration
from ledger.access import Caller, NotYourParty, Verb, may_keep
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import AnyAssetInput, DigestField, FractionField, asset_named, asset_of, choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.parsing import BoundedJSONParser
from ledger.api.uploads import TakesUploads
from rights import assets
from rights.assets import GivenExclusion, GivenMember, GivenWork
from rights.identifiers import Scheme, read
from rights.identifiers import isrc as canonical_isrc
from rights.identifiers import iswc as canonical_iswc
from rights.models import (
    ConsentEvent,
    Dataset,
    DatasetExclusion,
    DatasetMember,
    License,
    Lyrics,
    Model,
    ModelVersion,
    ModelVersionRetirement,
    Party,
    Recording,
    RecordingVoice,
    RecordingWork,
    Release,
    ReleaseRecording,
    Reservation,
    Stem,
    TrainingLicense,
    Voice,
    Work,
)
from rights.visibility import ASSETS
from rights.vocabulary import Component, ExclusionReason

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}


def keep(caller: Caller, fact: Party | Recording | Model) -> None:
    """
    Check that the caller may say what belongs to somebody, to a recording or to a model: seeing it is not enough.

    :raises NotYourParty: it is neither theirs nor registered by them
    """
    if not may_keep(caller, fact):
        raise NotYourParty


class WorkOutput(serializers.Serializer[Work]):
    """A work."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    iswc = serializers.CharField(allow_null=True)
    registered_at = serializers.DateTimeField()


class Works(APIView):
    """Compositions: the publishing side."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Work")
    class Input(serializers.Serializer[Any]):
        """A work to register."""

        id = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        iswc = serializers.CharField(max_length=20, required=False, allow_null=True, default=None)

    @extend_schema(operation_id="register_work", request=Input, responses={201: WorkOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a composition."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        iswc = canonical_iswc(data["iswc"]) if data["iswc"] else None
        work, created = once(
            seen_by(request, Work.objects.all()),
            data["id"],
            same=lambda found: (found.title, found.iswc) == (data["title"], iswc),
            create=lambda: registration.register_work(
                **data, registrar_id=caller_of(request).registrar(Verb.REGISTER), at=timezone.now()
            ),
        )
        return Response(WorkOutput(work).data, status=201 if created else 200)

    @extend_schema(operation_id="list_works", responses=Page.of(WorkOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List works, oldest first."""
        return page_of(Work.objects.all(), "registered_at", WorkOutput, request)


class PortionInput(serializers.Serializer[Any]):
    """A work in a recording, with what is known of its place there."""

    work = serializers.UUIDField()
    portion = FractionField(required=False, allow_null=True, default=None, help_text="Part of the recording")
    start_ms = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)
    end_ms = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1)


def given_work(data: Mapping[str, Any]) -> GivenWork:
    """Return what was said of a work in a recording."""
    return GivenWork(data["work"], data["portion"], data["start_ms"], data["end_ms"])


def work_of(link: RecordingWork) -> GivenWork:
    """Return what is recorded of a work in a recording."""
    over, under = link.portion_numerator, link.portion_denominator
    portion = Fraction(over, under) if over is not None and under is not None else None
    return GivenWork(link.work_id, portion, link.start_ms, link.end_ms)


def said_of(link: RecordingWork) -> dict[str, Any]:
    """Write what is recorded of a work in a recording."""
    given = work_of(link)
    return {
        "work": str(given.work_id),
        "portion": str(given.portion) if given.portion is not None else None,
        "start_ms": given.start_ms,
        "end_ms": given.end_ms,
    }


class RecordingOutput(serializers.Serializer[Recording]):
    """A recording."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    isrc = serializers.CharField(allow_null=True)
    works = serializers.SerializerMethodField(help_text="Those that are yours to see")
    portions = serializers.SerializerMethodField(help_text="Of the works of which a portion or a time is known")
    audio = serializers.SerializerMethodField(help_text="Digest of the registered audio, if there is some")
    registered_at = serializers.DateTimeField()

    def get_works(self, recording: Recording) -> list[UUID]:
        """Return the ids of the works in it."""
        return sorted((link.work_id for link in recording.work_links.all()), key=str)

    def get_portions(self, recording: Recording) -> list[dict[str, Any]]:
        """Return which part of the recording each work is, as far as that is known."""
        known = [link for link in recording.work_links.all() if link.portion_numerator or link.start_ms is not None]
        return [said_of(link) for link in sorted(known, key=lambda link: str(link.work_id))]

    def get_audio(self, recording: Recording) -> str | None:
        """Return the digest of its audio."""
        sound = recording.sound
        return digest(sound.audio_id) if sound else None


def _recordings(request: Request) -> QuerySet[Recording]:
    """Return recordings with those of their works that the caller sees: a singer holds no work by singing it."""
    links = Prefetch("work_links", seen_by(request, RecordingWork.objects.all()))
    return Recording.objects.select_related("reference").prefetch_related(links, "deliveries__reference")


class Recordings(TakesUploads):
    """Recordings: the master side, and what outputs are compared with."""

    scopes = SCOPES
    parser_classes = [MultiPartParser, BoundedJSONParser]

    @extend_schema_serializer(component_name="Recording")
    class Input(serializers.Serializer[Any]):
        """A recording to register; with ``audio`` it is compared with from then on."""

        id = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        isrc = serializers.CharField(max_length=20, required=False, allow_null=True, default=None)
        works = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=100)
        portions = serializers.ListField(child=PortionInput(), required=False, default=list, max_length=100)
        audio = serializers.FileField(required=False, allow_empty_file=True)

    @extend_schema(
        operation_id="register_recording", request=Input, responses={201: RecordingOutput}, tags=["catalogue"]
    )
    def post(self, request: Request) -> Response:
        """Register a recording with the works that are in it and, if at hand, audio: WAV, AIFF, MP3, FLAC, M4A, OGG."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        isrc = canonical_isrc(data["isrc"]) if data["isrc"] else None
        caller = caller_of(request)
        caller.look_up(works=(Work, data["works"]), portions=(Work, [portion["work"] for portion in data["portions"]]))
        upload = data.get("audio")
        path = Path(upload.temporary_file_path()) if upload else None
        audio_digest = store.digest_of(path) if path else None

        portions = [given_work(portion) for portion in data["portions"]]
        described = {portion.work_id for portion in portions}
        works = [*portions, *(GivenWork(work) for work in data["works"] if work not in described)]

        def same(found: Recording) -> bool:
            known = found.reference.audio_id if found.reference else None
            # What was linked later has an entry of its own, and was not part of this statement.
            linked = {work_of(link) for link in found.work_links.all() if not link.entries.exists()}
            wanted = (data["title"], isrc, set(works), audio_digest)
            return (found.title, found.isrc, linked, known) == wanted

        recording, created = once(
            seen_by(request, Recording.objects.select_related("reference").prefetch_related("work_links")),
            data["id"],
            same=same,
            create=lambda: registration.register_recording(
                id=data["id"],
                title=data["title"],
                isrc=data["isrc"],
                works=works,
                audio_path=path,
                media_type=upload.content_type if upload else None,
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(RecordingOutput(recording).data, status=201 if created else 200)

    @extend_schema(operation_id="list_recordings", responses=Page.of(RecordingOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List recordings, oldest first."""
        return page_of(_recordings(request), "registered_at", RecordingOutput, request)


class RecordingDetail(APIView):
    """One recording."""

    scopes = SCOPES
    sees = {"id": Recording}

    @extend_schema(operation_id="read_recording", responses=RecordingOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a recording."""
        return Response(RecordingOutput(get_object_or_404(_recordings(request), pk=id)).data)


class WorkDetail(APIView):
    """One work."""

    scopes = SCOPES
    sees = {"id": Work}

    @extend_schema(operation_id="read_work", responses=WorkOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a work."""
        return Response(WorkOutput(get_object_or_404(Work, pk=id)).data)


class WorkLinkOutput(serializers.Serializer[RecordingWork]):
    """That a work is in a recording."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id")
    work = serializers.UUIDField(source="work_id")
    portion = serializers.SerializerMethodField()
    start_ms = serializers.IntegerField(allow_null=True)
    end_ms = serializers.IntegerField(allow_null=True)
    recorded_at = serializers.DateTimeField()

    def get_portion(self, link: RecordingWork) -> str | None:
        """Return which part of the recording it is, if that is known."""
        portion = said_of(link)["portion"]
        return None if portion is None else str(portion)


class RecordingWorks(APIView):
    """Which works are in a recording."""

    scopes = SCOPES
    sees = {"id": Recording}

    @extend_schema_serializer(component_name="WorkLink")
    class Input(PortionInput):
        """One more work in a recording."""

        id = serializers.UUIDField()

    @extend_schema(operation_id="link_work", request=Input, responses={201: WorkLinkOutput}, tags=["catalogue"])
    def post(self, request: Request, id: UUID) -> Response:
        """Register that one more work is in a recording; the portions of all of them are at most the whole."""
        keep(caller_of(request), get_object_or_404(Recording, pk=id))
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        caller_of(request).look_up(work=(Work, given.validated_data["work"]))
        wanted = given_work(given.validated_data)
        link, created = once(
            seen_by(request, RecordingWork.objects.all()),
            given.validated_data["id"],
            same=lambda found: (found.recording_id, work_of(found)) == (id, wanted),
            create=lambda: registration.link_work(
                id=given.validated_data["id"], recording_id=id, given=wanted, at=timezone.now()
            ),
        )
        return Response(WorkLinkOutput(link).data, status=201 if created else 200)

    @extend_schema(operation_id="list_work_links", responses=Page.of(WorkLinkOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the works in a recording, those first that were linked first."""
        return page_of(RecordingWork.objects.filter(recording=id), "recorded_at", WorkLinkOutput, request)


class VoiceLinkOutput(serializers.Serializer[RecordingVoice]):
    """That a voice is heard in a recording."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id")
    voice = serializers.UUIDField(source="voice_id")
    component = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class RecordingVoices(APIView):
    """Whose voices are heard in a recording."""

    scopes = SCOPES
    sees = {"id": Recording}

    @extend_schema_serializer(component_name="VoiceLink")
    class Input(serializers.Serializer[Any]):
        """A voice in a recording."""

        id = serializers.UUIDField()
        voice = serializers.UUIDField()
        component = serializers.ChoiceField(choices(Component), default=Component.LEAD_VOCAL.value)

    @extend_schema(operation_id="link_voice", request=Input, responses={201: VoiceLinkOutput}, tags=["catalogue"])
    def post(self, request: Request, id: UUID) -> Response:
        """Register that a voice is heard in a recording."""
        keep(caller_of(request), get_object_or_404(Recording, pk=id))
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller_of(request).look_up(voice=(Voice, data["voice"]))
        link, created = once(
            seen_by(request, RecordingVoice.objects.all()),
            data["id"],
            same=lambda found: (
                (found.recording_id, found.voice_id, found.component) == (id, data["voice"], data["component"])
            ),
            create=lambda: registration.link_voice(
                id=data["id"],
                recording_id=id,
                voice_id=data["voice"],
                component=Component(data["component"]),
                at=timezone.now(),
            ),
        )
        return Response(VoiceLinkOutput(link).data, status=201 if created else 200)

    @extend_schema(operation_id="list_voice_links", responses=Page.of(VoiceLinkOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the voices in a recording."""
        return page_of(RecordingVoice.objects.filter(recording=id), "recorded_at", VoiceLinkOutput, request)


class ReleaseOutput(serializers.Serializer[Release]):
    """A release."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    icpn = serializers.CharField(allow_null=True)
    grid = serializers.CharField(allow_null=True)
    recordings = serializers.SerializerMethodField(help_text="Its tracks that are yours to see, in their order")
    registered_at = serializers.DateTimeField()

    def get_recordings(self, release: Release) -> list[UUID]:
        """Return the ids of its tracks."""
        return [track.recording_id for track in sorted(release.tracks.all(), key=lambda track: track.position)]


def _releases(request: Request) -> QuerySet[Release]:
    """Return releases with those of their tracks that the caller sees: a holder of one track holds no other by it."""
    return Release.objects.prefetch_related(Prefetch("tracks", seen_by(request, ReleaseRecording.objects.all())))


class Releases(APIView):
    """What is sold: recordings under one product code."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Release")
    class Input(serializers.Serializer[Any]):
        """A release to register."""

        id = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        icpn = serializers.CharField(max_length=20, required=False, allow_null=True, default=None)
        grid = serializers.CharField(max_length=24, required=False, allow_null=True, default=None)
        recordings = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=1000)

    @extend_schema(operation_id="register_release", request=Input, responses={201: ReleaseOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a release with its tracks, in their order."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(recordings=(Recording, data["recordings"]))
        icpn = read(Scheme.GTIN, data["icpn"]).value if data["icpn"] else None
        grid = read(Scheme.GRID, data["grid"]).value if data["grid"] else None

        def same(found: Release) -> bool:
            tracks = list(found.tracks.order_by("position").values_list("recording_id", flat=True))
            return (found.title, found.icpn, found.grid, tracks) == (data["title"], icpn, grid, data["recordings"])

        release, created = once(
            seen_by(request, Release.objects.prefetch_related("tracks")),
            data["id"],
            same=same,
            create=lambda: registration.register_release(
                id=data["id"],
                title=data["title"],
                icpn=data["icpn"],
                grid=data["grid"],
                recording_ids=data["recordings"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(ReleaseOutput(release).data, status=201 if created else 200)

    @extend_schema(operation_id="list_releases", responses=Page.of(ReleaseOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List releases, oldest first."""
        return page_of(_releases(request), "registered_at", ReleaseOutput, request)


class ReleaseDetail(APIView):
    """One release."""

    scopes = SCOPES
    sees = {"id": Release}

    @extend_schema(operation_id="read_release", responses=ReleaseOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a release."""
        return Response(ReleaseOutput(get_object_or_404(_releases(request), pk=id)).data)


class VoiceOutput(serializers.Serializer[Voice]):
    """A voice."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    label = serializers.CharField()  # type: ignore[assignment] # a name of DRF's Field
    registered_at = serializers.DateTimeField()


class Voices(APIView):
    """Voices of persons, cleared apart from master and publishing."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Voice")
    class Input(serializers.Serializer[Any]):
        """A voice to register."""

        id = serializers.UUIDField()
        person = serializers.UUIDField()
        label = serializers.CharField(  # type: ignore[assignment] # a name of DRF's Field
            max_length=120, help_text="Which voice of the person: singing, speaking"
        )

    @extend_schema(operation_id="register_voice", request=Input, responses={201: VoiceOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a voice of a natural person."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(person=(Party, data["person"]))
        if (person := Party.objects.filter(pk=data["person"]).first()) is not None:
            keep(caller, person)
        voice, created = once(
            seen_by(request, Voice.objects.all()),
            data["id"],
            same=lambda found: (found.person_id, found.label) == (data["person"], data["label"]),
            create=lambda: registration.register_voice(
                id=data["id"],
                person_id=data["person"],
                label=data["label"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(VoiceOutput(voice).data, status=201 if created else 200)

    @extend_schema(operation_id="list_voices", responses=Page.of(VoiceOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List voices, oldest first."""
        return page_of(Voice.objects.all(), "registered_at", VoiceOutput, request)


class StemOutput(serializers.Serializer[Stem]):
    """A stem."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id")
    title = serializers.CharField()
    component = serializers.CharField()
    audio = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    def get_audio(self, stem: Stem) -> str | None:
        """Return the digest of its bytes, if they are known."""
        return digest(stem.audio_digest)


class Stems(APIView):
    """Parts of recordings that exist by themselves."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Stem")
    class Input(serializers.Serializer[Any]):
        """A stem to register."""

        id = serializers.UUIDField()
        recording = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        component = serializers.ChoiceField(choices(Component))
        audio = DigestField(required=False, default="", help_text="SHA-256 of its bytes")

    @extend_schema(operation_id="register_stem", request=Input, responses={201: StemOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a stem of a recording: a vocal take, a drum track, a sample."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(recording=(Recording, data["recording"]))
        wanted = (data["recording"], data["title"], data["component"], data["audio"])
        stem, created = once(
            seen_by(request, Stem.objects.all()),
            data["id"],
            same=lambda found: (found.recording_id, found.title, found.component, found.audio_digest) == wanted,
            create=lambda: registration.register_stem(
                id=data["id"],
                recording_id=data["recording"],
                title=data["title"],
                component=Component(data["component"]),
                audio_digest=data["audio"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(StemOutput(stem).data, status=201 if created else 200)

    @extend_schema(operation_id="list_stems", responses=Page.of(StemOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List stems, oldest first."""
        return page_of(Stem.objects.all(), "registered_at", StemOutput, request)


class LyricsOutput(serializers.Serializer[Lyrics]):
    """The text of a work."""

    id = serializers.UUIDField()
    work = serializers.UUIDField(source="work_id")
    language = serializers.CharField()
    text = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    def get_text(self, lyrics: Lyrics) -> str | None:
        """Return the digest of the text."""
        return digest(lyrics.text_digest)


class AllLyrics(APIView):
    """The texts of works, by their digests."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Lyrics")
    class Input(serializers.Serializer[Any]):
        """A text to register."""

        id = serializers.UUIDField()
        work = serializers.UUIDField()
        language = serializers.CharField(max_length=35, help_text="A tag of BCP 47, such as en or pt-BR")
        text = DigestField(help_text="SHA-256 of the text in UTF-8, NFC, with single line feeds; the words stay yours")

    @extend_schema(operation_id="register_lyrics", request=Input, responses={201: LyricsOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register the text of a work in one language. The words are not kept."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(work=(Work, data["work"]))
        wanted = (data["work"], data["language"], data["text"])
        lyrics, created = once(
            seen_by(request, Lyrics.objects.all()),
            data["id"],
            same=lambda found: (found.work_id, found.language, found.text_digest) == wanted,
            create=lambda: registration.register_lyrics(
                id=data["id"],
                work_id=data["work"],
                language=data["language"],
                text_digest=data["text"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(LyricsOutput(lyrics).data, status=201 if created else 200)

    @extend_schema(operation_id="list_lyrics", responses=Page.of(LyricsOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List texts, oldest first."""
        return page_of(Lyrics.objects.all(), "registered_at", LyricsOutput, request)


class DatasetOutput(serializers.Serializer[Dataset]):
    """A dataset."""

    id = serializers.UUIDField()
    keeper = serializers.UUIDField(source="keeper_id")
    name = serializers.CharField()
    digest = serializers.SerializerMethodField(help_text="SHA-256 over the ids of its members, sorted, one per line")
    member_count = serializers.IntegerField()
    despite = serializers.CharField(
        help_text="On which ground members are in it against which something stood: what its keeper asserts"
    )
    frozen_at = serializers.DateTimeField()

    def get_digest(self, dataset: Dataset) -> str | None:
        """Return what names its content."""
        return digest(dataset.members_digest)


class MemberInput(AnyAssetInput):
    """A member of a dataset."""

    license = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Under which it came in")


class MemberOutput(serializers.Serializer[DatasetMember]):
    """A member of a dataset."""

    asset = serializers.SerializerMethodField(help_text="Its kind and its id")
    license = serializers.UUIDField(source="license_id", allow_null=True)

    def get_asset(self, member: DatasetMember) -> dict[str, str]:
        """Return which asset it is."""
        return asset_named(member)


class ExclusionInput(AnyAssetInput):
    """What is left out of a dataset: an asset, or a number of what is registered nowhere, in words."""

    reason = serializers.ChoiceField(choices=choices(ExclusionReason))
    quantity = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=2**31 - 1, help_text="How many, where no asset is named"
    )
    note = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True, help_text="What it is, without names of people"
    )
    reservation = serializers.UUIDField(required=False, allow_null=True, default=None)
    withdrawal = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Event of the consent that ended"
    )


def given_exclusion(data: Mapping[str, Any]) -> GivenExclusion:
    """Return what was said of something left out."""
    is_asset = any(data.get(kind) for kind in ASSETS)
    return GivenExclusion(
        reason=ExclusionReason(data["reason"]),
        asset=asset_of(data) if is_asset else None,
        quantity=data["quantity"],
        note=data["note"],
        reservation_id=data["reservation"],
        event_id=data["withdrawal"],
    )


def exclusion_of(row: DatasetExclusion) -> tuple[Any, ...]:
    """Return what is recorded of something left out, so that two can be compared."""
    return (row.reason, row.asset_id, row.quantity, row.note, row.reservation_id, row.event_id)


class ExclusionOutput(serializers.Serializer[DatasetExclusion]):
    """What was left out of a dataset."""

    id = serializers.UUIDField()
    asset = serializers.SerializerMethodField(help_text="Its kind and its id; empty where it is registered nowhere")
    quantity = serializers.IntegerField()
    reason = serializers.CharField()
    note = serializers.CharField()
    reservation = serializers.UUIDField(source="reservation_id", allow_null=True)
    withdrawal = serializers.UUIDField(source="event_id", allow_null=True)

    def get_asset(self, row: DatasetExclusion) -> dict[str, str]:
        """Return which asset it is."""
        return asset_named(row)


class Datasets(APIView):
    """What models are trained on."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Dataset")
    class Input(serializers.Serializer[Any]):
        """A dataset to freeze."""

        id = serializers.UUIDField()
        keeper = serializers.UUIDField()
        name = serializers.CharField(max_length=200)
        members = serializers.ListField(child=MemberInput(), max_length=assets.MOST_MEMBERS)
        exclusions = serializers.ListField(
            child=ExclusionInput(),
            required=False,
            default=list,
            max_length=assets.MOST_MEMBERS,
            help_text="What was left out, and why",
        )
        despite = serializers.CharField(
            max_length=300,
            required=False,
            default="",
            allow_blank=True,
            help_text="On which ground members are in it that are reserved, withdrawn or licensed no more. Without it "
            "such members are refused; with it they are taken, and the summary says what stood against them.",
        )

    @extend_schema(operation_id="freeze_dataset", request=Input, responses={201: DatasetOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """
        Register a dataset. Its members are frozen: it has these and no others for ever.

        A member that is reserved, whose consent was withdrawn or whose license has ended is refused. One that nobody
        has allowed is taken and reported: see the training summary of the versions trained on it.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.answer_for(data["keeper"], Verb.REGISTER)
        members = [GivenMember(asset_of(member), member["license"]) for member in data["members"]]
        for kind, model in ASSETS.items():
            caller.look_up(members=(model, [member.asset.columns[f"{kind}_id"] for member in members]))
        caller.look_up(members=(License, [member.license_id for member in members]))
        exclusions = [given_exclusion(one) for one in data["exclusions"]]
        for kind, model in ASSETS.items():
            caller.look_up(
                exclusions=(model, [one.asset.columns[f"{kind}_id"] for one in exclusions if one.asset is not None])
            )
        caller.look_up(exclusions=(Reservation, [one.reservation_id for one in exclusions]))
        caller.look_up(exclusions=(ConsentEvent, [one.event_id for one in exclusions]))

        def same(found: Dataset) -> bool:
            known = set(found.members.values_list("asset_id", "license_id"))
            left_out = Counter(exclusion_of(row) for row in found.exclusions.all())
            wanted = (
                data["keeper"],
                data["name"],
                data["despite"],
                {(member.asset.id, member.license_id) for member in members},
                Counter(
                    (
                        one.reason.value,
                        one.asset.id if one.asset else None,
                        one.quantity,
                        one.note,
                        one.reservation_id,
                        one.event_id,
                    )
                    for one in exclusions
                ),
            )
            return (found.keeper_id, found.name, found.despite, known, left_out) == wanted

        dataset, created = once(
            seen_by(request, Dataset.objects.all()),
            data["id"],
            same=same,
            create=lambda: registration.freeze_dataset(
                id=data["id"],
                keeper_id=data["keeper"],
                name=data["name"],
                members=members,
                exclusions=exclusions,
                despite=data["despite"],
                at=timezone.now(),
            ),
        )
        return Response(DatasetOutput(dataset).data, status=201 if created else 200)

    @extend_schema(operation_id="list_datasets", responses=Page.of(DatasetOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List datasets, oldest first."""
        return page_of(Dataset.objects.all(), "frozen_at", DatasetOutput, request)


class DatasetDetail(APIView):
    """One dataset."""

    scopes = SCOPES
    sees = {"id": Dataset}

    @extend_schema(operation_id="read_dataset", responses=DatasetOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a dataset; its members have an address of their own."""
        return Response(DatasetOutput(get_object_or_404(Dataset, pk=id)).data)


class DatasetMembers(APIView):
    """What is in a dataset."""

    scopes = SCOPES
    sees = {"id": Dataset}

    @extend_schema(operation_id="list_dataset_members", responses=Page.of(MemberOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the members of a dataset, in the order of their assets' ids: the order of the digest."""
        get_object_or_404(Dataset, pk=id)
        return page_of(DatasetMember.objects.filter(dataset=id), "asset_id", MemberOutput, request)


class DatasetExclusions(APIView):
    """What was left out of a dataset."""

    scopes = SCOPES
    sees = {"id": Dataset}

    @extend_schema(operation_id="list_dataset_exclusions", responses=Page.of(ExclusionOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what was left out of a dataset when it was frozen, and why, as far as it is yours to see."""
        get_object_or_404(Dataset, pk=id)
        return page_of(DatasetExclusion.objects.filter(dataset=id), "reason", ExclusionOutput, request)


class ModelOutput(serializers.Serializer[Model]):
    """A family of models."""

    id = serializers.UUIDField()
    provider = serializers.UUIDField(source="provider_id")
    name = serializers.CharField()
    registered_at = serializers.DateTimeField()


class Models(APIView):
    """Generative models."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Model")
    class Input(serializers.Serializer[Any]):
        """A model to register."""

        id = serializers.UUIDField()
        provider = serializers.UUIDField()
        name = serializers.CharField(max_length=200)

    @extend_schema(operation_id="register_model", request=Input, responses={201: ModelOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a family of models of one provider; what is licensed and trained is a version of it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(provider=(Party, data["provider"]))
        model, created = once(
            seen_by(request, Model.objects.all()),
            data["id"],
            same=lambda found: (found.provider_id, found.name) == (data["provider"], data["name"]),
            create=lambda: registration.register_model(
                id=data["id"],
                provider_id=data["provider"],
                name=data["name"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(ModelOutput(model).data, status=201 if created else 200)

    @extend_schema(operation_id="list_models", responses=Page.of(ModelOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List models, oldest first."""
        return page_of(Model.objects.all(), "registered_at", ModelOutput, request)


class ModelVersionOutput(serializers.Serializer[ModelVersion]):
    """A trained version of a model."""

    id = serializers.UUIDField()
    model = serializers.UUIDField(source="model_id")
    label = serializers.CharField()  # type: ignore[assignment] # a name of DRF's Field
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    licenses = serializers.SerializerMethodField(help_text="What its training rested on, as far as it is yours to see")
    code = serializers.SerializerMethodField()
    weights = serializers.SerializerMethodField()
    trained_from = serializers.DateField(allow_null=True)
    trained_to = serializers.DateField(allow_null=True)
    has_identity_features = serializers.BooleanField()
    retired_on = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    def get_licenses(self, version: ModelVersion) -> list[UUID]:
        """Return the licenses that were in force when training began and when it ended."""
        return sorted((line.license_id for line in version.training_licenses.all()), key=str)

    def get_code(self, version: ModelVersion) -> str | None:
        """Return the digest of the training code."""
        return digest(version.code_digest)

    def get_weights(self, version: ModelVersion) -> str | None:
        """Return the digest of the weights."""
        return digest(version.weights_digest)

    def get_retired_on(self, version: ModelVersion) -> date | None:
        """Return the first day on which it does not run any more."""
        retirement = getattr(version, "retirement", None)
        return retirement.effective_on if retirement else None


class ModelVersions(APIView):
    """Trained versions of a model."""

    scopes = SCOPES
    sees = {"id": Model}

    @extend_schema_serializer(component_name="ModelVersion")
    class Input(serializers.Serializer[Any]):
        """A version to register."""

        id = serializers.UUIDField()
        label = serializers.CharField(max_length=80)  # type: ignore[assignment] # a name of DRF's Field
        dataset = serializers.UUIDField(required=False, allow_null=True, default=None)
        licenses = serializers.ListField(
            child=serializers.UUIDField(),
            required=False,
            default=list,
            max_length=1000,
            help_text="What the training rested on, beside the licenses of the dataset's members",
        )
        code = DigestField(required=False, default="")
        weights = DigestField(required=False, default="")
        trained_from = serializers.DateField(required=False, allow_null=True, default=None)
        trained_to = serializers.DateField(
            required=False, allow_null=True, default=None, help_text="The last day of training"
        )
        has_identity_features = serializers.BooleanField(
            help_text="Whether it generates a voice, a name or a likeness of a person"
        )

    @extend_schema(
        operation_id="register_model_version", request=Input, responses={201: ModelVersionOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Register a version; each license that it rests on must be in force when training begins and when it ends."""
        keep(caller_of(request), get_object_or_404(Model, pk=id))
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller_of(request).look_up(dataset=(Dataset, data["dataset"]), licenses=(License, data["licenses"]))
        facts = {
            "label": data["label"],
            "dataset_id": data["dataset"],
            "code_digest": data["code"],
            "weights_digest": data["weights"],
            "trained_from": data["trained_from"],
            "trained_to": data["trained_to"],
            "has_identity_features": data["has_identity_features"],
        }

        def same(found: ModelVersion) -> bool:
            named = {line.license_id for line in found.training_licenses.all()}
            wanted = set(data["licenses"]) | assets.licenses_of_dataset(data["dataset"])
            return (found.model_id, named) == (id, wanted) and all(
                getattr(found, name) == value for name, value in facts.items()
            )

        version, created = once(
            seen_by(request, ModelVersion.objects.select_related("retirement").prefetch_related("training_licenses")),
            data["id"],
            same=same,
            create=lambda: registration.register_model_version(
                id=data["id"], model_id=id, license_ids=data["licenses"], at=timezone.now(), **facts
            ),
        )
        return Response(ModelVersionOutput(version).data, status=201 if created else 200)

    @extend_schema(operation_id="list_model_versions", responses=Page.of(ModelVersionOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the versions of a model, oldest first."""
        get_object_or_404(Model, pk=id)
        rested_on = Prefetch("training_licenses", seen_by(request, TrainingLicense.objects.all()))
        versions = ModelVersion.objects.filter(model=id).select_related("retirement").prefetch_related(rested_on)
        return page_of(versions, "registered_at", ModelVersionOutput, request)


class RetirementOutput(serializers.Serializer[ModelVersionRetirement]):
    """That a version no longer runs."""

    id = serializers.UUIDField()
    model_version = serializers.UUIDField(source="model_version_id")
    effective_on = serializers.DateField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ModelVersionRetirements(APIView):
    """Ends of versions."""

    scopes = SCOPES
    sees = {"id": Model, "version_id": ModelVersion}

    @extend_schema_serializer(component_name="ModelVersionRetirement")
    class Input(serializers.Serializer[Any]):
        """From when on a version does not run any more."""

        id = serializers.UUIDField()
        effective_on = serializers.DateField()
        reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)

    @extend_schema(
        operation_id="retire_model_version", request=Input, responses={201: RetirementOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID, version_id: UUID) -> Response:
        """Register that a version of a model no longer runs, from a day on."""
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=version_id, model=id)
        keep(caller_of(request), version.model)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        wanted = (version_id, data["effective_on"], data["reason"])
        retirement, created = once(
            seen_by(request, ModelVersionRetirement.objects.all()),
            data["id"],
            same=lambda found: (found.model_version_id, found.effective_on, found.reason) == wanted,
            create=lambda: registration.retire_model_version(
                id=data["id"],
                model_version_id=version_id,
                effective_on=data["effective_on"],
                reason=data["reason"],
                at=timezone.now(),
            ),
        )
        return Response(RetirementOutput(retirement).data, status=201 if created else 200)
