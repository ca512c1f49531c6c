"""The values that pass between those who read and those who judge: claim, terms, finding, verdict. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from rights.bands import SHIPPED, Bands
from rights.vocabulary import ApprovalMode, HumanAct, Outcome, RightType


@dataclass(frozen=True)
class DeclaredIngredient:
    """A recording that the submitter says is in the output."""

    recording_id: UUID


@dataclass(frozen=True, order=True)
class DeclaredAct:
    """That a person did something to a component."""

    party_id: UUID
    act: str


@dataclass(frozen=True, order=True)
class DeclaredEvidence:
    """A file that shows how a component was made, by its SHA-256 in hexadecimal."""

    kind: str
    digest: str


@dataclass(frozen=True)
class DeclaredContribution:
    """
    Who or what made one component; ``tool`` is empty where no tool did.

    ``actor_id`` is a person of whom it is not said what they did, ``acts`` are those of whom it is.
    """

    component: str
    ai_level: str
    tool: str
    actor_id: UUID | None
    tool_version: str = ""
    is_generative: bool | None = None  # None: not said; of mixing and mastering then not, of everything else it is
    acts: tuple[DeclaredAct, ...] = ()
    evidence: tuple[DeclaredEvidence, ...] = ()

    @property
    def people(self) -> frozenset[UUID]:
        """Everybody who is named."""
        return frozenset({act.party_id for act in self.acts} | ({self.actor_id} if self.actor_id else set()))

    @property
    def authors(self) -> frozenset[UUID]:
        """Whoever did more than ask a machine for it, or is named without what they did."""
        only_asked = {act.party_id for act in self.acts} - {
            act.party_id for act in self.acts if act.act != HumanAct.PROMPT
        }
        return self.people - only_asked


@dataclass(frozen=True)
class Claim:
    """What a submitter declares about an output, and what they want to do with it."""

    submission_id: UUID
    licensee_id: UUID
    title: str
    uses: frozenset[str]
    territories: frozenset[str]
    release_on: date
    ingredients: tuple[DeclaredIngredient, ...]
    contributions: tuple[DeclaredContribution, ...]
    purposes: frozenset[str] = frozenset()
    model_id: UUID | None = None
    model_version_id: UUID | None = None  # what made the output, where it is declared


class Side(StrEnum):
    """Master, publishing and voice are cleared separately (AST-2)."""

    MASTER = "master"
    PUBLISHING = "publishing"
    VOICE = "voice"


@dataclass(frozen=True)
class Asset:
    """A recording or a stem (the master side), a work or its lyrics (publishing), or a voice."""

    id: UUID
    side: Side
    title: str
    registered_at: datetime | None = None  # None: before everything, so that no "future assets" clause reaches it


@dataclass(frozen=True)
class ShareTerm:
    """A share of a right, as it stands on the day; ``party_id`` is who holds it after merges."""

    id: UUID
    asset_id: UUID
    party_id: UUID
    part: Fraction
    territories: frozenset[str]
    right_type: str = RightType.AI_OUTPUT
    until: date | None = None  # the first day on which it may be otherwise


@dataclass(frozen=True)
class ConsentTerm:
    """A consent and what became of it; ``withdrawn_on`` is None while nobody withdrew it."""

    id: UUID
    asset_id: UUID | None  # None: every asset of the party that was registered at ``assets_from`` or later
    party_id: UUID
    uses: frozenset[str]
    territories: frozenset[str]
    licensee_id: UUID | None  # None: any licensee
    active_from: date
    active_to: date | None
    withdrawn_on: date | None
    event_ids: tuple[UUID, ...]
    assets_from: datetime | None = None
    licensee_role: str = ""  # any licensee in this role; empty: of whatever role
    model_id: UUID | None = None
    model_version_id: UUID | None = None
    barred: frozenset[str] = frozenset()  # purposes it does not allow
    approval_mode: str = ApprovalMode.BLANKET
    overrides: frozenset[UUID] = frozenset()  # reservations that it names
    until: date | None = None  # the first day on which it may be otherwise


@dataclass(frozen=True)
class ReservationTerm:
    """A right reserved in public, in force on the day."""

    id: UUID
    party_id: UUID
    asset_id: UUID | None  # None: every asset of the party
    uses: frozenset[str]
    territories: frozenset[str]


@dataclass(frozen=True)
class LicenseTerm:
    """A license of one licensee with those assets on its schedule that the case is about."""

    id: UUID
    licensee_id: UUID
    asset_ids: frozenset[UUID]
    uses: frozenset[str]
    territories: frozenset[str]
    active_from: date
    active_to: date | None
    barred: frozenset[str] = frozenset()
    model_versions: frozenset[UUID] = frozenset()  # empty: bound to none
    has_lapsed: bool = False  # suspended or terminated on the day
    is_exhausted: bool = False  # its quota of outputs is used up
    release_from: date | None = None
    release_to: date | None = None
    until: date | None = None

    def is_active(self, on: date) -> bool:
        """Whether the day lies in its period [from, to), and it was neither suspended nor terminated."""
        return not self.has_lapsed and self.active_from <= on and (self.active_to is None or on < self.active_to)

    def covers(self, claim: Claim, on: date) -> bool:
        """Whether it allows all that is claimed, by what made it, on that day."""
        return (
            self.is_active(on)
            and claim.uses <= self.uses
            and claim.territories <= self.territories
            and not self.is_exhausted
            and not self.barred & claim.purposes
            and (not self.model_versions or claim.model_version_id in self.model_versions)
            and (self.release_from or date.min) <= on < (self.release_to or date.max)
        )


@dataclass(frozen=True)
class Material:
    """A registered recording with the works that are in it; ``reference_id`` is None where no audio is registered."""

    recording: Asset
    works: tuple[Asset, ...]
    reference_id: UUID | None
    isrc: str | None
    audio_digest: str | None
    voices: tuple[Asset, ...] = ()

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The recording and its works: what an output with it is split among."""
        return (self.recording, *self.works)

    @property
    def sides(self) -> tuple[Asset, ...]:
        """The recording, its works and the voices on it: everything that may have to be cleared."""
        return (*self.assets, *self.voices)


@dataclass(frozen=True)
class EnrolledVoice:
    """A voice that outputs are listened through for; a match names the enrollment."""

    enrollment_id: UUID
    voice: Asset
    person_id: UUID  # after merges


@dataclass(frozen=True)
class AllowanceTerm:
    """That an upheld appeal found a reference to be no reason to stop this submitter, until a day (CHK-6)."""

    id: UUID
    reference_id: UUID
    licensee_id: UUID  # after merges
    expires_on: date


@dataclass(frozen=True)
class SaidByOthers:
    """What the manifest that a file came with says: a claim of whoever signed it, and never a fact."""

    id: UUID
    is_readable: bool
    is_broken: bool  # the file or the manifest was changed after it was signed
    machines: tuple[str, ...]  # source types that say that a machine made some of it
    broken_parts: tuple[str, ...] = ()  # titles of what went into it whose own manifests are broken


@dataclass(frozen=True)
class Terms:
    """Everything that was known about the material of one case, for one licensee, on one date."""

    on: date
    materials: tuple[Material, ...]  # declared ones and found ones
    shares: tuple[ShareTerm, ...]
    consents: tuple[ConsentTerm, ...]
    licenses: tuple[LicenseTerm, ...]
    reservations: tuple[ReservationTerm, ...] = ()
    licensee_roles: frozenset[str] = frozenset()
    voices: tuple[EnrolledVoice, ...] = ()  # those that were matched
    allowances: tuple[AllowanceTerm, ...] = ()
    bands: Bands = SHIPPED
    others: SaidByOthers | None = None  # the file came with a manifest

    def material(self, recording_id: UUID) -> Material | None:
        """Return the material of a recording, or None where it is not registered."""
        return next((found for found in self.materials if found.recording.id == recording_id), None)

    def of_reference(self, reference_id: UUID) -> Material | None:
        """Return the material whose registered audio this is."""
        return next((found for found in self.materials if found.reference_id == reference_id), None)

    def of_enrollment(self, enrollment_id: UUID) -> EnrolledVoice | None:
        """Return the voice of an enrollment."""
        return next((found for found in self.voices if found.enrollment_id == enrollment_id), None)

    def allowance(self, reference_id: UUID, licensee_id: UUID) -> AllowanceTerm | None:
        """Return what lets this submitter use this reference on the day, of several the one that lasts longest."""
        found = [
            one
            for one in self.allowances
            if one.reference_id == reference_id and one.licensee_id == licensee_id and self.on < one.expires_on
        ]
        return max(found, key=lambda one: (one.expires_on, str(one.id)), default=None)

    def covering(self, claim: Claim, asset_ids: set[UUID]) -> tuple[LicenseTerm, ...]:
        """Return the licenses in force that cover the claim's uses and territories for any of these assets."""
        return tuple(
            license_
            for license_ in self.licenses
            if license_.licensee_id == claim.licensee_id
            and license_.asset_ids & asset_ids
            and license_.covers(claim, self.on)
        )


class Effect(StrEnum):
    """What a finding does to the verdict."""

    REFUSE = "refuse"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105 - said for the record: it stops nothing


@dataclass(frozen=True)
class Finding:
    """One obligation that does not hold, or would not but for something: rule, effect, sentence, what it rests on."""

    rule: str
    effect: Effect
    sentence: str
    rests_on: tuple[UUID, ...] = ()
    matches: tuple[int, ...] = ()  # positions in the evidence


@dataclass(frozen=True)
class Verdict:
    """What the rules found. Nothing found is cleared; any refusal wins; else somebody must look."""

    findings: tuple[Finding, ...]
    licenses: tuple[UUID, ...]  # what a clearance rests on; empty unless cleared
    policy_version: str
    bands_id: UUID | None = None  # what it was measured on; None before there were bands

    @property
    def outcome(self) -> Outcome:
        """Cleared, refused or for review."""
        effects = {finding.effect for finding in self.findings}
        if Effect.REFUSE in effects:
            return Outcome.REFUSED
        return Outcome.REVIEW if Effect.REVIEW in effects else Outcome.CLEARED

    @property
    def is_cleared(self) -> bool:
        """Whether the output may go out."""
        return self.outcome is Outcome.CLEARED
