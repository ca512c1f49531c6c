"""The rest of the catalogue at the desk: releases, voices, stems, lyrics; models with their versions, and datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from fingerprint.voices import CURRENT
from ledger import registration
from ledger.access import Caller, NotYourParty, Verb
from ledger.admin import sheets
from ledger.admin.catalogue import CONSENTS, SHARES, consent_rows, share_rows, shares_address
from ledger.admin.facts import FactAdmin, add_address
from ledger.admin.fields import INPUT, DateField, digest_of, pick, pick_several
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of, seen_by
from ledger.constraints import REFUSALS, violated
from ledger.visibility import Sight, seen
from rights import assets, datasets
from rights.assets import GivenExclusion, GivenMember
from rights.identifiers import BadCode, Scheme, display
from rights.models import (
    Dataset,
    DatasetExclusion,
    DatasetMember,
    License,
    Lyrics,
    ModelVersion,
    ModelVersionRetirement,
    Party,
    Recording,
    RecordingVoice,
    Release,
    Stem,
    TrainingStatement,
    Voice,
    VoiceEnrollment,
    Work,
)
from rights.models import Model as GenerativeModel
from rights.registry import AssetRef
from rights.vocabulary import AssetKind, Component, EnrollmentEndKind, ExclusionReason

MOST_RELATED = 100
COMPONENTS = [(one.value, one.value.replace("_", " ").capitalize()) for one in Component]
ENDS = {
    EnrollmentEndKind.WITHDRAWAL.value: "Ended",
    EnrollmentEndKind.ERASURE.value: "Erased",
    EnrollmentEndKind.REPLACED.value: "Replaced",
}
_SHORT = {"class": "l-input is-short"}
_DIGEST = {"class": "l-input l-mono"}


class DigestField(forms.CharField):
    """A SHA-256, empty where it is not known."""

    def __init__(self, **options: Any) -> None:
        """Show it as a line."""
        super().__init__(max_length=71, required=False, widget=forms.TextInput(_DIGEST), **options)

    def clean(self, value: Any) -> Any:
        """Read it."""
        text = str(super().clean(value)).strip()
        return digest_of(None, text) if text else ""


class LicensesField(forms.CharField):
    """Licenses by their ids, of those that are seen."""

    def __init__(self, *, most: int, **options: Any) -> None:
        """Take up to so many."""
        super().__init__(required=False, max_length=4000, widget=forms.TextInput(_DIGEST), **options)
        self.most = most
        self.sight: Sight | None = None

    def clean(self, value: Any) -> Any:
        """Find them."""
        words = str(super().clean(value)).replace(",", " ").split()
        if len(words) > self.most:
            raise forms.ValidationError(f"Name at most {self.most}.")
        try:
            ids = {UUID(word) for word in words}
        except ValueError as error:
            raise forms.ValidationError("A license is named by its id, which stands on its page.") from error
        rows = License.objects.filter(pk__in=ids)
        found = set((seen(rows, self.sight) if self.sight else rows.none()).values_list("pk", flat=True))
        if found != ids:
            raise forms.ValidationError("One of these is no license that you see.")
        return sorted(found, key=str)


# --- Forms.


class ReleaseForm(FactForm):
    """A release to register."""

    title = forms.CharField(max_length=300, widget=forms.TextInput(INPUT))
    icpn = forms.CharField(
        label="ICPN", required=False, max_length=20, widget=forms.TextInput(_SHORT), help_text="The UPC or EAN"
    )
    grid = forms.CharField(label="GRid", required=False, max_length=30, widget=forms.TextInput(_SHORT))
    recordings = pick_several(Recording, required=False, help_text="The tracks; their order is the order of choosing")

    lead = "What is sold: recordings under one product code."
    groups = (("What", ("title", "icpn", "grid")), ("Tracks", ("recordings",)))
    refusals = {BadCode: "icpn"}

    def field_of(self, error: Exception) -> str:
        """Return which of the two codes is refused."""
        return "grid" if isinstance(error, BadCode) and "GRid" in str(error) else super().field_of(error)

    def write(self, *, id: UUID, at: datetime) -> Release:
        """Register the release."""
        given = self.cleaned_data
        sent: Any = self.data
        chosen = {str(row.pk): row.pk for row in given["recordings"]}
        return registration.register_release(
            id=id,
            title=given["title"],
            icpn=given["icpn"] or None,
            grid=given["grid"] or None,
            recording_ids=[chosen[one] for one in sent.getlist("recordings") if one in chosen],
            registrar_id=self.registrar_id,
            at=at,
        )


class VoiceForm(FactForm):
    """A voice to register."""

    person = pick(Party, help_text="Whose voice it is; a person, never a company")
    label = forms.CharField(
        max_length=120, widget=forms.TextInput(_SHORT), help_text="Which voice of theirs: singing, speaking"
    )

    lead = "The voice of one person. It is cleared apart from master and publishing, and nobody else can own it."
    groups = (("Whose", ("person", "label")),)
    refusals = {assets.VoiceOfAPersonOnly: "person"}

    def write(self, *, id: UUID, at: datetime) -> Voice:
        """Register the voice."""
        given = self.cleaned_data
        return registration.register_voice(
            id=id, person_id=given["person"].pk, label=given["label"], registrar_id=self.registrar_id, at=at
        )


class HeardForm(FactForm):
    """That a voice is heard in a recording."""

    recording = pick(Recording)
    component = forms.ChoiceField(choices=[one for one in COMPONENTS if "vocal" in one[0]], widget=forms.Select(_SHORT))

    lead = "Outputs that use the recording then need the consent of the voice, too."
    groups = (("Where it is heard", ("recording", "component")),)

    def __init__(self, *args: Any, fact: Voice, **options: Any) -> None:
        """Link this voice."""
        super().__init__(*args, **options)
        self.voice = fact

    def write(self, *, id: UUID, at: datetime) -> RecordingVoice:
        """Link them."""
        given = self.cleaned_data
        return registration.link_voice(
            id=id,
            recording_id=given["recording"].pk,
            voice_id=self.voice.pk,
            component=Component(given["component"]),
            at=at,
        )


class StemForm(FactForm):
    """A stem to register."""

    recording = pick(Recording)
    title = forms.CharField(max_length=300, widget=forms.TextInput(INPUT))
    component = forms.ChoiceField(choices=COMPONENTS, widget=forms.Select(_SHORT))
    audio_digest = DigestField(label="SHA-256 of its audio", help_text="The audio itself stays with you")

    lead = "A part of a recording that exists by itself: a vocal take, a drum track."
    groups = (("What", ("recording", "title", "component")), ("Audio", ("audio_digest",)))

    def write(self, *, id: UUID, at: datetime) -> Stem:
        """Register the stem."""
        given = self.cleaned_data
        return registration.register_stem(
            id=id,
            recording_id=given["recording"].pk,
            title=given["title"],
            component=Component(given["component"]),
            audio_digest=given["audio_digest"],
            registrar_id=self.registrar_id,
            at=at,
        )


class LyricsForm(FactForm):
    """Lyrics to register."""

    work = pick(Work)
    language = forms.CharField(max_length=35, widget=forms.TextInput(_SHORT), help_text="Such as en or pt-BR")
    text = forms.CharField(
        max_length=50_000,
        widget=forms.Textarea({"class": "l-input", "rows": 8}),
        help_text="Only its SHA-256 is kept; the words are forgotten once you send them",
    )

    lead = "The text of a work in one language."
    groups = (("Which", ("work", "language", "text")),)
    refusals = {assets.NotALanguage: "language"}

    def write(self, *, id: UUID, at: datetime) -> Lyrics:
        """Register the lyrics."""
        given = self.cleaned_data
        return registration.register_lyrics(
            id=id,
            work_id=given["work"].pk,
            language=given["language"],
            text_digest=assets.digest_of_text(given["text"]),
            registrar_id=self.registrar_id,
            at=at,
        )


class ModelForm(FactForm):
    """A model to register."""

    provider = pick(Party, help_text="Who offers it")
    name = forms.CharField(max_length=200, widget=forms.TextInput(INPUT))

    lead = "A family of generative models of one provider. What is licensed and trained is a version of it."
    groups = (("Which", ("provider", "name")),)

    def write(self, *, id: UUID, at: datetime) -> GenerativeModel:
        """Register the model."""
        given = self.cleaned_data
        return registration.register_model(
            id=id, provider_id=given["provider"].pk, name=given["name"], registrar_id=self.registrar_id, at=at
        )


class VersionForm(FactForm):
    """A version of a model to register."""

    model = pick(GenerativeModel)
    label = forms.CharField(max_length=80, widget=forms.TextInput(_SHORT), help_text="Such as 2.1")
    dataset = pick(Dataset, required=False, help_text="What it was trained on")
    licenses = LicensesField(
        most=50, label="Licenses", help_text="Ids of what training rests on; those of the dataset come by themselves"
    )
    trained_from = DateField(required=False, label="Training began")
    trained_to = DateField(required=False, label="Training ended", help_text="The last day of training")
    code_digest = DigestField(label="SHA-256 of the code")
    weights_digest = DigestField(label="SHA-256 of the weights")
    has_identity_features = forms.BooleanField(
        required=False, label="It can generate a voice, a name or a likeness of a person"
    )

    lead = "A retrained model is another version. Each license has to be in force when training begins and ends."
    groups = (
        ("Which", ("model", "label", "has_identity_features")),
        ("Training", ("dataset", "licenses", "trained_from", "trained_to")),
        ("What was made", ("code_digest", "weights_digest")),
    )
    refusals = {assets.TrainingUndated: "trained_from", assets.NotLicensedThroughout: "licenses"}

    def look_through(self, sight: Sight) -> None:
        """Offer only what is seen."""
        super().look_through(sight)
        field: Any = self.fields["licenses"]
        field.sight = sight

    def write(self, *, id: UUID, at: datetime) -> ModelVersion:
        """Register the version."""
        given = self.cleaned_data
        return registration.register_model_version(
            id=id,
            model_id=given["model"].pk,
            label=given["label"],
            dataset_id=given["dataset"].pk if given["dataset"] else None,
            license_ids=given["licenses"],
            code_digest=given["code_digest"],
            weights_digest=given["weights_digest"],
            trained_from=given["trained_from"],
            trained_to=given["trained_to"],
            has_identity_features=given["has_identity_features"],
            at=at,
        )


class RetirementForm(FactForm):
    """That a version no longer runs."""

    effective_on = DateField(label="First day on which it does not run")
    reason = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No names and nothing private"
    )

    groups = (("The end", ("effective_on", "reason")),)
    done = "Retired; its entry goes into the log within a second."

    def __init__(self, *args: Any, fact: ModelVersion, **options: Any) -> None:
        """Retire this version."""
        super().__init__(*args, **options)
        self.version = fact

    def write(self, *, id: UUID, at: datetime) -> ModelVersionRetirement:
        """Record it."""
        given = self.cleaned_data
        return registration.retire_model_version(
            id=id,
            model_version_id=self.version.pk,
            effective_on=given["effective_on"],
            reason=given["reason"],
            at=at,
        )


class DatasetForm(FactForm):
    """A dataset to freeze."""

    keeper = pick(Party, help_text="Who keeps it")
    name = forms.CharField(max_length=200, widget=forms.TextInput(INPUT))
    recordings = pick_several(Recording, required=False)
    works = pick_several(Work, required=False)
    stems = pick_several(Stem, required=False)
    voices = pick_several(Voice, required=False)
    lyrics = pick_several(Lyrics, required=False)
    license = LicensesField(most=1, label="License", help_text="The id of the license under which all of them came in")
    despite = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(INPUT),
        label="Nevertheless, because",
        help_text="On which ground members are in it that are reserved, withdrawn or licensed no more; without it they "
        "are refused. It is shown as what you assert.",
    )
    left_out = pick_several(Recording, required=False, label="Recordings left out")
    reason = forms.ChoiceField(
        required=False,
        choices=[("", "—"), *((one.value, one.value.replace("_", " ").capitalize()) for one in ExclusionReason)],
        widget=forms.Select(INPUT),
        label="Why",
        help_text="One reason for all of them; through the API each has its own",
    )
    others = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        widget=forms.NumberInput(_SHORT),
        label="How many more, registered nowhere",
    )
    note = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), label="In words", help_text="Without names"
    )

    lead = "What a model is trained on. Its members are frozen: another selection is another dataset."
    groups = (
        ("Which", ("keeper", "name")),
        ("Members", ("recordings", "works", "stems", "voices", "lyrics", "license", "despite")),
        ("What is left out", ("left_out", "reason", "others", "note")),
    )
    refusals = {
        assets.NothingInTheDataset: "recordings",
        assets.TooManyMembers: "recordings",
        assets.ExclusionUnclear: "left_out",
        datasets.MembersNotPermitted: "despite",
    }

    def clean(self) -> dict[str, Any]:
        """Ask why something is left out, and what it is that is registered nowhere."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (given.get("left_out") or given.get("others")) and not given.get("reason"):
            self.add_error("reason", "Say why it is left out.")
        if given.get("others") and not given.get("note"):
            self.add_error("note", "Say in words what they are.")
        return given

    def look_through(self, sight: Sight) -> None:
        """Offer only what is seen."""
        super().look_through(sight)
        field: Any = self.fields["license"]
        field.sight = sight

    def write(self, *, id: UUID, at: datetime) -> Dataset:
        """Freeze the dataset."""
        given = self.cleaned_data
        license_id = given["license"][0] if given["license"] else None
        kinds = {"recordings": "recording", "works": "work", "stems": "stem", "voices": "voice", "lyrics": "lyrics"}
        members = [
            GivenMember(AssetRef(**{f"{kind}_id": row.pk}), license_id)
            for field, kind in kinds.items()
            for row in given[field]
        ]
        exclusions = []
        if given["reason"]:
            reason, note = ExclusionReason(given["reason"]), given["note"]
            exclusions = [GivenExclusion(reason, AssetRef(recording_id=row.pk), note=note) for row in given["left_out"]]
            exclusions += [GivenExclusion(reason, quantity=given["others"], note=note)] if given["others"] else []
        return registration.freeze_dataset(
            id=id,
            keeper_id=given["keeper"].pk,
            name=given["name"],
            members=members,
            exclusions=exclusions,
            despite=given["despite"],
            at=at,
        )


# --- Pages.


class AssetAdmin(FactAdmin):
    """A page of something in the catalogue, with one further act where there is one."""

    act: ClassVar[tuple[str, type[Any], str] | None] = None  # the end of its address, its form, its title

    def get_urls(self) -> list[URLPattern]:
        """Add the act."""
        if self.act is None:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_{self.act[0]}"
        own = path(f"<uuid:id>/{self.act[0]}/", self.admin_site.admin_view(self.act_view), name=name)
        return [own, *super().get_urls()]

    def act_address(self, fact: Any) -> str:
        """Return where it is done."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_{self.act[0] if self.act else ''}"
        return reverse(f"admin:{name}", args=[fact.pk])

    def may_act(self, request: HttpRequest, fact: Any) -> bool:
        """Whether the caller may do it: the one it belongs to, or whoever registered it."""
        caller = caller_of(request)
        return self.has_add_permission(request) and any(_acts(caller, one) for one in self.owners(fact))

    def owners(self, fact: Any) -> Iterable[UUID | None]:
        """Return whose it is."""
        return (fact.registrar_id,)

    def act_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for it, and do it."""
        fact = self.fact(request, id)
        if self.act is None or not self.may_act(request, fact):
            raise PermissionDenied
        _, form_class, title = self.act
        sight = caller_of(request).sight
        if request.method != "POST":
            form = form_class(initial={"id": uuid4()}, fact=fact)
            form.look_through(sight)
            return self.ask(request, fact, form, title=f"{title}: {fact}")
        form = form_class(request.POST, fact=fact)
        form.look_through(sight)
        if form.is_valid():
            try:
                form.write(id=form.cleaned_data["id"], at=timezone.now())
            except IntegrityError as error:
                named = violated(error) or ""
                refusal = REFUSALS.get(named)
                if named.endswith("_pkey") and refusal is None:
                    messages.info(request, "This was recorded already.")
                    return HttpResponseRedirect(sheets.address(fact))
                if refusal is None:
                    raise
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
            else:
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(fact))
        return self.ask(request, fact, form, title=f"{title}: {fact}")


def _acts(caller: Caller, owner: UUID | None) -> bool:
    return caller.is_operator or (owner is not None and caller.acts_for(owner, Verb.REGISTER))


def _shares_and_consents(request: HttpRequest, kind: str, fact: Any) -> tuple[Table, ...]:
    return (
        Table(
            "Shares",
            SHARES,
            share_rows(seen_by(request, fact.shares.all())),
            "Nobody is registered as holding it.",
            shares_address(kind, fact),
            "Edit shares, sums and history",
        ),
        Table(
            "Consents", CONSENTS, consent_rows(seen_by(request, fact.consents.all())), "Nobody has agreed to anything."
        ),
    )


def enrollment_state(row: VoiceEnrollment) -> Shown:
    """Return whether an enrollment is in use, as a chip."""
    end = getattr(row, "end", None)
    if end is not None:
        return sheets.chip("waiting", ENDS[end.kind])
    if row.algorithm != CURRENT.encoder:  # what finds clones more often came later, and needs the takes again
        return sheets.chip("waiting", "Enroll anew")
    return sheets.chip("cleared", "In use")


def rests_on(row: VoiceEnrollment) -> str:
    """Return how much voice an enrollment rests on, and in how many clips."""
    clips = len(row.clip_digests)
    return f"{row.voiced_ms // 1000} s of voice in {clips} clip{'' if clips == 1 else 's'}"


def _digest(value: str) -> Shown:
    return sheets.long_id(f"sha256:{value}") if value else sheets.NOTHING


def _rows(rows: Iterable[Any], *cells: Callable[[Any], Shown]) -> tuple[tuple[Shown, ...], ...]:
    return tuple(tuple(cell(row) for cell in cells) for row in rows)


@admin.register(Release)
class ReleaseAdmin(AssetAdmin):
    """What is sold."""

    fact_form = ReleaseForm
    search_fields = ("title", "icpn", "grid")
    search_help_text = "Title, ICPN or GRid"
    list_display = ("title", "shown_icpn", "grid", sheets.column("registered_at", "Registered"))
    ordering = ("-registered_at",)
    about = "What is sold: recordings under one product code."
    blank = "No release is registered yet. Register recordings first, then what they are sold as."

    @admin.display(description="ICPN", ordering="icpn")
    def shown_icpn(self, row: Release) -> str:
        """Show the code as it is printed."""
        return display(Scheme.GTIN, row.icpn) if row.icpn else sheets.NOTHING

    def sheet(self, request: HttpRequest, fact: Release) -> Sheet:
        """Show its tracks."""
        tracks = self.seen(request, fact.tracks.select_related("recording")).order_by("position")[:MOST_RELATED]
        return Sheet(
            title=fact.title,
            lead="A release.",
            facts=(
                ("ICPN", self.shown_icpn(fact)),
                ("GRid", fact.grid or sheets.NOTHING),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(release=fact),
            ),
            tables=(
                Table(
                    "Tracks",
                    ("Track", "Recording", "ISRC"),
                    _rows(
                        tracks,
                        lambda row: str(row.position),
                        lambda row: sheets.link(row.recording),
                        lambda row: row.recording.isrc or sheets.NOTHING,
                    ),
                    "No recording of it is named.",
                ),
            ),
        )


@admin.register(Voice)
class VoiceAdmin(AssetAdmin):
    """Voices of people."""

    fact_form = VoiceForm
    act = ("heard", HeardForm, "Where it is heard")
    pick_fields = ("label",)
    search_fields = ("label",)
    search_help_text = "Which voice"
    list_display = ("label", "shown_person", sheets.column("registered_at", "Registered"))
    list_select_related = ("person__identity",)
    ordering = ("-registered_at",)
    about = "Voices of people. A voice is cleared apart from master and publishing."
    blank = "No voice is registered. Register one for each person whose voice is generated, converted or trained on."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voice]:
        """Return voices with whose they are."""
        rows: QuerySet[Voice] = super().get_queryset(request)
        return rows.select_related("person__identity")

    def owners(self, fact: Any) -> Iterable[UUID | None]:
        """Return whose it is."""
        return (fact.registrar_id, fact.person_id)

    @admin.display(description="Whose")
    def shown_person(self, row: Voice) -> Shown:
        """Link to the person."""
        return sheets.link(row.person)

    def sheet(self, request: HttpRequest, fact: Voice) -> Sheet:
        """Show where it is heard, and who agreed to its use."""
        links = self.seen(request, fact.recording_links.select_related("recording")).order_by("recorded_at", "id")
        heard = self.act_address(fact) if self.may_act(request, fact) else ""
        return Sheet(
            title=str(fact),
            lead="A voice. Whoever generates, converts or trains on it needs the consent of its person.",
            steps=(Step("Shares…", shares_address("voice", fact)),),
            facts=(
                ("Whose", sheets.link(fact.person)),
                ("Which", fact.label),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(voice=fact),
            ),
            tables=(
                Table(
                    "Heard in",
                    ("Recording", "As"),
                    _rows(
                        links[:MOST_RELATED],
                        lambda row: sheets.link(row.recording),
                        lambda row: row.get_component_display(),
                    ),
                    "It is heard in no registered recording.",
                    heard,
                    "Add recording",
                ),
                Table(
                    "Recognized by",
                    ("Enrolled", "Rests on", "State"),
                    _rows(
                        self.seen(request, fact.enrollments.select_related("end")).order_by("-enrolled_at", "id"),
                        lambda row: sheets.link(row, sheets.moment(row.enrolled_at)),
                        rests_on,
                        enrollment_state,
                    ),
                    "It is not enrolled, so it is not recognized in outputs. Its person has to consent to that first.",
                    f"{reverse('admin:rights_voiceenrollment_add')}?voice={fact.pk}" if heard else "",
                    "Enroll",
                ),
                *_shares_and_consents(request, "voice", fact),
            ),
        )


@admin.register(Stem)
class StemAdmin(AssetAdmin):
    """Parts of recordings."""

    fact_form = StemForm
    pick_fields = ("title", "recording__title")
    search_fields = ("title", "recording__title")
    search_help_text = "Title of the stem or of its recording"
    list_display = ("title", "shown_recording", "shown_component", sheets.column("registered_at", "Registered"))
    list_select_related = ("recording",)
    ordering = ("-registered_at",)
    about = "Parts of recordings that exist by themselves: takes, tracks, samples."
    blank = "No stem is registered. Add one where a part of a recording is licensed by itself."

    @admin.display(description="Recording")
    def shown_recording(self, row: Stem) -> Shown:
        """Link to what it is a part of."""
        return sheets.link(row.recording)

    @admin.display(description="What it is", ordering="component")
    def shown_component(self, row: Stem) -> str:
        """Say which part."""
        return row.get_component_display()

    def more(self, row: Any) -> str:
        """Tell two of the same title apart."""
        return str(row.pk)[:8]

    def sheet(self, request: HttpRequest, fact: Stem) -> Sheet:
        """Show what it is a part of, and who holds it."""
        return Sheet(
            title=fact.title,
            lead="A stem: a part of a recording that exists by itself.",
            steps=(Step("Shares…", shares_address("stem", fact)),),
            facts=(
                ("Recording", sheets.link(fact.recording)),
                ("What it is", fact.get_component_display()),
                ("Audio", _digest(fact.audio_digest)),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(stem=fact),
            ),
            tables=_shares_and_consents(request, "stem", fact),
        )


@admin.register(Lyrics)
class LyricsAdmin(AssetAdmin):
    """Texts of works."""

    counted = ("text of lyrics", "texts of lyrics")
    fact_form = LyricsForm
    pick_fields = ("work__title", "language")
    search_fields = ("work__title", "language")
    search_help_text = "Title of the work, or language"
    list_display = ("shown_work", "language", "shown_digest", sheets.column("registered_at", "Registered"))
    list_select_related = ("work",)
    ordering = ("-registered_at",)
    about = "Texts of works, one a language. The words are not kept, only their SHA-256."
    blank = "No lyrics are registered. Add the text of a work where it is licensed or trained on."
    called = "lyrics"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lyrics]:
        """Return lyrics with their works."""
        rows: QuerySet[Lyrics] = super().get_queryset(request)
        return rows.select_related("work")

    @admin.display(description="Lyrics of")
    def shown_work(self, row: Lyrics) -> str:
        """Name the work."""
        return row.work.title

    @admin.display(description="Text")
    def shown_digest(self, row: Lyrics) -> Shown:
        """Show the beginning of the digest."""
        return sheets.short_id(f"sha256:{row.text_digest}")

    def sheet(self, request: HttpRequest, fact: Lyrics) -> Sheet:
        """Show what they are the text of, and who holds them."""
        return Sheet(
            title=str(fact),
            lead="Lyrics: the text of a work in one language. The words are not kept.",
            steps=(Step("Shares…", shares_address("lyrics", fact)),),
            facts=(
                ("Work", sheets.link(fact.work)),
                ("Language", fact.language),
                ("Text", _digest(fact.text_digest)),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(lyrics=fact),
            ),
            tables=_shares_and_consents(request, "lyrics", fact),
        )


@admin.register(GenerativeModel)
class ModelAdmin(AssetAdmin):
    """Generative models."""

    fact_form = ModelForm
    pick_fields = ("name",)
    search_fields = ("name",)
    search_help_text = "Name"
    list_display = ("name", "shown_provider", sheets.column("registered_at", "Registered"))
    list_select_related = ("provider__identity",)
    ordering = ("-registered_at",)
    about = "Generative models of providers. A license is for versions of a model, never for the family."
    blank = "No model is registered. Register the provider first, then the model and its versions."

    @admin.display(description="Provider")
    def shown_provider(self, row: GenerativeModel) -> Shown:
        """Link to who offers it."""
        return sheets.link(row.provider)

    def owners(self, fact: Any) -> Iterable[UUID | None]:
        """Return whose it is."""
        return (fact.registrar_id, fact.provider_id)

    def sheet(self, request: HttpRequest, fact: GenerativeModel) -> Sheet:
        """Show its versions."""
        versions = self.seen(request, fact.versions.select_related("retirement", "dataset", "model"))
        add = add_address(request, ModelVersion, model=fact.pk) if self.may_act(request, fact) else ""
        return Sheet(
            title=fact.name,
            lead="A family of generative models. Each trained version is licensed by itself.",
            facts=(
                ("Provider", sheets.link(fact.provider)),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(model=fact),
            ),
            tables=(
                Table(
                    "Versions",
                    ("Version", "Training", "Dataset", "State"),
                    _rows(
                        versions.order_by("-registered_at", "id")[:MOST_RELATED],
                        lambda row: sheets.link(row, row.label),
                        _training,
                        lambda row: sheets.link(row.dataset) if self._sees(request, row.dataset) else sheets.NOTHING,
                        _version_chip,
                    ),
                    "No version of it is registered.",
                    add,
                    "Add version",
                ),
            ),
        )

    def _sees(self, request: HttpRequest, dataset: Dataset | None) -> bool:
        return dataset is not None and self.seen(request, Dataset.objects.filter(pk=dataset.pk)).exists()


def _training(row: ModelVersion) -> str:
    return f"{row.trained_from} to {row.trained_to}" if row.trained_from else "Not said"


def _version_chip(row: ModelVersion) -> Shown:
    ended = getattr(row, "retirement", None)
    if ended is None:
        return sheets.chip("cleared", "Runs")
    is_over = ended.effective_on <= timezone.now().date()
    return sheets.chip("none" if is_over else "review", f"Retired {ended.effective_on}")


@admin.register(ModelVersion)
class ModelVersionAdmin(AssetAdmin):
    """Trained versions."""

    counted = ("version of a model", "versions of models")
    fact_form = VersionForm
    act = ("retire", RetirementForm, "Retire")
    called = "version of a model"
    pick_fields = ("label", "model__name")
    search_fields = ("label", "model__name")
    search_help_text = "Version or model"
    list_display = ("__str__", "shown_training", "shown_state", sheets.column("registered_at", "Registered"))
    list_select_related = ("model", "retirement")
    ordering = ("-registered_at",)
    about = "Trained versions of models, with the licenses that their training rested on."
    blank = "No version is registered. Open a model and add one."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        """Return versions with their models."""
        rows: QuerySet[ModelVersion] = super().get_queryset(request)
        return rows.select_related("model", "retirement")

    @admin.display(description="Training")
    def shown_training(self, row: ModelVersion) -> str:
        """Say when it was trained."""
        return _training(row)

    @admin.display(description="State")
    def shown_state(self, row: ModelVersion) -> Shown:
        """Say whether it runs."""
        return _version_chip(row)

    def owners(self, fact: Any) -> Iterable[UUID | None]:
        """Return whose it is."""
        return (fact.model.registrar_id, fact.model.provider_id)

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Check that the model is theirs: whoever sees one does not say what it was trained on."""
        model = form.cleaned_data["model"]
        if any(_acts(caller_of(request), one) for one in (model.registrar_id, model.provider_id)):
            return super()._answers(request, form)
        form.add_error("model", sentence_of(NotYourParty()))
        return False

    def sheet(self, request: HttpRequest, fact: ModelVersion) -> Sheet:
        """Show what its training rested on."""
        licenses = self.seen(request, License.objects.filter(training_licenses__model_version=fact))
        dataset = self.seen(request, Dataset.objects.filter(model_versions=fact)).first()
        may_retire = self.may_act(request, fact) and not hasattr(fact, "retirement")
        retirement = getattr(fact, "retirement", None)
        declare = add_address(request, TrainingStatement, model_version=fact.pk)
        return Sheet(
            title=str(fact),
            lead="A trained version of a model. A retrained one is another version, and needs its own license.",
            chip=_version_chip(fact),
            steps=(
                Step("What it was trained on", reverse("reports:training", args=[fact.pk])),
                *((Step("Declare…", declare),) if declare and self.may_act(request, fact) else ()),
                *((Step("Retire…", self.act_address(fact), is_grave=True),) if may_retire else ()),
            ),
            facts=(
                ("Model", sheets.link(fact.model)),
                ("Trained", _training(fact)),
                ("Dataset", sheets.link(dataset)),
                ("Voices, names or likenesses", "It can generate them" if fact.has_identity_features else "No"),
                ("Code", _digest(fact.code_digest)),
                ("Weights", _digest(fact.weights_digest)),
                ("Why it was retired", (retirement.reason or sheets.NOTHING) if retirement else sheets.NOTHING),
                ("Id", sheets.long_id(fact.pk)),
                ("Registered", sheets.moment(fact.registered_at)),
                sheets.entry_of(model_version=fact),
            ),
            tables=(
                Table(
                    "Training rested on",
                    ("License", "Licensor", "When"),
                    _rows(
                        licenses.select_related("licensor__identity").order_by("active_from", "id")[:MOST_RELATED],
                        lambda row: sheets.link(row, "License"),
                        lambda row: sheets.link(row.licensor),
                        sheets.period,
                    ),
                    "On no license that you see.",
                ),
            ),
        )


@admin.register(Dataset)
class DatasetAdmin(AssetAdmin):
    """What models are trained on."""

    fact_form = DatasetForm
    pick_fields = ("name",)
    search_fields = ("name", "members_digest")
    search_help_text = "Name, or digest of the members"
    list_display = ("name", "shown_keeper", "member_count", "shown_digest", sheets.column("frozen_at", "Frozen"))
    list_select_related = ("keeper__identity",)
    ordering = ("-frozen_at",)
    about = "What models are trained on. The members of a dataset are frozen; another selection is another dataset."
    blank = "No dataset is registered. Freeze one before a model is trained; large ones come through the API."

    @admin.display(description="Keeper")
    def shown_keeper(self, row: Dataset) -> Shown:
        """Link to who keeps it."""
        return sheets.link(row.keeper)

    @admin.display(description="Members")
    def shown_digest(self, row: Dataset) -> Shown:
        """Show the beginning of the digest."""
        return sheets.short_id(f"sha256:{row.members_digest}")

    def sheet(self, request: HttpRequest, fact: Dataset) -> Sheet:
        """Show its members and what was trained on it."""
        members = self.seen(request, DatasetMember.objects.filter(dataset=fact)).select_related(
            "recording", "work", "voice__person__identity", "stem", "lyrics__work", "license"
        )
        versions = self.seen(request, fact.model_versions.select_related("model", "retirement"))
        left_out = self.seen(request, DatasetExclusion.objects.filter(dataset=fact)).select_related(
            "recording", "work", "voice__person__identity", "stem", "lyrics__work"
        )
        return Sheet(
            title=fact.name,
            lead=f"A dataset of {fact.member_count} members, frozen {fact.frozen_at:%Y-%m-%d}.",
            facts=(
                ("Keeper", sheets.link(fact.keeper)),
                ("Members", _digest(fact.members_digest)),
                *((("In it nevertheless, because", fact.despite),) if fact.despite else ()),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(dataset=fact),
            ),
            tables=(
                Table(
                    "Members" if fact.member_count <= MOST_RELATED else f"The first {MOST_RELATED} members",
                    ("Member", "Kind", "License"),
                    _rows(
                        members.order_by("asset_id")[:MOST_RELATED],
                        lambda row: sheets.link(_member(row)[1]),
                        lambda row: _member(row)[0].capitalize(),
                        lambda row: sheets.link(row.license, "License") if row.license else sheets.NOTHING,
                    ),
                    "None of its members is yours to see.",
                ),
                Table(
                    "Left out",
                    ("What", "Why", "In words"),
                    _rows(
                        left_out.order_by("reason", "id")[:MOST_RELATED],
                        _left_out,
                        lambda row: str(row.get_reason_display()),
                        lambda row: row.note or sheets.NOTHING,
                    ),
                    "Nothing that is yours to see was left out.",
                ),
                Table(
                    "Trained on it",
                    ("Version", "Training", "State"),
                    _rows(
                        versions.order_by("-registered_at", "id")[:MOST_RELATED],
                        sheets.link,
                        _training,
                        _version_chip,
                    ),
                    "No version names it.",
                ),
            ),
        )


def _left_out(row: DatasetExclusion) -> Shown:
    if row.asset_id is None:
        return f"{row.quantity:,} registered nowhere"
    return sheets.link(_member(row)[1])


def _member(row: DatasetMember | DatasetExclusion) -> tuple[str, Any]:
    return next((kind.value, found) for kind in AssetKind if (found := getattr(row, kind.value)) is not None)
