"""
Whether every fact has its entry, and every entry its fact: tables, rows and entries side by side.

The database asks most tables for an entry when a row is committed. Of the others this module says why not, one by one;
a test reads the database's own catalog, so that a table which is new cannot be forgotten.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from django.apps import apps
from django.db import DataError, connection, transaction
from django.db.models import Model

from ledger import rows
from ledger.log import SUBJECT_OF
from ledger.models import SUBJECTS, Checkpoint, Entry

NAMED: Final = 20  # rows that are named of a table

_ACCOUNTS = "who may sign in and until when: accounts, which come and go; who belongs to whom is a membership"
_QUEUE = "working state: what waits for a worker, or how far it has come"
_PERSONAL = "personal, so that it can be erased: its party's entry has a commitment to it"
_DERIVED = "derived: worked out again from facts, and compared with them by verify_ledger"
_OF_AUDIO = "measured from audio whose digest is in the log; measured again, it is the same"
_OF_FILES = "what a file says, whose digest is in the log with what was made of it"
_OF_RUNS = "a step of a run: the digest of what came out is in the entries of the run"

# Table → why the database does not ask for an entry.
UNASKED: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "auth_group",
            "auth_group_permissions",
            "auth_permission",
            "auth_user",
            "auth_user_groups",
            "auth_user_user_permissions",
            "django_session",
            "ledger_apiclient",
            "oauth2_provider_accesstoken",
            "oauth2_provider_application",
            "oauth2_provider_devicegrant",
            "oauth2_provider_grant",
            "oauth2_provider_idtoken",
            "oauth2_provider_refreshtoken",
        ),
        _ACCOUNTS,
    ),
    "django_admin_log": "Django's own; nothing writes it, since facts are stated and not edited",
    "django_content_type": "names of tables",
    "django_migrations": "which migrations ran",
    "ledger_entry": "the log itself: asked for its place instead, and appended to only",
    **dict.fromkeys(
        ("ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_edge", "ledger_pendingentry"), "the log itself"
    ),
    **dict.fromkeys(
        (
            "ledger_campaignplan",
            "ledger_divisionwatch",
            "ledger_enrollmentfile",
            "ledger_enrollmentprogress",
            "ledger_importprogress",
            "ledger_importrehearsal",
            "ledger_job",
            "ledger_outputwatch",
            "ledger_packprogress",
            "ledger_rehearsedproblem",
            "ledger_reviewclaim",
            "ledger_savedmapping",
            "ledger_shardquestion",
            "royalties_usagemapping",
            "royalties_usageproblem",
            "royalties_usageprogress",
        ),
        _QUEUE,
    ),
    **dict.fromkeys(
        ("rights_nametoken", "rights_partycontact", "rights_partyidentity", "rights_voicetemplate"), _PERSONAL
    ),
    **dict.fromkeys(
        ("rights_exclusiveright", "rights_licensestanding", "rights_permissionstanding", "rights_sharestanding"),
        _DERIVED,
    ),
    **dict.fromkeys(
        (
            "fingerprint_embedding",
            "fingerprint_indexsnapshot",
            "fingerprint_melody",
            "fingerprint_trace",
            "provenance_outputfingerprint",
        ),
        _OF_AUDIO,
    ),
    # These are in the entries of what they belong to, and counted below; one of several facts may bring them.
    "fingerprint_audio": "vouched for by the entry of the output or the recording that brought it",
    "fingerprint_reference": "vouched for by the entry of the recording, or of the delivery, that it is of",
    "fingerprint_fingerprint": "vouched for by the entry of the recording, or of the delivery, that it is of",
    "fingerprint_examination": "vouched for by the entry of the decision, or of the recheck, that rests on it",
    **dict.fromkeys(
        ("ledger_importedfact", "ledger_importnote", "ledger_importproblem", "ledger_societyanswer"), _OF_FILES
    ),
    **dict.fromkeys(("royalties_usagekey", "royalties_usagesum"), _OF_FILES),
    **dict.fromkeys(("royalties_runpart", "royalties_runpartition"), _OF_RUNS),
    "royalties_account": "the name of an account; what is on it are postings, which have entries",
    "ledger_campaignmailing": "that letters were asked for; what was asked and answered are consents, with entries",
    "ledger_campaignnotice": "that a letter went out; what was asked and answered are consents, with entries",
    "ledger_copyorder": "that a copy was asked for; the copy has an entry",
    "ledger_enrollment": "that a folder was to be read; each delivery from it has an entry",
    "ledger_cosignature": "the log itself: what witnesses signed of it",
    "ledger_witnessstate": _QUEUE,
    "ledger_keptanswer": _QUEUE,
    "ledger_savedquestion": "a question that somebody keeps: it states nothing",
    "ledger_dossierread": "who read which dossier, which is forgotten after two years: the log forgets nothing",
    "ledger_operation": "that a backup was made or tried: what keeps the service, and states nothing about rights",
    "ledger_packorder": "that a pack was asked for: it states nothing, and shows what is logged",
    "ledger_packpart": "a pack that was made: it states nothing, and shows what is logged",
    "ledger_replayround": "that entries were decided again: anybody can do it over, by the root that drew them",
    "ledger_replayedentry": "what came of deciding an entry again: anybody can do it over",
}

# Vouched for by more than one entry, where one file or one examination serves several facts.
SHARED: Final = frozenset(
    {"fingerprint_audio", "fingerprint_reference", "fingerprint_fingerprint", "fingerprint_examination"}
)

# The triggers by which the database asks for an entry at commit.
ASKED_BY: Final = "_has_its_entry"


class NotTheWhole(Exception):
    """This counts the whole house, so it is for who sees everything: read your own streams instead."""


@dataclass(frozen=True)
class Difference:
    """A row without its entry, or an entry whose row is gone."""

    table: str
    id: str
    sentence: str


@dataclass(frozen=True)
class TableCoverage:
    """One table with facts: its rows, and those that entries vouch for."""

    table: str
    name: str
    is_asked: bool  # the database refuses a row without an entry
    reason: str  # why not
    rows: int
    logged: int
    kinds: tuple[tuple[str, int], ...]  # kind of entry → rows of this table that entries of it vouch for
    unlogged: int  # rows without an entry
    gone: int  # rows that entries vouch for, and that are not there
    differences: tuple[Difference, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether rows and entries agree."""
        return not self.unlogged and not self.gone


@dataclass(frozen=True)
class KindCoverage:
    """One kind of entry: how many there are, and how many facts they are about."""

    kind: str
    table: str
    entries: int
    pending: int


@dataclass(frozen=True)
class Coverage:
    """The whole house at one moment."""

    checkpoint: int  # the size of the newest
    entries: int
    tables: tuple[TableCoverage, ...]
    kinds: tuple[KindCoverage, ...]
    without: tuple[tuple[str, str], ...] = field(default=())  # table that states nothing → why
    fault: str = ""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every difference that is named, of all tables."""
        return tuple(one for table in self.tables for one in table.differences)

    @property
    def is_whole(self) -> bool:
        """Whether every fact has its entry, and every entry its fact."""
        return not self.fault and all(table.is_whole for table in self.tables)


def asked() -> frozenset[str]:
    """Return the tables of which the database itself asks for an entry at commit, by its own catalog."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = 'public'::regnamespace AND t.tgconstraint <> 0 AND NOT t.tgisinternal"
            " AND t.tgdeferrable AND t.tginitdeferred AND t.tgenabled IN ('O', 'A')"
            " AND t.tgname = c.relname || %s",
            [ASKED_BY],
        )
        return frozenset(name for (name,) in cursor.fetchall())


def tables() -> frozenset[str]:
    """Return every table there is, by the database's own catalog."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        return frozenset(name for (name,) in cursor.fetchall())


def coverage() -> Coverage:
    """Count tables, rows and entries, all of one moment, and name what has not its counterpart."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        by_database = asked()
        try:
            with transaction.atomic():
                logged, fault = _logged(), ""
        except DataError as error:
            logged, fault = {}, f"An entry cannot be read, so rows are not counted; verify_ledger names it. {error}"
        found = tuple(
            _table(model, by_database, logged.get(model._meta.db_table, {}), is_counted=not fault)
            for model in sorted(rows.COLUMNS, key=lambda model: model._meta.db_table)
        )
        newest = Checkpoint.objects.order_by("-size").first()
        return Coverage(
            checkpoint=newest.size if newest else 0,
            entries=Entry.objects.count(),
            tables=found,
            kinds=_kinds(),
            without=tuple(
                (table, reason)
                for table, reason in sorted(UNASKED.items())
                if table not in {model._meta.db_table for model in rows.COLUMNS}
            ),
            fault=fault,
        )


def _logged() -> dict[str, dict[str, int]]:
    """Return per table and kind how many rows the entries vouch for, as their bytes say."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT said ->> 'table', e.kind, sum((said ->> 'count')::bigint) FROM ledger_entry AS e"
            " CROSS JOIN LATERAL jsonb_array_elements(convert_from(e.body, 'UTF8')::jsonb -> 'rows') AS said"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        for table, kind, count in cursor.fetchall():
            found[table][kind] = int(count)
    return dict(found)


def _table(
    model: type[Model], by_database: frozenset[str], logged: dict[str, int], *, is_counted: bool
) -> TableCoverage:
    table = model._meta.db_table
    total = sum(logged.values())
    orphans = rows.orphans(model, most=NAMED)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of our tables
        (count,) = cursor.fetchone()
    differences = [
        Difference(table, id, "It has no entry: it was put in behind the log's back.") for id in orphans.named
    ]
    lost = _without_fact(table)
    differences += [Difference(table, id, "It has an entry, and is not there: it was removed.") for id in lost[:NAMED]]
    gone = max(len(lost), 0 if table in SHARED or not is_counted else total - (count - orphans.count), 0)
    if gone > len(lost):
        differences.append(
            Difference(
                table,
                "",
                f"{gone - len(lost)} rows that entries vouch for are not there; verify_ledger names the entries.",
            )
        )
    return TableCoverage(
        table=table,
        name=str(model._meta.verbose_name_plural),
        is_asked=table in by_database,
        reason=UNASKED.get(table, ""),
        rows=count,
        logged=total,
        kinds=tuple(logged.items()),
        unlogged=orphans.count,
        gone=gone,
        differences=tuple(differences),
    )


def _without_fact(table: str) -> list[str]:
    """Return the ids of facts of a table that have an entry and are not there."""
    subject = SUBJECT_OF.get(table)
    if subject is None:
        return []
    key = apps.get_model(SUBJECTS[subject])._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.fact::text FROM ledger_entry AS e WHERE e.subject = %s"  # noqa: S608 - names of our tables
            f" AND NOT EXISTS (SELECT 1 FROM {table} AS r WHERE r.{key} = e.fact) ORDER BY 1",
            [subject],
        )
        return [id for (id,) in cursor.fetchall()]


def _kinds() -> tuple[KindCoverage, ...]:
    table_of = {subject: table for table, subject in SUBJECT_OF.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.kind, e.subject, count(*), count(p.entry_id)"
            " FROM ledger_entry AS e LEFT JOIN ledger_pendingentry AS p ON p.entry_id = e.id"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        found = [(kind, table_of.get(subject), *counts) for kind, subject, *counts in cursor.fetchall()]
    return tuple(KindCoverage(*row) for row in sorted(found, key=lambda row: (row[0], row[1] or "")))


HEADER: Final = ("table", "asked by the database", "rows", "logged", "without entry", "gone", "kinds", "reason")


def sheet(found: Coverage) -> str:
    """Return the tables as CSV, a line each."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(HEADER)
    for one in found.tables:
        kinds = " ".join(f"{kind}={count}" for kind, count in one.kinds)
        writer.writerow(
            [
                one.table,
                "yes" if one.is_asked else "no",
                one.rows,
                one.logged,
                one.unlogged,
                one.gone,
                kinds,
                one.reason,
            ]
        )
    for table, reason in found.without:
        writer.writerow([table, "no", "", "", "", "", "", reason])
    return written.getvalue()
