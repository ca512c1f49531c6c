"""Descriptions of recordings, and what providers declare of training, at the desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from ledger import registration
from ledger.access import NotYourParty, may_keep
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from rights import describing, descriptions, training
from rights.coverage import Dimension, label
from rights.models import ModelVersion, Party, Recording, RecordingDescription, TrainingStatement
from rights.training import Modality, Question, Size, StatementUnclear
from rights.vocabulary import LeadVoice

_AREA = {"class": "l-input", "rows": 2}
_SHORT = {"class": "l-input is-short"}
_VOICES = [("", "Not said"), *((one.value, label(Dimension.LEAD_VOICE, one.value)) for one in LeadVoice)]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.replace(";", ",").replace("\n", ",").split(",") if word.strip()]


class DescriptionForm(FactForm):
    """How a holder describes a recording."""

    recording = pick(Recording)
    describer = pick(Party, help_text="Whoever registered the recording or holds a share in it")
    genres = forms.CharField(
        required=False, max_length=800, widget=forms.TextInput(INPUT), help_text="With commas between them"
    )
    languages = forms.CharField(
        required=False,
        max_length=400,
        widget=forms.TextInput(INPUT),
        help_text="Of what is sung: en, pt-BR; zxx where no words are",
    )
    regions = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(INPUT), help_text="Countries such as BR, with commas"
    )
    recorded_year = forms.IntegerField(
        required=False,
        label="Year recorded",
        min_value=describing.YEARS[0],
        max_value=describing.YEARS[1],
        widget=forms.NumberInput(_SHORT),
    )
    lead_voice = forms.ChoiceField(
        required=False, choices=_VOICES, widget=forms.Select(INPUT), help_text="As the holder describes it"
    )

    lead = (
        "What coverage is counted by. It takes the place of what the same holder said before; what is left out is not "
        "known. Nothing is ever heard out of the audio."
    )
    groups = (
        ("Which", ("recording", "describer")),
        ("What it is like", ("genres", "languages", "regions", "recorded_year", "lead_voice")),
    )
    refusals = {
        descriptions.NotAHolder: "describer",
        describing.NotAGenre: "genres",
        describing.NotALanguage: "languages",
        describing.NotARegion: "regions",
        describing.NotAYear: "recorded_year",
        describing.TooManyWords: "genres",
    }

    def write(self, *, id: UUID, at: datetime) -> RecordingDescription:
        """Register the description."""
        given = self.cleaned_data
        said = describing.description(
            genres=_words(given["genres"]),
            languages=_words(given["languages"]),
            regions=_words(given["regions"]),
            recorded_year=given["recorded_year"],
            lead_voice=LeadVoice(given["lead_voice"]) if given["lead_voice"] else None,
        )
        return registration.describe_recording(
            id=id,
            recording_id=given["recording"].pk,
            describer_id=given["describer"].pk,
            said=said,
            registrar_id=self.registrar_id,
            at=at,
        )


def _named(key: str) -> str:
    return key.replace(".", "__")


def _field(question: Question) -> forms.Field:
    """Return the field of a question."""
    options: dict[str, Any] = {"label": question.asks, "required": question.is_needed}
    match question.kind:
        case "yes":
            choices = [("", "—"), ("yes", "Yes"), ("no", "No")]
            return forms.ChoiceField(choices=choices, widget=forms.Select(INPUT), **options)
        case "lines":
            help_text = "One a line"
            return forms.CharField(widget=forms.Textarea(_AREA), help_text=help_text, max_length=30_000, **options)
        case "modalities":
            modalities = [(one.value, one.value.capitalize()) for one in Modality]
            return forms.MultipleChoiceField(choices=modalities, widget=forms.CheckboxSelectMultiple, **options)
        case "date":
            return DateField(**options)
        case "month":
            return forms.CharField(widget=forms.TextInput(_SHORT), max_length=7, help_text="Such as 2026-03", **options)
    return forms.CharField(widget=forms.Textarea(_AREA), max_length=training.LONGEST, **options)


def _sizes() -> Iterator[tuple[str, forms.Field]]:
    """Yield for each modality how much there is of it, and what it is."""
    for one in Modality:
        if one in training.SIZES:
            ranges = [("", "None of it"), *zip(Size, training.SIZES[one], strict=True)]
            name = f"{one.value.capitalize()}: training data size"
            yield (
                f"size__{one.value}",
                forms.ChoiceField(choices=ranges, required=False, label=name, widget=forms.Select(INPUT)),
            )
        is_ranged = one in training.SIZES
        name = f"{one.value.capitalize()}: {'types of content' if is_ranged else 'how much, and of what'}"
        yield (
            f"content__{one.value}",
            forms.CharField(required=False, label=name, max_length=training.LONGEST, widget=forms.TextInput(INPUT)),
        )


class StatementForm(FactForm):
    """What a provider declares of a version: the template's questions."""

    model_version = pick(ModelVersion, label="Version")

    lead = (
        "The questions of the Commission’s template (AI Act art. 53(1)(d)) that the record cannot answer. What you "
        "declare is shown as yours, beside what is on record. A later declaration takes its place. Name no people."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        """Ask every question in its section."""
        super().__init__(*args, **options)
        sections: dict[str, list[str]] = {}
        for question in training.QUESTIONS:
            names = sections.setdefault(question.number, [])
            if question.kind == "sizes":
                for name, field in _sizes():
                    self.fields[name] = field
                    names.append(name)
                continue
            self.fields[_named(question.key)] = _field(question)
            names.append(_named(question.key))
        self.groups = (  # of this form, since its fields are
            ("Which", ("model_version",)),
            *((f"{number}. {training.SECTIONS[number]}", tuple(names)) for number, names in sections.items()),
        )

    def clean(self) -> dict[str, Any]:
        """Read the answers as a declaration, and say at its field what is unclear."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return given
        try:
            given["document"] = training.read(self._document(given))
        except StatementUnclear as error:
            name = _named(error.field)
            self.add_error(name if name in self.fields else f"size__{Modality.AUDIO}", error.sentence)
        return given

    def _document(self, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
        document: dict[str, dict[str, Any]] = {}
        for question in training.QUESTIONS:
            section, _, name = question.key.partition(".")
            value = given.get(_named(question.key))
            match question.kind:
                case "yes":
                    value = value == "yes"
                case "lines":
                    value = [line for line in (value or "").splitlines() if line.strip()]
                case "date":
                    value = value.isoformat() if value else None
                case "sizes":
                    value = [found for one in Modality if (found := self._size(one, given))]
            document.setdefault(section, {})[name] = value
        return document

    def _size(self, modality: Modality, given: dict[str, Any]) -> dict[str, str] | None:
        """Return what is said of a modality; without a range its words say how much there is."""
        chosen, words = given.get(f"size__{modality}") or "", given.get(f"content__{modality}") or ""
        if not chosen and not words:
            return None
        said = {"content": words} if chosen else {"alternatively": words}
        return {"modality": modality.value, "range": chosen, **said}

    def write(self, *, id: UUID, at: datetime) -> TrainingStatement:
        """Register the declaration."""
        version = self.cleaned_data["model_version"]
        return registration.state_training(
            id=id,
            model_version_id=version.pk,
            stated_by_id=version.model.provider_id,
            document=self.cleaned_data["document"],
            at=at,
        )

    refusals = {registration.StatedMeanwhile: "model_version"}


@admin.register(RecordingDescription)
class RecordingDescriptionAdmin(FactAdmin):
    """How holders describe recordings."""

    fact_form = DescriptionForm
    called = "description"
    list_display = ("recording", "shown_describer", "shown_said", sheets.column("recorded_at", "Recorded"))
    list_select_related = ("recording", "describer__identity")
    ordering = ("-recorded_at",)
    about = "What coverage is counted by, as holders say it. The newest one of each holder stands."
    blank = "Nobody has described a recording. Open a recording and add a description."

    @admin.display(description="Described by")
    def shown_describer(self, row: RecordingDescription) -> Shown:
        """Link to whoever says so."""
        return sheets.link(row.describer)

    @admin.display(description="What it is like")
    def shown_said(self, row: RecordingDescription) -> str:
        """Say it in a line."""
        said = [*row.genres, *row.languages, *row.regions]
        said += [str(row.recorded_year)] if row.recorded_year else []
        said += [label(Dimension.LEAD_VOICE, row.lead_voice)] if row.lead_voice else []
        return ", ".join(said) or "nothing: what was said before is taken back"

    def sheet(self, request: HttpRequest, fact: RecordingDescription) -> Sheet:  # noqa: ARG002
        """Show what is said."""
        newer = RecordingDescription.objects.filter(
            recording=fact.recording_id, describer=fact.describer_id, recorded_at__gt=fact.recorded_at
        ).exists()
        return Sheet(
            title=f"Description of {fact.recording}",
            lead="As a holder says it, and never as heard. "
            + ("The same holder said something else since." if newer else "It stands."),
            facts=(
                ("Recording", sheets.link(fact.recording)),
                ("Described by", sheets.link(fact.describer)),
                ("Genres", ", ".join(fact.genres) or "Not said"),
                ("Languages", ", ".join(label(Dimension.LANGUAGE, one) for one in fact.languages) or "Not said"),
                ("Regions", ", ".join(label(Dimension.REGION, one) for one in fact.regions) or "Not said"),
                ("Year recorded", str(fact.recorded_year or "Not said")),
                ("Lead voice", label(Dimension.LEAD_VOICE, fact.lead_voice) if fact.lead_voice else "Not said"),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(recording_description=fact),
            ),
        )


@admin.register(TrainingStatement)
class TrainingStatementAdmin(FactAdmin):
    """What providers declare of training."""

    fact_form = StatementForm
    called = "declaration of training"
    list_display = ("model_version", "number", sheets.column("recorded_at", "Declared"))
    list_select_related = ("model_version__model",)
    ordering = ("-recorded_at",)
    about = "What providers answer to the Commission’s template. The last one of a version stands."
    blank = "Nothing is declared. Open a version of a model and declare what its training was."

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingStatement]:
        """Return declarations with their versions."""
        rows: QuerySet[TrainingStatement] = super().get_queryset(request)
        return rows.select_related("model_version__model")

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Check that the model is theirs."""
        if may_keep(caller_of(request), form.cleaned_data["model_version"].model):
            return super()._answers(request, form)
        form.add_error("model_version", sentence_of(NotYourParty()))
        return False

    def sheet(self, request: HttpRequest, fact: TrainingStatement) -> Sheet:  # noqa: ARG002
        """Show every answer in its section."""
        document = json.loads(fact.document)
        is_last = not TrainingStatement.objects.filter(
            model_version=fact.model_version_id, number__gt=fact.number
        ).exists()
        report = reverse("reports:training", args=[fact.model_version_id])
        return Sheet(
            title=f"Declaration {fact.number} on {fact.model_version}",
            lead="As the provider declares it; nobody here has checked it. "
            + ("It stands." if is_last else "A later one has taken its place."),
            steps=(Step("Report", report),),
            facts=(
                ("Version", sheets.link(fact.model_version)),
                ("SHA-256", sheets.long_id(f"sha256:{fact.digest}")),
                ("Declared", sheets.moment(fact.recorded_at)),
                sheets.entry_of(training_statement=fact),
            ),
            tables=tuple(
                Table(
                    f"{number}. {heading}",
                    ("Question", "Answer"),
                    tuple((one.question.asks, "; ".join(one.lines) or "Not declared") for one in answers),
                    "Nothing is declared.",
                )
                for number, heading in training.SECTIONS.items()
                if (answers := training.answered(document, number))
            ),
        )
