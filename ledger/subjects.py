"""Everything that is kept about one subject, for the subject (GDPR arts. 15 and 20): names, facts and log entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from ledger import canonical, rows
from ledger.log import SUBJECT_OF
from ledger.models import Entry, Erasure, ErasureRequest
from provenance.models import Disclosure
from rights import codes, parties, sealing
from rights.models import (
    CampaignInvitation,
    Clearance,
    Conflict,
    ConflictClaim,
    ConflictEvent,
    Consent,
    ConsentAsset,
    ConsentEvent,
    ConsentEvidence,
    Contribution,
    ContributionAct,
    ContributionRecord,
    Identifier,
    IdentifierFinding,
    License,
    LicenseEvent,
    Party,
    PartyContact,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    RecordingVoice,
    Representation,
    RepresentationEnd,
    Reservation,
    ReservationEnd,
    Share,
    ShareEvent,
    Submission,
    Voice,
    VoiceEnrollment,
    VoiceEnrollmentEnd,
)
from royalties.models import Split

VERSION = 1

Document = dict[str, Any]


def export(*, party_id: UUID, at: datetime) -> Document:
    """
    Return everything about a subject, under all parties that are merged into one.

    Rows are as the log vouches for them; names, messages and addresses are opened, unless they were erased.

    :raises NoSuchParty: nobody is registered under this id
    """
    if not Party.objects.filter(pk=party_id).exists():
        raise parties.NoSuchParty
    subject = parties.same_as(party_id)
    facts = _facts(subject)
    written: dict[str, Any] = {name: list(rows.documents(found)) for name, found in facts.items()}
    _open_names(written, subject)
    statuses = codes.statuses(Identifier.objects.filter(party__in=subject))
    for code in written["identifiers"]:
        code["status"] = statuses[UUID(code["id"])]
    return {
        "v": VERSION,
        "exported_at": canonical.timestamp(at),
        "subject": [str(one) for one in subject],
        **written,
        "contacts": _contacts(subject),
        "entries": _entries(facts),
    }


def _facts(subject: tuple[UUID, ...]) -> dict[str, QuerySet[Any]]:
    consents = Consent.objects.filter(Q(grantor__in=subject) | Q(actor__in=subject) | Q(licensee__in=subject))
    licenses = License.objects.filter(Q(licensor__in=subject) | Q(licensee__in=subject))
    shares = Share.objects.filter(party__in=subject)
    representations = Representation.objects.filter(Q(principal__in=subject) | Q(agent__in=subject))
    reservations = Reservation.objects.filter(holder__in=subject)
    merges = PartyMerge.objects.filter(Q(duplicate__in=subject) | Q(survivor__in=subject))
    conflicts = ConflictClaim.objects.filter(share__in=shares).values("conflict")
    requests = ErasureRequest.objects.filter(party__in=subject)
    enrollments = VoiceEnrollment.objects.filter(voice__person__in=subject)
    return {
        "parties": Party.objects.filter(pk__in=subject),
        "names": PartyName.objects.filter(party__in=subject),
        "merges": merges,
        "merges_undone": PartyMergeUndo.objects.filter(merge__in=merges),
        "identifiers": Identifier.objects.filter(party__in=subject),
        "identifier_findings": IdentifierFinding.objects.filter(identifier__party__in=subject),
        "roles": PartyInRole.objects.filter(party__in=subject),
        "representations": representations,
        "representation_ends": RepresentationEnd.objects.filter(representation__in=representations),
        "protections": Protection.objects.filter(party__in=subject),
        "voices": Voice.objects.filter(person__in=subject),
        "voices_in_recordings": RecordingVoice.objects.filter(voice__person__in=subject),
        "voice_enrollments": enrollments,
        "voice_enrollment_ends": VoiceEnrollmentEnd.objects.filter(enrollment__in=enrollments),
        "shares": shares,
        "share_events": ShareEvent.objects.filter(share__in=shares),
        "conflicts": Conflict.objects.filter(pk__in=conflicts),
        "conflict_messages": ConflictEvent.objects.filter(author__in=subject),
        "consents": consents,
        "consent_assets": ConsentAsset.objects.filter(consent__in=consents),
        "consent_events": ConsentEvent.objects.filter(Q(consent__in=consents) | Q(actor__in=subject)),
        "consent_evidence": ConsentEvidence.objects.filter(consent__in=consents),
        "invitations": CampaignInvitation.objects.filter(party__in=subject),
        "reservations": reservations,
        "reservations_lifted": ReservationEnd.objects.filter(reservation__in=reservations),
        "licenses": licenses,
        "license_events": LicenseEvent.objects.filter(Q(license__in=licenses) | Q(actor__in=subject)),
        "submissions": Submission.objects.filter(submitter__in=subject),
        "contributions": Contribution.objects.filter(actor__in=subject),
        "contribution_acts": ContributionAct.objects.filter(party__in=subject),
        "contribution_records": ContributionRecord.objects.filter(author__in=subject),
        "disclosures": Disclosure.objects.filter(sender__in=subject),
        "clearances": Clearance.objects.filter(Q(licensee__in=subject) | Q(asker__in=subject)),
        "splits": Split.objects.filter(party__in=subject),
        "erasure_requests": requests,
        "erasures": Erasure.objects.filter(request__in=requests),
    }


def _open_names(written: Mapping[str, list[Document]], subject: tuple[UUID, ...]) -> None:
    called = {
        str(party.pk): party.identity.name if hasattr(party, "identity") else None
        for party in Party.objects.filter(pk__in=subject).select_related("identity")
    }
    for party in written["parties"]:
        party["name"] = called[party["id"]]
    others = PartyName.objects.filter(party__in=subject).select_related("party__identity")
    names = {str(row.pk): row.name for row in others}
    for name in written["names"]:
        name["name"] = names[name["id"]]
        del name["sealed"]
    said = {str(row.pk): _message(row) for row in ConflictEvent.objects.filter(author__in=subject)}
    for message in written["conflict_messages"]:
        message["message"] = said[message["id"]]
        del message["sealed"]


def _message(row: ConflictEvent) -> str | None:
    if row.sealed is None:
        return None
    place = sealing.place(table=ConflictEvent._meta.db_table, column="sealed", id=row.pk)
    return parties.open_for(row.author_id, row.sealed, context=place)


def _contacts(subject: tuple[UUID, ...]) -> list[Document]:
    found = PartyContact.objects.filter(party__in=subject).order_by("party_id", "kind")
    return [{"kind": row.kind, "address": parties.contact_of(row.party_id, row.kind)} for row in found]


def _entries(facts: Mapping[str, QuerySet[Any]]) -> list[Document]:
    entries: dict[UUID, Entry] = {}
    for found in facts.values():  # one question a table: together no index would serve them
        if subject := SUBJECT_OF.get(found.model._meta.db_table):
            about = Entry.objects.select_related("leaf").filter(subject=subject, fact__in=found.values("pk"))
            entries |= {entry.pk: entry for entry in about}
    return [
        {
            "id": str(entry.pk),
            "kind": entry.kind,
            "at": canonical.timestamp(entry.at),
            "index": entry.leaf.index if hasattr(entry, "leaf") else None,
        }
        for entry in sorted(entries.values(), key=lambda entry: (entry.at, str(entry.pk)))
    ]
