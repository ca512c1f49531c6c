"""Who may do what, for whom: roles and their verbs, what a person or an API client sees, and the second person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, Q, QuerySet

from ledger.models import ApiClient, AuditEngagement, Enrollment, ImportBatch, Membership, Proposal
from ledger.visibility import finds, seen
from rights.models import (
    Campaign,
    Consent,
    Dataset,
    License,
    Party,
    Recording,
    RecordingDescription,
    Release,
    Reservation,
    Share,
    Submission,
    Voice,
    Work,
)
from rights.models import Model as GenerativeModel
from rights.visibility import EVERYTHING, Sight, Within, sight_of
from royalties.models import (
    Advance,
    Declaration,
    ExchangeRate,
    PayeeLink,
    PayeeTerms,
    RoyaltyRun,
    TaxCertificate,
    UsageReport,
)

Role = Membership.Role


class NotYourParty(Exception):
    """You may state this for your own organization and for whom it represents, and this party is neither."""


class NotYours(Exception):
    """A field names nothing that is registered here, or nothing that is yours to see: nobody can tell which."""

    def __init__(self, field: str) -> None:
        """Keep the field that named it."""
        super().__init__(f"{field} names nothing that is registered here: register it first.")
        self.field = field


class Verb(StrEnum):
    """What somebody may do beyond reading."""

    REGISTER = "register"  # parties, assets, who holds them
    CONSENT = "consent"  # to agree, to withdraw, to reserve
    LICENSE = "license"  # to write terms, to sign, to end; campaigns
    IMPORT = "import"
    ASK = "ask"  # may I?
    SUBMIT = "submit"
    REVIEW = "review"  # to look at what could not be settled by rule
    VOUCH = "vouch"  # to hold evidence of consent to a voice that a rule stopped
    PROPOSE = "propose"  # what takes two people …
    APPROVE = "approve"  # … and the second of them
    SETTLE = "settle"  # money


# Whoever enters a contract does not approve a run: no role has both LICENSE and SETTLE (LED-6).
VERBS: dict[str, frozenset[Verb]] = {
    Role.RIGHTS_MANAGER: frozenset(
        {Verb.REGISTER, Verb.CONSENT, Verb.LICENSE, Verb.IMPORT, Verb.ASK, Verb.VOUCH, Verb.PROPOSE, Verb.APPROVE}
    ),
    Role.REVIEWER: frozenset({Verb.REVIEW, Verb.ASK}),
    Role.FINANCE: frozenset({Verb.SETTLE, Verb.ASK}),
    Role.AUDITOR: frozenset(),
    Role.DISTRIBUTOR: frozenset({Verb.SUBMIT, Verb.ASK}),
    Role.ARTIST: frozenset({Verb.CONSENT}),
}

_ADDED = {
    Verb.REGISTER: (
        "party partyname partyinrole partycontact representation representationend protection identifier"
        " identifierfinding work recording recordingwork release releaserecording voice recordingvoice voiceenrollment"
        " stem lyrics model modelversion modelversionretirement dataset share shareevent conflict conflictevent"
        " recordingdescription trainingstatement"
    ),
    Verb.CONSENT: "consent consentevent consentevidence reservation reservationend withdrawaltaskdone",
    Verb.LICENSE: "license licenseevent termsversion campaign campaigninvitation mfnclause",
    Verb.ASK: "clearance",
    Verb.SUBMIT: "submission appeal",
}

# Verb → Django's permissions, which the desk's pages ask for.
PERMISSIONS: dict[Verb, frozenset[str]] = {
    **{verb: frozenset(f"rights.add_{name}" for name in names.split()) for verb, names in _ADDED.items()},
    Verb.IMPORT: frozenset({"ledger.add_importbatch", "ledger.add_importreversal", "ledger.add_savedmapping"}),
    Verb.REVIEW: frozenset({"ledger.change_job", "rights.add_review", "rights.add_appealanswer"}),
    Verb.VOUCH: frozenset({"rights.add_review"}),
    Verb.PROPOSE: frozenset({"ledger.add_proposal", "ledger.add_erasurerequest", "rights.add_partymerge"}),
    Verb.APPROVE: frozenset({"ledger.add_approval"}),
    Verb.SETTLE: frozenset(
        {
            "royalties.add_plan",
            "royalties.add_royaltyrun",
            "royalties.add_exchangerate",
            "royalties.add_declaration",
            "royalties.add_payeeterms",
            "royalties.add_payeelink",
            "royalties.add_taxcertificate",
            "royalties.add_advance",
            "royalties.add_usagereport",
            "royalties.add_usagematching",
            "royalties.add_usagemapping",
        }
    ),
}


@dataclass(frozen=True)
class Duty:
    """What somebody may do in an organization, and as whom: as itself, and as whom it represents today."""

    organization_id: UUID
    verbs: frozenset[Verb]
    parties: frozenset[UUID]


@dataclass(frozen=True)
class Caller:
    """Somebody at the door: what they see, and for whom they may do what."""

    sight: Sight
    duties: tuple[Duty, ...]

    @property
    def is_operator(self) -> bool:
        """Whether they keep the house: they see everything, and may state anything for anybody."""
        return self.sight.is_whole

    @property
    def is_somebody(self) -> bool:
        """Whether they belong anywhere; others are shown nothing."""
        return self.is_operator or bool(self.duties)

    def may(self, verb: Verb) -> bool:
        """Whether they may do this for anybody at all."""
        return self.is_operator or any(verb in duty.verbs for duty in self.duties)

    def has_permission(self, permission: str) -> bool:
        """Whether one of their verbs carries one of Django's permissions."""
        return any(permission in permissions and self.may(verb) for verb, permissions in PERMISSIONS.items())

    def acts_for(self, party_id: UUID | None, verb: Verb) -> bool:
        """Whether they may do this as this party."""
        return self.is_operator or any(verb in duty.verbs and party_id in duty.parties for duty in self.duties)

    def answer_for(self, party_id: UUID | None, verb: Verb) -> None:
        """
        Check that they may do this as this party. Whether there is such a party is not told.

        :raises NotYourParty: they may not
        """
        if not self.acts_for(party_id, verb):
            raise NotYourParty

    def organizations(self, verb: Verb) -> list[UUID]:
        """Return the organizations to which they belong and for which they may do this."""
        return [duty.organization_id for duty in self.duties if verb in duty.verbs]

    def registrar(self, verb: Verb, *, party_id: UUID | None = None) -> UUID | None:
        """Return the organization in whose name they write: of several, the one that acts for ``party_id``."""
        able = [duty for duty in self.duties if verb in duty.verbs]
        for duty in able:
            if party_id in duty.parties:
                return duty.organization_id
        return able[0].organization_id if able else None

    def look_up(self, **named: tuple[type, Iterable[UUID | None] | UUID | None]) -> None:
        """
        Check that whatever they name is theirs to see: field → table, and the id or ids that were given.

        :raises NotYours: something is not, or does not exist; the answer is the same
        """
        if self.is_operator:
            return  # the database refuses what does not exist
        for field, (model, given) in named.items():
            ids = {id for id in ([given] if isinstance(given, UUID) or given is None else given) if id is not None}
            if ids and seen(QuerySet(model).filter(pk__in=ids), self.sight).count() != len(ids):
                raise NotYours(field)


# Table → the column that says as whom its facts are stated, and the verb: who sees a party does not speak for it.
STATED_AS: dict[type[Model], tuple[str, Verb]] = {
    Share: ("party", Verb.REGISTER),
    Dataset: ("keeper", Verb.REGISTER),
    RecordingDescription: ("describer", Verb.REGISTER),
    Consent: ("grantor", Verb.CONSENT),
    Reservation: ("holder", Verb.CONSENT),
    License: ("licensor", Verb.LICENSE),
    Campaign: ("organization", Verb.LICENSE),
    ImportBatch: ("organization", Verb.IMPORT),
    Enrollment: ("organization", Verb.IMPORT),
    Submission: ("submitter", Verb.SUBMIT),
    UsageReport: ("payer", Verb.SETTLE),
    RoyaltyRun: ("payer", Verb.SETTLE),
    ExchangeRate: ("payer", Verb.SETTLE),
    PayeeTerms: ("payer", Verb.SETTLE),
    PayeeLink: ("payer", Verb.SETTLE),
    TaxCertificate: ("payer", Verb.SETTLE),
    Advance: ("payer", Verb.SETTLE),
    Declaration: ("payer", Verb.SETTLE),
}


NOBODY = Caller(Sight(frozenset()), ())


def memberships(*, on: date, at: datetime | None = None) -> QuerySet[Membership]:
    """
    Return the memberships in force on a day.

    :param at: the instant, to which an auditor's access is let; without it the day is asked for alone
    """
    found = Membership.objects.filter(active_from__lte=on).filter(
        Q(active_to__isnull=True) | Q(active_to__gt=on), Q(end__isnull=True) | Q(end__effective_on__gt=on)
    )
    return found if at is None else found.filter(Q(engagement__isnull=True) | Q(engagement__ends_at__gt=at))


def caller_of_user(user: AbstractBaseUser | AnonymousUser, *, at: datetime) -> Caller:
    """Return what a person sees and may do: the operator everything, others what their memberships give today."""
    if not user.is_active or user.pk is None:
        return NOBODY
    if getattr(user, "is_superuser", False):
        return Caller(EVERYTHING, ())
    duties, within = [], []
    found = memberships(on=at.date(), at=at).filter(user=user.pk).select_related("engagement")
    for membership in found.order_by("recorded_at", "id"):
        sees = sight_of([membership.organization_id], on=at.date()).parties or frozenset()
        if (audit := engagement_of(membership)) is not None and is_narrowed(audit):
            within.append(Within(audit.pk, sees, frozenset(audit.parties), audit.period_from, audit.period_to))
            sees = frozenset()
        duties.append(Duty(membership.organization_id, VERBS[membership.role], sees))
    return Caller(Sight(frozenset().union(*(duty.parties for duty in duties)), tuple(within)), tuple(duties))


def caller_kept(user: AbstractBaseUser | AnonymousUser, *, at: datetime) -> Caller:
    """Return the same, asked once of a user, who is read anew with each request; as Django keeps permissions."""
    found: Caller | None = getattr(user, "as_caller", None)
    if found is None:
        found = caller_of_user(user, at=at)
        user.as_caller = found  # type: ignore[union-attr]
    return found


def engagement_of(membership: Membership) -> AuditEngagement | None:
    """Return what an auditor was let in for; None of whoever is no auditor, or was let in before it was recorded."""
    found: AuditEngagement | None = getattr(membership, "engagement", None)
    return found


def is_narrowed(audit: AuditEngagement) -> bool:
    """Whether an auditor sees only a part of what the organization sees."""
    return bool(audit.parties or audit.period_from or audit.period_to)


def is_auditor(caller: Caller) -> bool:
    """Whether somebody only reads, wherever they belong."""
    return not caller.is_operator and bool(caller.duties) and not any(duty.verbs for duty in caller.duties)


def caller_of_client(client: ApiClient, *, sees_all: bool, at: datetime) -> Caller:
    """Return what an API client sees and may do; of the verbs its scopes leave, for the party it speaks for."""
    sight = sight_of([client.party_id], on=at.date())
    duty = Duty(client.party_id, frozenset(Verb), sight.parties or frozenset())
    return Caller(EVERYTHING if sees_all else sight, (duty,))


def may_record_representation(caller: Caller, *, principal_id: UUID) -> bool:
    """
    Whether they may state that somebody acts for this party: otherwise whoever claims to would see all it has.

    The party itself may, and whoever registered it while nobody of its own signs in or calls for it.
    """
    if caller.acts_for(principal_id, Verb.REGISTER):
        return True
    organizations = [duty.organization_id for duty in caller.duties if Verb.REGISTER in duty.verbs]
    return Party.objects.filter(
        pk=principal_id, registrar__in=organizations, members__isnull=True, api_clients__isnull=True
    ).exists()


def may_keep(caller: Caller, fact: Party | Work | Recording | Release | Voice | GenerativeModel | None) -> bool:
    """
    Whether they may say what a party or an asset is called, coded and is: the party itself, or whoever registered it.

    Seeing it is not enough: a name, a code or a death that somebody else records would bear on what it holds.
    """
    if fact is None:
        return False
    if isinstance(fact, Party) and caller.acts_for(fact.pk, Verb.REGISTER):
        return True
    if isinstance(fact, Voice) and caller.acts_for(fact.person_id, Verb.REGISTER):
        return True
    if isinstance(fact, GenerativeModel) and caller.acts_for(fact.provider_id, Verb.REGISTER):
        return True
    organizations = [duty.organization_id for duty in caller.duties if Verb.REGISTER in duty.verbs]
    return caller.is_operator or fact.registrar_id in organizations


def may_approve(user: AbstractBaseUser, proposal: Proposal, *, at: datetime) -> bool:
    """
    Whether a person may be the second one (LED-6): not the proposer, and the operator or of the proposer's house.

    The database refuses the proposer too; here it decides which button is shown.
    """
    if user.pk == proposal.proposed_by_id:
        return False
    caller = caller_of_user(user, at=at)
    if caller.is_operator:
        return True
    houses = memberships(on=proposal.proposed_at.date()).filter(user=proposal.proposed_by_id)
    shared = set(houses.values_list("organization", flat=True))
    return any(Verb.APPROVE in duty.verbs and duty.organization_id in shared for duty in caller.duties) and finds(
        Proposal, proposal.pk, caller.sight
    )
