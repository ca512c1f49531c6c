"""
How long what is kept, and what removes it (domain: records checklist): classes as data, and the nightly sweep.

Facts stay as long as their class says. Where the time of one has come it is told, and not removed: a log that forgets
facts proves nothing. What the sweep removes by itself is what no entry vouches for.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Max, Min
from oauth2_provider.models import get_access_token_model

from ledger import backups, embedded, erasure, incoming, keeping, searching, traces, usages
from ledger.models import Erasure, ImportBatch, ImportNote, ImportProblem, Job, Operation, RehearsedProblem

log = logging.getLogger(__name__)

YEAR = timedelta(days=365)
MOST_WAITING = 64  # files of the journal that are gone through after an erasure
CHUNK = 1_000


class Until(StrEnum):
    """From when on the time of a class runs."""

    RECORDED = "since it was recorded"
    RELATION = "after the relation with the party"
    LIFE = "after what it permits or rests on has ended"
    OUTPUT = "after the output is out of the trade"
    NEVER = "for good"


@dataclass(frozen=True)
class RetentionClass:
    """Records that are kept equally long on one ground."""

    name: str
    models: tuple[str, ...]
    runs: Until
    days: int | None  # None: for good
    ground: str
    eraser: str  # what removes it

    @property
    def years(self) -> str:
        """Return the time in words."""
        years = (self.days or 0) // 365
        return f"{years} years" if years else f"{self.days} days"


_CLAIMS = "legal claims until limitation (GDPR art. 17(3)(e))"
_MONEY = "accounts and vouchers (GDPR art. 17(3)(b))"
_PROOF = "the log proves nothing without it; it holds no personal data in the open"
_TOLD = "told when its time has come; a person decides"
_ON_ERASURE = "an erasure"
_NIGHTLY = "the nightly sweep"

CLASSES: tuple[RetentionClass, ...] = (
    RetentionClass(
        "identity",
        ("rights.PartyIdentity", "rights.PartyName", "rights.NameToken", "rights.PartyContact"),
        Until.RELATION,
        3650,
        "to fulfil contracts, then legal claims",
        _ON_ERASURE,
    ),
    RetentionClass(
        "voices", ("rights.VoiceTemplate",), Until.LIFE, 0, "consent to be recognized", "the end of the enrollment"
    ),
    RetentionClass(
        "authority",
        ("rights.Representation", "rights.RepresentationEnd", "rights.Protection", "rights.PartyInRole"),
        Until.LIFE,
        3650,
        _CLAIMS,
        _TOLD,
    ),
    RetentionClass(
        "consents",
        ("rights.Consent", "rights.ConsentEvent", "rights.ConsentEvidence", "rights.WithdrawalTask",
         "rights.WithdrawalTaskDone", "rights.Campaign", "rights.CampaignInvitation"),
        Until.LIFE,
        3650,
        _CLAIMS,
        _TOLD,
    ),
    RetentionClass("reservations", ("rights.Reservation",), Until.NEVER, None, "they are public", _TOLD),
    RetentionClass(
        "licenses",
        ("rights.License", "rights.LicenseEvent", "rights.MfnClause", "rights.TermsVersion"),
        Until.LIFE,
        3650,
        _MONEY,
        _TOLD,
    ),
    RetentionClass(
        "decisions",
        ("rights.Clearance", "rights.Decision", "rights.Finding", "rights.Review", "rights.Appeal", "rights.Recheck"),
        Until.OUTPUT,
        3650,
        _CLAIMS,
        _TOLD,
    ),
    RetentionClass(
        "models and datasets",
        ("rights.Model", "rights.ModelVersion", "rights.Dataset", "rights.DatasetMember"),
        Until.LIFE,
        3650,
        "transparency of training",
        _TOLD,
    ),
    RetentionClass(
        "contributions",
        ("rights.Contribution", "rights.ContributionAct", "rights.ContributionRecord"),
        Until.LIFE,
        70 * 365,
        "claims of authors",
        _TOLD,
    ),
    RetentionClass(
        "manifests",
        ("provenance.Manifest", "provenance.Certificate", "provenance.Timestamp", "provenance.ManifestStatus"),
        Until.NEVER,
        None,
        "files in the world refer to them; they name no person",
        _TOLD,
    ),
    RetentionClass(
        "disclosures", ("provenance.Disclosure", "provenance.DisclosureAnswer"), Until.OUTPUT, 3650, _CLAIMS, _TOLD
    ),
    RetentionClass(
        "usage",
        ("royalties.UsageReport", "royalties.UsageFile", "royalties.UsageOutcome", "royalties.UsageMatching"),
        Until.RECORDED,
        3650,
        _MONEY,
        _TOLD,
    ),
    RetentionClass(
        "shares", ("rights.Share", "rights.ShareEvent", "rights.Identifier"), Until.NEVER, None, _CLAIMS, _TOLD
    ),
    RetentionClass("conflicts", ("rights.Conflict", "rights.ConflictEvent"), Until.LIFE, 3650, _CLAIMS, _TOLD),
    RetentionClass(
        "runs and statements",
        ("royalties.RoyaltyRun", "royalties.RunEvent", "royalties.Statement", "royalties.Transaction",
         "royalties.Payment", "royalties.PaymentFile", "royalties.TaxCertificate"),
        Until.RECORDED,
        3650,
        _MONEY,
        _TOLD,
    ),
    RetentionClass(
        "reads of dossiers", ("ledger.DossierRead",), Until.RECORDED, 730, "who looked at what, and why", _NIGHTLY
    ),
    RetentionClass(
        "audits",
        ("ledger.AuditEngagement", "ledger.AuditNote", "ledger.AuditSample", "ledger.AuditException"),
        Until.RECORDED,
        3650,
        _CLAIMS,
        _TOLD,
    ),
    RetentionClass("erasures", ("ledger.ErasureRequest", "ledger.Erasure"), Until.NEVER, None, _PROOF, _TOLD),
    RetentionClass("the log", ("ledger.Entry", "ledger.Leaf", "ledger.Checkpoint"), Until.NEVER, None, _PROOF, _TOLD),
    RetentionClass(
        "policy", ("ledger.BandsVersion", "ledger.BandsActivation"), Until.NEVER, None, "by what was judged", _TOLD
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Swept:
    """What the sweep removes by itself of one kind: of what, after how long, and how."""

    name: str
    days: int
    ground: str
    remove: Callable[[datetime], int]  # whatever is from before a moment; returns how many


def _rows(label: str, column: str) -> Callable[[datetime], int]:
    def remove(before: datetime) -> int:
        model: Any = apps.get_model(label)
        gone = 0
        while keys := list(model.objects.filter(**{f"{column}__lt": before}).values_list("pk", flat=True)[:CHUNK]):
            gone += model.objects.filter(pk__in=keys).delete()[0]
        return gone

    return remove


def _jobs(before: datetime) -> int:
    gone = 0
    while keys := list(Job.objects.filter(done_at__lt=before).values_list("pk", flat=True)[:CHUNK]):
        gone += Job.objects.filter(pk__in=keys).delete()[0]
    return gone


def _import_rows(before: datetime) -> int:
    """Remove what repeats the lines of imports that were over before a moment."""
    over = ImportBatch.objects.filter(outcome__finished_at__lt=before)
    models: tuple[Any, ...] = (ImportProblem, RehearsedProblem, ImportNote)
    return sum(model.objects.filter(batch__in=over).delete()[0] for model in models)


def _import_files(before: datetime) -> int:
    """Remove files of imports that are over; one that another import still waits for stays."""
    over = set(ImportBatch.objects.filter(outcome__finished_at__lt=before).values_list("file_digest", flat=True))
    later = ImportBatch.objects.exclude(outcome__finished_at__lt=before).values_list("file_digest", flat=True)
    return sum(traces.erase_file(digest) for digest in over - set(later))


def _unused(before: datetime) -> int:
    """Remove uploads that no row speaks of."""
    return (
        keeping.collect(stored_before=before)
        + incoming.collect(stored_before=before)
        + usages.collect(stored_before=before)
        + searching.collect(asked_before=before)
    )


def _temporary(before: datetime) -> int:
    """Remove what uploads that broke off have left."""
    gone = 0
    folder = Path(str(settings.FILE_UPLOAD_TEMP_DIR))
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.is_file() and file.stat().st_mtime < before.timestamp():
            file.unlink(missing_ok=True)
            gone += 1
    return gone


def _tokens(before: datetime) -> int:
    return int(get_access_token_model().objects.filter(expires__lt=before).delete()[0])


def _pictures(before: datetime) -> int:  # noqa: ARG001 - the cache keeps them a day by itself, and at most
    return traces.forget_pictures()


def _backups(before: datetime) -> int:  # noqa: ARG001 - each backup knows when its people are due
    """Remove people from the backups that were made onto a folder that is still here."""
    from django.utils import timezone

    folders = {
        json.loads(one).get("folder", "")
        for one in Operation.objects.filter(kind=Operation.Kind.BACKUP, has_passed=True).values_list(
            "document", flat=True
        )
    }
    here = (Path(folder) for folder in folders if folder)
    return sum(backups.prune(folder, at=timezone.now()) for folder in here if folder.is_dir())


SWEPT: tuple[Swept, ...] = (
    Swept("uploads that nothing speaks of", 1, "left by what was refused", _unused),
    Swept("temporary files", 1, "left by uploads that broke off", _temporary),
    Swept("pictures of sound", 1, "drawn again when somebody looks", _pictures),
    Swept("sessions", 0, "ended", _rows("sessions.Session", "expire_date")),
    Swept("access tokens", 1, "ended", _tokens),
    Swept("jobs that are done", 90, "the facts say what came of them", _jobs),
    Swept("who added what at the desk", 730, "access log", _rows("admin.LogEntry", "action_time")),
    Swept("lines of imports", settings.LEDGER_IMPORT_FILE_DAYS, "they repeat a file", _import_rows),
    Swept("files of imports", settings.LEDGER_IMPORT_FILE_DAYS, "the facts say what came of them", _import_files),
    Swept("people in backups", settings.LEDGER_BACKUP_DAYS, "so that an erasure reaches them", _backups),
)  # fmt: skip


@dataclass(frozen=True)
class Due:
    """How many records of a class there are, from when on, and when the first could go."""

    of: RetentionClass
    count: int
    oldest: datetime | None
    next_due: datetime | None  # None: never, or it depends on what it belongs to


def sweep(*, at: datetime, ended: Callable[[], datetime]) -> Operation:
    """Remove what may go, and record how much of each kind that was, and what failed."""
    counts: dict[str, int] = {}
    failed: dict[str, str] = {}
    for one in SWEPT:
        if one.days == 0 and one.name.endswith("imports"):  # kept as long as the import
            continue
        try:
            counts[one.name] = one.remove(at - timedelta(days=one.days))
        except Exception as error:
            # One store that is away must not keep the others.
            log.exception("%s could not be swept", one.name.replace(" ", "_"))
            failed[one.name] = type(error).__name__
    try:
        counts["erased again"] = erasure.repeat_lately(since=at - timedelta(days=settings.LEDGER_BACKUP_DAYS))
    except Exception as error:
        log.exception("erasures could not be repeated")
        failed["erased again"] = type(error).__name__
    rewritten = rewrite_erased(at=at)
    document = {"removed": counts, "failed": failed, "rewritten": rewritten}
    return backups.record(Operation.Kind.SWEEP, document, has_passed=not failed, began_at=at, ended_at=ended())


def rewrite_erased(*, at: datetime) -> str:
    """
    Write the tables anew from which somebody was erased since the last sweep: what was deleted stays in a file's gaps,
    in the statistics that the planner keeps of columns, and in the journal.

    It needs the login of the tables' owner. Where this process has none, `manage.py retain` is run by one who has. Of a
    server that is not ours, the journal, its archive, replicas and the gaps of the catalog are its keeper's.
    """
    last = Operation.objects.filter(kind=Operation.Kind.SWEEP).aggregate(at=Max("began_at"))["at"]
    lately = Erasure.objects.filter(erased_at__lte=at)
    if not (lately.filter(erased_at__gte=last) if last else lately).exists():
        return "nobody was erased"
    try:
        with connections["owner"].cursor() as cursor:
            for name in backups.ERASABLE:
                table = apps.get_model(name)._meta.db_table
                cursor.execute(f'VACUUM (FULL) "{table}"')
                _forget_statistics(cursor, table)
                cursor.execute(f'ANALYZE "{table}"')
        if not settings.DATABASE_URL:
            _empty_journal()
            return "done"
        with connections["owner"].cursor() as cursor:
            if _may_checkpoint(cursor):
                cursor.execute("CHECKPOINT")
    except (DatabaseError, psycopg.Error) as error:
        return f"not here: {type(error).__name__}"
    return "done, but not in your server's journal (pg_wal), its archive, replicas and the gaps of pg_statistic"


def _may_checkpoint(cursor: Any) -> bool:
    cursor.execute("SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')")
    return bool(cursor.fetchone()[0])


def _forget_statistics(cursor: Any, table: str) -> None:
    """Remove what the planner knows of a table's values: ANALYZE alone leaves it where the table is empty by now."""
    if connections["owner"].pg_version < 180000:  # type: ignore[attr-defined]
        return
    cursor.execute(
        "SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats"
        " WHERE schemaname = current_schema() AND tablename = %s",
        [table],
    )


def _empty_journal() -> None:
    """Write the embedded server's statistics anew, and let go of its journal up to here instead of using it again."""
    given = connections["owner"].settings_dict
    server = embedded.ensure(Path(settings.EMBEDDED_POSTGRES))
    parameters = server.parameters(user="postgres", dbname=str(given["NAME"]))
    with psycopg.connect(**parameters, autocommit=True) as login:  # type: ignore[arg-type]
        login.execute("ALTER SYSTEM SET wal_recycle = off")  # of data folders that an older release made
        login.execute("SELECT pg_reload_conf()")
        login.execute("VACUUM (FULL) pg_catalog.pg_statistic")
        # Files that wait to be used again hold what they held: each is gone through, and goes with the checkpoint.
        for _ in range(_waiting(login) + 1):
            login.execute("SELECT pg_create_restore_point('erased')")
            login.execute("SELECT pg_switch_wal()")
        login.execute("CHECKPOINT")


def _waiting(login: psycopg.Connection[Any]) -> int:
    row = login.execute(
        "SELECT count(*) FROM pg_ls_waldir() WHERE name > pg_walfile_name(pg_current_wal_insert_lsn())"
        " AND name ~ '^[0-9A-F]{24}$'"
    ).fetchone()
    return min(int(row[0]), MOST_WAITING) if row else 0


def due(*, at: datetime) -> tuple[Due, ...]:
    """Return each class with how many records there are, and when the first of them could go."""
    found = []
    for one in CLASSES:
        count, oldest = 0, None
        for label in one.models:
            model: Any = apps.get_model(label)
            count += model.objects.count()
            column = _recorded(model)
            if column and one.runs is Until.RECORDED:
                first = model.objects.aggregate(at=Min(column))["at"]
                oldest = min(filter(None, (oldest, first)), default=None)
        next_due = oldest + timedelta(days=one.days) if oldest and one.days else None
        found.append(Due(one, count, oldest, next_due))
    return tuple(sorted(found, key=lambda row: (row.next_due or at + 200 * YEAR, row.of.name)))


def _recorded(model: Any) -> str:
    names = {field.name for field in model._meta.concrete_fields}
    wanted = (
        "recorded_at",
        "received_at",
        "issued_at",
        "finished_at",
        "booked_at",
        "started_at",
        "at",
        "created_at",
        "read_at",
    )
    return next((name for name in wanted if name in names), "")
