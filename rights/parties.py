"""Who is in the trade: names under seal, roles, who acts for whom, who is protected, and which parties are one."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import rfc8785
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from rights import keys, sealing, territories
from rights.merges import survivors
from rights.models import (
    NameToken,
    Party,
    PartyContact,
    PartyIdentity,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    Representation,
    RepresentationEnd,
)
from rights.vocabulary import Authority, NameKind, PartyKind, PartyRole, ProtectionKind, Use


class NoSuchParty(Exception):
    """There is no party with this id."""


class NoSuchUse(Exception):
    """This is not a use code; the API's docs list them."""


class NotACountry(Exception):
    """A jurisdiction is one country, by the two letters of ISO 3166-1, such as DE."""


class NotAPerson(Exception):
    """Only a person is a minor, has a guardian or dies: this party is none."""


class Erased(Exception):
    """What was personal about this party is erased, and its key is gone: nothing can be sealed for it any more."""


class NotSealedYet(Exception):
    """This party's name is still kept as it was before names were sealed; `manage.py seal_names` seals it."""


# --- Names: sealed under the party's own key, found by tokens ---------------------------------------------


def commitment(*, kind: str, name: str, salt: bytes) -> bytes:
    """Return what the log keeps of a name: HMAC-SHA256 under a salt that can be destroyed (LED-4)."""
    return hmac.digest(salt, rfc8785.dumps({"kind": kind, "name": name}), "sha256")


@dataclass(frozen=True)
class StagedParty:
    """A party about to be registered, its name sealed already."""

    id: UUID
    kind: PartyKind
    commitment: bytes
    wrapped: bytes
    sealed: bytes
    tokens: tuple[bytes, ...]


@dataclass(frozen=True)
class StagedName:
    """One more name about to be added, sealed already."""

    id: UUID
    party_id: UUID
    kind: NameKind
    commitment: bytes
    sealed: bytes
    tokens: tuple[bytes, ...]


def stage(*, id: UUID, kind: PartyKind, name: str) -> StagedParty:
    """Seal a name under a fresh key. A key service outside may be slow to wrap it: not in a transaction."""
    key, salt = sealing.fresh_key(), secrets.token_bytes(32)
    return StagedParty(
        id=id,
        kind=kind,
        commitment=commitment(kind=kind, name=name, salt=salt),
        wrapped=sealing.wrap(key, keys.keks()[0]),
        sealed=_sealed(PartyIdentity, "sealed", id, key, name, salt),
        tokens=sealing.tokens(name, keys.index_key()),
    )


def register(staged: StagedParty, *, registrar_id: UUID | None = None, at: datetime) -> Party:
    """Insert a party and, apart from it, its sealed name and what that is found by."""
    party = Party.objects.create(
        id=staged.id, kind=staged.kind, commitment=staged.commitment, registered_at=at, registrar_id=registrar_id
    )
    PartyIdentity.objects.create(party=party, wrapped=staged.wrapped, sealed=staged.sealed)
    _index(party.pk, staged.tokens)
    return party


def stage_name(*, id: UUID, party_id: UUID, kind: NameKind, name: str) -> StagedName:
    """
    Seal one more name under the party's key.

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: the party's key is gone
    :raises NotSealedYet: the party has no key so far
    """
    salt = secrets.token_bytes(32)
    return StagedName(
        id=id,
        party_id=party_id,
        kind=kind,
        commitment=commitment(kind=kind, name=name, salt=salt),
        sealed=_sealed(PartyName, "sealed", id, _key_for(party_id), name, salt),
        tokens=sealing.tokens(name, keys.index_key()),
    )


def add_name(staged: StagedName, *, at: datetime) -> PartyName:
    """
    Insert one more name of a party.

    :raises Erased: the party was erased while the name was sealed
    """
    alone_with(staged.party_id)
    if not PartyIdentity.objects.filter(party=staged.party_id).exists():
        raise Erased
    added = PartyName.objects.create(
        id=staged.id,
        party_id=staged.party_id,
        kind=staged.kind,
        sealed=staged.sealed,
        commitment=staged.commitment,
        recorded_at=at,
    )
    _index(staged.party_id, staged.tokens)
    return added


def named(text: str) -> QuerySet[Party]:
    """
    Return the parties that have a name with every word of a text, or with words that begin so.

    :raises NothingToSearch: the text has no letter and no digit
    """
    rows = Party.objects.all()
    for token in sealing.query_tokens(text, keys.index_key()):
        rows = rows.filter(Exists(NameToken.objects.filter(party=OuterRef("pk"), token=token)))
    return rows


def seal_for(party: Party | UUID, plaintext: str, *, context: str) -> bytes:
    """
    Seal what somebody said or what is personal about them, for one place (`sealing.place`).

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: the party's key is gone
    :raises NotSealedYet: the party has no key so far
    """
    return seal_bytes_for(party, plaintext.encode(), context=context)


def seal_bytes_for(party: Party | UUID, plaintext: bytes, *, context: str) -> bytes:
    """
    Seal bytes that are personal about somebody, for one place (`sealing.place`).

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: the party's key is gone
    :raises NotSealedYet: the party has no key so far
    """
    return sealing.seal(_key_for(_id(party)), plaintext, context=context)


def open_for(party: Party | UUID, sealed: bytes | memoryview, *, context: str) -> str | None:
    """
    Return what was sealed for a party, or None once its key was destroyed.

    :raises Unreadable: it was changed, or belongs to another place
    """
    identity = PartyIdentity.objects.filter(party=_id(party)).first()
    if identity is None or identity.wrapped is None:
        return None
    return sealing.open_sealed(identity.key, bytes(sealed), context=context).decode()


def has_key(party_id: UUID) -> bool:
    """Whether something can be sealed for a party: it has a name, and was not erased."""
    return PartyIdentity.objects.filter(party=party_id, wrapped__isnull=False).exists()


def put_contact(*, id: UUID, party_id: UUID, kind: str, address: str, at: datetime) -> PartyContact:
    """
    Keep where to write to a party, in place of what was kept of the same kind.

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: the party's key is gone
    :raises NotSealedYet: the party has no key so far
    """
    alone_with(party_id)
    place = sealing.place(table=PartyContact._meta.db_table, column="sealed", id=id)
    sealed = seal_for(party_id, address, context=place)
    PartyContact.objects.filter(party=party_id, kind=kind).delete()
    return PartyContact.objects.create(id=id, party_id=party_id, kind=kind, sealed=sealed, recorded_at=at)


def contact_of(party_id: UUID, kind: str) -> str | None:
    """Return where to write to a party, or None where nothing is kept or it was erased."""
    found = PartyContact.objects.filter(party=party_id, kind=kind).first()
    if found is None:
        return None
    place = sealing.place(table=PartyContact._meta.db_table, column="sealed", id=found.pk)
    return open_for(party_id, found.sealed, context=place)


def seal_plain(*, limit: int) -> int:
    """Seal up to ``limit`` names that are kept as they were before names were sealed; return how many there were."""
    old = list(PartyIdentity.objects.filter(sealed__isnull=True).order_by("party_id")[:limit])
    for identity in old:
        alone_with(identity.party_id)
        deleted, _ = PartyIdentity.objects.filter(party=identity.party_id, sealed__isnull=True).delete()
        if not deleted:
            continue  # another process was here first, or the name was erased
        key, name = sealing.fresh_key(), identity.name
        PartyIdentity.objects.create(
            party_id=identity.party_id,
            wrapped=sealing.wrap(key, keys.keks()[0]),
            # The same salt: the commitment is in the log.
            sealed=_sealed(PartyIdentity, "sealed", identity.party_id, key, name, identity.salt),
        )
        _index(identity.party_id, sealing.tokens(name, keys.index_key()))
    return len(old)


def rewrap(*, after: UUID, limit: int) -> tuple[int, UUID | None]:
    """
    Wrap up to ``limit`` subjects' keys, in the order of their parties, under the current key-encryption key.

    Return how many were under another one, and the last party that was looked at; None where there was none left. What
    is sealed under the subjects' keys stays as it is.

    :raises UnknownKek: a key was wrapped under a key-encryption key that is not configured any more
    """
    keks = keys.keks()
    found = list(PartyIdentity.objects.filter(party__gt=after, wrapped__isnull=False).order_by("party_id")[:limit])
    changed = 0
    for identity in found:
        if sealing.kek_id(bytes(identity.wrapped or b"")) == keks[0].id:
            continue
        alone_with(identity.party_id)
        wrapped = sealing.rewrap(bytes(identity.wrapped or b""), keks)
        deleted, _ = PartyIdentity.objects.filter(party=identity.party_id).delete()
        if deleted:  # else it was erased meanwhile, and stays so
            PartyIdentity.objects.create(party_id=identity.party_id, wrapped=wrapped, sealed=identity.sealed)
            changed += 1
    return changed, found[-1].party_id if found else None


def holds_to(row: PartyIdentity | PartyName) -> bool:
    """Whether a name is still the one that was committed to; a name that was erased holds to anything."""
    try:
        if isinstance(row, PartyName):
            if row.opened is None:
                return True
            said = commitment(kind=row.kind, name=row.opened["name"], salt=bytes.fromhex(row.opened["salt"]))
            return said == bytes(row.commitment)
        if row.sealed is not None and row.plain_name is not None:
            return False  # two names, of which pages show one
        party = row.party
        return commitment(kind=party.kind, name=row.name, salt=row.salt) == bytes(party.commitment)
    except (sealing.Unreadable, KeyError, ValueError, TypeError):
        return False


def _sealed(model: type[PartyIdentity | PartyName], column: str, id: UUID, key: bytes, name: str, salt: bytes) -> bytes:
    place = sealing.place(table=model._meta.db_table, column=column, id=id)
    return sealing.seal_json(key, {"name": name, "salt": salt.hex()}, context=place)


def _index(party_id: UUID, tokens: Sequence[bytes]) -> None:
    rows = [NameToken(party_id=party_id, token=token) for token in tokens]
    NameToken.objects.bulk_create(rows, ignore_conflicts=True)  # another name of the party may begin alike


def _key_for(party_id: UUID) -> bytes:
    identity = PartyIdentity.objects.filter(party=party_id).first()
    if identity is None:
        raise Erased if Party.objects.filter(pk=party_id).exists() else NoSuchParty
    if identity.wrapped is None:
        raise NotSealedYet
    return identity.key


def _id(party: Party | UUID) -> UUID:
    return party.pk if isinstance(party, Party) else party


def alone_with(party_id: UUID) -> None:
    """Wait for whoever else adds or erases personal data of this party, and hold it until the transaction ends."""
    # Else something personal could be added behind an erasure that has already looked.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('party ' || %s, 0))", [str(party_id)])


# --- What a party is, and who acts for it ------------------------------------------------------------------


def take_role(
    *, id: UUID, party_id: UUID, role: PartyRole, active_from: date, active_to: date | None, at: datetime
) -> PartyInRole:
    """Insert what a party is in the trade, for a period."""
    return PartyInRole.objects.create(
        id=id, party_id=party_id, role=role, active_from=active_from, active_to=active_to, recorded_at=at
    )


def represent(
    *,
    id: UUID,
    principal_id: UUID,
    agent_id: UUID,
    authority: Authority,
    uses: Sequence[str],
    territories_: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Representation:
    """
    Insert that one party acts for another; without uses it is for every use.

    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    known = {use.value for use in Use}
    for use in uses:
        if use not in known:
            raise NoSuchUse(f"{use!r} is not a use: {', '.join(sorted(known))}")
    territories.check(territories_)
    return Representation.objects.create(
        id=id,
        principal_id=principal_id,
        agent_id=agent_id,
        authority=authority,
        uses=sorted(set(uses)),
        territories=list(territories_),
        active_from=active_from,
        active_to=active_to,
        document_digest=document_digest,
        registrar_id=registrar_id,
        recorded_at=at,
    )


def end_representation(
    *, id: UUID, representation_id: UUID, effective_on: date, reason: str, at: datetime
) -> RepresentationEnd:
    """Insert that somebody acts for somebody no longer. A second end is refused by the database."""
    return RepresentationEnd.objects.create(
        id=id, representation_id=representation_id, effective_on=effective_on, reason=reason, recorded_at=at
    )


def protect(
    *,
    id: UUID,
    party: Party,
    kind: ProtectionKind,
    jurisdiction: str,
    active_from: date,
    active_to: date | None,
    evidence_digest: str,
    at: datetime,
) -> Protection:
    """
    Insert that a person cannot consent alone, or at all, in a period.

    :raises NotAPerson: the party is a company, a society or an estate
    :raises NotACountry: the jurisdiction is not a country
    """
    if party.kind != PartyKind.PERSON:
        raise NotAPerson
    if jurisdiction not in territories.countries(active_from):
        raise NotACountry
    return Protection.objects.create(
        id=id,
        party=party,
        kind=kind,
        jurisdiction=jurisdiction,
        active_from=active_from,
        active_to=active_to,
        evidence_digest=evidence_digest,
        recorded_at=at,
    )


# --- Which parties are one ---------------------------------------------------------------------------------


def merge(*, id: UUID, duplicate_id: UUID, survivor_id: UUID, reason: str, at: datetime) -> PartyMerge:
    """Insert that two parties are one. The database refuses a second merge of the duplicate, and chains."""
    return PartyMerge.objects.create(
        id=id, duplicate_id=duplicate_id, survivor_id=survivor_id, reason=reason, recorded_at=at
    )


def undo_merge(*, id: UUID, merge_id: UUID, reason: str, at: datetime) -> PartyMergeUndo:
    """Insert that a merge was a mistake. A second undo is refused by the database."""
    return PartyMergeUndo.objects.create(id=id, merge_id=merge_id, reason=reason, recorded_at=at)


def same_as(party_id: UUID, known_at: datetime | None = None) -> tuple[UUID, ...]:
    """Return every party that is the same one: the survivor first, then the duplicates merged into it."""
    survivor = survivors([party_id], known_at=known_at)[party_id]
    merged = PartyMerge.objects.filter(survivor=survivor).order_by("recorded_at", "pk")
    duplicates = list(merged.values_list("duplicate_id", flat=True))
    counts_as = survivors(duplicates, known_at=known_at)
    return (survivor, *dict.fromkeys(one for one in duplicates if counts_as[one] == survivor))


# --- Erasing -----------------------------------------------------------------------------------------------


def erase_names(party_ids: Sequence[UUID]) -> int:
    """Delete names with the keys that everything else about these parties is sealed under; return how many."""
    for party_id in sorted(party_ids, key=str):  # in one order, so that two erasures do not wait for each other
        alone_with(party_id)
    return PartyIdentity.objects.filter(party__in=party_ids).delete()[0]


def erase_tokens(party_ids: Sequence[UUID]) -> int:
    """Delete what the names were found by; return how many tokens."""
    return NameToken.objects.filter(party__in=party_ids).delete()[0]


def erase_contacts(party_ids: Sequence[UUID], *, begins: str = "") -> int:
    """Delete where to write to, or only what is of a kind that begins so; return how many addresses."""
    return PartyContact.objects.filter(party__in=party_ids, kind__startswith=begins).delete()[0]
