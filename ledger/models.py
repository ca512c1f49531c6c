"""The append-only log, the queue of work, and who may speak to the API for whom."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from ledger.about import About
from rights.models.conditions import NonNulls, ends_after_it_begins

PROTECT = models.PROTECT

# Subject → the table that its facts are in.
SUBJECTS = {
    "party": "rights.Party",
    "work": "rights.Work",
    "recording": "rights.Recording",
    "share": "rights.Share",
    "consent": "rights.Consent",
    "consent_event": "rights.ConsentEvent",
    "license": "rights.License",
    "submission": "rights.Submission",
    "decision": "rights.Decision",
    "party_name": "rights.PartyName",
    "party_in_role": "rights.PartyInRole",
    "representation": "rights.Representation",
    "representation_end": "rights.RepresentationEnd",
    "party_merge": "rights.PartyMerge",
    "party_merge_undo": "rights.PartyMergeUndo",
    "protection": "rights.Protection",
    "identifier": "rights.Identifier",
    "identifier_finding": "rights.IdentifierFinding",
    "recording_work": "rights.RecordingWork",
    "release": "rights.Release",
    "voice": "rights.Voice",
    "recording_voice": "rights.RecordingVoice",
    "recording_audio": "rights.RecordingAudio",
    "stem": "rights.Stem",
    "lyrics": "rights.Lyrics",
    "model": "rights.Model",
    "dataset": "rights.Dataset",
    "model_version": "rights.ModelVersion",
    "model_version_retirement": "rights.ModelVersionRetirement",
    "share_event": "rights.ShareEvent",
    "conflict": "rights.Conflict",
    "conflict_event": "rights.ConflictEvent",
    "terms": "rights.TermsVersion",
    "reservation": "rights.Reservation",
    "reservation_end": "rights.ReservationEnd",
    "withdrawal_task_done": "rights.WithdrawalTaskDone",
    "campaign": "rights.Campaign",
    "license_event": "rights.LicenseEvent",
    "clearance": "rights.Clearance",
    "voice_enrollment": "rights.VoiceEnrollment",
    "voice_enrollment_end": "rights.VoiceEnrollmentEnd",
    "membership": "ledger.Membership",
    "membership_end": "ledger.MembershipEnd",
    "import_batch": "ledger.ImportBatch",
    "import_outcome": "ledger.ImportOutcome",
    "import_reversal": "ledger.ImportReversal",
    "erasure_request": "ledger.ErasureRequest",
    "erasure": "ledger.Erasure",
    "proposal": "ledger.Proposal",
    "approval": "ledger.Approval",
    "bands": "ledger.BandsVersion",
    "bands_activation": "ledger.BandsActivation",
    "review": "rights.Review",
    "appeal": "rights.Appeal",
    "appeal_answer": "rights.AppealAnswer",
    "recheck": "rights.Recheck",
    "influence": "rights.Influence",
    "influence_objection": "rights.InfluenceObjection",
    "certificate": "provenance.Certificate",
    "manifest_status": "provenance.ManifestStatus",
    "soft_binding": "provenance.SoftBinding",
    "signed_copy": "provenance.SignedCopy",
    "contribution_record": "rights.ContributionRecord",
    "disclosure": "provenance.Disclosure",
    "disclosure_answer": "provenance.DisclosureAnswer",
    "timestamp": "provenance.Timestamp",
    "signer_change": "provenance.SignerChange",
    "royalty_run": "royalties.RoyaltyRun",
    "run_event": "royalties.RunEvent",
    "exchange_rate": "royalties.ExchangeRate",
    "payee_terms": "royalties.PayeeTerms",
    "tax_certificate": "royalties.TaxCertificate",
    "advance": "royalties.Advance",
    "transaction": "royalties.Transaction",
    "statement": "royalties.Statement",
    "statement_objection": "royalties.StatementObjection",
    "objection_answer": "royalties.ObjectionAnswer",
    "payee_link": "royalties.PayeeLink",
    "payee_link_end": "royalties.PayeeLinkEnd",
    "payment_file": "royalties.PaymentFile",
    "payment": "royalties.Payment",
    "usage_report": "royalties.UsageReport",
    "usage_outcome": "royalties.UsageOutcome",
    "usage_matching": "royalties.UsageMatching",
    "usage_supersession": "royalties.UsageSupersession",
    "plan": "royalties.Plan",
    "division": "royalties.Division",
    "recording_description": "rights.RecordingDescription",
    "training_statement": "rights.TrainingStatement",
    "log_key_change": "ledger.LogKeyChange",
    "audit_note": "ledger.AuditNote",
    "audit_sample": "ledger.AuditSample",
    "audit_exception": "ledger.AuditException",
    "declaration": "royalties.Declaration",
}


class Entry(models.Model):
    """
    One record of the log: the exact bytes that are hashed, and the fact that they are about.

    Inserted in the transaction of that fact, without a number; ``Leaf`` gives it its place in the tree.
    """

    class Kind(models.TextChoices):
        """What happened."""

        PARTY_REGISTERED = "party_registered"
        WORK_REGISTERED = "work_registered"
        RECORDING_REGISTERED = "recording_registered"
        SHARE_REGISTERED = "share_registered"
        CONSENT_GRANTED = "consent_granted"
        CONSENT_WITHDRAWN = "consent_withdrawn"
        LICENSE_SIGNED = "license_signed"
        SUBMITTED = "submitted"
        DECIDED = "decided"
        PARTY_NAMED = "party_named"
        ROLE_TAKEN = "role_taken"
        REPRESENTATION_RECORDED = "representation_recorded"
        REPRESENTATION_ENDED = "representation_ended"
        PARTIES_MERGED = "parties_merged"
        MERGE_UNDONE = "merge_undone"
        PROTECTION_RECORDED = "protection_recorded"
        IDENTIFIER_RECORDED = "identifier_recorded"
        IDENTIFIER_CHECKED = "identifier_checked"
        WORK_LINKED = "work_linked"
        RELEASE_REGISTERED = "release_registered"
        VOICE_REGISTERED = "voice_registered"
        VOICE_LINKED = "voice_linked"
        AUDIO_DELIVERED = "audio_delivered"
        STEM_REGISTERED = "stem_registered"
        LYRICS_REGISTERED = "lyrics_registered"
        MODEL_REGISTERED = "model_registered"
        DATASET_FROZEN = "dataset_frozen"
        MODEL_VERSION_REGISTERED = "model_version_registered"
        MODEL_VERSION_RETIRED = "model_version_retired"
        SHARE_CHANGED = "share_changed"
        CONFLICT_OPENED = "conflict_opened"
        CONFLICT_ACTED = "conflict_acted"
        TERMS_PUBLISHED = "terms_published"
        CONSENT_OFFERED = "consent_offered"
        CONSENT_CHANGED = "consent_changed"
        RIGHTS_RESERVED = "rights_reserved"
        RESERVATION_LIFTED = "reservation_lifted"
        WITHDRAWAL_TASK_DONE = "withdrawal_task_done"
        CAMPAIGN_OPENED = "campaign_opened"
        LICENSE_CHANGED = "license_changed"
        CLEARANCE_ANSWERED = "clearance_answered"
        VOICE_ENROLLED = "voice_enrolled"
        VOICE_ENROLLMENT_ENDED = "voice_enrollment_ended"
        MEMBER_ADMITTED = "member_admitted"
        MEMBER_LEFT = "member_left"
        IMPORT_RECEIVED = "import_received"
        IMPORT_FINISHED = "import_finished"
        IMPORT_REVERSED = "import_reversed"
        ERASURE_REQUESTED = "erasure_requested"
        ERASED = "erased"
        PROPOSED = "proposed"
        APPROVED = "approved"
        BANDS_DRAFTED = "bands_drafted"
        BANDS_ACTIVATED = "bands_activated"
        REVIEWED = "reviewed"
        APPEALED = "appealed"
        APPEAL_ANSWERED = "appeal_answered"
        RECHECKED = "rechecked"
        INFLUENCE_STATED = "influence_stated"
        INFLUENCE_OBJECTED = "influence_objected"
        CERTIFIED = "certified"
        STATUS_STATED = "status_stated"
        SOFT_BOUND = "soft_bound"
        COPY_SIGNED = "copy_signed"
        CONTRIBUTIONS_CORRECTED = "contributions_corrected"
        DISCLOSURE_SENT = "disclosure_sent"
        DISCLOSURE_ANSWERED = "disclosure_answered"
        TIMESTAMPED = "timestamped"
        SIGNER_CHANGED = "signer_changed"
        RUN_STARTED = "run_started"
        RUN_WENT_ON = "run_went_on"
        RATE_RECORDED = "rate_recorded"
        PAYEE_TERMS_AGREED = "payee_terms_agreed"
        TAX_CERTIFIED = "tax_certified"
        ADVANCE_RECORDED = "advance_recorded"
        BOOKED = "booked"
        STATEMENT_ISSUED = "statement_issued"
        STATEMENT_OBJECTED = "statement_objected"
        OBJECTION_ANSWERED = "objection_answered"
        PAYEE_LINK_MADE = "payee_link_made"
        PAYEE_LINK_ENDED = "payee_link_ended"
        PAYMENTS_ORDERED = "payments_ordered"
        PAYMENT_CONFIRMED = "payment_confirmed"
        USAGE_RECEIVED = "usage_received"
        USAGE_FINISHED = "usage_finished"
        USAGE_MATCHED = "usage_matched"
        USAGE_SUPERSEDED = "usage_superseded"
        PLAN_STATED = "plan_stated"
        SPLITS_REDIVIDED = "splits_redivided"
        RECORDING_DESCRIBED = "recording_described"
        TRAINING_STATED = "training_stated"
        LOG_KEY_CHANGED = "log_key_changed"
        AUDIT_NOTED = "audit_noted"
        SAMPLE_DRAWN = "sample_drawn"
        EXCEPTION_RECORDED = "exception_recorded"
        DECLARED = "declared"

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    body = models.BinaryField()
    at = models.DateTimeField()
    # The fact: which of the kinds that are named below, and its id.
    subject = models.CharField(max_length=32)
    fact = models.UUIDField()
    party = About("rights.Party")
    work = About("rights.Work")
    recording = About("rights.Recording")
    share = About("rights.Share")
    consent = About("rights.Consent")
    consent_event = About("rights.ConsentEvent")
    license = About("rights.License")
    submission = About("rights.Submission")
    decision = About("rights.Decision")
    party_name = About("rights.PartyName")
    party_in_role = About("rights.PartyInRole")
    representation = About("rights.Representation")
    representation_end = About("rights.RepresentationEnd")
    party_merge = About("rights.PartyMerge")
    party_merge_undo = About("rights.PartyMergeUndo")
    protection = About("rights.Protection")
    identifier = About("rights.Identifier")
    identifier_finding = About("rights.IdentifierFinding")
    recording_work = About("rights.RecordingWork")
    release = About("rights.Release")
    voice = About("rights.Voice")
    recording_voice = About("rights.RecordingVoice")
    recording_audio = About("rights.RecordingAudio")
    stem = About("rights.Stem")
    lyrics = About("rights.Lyrics")
    model = About("rights.Model")
    dataset = About("rights.Dataset")
    model_version = About("rights.ModelVersion")
    model_version_retirement = About("rights.ModelVersionRetirement")
    share_event = About("rights.ShareEvent")
    conflict = About("rights.Conflict")
    conflict_event = About("rights.ConflictEvent")
    terms = About("rights.TermsVersion")
    reservation = About("rights.Reservation")
    reservation_end = About("rights.ReservationEnd")
    withdrawal_task_done = About("rights.WithdrawalTaskDone")
    campaign = About("rights.Campaign")
    license_event = About("rights.LicenseEvent")
    clearance = About("rights.Clearance")
    voice_enrollment = About("rights.VoiceEnrollment")
    voice_enrollment_end = About("rights.VoiceEnrollmentEnd")
    membership = About("ledger.Membership")
    membership_end = About("ledger.MembershipEnd")
    import_batch = About("ledger.ImportBatch")
    import_outcome = About("ledger.ImportOutcome")
    import_reversal = About("ledger.ImportReversal")
    erasure_request = About("ledger.ErasureRequest")
    erasure = About("ledger.Erasure")
    proposal = About("ledger.Proposal")
    approval = About("ledger.Approval")
    bands = About("ledger.BandsVersion")
    bands_activation = About("ledger.BandsActivation")
    review = About("rights.Review")
    appeal = About("rights.Appeal")
    appeal_answer = About("rights.AppealAnswer")
    recheck = About("rights.Recheck")
    influence = About("rights.Influence")
    influence_objection = About("rights.InfluenceObjection")
    certificate = About("provenance.Certificate")
    manifest_status = About("provenance.ManifestStatus")
    soft_binding = About("provenance.SoftBinding")
    signed_copy = About("provenance.SignedCopy")
    contribution_record = About("rights.ContributionRecord")
    disclosure = About("provenance.Disclosure")
    disclosure_answer = About("provenance.DisclosureAnswer")
    timestamp = About("provenance.Timestamp")
    signer_change = About("provenance.SignerChange")
    royalty_run = About("royalties.RoyaltyRun")
    run_event = About("royalties.RunEvent")
    exchange_rate = About("royalties.ExchangeRate")
    payee_terms = About("royalties.PayeeTerms")
    tax_certificate = About("royalties.TaxCertificate")
    advance = About("royalties.Advance")
    transaction = About("royalties.Transaction")
    statement = About("royalties.Statement")
    statement_objection = About("royalties.StatementObjection")
    objection_answer = About("royalties.ObjectionAnswer")
    payee_link = About("royalties.PayeeLink")
    payee_link_end = About("royalties.PayeeLinkEnd")
    payment_file = About("royalties.PaymentFile")
    payment = About("royalties.Payment")
    usage_report = About("royalties.UsageReport")
    usage_outcome = About("royalties.UsageOutcome")
    usage_matching = About("royalties.UsageMatching")
    usage_supersession = About("royalties.UsageSupersession")
    plan = About("royalties.Plan")
    division = About("royalties.Division")
    recording_description = About("rights.RecordingDescription")
    training_statement = About("rights.TrainingStatement")
    log_key_change = About("ledger.LogKeyChange")
    audit_note = About("ledger.AuditNote")
    audit_sample = About("ledger.AuditSample")
    audit_exception = About("ledger.AuditException")
    declaration = About("royalties.Declaration")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["subject", "fact"], name="fact_is_entered_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class PendingEntry(models.Model):
    """
    An entry that has no place in the tree yet: inserted by the database with the entry, deleted by the sequencer with
    the leaf.
    """

    # A sequence counts inserts, not commits; what it keeps is cause before effect: whoever writes after a commit was
    # seen gets a higher number.
    id = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=PROTECT, related_name="pending", db_constraint=False)

    class Meta:
        verbose_name_plural = "pending entries"

    def __str__(self) -> str:
        return str(self.entry_id)


class Leaf(models.Model):
    """The place of an entry in the tree: gap-free from 0, with the RFC 6962 leaf hash of its bytes."""

    index = models.BigIntegerField(primary_key=True)
    # The one statement that places leaves reads the entries in the same breath, and no entry is ever deleted: a foreign
    # key would ask again for each.
    entry = models.OneToOneField(Entry, on_delete=PROTECT, related_name="leaf", db_constraint=False)
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "leaves"
        indexes = [HashIndex(fields=["hash"], name="leaves_are_found_by_hash")]

    def __str__(self) -> str:
        return str(self.index)


class Tile(models.Model):
    """A full tile of 256 hashes (c2sp.org/tlog-tiles)."""

    id = models.BigAutoField(primary_key=True)
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    data = models.BinaryField(max_length=8192)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="tile_is_written_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Edge(models.Model):
    """The unfinished right edge of one level of the tree: working state of the sequencer, derivable from the leaves."""

    level = models.PositiveSmallIntegerField(primary_key=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.level)


class Checkpoint(models.Model):
    """A signed tree head (c2sp.org/tlog-checkpoint): size, root and the signed note."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"size {self.size}"


class Cosignature(models.Model):
    """What a witness signed: that the log it has seen before is the beginning of this one (c2sp.org/tlog-cosignature).

    Its signature was checked before the row was written.
    """

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=PROTECT, related_name="cosignatures", db_index=False)
    witness = models.TextField()  # the name of its key, and the key's id: whose line it is
    key_id = models.CharField(max_length=8)
    line = models.TextField()
    cosigned_at = models.DateTimeField()  # by the witness's clock
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "witness", "key_id"], name="witness_cosigns_once"),
        ]

    def __str__(self) -> str:
        return f"{self.witness} on {self.checkpoint}"


class WitnessState(models.Model):
    """How far a witness has come, and what it said last: working state. Lost, the witness is asked how far it is."""

    verifier = models.TextField(primary_key=True)  # its public key, in the encoding of signed notes
    size = models.BigIntegerField(default=0)  # of the newest tree that it cosigned, as far as we know
    asked_at = models.DateTimeField(null=True)
    cosigned_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.verifier.partition("+")[0]


class LogKeyChange(models.Model):
    """That another key of the log's own signs, beside the one before it or, at last, without it."""

    class Act(models.TextChoices):
        """Which step of the handover."""

        ANNOUNCED = "announced"
        RETIRED = "retired"

    id = models.UUIDField(primary_key=True)
    act = models.CharField(max_length=16, choices=Act.choices)
    verifier = models.TextField()  # the new public key, in the encoding of signed notes
    replaces = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["act", "verifier"], name="log_key_changes_once"),
            models.CheckConstraint(condition=~Q(verifier=F("replaces")), name="log_key_changes_to_another"),
        ]

    def __str__(self) -> str:
        name, number, _ = (*self.verifier.split("+", 2), "", "")[:3]  # the key itself is for programs
        return f"{name}+{number} {self.act}"


class Job(models.Model):
    """
    Work that must happen once: this row is the truth, a Celery message only rings the bell.

    Waiting while ``done_at`` and ``given_up_at`` are empty; running while ``lease_until`` lies ahead.
    """

    class Kind(models.TextChoices):
        """What is to be done."""

        CLEAR = "clear"
        IMPORT = "import"
        CAMPAIGN = "campaign"
        MAILING = "mailing"
        CLOSING = "closing"
        REHEARSE = "rehearse"
        REVERSE = "reverse"
        LIST = "list"
        ENROLL = "enroll"
        COPY = "copy"
        SEARCH = "search"
        STAMP = "stamp"
        FREEZE = "freeze"
        DIVIDE = "divide"
        RECONCILE = "reconcile"
        USAGE = "usage"
        PACK = "pack"
        ANSWER = "answer"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="one_job_per_kind_and_subject")]
        indexes = [
            models.Index(
                fields=["run_at"],
                name="job_waits",
                condition=Q(done_at__isnull=True, given_up_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class CopyOrder(models.Model):
    """That a copy of a cleared output in another container was asked for; the copy itself has the order's id."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, related_name="copy_orders")
    media_type = models.CharField(max_length=32)
    ordered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "media_type"], name="copy_is_ordered_once")]

    def __str__(self) -> str:
        return self.media_type


class ApiClient(models.Model):
    """Which party an OAuth2 application speaks for."""

    application = models.OneToOneField("oauth2_provider.Application", on_delete=PROTECT, related_name="api_client")
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="api_clients")
    scopes = ArrayField(models.CharField(max_length=40))

    def __str__(self) -> str:
        return str(self.application)


class Membership(models.Model):
    """That a person belongs to an organization, in a role, for a period [from, to). An organization is a party."""

    class Role(models.TextChoices):
        """What a member may do; ``ledger.access`` says it verb by verb."""

        RIGHTS_MANAGER = "rights_manager"
        REVIEWER = "reviewer"
        FINANCE = "finance"
        AUDITOR = "auditor"
        DISTRIBUTOR = "distributor"
        ARTIST = "artist"

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="memberships")
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="members")
    role = models.CharField(max_length=16, choices=Role.choices)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [ends_after_it_begins("membership_ends_after_it_begins")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.organization}"


class MembershipEnd(models.Model):
    """That somebody left an organization, or the role."""

    id = models.UUIDField(primary_key=True)
    membership = models.OneToOneField(Membership, on_delete=PROTECT, related_name="end")
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"left on {self.effective_on}"


class SavedMapping(models.Model):
    """How one sender's sheets are read: kept so that the next file needs no questions."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="mappings")
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=16)
    document = models.JSONField()  # rights.exchange.sheet.Mapping
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_mapping_of_a_name", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.name


class CampaignPlan(models.Model):
    """What a campaign asks of whom, as it was opened, and how far the asking has come: working state."""

    campaign = models.OneToOneField("rights.Campaign", on_delete=PROTECT, primary_key=True, related_name="plan")
    document = models.TextField()  # RFC 8785 JSON, whose digest stands in the campaign's entry
    asked = models.PositiveIntegerField()  # artists on the roster
    offered = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=600, blank=True)  # why the first of those who were left out was
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.offered} of {self.asked}"


class CampaignMailing(models.Model):
    """That the desk wanted everybody written to who has not answered: with the first letter, or a reminder."""

    class Kind(models.TextChoices):
        """What is written."""

        INVITATION = "invitation"
        REMINDER = "reminder"

    id = models.UUIDField(primary_key=True)
    campaign = models.ForeignKey("rights.Campaign", on_delete=PROTECT, related_name="mailings")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_kind_display()


class CampaignNotice(models.Model):
    """That a personal link went out: by a letter of a mailing, or shown at the desk to whoever copied it."""

    class Channel(models.TextChoices):
        """Which way."""

        EMAIL = "email", "E-mail"
        DESK = "desk", "Shown at the desk"
        NO_ADDRESS = "no_address", "No address"

    id = models.UUIDField(primary_key=True)
    invitation = models.ForeignKey("rights.CampaignInvitation", on_delete=PROTECT, related_name="notices")
    mailing = models.ForeignKey(CampaignMailing, on_delete=PROTECT, null=True, related_name="notices")
    channel = models.CharField(max_length=16, choices=Channel.choices)
    shown_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "invitation"], name="letter_goes_out_once_a_mailing")]

    def __str__(self) -> str:
        return self.get_channel_display()


class ImportBatch(models.Model):
    """A file of somebody's catalogue, shares or consents that was handed in to be taken over."""

    class Format(models.TextChoices):
        """What kind of file it is."""

        CATALOGUE_SHEET = "catalogue", "Catalogue sheet"
        SHARES_SHEET = "shares", "Shares sheet"
        CONSENTS_SHEET = "consents", "Consents sheet"
        CWR = "cwr", "CWR"
        CWR_ACK = "cwr_ack", "CWR acknowledgement"
        ERN = "ern", "DDEX ERN"

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="imports")
    format = models.CharField(max_length=16, choices=Format.choices)
    file_digest = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    mapping = models.TextField(blank=True)  # RFC 8785 JSON of what it was read with
    is_partial = models.BooleanField()  # lines without a problem are taken even where others have one
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = "import"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "format", "file_digest", "mapping"],
                name="file_is_imported_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_format_display()} {self.file_digest[:8]}"


class ImportProgress(models.Model):
    """How far an import has come: working state, for people who wait."""

    class Stage(models.TextChoices):
        """What is being done with the file."""

        WAITING = "waiting"
        REHEARSING = "rehearsing"
        CHECKING = "checking"  # nothing is written yet
        WRITING = "writing"
        REVERSING = "reversing"
        DONE = "done"

    stage = models.CharField(max_length=12, choices=Stage.choices, db_default=Stage.WAITING.value)
    batch = models.OneToOneField(ImportBatch, on_delete=PROTECT, primary_key=True, related_name="progress")
    lines_read = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    facts = models.BigIntegerField(default=0)
    problems = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lines_read} lines"


class ImportedFact(models.Model):
    """Which fact a line of a batch became, or which fact that was already there it named."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=PROTECT, related_name="facts")
    line = models.BigIntegerField()
    table = models.CharField(max_length=40)
    fact_id = models.UUIDField()
    is_new = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line", "table", "fact_id"], name="line_becomes_a_fact_once")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.fact_id}"


class ImportProblem(models.Model):
    """Why one line of a batch was not taken."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=PROTECT, related_name="problems")
    line = models.BigIntegerField()
    field = models.CharField(max_length=80)
    code = models.CharField(max_length=48)
    sentence = models.CharField(max_length=600)
    raw = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.line}: {self.sentence}"


class ImportOutcome(models.Model):
    """That a batch was read to its end, or given up: what came of it, in numbers."""

    id = models.UUIDField(primary_key=True)
    batch = models.OneToOneField(ImportBatch, on_delete=PROTECT, related_name="outcome")
    is_taken = models.BooleanField()
    lines = models.BigIntegerField()
    facts = models.BigIntegerField()
    known_before = models.BigIntegerField()
    problems = models.BigIntegerField()
    facts_digest = models.CharField(max_length=64)  # SHA-256 over line, table and id of each new fact, a line each
    finished_at = models.DateTimeField()

    def __str__(self) -> str:
        return "taken" if self.is_taken else "refused"


class ImportReversal(models.Model):
    """That what a batch brought was taken back, by facts of its own: shares retracted, consents annulled."""

    id = models.UUIDField(primary_key=True)
    batch = models.OneToOneField(ImportBatch, on_delete=PROTECT, related_name="reversal")
    reason = models.CharField(max_length=300)
    reversed_at = models.DateTimeField()

    def __str__(self) -> str:
        return "reversed"


class ImportRehearsal(models.Model):
    """What would come of a batch, looked up and not written: working state, until it is rehearsed again or taken."""

    batch = models.OneToOneField(ImportBatch, on_delete=PROTECT, primary_key=True, related_name="rehearsal")
    document = models.JSONField()  # counts per kind of fact, and what else would follow
    rehearsed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rehearsed at {self.rehearsed_at}"


class RehearsedProblem(models.Model):
    """Why one line of a batch would not be taken, as of its last rehearsal."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=PROTECT, related_name="rehearsed_problems")
    line = models.BigIntegerField()
    field = models.CharField(max_length=80)
    code = models.CharField(max_length=48)
    sentence = models.CharField(max_length=600)
    raw = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.line}: {self.sentence}"


class ImportNote(models.Model):
    """What a line says that is no fact of ours: who wrote how much of a work, that a recording was made with AI."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=PROTECT, related_name="notes")
    line = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    table = models.CharField(max_length=40)
    fact_id = models.UUIDField()  # what it is said about
    text = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line", "kind", "fact_id", "text"], name="line_is_noted_once")
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


class SocietyAnswer(models.Model):
    """What a society answered to the registration of a work, of a file of acknowledgements."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=PROTECT, related_name="answers")
    line = models.BigIntegerField()
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, related_name="society_answers")
    society = models.CharField(max_length=20)  # the sender of the file
    status = models.CharField(max_length=2)  # rights.exchange.ack.Status
    is_accepted = models.BooleanField()
    work_number = models.CharField(max_length=20)  # the submitter's
    recipient_number = models.CharField(max_length=20, blank=True)
    answered_file = models.CharField(max_length=20)  # when the file that it answers was created, as written
    answered_group = models.PositiveIntegerField()
    answered_transaction = models.PositiveIntegerField()
    processed_on = models.DateField(null=True)
    messages = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="answer_is_read_once")]

    def __str__(self) -> str:
        return self.status


class Enrollment(models.Model):
    """That a folder of audio was to become references: which folder, for whom, and what says which file is what."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(
        "rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="enrollments"
    )
    store = models.CharField(max_length=48, blank=True)  # alias of Django's storages; empty: a folder of this machine
    folder = models.CharField(max_length=1000, blank=True)
    mapping_digest = models.CharField(max_length=64, blank=True)
    is_only_named = models.BooleanField()  # files that the mapping does not name are left alone
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.store}:{self.folder}" if self.store else self.folder


class EnrollmentProgress(models.Model):
    """How far the listing of a folder has come: working state."""

    enrollment = models.OneToOneField(Enrollment, on_delete=PROTECT, primary_key=True, related_name="progress")
    is_listed = models.BooleanField(default=False)
    passed_over = models.BigIntegerField(default=0)  # files that are no audio by their names
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return "listed" if self.is_listed else "being listed"


class EnrollmentFile(models.Model):
    """A file of a folder that is enrolled, what the mapping says of it, and what came of it: working state."""

    class Result(models.TextChoices):
        """What came of it."""

        ENROLLED = "enrolled"
        KNOWN = "known"  # the same bytes were the recording's before
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    enrollment = models.ForeignKey(Enrollment, on_delete=PROTECT, related_name="files")
    name = models.CharField(max_length=1000)  # within the folder
    is_found = models.BooleanField(default=False)
    part = models.UUIDField(null=True)  # the job that works on it
    wanted_recording = models.UUIDField(null=True)
    wanted_isrc = models.CharField(max_length=12, blank=True)
    wanted_title = models.CharField(max_length=300, blank=True)
    is_new = models.BooleanField(default=False)  # the mapping says to register a recording
    tries = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=12, choices=Result.choices, blank=True)
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, related_name="+")
    audio_digest = models.CharField(max_length=64, blank=True)
    field = models.CharField(max_length=24, blank=True)
    code = models.CharField(max_length=48, blank=True)
    sentence = models.CharField(max_length=600, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrollment", "name"], name="file_is_enrolled_once")]
        indexes = [
            models.Index(fields=["part"], name="files_of_a_part"),
            models.Index(fields=["enrollment", "result"], name="results_of_an_enrollment"),
        ]

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """An act that two people must want (LED-6): asked for by one, carried out once another agrees."""

    class Act(models.TextChoices):
        """What is proposed."""

        ERASE = "erase"
        ANNUL = "annul"
        MERGE = "merge"
        SETTLE = "settle"
        BANDS = "bands"

    id = models.UUIDField(primary_key=True)
    act = models.CharField(max_length=16, choices=Act.choices)
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="proposals")
    other_party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    consent = models.ForeignKey("rights.Consent", on_delete=PROTECT, null=True, blank=True, related_name="proposals")
    conflict = models.ForeignKey("rights.Conflict", on_delete=PROTECT, null=True, blank=True, related_name="proposals")
    bands = models.ForeignKey("BandsVersion", on_delete=PROTECT, null=True, blank=True, related_name="proposals")
    reason = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="proposals")
    proposed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_act_display()


class Approval(models.Model):
    """That a second person agreed to a proposal, or refused it."""

    id = models.UUIDField(primary_key=True)
    proposal = models.OneToOneField(Proposal, on_delete=PROTECT, related_name="approval")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")  # the proposal's
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="approvals")
    is_agreed = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(proposed_by=F("approved_by")), name="approval_takes_a_second_person")
        ]

    def __str__(self) -> str:
        return "agreed" if self.is_agreed else "refused"


class BandsVersion(models.Model):
    """From which strength on a match is let pass, looked at or refused: one version, in force once it is activated."""

    id = models.UUIDField(primary_key=True)
    number = models.PositiveIntegerField()
    document = models.TextField()  # RFC 8785 JSON: rights.bands.Bands
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=300, blank=True)  # why, without names
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    drafted_at = models.DateTimeField()

    class Meta:
        verbose_name = "bands"
        verbose_name_plural = "bands"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="one_bands_version_per_number"),
            models.UniqueConstraint(fields=["digest"], name="bands_are_drafted_once"),
        ]

    def __str__(self) -> str:
        return f"Bands {self.number}"


class BandsActivation(models.Model):
    """That two people wanted bands to be in force from a moment on; until the next ones are."""

    id = models.UUIDField(primary_key=True)
    bands = models.ForeignKey(BandsVersion, on_delete=PROTECT, related_name="activations")
    approval = models.OneToOneField(Approval, on_delete=PROTECT, related_name="bands_activation")
    effective_from = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("recorded_at")), name="bands_are_not_activated_backwards"
            )
        ]

    def __str__(self) -> str:
        return f"{self.bands} from {self.effective_from}"


class ReviewClaim(models.Model):
    """Who is at a decision now, so that two people do not do the same work: working state, and no right."""

    decision = models.OneToOneField("rights.Decision", on_delete=PROTECT, primary_key=True, related_name="claim")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"until {self.until}"


class DivisionWatch(models.Model):
    """Up to when it was asked whether an output's splits still hold; without a row, since its decision."""

    decision = models.OneToOneField(
        "rights.Decision", on_delete=PROTECT, primary_key=True, related_name="division_watch"
    )
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"looked at {self.looked_at}"


class OutputWatch(models.Model):
    """
    What a cleared output was last compared with: working state.

    Lost, it is compared with everything once more.
    """

    decision = models.OneToOneField("rights.Decision", on_delete=PROTECT, primary_key=True, related_name="watch")
    looked_at = models.DateTimeField()
    snapshots = models.JSONField()  # family of fingerprints → the name of the index

    def __str__(self) -> str:
        return str(self.looked_at)


class ShardQuestion(models.Model):
    """
    What an examination asks a shard of the index, and the answer once there is one: working state.

    It is removed when it was read. Lost, it is asked again.
    """

    id = models.UUIDField(primary_key=True)
    shard = models.CharField(max_length=20)
    question = models.BinaryField()
    answer = models.BinaryField(null=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.shard} {self.id}"


class ErasureRequest(models.Model):
    """That a person asked for what is personal about them to be erased: by which channel, and by when to answer."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="erasure_requests")
    channel = models.CharField(max_length=24)
    answer_by = models.DateField()
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"erasure of {str(self.party_id)[:8]}"


class Erasure(models.Model):
    """That a subject's key was destroyed: what is gone, and what stays on which ground. No personal data (LED-4)."""

    id = models.UUIDField(primary_key=True)
    request = models.OneToOneField(ErasureRequest, on_delete=PROTECT, related_name="erasure")
    approval = models.OneToOneField(Approval, on_delete=PROTECT, related_name="erasure")
    document = models.TextField()  # RFC 8785 JSON: per store what was erased, per field what stays and why
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"erased at {self.erased_at}"


class Operation(models.Model):
    """What was done to keep the service, and whether it passed: a backup, a drill of restoring one, a nightly sweep."""

    class Kind(models.TextChoices):
        """What was done."""

        BACKUP = "backup"
        DRILL = "drill"
        SWEEP = "sweep"

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    has_passed = models.BooleanField()
    document = models.TextField()  # JSON: counts, digests, and what failed
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["kind", "ended_at"], name="operation_is_the_last")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.ended_at:%Y-%m-%d %H:%M}"


class ReplayRound(models.Model):
    """That entries which a checkpoint's root drew were decided again, and what came of it, in numbers."""

    id = models.UUIDField(primary_key=True)
    size = models.BigIntegerField()  # of the checkpoint
    root = models.CharField(max_length=64)  # the seed
    drawn = models.PositiveIntegerField()
    same = models.PositiveIntegerField()
    different = models.PositiveIntegerField()
    lost = models.PositiveIntegerField()  # could not be decided again: what it takes is not there any more
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["size"], name="checkpoint_draws_once")]

    def __str__(self) -> str:
        return f"{self.same} of {self.drawn} the same"


class ReplayedEntry(models.Model):
    """What came of one entry of a round."""

    class Result(models.TextChoices):
        """Whether deciding again came to the same bytes."""

        SAME = "same"
        DIFFERENT = "different"
        LOST = "lost"

    id = models.BigAutoField(primary_key=True)
    round = models.ForeignKey(ReplayRound, on_delete=PROTECT, related_name="entries")
    entry = models.ForeignKey(Entry, on_delete=PROTECT, related_name="replays")
    result = models.CharField(max_length=12, choices=Result.choices)
    differences = models.JSONField()  # [{"where", "then", "now"}], of ids, digests and outcomes

    class Meta:
        verbose_name_plural = "replayed entries"
        constraints = [models.UniqueConstraint(fields=["round", "entry"], name="entry_is_drawn_once_a_round")]

    def __str__(self) -> str:
        return self.result


class PackOrder(models.Model):
    """That an evidence pack was asked for: about what, and with whose eyes."""

    class About(models.TextChoices):
        """What a pack is about."""

        OUTPUT = "output", "Output"
        PARTY = "party", "Party"
        RUN = "run", "Royalty run"
        PERIOD = "period", "Period"

    id = models.UUIDField(primary_key=True)
    about = models.CharField(max_length=12, choices=About.choices)
    submission = models.ForeignKey("rights.Submission", on_delete=PROTECT, null=True, blank=True, related_name="+")
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    run = models.ForeignKey("royalties.RoyaltyRun", on_delete=PROTECT, null=True, blank=True, related_name="+")
    active_from = models.DateField(null=True, blank=True)  # of a period, by when its entries were written
    active_to = models.DateField(null=True, blank=True)
    is_whole = models.BooleanField()  # everything is seen, as the operator does
    sees = ArrayField(models.UUIDField())  # else the parties through whose eyes
    against = models.TextField(blank=True)  # an older checkpoint that the pack is to be shown to extend
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    ordered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(about="output", submission__isnull=False, party=None, run=None, active_from=None, active_to=None)
                    | Q(about="party", submission=None, party__isnull=False, run=None, active_from=None, active_to=None)
                    | Q(about="run", submission=None, party=None, run__isnull=False, active_from=None, active_to=None)
                    | Q(about="period", submission=None, party=None, run=None, active_to__gt=F("active_from"))
                ),
                name="pack_is_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.get_about_display()


class PackProgress(models.Model):
    """How far a pack has come: working state, for people who wait."""

    order = models.OneToOneField(PackOrder, on_delete=PROTECT, primary_key=True, related_name="progress")
    entries = models.BigIntegerField(default=0)  # there are
    done = models.BigIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)  # so far
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.done} of {self.entries}"


class PackPart(models.Model):
    """An archive of a pack: one, or several where one would be too large; each can be checked by itself."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(PackOrder, on_delete=PROTECT, related_name="parts")
    number = models.PositiveIntegerField()  # from 1
    digest = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="part_of_a_pack_is_made_once")]

    def __str__(self) -> str:
        return f"part {self.number}"


# --- Auditing


class AuditEngagement(models.Model):
    """
    What an auditor was let in for: why, until which instant, and of what the organization sees only which part.

    It comes with the membership, in the same entry, and never changes.
    """

    id = models.UUIDField(primary_key=True)
    membership = models.OneToOneField(Membership, on_delete=PROTECT, related_name="engagement")
    purpose = models.CharField(max_length=300)  # without names: why dossiers are read
    ends_at = models.DateTimeField()
    parties = ArrayField(models.UUIDField(), default=list)  # only what concerns one of these too; empty: everything
    period_from = models.DateField(null=True, blank=True)
    period_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_from=None) | Q(period_to=None) | Q(period_to__gt=F("period_from")),
                name="engagement_is_for_a_period",
            )
        ]

    def __str__(self) -> str:
        return self.purpose


class DossierRead(models.Model):
    """
    That somebody read a dossier, and why (LED-6, record 23). Kept for two years; not in the log, which forgets nothing.
    """

    id = models.UUIDField(primary_key=True)
    table = models.CharField(max_length=40)
    fact_id = models.UUIDField()
    door = models.CharField(max_length=60)  # the name of the address
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, on_delete=PROTECT, null=True, related_name="+")
    engagement = models.ForeignKey(AuditEngagement, on_delete=PROTECT, null=True, related_name="reads")
    why = models.CharField(max_length=300)
    read_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["fact_id", "read_at"], name="reads_of_a_dossier"),
            models.Index(fields=["read_at"], name="reads_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=Exact(NonNulls("user", "client"), 1), name="dossier_is_read_by_somebody")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.fact_id}"


class AuditNote(models.Model):
    """What an auditor wrote beside an entry, an output or a statement."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    engagement = models.ForeignKey(AuditEngagement, on_delete=PROTECT, null=True, blank=True, related_name="notes")
    entry = models.ForeignKey(Entry, on_delete=PROTECT, null=True, blank=True, related_name="notes")
    submission = models.ForeignKey(
        "rights.Submission", on_delete=PROTECT, null=True, blank=True, related_name="audit_notes"
    )
    statement = models.ForeignKey(
        "royalties.Statement", on_delete=PROTECT, null=True, blank=True, related_name="audit_notes"
    )
    text = models.CharField(max_length=1000)  # without names
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(NonNulls("entry", "submission", "statement"), 1), name="note_is_beside_one_thing"
            )
        ]

    def __str__(self) -> str:
        return f"note {str(self.id)[:8]}"


class AuditSample(models.Model):
    """
    Lines of statements drawn to be tested: by which method and seed, out of what. Drawn again they are the same.
    """

    class Method(models.TextChoices):
        """How lines are chosen."""

        MONETARY_UNIT = "monetary_unit", "Monetary unit"
        STRATIFIED = "stratified", "Stratified at random"

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    engagement = models.ForeignKey(AuditEngagement, on_delete=PROTECT, null=True, blank=True, related_name="samples")
    method = models.CharField(max_length=16, choices=Method.choices)
    seed = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    period_from = models.DateField()
    period_to = models.DateField()
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    known_at = models.DateTimeField()
    document = models.TextField()  # RFC 8785 JSON: terms, population, what was drawn
    digest = models.CharField(max_length=64)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_method_display()} {str(self.id)[:8]}"


class AuditSampleItem(models.Model):
    """One line of a statement that was drawn."""

    id = models.UUIDField(primary_key=True)
    sample = models.ForeignKey(AuditSample, on_delete=PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    statement = models.ForeignKey("royalties.Statement", on_delete=PROTECT, related_name="sampled")
    partition = models.PositiveIntegerField()
    line = models.BigIntegerField()
    units = models.BigIntegerField()  # as booked
    stratum = models.PositiveSmallIntegerField()  # from 0; of a monetary-unit sample 1: tested because it is large
    hits = models.PositiveIntegerField()  # how many of the chosen units lie in it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "position"], name="sampled_line_has_its_own_position"),
            models.UniqueConstraint(fields=["sample", "statement", "partition", "line"], name="line_is_sampled_once"),
        ]

    def __str__(self) -> str:
        return f"line {self.partition}.{self.line}"


class AuditException(models.Model):
    """What is wrong with a sampled line, who must see to it, and how that stands; the last one counts."""

    class Cause(models.TextChoices):
        """Why it is wrong."""

        USAGE = "usage", "What was reported"
        RATE = "rate", "A rate or a conversion"
        SHARE = "share", "A share"
        PLAN = "plan", "A plan or a contract term"
        CONSENT = "consent", "A consent that is missing"
        ENTRY = "entry", "What somebody typed"
        SOFTWARE = "software", "The service"
        UNKNOWN = "unknown", "Not known yet"

    class Status(models.TextChoices):
        """How it stands."""

        OPEN = "open"
        ACCEPTED = "accepted"  # the owner agrees
        DISPUTED = "disputed"
        CORRECTED = "corrected"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True)
    item = models.ForeignKey(AuditSampleItem, on_delete=PROTECT, related_name="exceptions")
    position = models.PositiveSmallIntegerField()  # 0 for the first
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    root_cause = models.CharField(max_length=12, choices=Cause.choices)
    audited_units = models.BigIntegerField()  # what the line should come to
    status = models.CharField(max_length=12, choices=Status.choices)
    note = models.CharField(max_length=600, blank=True)  # without names
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="exception_has_its_own_position"),
            models.CheckConstraint(condition=Q(position__gt=0) | Q(status="open"), name="exception_begins_open"),
        ]

    def __str__(self) -> str:
        return self.get_status_display()


class SavedQuestion(models.Model):
    """A question of an audit with what is asked, kept to be asked again; each day, week or month where it says so."""

    class Every(models.TextChoices):
        """How often it is answered by itself."""

        NEVER = "", "Only when somebody asks"
        DAY = "day", "Every day"
        WEEK = "week", "Every Monday"
        MONTH = "month", "On the first of each month"

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    engagement = models.ForeignKey(AuditEngagement, on_delete=PROTECT, null=True, blank=True, related_name="questions")
    question = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    parameters = models.JSONField()  # as typed: a period may be "last_month"
    every = models.CharField(max_length=8, choices=Every.choices, blank=True)
    keep_days = models.PositiveIntegerField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="question_is_due", condition=Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """An answer to a saved question, in the store by its digest until its time is over: working state."""

    id = models.UUIDField(primary_key=True)
    saved = models.ForeignKey(SavedQuestion, on_delete=PROTECT, related_name="answers")
    due_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)  # what was asked, and what came of it in a sentence
    answer_digest = models.CharField(max_length=64, blank=True)
    file_digest = models.CharField(max_length=64, blank=True)  # of the CSV in the store
    problem = models.CharField(max_length=300, blank=True)
    keep_until = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["saved", "due_at"], name="question_is_answered_once_a_time")]

    def __str__(self) -> str:
        return f"{self.saved} of {self.due_at:%Y-%m-%d}"
