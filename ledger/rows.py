"""Which rows an entry vouches for, and how a row is written down so that its bytes can be hashed.

An entry carries, per table, the SHA-256 over the canonical JSON array of the rows' documents. So a change to any
column of any of those rows, by whatever means, shows against the log. A table's columns are frozen under a version:
a migration that adds a column adds a version here, and old entries keep being checked under theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Model, Q, QuerySet

from fingerprint.models import Audio, Examination, Fingerprint, Reference
from ledger import canonical
from ledger.models import (
    Approval,
    AuditEngagement,
    AuditException,
    AuditNote,
    AuditSample,
    AuditSampleItem,
    BandsActivation,
    BandsVersion,
    Entry,
    Erasure,
    ErasureRequest,
    ImportBatch,
    ImportOutcome,
    ImportReversal,
    LogKeyChange,
    Membership,
    MembershipEnd,
    Proposal,
)
from provenance.models import (
    Certificate,
    Disclosure,
    DisclosureAnswer,
    ForeignManifest,
    Manifest,
    ManifestStatus,
    SignedCopy,
    SignerChange,
    SoftBinding,
    Timestamp,
)
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
    Finding,
    Identifier,
    IdentifierFinding,
    Influence,
    InfluenceObjection,
    InfluenceWeight,
    Ingredient,
    License,
    LicenseAsset,
    LicenseEvent,
    LicenseModelVersion,
    Lyrics,
    MfnClause,
    ModelVersion,
    ModelVersionRetirement,
    OutputFlag,
    Party,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    Recheck,
    RecheckFinding,
    Recording,
    RecordingAudio,
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
    Share,
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
    Work,
)
from rights.models import Model as Model_
from royalties.models import (
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
    Split,
    SplitSource,
    Statement,
    StatementObjection,
    TaxCertificate,
    Transaction,
    UsageFile,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageReport,
    UsageSupersession,
)

MAX_EXACT_INTEGER = 2**53 - 1  # beyond it JSON readers disagree; such an integer is written as a decimal string

# Table → the columns of each version, in the order of the versions. Append only.
COLUMNS: dict[type[Model], tuple[tuple[str, ...], ...]] = {
    Party: (
        ("id", "kind", "commitment", "registered_at"),
        ("id", "kind", "commitment", "registered_at", "registrar_id"),
    ),
    Work: (
        ("id", "title", "iswc", "registered_at"),
        ("id", "title", "iswc", "registered_at", "registrar_id"),
    ),
    Recording: (
        ("id", "title", "isrc", "reference_id", "registered_at"),
        ("id", "title", "isrc", "reference_id", "registered_at", "registrar_id"),
    ),
    RecordingWork: (
        ("id", "recording_id", "work_id"),
        (
            "id",
            "recording_id",
            "work_id",
            "portion_numerator",
            "portion_denominator",
            "start_ms",
            "end_ms",
            "recorded_at",
        ),
    ),
    Share: (
        (
            "id",
            "recording_id",
            "work_id",
            "party_id",
            "right_type",
            "numerator",
            "denominator",
            "territories",
            "active_from",
            "active_to",
            "recorded_at",
        ),
        (
            "id",
            "recording_id",
            "work_id",
            "party_id",
            "right_type",
            "numerator",
            "denominator",
            "territories",
            "active_from",
            "active_to",
            "recorded_at",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "basis",
            "role",
            "written",
            "registrar_id",
        ),
    ),
    Consent: (
        (
            "id",
            "grantor_id",
            "actor_id",
            "recording_id",
            "work_id",
            "licensee_id",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "document_digest",
            "recorded_at",
        ),
        (
            "id",
            "grantor_id",
            "actor_id",
            "recording_id",
            "work_id",
            "licensee_id",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "document_digest",
            "recorded_at",
            "authority_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "is_list",
            "covers_future",
            "query",
            "licensee_role",
            "model_id",
            "model_version_id",
            "barred",
            "approval_mode",
            "influence_numerator",
            "influence_denominator",
            "notice_days",
            "description",
            "compensation",
            "language",
            "terms_id",
            "registrar_id",
        ),
    ),
    ConsentEvent: (
        ("id", "consent_id", "act", "actor_id", "effective_on", "recorded_at"),
        (
            "id",
            "consent_id",
            "act",
            "actor_id",
            "effective_on",
            "recorded_at",
            "position",
            "authority_id",
            "successor_id",
            "reason",
            "channel",
        ),
    ),
    License: (
        (
            "id",
            "licensor_id",
            "licensee_id",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "document_digest",
            "recorded_at",
        ),
        (
            "id",
            "licensor_id",
            "licensee_id",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "document_digest",
            "recorded_at",
            "barred",
            "is_exclusive",
            "max_outputs",
            "influence_numerator",
            "influence_denominator",
            "release_from",
            "release_to",
            "terms_id",
            "registrar_id",
        ),
    ),
    LicenseAsset: (
        ("id", "license_id", "recording_id", "work_id"),
        ("id", "license_id", "recording_id", "work_id", "voice_id", "stem_id", "lyrics_id"),
    ),
    Plan: (
        (
            "id",
            "license_id",
            "commission_numerator",
            "commission_denominator",
            "creator_numerator",
            "creator_denominator",
            "masters_numerator",
            "masters_denominator",
            "recorded_at",
        ),
        (
            "id",
            "license_id",
            "number",
            "valid_from",
            "reason",
            "scope",
            "party_id",
            "release_id",
            "recording_id",
            "commission_numerator",
            "commission_denominator",
            "creator_numerator",
            "creator_denominator",
            "masters_numerator",
            "masters_denominator",
            "recorded_at",
        ),
    ),
    RoyaltyRun: (
        (
            "id",
            "payer_id",
            "number",
            "period_from",
            "period_to",
            "timezone",
            "currency",
            "pay_on",
            "started_by_id",
            "started_at",
        ),
    ),
    RunEvent: (
        (
            "id",
            "run_id",
            "act",
            "position",
            "started_by_id",
            "by_id",
            "reason",
            "document",
            "digest",
            "recorded_at",
        ),
    ),
    ExchangeRate: (
        (
            "id",
            "payer_id",
            "base",
            "quote",
            "numerator",
            "denominator",
            "direction",
            "source",
            "on",
            "recorded_at",
        ),
    ),
    Declaration: (
        (
            "id",
            "payer_id",
            "kind",
            "license_id",
            "period_from",
            "period_to",
            "currency",
            "amount",
            "source",
            "document_digest",
            "recorded_at",
        ),
    ),
    PayeeTerms: (
        (
            "id",
            "payer_id",
            "payee_id",
            "currency",
            "reserve_numerator",
            "reserve_denominator",
            "reserve_periods",
            "threshold_units",
            "payout_currency",
            "income_type",
            "withholding_numerator",
            "withholding_denominator",
            "recorded_at",
        ),
    ),
    TaxCertificate: (
        (
            "id",
            "payer_id",
            "payee_id",
            "income_type",
            "numerator",
            "denominator",
            "valid_from",
            "valid_to",
            "document_digest",
            "recorded_at",
        ),
    ),
    Advance: (
        (
            "id",
            "payer_id",
            "payee_id",
            "kind",
            "currency",
            "units",
            "group",
            "assets",
            "priority",
            "numerator",
            "denominator",
            "paid_on",
            "recorded_at",
        ),
    ),
    Transaction: (
        (
            "id",
            "payer_id",
            "kind",
            "run_id",
            "of_run_id",
            "value_on",
            "reason",
            "booked_by_id",
            "recorded_at",
        ),
        (
            "id",
            "payer_id",
            "kind",
            "run_id",
            "of_run_id",
            "term_id",
            "value_on",
            "reason",
            "booked_by_id",
            "recorded_at",
        ),
    ),
    Posting: (
        (
            "id",
            "transaction_id",
            "account_id",
            "units",
        ),
    ),
    StatementObjection: (
        (
            "id",
            "statement_id",
            "reason",
            "evidence_digest",
            "object_until",
            "objected_by_id",
            "recorded_on",
            "recorded_at",
        ),
        (
            "id",
            "statement_id",
            "reason",
            "evidence_digest",
            "object_until",
            "objected_by_id",
            "recorded_on",
            "recorded_at",
            "link_id",
        ),
    ),
    PayeeLink: (("id", "payer_id", "payee_id", "token_digest", "opens_until", "made_by_id", "recorded_at"),),
    PayeeLinkEnd: (("id", "link_id", "ended_by_id", "recorded_at"),),
    ObjectionAnswer: (("id", "objection_id", "outcome", "reason", "answered_by_id", "recorded_at"),),
    PaymentFile: (("id", "run_id", "currency", "pay_on", "digest", "made_by_id", "recorded_at"),),
    PaymentOrder: (("id", "file_id", "statement_id", "attempt", "units"),),
    Payment: (("id", "order_id", "is_return", "booked_on", "source_digest", "recorded_at"),),
    Statement: (
        (
            "id",
            "run_id",
            "payee_id",
            "version",
            "currency",
            "lines",
            "allocated",
            "adjusted",
            "granted",
            "earned",
            "held",
            "reserved",
            "released",
            "carried_in",
            "recouped",
            "deducted",
            "base",
            "withholding_numerator",
            "withholding_denominator",
            "withholding_exact",
            "withheld",
            "carried_out",
            "payable",
            "payout_currency",
            "payout_rate_id",
            "payout_units",
            "payout_exact",
            "reason",
            "digest",
            "issued_at",
        ),
        (
            "id",
            "run_id",
            "payee_id",
            "version",
            "currency",
            "lines",
            "allocated",
            "adjusted",
            "granted",
            "termed",
            "earned",
            "held",
            "reserved",
            "released",
            "carried_in",
            "recouped",
            "deducted",
            "base",
            "withholding_numerator",
            "withholding_denominator",
            "withholding_exact",
            "withheld",
            "carried_out",
            "payable",
            "payout_currency",
            "payout_rate_id",
            "payout_units",
            "payout_exact",
            "reason",
            "digest",
            "issued_at",
        ),
    ),
    PlanModel: (
        (
            "id",
            "plan_id",
            "side",
            "is_fallback",
            "position",
            "model",
            "numerator",
            "denominator",
            "basis",
            "provider_id",
            "threshold_numerator",
            "threshold_denominator",
        ),
    ),
    PlanQuantity: (("id", "plan_id", "basis", "recording_id", "work_id", "amount"),),
    PlanTerm: (
        (
            "id",
            "plan_id",
            "position",
            "kind",
            "side",
            "party_id",
            "amount_minor",
            "currency",
            "rate_numerator",
            "rate_denominator",
            "from_count",
            "is_recoupable",
            "group",
            "priority",
            "period_from",
            "period_to",
            "source",
        ),
    ),
    Division: (("id", "decision_id", "number", "reason", "note", "effective_on", "known_at", "digest", "recorded_at"),),
    Submission: (
        ("id", "submitter_id", "title", "audio_id", "uses", "territories", "release_on", "submitted_at"),
        (
            "id",
            "submitter_id",
            "title",
            "audio_id",
            "uses",
            "purposes",
            "model_version_id",
            "territories",
            "release_on",
            "submitted_at",
        ),
        (
            "id",
            "submitter_id",
            "title",
            "audio_id",
            "uses",
            "purposes",
            "model_version_id",
            "territories",
            "release_on",
            "submitted_at",
            "expected_minor",
            "expected_currency",
        ),
        (
            "id",
            "submitter_id",
            "title",
            "audio_id",
            "uses",
            "purposes",
            "model_version_id",
            "territories",
            "release_on",
            "submitted_at",
            "expected_minor",
            "expected_currency",
            "isrc",
            "cover_digest",
        ),
        (
            "id",
            "submitter_id",
            "title",
            "audio_id",
            "uses",
            "purposes",
            "model_version_id",
            "territories",
            "release_on",
            "submitted_at",
            "expected_minor",
            "expected_currency",
            "isrc",
            "cover_digest",
            "prompt_commitment",
        ),
    ),
    Ingredient: (("id", "submission_id", "recording_id"),),
    Contribution: (
        ("id", "submission_id", "position", "component", "ai_level", "tool", "actor_id"),
        (
            "id",
            "submission_id",
            "position",
            "component",
            "ai_level",
            "tool",
            "actor_id",
            "record_id",
            "tool_version",
            "is_generative",
        ),
    ),
    ContributionRecord: (("id", "submission_id", "position", "author_id", "reason", "recorded_at"),),
    ContributionAct: (("id", "submission_id", "record_id", "component", "party_id", "act"),),
    Disclosure: (
        (
            "id",
            "submission_id",
            "sender_id",
            "recipient",
            "profile",
            "profile_version",
            "record_id",
            "statement",
            "statement_digest",
            "message",
            "sent_at",
            "recorded_at",
        ),
    ),
    DisclosureAnswer: (("id", "disclosure_id", "answer", "code", "document_digest", "answered_at", "recorded_at"),),
    ContributionEvidence: (("id", "submission_id", "record_id", "component", "kind", "digest"),),
    Decision: (
        ("id", "submission_id", "outcome", "examination_id", "policy_version", "licenses", "known_at", "decided_at"),
        (
            "id",
            "submission_id",
            "outcome",
            "examination_id",
            "policy_version",
            "licenses",
            "known_at",
            "decided_at",
            "supersedes_id",
            "bands_id",
        ),
    ),
    Finding: (("id", "decision_id", "position", "rule", "effect", "sentence", "rests_on", "matches"),),
    Split: (
        (
            "id",
            "decision_id",
            "zone",
            "territories",
            "leaf",
            "party_id",
            "recording_id",
            "work_id",
            "numerator",
            "denominator",
        ),
        (
            "id",
            "decision_id",
            "division_id",
            "zone",
            "territories",
            "leaf",
            "party_id",
            "recording_id",
            "work_id",
            "numerator",
            "denominator",
        ),
    ),
    SplitSource: (
        (
            "id",
            "decision_id",
            "division_id",
            "zone",
            "leaf",
            "position",
            "plan_id",
            "share_id",
            "influence_id",
            "model",
            "is_fallback",
            "numerator",
            "denominator",
        ),
    ),
    Audio: (
        ("digest", "media_type", "codec", "size_bytes", "duration_ms", "sample_rate_hz", "channels", "received_at"),
    ),
    Reference: (("id", "audio_id", "enrolled_at"),),
    Fingerprint: (
        ("id", "reference_id", "algorithm", "data"),
        ("id", "reference_id", "algorithm", "data", "added_at"),
    ),
    Examination: (("id", "audio_id", "document", "digest", "measured_at"),),
    Manifest: (
        (
            "id",
            "decision_id",
            "label",
            "media_type",
            "is_embedded",
            "output_digest",
            "manifest_digest",
            "certificate_digest",
            "signed_at",
        ),
    ),
    SoftBinding: (
        (
            "id",
            "decision_id",
            "algorithm",
            "value",
            "is_stated",
            "bound_at",
        ),
    ),
    SignedCopy: (
        (
            "id",
            "decision_id",
            "label",
            "media_type",
            "is_embedded",
            "output_digest",
            "manifest_digest",
            "certificate_digest",
            "signed_at",
        ),
    ),
    ForeignManifest: (("id", "decision_id", "state", "store_digest", "document", "digest", "read_at"),),
    Timestamp: (
        (
            "id",
            "manifest_id",
            "token_digest",
            "authority_digest",
            "policy",
            "stamped_at",
            "output_digest",
            "manifest_digest",
            "recorded_at",
        ),
        (
            "id",
            "manifest_id",
            "copy_id",
            "token_digest",
            "authority_digest",
            "policy",
            "stamped_at",
            "output_digest",
            "manifest_digest",
            "recorded_at",
        ),
    ),
    LogKeyChange: (("id", "act", "verifier", "replaces", "recorded_at"),),
    SignerChange: (
        ("id", "certificate_digest", "replaces", "is_development", "active_from", "expires_at", "recorded_at"),
    ),
    UsageReport: (
        (
            "id",
            "payer_id",
            "format",
            "sender",
            "message",
            "content_digest",
            "reading",
            "replaces_id",
            "received_at",
        ),
    ),
    UsageFile: (("id", "report_id", "number", "name", "digest", "size_bytes"),),
    UsageOutcome: (
        (
            "id",
            "report_id",
            "is_booked",
            "payer_id",
            "sender",
            "message",
            "content_digest",
            "lines",
            "keys",
            "problems",
            "usage_digest",
            "keys_digest",
            "document",
            "finished_at",
        ),
    ),
    UsageMatching: (("id", "payer_id", "method", "matched_by_id", "reason", "recorded_at"),),
    UsageMatch: (("id", "matching_id", "payer_id", "key", "submission_id", "supersedes_id"),),
    UsageSupersession: (("id", "report_id", "successor_id", "reason", "recorded_at"),),
    PartyName: (
        (
            "id",
            "party_id",
            "kind",
            "sealed",
            "commitment",
            "recorded_at",
        ),
    ),
    PartyInRole: (
        (
            "id",
            "party_id",
            "role",
            "active_from",
            "active_to",
            "recorded_at",
        ),
    ),
    Representation: (
        (
            "id",
            "principal_id",
            "agent_id",
            "authority",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "document_digest",
            "registrar_id",
            "recorded_at",
        ),
    ),
    RepresentationEnd: (
        (
            "id",
            "representation_id",
            "effective_on",
            "reason",
            "recorded_at",
        ),
    ),
    PartyMerge: (
        (
            "id",
            "duplicate_id",
            "survivor_id",
            "reason",
            "recorded_at",
        ),
    ),
    PartyMergeUndo: (
        (
            "id",
            "merge_id",
            "reason",
            "recorded_at",
        ),
    ),
    Protection: (
        (
            "id",
            "party_id",
            "kind",
            "jurisdiction",
            "active_from",
            "active_to",
            "evidence_digest",
            "recorded_at",
        ),
    ),
    Identifier: (
        (
            "id",
            "scheme",
            "namespace",
            "value",
            "raw",
            "checked",
            "party_id",
            "work_id",
            "recording_id",
            "release_id",
            "recorded_at",
        ),
    ),
    IdentifierFinding: (
        (
            "id",
            "identifier_id",
            "result",
            "source",
            "evidence_digest",
            "recorded_at",
        ),
    ),
    Release: (
        (
            "id",
            "title",
            "icpn",
            "grid",
            "registered_at",
            "registrar_id",
        ),
    ),
    ReleaseRecording: (
        (
            "id",
            "release_id",
            "recording_id",
            "position",
        ),
    ),
    Voice: (
        (
            "id",
            "person_id",
            "label",
            "registered_at",
            "registrar_id",
        ),
    ),
    VoiceEnrollment: (
        (
            "id",
            "voice_id",
            "consent_id",
            "algorithm",
            "clip_digests",
            "voiced_ms",
            "sealed_digest",
            "registrar_id",
            "enrolled_at",
        ),
    ),
    VoiceEnrollmentEnd: (
        (
            "id",
            "enrollment_id",
            "kind",
            "successor_id",
            "recorded_at",
        ),
    ),
    RecordingAudio: (("id", "recording_id", "reference_id", "recorded_at"),),
    RecordingVoice: (
        (
            "id",
            "recording_id",
            "voice_id",
            "component",
            "recorded_at",
        ),
    ),
    Stem: (
        (
            "id",
            "recording_id",
            "title",
            "component",
            "audio_digest",
            "registered_at",
            "registrar_id",
        ),
    ),
    Lyrics: (
        (
            "id",
            "work_id",
            "language",
            "text_digest",
            "registered_at",
            "registrar_id",
        ),
    ),
    Model_: (
        (
            "id",
            "provider_id",
            "name",
            "registered_at",
            "registrar_id",
        ),
    ),
    Dataset: (
        (
            "id",
            "keeper_id",
            "name",
            "members_digest",
            "member_count",
            "frozen_at",
        ),
        (
            "id",
            "keeper_id",
            "name",
            "members_digest",
            "member_count",
            "frozen_at",
            "despite",
        ),
    ),
    DatasetExclusion: (
        (
            "id",
            "dataset_id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "quantity",
            "reason",
            "reservation_id",
            "event_id",
            "note",
        ),
    ),
    RecordingDescription: (
        (
            "id",
            "recording_id",
            "describer_id",
            "genres",
            "languages",
            "regions",
            "recorded_year",
            "lead_voice",
            "registrar_id",
            "recorded_at",
        ),
    ),
    TrainingStatement: (("id", "model_version_id", "stated_by_id", "number", "document", "digest", "recorded_at"),),
    DatasetMember: (
        (
            "id",
            "dataset_id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "license_id",
        ),
    ),
    ModelVersion: (
        (
            "id",
            "model_id",
            "label",
            "dataset_id",
            "code_digest",
            "weights_digest",
            "trained_from",
            "trained_to",
            "has_identity_features",
            "registered_at",
        ),
    ),
    TrainingLicense: (
        (
            "id",
            "model_version_id",
            "license_id",
        ),
    ),
    ModelVersionRetirement: (
        (
            "id",
            "model_version_id",
            "effective_on",
            "reason",
            "recorded_at",
        ),
    ),
    ShareEvent: (
        (
            "id",
            "share_id",
            "act",
            "effective_on",
            "successor_id",
            "reason",
            "recorded_at",
        ),
    ),
    Conflict: (
        (
            "id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "right_type",
            "basis",
            "territories",
            "active_from",
            "active_to",
            "answer_by",
            "escalate_on",
            "close_by",
            "opened_at",
        ),
    ),
    ConflictClaim: (
        (
            "id",
            "conflict_id",
            "share_id",
        ),
    ),
    ConflictEvent: (
        (
            "id",
            "conflict_id",
            "position",
            "act",
            "author_id",
            "sealed",
            "commitment",
            "evidence_digest",
            "recorded_at",
        ),
    ),
    TermsVersion: (
        (
            "id",
            "name",
            "number",
            "language",
            "data",
            "text",
            "data_digest",
            "text_digest",
            "registrar_id",
            "recorded_at",
        ),
    ),
    ConsentAsset: (
        (
            "id",
            "consent_id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
        ),
    ),
    ConsentEvidence: (
        (
            "id",
            "event_id",
            "consent_id",
            "kind",
            "digest",
        ),
    ),
    Reservation: (
        (
            "id",
            "holder_id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "uses",
            "territories",
            "active_from",
            "active_to",
            "channel",
            "wording",
            "snapshot_digest",
            "registrar_id",
            "recorded_at",
        ),
    ),
    ReservationEnd: (
        (
            "id",
            "reservation_id",
            "effective_on",
            "recorded_at",
        ),
    ),
    ConsentOverride: (
        (
            "id",
            "consent_id",
            "reservation_id",
        ),
    ),
    WithdrawalTask: (
        (
            "id",
            "event_id",
            "kind",
            "due_on",
            "party_id",
            "license_id",
            "submission_id",
            "dataset_id",
            "model_version_id",
            "recorded_at",
        ),
    ),
    WithdrawalTaskDone: (
        (
            "id",
            "task_id",
            "by_id",
            "note",
            "evidence_digest",
            "recorded_at",
        ),
    ),
    OutputFlag: (
        ("id", "submission_id", "event_id", "kind", "recorded_at"),
        ("id", "submission_id", "event_id", "kind", "recorded_at", "recheck_id"),
    ),
    Campaign: (
        (
            "id",
            "organization_id",
            "name",
            "terms_id",
            "closes_on",
            "recorded_at",
        ),
    ),
    CampaignInvitation: (
        (
            "id",
            "campaign_id",
            "party_id",
            "consent_id",
            "token_digest",
        ),
    ),
    LicenseModelVersion: (
        (
            "id",
            "license_id",
            "model_version_id",
        ),
    ),
    LicenseEvent: (
        (
            "id",
            "license_id",
            "position",
            "act",
            "actor_id",
            "effective_on",
            "successor_id",
            "reason",
            "recorded_at",
        ),
    ),
    MfnClause: (
        (
            "id",
            "license_id",
            "reference_class",
            "measure",
            "looks_back_to",
        ),
    ),
    Clearance: (
        (
            "id",
            "licensee_id",
            "asker_id",
            "model_version_id",
            "uses",
            "purposes",
            "territories",
            "valid_at",
            "known_at",
            "policy_version",
            "assets",
            "allowed",
            "denied",
            "needing_approval",
            "unknown",
            "valid_until",
            "answers_digest",
            "answered_at",
        ),
    ),
    ClearanceAnswers: (
        (
            "clearance_id",
            "body",
        ),
    ),
    Membership: (
        (
            "id",
            "user_id",
            "organization_id",
            "role",
            "active_from",
            "active_to",
            "recorded_at",
        ),
    ),
    MembershipEnd: (
        (
            "id",
            "membership_id",
            "effective_on",
            "recorded_at",
        ),
    ),
    AuditEngagement: (
        (
            "id",
            "membership_id",
            "purpose",
            "ends_at",
            "parties",
            "period_from",
            "period_to",
        ),
    ),
    AuditNote: (
        (
            "id",
            "organization_id",
            "engagement_id",
            "entry_id",
            "submission_id",
            "statement_id",
            "text",
            "noted_by_id",
            "recorded_at",
        ),
    ),
    AuditSample: (
        (
            "id",
            "organization_id",
            "engagement_id",
            "method",
            "seed",
            "currency",
            "period_from",
            "period_to",
            "payee_id",
            "known_at",
            "document",
            "digest",
            "drawn_by_id",
            "recorded_at",
        ),
    ),
    AuditSampleItem: (
        (
            "id",
            "sample_id",
            "position",
            "statement_id",
            "partition",
            "line",
            "units",
            "stratum",
            "hits",
        ),
    ),
    AuditException: (
        (
            "id",
            "item_id",
            "position",
            "owner_id",
            "root_cause",
            "audited_units",
            "status",
            "note",
            "recorded_by_id",
            "recorded_at",
        ),
    ),
    ImportBatch: (
        (
            "id",
            "organization_id",
            "format",
            "file_digest",
            "size_bytes",
            "mapping",
            "is_partial",
            "received_at",
        ),
    ),
    ImportOutcome: (
        (
            "id",
            "batch_id",
            "is_taken",
            "lines",
            "facts",
            "known_before",
            "problems",
            "facts_digest",
            "finished_at",
        ),
    ),
    ImportReversal: (
        (
            "id",
            "batch_id",
            "reason",
            "reversed_at",
        ),
    ),
    Proposal: (
        (
            "id",
            "act",
            "party_id",
            "other_party_id",
            "consent_id",
            "conflict_id",
            "reason",
            "proposed_by_id",
            "proposed_at",
        ),
        (
            "id",
            "act",
            "party_id",
            "other_party_id",
            "consent_id",
            "conflict_id",
            "reason",
            "proposed_by_id",
            "proposed_at",
            "bands_id",
        ),
    ),
    Approval: (
        (
            "id",
            "proposal_id",
            "proposed_by_id",
            "approved_by_id",
            "is_agreed",
            "reason",
            "approved_at",
        ),
    ),
    ErasureRequest: (
        (
            "id",
            "party_id",
            "channel",
            "answer_by",
            "requested_at",
        ),
    ),
    Erasure: (
        (
            "id",
            "request_id",
            "approval_id",
            "document",
            "erased_at",
        ),
    ),
    BandsVersion: (("id", "number", "document", "digest", "note", "drafted_by_id", "drafted_at"),),
    BandsActivation: (("id", "bands_id", "approval_id", "effective_from", "recorded_at"),),
    Review: (
        (
            "id",
            "decision_id",
            "reviewer_id",
            "position",
            "outcome",
            "reason",
            "note",
            "evidence_digest",
            "reviewed_at",
        ),
    ),
    Appeal: (("id", "decision_id", "appellant_id", "ground", "statement", "appealed_at"),),
    AppealEvidence: (("id", "appeal_id", "kind", "digest", "isrc"),),
    AppealAnswer: (("id", "appeal_id", "reviewer_id", "is_upheld", "reason", "note", "answered_at"),),
    Allowance: (("id", "answer_id", "reference_id", "submitter_id", "expires_on", "recorded_at"),),
    Recheck: (
        (
            "id",
            "decision_id",
            "cause",
            "event_id",
            "examination_id",
            "outcome",
            "policy_version",
            "bands_id",
            "known_at",
            "rechecked_at",
        ),
    ),
    RecheckFinding: (("id", "recheck_id", "position", "rule", "effect", "sentence", "rests_on", "matches"),),
    Influence: (
        (
            "id",
            "submission_id",
            "provider_id",
            "stated_by_id",
            "method",
            "version",
            "confidence_numerator",
            "confidence_denominator",
            "report_digest",
            "recorded_at",
        ),
    ),
    InfluenceWeight: (
        (
            "id",
            "influence_id",
            "recording_id",
            "work_id",
            "voice_id",
            "stem_id",
            "lyrics_id",
            "numerator",
            "denominator",
        ),
    ),
    InfluenceObjection: (("id", "influence_id", "party_id", "reason", "evidence_digest", "recorded_at"),),
    Certificate: (
        ("id", "manifest_id", "number", "token", "digest", "signer_digest", "issued_at", "expires_at"),
        ("id", "manifest_id", "number", "token", "digest", "signer_digest", "issued_at", "expires_at", "rests_on"),
    ),
    ManifestStatus: (
        (
            "id",
            "manifest_id",
            "number",
            "status",
            "reason",
            "successor_id",
            "evidence_digest",
            "note",
            "stated_by_id",
            "party_id",
            "recorded_at",
        ),
    ),
}

Rows = QuerySet[Any]


@dataclass(frozen=True)
class _Covered:
    """Rows of a table that belong to a subject, and the path from them to it."""

    model: type[Model]
    path: str = "pk"
    which: Q = field(default_factory=Q)


def _one(model: type[Model]) -> tuple[_Covered, ...]:
    return (_Covered(model),)


_AS_ENROLLED = Q(added_at__isnull=True)  # what was added later follows from the audio
_OF_RECORDING = (
    _Covered(Recording),
    _Covered(RecordingWork, "recording", Q(entries__isnull=True)),  # those that came with it
    _Covered(Reference, "recordings"),
    _Covered(Fingerprint, "reference__recordings", _AS_ENROLLED),
    _Covered(Audio, "references__recordings"),
)
_OF_DELIVERY = (
    _Covered(RecordingAudio),
    _Covered(Reference, "deliveries"),
    _Covered(Fingerprint, "reference__deliveries", _AS_ENROLLED),
    _Covered(Audio, "references__deliveries"),
)
_AS_SUBMITTED = Q(record__isnull=True)  # what a correction says has an entry of its own
_OF_SUBMISSION = (
    _Covered(Submission),
    _Covered(Ingredient, "submission"),
    _Covered(Contribution, "submission", _AS_SUBMITTED),
    _Covered(ContributionAct, "submission", _AS_SUBMITTED),
    _Covered(ContributionEvidence, "submission", _AS_SUBMITTED),
    _Covered(Audio, "submissions"),
)
_OF_CORRECTION = (
    _Covered(ContributionRecord),
    _Covered(Contribution, "record"),
    _Covered(ContributionAct, "record"),
    _Covered(ContributionEvidence, "record"),
)
_AS_DECIDED = Q(division=None)  # later versions have entries of their own
_OF_DECISION = (
    _Covered(Decision),
    _Covered(Finding, "decision"),
    _Covered(Examination, "decisions"),
    _Covered(Manifest, "decision"),
    _Covered(SoftBinding, "decision", Q(is_stated=True)),  # those taken later have entries of their own
    _Covered(ForeignManifest, "decision"),
    _Covered(Split, "decision", _AS_DECIDED),
    _Covered(SplitSource, "decision", _AS_DECIDED),
)
_OF_LICENSE = (
    _Covered(License),
    _Covered(LicenseAsset, "license"),
    _Covered(Plan, "license", Q(number=1)),  # and without what it weighs by, which has an entry of its own
    _Covered(LicenseModelVersion, "license"),
    _Covered(MfnClause, "license"),
)
# With the first thing that happened to it: it was offered, or granted at once. What happened later has entries of its
# own, also a grant of what was offered.
_OF_CONSENT = (
    _Covered(Consent),
    _Covered(ConsentEvent, "consent", Q(position=0)),
    _Covered(ConsentAsset, "consent"),
    _Covered(ConsentOverride, "consent"),
    _Covered(ConsentEvidence, "consent", Q(event__position=0)),
    _Covered(CampaignInvitation, "consent"),  # where a campaign asked
)
_OF_CONSENT_EVENT = (
    _Covered(ConsentEvent),
    _Covered(ConsentEvidence, "event"),
    _Covered(WithdrawalTask, "event"),
    _Covered(OutputFlag, "event"),
)
_OF_RECHECK = (
    _Covered(Recheck),
    _Covered(RecheckFinding, "recheck"),
    _Covered(Examination, "rechecks"),
    _Covered(OutputFlag, "recheck"),
)

# Kind → the rows that its subject brings along.
COVERED: dict[str, tuple[_Covered, ...]] = {
    Entry.Kind.PARTY_REGISTERED: _one(Party),
    Entry.Kind.WORK_REGISTERED: _one(Work),
    Entry.Kind.RECORDING_REGISTERED: _OF_RECORDING,
    Entry.Kind.SHARE_REGISTERED: _one(Share),
    Entry.Kind.CONSENT_GRANTED: _OF_CONSENT,
    Entry.Kind.CONSENT_OFFERED: _OF_CONSENT,
    Entry.Kind.CONSENT_WITHDRAWN: _OF_CONSENT_EVENT,
    Entry.Kind.CONSENT_CHANGED: _OF_CONSENT_EVENT,
    Entry.Kind.LICENSE_SIGNED: _OF_LICENSE,
    Entry.Kind.SUBMITTED: _OF_SUBMISSION,
    Entry.Kind.DECIDED: _OF_DECISION,
    Entry.Kind.PARTY_NAMED: _one(PartyName),
    Entry.Kind.ROLE_TAKEN: _one(PartyInRole),
    Entry.Kind.REPRESENTATION_RECORDED: _one(Representation),
    Entry.Kind.REPRESENTATION_ENDED: _one(RepresentationEnd),
    Entry.Kind.PARTIES_MERGED: _one(PartyMerge),
    Entry.Kind.MERGE_UNDONE: _one(PartyMergeUndo),
    Entry.Kind.PROTECTION_RECORDED: _one(Protection),
    Entry.Kind.IDENTIFIER_RECORDED: _one(Identifier),
    Entry.Kind.IDENTIFIER_CHECKED: _one(IdentifierFinding),
    Entry.Kind.WORK_LINKED: _one(RecordingWork),
    Entry.Kind.RELEASE_REGISTERED: (_Covered(Release), _Covered(ReleaseRecording, "release")),
    Entry.Kind.VOICE_REGISTERED: _one(Voice),
    Entry.Kind.VOICE_LINKED: _one(RecordingVoice),
    Entry.Kind.AUDIO_DELIVERED: _OF_DELIVERY,
    Entry.Kind.VOICE_ENROLLED: _one(VoiceEnrollment),
    Entry.Kind.VOICE_ENROLLMENT_ENDED: _one(VoiceEnrollmentEnd),
    Entry.Kind.STEM_REGISTERED: _one(Stem),
    Entry.Kind.LYRICS_REGISTERED: _one(Lyrics),
    Entry.Kind.MODEL_REGISTERED: _one(Model_),
    Entry.Kind.DATASET_FROZEN: (
        _Covered(Dataset),
        _Covered(DatasetMember, "dataset"),
        _Covered(DatasetExclusion, "dataset"),
    ),
    Entry.Kind.RECORDING_DESCRIBED: _one(RecordingDescription),
    Entry.Kind.TRAINING_STATED: _one(TrainingStatement),
    Entry.Kind.MODEL_VERSION_REGISTERED: (_Covered(ModelVersion), _Covered(TrainingLicense, "model_version")),
    Entry.Kind.MODEL_VERSION_RETIRED: _one(ModelVersionRetirement),
    Entry.Kind.SHARE_CHANGED: _one(ShareEvent),
    Entry.Kind.CONFLICT_OPENED: (_Covered(Conflict), _Covered(ConflictClaim, "conflict")),
    Entry.Kind.CONFLICT_ACTED: _one(ConflictEvent),
    Entry.Kind.TERMS_PUBLISHED: _one(TermsVersion),
    Entry.Kind.RIGHTS_RESERVED: _one(Reservation),
    Entry.Kind.RESERVATION_LIFTED: _one(ReservationEnd),
    Entry.Kind.WITHDRAWAL_TASK_DONE: _one(WithdrawalTaskDone),
    Entry.Kind.CAMPAIGN_OPENED: _one(Campaign),
    Entry.Kind.LICENSE_CHANGED: _one(LicenseEvent),
    Entry.Kind.CLEARANCE_ANSWERED: (_Covered(Clearance), _Covered(ClearanceAnswers)),
    Entry.Kind.MEMBER_ADMITTED: (_Covered(Membership), _Covered(AuditEngagement, "membership")),
    Entry.Kind.AUDIT_NOTED: _one(AuditNote),
    Entry.Kind.SAMPLE_DRAWN: (_Covered(AuditSample), _Covered(AuditSampleItem, "sample")),
    Entry.Kind.EXCEPTION_RECORDED: _one(AuditException),
    Entry.Kind.MEMBER_LEFT: _one(MembershipEnd),
    Entry.Kind.IMPORT_RECEIVED: _one(ImportBatch),
    Entry.Kind.IMPORT_FINISHED: _one(ImportOutcome),
    Entry.Kind.IMPORT_REVERSED: _one(ImportReversal),
    Entry.Kind.ERASURE_REQUESTED: _one(ErasureRequest),
    Entry.Kind.ERASED: _one(Erasure),
    Entry.Kind.PROPOSED: _one(Proposal),
    Entry.Kind.APPROVED: _one(Approval),
    Entry.Kind.BANDS_DRAFTED: _one(BandsVersion),
    Entry.Kind.BANDS_ACTIVATED: _one(BandsActivation),
    Entry.Kind.REVIEWED: _one(Review),
    Entry.Kind.APPEALED: (_Covered(Appeal), _Covered(AppealEvidence, "appeal")),
    Entry.Kind.APPEAL_ANSWERED: (_Covered(AppealAnswer), _Covered(Allowance, "answer")),
    Entry.Kind.RECHECKED: _OF_RECHECK,
    Entry.Kind.INFLUENCE_STATED: (_Covered(Influence), _Covered(InfluenceWeight, "influence")),
    Entry.Kind.INFLUENCE_OBJECTED: _one(InfluenceObjection),
    Entry.Kind.CERTIFIED: _one(Certificate),
    Entry.Kind.STATUS_STATED: _one(ManifestStatus),
    Entry.Kind.SOFT_BOUND: _one(SoftBinding),
    Entry.Kind.COPY_SIGNED: _one(SignedCopy),
    Entry.Kind.CONTRIBUTIONS_CORRECTED: _OF_CORRECTION,
    Entry.Kind.DISCLOSURE_SENT: _one(Disclosure),
    Entry.Kind.DISCLOSURE_ANSWERED: _one(DisclosureAnswer),
    Entry.Kind.TIMESTAMPED: _one(Timestamp),
    Entry.Kind.SIGNER_CHANGED: _one(SignerChange),
    Entry.Kind.LOG_KEY_CHANGED: _one(LogKeyChange),
    Entry.Kind.RUN_STARTED: _one(RoyaltyRun),
    Entry.Kind.RUN_WENT_ON: _one(RunEvent),
    Entry.Kind.RATE_RECORDED: _one(ExchangeRate),
    Entry.Kind.PAYEE_TERMS_AGREED: _one(PayeeTerms),
    Entry.Kind.TAX_CERTIFIED: _one(TaxCertificate),
    Entry.Kind.DECLARED: _one(Declaration),
    Entry.Kind.ADVANCE_RECORDED: _one(Advance),
    Entry.Kind.BOOKED: (_Covered(Transaction), _Covered(Posting, "transaction")),
    Entry.Kind.STATEMENT_ISSUED: _one(Statement),
    Entry.Kind.STATEMENT_OBJECTED: _one(StatementObjection),
    Entry.Kind.OBJECTION_ANSWERED: _one(ObjectionAnswer),
    Entry.Kind.PAYEE_LINK_MADE: _one(PayeeLink),
    Entry.Kind.PAYEE_LINK_ENDED: _one(PayeeLinkEnd),
    Entry.Kind.PAYMENTS_ORDERED: (_Covered(PaymentFile), _Covered(PaymentOrder, "file")),
    Entry.Kind.PAYMENT_CONFIRMED: _one(Payment),
    Entry.Kind.USAGE_RECEIVED: (_Covered(UsageReport), _Covered(UsageFile, "report")),
    Entry.Kind.USAGE_FINISHED: _one(UsageOutcome),
    Entry.Kind.USAGE_MATCHED: (_Covered(UsageMatching), _Covered(UsageMatch, "matching")),
    Entry.Kind.USAGE_SUPERSEDED: _one(UsageSupersession),
    Entry.Kind.PLAN_STATED: (
        _Covered(Plan),
        _Covered(PlanModel, "plan"),
        _Covered(PlanQuantity, "plan"),
        _Covered(PlanTerm, "plan"),
    ),
    Entry.Kind.SPLITS_REDIVIDED: (_Covered(Division), _Covered(Split, "division"), _Covered(SplitSource, "division")),
}

# What only a recording with a reference has: a catalogue of thousands without audio is not asked for it each time.
WITH_AUDIO: frozenset[type[Model]] = frozenset({Reference, Fingerprint, Audio})

Document = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """The rows of one table that an entry covers, as documents sorted by their id."""

    table: str
    version: int
    documents: tuple[Document, ...]

    @property
    def bytes(self) -> bytes:
        """The canonical array, as an evidence pack carries it."""
        return canonical.encode_rows(self.documents)

    @property
    def vouched(self) -> canonical.Rows:
        """What the entry says of these rows."""
        return canonical.rows_of(self.table, self.documents, version=self.version)


def knows(groups: Iterable[canonical.Rows]) -> bool:
    """Whether these tables and versions are ones that rows can be written down under."""
    versions = {model._meta.db_table: len(columns) for model, columns in COLUMNS.items()}
    return all(1 <= group.version <= versions.get(group.table, 0) for group in groups)


def collect(kind: str, subject_id: UUID, *, versions: Mapping[str, int] | None = None) -> tuple[Group, ...]:
    """
    Read the rows that an entry of this kind covers, as they stand in the database now.

    ``versions`` names the version per table under which an old entry was written; without it the newest is used.
    """
    return collect_each(kind, [subject_id], versions={subject_id: versions or {}})[subject_id]


def collect_each(
    kind: str, subject_ids: Sequence[UUID], *, versions: Mapping[UUID, Mapping[str, int]] | None = None
) -> dict[UUID, tuple[Group, ...]]:
    """Read the rows of many entries of one kind: what ``collect`` reads of each, in a statement a table and version."""
    found: dict[UUID, list[Group]] = {id_: [] for id_ in subject_ids}
    silent: set[UUID] = set()
    for covered in COVERED[kind]:
        table, newest = covered.model._meta.db_table, len(COLUMNS[covered.model])
        by_version = defaultdict[int, list[UUID]](list)
        for id_ in subject_ids:
            if not (id_ in silent and covered.model in WITH_AUDIO):
                by_version[(versions or {}).get(id_, {}).get(table, newest)].append(id_)
        for version, ids in by_version.items():
            for id_, documents in _documents(covered, ids, version).items():
                found[id_].append(Group(table, version, documents))
                if covered.model is Recording and documents[0]["reference_id"] is None:
                    silent.add(id_)
    return {id_: tuple(sorted(groups, key=lambda group: group.table)) for id_, groups in found.items()}


def documents(rows: Rows) -> tuple[Document, ...]:
    """Return rows as documents sorted by their id, with the newest columns."""
    columns = COLUMNS[rows.model][-1]
    names = ("id", *columns[1:])  # the first column is the primary key, whatever its name
    found = [dict(zip(names, map(_plain, values), strict=True)) for values in rows.values_list(*columns)]
    return tuple(sorted(found, key=lambda document: str(document["id"])))


def _documents(covered: _Covered, subject_ids: Sequence[UUID], version: int) -> dict[UUID, tuple[Document, ...]]:
    """Return the rows of each subject that has any, as documents sorted by their id, with the columns of a version."""
    columns = COLUMNS[covered.model][version - 1]
    names = ("id", *columns[1:])
    rows: Rows = QuerySet(covered.model).filter(covered.which, **{f"{covered.path}__in": subject_ids})
    of_each = defaultdict[UUID, list[Document]](list)
    for *values, id_ in rows.values_list(*columns, F(covered.path)):
        of_each[id_].append(dict(zip(names, map(_plain, values), strict=True)))
    return {id_: tuple(sorted(some, key=lambda document: str(document["id"]))) for id_, some in of_each.items()}


def document_of(row: Model, *, version: int = 0) -> Document:
    """Return a row as a document, also one that is not inserted, with the columns of a version; 0 is the newest."""
    columns = COLUMNS[type(row)][version - 1]
    names = ("id", *columns[1:])
    return {name: _plain(getattr(row, column)) for name, column in zip(names, columns, strict=True)}


def _plain(value: Any) -> Any:
    """Write one column's value in what canonical JSON has."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= MAX_EXACT_INTEGER else str(value)
        case UUID():
            return str(value)
        case datetime():
            return canonical.timestamp(value)
        case date():
            return value.isoformat()
        case bytes() | memoryview() | bytearray():
            return bytes(value).hex()
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"a column of type {type(value).__name__} has no canonical form yet")


def uncovered() -> dict[str, int]:
    """Count, per table, the rows that no entry is about: what somebody put in behind the log's back."""
    counts = {}
    with connection.cursor() as cursor:
        for model, (table, condition) in _ORPHANS.items():
            cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} AS r WHERE NOT EXISTS ({condition})")  # noqa: S608 - constants
            row = cursor.fetchone()
            if row and row[0]:
                counts[table] = int(row[0])
    return counts


@dataclass(frozen=True)
class Orphans:
    """Rows of a table that no entry is about: how many, and the ids of some."""

    count: int
    named: tuple[str, ...]


def orphans(model: type[Model], *, most: int) -> Orphans:
    """Return the rows of one table that no entry is about, by their ids."""
    table, condition = _ORPHANS[model]
    key = model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}::text, count(*) OVER () FROM {table} AS r"  # noqa: S608 - constants
            f" WHERE NOT EXISTS ({condition}) ORDER BY 1 LIMIT %s",
            [most],
        )
        found = cursor.fetchall()
    return Orphans(found[0][1] if found else 0, tuple(id for id, _ in found))


def _about(subject: str, key: str = "id") -> str:
    return f"SELECT 1 FROM ledger_entry AS e WHERE (e.subject, e.fact) = ('{subject}', r.{key})"  # noqa: S608 - constants


_WITH_THEIR_RECORD = (
    "SELECT 1 FROM ledger_entry AS e"
    " WHERE (r.record_id IS NULL AND (e.subject, e.fact) = ('submission', r.submission_id))"
    " OR (e.subject, e.fact) = ('contribution_record', r.record_id)"
)
_OF_A_VERSION = (
    "SELECT 1 FROM ledger_entry AS e"
    " WHERE (r.division_id IS NULL AND (e.subject, e.fact) = ('decision', r.decision_id))"
    " OR (e.subject, e.fact) = ('division', r.division_id)"
)

_ORPHANS: dict[type[Model], tuple[str, str]] = {
    model: (model._meta.db_table, condition)
    for model, condition in {
        Party: _about("party"),
        Work: _about("work"),
        Recording: _about("recording"),
        RecordingWork: "SELECT 1 FROM ledger_entry AS e WHERE (e.subject, e.fact) = ('recording', r.recording_id)"
        " OR (e.subject, e.fact) = ('recording_work', r.id)",
        Share: _about("share"),
        Consent: _about("consent"),
        ConsentEvent: "SELECT 1 FROM ledger_entry AS e"
        " WHERE (r.act IN ('granted', 'offered') AND (e.subject, e.fact) = ('consent', r.consent_id))"
        " OR (e.subject, e.fact) = ('consent_event', r.id)",
        License: _about("license"),
        LicenseAsset: _about("license", "license_id"),
        Plan: "SELECT 1 FROM ledger_entry AS e WHERE (r.number = 1 AND (e.subject, e.fact) = ('license', r.license_id))"
        " OR (e.subject, e.fact) = ('plan', r.id)",
        PlanModel: _about("plan", "plan_id"),
        PlanQuantity: _about("plan", "plan_id"),
        PlanTerm: _about("plan", "plan_id"),
        Division: _about("division"),
        Submission: _about("submission"),
        Ingredient: _about("submission", "submission_id"),
        Contribution: _WITH_THEIR_RECORD,
        ContributionRecord: _about("contribution_record"),
        Disclosure: _about("disclosure"),
        DisclosureAnswer: _about("disclosure_answer"),
        ContributionAct: _WITH_THEIR_RECORD,
        ContributionEvidence: _WITH_THEIR_RECORD,
        Decision: _about("decision"),
        Finding: _about("decision", "decision_id"),
        Split: _OF_A_VERSION,
        SplitSource: _OF_A_VERSION,
        Manifest: _about("decision", "decision_id"),
        SoftBinding: "SELECT 1 FROM ledger_entry AS e"
        " WHERE (r.is_stated AND (e.subject, e.fact) = ('decision', r.decision_id))"
        " OR (e.subject, e.fact) = ('soft_binding', r.id)",
        ForeignManifest: _about("decision", "decision_id"),
        SignedCopy: _about("signed_copy"),
        PartyName: _about("party_name"),
        PartyInRole: _about("party_in_role"),
        Representation: _about("representation"),
        RepresentationEnd: _about("representation_end"),
        PartyMerge: _about("party_merge"),
        PartyMergeUndo: _about("party_merge_undo"),
        Protection: _about("protection"),
        Identifier: _about("identifier"),
        IdentifierFinding: _about("identifier_finding"),
        Release: _about("release"),
        ReleaseRecording: _about("release", "release_id"),
        Voice: _about("voice"),
        RecordingVoice: _about("recording_voice"),
        RecordingAudio: _about("recording_audio"),
        VoiceEnrollment: _about("voice_enrollment"),
        VoiceEnrollmentEnd: _about("voice_enrollment_end"),
        Stem: _about("stem"),
        Lyrics: _about("lyrics"),
        Model_: _about("model"),
        Dataset: _about("dataset"),
        DatasetMember: _about("dataset", "dataset_id"),
        DatasetExclusion: _about("dataset", "dataset_id"),
        RecordingDescription: _about("recording_description"),
        TrainingStatement: _about("training_statement"),
        ModelVersion: _about("model_version"),
        TrainingLicense: _about("model_version", "model_version_id"),
        ModelVersionRetirement: _about("model_version_retirement"),
        ShareEvent: _about("share_event"),
        Conflict: _about("conflict"),
        ConflictClaim: _about("conflict", "conflict_id"),
        ConflictEvent: _about("conflict_event"),
        TermsVersion: _about("terms"),
        ConsentAsset: _about("consent", "consent_id"),
        Reservation: _about("reservation"),
        ReservationEnd: _about("reservation_end"),
        ConsentOverride: _about("consent", "consent_id"),
        WithdrawalTask: _about("consent_event", "event_id"),
        WithdrawalTaskDone: _about("withdrawal_task_done"),
        OutputFlag: "SELECT 1 FROM ledger_entry AS e"
        " WHERE (e.subject, e.fact) = ('consent_event', r.event_id) OR (e.subject, e.fact) = ('recheck', r.recheck_id)",
        Campaign: _about("campaign"),
        CampaignInvitation: _about("consent", "consent_id"),
        LicenseModelVersion: _about("license", "license_id"),
        LicenseEvent: _about("license_event"),
        MfnClause: _about("license", "license_id"),
        Clearance: _about("clearance"),
        ClearanceAnswers: _about("clearance", "clearance_id"),
        Membership: _about("membership"),
        MembershipEnd: _about("membership_end"),
        AuditEngagement: _about("membership", "membership_id"),
        AuditNote: _about("audit_note"),
        AuditSample: _about("audit_sample"),
        AuditSampleItem: _about("audit_sample", "sample_id"),
        AuditException: _about("audit_exception"),
        ImportBatch: _about("import_batch"),
        ImportOutcome: _about("import_outcome"),
        ImportReversal: _about("import_reversal"),
        Proposal: _about("proposal"),
        Approval: _about("approval"),
        ErasureRequest: _about("erasure_request"),
        Erasure: _about("erasure"),
        ConsentEvidence: "SELECT 1 FROM ledger_entry AS e WHERE (e.subject, e.fact) = ('consent', r.consent_id)"
        " OR (e.subject, e.fact) = ('consent_event', r.event_id)",
        Examination: "SELECT 1 FROM rights_decision AS d JOIN ledger_entry AS e"
        " ON (e.subject, e.fact) = ('decision', d.id)"
        " WHERE d.examination_id = r.id UNION ALL SELECT 1 FROM rights_recheck AS c"
        " JOIN ledger_entry AS e ON (e.subject, e.fact) = ('recheck', c.id) WHERE c.examination_id = r.id",
        BandsVersion: _about("bands"),
        BandsActivation: _about("bands_activation"),
        Review: _about("review"),
        Appeal: _about("appeal"),
        AppealEvidence: _about("appeal", "appeal_id"),
        AppealAnswer: _about("appeal_answer"),
        Allowance: _about("appeal_answer", "answer_id"),
        Recheck: _about("recheck"),
        RecheckFinding: _about("recheck", "recheck_id"),
        Influence: _about("influence"),
        InfluenceWeight: _about("influence", "influence_id"),
        InfluenceObjection: _about("influence_objection"),
        Certificate: _about("certificate"),
        ManifestStatus: _about("manifest_status"),
        Timestamp: _about("timestamp"),
        SignerChange: _about("signer_change"),
        LogKeyChange: _about("log_key_change"),
        RoyaltyRun: _about("royalty_run"),
        RunEvent: _about("run_event"),
        ExchangeRate: _about("exchange_rate"),
        PayeeTerms: _about("payee_terms"),
        TaxCertificate: _about("tax_certificate"),
        Declaration: _about("declaration"),
        Advance: _about("advance"),
        Transaction: _about("transaction"),
        Posting: _about("transaction", "transaction_id"),
        Statement: _about("statement"),
        StatementObjection: _about("statement_objection"),
        ObjectionAnswer: _about("objection_answer"),
        PayeeLink: _about("payee_link"),
        PayeeLinkEnd: _about("payee_link_end"),
        PaymentFile: _about("payment_file"),
        PaymentOrder: _about("payment_file", "file_id"),
        Payment: _about("payment"),
        UsageReport: _about("usage_report"),
        UsageFile: _about("usage_report", "report_id"),
        UsageOutcome: _about("usage_outcome"),
        UsageMatching: _about("usage_matching"),
        UsageMatch: _about("usage_matching", "matching_id"),
        UsageSupersession: _about("usage_supersession"),
        Reference: "SELECT 1 FROM rights_recording AS c JOIN ledger_entry AS e"
        " ON (e.subject, e.fact) = ('recording', c.id)"
        " WHERE c.reference_id = r.id UNION ALL SELECT 1 FROM rights_recordingaudio AS a"
        " JOIN ledger_entry AS e ON (e.subject, e.fact) = ('recording_audio', a.id) WHERE a.reference_id = r.id",
        Fingerprint: "SELECT 1 FROM rights_recording AS c JOIN ledger_entry AS e"
        " ON (e.subject, e.fact) = ('recording', c.id)"
        " WHERE c.reference_id = r.reference_id UNION ALL SELECT 1 FROM rights_recordingaudio AS a"
        " JOIN ledger_entry AS e"
        " ON (e.subject, e.fact) = ('recording_audio', a.id) WHERE a.reference_id = r.reference_id",
        Audio: "SELECT 1 FROM rights_submission AS s JOIN ledger_entry AS e"
        " ON (e.subject, e.fact) = ('submission', s.id)"
        " WHERE s.audio_id = r.digest UNION ALL SELECT 1 FROM rights_recording AS c JOIN fingerprint_reference AS f"
        " ON f.id = c.reference_id WHERE f.audio_id = r.digest UNION ALL SELECT 1 FROM rights_recordingaudio AS a"
        " JOIN fingerprint_reference AS f ON f.id = a.reference_id WHERE f.audio_id = r.digest",
    }.items()
}
