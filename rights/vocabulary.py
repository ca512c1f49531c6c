"""The small frozen vocabularies of the trade. Pure.

Use codes follow the project's table (DDEX UseType, CAWG and aipref are derived from them, see ``rights.preferences``);
right types follow CWR and the AI rights negotiated since 2025. The order of ``Use`` and ``Purpose`` is stored, as the
bits of a mask: members are added at the end and never moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Use(StrEnum):
    """What a licensee does with an asset (CON-3)."""

    INPUT = "infer.input"  # remix, cover, stem transform: the asset goes into a generated output
    DISTRIBUTE_OUTSIDE = "distribute.outside"  # the output leaves the licensee's own service
    DISTRIBUTE_INSIDE = "distribute.inside"  # the output stays within it
    TDM = "tdm"  # text and data mining
    TRAIN_NON_GENERATIVE = "train.nongen"
    TRAIN_GENERATIVE = "train.gen"
    FINETUNE_ARTIST = "finetune.artist"
    VOICE_TRAIN = "voice.train"
    VOICE_GENERATE = "voice.generate"
    VOICE_CONVERT = "voice.convert"
    STYLE_PROMPT = "style.prompt"  # a name in a prompt
    IDENTIFY = "identify"  # fingerprinting


class RightType(StrEnum):
    """Which right a share is of (SHR-1)."""

    AI_OUTPUT = "ai_output"
    AI_TRAINING = "ai_training"
    VOICE = "voice"
    PERFORMING = "performing"
    MECHANICAL = "mechanical"
    SYNCHRONIZATION = "synchronization"
    REPRODUCTION = "reproduction"
    MAKING_AVAILABLE = "making_available"
    NEIGHBORING = "neighboring"


RIGHT_OF: dict[str, RightType] = {
    Use.INPUT: RightType.AI_OUTPUT,
    Use.DISTRIBUTE_OUTSIDE: RightType.AI_OUTPUT,
    Use.DISTRIBUTE_INSIDE: RightType.AI_OUTPUT,
    Use.STYLE_PROMPT: RightType.AI_OUTPUT,
    Use.TDM: RightType.AI_TRAINING,
    Use.TRAIN_NON_GENERATIVE: RightType.AI_TRAINING,
    Use.TRAIN_GENERATIVE: RightType.AI_TRAINING,
    Use.FINETUNE_ARTIST: RightType.AI_TRAINING,
    Use.VOICE_TRAIN: RightType.VOICE,
    Use.VOICE_GENERATE: RightType.VOICE,
    Use.VOICE_CONVERT: RightType.VOICE,
    Use.IDENTIFY: RightType.REPRODUCTION,
}


class Basis(StrEnum):
    """Owning and collecting are separate (CWR): who owns may be asked, who collects is paid."""

    OWNERSHIP = "ownership"
    COLLECTION = "collection"


class AssetKind(StrEnum):
    """What can be owned, consented to and licensed."""

    RECORDING = "recording"
    WORK = "work"
    VOICE = "voice"
    STEM = "stem"
    LYRICS = "lyrics"


class Purpose(StrEnum):
    """What an output is for, where a consent or a license may say no."""

    ADVERTISING = "advertising"
    FILM_TV = "film_tv"
    POLITICAL = "political"
    ADULT = "adult"
    OUTSIDE_SERVICE = "outside_service"  # leaves the "walled garden"
    NAMED_IN_PROMPT = "named_in_prompt"


class ApprovalMode(StrEnum):
    """Whether a consent suffices, or somebody is asked again each time."""

    BLANKET = "blanket"
    PROJECT = "project"
    OUTPUT = "output"


class PartyKind(StrEnum):
    """What a party is in law."""

    PERSON = "person"
    COMPANY = "company"
    SOCIETY = "society"
    ESTATE = "estate"


class PartyRole(StrEnum):
    """What somebody is in the trade, for a time; a consent may be to everybody of a role."""

    LABEL = "label"
    PUBLISHER = "publisher"
    DISTRIBUTOR = "distributor"
    AI_SERVICE = "ai_service"
    SOCIETY = "society"
    ARTIST = "artist"
    WRITER = "writer"
    MANAGER = "manager"


class NameKind(StrEnum):
    """Which name of a party this is: a pseudonym is a name, not a party (PAR-1)."""

    LEGAL = "legal"
    PSEUDONYM = "pseudonym"
    CREDIT = "credit"
    FORMER = "former"


class Authority(StrEnum):
    """By what right one party acts for another (PAR-2)."""

    MANDATE = "mandate"
    AGENCY = "agency"
    EXCLUSIVE_CONTRACT = "exclusive_contract"
    GUARDIAN = "guardian"
    COURT = "court"
    ESTATE = "estate"


class ProtectionKind(StrEnum):
    """Who cannot consent alone, or at all (CON-10)."""

    MINOR = "minor"
    GUARDIANSHIP = "guardianship"
    DECEASED = "deceased"


class Component(StrEnum):
    """A part of an output that somebody, or something, made (PRV-2)."""

    LYRICS = "lyrics"
    MELODY = "melody"
    ARRANGEMENT = "arrangement"
    LEAD_VOCAL = "lead_vocal"
    BACKING_VOCAL = "backing_vocal"
    INSTRUMENTS = "instruments"
    PRODUCTION = "production"
    MASTERING = "mastering"
    ARTWORK = "artwork"
    VIDEO = "video"


SOUNDING = tuple(one for one in Component if one not in {Component.ARTWORK, Component.VIDEO})  # parts of the audio


class HumanAct(StrEnum):
    """What a person did to a component (PRV-2); the first three may be authorship, a prompt alone is not."""

    PERCEPTIBLE_INPUT = "perceptible_input"  # what they made can be perceived in the result
    MODIFICATION = "modification"  # changed what a machine gave
    SELECTION = "selection_and_arrangement"  # chose, ordered and put together what a machine gave
    PROMPT = "prompt_only"


class MakingEvidenceKind(StrEnum):
    """What shows how a component was made."""

    SESSION = "session"
    STEM = "stem"
    TAKE = "take"
    SKETCH = "sketch"  # a draft, a score, a demo
    PROMPT = "prompt"
    DOCUMENT = "document"


class AiLevel(StrEnum):
    """How much of one component a machine made; never a percentage."""

    NONE = "none"
    PARTLY = "partly"
    ALL = "all"


class ConsentAct(StrEnum):
    """What happened to a consent (CON-5)."""

    OFFERED = "offered"
    VIEWED = "viewed"
    GRANTED = "granted"
    DECLINED = "declined"
    EXPIRED = "expired"  # the offer closed in silence, which is a no
    AMENDED = "amended"  # a successor with other terms stands in its place from a day on
    WITHDRAWN = "withdrawn"  # from a day on; until then it is noticed
    ANNULLED = "annulled"  # void from the start


class EnrollmentEndKind(StrEnum):
    """Why a voice is recognized by an enrollment no longer."""

    WITHDRAWAL = "withdrawal"  # the consent holds no more, or the person asked for it to end
    ERASURE = "erasure"
    REPLACED = "replaced"


class LicenseAct(StrEnum):
    """What happened to a license after it was signed."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    TERMINATED = "terminated"
    AMENDED = "amended"  # a successor stands in its place from a day on


class ShareAct(StrEnum):
    """What happened to a share."""

    ENDED = "ended"  # it was so until a day
    RETRACTED = "retracted"  # it never was


class LeadVoice(StrEnum):
    """Whose voice leads, as a holder describes it; "none" is instrumental. Never heard out of audio."""

    FEMALE = "female"
    MALE = "male"
    SEVERAL = "several"
    OTHER = "other"
    NONE = "none"


class ExclusionReason(StrEnum):
    """Why something is not in a dataset."""

    RESERVED = "reserved"
    WITHDRAWN = "withdrawn"
    NOT_LICENSED = "not_licensed"
    NOT_CONSENTED = "not_consented"
    ASKED = "asked"  # a holder or a person asked for it
    PROTECTED = "protected"  # of a minor, or of somebody under guardianship
    QUALITY = "quality"
    DUPLICATE = "duplicate"
    ILLEGAL = "illegal"
    OTHER = "other"


class ConflictAct(StrEnum):
    """What was done about a conflict."""

    MESSAGE = "message"
    EVIDENCE = "evidence"
    PROPOSAL = "proposal"
    ACCEPTANCE = "acceptance"
    ESCALATION = "escalation"
    SETTLED = "settled"


class CodeFinding(StrEnum):
    """What somebody found out about an identifier beyond its check digit."""

    RESOLVED = "resolved"
    CONTRADICTED = "contradicted"


class Answer(StrEnum):
    """The answer to "may I?" (LIC-1); only the first is a yes."""

    ALLOW = "allow"
    DENY = "deny"
    NEEDS_APPROVAL = "needs_approval"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What was decided about a submission."""

    CLEARED = "cleared"
    REFUSED = "refused"
    REVIEW = "review"


class ReviewReason(StrEnum):
    """Why a reviewer came to an outcome; each speaks for one of the two."""

    NOT_THE_SAME = "not_the_same"  # what was matched is something else
    COMMON_MATERIAL = "common_material"  # in the public domain, a sample that anybody may use, a commonplace
    HEARD_AFTER_ALL = "heard_after_all"  # the declared ingredient is there, or need not be heard
    EXPLAINED = "explained"  # what was missing was supplied
    CONSENT_EVIDENCED = "consent_evidenced"  # a document shows it: its digest is given
    SAME_MATERIAL = "same_material"
    SAME_VOICE = "same_voice"
    NOT_HEARD = "not_heard"
    NOT_EXPLAINED = "not_explained"
    NOT_AGREED = "not_agreed"  # whoever had to be asked said no


class AppealGround(StrEnum):
    """What a submitter says was wrong with a refusal (CHK-6)."""

    NOT_THE_SAME = "not_the_same"
    COMMON_MATERIAL = "common_material"
    OWN_MATERIAL = "own_material"
    LICENSED = "licensed"
    CONSENTED = "consented"


class AppealEvidenceKind(StrEnum):
    """What a submitter hands in for it, by the digest of the document."""

    STEMS = "stems"
    SESSION_FILE = "session_file"
    PRIOR_ISRC = "prior_isrc"
    DOCUMENT = "document"


class MatchKind(StrEnum):
    """In which sense something is heard (CHK-1): never one score."""

    EXACT = "exact_match"
    VERSION = "version_match"
    VOICE = "voice_match"


class RecheckCause(StrEnum):
    """Why a cleared output was looked at again (CHK-8)."""

    INDEX_GREW = "index_grew"
    CONSENT_ENDED = "consent_ended"


_USE_BITS = {use.value: 1 << position for position, use in enumerate(Use)}
_PURPOSE_BITS = {purpose.value: 1 << position for position, purpose in enumerate(Purpose)}


def use_mask(uses: Iterable[str]) -> int:
    """Return uses as bits, the way they are compared in the database."""
    return sum(_USE_BITS[use] for use in set(uses))


def purpose_mask(purposes: Iterable[str]) -> int:
    """Return purposes as bits."""
    return sum(_PURPOSE_BITS[purpose] for purpose in set(purposes))
