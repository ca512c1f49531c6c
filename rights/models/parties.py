"""Who is in the trade: parties, their names and codes, who acts for whom, and who is protected."""

from __future__ import annotations

from functools import cached_property

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rights import keys, sealing
from rights.models.choices import one_of
from rights.models.conditions import ends_after_it_begins
from rights.vocabulary import Authority, NameKind, PartyKind, PartyRole, ProtectionKind

PROTECT = models.PROTECT


class Party(models.Model):
    """Somebody in the trade. The name stands in ``PartyIdentity``, which may be erased; here only its commitment."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16, choices=one_of(PartyKind))
    commitment = models.BinaryField(max_length=32)  # HMAC-SHA256(salt, canonical identity)
    registered_at = models.DateTimeField()
    registrar = models.ForeignKey(
        "self", on_delete=PROTECT, null=True, blank=True, related_name="parties_registered"
    )  # the organization that registered it; empty: the operator

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        identity = getattr(self, "identity", None)
        return identity.name if identity else f"erased party {str(self.id)[:8]}"


class PartyIdentity(models.Model):
    """What a party is called: personal data, erasable. Without the salt the commitment says nothing."""

    party = models.OneToOneField(Party, on_delete=PROTECT, primary_key=True, related_name="identity")
    # The subject's key, wrapped: everything personal about the party is sealed under it, so deleting this row is the
    # erasure (LED-4).
    wrapped = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)  # name and salt
    # As they were before names were sealed; empty in every row since.
    plain_name = models.CharField(max_length=300, null=True, db_column="name")  # noqa: DJ001 - absent is not empty
    plain_salt = models.BinaryField(max_length=32, null=True, db_column="salt")

    class Meta:
        verbose_name_plural = "party identities"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What the party is called."""
        return str(self.opened["name"]) if self.sealed is not None else self.plain_name or ""

    @property
    def salt(self) -> bytes:
        """What the commitment to the name was made with."""
        return bytes.fromhex(self.opened["salt"]) if self.sealed is not None else bytes(self.plain_salt or b"")

    @cached_property
    def key(self) -> bytes:
        """The subject's key, unwrapped once for each row that is read."""
        return sealing.unwrap(bytes(self.wrapped or b""), keys.keks())

    @cached_property
    def opened(self) -> dict[str, str]:
        """What was sealed with the key: name and salt."""
        place = sealing.place(table=self._meta.db_table, column="sealed", id=self.party_id)
        found: dict[str, str] = sealing.open_json(self.key, bytes(self.sealed or b""), context=place)
        return found


class PartyName(models.Model):
    """One more name of a party, sealed under the party's key: a pseudonym is a name, not a party."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="names")
    kind = models.CharField(max_length=16, choices=one_of(NameKind))
    sealed = models.BinaryField()
    commitment = models.BinaryField(max_length=32)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} name"

    @property
    def name(self) -> str | None:
        """The name, or None once the party's key was destroyed."""
        return self.opened["name"] if self.opened else None

    @cached_property
    def opened(self) -> dict[str, str] | None:
        """What was sealed, name and salt; None once the party's key was destroyed."""
        identity = getattr(self.party, "identity", None)
        if identity is None:
            return None
        place = sealing.place(table=self._meta.db_table, column="sealed", id=self.pk)
        found: dict[str, str] = sealing.open_json(identity.key, bytes(self.sealed), context=place)
        return found


class PartyInRole(models.Model):
    """What a party is in the trade, for a period [from, to)."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="roles")
    role = models.CharField(max_length=16, choices=one_of(PartyRole))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "parties in roles"
        constraints = [ends_after_it_begins("role_ends_after_it_begins")]

    def __str__(self) -> str:
        return self.role


class Representation(models.Model):
    """That one party acts for another: for which uses, where, from when, by which document (PAR-2)."""

    id = models.UUIDField(primary_key=True)
    principal = models.ForeignKey(Party, on_delete=PROTECT, related_name="represented_by")
    agent = models.ForeignKey(Party, on_delete=PROTECT, related_name="represents")
    authority = models.CharField(max_length=24, choices=one_of(Authority))
    uses = ArrayField(models.CharField(max_length=24), default=list, blank=True)  # empty: every use
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    document_digest = models.CharField(max_length=64)
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            ends_after_it_begins("representation_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(principal=F("agent")), name="nobody_represents_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} for {self.principal}"


class RepresentationEnd(models.Model):
    """That somebody no longer acts for somebody; the day may lie before today, as a mandate may end unnoticed."""

    id = models.UUIDField(primary_key=True)
    representation = models.OneToOneField(Representation, on_delete=PROTECT, related_name="end")
    effective_on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ended on {self.effective_on}"


class PartyMerge(models.Model):
    """That two parties are one: what was recorded for ``duplicate`` counts for ``survivor``. Nothing is rewritten."""

    id = models.UUIDField(primary_key=True)
    duplicate = models.ForeignKey(Party, on_delete=PROTECT, related_name="merged_into")
    survivor = models.ForeignKey(Party, on_delete=PROTECT, related_name="merged_from")
    reason = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(duplicate=F("survivor")), name="party_is_not_merged_into_itself")
        ]

    def __str__(self) -> str:
        return f"{str(self.duplicate_id)[:8]} is {str(self.survivor_id)[:8]}"


class PartyMergeUndo(models.Model):
    """That a merge was a mistake."""

    id = models.UUIDField(primary_key=True)
    merge = models.OneToOneField(PartyMerge, on_delete=PROTECT, related_name="undo")
    reason = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return "undone"


class Protection(models.Model):
    """That a person cannot consent alone, or at all, in a period: a minor, a ward, the dead (CON-10)."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="protections")
    kind = models.CharField(max_length=16, choices=one_of(ProtectionKind))
    jurisdiction = models.CharField(max_length=6)  # ISO 3166-1: whose law limits the term
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    evidence_digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [ends_after_it_begins("protection_ends_after_it_begins")]

    def __str__(self) -> str:
        return self.kind


class NameToken(models.Model):
    """One blind token of a party's name: finds a sealed name by its beginning, and is erased with it."""

    id = models.BigAutoField(primary_key=True)
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="name_tokens")
    token = models.BinaryField(max_length=8)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "party"], name="name_token_is_kept_once")]

    def __str__(self) -> str:
        return bytes(self.token).hex()


class PartyContact(models.Model):
    """Where to write to a party, sealed under the party's key; replaced by deleting and inserting."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="contacts")
    kind = models.CharField(max_length=16)
    sealed = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "kind"], name="one_contact_of_a_kind")]

    def __str__(self) -> str:
        return self.kind
