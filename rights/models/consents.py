"""What holders agreed to, what became of it, what they reserved in public, and what a withdrawal made others do."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from rights.models.assets import Dataset, Lyrics, Model, ModelVersion, Recording, Stem, Voice, Work
from rights.models.choices import one_of
from rights.models.conditions import ASSETS, NonNulls, asset_id, ends_after_it_begins, is_of_one_asset
from rights.models.parties import Party, Representation
from rights.vocabulary import ApprovalMode, ConsentAct

PROTECT = models.PROTECT


class TermsVersion(models.Model):
    """One version of terms, as people read it and as programs do, from one source; the human text prevails (LIC-4)."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=35)  # BCP 47
    data = models.TextField()  # RFC 8785 JSON
    text = models.TextField()  # rendered from the data
    data_digest = models.CharField(max_length=64)
    text_digest = models.CharField(max_length=64)
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registrar", "name", "number", "language"],
                name="one_text_per_version_and_language",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number} ({self.language})"


class Consent(models.Model):
    """What a holder agreed to: uses of an asset or a list, where, when, by whom. What became of it are its events."""

    id = models.UUIDField(primary_key=True)
    grantor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consents")
    actor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consents_acted")  # who signed for the grantor
    authority = models.ForeignKey(
        Representation, on_delete=PROTECT, null=True, blank=True, related_name="consents"
    )  # by what right; empty where the grantor signed in person
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    is_list = models.BooleanField(db_default=False)  # of a frozen list of assets: see ConsentAsset
    covers_future = models.BooleanField(db_default=False)  # and of what the grantor comes to hold later
    query = models.CharField(max_length=300, blank=True, db_default="")  # what the list was frozen from, in words
    licensee = models.ForeignKey(
        Party,
        on_delete=PROTECT,
        null=True,
        blank=True,
        related_name="consents_enjoyed",
        help_text="Empty: any licensee",
    )
    licensee_role = models.CharField(max_length=16, blank=True, db_default="")  # any licensee in this role
    model = models.ForeignKey(Model, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    model_version = models.ForeignKey(ModelVersion, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    uses = ArrayField(models.CharField(max_length=24))
    barred = ArrayField(models.CharField(max_length=24), default=list, db_default=[])  # purposes it does not allow
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    approval_mode = models.CharField(max_length=8, choices=one_of(ApprovalMode), db_default=ApprovalMode.BLANKET.value)
    influence_numerator = models.BigIntegerField(null=True, blank=True)  # the most that one output may owe to it
    influence_denominator = models.BigIntegerField(null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(db_default=0)  # between a withdrawal's notice and its effect
    description = models.CharField(max_length=2000, blank=True, db_default="")  # reasonably specific uses
    compensation = models.CharField(max_length=300, blank=True, db_default="")  # where the money is agreed
    language = models.CharField(max_length=35, blank=True, db_default="")  # in which the text was shown
    terms = models.ForeignKey(TermsVersion, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    document_digest = models.CharField(max_length=64)  # SHA-256 of the text that was shown and agreed to
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    asset_id = asset_id()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(Exact(NonNulls(*ASSETS), 1), is_list=False) | Q(Exact(NonNulls(*ASSETS), 0), is_list=True),
                name="consent_is_of_one_asset",
            ),
            ends_after_it_begins("consent_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(licensee__isnull=True) | Q(licensee_role=""), name="consent_is_to_one_or_to_a_role"
            ),
            models.CheckConstraint(
                condition=Q(influence_numerator__isnull=True, influence_denominator__isnull=True)
                | Q(
                    influence_numerator__gt=0,
                    influence_denominator__gt=0,
                    influence_numerator__lte=F("influence_denominator"),
                ),
                name="influence_is_a_part_of_an_output",
            ),
        ]

    def __str__(self) -> str:
        asset = self.recording or self.work or self.voice or self.stem or self.lyrics
        return f"Consent to {asset or 'a list'}"


class ConsentAsset(models.Model):
    """One line of a consent's frozen list."""

    id = models.UUIDField(primary_key=True)
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="assets")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="consent_lines")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="consent_lines")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="consent_lines")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="consent_lines")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="consent_lines")
    asset_id = asset_id()

    class Meta:
        constraints = [
            is_of_one_asset("consent_line_is_of_one_asset"),
            models.UniqueConstraint(fields=["consent", "asset_id"], name="asset_is_on_a_consent_once"),
        ]

    def __str__(self) -> str:
        return str(self.asset_id)


class ConsentEvent(models.Model):
    """Something that happened to a consent; a withdrawal acts from ``effective_on``, an annulment from the start."""

    id = models.UUIDField(primary_key=True)
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="events")
    position = models.PositiveIntegerField(null=True)  # in the consent's course, from 0
    act = models.CharField(max_length=16, choices=one_of(ConsentAct))
    actor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consent_events")
    authority = models.ForeignKey(Representation, on_delete=PROTECT, null=True, blank=True, related_name="+")
    effective_on = models.DateField()
    successor = models.ForeignKey(Consent, on_delete=PROTECT, null=True, blank=True, related_name="predecessors")
    reason = models.CharField(max_length=300, blank=True, db_default="")
    channel = models.CharField(max_length=16, blank=True, db_default="")  # link, desk, api, import
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consent", "act"],
                condition=~Q(act="viewed"),
                name="consent_is_granted_and_withdrawn_once",
            ),
            models.UniqueConstraint(fields=["consent", "position"], name="consent_event_has_its_own_position"),
        ]

    def __str__(self) -> str:
        return f"{self.act} on {self.effective_on}"


class ConsentEvidence(models.Model):
    """A document behind an event: the signed page, the guardian's or court's paper, that counsel or a union advised."""

    id = models.UUIDField(primary_key=True)
    event = models.ForeignKey(ConsentEvent, on_delete=PROTECT, related_name="evidence")
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="evidence")  # the event's
    kind = models.CharField(max_length=24)  # rights.authority.EvidenceKind
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.kind


class Reservation(models.Model):
    """A right reserved in public: a standing no, until it is lifted or a contract that names it says yes (CDSM 4)."""

    id = models.UUIDField(primary_key=True)
    holder = models.ForeignKey(Party, on_delete=PROTECT, related_name="reservations")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="reservations")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="reservations")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="reservations")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="reservations")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="reservations")
    uses = ArrayField(models.CharField(max_length=24))
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    channel = models.CharField(max_length=24)  # aipref, tdmrep, metadata, terms, registry, letter
    wording = models.CharField(max_length=500, blank=True)
    snapshot_digest = models.CharField(max_length=64, blank=True)
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    asset_id = asset_id()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(NonNulls(*ASSETS), 1) | Exact(NonNulls(*ASSETS), 0),
                name="reservation_is_of_one_asset_or_of_all",
            ),
            ends_after_it_begins("reservation_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"Reservation by {self.channel}"


class ReservationEnd(models.Model):
    """That a reservation was lifted."""

    id = models.UUIDField(primary_key=True)
    reservation = models.OneToOneField(Reservation, on_delete=PROTECT, related_name="end")
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lifted on {self.effective_on}"


class ConsentOverride(models.Model):
    """That a consent names a reservation and says yes all the same (CON-4)."""

    id = models.UUIDField(primary_key=True)
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="overrides")
    reservation = models.ForeignKey(Reservation, on_delete=PROTECT, related_name="overrides")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consent", "reservation"], name="reservation_is_overridden_once")
        ]

    def __str__(self) -> str:
        return str(self.reservation_id)


class WithdrawalTask(models.Model):
    """One thing that a withdrawal or an annulment makes somebody do, of the effects matrix (CON-6)."""

    id = models.UUIDField(primary_key=True)
    event = models.ForeignKey(ConsentEvent, on_delete=PROTECT, related_name="tasks")
    kind = models.CharField(max_length=32)  # rights.effects.TaskKind
    due_on = models.DateField()
    party = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="withdrawal_tasks")
    license = models.ForeignKey(
        "rights.License", on_delete=PROTECT, null=True, blank=True, related_name="withdrawal_tasks"
    )
    submission = models.ForeignKey(
        "rights.Submission", on_delete=PROTECT, null=True, blank=True, related_name="withdrawal_tasks"
    )
    dataset = models.ForeignKey(Dataset, on_delete=PROTECT, null=True, blank=True, related_name="withdrawal_tasks")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=PROTECT, null=True, blank=True, related_name="withdrawal_tasks"
    )
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kind.replace("_", " ").capitalize()


class WithdrawalTaskDone(models.Model):
    """That a task was carried out, and the proof of it."""

    id = models.UUIDField(primary_key=True)
    task = models.OneToOneField(WithdrawalTask, on_delete=PROTECT, related_name="done")
    by = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")  # empty: the service
    note = models.CharField(max_length=300, blank=True)
    evidence_digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return "done"


class OutputFlag(models.Model):
    """What became of a cleared output: its source was withdrawn, it is in quarantine, or it would not clear again."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey("rights.Submission", on_delete=PROTECT, related_name="flags")
    event = models.ForeignKey(ConsentEvent, on_delete=PROTECT, null=True, blank=True, related_name="flags")
    recheck = models.OneToOneField("rights.Recheck", on_delete=PROTECT, null=True, blank=True, related_name="flag")
    kind = models.CharField(max_length=24)  # rights.effects.Flag
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "event"], name="output_is_flagged_once_an_event"),
            models.CheckConstraint(
                condition=Exact(NonNulls("event", "recheck"), 1), name="output_is_flagged_for_one_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Campaign(models.Model):
    """One question to many artists: the same terms, a day on which it closes, and silence that means no (CON-8)."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Party, on_delete=PROTECT, related_name="campaigns")
    name = models.CharField(max_length=200)
    terms = models.ForeignKey(TermsVersion, on_delete=PROTECT, related_name="campaigns")
    closes_on = models.DateField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class CampaignInvitation(models.Model):
    """One artist asked by a campaign: the consent that is offered, and the digest of the personal link's secret."""

    id = models.UUIDField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=PROTECT, related_name="invitations")
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="invitations")
    consent = models.OneToOneField(Consent, on_delete=PROTECT, related_name="invitation")
    token_digest = models.CharField(max_length=64)  # SHA-256 of the secret in the link

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "party"], name="artist_is_asked_once_a_campaign"),
            models.UniqueConstraint(fields=["token_digest"], name="one_invitation_per_link"),
        ]

    def __str__(self) -> str:
        return str(self.party)
