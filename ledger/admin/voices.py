"""What voices are recognized by, at the desk: enrolling under a consent, and ending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from fingerprint.audio import AudioRefused
from fingerprint.voices import CURRENT, MOST_CLIPS, TooLittleVoice, TooManyClips
from ledger import voices
from ledger.access import NotYourParty, may_keep
from ledger.admin import sheets
from ledger.admin.assets import ENDS, AssetAdmin, enrollment_state, rests_on
from ledger.admin.fields import pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step
from ledger.api.access import caller_of
from ledger.api.uploads import ClipsUpload
from ledger.voices import Clip
from rights.models import Voice, VoiceEnrollment
from rights.parties import Erased, NotSealedYet
from rights.voices import NotConsentedToBeRecognized

OLDER = " It is of an older encoder, which finds fewer clones: enroll it anew from takes, then end this one."


class ClipsField(forms.FileField):
    """Several files."""

    class _Widget(forms.FileInput):
        allow_multiple_selected = True

    def __init__(self, **options: Any) -> None:
        """Take audio, as much as the browser lets somebody choose."""
        widget = self._Widget({"class": "l-input", "accept": "audio/*,.wav,.aiff,.mp3,.flac,.m4a,.ogg"})
        super().__init__(widget=widget, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Check each."""
        given = data if isinstance(data, list | tuple) else [data]
        if len(given) > MOST_CLIPS:
            raise forms.ValidationError(sentence_of(TooManyClips()))
        return [super(ClipsField, self).clean(one, initial) for one in given]


class EnrollForm(FactForm):
    """A voice to enroll."""

    voice = pick(Voice, help_text="Its person must have consented to being recognized by it")
    clips = ClipsField(
        help_text="Takes of the voice alone, up to ten, together at least five seconds of voice; more is better."
        " They are listened to and not kept."
    )

    lead = (
        "Outputs are then checked for this voice, also for clones of it. What it is recognized by is sealed under the"
        " person’s key, and destroyed when the consent ends or the person wants it."
    )
    done = "Enrolled; the voice is recognized in what is submitted from now on."
    groups = (("Whose", ("voice",)), ("Takes", ("clips",)))
    refusals = {
        NotConsentedToBeRecognized: "voice",
        Erased: "voice",
        NotSealedYet: "voice",
        voices.ConsentMovedOn: "voice",
        voices.SameClipTwice: "clips",
        TooManyClips: "clips",
        TooLittleVoice: "clips",
        AudioRefused: "clips",
    }

    def write(self, *, id: UUID, at: datetime) -> VoiceEnrollment:
        """Enroll the voice."""
        given = self.cleaned_data
        return voices.enroll(
            id=id,
            voice_id=given["voice"].pk,
            clips=[Clip(Path(one.temporary_file_path()), one.content_type) for one in given["clips"]],
            registrar_id=self.registrar_id,
            at=at,
        )


class EndForm(FactForm):
    """An enrollment to end."""

    lead = "The voice is not recognized by this enrollment any more. What it was recognized by is destroyed at once."
    done = "Ended; the template is destroyed."

    def __init__(self, *args: Any, fact: VoiceEnrollment, **options: Any) -> None:
        """End this one."""
        super().__init__(*args, **options)
        self.enrollment = fact

    def write(self, *, id: UUID, at: datetime) -> Model:
        """End it; that it ended meanwhile is what was wanted."""
        try:
            return voices.end(id=id, enrollment_id=self.enrollment.pk, at=at)
        except voices.EnrollmentEnded:
            return VoiceEnrollment.objects.select_related("end").get(pk=self.enrollment.pk).end


@admin.register(VoiceEnrollment)
class VoiceEnrollmentAdmin(AssetAdmin):
    """What voices are recognized by."""

    fact_form = EnrollForm
    act = ("end", EndForm, "End")
    called = "enrollment"
    asked = ("Enroll a voice", "Enroll")
    list_display = ("shown_voice", "shown_state", "shown_length", sheets.column("enrolled_at", "Enrolled"))
    ordering = ("-enrolled_at",)
    about = "What voices are recognized by. Only under a consent of the person to exactly that, and no longer than it."
    blank = "No voice is enrolled, so none is recognized. Enroll one from the page of the voice."
    has_filter_button = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[VoiceEnrollment]:
        """Return enrollments with whose they are and how they ended."""
        rows: QuerySet[VoiceEnrollment] = super().get_queryset(request)
        return rows.select_related("voice__person__identity", "consent", "end")

    def owners(self, fact: Any) -> Iterable[UUID | None]:
        """Return who may end it."""
        return (fact.registrar_id, fact.voice.registrar_id, fact.voice.person_id)

    def may_act(self, request: HttpRequest, fact: Any) -> bool:
        """Whether the caller may end it: what has ended does not end again."""
        return not hasattr(fact, "end") and super().may_act(request, fact)

    @method_decorator(csrf_exempt)  # as the view below it, which checks the token once it knows how long the body is
    def add_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Take several files."""
        request.upload_handlers = [ClipsUpload(request)]
        try:
            return super().add_view(request, *args, **options)
        except TooManyClips as error:
            form = self._prepared(request, EnrollForm(initial={"id": uuid4()}))
            context = {"form": form, "title": self.asked[0], "refusal": sentence_of(error), "lead": form.lead}
            response = self.page(request, "ledger/admin/form.html", None, {**context, "action": self.asked[1]})
            response.status_code = 422
            return response

    @admin.display(description="Voice")
    def shown_voice(self, row: VoiceEnrollment) -> str:
        """Name the voice."""
        return str(row.voice)

    @admin.display(description="State")
    def shown_state(self, row: VoiceEnrollment) -> Shown:
        """Say whether it is in use."""
        return enrollment_state(row)

    @admin.display(description="Rests on", ordering="voiced_ms")
    def shown_length(self, row: VoiceEnrollment) -> str:
        """Say how much voice it rests on."""
        return rests_on(row)

    def sheet(self, request: HttpRequest, fact: VoiceEnrollment) -> Sheet:
        """Show under which consent, from what, and how it ended."""
        end = getattr(fact, "end", None)
        is_older = end is None and fact.algorithm != CURRENT.encoder
        return Sheet(
            title=str(fact),
            lead="What a voice is recognized by. The template itself is shown to nobody." + is_older * OLDER,
            chip=enrollment_state(fact),
            steps=(Step("End…", self.act_address(fact), is_grave=True),) if self.may_act(request, fact) else (),
            facts=(
                ("Voice", sheets.link(fact.voice)),
                ("Under", sheets.link(fact.consent)),
                ("Rests on", rests_on(fact)),
                ("Algorithm", fact.algorithm),
                ("Id", sheets.long_id(fact.pk)),
                ("Enrolled", sheets.moment(fact.enrolled_at)),
                sheets.entry_of(voice_enrollment=fact),
                *(
                    (
                        ("Ended", f"{ENDS[end.kind]}, {sheets.moment(end.recorded_at)}"),
                        *((("By", sheets.link(end.successor)),) if end.successor is not None else ()),
                        sheets.entry_of(voice_enrollment_end=end),
                    )
                    if end is not None
                    else ()
                ),
            ),
            texts=(("Made from", "\n".join(f"sha256:{one}" for one in fact.clip_digests)),),
        )

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Let a voice be enrolled by its person or whoever registered it."""
        if not super()._answers(request, form):
            return False
        if may_keep(caller_of(request), form.cleaned_data["voice"]):
            return True
        form.add_error("voice", sentence_of(NotYourParty()))
        return False
