"""What the migrations guard, gathered from them: append-only, erasable and working tables, and what enters a row."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_FIRST: Any = import_module("ledger.migrations.0002_guards")
_DEPTH: Any = import_module("ledger.migrations.0004_guards_of_rights_in_depth")
_CAMPAIGNS: Any = import_module("ledger.migrations.0005_campaigns")
_IMPORTS: Any = import_module("ledger.migrations.0006_imports")
_VOICES: Any = import_module("ledger.migrations.0007_voice_enrollments")
_INDEX: Any = import_module("ledger.migrations.0008_index_snapshots")
_REVIEWS: Any = import_module("ledger.migrations.0010_guards_of_reviews")
_ENROLLMENTS: Any = import_module("ledger.migrations.0011_enrollments")
_WATCH: Any = import_module("ledger.migrations.0012_output_watch")
_MELODIES: Any = import_module("ledger.migrations.0013_guards_of_melodies")
_TRACES: Any = import_module("ledger.migrations.0014_traces")
_CERTIFICATES: Any = import_module("ledger.migrations.0015_certificates")
_BINDINGS: Any = import_module("ledger.migrations.0016_soft_bindings")
_FOREIGN: Any = import_module("ledger.migrations.0017_guards_of_foreign_manifests")
_COPIES: Any = import_module("ledger.migrations.0018_signed_copies")
_MAKING: Any = import_module("ledger.migrations.0019_contributions_and_disclosures")
_QUESTIONS: Any = import_module("ledger.migrations.0020_shard_questions")
_STAMPS: Any = import_module("ledger.migrations.0021_timestamps_and_signers")
_BOOKS: Any = import_module("ledger.migrations.0022_books")
_PAYMENTS: Any = import_module("ledger.migrations.0023_payments")
_USAGE: Any = import_module("ledger.migrations.0024_usage")
_ANSWERS: Any = import_module("ledger.migrations.0026_answers_to_disclosures")
_PLANS: Any = import_module("ledger.migrations.0025_plans_and_divisions")
_TRAINING: Any = import_module("ledger.migrations.0027_training")
_OPERATIONS: Any = import_module("ledger.migrations.0028_operations")
_LINKS: Any = import_module("ledger.migrations.0029_payee_links")
_REPLAYS: Any = import_module("ledger.migrations.0030_replays_and_packs")
_WITNESSES: Any = import_module("ledger.migrations.0031_witnesses_and_log_keys")
_AUDITS: Any = import_module("ledger.migrations.0033_audits")
_TERMS: Any = import_module("ledger.migrations.0034_terms_booked")

# Append-only, and in the log row by row.
VOUCHED: list[str] = [
    *_FIRST.APPEND_ONLY,
    *_DEPTH.APPEND_ONLY,
    *_VOICES.APPEND_ONLY,
    *_REVIEWS.APPEND_ONLY,
    *_ENROLLMENTS.APPEND_ONLY,
    *_CERTIFICATES.APPEND_ONLY,
    *_BINDINGS.ENTERED_EITHER_WAY,
    *_FOREIGN.APPEND_ONLY,
    *_COPIES.APPEND_ONLY,
    *_MAKING.APPEND_ONLY,
    *_ANSWERS.APPEND_ONLY,
    *_STAMPS.APPEND_ONLY,
    *_BOOKS.APPEND_ONLY,
    *_BOOKS.ENTERED,
    *_PAYMENTS.APPEND_ONLY,
    *_PAYMENTS.ENTERED,
    *_USAGE.APPEND_ONLY,
    *_PLANS.APPEND_ONLY,
    *_TRAINING.APPEND_ONLY,
    *_LINKS.APPEND_ONLY,
    *_WITNESSES.FACTS,
    *_AUDITS.ENTERED,
    *_TERMS.ENTERED,
]
# Append-only, and in no entry's rows.
RECORDED: list[str] = [
    *(table for table in _DEPTH.RECORDED if table not in _OPERATIONS.ERASABLE),
    *_CAMPAIGNS.RECORDED,
    *(table for table in _IMPORTS.RECORDED if table not in _OPERATIONS.ERASABLE),
    *_OPERATIONS.RECORDED,
    *_INDEX.RECORDED,
    *_ENROLLMENTS.RECORDED,
    *_MELODIES.RECORDED,
    *_TRACES.RECORDED,
    *_BINDINGS.RECORDED,
    *_COPIES.RECORDED,
    *_BOOKS.RECORDED,
    *_USAGE.RECORDED,
    *_REPLAYS.RECORDED,
    *_WITNESSES.RECORDED,
]
SEQUENCED: list[str] = _FIRST.SEQUENCED
APPEND_ONLY: list[str] = VOUCHED + RECORDED + SEQUENCED
ERASABLE: list[str] = _FIRST.ERASABLE + _DEPTH.ERASABLE + [_VOICES.ERASABLE] + _OPERATIONS.ERASABLE
WORKING: list[str] = [
    *_FIRST.WORKING,
    *_DEPTH.WORKING,
    *_IMPORTS.WORKING,
    *_REVIEWS.WORKING,
    *_ENROLLMENTS.WORKING,
    *_WATCH.WORKING,
    *_QUESTIONS.WORKING,
    *_USAGE.WORKING,
    *_PLANS.WORKING,
    *_REPLAYS.WORKING,
    *_WITNESSES.WORKING,
    *_AUDITS.WORKING,
    *_AUDITS.FORGOTTEN,
]
STANDING: list[str] = _DEPTH.STANDING  # only their knowledge ends
EXCLUSIVE: list[str] = _DEPTH.EXCLUSIVE  # inserted and deleted
PLANS = ["ledger_campaignplan"]  # changed, and never deleted
OTHER = ["ledger_edge", "ledger_pendingentry", "django_migrations"]

# Table → the pairs of the entry's column and the row's, any one of which enters the row.
ENTERED: dict[str, tuple[tuple[str, str], ...]] = {
    **{
        table: (pair,)
        for table, pair in (
            _FIRST.ENTERED
            | _DEPTH.ENTERED
            | _REVIEWS.ENTERED
            | _FOREIGN.ENTERED
            | _COPIES.ENTERED
            | _MAKING.ENTERED
            | _ANSWERS.ENTERED
            | _BOOKS.ENTERED
            | _PAYMENTS.ENTERED
            | _USAGE.ENTERED
            | _PLANS.ENTERED
            | _TRAINING.ENTERED
            | _WITNESSES.FACTS
            | _AUDITS.ENTERED
            | _TERMS.ENTERED
        ).items()
    },
    **{
        table: (pairs[:2], pairs[2:])
        for table, pairs in (
            _DEPTH.ENTERED_EITHER_WAY
            | _REVIEWS.ENTERED_EITHER_WAY
            | _MAKING.ENTERED_EITHER_WAY
            | _BINDINGS.ENTERED_EITHER_WAY
            | _PLANS.ENTERED_EITHER_WAY
        ).items()
    },
    **{
        table: ((column, "id"),)
        for of in (_VOICES, _ENROLLMENTS, _CERTIFICATES, _STAMPS, _BOOKS, _PAYMENTS, _LINKS)
        for table, column in of.APPEND_ONLY.items()
    },
    "rights_campaigninvitation": (("consent_id", "consent_id"),),  # 0005: with its consent, not with its campaign
}
