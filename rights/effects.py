"""
What a withdrawal or an annulment does to each thing that exists when it takes effect (CON-6). Pure.

The matrix is data: one row for each thing, with what a withdrawal does to it, what an annulment does, why, and the
tasks that follow. A withdrawal looks ahead: what was made and licensed before stays. An annulment looks back: what was
made without a right is stopped, taken down and its money held. These are defaults; a contract may ask for more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from rights.vocabulary import ConsentAct


class Thing(StrEnum):
    """What may exist when a consent ends."""

    INGESTION = "ingestion"  # new ingestion, dataset builds
    NEW_VERSION = "new_version"  # a new model version, retraining, fine-tuning
    DEPLOYED_MODEL = "deployed_model"  # trained while licensed, without identity features
    IDENTITY_FEATURES = "identity_features"  # generates a voice, a name or a likeness
    VOICE_TEMPLATES = "voice_templates"  # used to generate
    PROTECTIVE_TEMPLATE = "protective_template"  # used only to protect the person
    FINISHED_OUTPUT = "finished_output"  # cleared and out before
    UNRELEASED_OUTPUT = "unreleased_output"  # cleared, and to be released later
    VOICE_OUTPUT = "voice_output"  # holds the person's voice, where consent to that can always be taken back
    LICENSE = "license"
    DELIVERED = "delivered"  # notices, registrations and manifests that went out


class TaskKind(StrEnum):
    """What has to be done."""

    REFUSE_CLEARANCE = "refuse_clearance"
    STOP_INGESTION = "stop_ingestion"
    NO_NEW_VERSION = "no_new_version"
    IDENTITY_FEATURES_STOP = "identity_features_stop"
    STOP_MODEL = "stop_model"
    ERASE_VOICE_TEMPLATES = "erase_voice_templates"
    SEPARATE_PROTECTION = "separate_protection"
    FLAG_OUTPUTS = "flag_outputs"
    CLEAR_AGAIN = "clear_again"
    TERRITORIAL_STOP = "territorial_stop"
    TAKEDOWN_NOTICE = "takedown_notice"
    HOLD_MONEY = "hold_money"
    NOTIFY_LICENSEE = "notify_licensee"
    UPDATE_DELIVERIES = "update_deliveries"


class Flag(StrEnum):
    """What a cleared output is marked with."""

    SOURCE_WITHDRAWN = "source_withdrawn"
    QUARANTINED = "quarantined"
    FOUND_LATER = "found_later"  # something that was enrolled since is in it
    CLEARS_NO_MORE = "clears_no_more"  # what it rested on ended before its release


# Done by the service itself in the transaction of the act: each clearance asks what stands, and a flag is a row.
AUTOMATIC = frozenset({TaskKind.REFUSE_CLEARANCE, TaskKind.FLAG_OUTPUTS})
# Days after the effect by which a task is due. Stopping is due on the day itself, papers and erasures a while later.
DUE_DAYS: dict[TaskKind, int] = {
    TaskKind.ERASE_VOICE_TEMPLATES: 30,
    TaskKind.SEPARATE_PROTECTION: 30,
    TaskKind.TERRITORIAL_STOP: 14,
    TaskKind.TAKEDOWN_NOTICE: 2,
    TaskKind.UPDATE_DELIVERIES: 14,
}


@dataclass(frozen=True)
class Row:
    """One row of the matrix: what becomes of a thing, why, and what has to be done about each one that there is."""

    thing: Thing
    what: str
    withdrawn: str
    annulled: str
    reason: str
    on_withdrawal: tuple[TaskKind, ...]
    on_annulment: tuple[TaskKind, ...]

    def effect(self, act: ConsentAct) -> str:
        """What the act does to it, in words."""
        return self.annulled if act is ConsentAct.ANNULLED else self.withdrawn

    def tasks(self, act: ConsentAct) -> tuple[TaskKind, ...]:
        """What has to be done after the act."""
        return self.on_annulment if act is ConsentAct.ANNULLED else self.on_withdrawal


MATRIX: tuple[Row, ...] = (
    Row(
        Thing.INGESTION,
        "New ingestion and dataset builds",
        "Stop when it takes effect; nothing new is cleared.",
        "Stop at once; nothing new is cleared.",
        "Nothing is allowed that is not consented to.",
        (TaskKind.REFUSE_CLEARANCE, TaskKind.STOP_INGESTION),
        (TaskKind.REFUSE_CLEARANCE, TaskKind.STOP_INGESTION),
    ),
    Row(
        Thing.NEW_VERSION,
        "New model versions, retraining, fine-tuning",
        "Stop: a new version needs its own license.",
        "Stop: a new version needs its own license.",
        "Each version is licensed apart.",
        (TaskKind.NO_NEW_VERSION,),
        (TaskKind.NO_NEW_VERSION,),
    ),
    Row(
        Thing.DEPLOYED_MODEL,
        "Deployed models without identity features",
        "May run until their license or they themselves end; royalties go on.",
        "Stop: they were trained without a right.",
        "What was learned lawfully is not unlearned by a withdrawal.",
        (),
        (TaskKind.STOP_MODEL,),
    ),
    Row(
        Thing.IDENTITY_FEATURES,
        "Features that generate a voice, a name or a likeness",
        "Stop everywhere when it takes effect.",
        "Stop everywhere at once.",
        "A person may take back their identity (GDPR art. 7(3), likeness laws).",
        (TaskKind.IDENTITY_FEATURES_STOP,),
        (TaskKind.IDENTITY_FEATURES_STOP,),
    ),
    Row(
        Thing.VOICE_TEMPLATES,
        "Voice templates used to generate",
        "Erase, unless they are held for the defense of a claim.",
        "Erase, unless they are held for the defense of a claim.",
        "Without consent there is no ground to keep them (GDPR art. 17).",
        (TaskKind.ERASE_VOICE_TEMPLATES,),
        (TaskKind.ERASE_VOICE_TEMPLATES,),
    ),
    Row(
        Thing.PROTECTIVE_TEMPLATE,
        "Voice templates used only to protect the person",
        "Keep only on a separate consent or another ground.",
        "Keep only on a separate consent or another ground.",
        "Purposes are kept apart.",
        (TaskKind.SEPARATE_PROTECTION,),
        (TaskKind.SEPARATE_PROTECTION,),
    ),
    Row(
        Thing.FINISHED_OUTPUT,
        "Outputs finished and licensed before",
        "Stay licensed and keep paying; marked “source withdrawn”.",
        "Quarantined; takedown notices go out and the money is held.",
        "A withdrawal acts ahead only; an annulled consent never was.",
        (TaskKind.FLAG_OUTPUTS,),
        (TaskKind.FLAG_OUTPUTS, TaskKind.TAKEDOWN_NOTICE, TaskKind.HOLD_MONEY),
    ),
    Row(
        Thing.UNRELEASED_OUTPUT,
        "Outputs finished and not yet released",
        "Need a new clearance before they are released.",
        "Quarantined; they are not released.",
        "The consent does not reach their release.",
        (TaskKind.FLAG_OUTPUTS, TaskKind.CLEAR_AGAIN),
        (TaskKind.FLAG_OUTPUTS, TaskKind.TAKEDOWN_NOTICE, TaskKind.HOLD_MONEY),
    ),
    Row(
        Thing.VOICE_OUTPUT,
        "Outputs with the person’s voice, where consent to it can be taken back at any time",
        "Stop there, territory by territory.",
        "Stop there, territory by territory.",
        "The likeness right of the territory prevails over the license.",
        (TaskKind.TERRITORIAL_STOP,),
        (TaskKind.TERRITORIAL_STOP,),
    ),
    Row(
        Thing.LICENSE,
        "Licenses of the same material",
        "Go on for what was made before; the licensee is told what stops and when.",
        "Their licensees are told that the consent never was.",
        "Whoever relies on it must know.",
        (TaskKind.NOTIFY_LICENSEE,),
        (TaskKind.NOTIFY_LICENSEE,),
    ),
    Row(
        Thing.DELIVERED,
        "Registrations, releases and manifests that went out",
        "An update is sent and the manifest’s status changes; no file is silently altered.",
        "An update is sent and the manifest’s status changes; no file is silently altered.",
        "What was delivered is evidence too.",
        (TaskKind.UPDATE_DELIVERIES,),
        (TaskKind.UPDATE_DELIVERIES,),
    ),
)


@dataclass(frozen=True)
class TouchedOutput:
    """A cleared output that rests on the consent."""

    submission_id: UUID
    submitter_id: UUID
    release_on: date
    has_voice: bool
    revocable_in: frozenset[str]  # countries of its release where consent to a voice can always be taken back


@dataclass(frozen=True)
class TouchedVersion:
    """A model version that was trained with the assets of the consent, and still runs."""

    model_version_id: UUID
    provider_id: UUID
    has_identity_features: bool


@dataclass(frozen=True)
class TouchedDataset:
    """A dataset with assets of the consent in it."""

    dataset_id: UUID
    keeper_id: UUID


@dataclass(frozen=True)
class TouchedLicense:
    """A license with assets of the consent on its schedule, in force when the act takes effect."""

    license_id: UUID
    licensee_id: UUID


@dataclass(frozen=True)
class Impact:
    """Everything that rests on a consent when it ends."""

    act: ConsentAct
    effective_on: date
    is_of_voice: bool
    outputs: tuple[TouchedOutput, ...] = ()
    versions: tuple[TouchedVersion, ...] = ()
    datasets: tuple[TouchedDataset, ...] = ()
    licenses: tuple[TouchedLicense, ...] = ()
    territories: frozenset[str] = frozenset()
    payees: frozenset[UUID] = frozenset()

    @property
    def is_annulment(self) -> bool:
        """Whether it reaches back."""
        return self.act is ConsentAct.ANNULLED

    @property
    def flag(self) -> Flag:
        """What its outputs are marked with."""
        return Flag.QUARANTINED if self.is_annulment else Flag.SOURCE_WITHDRAWN


@dataclass(frozen=True)
class Task:
    """One thing to do, by when, by whom, and about what."""

    kind: TaskKind
    due_on: date
    party_id: UUID | None = None
    license_id: UUID | None = None
    submission_id: UUID | None = None
    dataset_id: UUID | None = None
    model_version_id: UUID | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether the service does it itself, at once."""
        return self.kind in AUTOMATIC


def tasks(impact: Impact) -> tuple[Task, ...]:
    """Return what has to be done, row by row of the matrix; each thing is asked for once."""
    found: dict[Task, None] = {}
    for row in MATRIX:
        for kind in row.tasks(impact.act):
            for task in _about(row.thing, kind, impact):
                found.setdefault(task)
    return tuple(found)


def count(thing: Thing, impact: Impact) -> int | None:
    """Return how many there are of a thing; None where nobody has counted it, as with templates kept elsewhere."""
    if thing in {Thing.VOICE_TEMPLATES, Thing.PROTECTIVE_TEMPLATE}:
        return None if impact.is_of_voice else 0
    return sum(1 for _ in _of(thing, impact))


def _of(
    thing: Thing, impact: Impact
) -> tuple[TouchedOutput, ...] | tuple[TouchedVersion, ...] | tuple[TouchedDataset, ...] | tuple[TouchedLicense, ...]:
    match thing:
        case Thing.INGESTION:
            return impact.datasets
        case Thing.NEW_VERSION:
            return impact.versions
        case Thing.DEPLOYED_MODEL:
            return tuple(one for one in impact.versions if not one.has_identity_features)
        case Thing.IDENTITY_FEATURES:
            return tuple(one for one in impact.versions if one.has_identity_features)
        case Thing.FINISHED_OUTPUT:
            return tuple(one for one in impact.outputs if one.release_on < impact.effective_on)
        case Thing.UNRELEASED_OUTPUT:
            return tuple(one for one in impact.outputs if one.release_on >= impact.effective_on)
        case Thing.VOICE_OUTPUT:
            return tuple(one for one in impact.outputs if one.has_voice and one.revocable_in)
        case Thing.LICENSE:
            return impact.licenses
        case Thing.DELIVERED:
            return impact.outputs
        case _:
            return ()


def _about(thing: Thing, kind: TaskKind, impact: Impact) -> Iterator[Task]:
    due_on = impact.effective_on + timedelta(days=DUE_DAYS.get(kind, 0))
    match kind:
        case TaskKind.REFUSE_CLEARANCE:
            yield Task(kind, due_on)
        case TaskKind.FLAG_OUTPUTS:
            if impact.outputs:
                yield Task(kind, due_on)  # one for all: which outputs, the flags say
        case TaskKind.ERASE_VOICE_TEMPLATES | TaskKind.SEPARATE_PROTECTION:
            if impact.is_of_voice:
                yield from _of_whoever_holds_templates(kind, due_on, impact)
        case _:
            for one in _of(thing, impact):
                yield _task(kind, due_on, one)


def _of_whoever_holds_templates(kind: TaskKind, due_on: date, impact: Impact) -> Iterator[Task]:
    # Whoever may hold templates of it is a licensee; where none is known, somebody must look.
    licensees = sorted({one.licensee_id for one in impact.licenses}, key=str)
    for licensee in licensees:
        yield Task(kind, due_on, party_id=licensee)
    if not licensees:
        yield Task(kind, due_on)


def _task(kind: TaskKind, due_on: date, one: TouchedOutput | TouchedVersion | TouchedDataset | TouchedLicense) -> Task:
    match one:
        case TouchedOutput():
            return Task(kind, due_on, party_id=one.submitter_id, submission_id=one.submission_id)
        case TouchedVersion():
            return Task(kind, due_on, party_id=one.provider_id, model_version_id=one.model_version_id)
        case TouchedDataset():
            return Task(kind, due_on, party_id=one.keeper_id, dataset_id=one.dataset_id)
        case TouchedLicense():
            return Task(kind, due_on, party_id=one.licensee_id, license_id=one.license_id)
