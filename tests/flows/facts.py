"""A row of every table that the log vouches for, each with its entry: what a world of one track does not have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from fingerprint.models import Audio, Reference
from ledger import certifying, checkpoints, log, people, registration, sequencer, timestamping
from ledger.models import (
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
    Enrollment,
    Entry,
    Erasure,
    ErasureRequest,
    ImportBatch,
    ImportedFact,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    ImportReversal,
    LogKeyChange,
    Membership,
    MembershipEnd,
    Operation,
    OutputWatch,
    PackOrder,
    PackPart,
    PackProgress,
    Proposal,
    ReplayedEntry,
    ReplayRound,
    ReviewClaim,
    ShardQuestion,
    SocietyAnswer,
    WitnessState,
)
from provenance.models import (
    Disclosure,
    DisclosureAnswer,
    ForeignManifest,
    Manifest,
    ManifestStatus,
    SignedCopy,
    SoftBinding,
)
from rights import restate
from rights.models import (
    Allowance,
    Appeal,
    AppealAnswer,
    AppealEvidence,
    Campaign,
    CampaignInvitation,
    Clearance,
    ClearanceAnswers,
    Conflict,
    ConflictClaim,
    ConflictEvent,
    Consent,
    ConsentAsset,
    ConsentEvent,
    ConsentEvidence,
    ConsentOverride,
    Contribution,
    ContributionAct,
    ContributionEvidence,
    ContributionRecord,
    Dataset,
    DatasetExclusion,
    DatasetMember,
    Decision,
    Identifier,
    IdentifierFinding,
    Influence,
    InfluenceObjection,
    InfluenceWeight,
    License,
    LicenseAsset,
    LicenseEvent,
    LicenseModelVersion,
    Lyrics,
    MfnClause,
    Model,
    ModelVersion,
    ModelVersionRetirement,
    OutputFlag,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    Protection,
    Recheck,
    RecheckFinding,
    RecordingDescription,
    RecordingVoice,
    RecordingWork,
    Release,
    ReleaseRecording,
    Representation,
    RepresentationEnd,
    Reservation,
    ReservationEnd,
    Review,
    ShareEvent,
    Stem,
    Submission,
    TermsVersion,
    TrainingLicense,
    TrainingStatement,
    Voice,
    VoiceEnrollment,
    VoiceEnrollmentEnd,
    WithdrawalTask,
    WithdrawalTaskDone,
)
from rights.vocabulary import NameKind, PartyKind
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
    UsageReport,
    UsageSum,
    UsageSupersession,
)
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, World, key, today

Kind = Entry.Kind
Change = dict[str, Any]

# Kind → the subject's table and what is to be said of it, then the tables of the rows that come with it. What is not
# said is made up: see ``_plain``. A foreign key that is not null, or of which a table is said, points to the newest row
# of the same story.
FACTS: list[tuple[Kind, list[tuple[type[models.Model], Change]]]] = [
    (Kind.ROLE_TAKEN, [(PartyInRole, {"party_id": key("writer")})]),
    (Kind.REPRESENTATION_RECORDED, [(Representation, {"principal_id": key("writer"), "agent_id": key("rival")})]),
    (Kind.REPRESENTATION_ENDED, [(RepresentationEnd, {})]),
    (Kind.PARTIES_MERGED, [(PartyMerge, {"duplicate_id": key("twin"), "survivor_id": key("twin's twin")})]),
    (Kind.MERGE_UNDONE, [(PartyMergeUndo, {})]),
    (Kind.PROTECTION_RECORDED, [(Protection, {"party_id": key("twin"), "jurisdiction": "DE"})]),
    (Kind.IDENTIFIER_RECORDED, [(Identifier, {"work_id": key("linked")})]),
    (Kind.IDENTIFIER_CHECKED, [(IdentifierFinding, {})]),
    (Kind.WORK_LINKED, [(RecordingWork, {"recording_id": key("country"), "work_id": key("linked")})]),
    (Kind.RELEASE_REGISTERED, [(Release, {}), (ReleaseRecording, {"recording_id": key("country")})]),
    (Kind.VOICE_REGISTERED, [(Voice, {"person_id": key("singer")})]),
    (Kind.VOICE_LINKED, [(RecordingVoice, {"recording_id": key("country")})]),
    (Kind.VOICE_ENROLLED, [(VoiceEnrollment, {"consent_id": key("consent country label")})]),
    (Kind.VOICE_ENROLLMENT_ENDED, [(VoiceEnrollmentEnd, {"kind": "withdrawal"})]),
    (Kind.STEM_REGISTERED, [(Stem, {"recording_id": key("country")})]),
    (Kind.LYRICS_REGISTERED, [(Lyrics, {"work_id": key("linked")})]),
    (Kind.MODEL_REGISTERED, [(Model, {"provider_id": key("rival")})]),
    (
        Kind.DATASET_FROZEN,
        [
            (Dataset, {"keeper_id": key("rival")}),
            (DatasetMember, {"work_id": key("linked")}),
            (DatasetExclusion, {"recording_id": key("country"), "note": "x"}),
        ],
    ),
    (
        Kind.RECORDING_DESCRIBED,
        [
            (
                RecordingDescription,
                {
                    "recording_id": key("country"),
                    "describer_id": key("label"),
                    "genres": ["country"],
                    "languages": ["en"],
                    "regions": ["US"],
                    "recorded_year": 2001,
                },
            )
        ],
    ),
    (
        Kind.MODEL_VERSION_REGISTERED,
        [(ModelVersion, {}), (TrainingLicense, {"license_id": key("license of country")})],
    ),
    (Kind.MODEL_VERSION_RETIRED, [(ModelVersionRetirement, {})]),
    (Kind.TRAINING_STATED, [(TrainingStatement, {"stated_by_id": key("rival")})]),
    (
        Kind.SHARE_CHANGED,
        [(ShareEvent, {"share_id": key("share linked"), "act": "ended", "effective_on": date(2099, 1, 1)})],
    ),
    (
        Kind.CONFLICT_OPENED,
        [(Conflict, {"work_id": key("linked")}), (ConflictClaim, {"share_id": key("share linked")})],
    ),
    (Kind.CONFLICT_ACTED, [(ConflictEvent, {"author_id": key("writer")})]),
    (Kind.TERMS_PUBLISHED, [(TermsVersion, {})]),
    (Kind.RIGHTS_RESERVED, [(Reservation, {"holder_id": key("writer"), "work_id": key("linked"), "uses": ["tdm"]})]),
    (Kind.CAMPAIGN_OPENED, [(Campaign, {"organization_id": key("label")})]),
    (
        Kind.CONSENT_OFFERED,
        [
            (Consent, {"grantor_id": key("writer"), "actor_id": key("label"), "is_list": True, "uses": USES}),
            (ConsentEvent, {"act": "offered", "position": 0, "actor_id": key("label")}),
            (ConsentAsset, {"work_id": key("linked")}),
            (ConsentOverride, {}),
            (ConsentEvidence, {}),
            (CampaignInvitation, {"party_id": key("writer")}),
        ],
    ),
    (
        Kind.CONSENT_CHANGED,
        [
            (ConsentEvent, {"act": "granted", "position": 1, "actor_id": key("writer")}),
            (ConsentEvidence, {}),
            (WithdrawalTask, {}),
            (OutputFlag, {"submission_id": key("output"), "event_id": ConsentEvent}),
        ],
    ),
    (Kind.WITHDRAWAL_TASK_DONE, [(WithdrawalTaskDone, {})]),
    (Kind.RESERVATION_LIFTED, [(ReservationEnd, {"effective_on": date(2099, 1, 1)})]),
    (
        Kind.LICENSE_SIGNED,
        [
            (License, {"licensor_id": key("label"), "licensee_id": key("rival"), "uses": USES}),
            (LicenseAsset, {"work_id": key("work of country")}),
            (LicenseModelVersion, {}),
            (MfnClause, {}),
        ],
    ),
    (Kind.LICENSE_CHANGED, [(LicenseEvent, {"act": "suspended", "position": 0, "actor_id": key("label")})]),
    (Kind.CLEARANCE_ANSWERED, [(Clearance, {"licensee_id": key("rival"), "uses": USES}), (ClearanceAnswers, {})]),
    (Kind.MEMBER_ADMITTED, [(Membership, {"organization_id": key("label")}), (AuditEngagement, {})]),
    (Kind.MEMBER_LEFT, [(MembershipEnd, {})]),
    (Kind.IMPORT_RECEIVED, [(ImportBatch, {})]),
    (Kind.IMPORT_FINISHED, [(ImportOutcome, {})]),
    (Kind.IMPORT_REVERSED, [(ImportReversal, {})]),
    (Kind.ERASURE_REQUESTED, [(ErasureRequest, {"party_id": key("twin")})]),
    (Kind.PROPOSED, [(Proposal, {"party_id": key("twin")})]),
    (Kind.APPROVED, [(Approval, {})]),
    (Kind.ERASED, [(Erasure, {})]),
    (Kind.BANDS_DRAFTED, [(BandsVersion, {})]),
    (Kind.LOG_KEY_CHANGED, [(LogKeyChange, {"act": "announced", "verifier": "new", "replaces": "old"})]),
    (Kind.BANDS_ACTIVATED, [(BandsActivation, {"effective_from": datetime(2099, 1, 1, tzinfo=UTC)})]),
    (Kind.REVIEWED, [(Review, {})]),
    (Kind.APPEALED, [(Appeal, {"appellant_id": key("rival")}), (AppealEvidence, {"kind": "stems", "isrc": ""})]),
    (Kind.APPEAL_ANSWERED, [(AppealAnswer, {}), (Allowance, {"submitter_id": key("rival")})]),
    (Kind.RECHECKED, [(Recheck, {"cause": "index_grew"}), (RecheckFinding, {})]),
    (
        Kind.INFLUENCE_STATED,
        [
            (Influence, {"submission_id": key("output"), "provider_id": key("rival"), "stated_by_id": key("rival")}),
            (InfluenceWeight, {"work_id": key("linked")}),
        ],
    ),
    (Kind.INFLUENCE_OBJECTED, [(InfluenceObjection, {"party_id": key("writer")})]),
    (Kind.STATUS_STATED, [(ManifestStatus, {"reason": "resolved"})]),
    (Kind.USAGE_RECEIVED, [(UsageReport, {"payer_id": key("distributor")}), (UsageFile, {})]),
    (
        Kind.USAGE_FINISHED,
        [(UsageOutcome, {"payer_id": key("distributor"), "is_booked": True, "problems": 0})],
    ),
    (
        Kind.USAGE_MATCHED,
        [
            (UsageMatching, {"payer_id": key("distributor")}),
            (UsageMatch, {"payer_id": key("distributor"), "submission_id": key("output")}),
        ],
    ),
    (Kind.USAGE_SUPERSEDED, [(UsageSupersession, {})]),
    (Kind.SOFT_BOUND, [(SoftBinding, {})]),
    (Kind.SUBMITTED, [(Submission, {"submitter_id": key("rival"), "uses": USES, "expected_currency": ""})]),
    (Kind.DECIDED, [(Decision, {"outcome": "refused"}), (ForeignManifest, {"state": "valid"})]),
    (Kind.COPY_SIGNED, [(SignedCopy, {"label": "urn:c2pa:copy"})]),
    (
        Kind.CONTRIBUTIONS_CORRECTED,
        [
            (ContributionRecord, {"submission_id": key("output"), "author_id": key("distributor")}),
            (
                Contribution,
                {
                    "submission_id": key("output"),
                    "record_id": ContributionRecord,
                    "ai_level": "all",
                    "is_generative": True,
                },
            ),
            (
                ContributionAct,
                {"submission_id": key("output"), "record_id": ContributionRecord, "party_id": key("writer")},
            ),
            (ContributionEvidence, {"submission_id": key("output"), "record_id": ContributionRecord}),
        ],
    ),
    (
        Kind.PLAN_STATED,
        [
            (Plan, {"license_id": key("license of country"), "number": 2, "valid_from": date(2099, 1, 1)}),
            (PlanModel, {"basis": ""}),
            (PlanQuantity, {"work_id": key("linked")}),
            (PlanTerm, {"kind": "buyout", "side": "", "amount_minor": 1, "currency": "EUR"}),
        ],
    ),
    (
        Kind.SPLITS_REDIVIDED,
        [
            (Division, {"number": 2}),
            (Split, {"division_id": Division, "leaf": "COMM", "party_id": key("distributor"), "territories": ["DE"]}),
            (SplitSource, {"division_id": Division, "leaf": "COMM", "model": ""}),
        ],
    ),
    (
        Kind.DISCLOSURE_SENT,
        [
            (
                Disclosure,
                {
                    "submission_id": key("output"),
                    "sender_id": key("distributor"),
                    "record_id": ContributionRecord,
                    "profile": "c2pa",
                    "profile_version": "2.4",
                    "statement": b'{"answers":{}}',
                    "sent_at": datetime(2020, 1, 1, tzinfo=UTC),
                },
            )
        ],
    ),
    (
        Kind.DISCLOSURE_ANSWERED,
        [
            (
                DisclosureAnswer,
                {
                    "disclosure_id": Disclosure,
                    "answer": "rejected",
                    "code": "AI_MISSING",
                    "answered_at": datetime(2020, 1, 2, tzinfo=UTC),
                },
            )
        ],
    ),
    (
        Kind.RUN_STARTED,
        [
            (
                RoyaltyRun,
                {
                    "payer_id": key("rival"),
                    "period_from": date(2020, 1, 1),
                    "period_to": date(2020, 2, 1),
                    "pay_on": date(2022, 3, 1),
                },
            )
        ],
    ),
    (Kind.RUN_WENT_ON, [(RunEvent, {})]),
    (Kind.RATE_RECORDED, [(ExchangeRate, {"payer_id": key("rival"), "base": "USD", "quote": "EUR"})]),
    (Kind.PAYEE_TERMS_AGREED, [(PayeeTerms, {"payer_id": key("rival"), "payee_id": key("writer")})]),
    (
        Kind.TAX_CERTIFIED,
        [
            (
                TaxCertificate,
                {
                    "payer_id": key("rival"),
                    "payee_id": key("writer"),
                    "valid_from": date(2020, 1, 1),
                    "valid_to": date(2021, 1, 1),
                },
            )
        ],
    ),
    (
        Kind.DECLARED,
        [
            (
                Declaration,
                {
                    "payer_id": key("rival"),
                    "kind": "subscription_revenue",
                    "currency": "EUR",
                    "period_from": date(2020, 1, 1),
                    "period_to": date(2021, 1, 1),
                },
            )
        ],
    ),
    (Kind.ADVANCE_RECORDED, [(Advance, {"payer_id": key("rival"), "payee_id": key("writer")})]),
    (
        Kind.BOOKED,
        [
            (Transaction, {"payer_id": key("rival")}),
            (Account, {"payer_id": key("rival")}),
            (Posting, {"units": -5}),
            (Account, {"payer_id": key("rival"), "kind": "payable", "party_id": key("writer")}),
            (Posting, {"units": 5}),
        ],
    ),
    (Kind.STATEMENT_ISSUED, [(Statement, {"payee_id": key("writer"), "earned": 5})]),
    (
        Kind.PAYEE_LINK_MADE,
        [
            (
                PayeeLink,
                {"payer_id": key("rival"), "payee_id": key("writer"), "opens_until": datetime(2099, 1, 1, tzinfo=UTC)},
            )
        ],
    ),
    (Kind.PAYEE_LINK_ENDED, [(PayeeLinkEnd, {})]),
    (Kind.STATEMENT_OBJECTED, [(StatementObjection, {"objected_by_id": None})]),
    (Kind.OBJECTION_ANSWERED, [(ObjectionAnswer, {})]),
    (Kind.PAYMENTS_ORDERED, [(PaymentFile, {}), (PaymentOrder, {})]),
    (Kind.PAYMENT_CONFIRMED, [(Payment, {})]),
    (Kind.AUDIT_NOTED, [(AuditNote, {"statement_id": Statement})]),
    (Kind.SAMPLE_DRAWN, [(AuditSample, {}), (AuditSampleItem, {})]),
    (Kind.EXCEPTION_RECORDED, [(AuditException, {"position": 1})]),
]
# In no entry's rows.
ASIDE: list[tuple[type[models.Model], Change]] = [
    (ImportedFact, {"fact_id": key("linked")}),
    (Enrollment, {}),
    (ImportProblem, {}),
    (ImportNote, {"fact_id": key("linked")}),
    (SocietyAnswer, {"work_id": key("linked")}),
    (CampaignMailing, {}),
    (CampaignNotice, {}),
    (CampaignPlan, {}),
    (ReviewClaim, {}),
    (OutputWatch, {}),
    (DivisionWatch, {}),
    (CopyOrder, {}),
    (ShardQuestion, {}),
    (Operation, {}),
    (Cosignature, {}),
    (WitnessState, {"verifier": "witness"}),
    (RunPart, {}),
    (RunPartition, {}),
    (UsageKey, {"payer_id": key("distributor"), "usages": 3}),
    (UsageSum, {"amount": "1.5"}),
    (UsageProblem, {}),
    (UsageMapping, {"payer_id": key("distributor")}),
    (ReplayRound, {}),
    (ReplayedEntry, {}),
    (PackOrder, {"submission_id": key("output")}),
    (PackProgress, {}),
    (PackPart, {}),
]


def one_of_each(world: World) -> None:
    """Put a row of every other table on record, in one transaction with its entries, as the runtime role."""
    at = timezone.now()
    for name in ("twin", "twin's twin"):
        people.register_party(id=UUID(key(name)), kind=PartyKind.PERSON, name=name.title(), at=at)
    people.add_name(id=UUID(key("pseudonym")), party_id=UUID(key("twin")), kind=NameKind.PSEUDONYM, name="T", at=at)
    world.state("/v1/works", {"id": key("linked"), "title": "Linked"})
    world.share("linked", party="writer", part="1", work=key("linked"))
    world.license("exclusive license", schedule=[{"work": key("linked")}], exclusive=True)
    silent = key("silent")
    world.state("/v1/recordings", {"id": silent, "title": "Silent", "works": [key("linked")]})
    registration.deliver_audio(
        id=UUID(key("delivery")), recording_id=UUID(silent), audio_path=world.sounds.own("wav"), media_type=None, at=at
    )
    certifying.sweep(at=at)
    # What was signed has its signer's entry already; its time stamp comes from the queue.
    timestamping.stamp(manifest_id=Manifest.objects.get(decision__submission=UUID(key("output"))).id, at=at)
    users = {name: User.objects.create(username=name) for name in ("asks", "agrees")}
    made: dict[type[models.Model], models.Model] = {
        User: users["asks"],
        Entry: Entry.objects.earliest("at"),
        Audio: Audio.objects.earliest("received_at"),
        Decision: Decision.objects.filter(submission=UUID(key("output"))).get(),
        Reference: Reference.objects.filter(recordings=UUID(key("country"))).get(),
        Manifest: Manifest.objects.filter(decision__submission=UUID(key("output"))).get(),
        Checkpoint: sequencer.drain(at=at) or checkpoints.newest(),
    }
    second = {
        Kind.APPROVED: {"approved_by_id": users["agrees"].pk},
        Kind.REVIEWED: {"reviewer_id": users["agrees"].pk},
        Kind.STATUS_STATED: {"stated_by_id": users["agrees"].pk},
    }
    with transaction.atomic(durable=True):
        for kind, rows in FACTS:
            for model, said in rows:
                made[model] = _put(model, made, said | second.get(kind, {}))
            log.append(kind, made[rows[0][0]], {}, at=at)
        for model, said in ASIDE:
            made[model] = _put(model, made, said)
        restate.everything(at=at)


def _put(model: type[models.Model], made: dict[type[models.Model], models.Model], said: Change) -> models.Model:
    values: Change = {}
    said = {name: made[value].pk if isinstance(value, type) else value for name, value in said.items()}
    for field in model._meta.concrete_fields:
        if field.generated or field.attname in said or field.null or isinstance(field, models.BigAutoField):
            continue
        if field.is_relation:
            values[field.attname] = made[field.related_model].pk  # type: ignore[index]
        else:
            values[field.attname] = _plain(model, field)
    row: models.Model = model.objects.create(**(values | said))  # type: ignore[attr-defined]
    return row


def _plain(model: type[models.Model], field: Any) -> Any:
    if field.primary_key:
        return uuid5(UUID(int=0), f"{model._meta.db_table} {model.objects.count()}")  # type: ignore[attr-defined]
    if field.name == "active_from":
        return date.fromisoformat(SINCE)
    if field.choices:
        return field.choices[0][0]
    match field:
        case models.CharField():
            return (DOCUMENT if field.name.endswith("digest") else "x")[: field.max_length]
        case models.TextField():
            return "{}"
        case models.DateTimeField():
            return timezone.now()
        case models.DateField():
            return today() + timedelta(days=1)
        case models.BooleanField():
            return False
        case models.IntegerField():
            return 1
        case models.UUIDField():
            return uuid5(UUID(int=1), field.name)
        case models.BinaryField():
            return b"\x01" * 32
        case _ if field.name == "territories":
            return [WORLD]
    return []
