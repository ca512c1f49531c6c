"""Which rows an entry vouches for, and how a row is written down so that its bytes can be hashed.

An entry carries, per table, the SHA-256 over the canonical JSON array of the rows' documents. So a change to any
column of any of those rows, by whatever means, shows against the log. A table's columns are frozen under a version:
a migration that adds a column adds a version here, and old entries keep being checked under theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from fingerprint.models import Audio, Examination, Fingerprint, Reference
from ledger import canonical
from ledger.models import Entry
from provenance.models import Manifest
from rights.models import (
    Consent,
    ConsentEvent,
    Contribution,
    Decision,
    Finding,
    Ingredient,
    License,
    LicenseAsset,
    Party,
    Recording,
    RecordingWork,
    Share,
    Submission,
    Work,
)
from royalties.models import Plan, Split

MAX_EXACT_INTEGER = 2**53 - 1  # beyond it JSON readers disagree; such an integer is written as a decimal string

# Table → the columns of each version, in the order of the versions. Append only.
COLUMNS: dict[type[Model], tuple[tuple[str, ...], ...]] = {
    Party: (("id", "kind", "commitment", "registered_at"),),
    Work: (("id", "title", "iswc", "registered_at"),),
    Recording: (("id", "title", "isrc", "reference_id", "registered_at"),),
    RecordingWork: (("id", "recording_id", "work_id"),),
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
    ),
    ConsentEvent: (("id", "consent_id", "act", "actor_id", "effective_on", "recorded_at"),),
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
    ),
    LicenseAsset: (("id", "license_id", "recording_id", "work_id"),),
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
    ),
    Submission: (("id", "submitter_id", "title", "audio_id", "uses", "territories", "release_on", "submitted_at"),),
    Ingredient: (("id", "submission_id", "recording_id"),),
    Contribution: (("id", "submission_id", "position", "component", "ai_level", "tool", "actor_id"),),
    Decision: (
        (
            "id",
            "submission_id",
            "outcome",
            "examination_id",
            "policy_version",
            "licenses",
            "known_at",
            "decided_at",
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
    ),
    Audio: (
        (
            "digest",
            "media_type",
            "codec",
            "size_bytes",
            "duration_ms",
            "sample_rate_hz",
            "channels",
            "received_at",
        ),
    ),
    Reference: (("id", "audio_id", "enrolled_at"),),
    Fingerprint: (("id", "reference_id", "algorithm", "data"),),
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
}

Rows = QuerySet[Any]


def _of_recording(key: UUID) -> list[Rows]:
    return [
        Recording.objects.filter(pk=key),
        RecordingWork.objects.filter(recording=key),
        Reference.objects.filter(recordings=key),
        Fingerprint.objects.filter(reference__recordings=key),
        Audio.objects.filter(references__recordings=key),
    ]


def _of_submission(key: UUID) -> list[Rows]:
    return [
        Submission.objects.filter(pk=key),
        Ingredient.objects.filter(submission=key),
        Contribution.objects.filter(submission=key),
        Audio.objects.filter(submissions=key),
    ]


def _of_decision(key: UUID) -> list[Rows]:
    return [
        Decision.objects.filter(pk=key),
        Finding.objects.filter(decision=key),
        Examination.objects.filter(decisions=key),
        Manifest.objects.filter(decision=key),
        Split.objects.filter(decision=key),
    ]


def _of_license(key: UUID) -> list[Rows]:
    return [
        License.objects.filter(pk=key),
        LicenseAsset.objects.filter(license=key),
        Plan.objects.filter(license=key),
    ]


# Kind → the rows that its subject brings along.
COVERED: dict[str, Callable[[UUID], list[Rows]]] = {
    Entry.Kind.PARTY_REGISTERED: lambda key: [Party.objects.filter(pk=key)],
    Entry.Kind.WORK_REGISTERED: lambda key: [Work.objects.filter(pk=key)],
    Entry.Kind.RECORDING_REGISTERED: _of_recording,
    Entry.Kind.SHARE_REGISTERED: lambda key: [Share.objects.filter(pk=key)],
    Entry.Kind.CONSENT_GRANTED: lambda key: [
        Consent.objects.filter(pk=key),
        ConsentEvent.objects.filter(consent=key, act="granted"),
    ],
    Entry.Kind.CONSENT_WITHDRAWN: lambda key: [ConsentEvent.objects.filter(pk=key)],
    Entry.Kind.LICENSE_SIGNED: _of_license,
    Entry.Kind.SUBMITTED: _of_submission,
    Entry.Kind.DECIDED: _of_decision,
}

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
    groups = []
    for rows in COVERED[kind](subject_id):
        table = rows.model._meta.db_table
        version = (versions or {}).get(table, len(COLUMNS[rows.model]))
        columns = COLUMNS[rows.model][version - 1]
        names = ("id", *columns[1:])  # the first column is the primary key, whatever its name
        found = [dict(zip(names, map(_plain, values), strict=True)) for values in rows.values_list(*columns)]
        if found:
            groups.append(Group(table, version, tuple(sorted(found, key=lambda document: str(document["id"])))))
    return tuple(sorted(groups, key=lambda group: group.table))


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


def _about(column: str, key: str = "id") -> str:
    return f"SELECT 1 FROM ledger_entry AS e WHERE e.{column} = r.{key}"  # noqa: S608 - constants


_ORPHANS: dict[type[Model], tuple[str, str]] = {
    model: (model._meta.db_table, condition)
    for model, condition in {
        Party: _about("party_id"),
        Work: _about("work_id"),
        Recording: _about("recording_id"),
        RecordingWork: _about("recording_id", "recording_id"),
        Share: _about("share_id"),
        Consent: _about("consent_id"),
        ConsentEvent: "SELECT 1 FROM ledger_entry AS e WHERE (r.act = 'granted' AND e.consent_id = r.consent_id)"
        " OR (r.act <> 'granted' AND e.consent_event_id = r.id)",
        License: _about("license_id"),
        LicenseAsset: _about("license_id", "license_id"),
        Plan: _about("license_id", "license_id"),
        Submission: _about("submission_id"),
        Ingredient: _about("submission_id", "submission_id"),
        Contribution: _about("submission_id", "submission_id"),
        Decision: _about("decision_id"),
        Finding: _about("decision_id", "decision_id"),
        Split: _about("decision_id", "decision_id"),
        Manifest: _about("decision_id", "decision_id"),
        Examination: "SELECT 1 FROM rights_decision AS d JOIN ledger_entry AS e ON e.decision_id = d.id"
        " WHERE d.examination_id = r.id",
        Reference: "SELECT 1 FROM rights_recording AS c JOIN ledger_entry AS e ON e.recording_id = c.id"
        " WHERE c.reference_id = r.id",
        Fingerprint: "SELECT 1 FROM rights_recording AS c JOIN ledger_entry AS e ON e.recording_id = c.id"
        " WHERE c.reference_id = r.reference_id",
        Audio: "SELECT 1 FROM rights_submission AS s JOIN ledger_entry AS e ON e.submission_id = s.id"
        " WHERE s.audio_id = r.digest UNION ALL SELECT 1 FROM rights_recording AS c JOIN fingerprint_reference AS f"
        " ON f.id = c.reference_id WHERE f.audio_id = r.digest",
    }.items()
}
