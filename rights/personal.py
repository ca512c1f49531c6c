"""
What is personal in the database, column by column: which class it is of, how it is kept, what an erasure does. Pure.

Every column of text or bytes is either here or in ``NOT_PERSONAL``; a test goes through the models. A new column that
may say something about a person is sealed under the subject's key (``rights.parties.seal_for``), or is in a table that
an eraser empties (``ledger.erasure.ERASERS``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DataClass(StrEnum):
    """Why something personal is there, which decides what an erasure may do."""

    IDENTITY = "identity"
    BIOMETRIC = "biometric"
    CLAIMS = "claims"
    MONEY = "money"
    PUBLIC_CREDIT = "public_credit"


class Kept(StrEnum):
    """How it is kept."""

    SEALED = "sealed under the subject's key"
    WRAPPED = "wrapped under the key-encryption key"
    BLIND = "as keyed digests"
    COMMITTED = "as a commitment under a sealed salt"
    OPEN = "in the open"


class Fate(StrEnum):
    """What an erasure does with it."""

    DELETED = "the row is deleted"
    UNREADABLE = "it stays and can never be opened again"
    UNLINKED = "it stays and matches nothing any more"
    STAYS = "it stays"


@dataclass(frozen=True)
class Column:
    """One column that is personal, or may be."""

    model: str
    name: str
    of: DataClass
    kept: Kept
    fate: Fate


# On which ground something stays that an erasure could have asked for (GDPR art. 17(3)); the answer quotes it.
GROUNDS: dict[DataClass, str] = {
    DataClass.CLAIMS: "needed to establish, exercise or defend legal claims (GDPR art. 17(3)(e)), until limitation",
    DataClass.MONEY: "kept under a legal obligation to keep accounts and vouchers (GDPR art. 17(3)(b))",
    DataClass.PUBLIC_CREDIT: "public information about published music, kept for claims (GDPR art. 17(3)(e))",
}

_IDENTITY = DataClass.IDENTITY
_BIOMETRIC = DataClass.BIOMETRIC
_CLAIMS = DataClass.CLAIMS
_CREDIT = DataClass.PUBLIC_CREDIT

PERSONAL: tuple[Column, ...] = (
    Column("rights.PartyIdentity", "wrapped", _IDENTITY, Kept.WRAPPED, Fate.DELETED),
    Column("rights.PartyIdentity", "sealed", _IDENTITY, Kept.SEALED, Fate.DELETED),
    # Only in rows of releases before names were sealed, until `manage.py seal_names` has run.
    Column("rights.PartyIdentity", "plain_name", _IDENTITY, Kept.OPEN, Fate.DELETED),
    Column("rights.PartyIdentity", "plain_salt", _IDENTITY, Kept.OPEN, Fate.DELETED),
    Column("rights.NameToken", "token", _IDENTITY, Kept.BLIND, Fate.DELETED),
    Column("rights.PartyContact", "sealed", _IDENTITY, Kept.SEALED, Fate.DELETED),
    Column("rights.PartyName", "sealed", _IDENTITY, Kept.SEALED, Fate.UNREADABLE),
    Column("rights.Party", "commitment", _IDENTITY, Kept.COMMITTED, Fate.UNLINKED),
    Column("rights.PartyName", "commitment", _IDENTITY, Kept.COMMITTED, Fate.UNLINKED),
    Column("rights.ConflictEvent", "sealed", _CLAIMS, Kept.SEALED, Fate.UNREADABLE),
    Column("rights.ConflictEvent", "commitment", _CLAIMS, Kept.COMMITTED, Fate.UNLINKED),
    # A template identifies a person (GDPR art. 9): it goes with the enrollment that it belongs to.
    Column("rights.VoiceTemplate", "sealed", _BIOMETRIC, Kept.SEALED, Fate.DELETED),
    # Which files a voice was enrolled from: what the person would dispute, or prove.
    Column("rights.VoiceEnrollment", "clip_digests", _CLAIMS, Kept.OPEN, Fate.STAYS),
    # Codes of people are public directories' numbers for them; they link to a name there, not here.
    Column("rights.Identifier", "value", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Identifier", "raw", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Work", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Recording", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    # As published music is credited: of whoever sings, said by a holder and never inferred.
    Column("rights.RecordingDescription", "lead_voice", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Release", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Stem", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Submission", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Voice", "label", _CREDIT, Kept.OPEN, Fate.STAYS),
    # Titles and organizations, as a manifest that travels with the file says them to everybody; no person is copied.
    Column("provenance.ForeignManifest", "document", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("ledger.EnrollmentFile", "wanted_title", _CREDIT, Kept.OPEN, Fate.STAYS),
    # How a report of usage names an output: what services say of published music.
    Column("royalties.UsageKey", "key", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("royalties.UsageKey", "title", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("royalties.UsageKey", "artist", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("royalties.UsageMatch", "key", _CREDIT, Kept.OPEN, Fate.STAYS),
    Column("rights.Finding", "sentence", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.RecheckFinding", "sentence", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Review", "evidence_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.ContributionEvidence", "digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.AppealEvidence", "digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.InfluenceObjection", "evidence_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("provenance.ManifestStatus", "evidence_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    # That somebody was a child, a ward or dead when something was agreed to is what its validity rests on.
    Column("rights.Protection", "kind", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Protection", "jurisdiction", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Protection", "evidence_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.PartyInRole", "role", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Representation", "authority", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Representation", "document_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.Consent", "document_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.ConsentEvidence", "digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.ConsentEvent", "channel", _CLAIMS, Kept.OPEN, Fate.STAYS),
    Column("rights.License", "document_digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    # Vouchers: of what tax was withheld or not, and why something was booked. Reasons are asked for without names.
    Column("royalties.TaxCertificate", "document_digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.Declaration", "source", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.Declaration", "document_digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.RunEvent", "reason", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.Transaction", "reason", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.Statement", "reason", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.StatementObjection", "reason", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.StatementObjection", "evidence_digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.ObjectionAnswer", "reason", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    # Of files that are not kept: without the accounts and names in them a digest says nothing.
    Column("royalties.PaymentFile", "digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    Column("royalties.Payment", "source_digest", DataClass.MONEY, Kept.OPEN, Fate.STAYS),
    # The secret of a personal link; whoever has it speaks for the invited person until the campaign closes.
    Column("rights.CampaignInvitation", "token_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    # The secret of a payee's link to its statements; nothing opens by it after its time.
    Column("royalties.PayeeLink", "token_digest", _CLAIMS, Kept.OPEN, Fate.STAYS),
    # What repeats a file, or was typed to read one: the rows that name the person are deleted (`ledger.traces`).
    *(
        Column(model, name, _CLAIMS, Kept.OPEN, Fate.DELETED)
        for model, name in (
            ("ledger.ImportProblem", "raw"),
            ("ledger.ImportProblem", "sentence"),
            ("ledger.RehearsedProblem", "raw"),
            ("ledger.RehearsedProblem", "sentence"),
            ("ledger.ImportNote", "text"),
            ("ledger.SavedMapping", "name"),
            ("ledger.SavedMapping", "document"),
            ("ledger.Job", "error"),
            ("royalties.UsageProblem", "raw"),
            ("royalties.UsageProblem", "sentence"),
            ("royalties.UsageMapping", "name"),
            ("royalties.UsageMapping", "document"),
        )
    ),
    # Free text. Forms ask for reasons without names; what is typed nevertheless cannot be taken back.
    *(
        Column(model, name, _CLAIMS, Kept.OPEN, Fate.STAYS)
        for model, name in (
            ("rights.RepresentationEnd", "reason"),
            ("rights.PartyMerge", "reason"),
            ("rights.PartyMergeUndo", "reason"),
            ("rights.IdentifierFinding", "source"),
            ("rights.Consent", "description"),
            ("rights.Consent", "compensation"),
            ("rights.ConsentEvent", "reason"),
            ("rights.Reservation", "wording"),
            ("rights.WithdrawalTaskDone", "note"),
            ("rights.Dataset", "despite"),
            ("rights.DatasetExclusion", "note"),
            ("rights.TrainingStatement", "document"),  # to be published; it asks for no person
            ("rights.LicenseEvent", "reason"),
            ("rights.ShareEvent", "reason"),
            ("rights.Campaign", "name"),
            ("rights.ContributionRecord", "reason"),
            ("rights.Review", "note"),
            ("rights.Appeal", "statement"),
            ("rights.AppealAnswer", "note"),
            ("rights.InfluenceObjection", "reason"),
            ("provenance.ManifestStatus", "note"),
            ("ledger.SocietyAnswer", "messages"),
            ("ledger.ImportReversal", "reason"),
            ("ledger.Enrollment", "folder"),
            ("ledger.EnrollmentFile", "name"),
            ("ledger.EnrollmentFile", "sentence"),
            ("royalties.UsageFile", "name"),
            ("royalties.UsageMatching", "reason"),
            ("royalties.UsageSupersession", "reason"),
            ("royalties.Plan", "reason"),
            ("royalties.Division", "note"),
            ("ledger.AuditEngagement", "purpose"),
            ("ledger.AuditNote", "text"),
            ("ledger.AuditException", "note"),
            ("ledger.DossierRead", "why"),
            ("ledger.Proposal", "reason"),
            ("ledger.Approval", "reason"),
        )
    ),
)

# Codes, digests of what is not about people, vocabulary, and machines' own words.
NOT_PERSONAL: dict[str, tuple[str, ...]] = {
    "rights.Party": ("kind",),
    "rights.PartyName": ("kind",),
    "rights.PartyContact": ("kind",),
    "rights.Representation": ("uses", "territories"),
    "rights.Work": ("iswc",),
    "rights.Recording": ("isrc",),
    "rights.Release": ("icpn", "grid"),
    "rights.RecordingVoice": ("component",),
    "rights.VoiceEnrollment": ("algorithm", "sealed_digest"),
    "rights.VoiceEnrollmentEnd": ("kind",),
    "rights.Stem": ("component", "audio_digest"),
    "rights.Lyrics": ("language", "text_digest"),
    "rights.Model": ("name",),
    "rights.Dataset": ("name", "members_digest"),
    "rights.DatasetExclusion": ("reason",),
    "rights.RecordingDescription": ("genres", "languages", "regions"),
    "rights.TrainingStatement": ("digest",),
    "rights.ModelVersion": ("label", "code_digest", "weights_digest"),
    "rights.ModelVersionRetirement": ("reason",),
    "rights.Identifier": ("scheme", "namespace", "checked"),
    "rights.IdentifierFinding": ("result", "evidence_digest"),
    "rights.Clearance": ("uses", "purposes", "territories", "policy_version", "answers_digest"),
    "rights.ClearanceAnswers": ("body",),
    "rights.TermsVersion": ("name", "language", "data", "text", "data_digest", "text_digest"),
    "rights.Consent": ("query", "licensee_role", "uses", "barred", "territories", "approval_mode", "language"),
    "rights.ConsentEvent": ("act",),
    "rights.ConsentEvidence": ("kind",),
    "rights.Reservation": ("uses", "territories", "channel", "snapshot_digest"),
    "rights.WithdrawalTask": ("kind",),
    "rights.WithdrawalTaskDone": ("evidence_digest",),
    "rights.OutputFlag": ("kind",),
    "rights.License": ("uses", "barred", "territories"),
    "rights.LicenseEvent": ("act",),
    "rights.MfnClause": ("reference_class", "measure"),
    "rights.Submission": (
        "uses",
        "purposes",
        "territories",
        "expected_currency",
        "isrc",
        "cover_digest",
        "prompt_commitment",
    ),
    "rights.Contribution": ("component", "ai_level", "tool", "tool_version"),
    "rights.ContributionAct": ("component", "act"),
    "rights.ContributionEvidence": ("component", "kind"),
    "rights.Decision": ("outcome", "policy_version", "licenses"),
    "rights.Finding": ("rule", "effect", "rests_on", "matches"),
    "rights.Review": ("outcome", "reason"),
    "rights.Appeal": ("ground",),
    "rights.AppealEvidence": ("kind", "isrc"),
    "rights.AppealAnswer": ("reason",),
    "rights.Recheck": ("cause", "outcome", "policy_version"),
    "rights.RecheckFinding": ("rule", "effect", "rests_on", "matches"),
    "rights.Influence": ("method", "version", "report_digest"),
    "rights.Share": ("right_type", "basis", "role", "written", "territories"),
    "rights.ShareEvent": ("act",),
    "rights.Conflict": ("right_type", "basis", "territories"),
    "rights.ConflictEvent": ("act", "evidence_digest"),
    "rights.ShareStanding": ("right_type", "basis"),
    "rights.PermissionStanding": ("licensee_role", "overrides"),
    "rights.LicenseStanding": ("model_versions",),
    "provenance.Manifest": ("label", "media_type", "output_digest", "manifest_digest", "certificate_digest"),
    "provenance.SoftBinding": ("algorithm", "value"),
    "provenance.OutputFingerprint": ("items", "instance_code"),
    "provenance.SignedCopy": ("label", "media_type", "output_digest", "manifest_digest", "certificate_digest"),
    "provenance.ForeignManifest": ("state", "store_digest", "digest"),
    "provenance.Timestamp": ("token_digest", "authority_digest", "policy", "output_digest", "manifest_digest"),
    "provenance.SignerChange": ("certificate_digest", "replaces"),
    "provenance.Certificate": ("token", "digest", "signer_digest"),
    "provenance.ManifestStatus": ("status", "reason"),
    # Ids, and how it was made: recipients are stores.
    "provenance.DisclosureAnswer": ("answer", "code", "document_digest"),
    "provenance.Disclosure": ("recipient", "profile", "profile_version", "statement", "statement_digest", "message"),
    "royalties.Split": ("territories", "leaf"),
    "royalties.RoyaltyRun": ("timezone", "currency"),
    "royalties.RunEvent": ("act", "document", "digest"),  # ids, digests, sums
    "royalties.RunPart": ("inputs_digest", "manifest_digest", "document"),
    "royalties.RunPartition": ("allocations_digest", "result_digest", "document"),
    "royalties.ExchangeRate": ("base", "quote", "direction", "source"),
    "royalties.PayeeTerms": ("currency", "payout_currency", "income_type"),
    "royalties.TaxCertificate": ("income_type",),
    "royalties.Declaration": ("kind", "currency"),
    "royalties.Advance": ("kind", "currency", "group", "assets"),
    "royalties.Account": ("kind", "reference", "currency"),
    "royalties.Transaction": ("kind",),
    "royalties.ObjectionAnswer": ("outcome",),
    "royalties.PaymentFile": ("currency",),
    "royalties.Statement": ("currency", "withholding_exact", "payout_currency", "payout_exact", "digest"),
    # Codes of services and their messages, and sums.
    "royalties.UsageReport": ("format", "sender", "message", "content_digest", "reading"),
    "royalties.UsageFile": ("digest",),
    "royalties.UsageProgress": ("stage", "document"),
    "royalties.UsageProblem": ("field", "code"),
    "royalties.UsageOutcome": ("sender", "message", "content_digest", "usage_digest", "keys_digest", "document"),
    "royalties.UsageSum": ("currency",),
    "royalties.UsageMatching": ("method",),
    "royalties.Plan": ("scope",),
    "royalties.PlanModel": ("side", "model", "basis"),
    "royalties.PlanQuantity": ("basis",),
    "royalties.PlanTerm": ("kind", "side", "currency", "group", "source"),
    "royalties.Division": ("reason", "digest"),
    "royalties.SplitSource": ("leaf", "model"),
    "ledger.Entry": ("kind", "body", "subject"),
    "ledger.Leaf": ("hash",),
    "ledger.Tile": ("data",),
    "ledger.Edge": ("data",),
    "ledger.Checkpoint": ("root", "note"),
    "ledger.Cosignature": ("witness", "key_id", "line"),  # of services, by the names of their keys
    "ledger.WitnessState": ("verifier", "problem"),
    "ledger.LogKeyChange": ("act", "verifier", "replaces"),
    "ledger.Job": ("kind",),
    "ledger.ApiClient": ("scopes",),
    "ledger.Membership": ("role",),
    "ledger.AuditEngagement": ("parties",),
    "ledger.AuditSample": ("method", "seed", "currency", "document", "digest"),  # ids and sums
    "ledger.AuditException": ("root_cause", "status"),
    "ledger.DossierRead": ("table", "door"),
    "ledger.SavedQuestion": ("question", "name", "parameters", "every"),  # ids, days and codes
    "ledger.KeptAnswer": ("document", "answer_digest", "file_digest", "problem"),
    "ledger.Enrollment": ("store", "mapping_digest"),
    "ledger.EnrollmentFile": ("wanted_isrc", "result", "audio_digest", "field", "code"),
    "ledger.SavedMapping": ("format",),
    "ledger.ImportBatch": ("format", "file_digest", "mapping"),
    "ledger.ImportProblem": ("field", "code"),
    "ledger.RehearsedProblem": ("field", "code"),
    "ledger.ImportNote": ("kind", "table"),
    "ledger.ImportProgress": ("stage",),
    "ledger.ImportRehearsal": ("document",),  # counts
    "ledger.SocietyAnswer": ("society", "status", "work_number", "recipient_number", "answered_file"),
    "ledger.CampaignPlan": ("document", "problem"),  # ids and terms
    "ledger.CampaignMailing": ("kind",),
    "ledger.CampaignNotice": ("channel",),
    "ledger.ImportedFact": ("table",),
    "ledger.ImportOutcome": ("facts_digest",),
    "ledger.Proposal": ("act",),
    "ledger.OutputWatch": ("snapshots",),
    "ledger.CopyOrder": ("media_type",),
    "ledger.ShardQuestion": ("shard", "question", "answer"),  # what audio is looked up by, for seconds
    "ledger.BandsVersion": ("document", "digest", "note"),  # thresholds, and why they are what they are
    "ledger.ErasureRequest": ("channel",),
    "ledger.ReplayRound": ("root",),
    "ledger.ReplayedEntry": ("result", "differences"),  # of what is logged, and of rows that are vouched for
    "ledger.PackOrder": ("about", "sees", "against"),  # ids, and a signed checkpoint
    "ledger.PackPart": ("digest",),
    "ledger.Erasure": ("document",),
    "ledger.Operation": ("kind", "document"),  # counts, digests of archives, classes of errors
}
