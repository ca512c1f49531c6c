"""Who sees the rows of the tables above the rights: the log and its proofs, imports, proposals, money, manifests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet

from ledger.models import (
    SUBJECTS,
    ApiClient,
    Approval,
    AuditEngagement,
    AuditException,
    AuditNote,
    AuditSample,
    AuditSampleItem,
    BandsActivation,
    BandsVersion,
    CampaignMailing,
    CampaignNotice,
    CampaignPlan,
    Checkpoint,
    CopyOrder,
    Cosignature,
    DivisionWatch,
    DossierRead,
    Edge,
    Enrollment,
    EnrollmentFile,
    EnrollmentProgress,
    Entry,
    Erasure,
    ErasureRequest,
    ImportBatch,
    ImportedFact,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    ImportProgress,
    ImportRehearsal,
    ImportReversal,
    Job,
    KeptAnswer,
    Leaf,
    LogKeyChange,
    Membership,
    MembershipEnd,
    Operation,
    OutputWatch,
    PackOrder,
    PackPart,
    PackProgress,
    PendingEntry,
    Proposal,
    RehearsedProblem,
    ReplayedEntry,
    ReplayRound,
    ReviewClaim,
    SavedMapping,
    SavedQuestion,
    ShardQuestion,
    SocietyAnswer,
    Tile,
    WitnessState,
)
from provenance.models import (
    Certificate,
    Disclosure,
    DisclosureAnswer,
    ForeignManifest,
    Manifest,
    ManifestStatus,
    OutputFingerprint,
    SignedCopy,
    SignerChange,
    SoftBinding,
    Timestamp,
)
from rights import models as rights
from rights import visibility
from rights.models import Conflict, Consent, Decision, License, Party, Submission
from rights.visibility import EVERYTHING, NOTHING, Rule, Rules, Sight, Within, any_of, concerning, condition
from royalties.models import (
    Account,
    Advance,
    Declaration,
    Division,
    ExchangeRate,
    ObjectionAnswer,
    PayeeLink,
    PayeeLinkEnd,
    PayeeTerms,
    Payment,
    PaymentFile,
    PaymentOrder,
    Plan,
    PlanModel,
    PlanQuantity,
    PlanTerm,
    Posting,
    RoyaltyRun,
    RunEvent,
    RunPart,
    RunPartition,
    Split,
    SplitSource,
    Statement,
    StatementObjection,
    TaxCertificate,
    Transaction,
    UsageFile,
    UsageKey,
    UsageMapping,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageProblem,
    UsageProgress,
    UsageReport,
    UsageSum,
    UsageSupersession,
)

__all__ = ["EVERYTHING", "Sight", "finds", "seen"]


def seen(rows: QuerySet[Any, Any], sight: Sight) -> QuerySet[Any, Any]:
    """
    Return those rows that are seen.

    :raises rights.visibility.NotCovered: no rule says who sees this table
    """
    if sight.is_whole or not sight.within or rows.model in _COMPOSED:
        return visibility.seen(rows, sight, RULES)
    if (rule := RULES.get(rows.model)) is None:
        raise visibility.NotCovered(f"no rule says who sees {rows.model._meta.label}")
    allowed = [condition(rule, Sight(sight.parties)), *(_narrowed(rows.model, rule, one) for one in sight.within)]
    return rows.filter(reduce(or_, allowed))


def _narrowed(model: type[Model], rule: Rule, one: Within) -> Q:
    """What an organization sees of a table, if it concerns the parties of an audit too, and is of its period."""
    if (path := _OF_ENGAGEMENT.get(model)) is not None:
        return Q(**{path: one.engagement_id})
    allowed = condition(rule, Sight(one.organization))
    if one.parties:
        allowed &= condition(rule, Sight(one.parties))
    if one.period_from is None and one.period_to is None:
        return allowed
    if model in _TIMELESS:
        return allowed
    if (when := _WHEN.get(model)) is None:
        return NOTHING  # what NOT_IN_A_PERIOD names, and whatever nobody decided on
    begins, ends = when
    if one.period_to is not None:
        allowed &= Q(**{f"{begins}__lt": _as(one.period_to, begins)})
    if one.period_from is not None:
        first = _as(one.period_from, begins)
        if ends == begins:
            allowed &= Q(**{f"{begins}__gte": first})
        else:
            allowed &= Q(**{f"{ends}__gt": _as(one.period_from, ends)}) | Q(**{f"{ends}__isnull": True})
    return allowed


def _as(day: date, column: str) -> date | datetime:
    """Return a day as its column has it: a moment is of the day in UTC."""
    return datetime.combine(day, time(), UTC) if column.endswith("_at") else day


def finds(model: type[Any], id: Any, sight: Sight) -> bool:
    """Whether there is a row of this id that is seen: one that is not looks like one that does not exist."""
    if model in {Entry, Leaf} and not sight.is_whole:
        entry = Entry.objects.filter(**{"pk" if model is Entry else "leaf__index": id}).first()
        return entry is not None and _is_seen(entry, sight)
    return seen(QuerySet(model).filter(pk=id), sight).exists()


def _is_seen(entry: Entry, sight: Sight) -> bool:
    # One entry is about one fact: asking for that one saves the forty other questions.
    subject = entry.subject
    facts: QuerySet[Any, Any] = QuerySet(apps.get_model(SUBJECTS[subject])).filter(pk=entry.fact)
    return (facts.filter(_entered(subject, sight)) if subject in _ENTERED else seen(facts, sight)).exists()


def _entered(subject: str, sight: Sight) -> Q:
    """Who sees the entry of a subject whose list is narrower, and of what an audit is let in for only its part."""
    rule, model = _ENTERED[subject], apps.get_model(SUBJECTS[subject])
    return reduce(or_, [rule(Sight(sight.parties)), *(_narrowed(model, rule, one) for one in sight.within)])


def _through(column: str, model: type[Any]) -> Rule:
    return lambda sight: Q(**{f"{column}__in": seen(QuerySet(model), sight).values("pk")})


def _owned(column: str) -> Rule:
    return lambda sight: Q(**{f"{column}__in": sight.ids})


def _operator_only(_: Sight) -> Q:
    return NOTHING


def _everybody(_: Sight) -> Q:
    return Q()


def _own_outputs(column: str) -> Rule:
    """Return the rule of what belongs to an output and is for its submitter alone."""
    return lambda sight: Q(**{f"{column}__in": Submission.objects.filter(visibility.submitted(sight)).values("pk")})


def _splits(sight: Sight) -> Q:
    return Q(party__in=sight.ids) | _own_outputs("decision__submission")(sight)


def _paid_or_paying(payee: str) -> Rule:
    """Return the rule of what is between a payer and one payee: each sees it, and nobody else's."""
    return lambda sight: Q(payer__in=sight.ids) | Q(**{f"{payee}__in": sight.ids})


def _statements(sight: Sight) -> Q:
    return Q(run__payer__in=sight.ids) | Q(payee__in=sight.ids)


def _rates(sight: Sight) -> Q:
    used = Statement.objects.filter(payee__in=sight.ids, payout_rate__isnull=False).values("payout_rate")
    return Q(payer__in=sight.ids) | Q(pk__in=used)


def _divisions(sight: Sight) -> Q:
    own = Split.objects.filter(party__in=sight.ids, division__isnull=False).values("division")
    return Q(pk__in=own) | _own_outputs("decision__submission")(sight)


def _sources(sight: Sight) -> Q:
    # Why a part is what it is, is for whoever has the part by a share of their own; and for whoever pays it.
    return Q(share__party__in=sight.ids) | _own_outputs("decision__submission")(sight)


def _parties(sight: Sight) -> Q:
    # Whoever submitted an output pays these.
    payees = Split.objects.filter(_own_outputs("decision__submission")(sight)).values("party")
    return visibility.RULES[Party](sight) | Q(pk__in=payees)


def _submissions(sight: Sight) -> Q:
    return visibility.RULES[Submission](sight) | Q(
        pk__in=concerning(Split, sight, "party").values("decision__submission")
    )


def _proposals(sight: Sight) -> Q:
    return any_of(
        concerning(Proposal, sight, "party", "other_party").values("pk"),
        Proposal.objects.filter(consent__in=seen(Consent.objects.all(), sight).values("pk")).values("pk"),
        Proposal.objects.filter(conflict__in=seen(Conflict.objects.all(), sight).values("pk")).values("pk"),
    )


def _packs(sight: Sight) -> Q:
    # Whoever sees all that a pack was made of: less would show what is not theirs.
    return Q(is_whole=False, sees__contained_by=sight.ids)


def _of_packs(sight: Sight) -> Q:
    return Q(order__in=PackOrder.objects.filter(_packs(sight)).values("pk"))


def _jobs(sight: Sight) -> Q:
    own = Submission.objects.filter(visibility.submitted(sight)).values("pk")
    imports = seen(ImportBatch.objects.all(), sight).values("pk")
    copies = CopyOrder.objects.filter(decision__submission__in=own).values("pk")
    signed = Manifest.objects.filter(decision__submission__in=own).values("pk")
    runs = seen(RoyaltyRun.objects.all(), sight).values("pk")
    reports = seen(UsageReport.objects.all(), sight).values("pk")
    packs = PackOrder.objects.filter(_packs(sight)).values("pk")
    return (
        Q(kind__in=[Job.Kind.FREEZE, Job.Kind.RECONCILE], subject_id__in=runs)
        | Q(kind=Job.Kind.CLEAR, subject_id__in=own)
        | Q(kind=Job.Kind.IMPORT, subject_id__in=imports)
        | Q(kind=Job.Kind.COPY, subject_id__in=copies)
        | Q(kind=Job.Kind.STAMP, subject_id__in=signed)
        | Q(kind=Job.Kind.USAGE, subject_id__in=reports)
        | Q(kind=Job.Kind.PACK, subject_id__in=packs)
    )


def _of_own(*columns: str) -> Rule:
    """Return the rule of what is said about a party, a work or a recording, for that party and for the registrar."""

    def rule(sight: Sight) -> Q:
        registered = (Q(**{f"{column}__registrar__in": sight.ids}) for column in columns)
        own = (Q(**{f"{column}__in": sight.ids}) for column in columns if column.endswith("party"))
        return reduce(or_, (*registered, *own))

    return rule


def _reads(sight: Sight) -> Q:
    """Who read what about somebody is theirs to know: of themselves, of their outputs and statements."""
    own = Submission.objects.filter(visibility.submitted(sight)).values("pk")
    paid = Statement.objects.filter(payee__in=sight.ids).values("pk")
    return Q(fact_id__in=sight.ids) | Q(fact_id__in=own) | Q(fact_id__in=paid)


# Subject → who sees its entry, where that is narrower than who sees the fact: for whom a list would be too dear.
_ENTERED: dict[str, Rule] = {
    "party_name": _of_own("party"),
    "party_in_role": _of_own("party"),
    "identifier": _of_own("party", "work", "recording", "release"),
    "identifier_finding": _of_own(*(f"identifier__{of}" for of in ("party", "work", "recording", "release"))),
    "recording_work": _of_own("recording", "work"),
    "recording_voice": _of_own("recording", "voice"),
    "recording_audio": _of_own("recording"),
    "recording_description": _of_own("recording"),
    "model_version_retirement": _of_own("model_version__model"),
}


class _IsOneOf(Func):
    """
    Whether a value is among the ids of a subquery, which is answered once, before the rest.

    Forty joins of tables of unknown size make the planner guess, and it guesses wrong by hours.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def _entries(sight: Sight) -> Q:
    """Whatever says something about a fact is seen by whoever sees the fact."""
    return _entries_about(tuple(SUBJECTS), sight)


def entries_about(subjects: Iterable[str], sight: Sight) -> QuerySet[Entry]:
    """Return the entries about these kinds of subjects that are seen: of few kinds a quick question."""
    named = tuple(subjects)
    rows = Entry.objects.filter(subject__in=named)
    return rows if sight.is_whole else rows.filter(_entries_about(named, sight))


def _entries_about(subjects: tuple[str, ...], sight: Sight) -> Q:
    parts = []
    for subject in subjects:
        model: type[Any] = apps.get_model(SUBJECTS[subject])
        facts: QuerySet[Any, Any] = QuerySet(model)
        facts = facts.filter(_entered(subject, sight)) if subject in _ENTERED else seen(facts, sight)
        ids = _IsOneOf(F("fact"), ArraySubquery(facts.values("pk")))
        parts.append(Entry.objects.filter(ids, subject=subject).values("pk"))
    first, *others = parts
    return Q(_IsOneOf(F("id"), ArraySubquery(first.union(*others, all=True) if others else first)))


# Table → who sees its rows.
RULES: Rules = {
    **visibility.RULES,
    Party: _parties,
    Submission: _submissions,
    Decision: _through("submission", Submission),
    Plan: _through("license", License),
    PlanModel: _through("plan", Plan),
    PlanQuantity: _through("plan", Plan),
    PlanTerm: _through("plan", Plan),
    Division: _divisions,
    Split: _splits,
    RoyaltyRun: _owned("payer"),
    RunEvent: _owned("run__payer"),
    RunPart: _owned("run__payer"),
    RunPartition: _owned("part__run__payer"),
    ExchangeRate: _rates,
    PayeeTerms: _paid_or_paying("payee"),
    TaxCertificate: _paid_or_paying("payee"),
    Declaration: _owned("payer"),
    Advance: _paid_or_paying("payee"),
    Account: _paid_or_paying("party"),
    Transaction: _owned("payer"),
    Posting: _through("account", Account),
    Statement: _statements,
    StatementObjection: _through("statement", Statement),
    ObjectionAnswer: _through("objection__statement", Statement),
    PayeeLink: _paid_or_paying("payee"),
    PayeeLinkEnd: _through("link", PayeeLink),
    PaymentFile: _owned("run__payer"),
    PaymentOrder: _through("statement", Statement),
    Payment: _through("order__statement", Statement),
    # What outputs earned is between the payer and whoever reports it; a payee sees statements.
    UsageMapping: _owned("payer"),
    UsageReport: _owned("payer"),
    UsageFile: _owned("report__payer"),
    UsageProgress: _owned("report__payer"),
    UsageProblem: _owned("report__payer"),
    UsageOutcome: _owned("payer"),
    UsageKey: _owned("payer"),
    UsageSum: _owned("key__payer"),
    UsageMatching: _owned("payer"),
    UsageMatch: _owned("payer"),
    UsageSupersession: _owned("report__payer"),
    SplitSource: _sources,
    Manifest: _own_outputs("decision__submission"),
    Certificate: _own_outputs("manifest__decision__submission"),
    ManifestStatus: _own_outputs("manifest__decision__submission"),
    SoftBinding: _own_outputs("decision__submission"),
    OutputFingerprint: _own_outputs("decision__submission"),
    ForeignManifest: _own_outputs("decision__submission"),
    SignedCopy: _own_outputs("decision__submission"),
    CopyOrder: _own_outputs("decision__submission"),
    Disclosure: _own_outputs("submission"),
    DisclosureAnswer: _own_outputs("disclosure__submission"),
    Timestamp: lambda sight: (
        _own_outputs("manifest__decision__submission")(sight) | _own_outputs("copy__decision__submission")(sight)
    ),
    SignerChange: _everybody,  # whose signature counts from when
    LogKeyChange: _everybody,
    Entry: _entries,
    PendingEntry: _through("entry", Entry),
    Leaf: _through("entry", Entry),
    Tile: _everybody,  # hashes: what a log publishes
    Edge: _operator_only,
    Checkpoint: _everybody,
    Cosignature: _everybody,
    WitnessState: _operator_only,
    Job: _jobs,
    ApiClient: _operator_only,
    Membership: _operator_only,
    MembershipEnd: _operator_only,
    SavedMapping: _owned("organization"),
    ImportBatch: _owned("organization"),
    ImportProgress: _through("batch", ImportBatch),
    ImportedFact: _through("batch", ImportBatch),
    ImportProblem: _through("batch", ImportBatch),
    ImportOutcome: _through("batch", ImportBatch),
    ImportReversal: _through("batch", ImportBatch),
    ImportNote: _through("batch", ImportBatch),
    ImportRehearsal: _through("batch", ImportBatch),
    RehearsedProblem: _through("batch", ImportBatch),
    SocietyAnswer: _through("batch", ImportBatch),
    Enrollment: _owned("organization"),
    EnrollmentProgress: _through("enrollment", Enrollment),
    EnrollmentFile: _through("enrollment", Enrollment),
    CampaignPlan: _owned("campaign__organization"),  # and not for whom it asks
    CampaignMailing: _owned("campaign__organization"),
    CampaignNotice: _owned("invitation__campaign__organization"),
    Proposal: _proposals,
    Approval: _through("proposal", Proposal),
    ErasureRequest: _owned("party"),
    Erasure: _through("request", ErasureRequest),
    BandsVersion: _everybody,  # by what everybody is judged
    BandsActivation: _everybody,
    ReviewClaim: _operator_only,
    OutputWatch: _operator_only,
    DivisionWatch: _operator_only,
    ShardQuestion: _operator_only,
    Operation: _operator_only,
    ReplayRound: _everybody,  # numbers: whether the house can still say why
    ReplayedEntry: _through("entry", Entry),
    PackOrder: _packs,
    PackProgress: _of_packs,
    PackPart: _of_packs,
    AuditEngagement: _operator_only,
    DossierRead: _reads,
    AuditNote: _owned("organization"),
    AuditSample: _owned("organization"),
    AuditSampleItem: _owned("sample__organization"),
    AuditException: _owned("item__sample__organization"),
    SavedQuestion: lambda sight: Q(organization__in=sight.ids, engagement=None),
    KeptAnswer: lambda sight: Q(saved__organization__in=sight.ids, saved__engagement=None),
}

# --- What an audit is narrowed to

# What is seen through other tables, which are narrowed themselves.
_COMPOSED = frozenset({Entry, Leaf, PendingEntry, ReplayedEntry})
# An audit's own: everything of it, and of no other.
_OF_ENGAGEMENT: dict[type[Model], str] = {
    AuditNote: "engagement",
    AuditSample: "engagement",
    AuditSampleItem: "sample__engagement",
    AuditException: "item__sample__engagement",
    SavedQuestion: "engagement",
    KeptAnswer: "saved__engagement",
}
# Who and what there is, and what everybody sees: of no period.
_TIMELESS: frozenset[type[Model]] = frozenset(
    {
        *(Party, rights.PartyIdentity, rights.Work, rights.Recording, rights.RecordingWork, rights.RecordingAudio),
        *(rights.Voice, rights.RecordingVoice, rights.Stem, rights.Lyrics, rights.Release, rights.ReleaseRecording),
        *(rights.Model, rights.ModelVersion, rights.TermsVersion, rights.Identifier),
        *(rights.PartyName, rights.PartyMerge, rights.PartyMergeUndo, rights.RecordingDescription),
        *(Account, PayeeTerms, ExchangeRate, UsageMapping, BandsVersion, BandsActivation),
        *(Checkpoint, Cosignature, Tile, SignerChange, LogKeyChange, ReplayRound),
    }
)


def _release(path: str) -> tuple[str, str]:
    return f"{path}release_on", f"{path}release_on"


def _active(path: str = "") -> tuple[str, str]:
    return f"{path}active_from", f"{path}active_to"


def _run(path: str) -> tuple[str, str]:
    return f"{path}period_from", f"{path}period_to"


def _moment(column: str) -> tuple[str, str]:
    return column, column


# Table → the columns of its beginning and its end, the same where it is of one moment.
_WHEN: dict[type[Model], tuple[str, str]] = {
    Submission: _release(""),
    Decision: _release("submission__"),
    rights.Ingredient: _release("submission__"),
    rights.Finding: _release("decision__submission__"),
    rights.Review: _release("decision__submission__"),
    rights.Appeal: _release("decision__submission__"),
    rights.AppealAnswer: _release("appeal__decision__submission__"),
    rights.Recheck: _release("decision__submission__"),
    rights.OutputFlag: _release("submission__"),
    rights.Contribution: _release("submission__"),
    rights.ContributionRecord: _release("submission__"),
    rights.ContributionAct: _release("submission__"),
    rights.Influence: _release("submission__"),
    Manifest: _release("decision__submission__"),
    Certificate: _release("manifest__decision__submission__"),
    ManifestStatus: _release("manifest__decision__submission__"),
    Disclosure: _release("submission__"),
    DisclosureAnswer: _release("disclosure__submission__"),
    Split: _release("decision__submission__"),
    SplitSource: _release("decision__submission__"),
    Division: _release("decision__submission__"),
    Consent: _active(),
    rights.ConsentAsset: _active("consent__"),
    rights.ConsentEvent: _moment("effective_on"),
    rights.WithdrawalTask: _moment("event__effective_on"),
    rights.WithdrawalTaskDone: _moment("task__event__effective_on"),
    License: _active(),
    rights.LicenseAsset: _active("license__"),
    rights.LicenseEvent: _moment("effective_on"),
    Plan: _active("license__"),
    rights.Share: _active(),
    rights.ShareEvent: _active("share__"),
    Conflict: _active(),
    rights.ConflictClaim: _active("conflict__"),
    rights.Reservation: _active(),
    UsageReport: _moment("received_at"),
    UsageFile: _moment("report__received_at"),
    UsageOutcome: _moment("report__received_at"),
    UsageKey: _moment("report__received_at"),
    UsageSum: _moment("key__report__received_at"),
    UsageMatching: _moment("recorded_at"),
    UsageMatch: _moment("matching__recorded_at"),
    RoyaltyRun: _run(""),
    RunEvent: _run("run__"),
    RunPart: _run("of_run__"),
    RunPartition: _run("part__of_run__"),
    Statement: _run("run__"),
    StatementObjection: _run("statement__run__"),
    ObjectionAnswer: _run("objection__statement__run__"),
    PaymentFile: _run("run__"),
    PaymentOrder: _run("statement__run__"),
    Payment: _run("order__statement__run__"),
    Transaction: _moment("value_on"),
    Posting: _moment("transaction__value_on"),
    DossierRead: _moment("read_at"),
    # What surrounds an output.
    rights.AppealEvidence: _release("appeal__decision__submission__"),
    rights.RecheckFinding: _release("recheck__decision__submission__"),
    rights.ContributionEvidence: _release("submission__"),
    rights.InfluenceWeight: _release("influence__submission__"),
    rights.InfluenceObjection: _release("influence__submission__"),
    rights.Allowance: ("recorded_at", "expires_on"),
    CopyOrder: _release("decision__submission__"),
    SignedCopy: _release("decision__submission__"),
    SoftBinding: _release("decision__submission__"),
    OutputFingerprint: _release("decision__submission__"),
    ForeignManifest: _release("decision__submission__"),
    Timestamp: _moment("stamped_at"),
    # What surrounds consents, licenses and shares.
    rights.ConsentEvidence: _moment("event__effective_on"),
    rights.ConsentOverride: _active("consent__"),
    rights.ReservationEnd: _moment("effective_on"),
    rights.LicenseModelVersion: _active("license__"),
    rights.TrainingLicense: _active("license__"),
    rights.MfnClause: _active("license__"),
    PlanModel: _active("plan__license__"),
    PlanQuantity: _active("plan__license__"),
    PlanTerm: _active("plan__license__"),
    rights.ConflictEvent: _active("conflict__"),
    rights.Representation: _active(),
    rights.RepresentationEnd: _moment("effective_on"),
    rights.PartyInRole: _active(),
    rights.Protection: _active(),
    rights.IdentifierFinding: _moment("recorded_at"),
    rights.Campaign: ("recorded_at", "closes_on"),
    rights.CampaignInvitation: ("campaign__recorded_at", "campaign__closes_on"),
    CampaignPlan: ("campaign__recorded_at", "campaign__closes_on"),
    CampaignMailing: _moment("requested_at"),
    CampaignNotice: _moment("recorded_at"),
    rights.Clearance: _moment("answered_at"),
    rights.ClearanceAnswers: _moment("clearance__answered_at"),
    # Training and voices: of the day on which it was settled, and not of each day since.
    rights.Dataset: _moment("frozen_at"),
    rights.DatasetMember: _moment("dataset__frozen_at"),
    rights.DatasetExclusion: _moment("dataset__frozen_at"),
    rights.ModelVersionRetirement: _moment("effective_on"),
    rights.TrainingStatement: _moment("recorded_at"),
    rights.VoiceEnrollment: _moment("enrolled_at"),
    rights.VoiceEnrollmentEnd: _moment("recorded_at"),
    # Money.
    Advance: _moment("paid_on"),
    Declaration: _run(""),
    TaxCertificate: ("valid_from", "valid_to"),
    PayeeLink: _moment("recorded_at"),
    PayeeLinkEnd: _moment("recorded_at"),
    UsageProblem: _moment("report__received_at"),
    UsageProgress: _moment("report__received_at"),
    UsageSupersession: _moment("recorded_at"),
    # What the house did.
    Proposal: _moment("proposed_at"),
    Approval: _moment("approved_at"),
    ErasureRequest: _moment("requested_at"),
    Erasure: _moment("erased_at"),
    ImportBatch: _moment("received_at"),
    **dict.fromkeys(
        (
            *(ImportProgress, ImportedFact, ImportProblem, ImportOutcome, ImportReversal, ImportNote),
            *(ImportRehearsal, RehearsedProblem, SocietyAnswer),
        ),
        _moment("batch__received_at"),
    ),
    Enrollment: _moment("received_at"),
    EnrollmentFile: _moment("enrollment__received_at"),
    EnrollmentProgress: _moment("enrollment__received_at"),
}

_FOLLOWS = "it follows from facts, which are shown with their periods"
_OPERATORS = "it is the operator's, whoever looks"
# Table → why an auditor who is let in for a period sees nothing of it.
NOT_IN_A_PERIOD: dict[type[Model], str] = {
    **dict.fromkeys(
        (rights.ShareStanding, rights.PermissionStanding, rights.LicenseStanding, rights.ExclusiveRight), _FOLLOWS
    ),
    rights.NameToken: "it finds names, and is no record of anything",
    rights.PartyContact: "where somebody is written to is nobody's to audit",
    rights.VoiceTemplate: "what a voice is recognized by is sealed, and shows nothing",
    Job: "it is work that waits, and its errors quote what is not of the period",
    SavedMapping: "it is a tool of the house, without a day",
    **dict.fromkeys(
        (PackOrder, PackProgress, PackPart), "a pack holds what whoever ordered it saw, which may be more than a period"
    ),
    **dict.fromkeys(
        (
            *(ApiClient, AuditEngagement, DivisionWatch, Edge, Membership, MembershipEnd, Operation, OutputWatch),
            *(ReviewClaim, ShardQuestion, WitnessState),
        ),
        _OPERATORS,
    ),
}


def how_in_a_period(model: type[Model]) -> list[str]:
    """Return in which ways it is decided what an auditor for a period sees of a table: exactly one, where it is."""
    ways = {
        "of no period": model in _TIMELESS,
        "through other tables": model in _COMPOSED,
        "of the audit itself": model in _OF_ENGAGEMENT,
        "by its dates": model in _WHEN,
        "nothing": model in NOT_IN_A_PERIOD,
    }
    return [way for way, is_so in ways.items() if is_so]


def is_covered(model: type[Model]) -> bool:
    """Whether a rule says who sees a table."""
    return model in RULES
