"""What the database itself refuses: changing a fact, a fact without its entry, splits that are not the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, connections, transaction
from django.db.models import Model, ProtectedError
from django.utils import timezone

from fingerprint.models import Audio
from ledger import log, rows, sequencer
from ledger.models import SUBJECTS, Entry, PendingEntry
from rights.models import (
    Contribution,
    Decision,
    Finding,
    Ingredient,
    License,
    LicenseAsset,
    Party,
    Recording,
    RecordingWork,
    Submission,
    Work,
)
from royalties.models import Split
from tests import guards
from tests.flows.conftest import World, key, row_counts, superuser, today
from tests.flows.facts import one_of_each
from tests.guards import APPEND_ONLY, OTHER

MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models()}
ROLES = ["ledger_app", "ledger_sequencer", "ledger_auditor"]


@pytest.fixture(scope="module")
def facts(standing: World) -> World:
    """A world in which every append-only table has rows, but for full tiles."""
    world = standing
    world.cleared()
    world.register("spring", licensed=False)
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    refused = world.settle(world.submit("refused", world.sounds.sung("mp3"), key("country"), key("spring"))["id"])
    assert refused["state"] == "refused"
    world.submit("waiting", world.sounds.own())
    one_of_each(world)
    sequencer.drain(at=timezone.now())
    with superuser() as admin:
        # A full tile takes 256 entries; one row stands in for it here.
        admin.execute("INSERT INTO ledger_tile (level, number, data) VALUES (7, 0, '\\x00')")
    return world


class Counted:
    """The rows that there were, counted where another question begins: to count them takes longer than a question."""

    def __init__(self) -> None:
        self.rows = row_counts()
        self.question: str | None = None

    def ask(self, question: str | None) -> None:
        if question != self.question:
            rows, before = row_counts(), self.rows
            assert rows == before, f"{self.question} left something else"
            self.question = question


@pytest.fixture(scope="module")
def counted(facts: World) -> Iterator[Counted]:
    kept = Counted()
    yield kept
    kept.ask(None)


@pytest.fixture(autouse=True)
def nothing_changes(counted: Counted, request: pytest.FixtureRequest) -> None:
    counted.ask(request.node.originalname)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        act()
    return str(caught.value)


# --- changing a fact


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_orm_changes_and_deletes_nothing(table: str, facts: World) -> None:
    rows = MODELS[table].objects.all()  # type: ignore[attr-defined]
    row = rows.first()
    columns = [field.attname for field in row._meta.concrete_fields if not field.generated]
    column = next(name for name in columns if name != row._meta.pk.attname)
    acts: list[Callable[[], object]] = [
        row.save,
        lambda: row.save(force_update=True),
        lambda: rows.filter(pk=row.pk).update(**{column: getattr(row, column)}),
        lambda: rows.bulk_update([row], [row._meta.get_field(column).name]),
        lambda: rows.filter(pk=row.pk)._raw_delete("default"),
        lambda: rows.bulk_create(
            [row], update_conflicts=True, unique_fields=[row._meta.pk.name], update_fields=[column]
        ),
    ]
    for act in acts:
        assert "permission denied" in refused(act)
    # Deleting through a model is stopped by what points to the row, or by the database.
    with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
        row.delete()
    assert rows.filter(pk=row.pk).exists()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_sql_of_the_runtime_roles_changes_and_deletes_nothing(table: str, facts: World) -> None:
    pk = MODELS[table]._meta.pk
    assert pk is not None
    for role in ROLES:
        with superuser(role=role) as runtime:
            for statement in (
                f'UPDATE {table} SET "{pk.column}" = "{pk.column}"',
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
                f"MERGE INTO {table} AS t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
                f"SELECT * FROM {table} FOR UPDATE",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TRIGGER {table}_is_append_only ON {table}",
                f"CREATE RULE gone AS ON INSERT TO {table} DO INSTEAD NOTHING",
                f"DROP TABLE {table} CASCADE",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    runtime.execute(statement)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("mode", ["origin", "replica", "local"])
def test_a_trigger_stops_even_who_may_do_everything(table: str, mode: str, facts: World) -> None:
    pk = MODELS[table]._meta.pk
    assert pk is not None
    for role in ("postgres", "ledger_owner") if mode == "origin" else ("postgres",):
        with superuser(role=role) as admin:
            admin.execute(f"SET session_replication_role = {mode}") if role == "postgres" else None
            for statement in (f'UPDATE {table} SET "{pk.column}" = "{pk.column}"', f"DELETE FROM {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                    admin.execute(statement)


# --- who may do what


def test_every_table_is_of_one_class(facts: World) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
        owners = dict(cursor.fetchall())
    standing = guards.STANDING + guards.EXCLUSIVE
    declared = [*APPEND_ONLY, *guards.ERASABLE, *guards.WORKING, *guards.PLANS, *standing, *OTHER]
    assert sorted(declared) == sorted(owners)
    assert set(owners.values()) == {"ledger_owner"}
    assert set(guards.ENTERED) <= set(guards.VOUCHED)


def test_the_runtime_roles_own_nothing_and_may_not_change_facts(facts: World) -> None:
    with superuser() as admin:
        for role in ROLES:
            flags = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            found = admin.execute(f"SELECT {flags} FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            assert found == (False,) * 5
            memberships = admin.execute(
                "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole", (role,)
            ).fetchone()
            assert memberships == (0,)
            owned = admin.execute(
                "SELECT (SELECT count(*) FROM pg_class WHERE relowner = %(role)s::regrole)"
                " + (SELECT count(*) FROM pg_proc WHERE proowner = %(role)s::regrole)"
                " + (SELECT count(*) FROM pg_namespace WHERE nspowner = %(role)s::regrole)",
                {"role": role},
            ).fetchone()
            assert owned == (0,)
            assert admin.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", (role,)).fetchone() == (False,)
            for table in APPEND_ONLY:
                for privilege in ("UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
                    allowed = admin.execute("SELECT has_table_privilege(%s, %s, %s)", (role, table, privilege))
                    assert allowed.fetchone() == (False,), (role, table, privilege)
                by_column = admin.execute("SELECT has_any_column_privilege(%s, %s, 'UPDATE')", (role, table))
                assert by_column.fetchone() == (False,)


def test_only_the_sequencer_gives_places(facts: World) -> None:
    for table in [*guards.SEQUENCED, "ledger_edge"]:
        with superuser(role="ledger_app") as runtime, pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(f"INSERT INTO {table} SELECT * FROM {table}")
    for statement in (
        "DELETE FROM ledger_pendingentry",
        "UPDATE ledger_edge SET data = data",
        "UPDATE ledger_pendingentry SET id = id",
    ):
        with superuser(role="ledger_app") as runtime, pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(statement)
    for table in set(guards.VOUCHED + guards.RECORDED) - {"ledger_entry"}:
        with superuser(role="ledger_sequencer") as runtime, pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(f"SELECT * FROM {table}")
    with superuser(role="ledger_sequencer") as runtime, pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute("INSERT INTO ledger_entry SELECT * FROM ledger_entry")


def test_the_auditor_reads_every_fact_and_writes_nothing(facts: World) -> None:
    with superuser(role="ledger_auditor") as auditor:
        for table in (*APPEND_ONLY, *guards.STANDING, *guards.EXCLUSIVE, *guards.PLANS, *OTHER):
            auditor.execute(f"SELECT * FROM {table}")
        for table in (*guards.ERASABLE, *guards.WORKING):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(f"SELECT * FROM {table}")
        for table, model in MODELS.items():
            columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.generated)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")


def test_no_runtime_role_turns_the_guards_off(facts: World) -> None:
    for role in ROLES:
        for statement in (
            "SET session_replication_role = replica",
            "SET ROLE ledger_owner",
            "CREATE TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE OR REPLACE FUNCTION require_entry() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "ALTER ROLE ledger_app SUPERUSER",
            "COPY (SELECT 1) TO PROGRAM 'true'",
        ):
            with superuser() as admin:
                # Not SET ROLE: a session that may become the role could also leave it again.
                admin.execute(f"SET SESSION AUTHORIZATION {role}")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    admin.execute(statement)


# --- a fact without its entry


class Kept(Exception):
    """Stands for a commit that would have gone through."""


def new(model: type[Model], like: Model | None = None, **changes: Any) -> Model:
    """Insert a row like another one, under an id of its own."""
    like = like or model.objects.first()  # type: ignore[attr-defined]
    assert like is not None
    columns = [field.attname for field in model._meta.concrete_fields if not field.generated]
    own = {"id": uuid4()} if "id" in columns else {}
    row: Model = model.objects.create(  # type: ignore[attr-defined]
        **({name: getattr(like, name) for name in columns} | own | changes)
    )
    return row


def a_work() -> Any:
    return new(Work, title="New")


def a_recording() -> Any:
    return new(Recording, title="New", reference_id=None)


def a_submission() -> Any:
    return new(Submission, title="New")


def a_decision() -> Any:
    return new(Decision, submission_id=a_submission().pk, outcome="review")


def a_license() -> Any:
    return new(License)


def a_party() -> Any:
    return new(Party)


def a_plan() -> Any:
    return a("Plan", of="royalties", license_id=a_license().pk)


# What a row must not share with the one that it is like, so that it gets as far as the question for its entry.
UNLIKE: dict[str, Callable[[], dict[str, Any]]] = {
    "rights_recording": lambda: {"reference_id": None},
    "rights_recordingwork": lambda: {"recording_id": a_recording().pk},
    "rights_consentevent": lambda: {"consent_id": key("consent country publisher"), "act": "withdrawn", "position": 1},
    "rights_licenseasset": lambda: {"license_id": a_license().pk},
    "rights_ingredient": lambda: {"submission_id": a_submission().pk},
    "rights_contribution": lambda: {"submission_id": a_submission().pk, "record_id": None},
    "rights_decision": lambda: {"submission_id": a_submission().pk, "outcome": "review"},
    "rights_finding": lambda: {"decision_id": a_decision().pk},
    "provenance_manifest": lambda: {"decision_id": a_decision().pk, "label": f"urn:c2pa:{uuid4()}"},
    "provenance_foreignmanifest": lambda: {"decision_id": a_decision().pk},
    "provenance_signedcopy": lambda: {"decision_id": a_decision().pk, "label": f"urn:c2pa:{uuid4()}"},
    "royalties_plan": lambda: {"license_id": a_license().pk},
    "royalties_planmodel": lambda: {"plan_id": a_plan().pk},
    "royalties_planquantity": lambda: {"plan_id": a_plan().pk},
    "royalties_planterm": lambda: {"position": 9},
    "royalties_division": lambda: {"number": 9},
    "royalties_split": lambda: {
        "decision_id": a_decision().pk,
        "division_id": None,
        "numerator": 1,
        "denominator": 1,
    },
    "royalties_splitsource": lambda: {"decision_id": a_decision().pk, "division_id": None},
    "provenance_softbinding": lambda: {"decision_id": a_decision().pk},
    "rights_representationend": lambda: {"representation_id": a("Representation").pk},
    "rights_partymerge": lambda: {"duplicate_id": a_party().pk, "survivor_id": a_party().pk},
    "rights_partymergeundo": lambda: {
        "merge_id": a("PartyMerge", duplicate_id=a_party().pk, survivor_id=a_party().pk).pk
    },
    "rights_identifier": lambda: {"value": "y"},
    "rights_release": lambda: {"icpn": None, "grid": None},
    "rights_releaserecording": lambda: {"position": 9},
    "rights_voice": lambda: {"label": "y"},
    "rights_recordingvoice": lambda: {"recording_id": a_recording().pk},
    "rights_voiceenrollmentend": lambda: {"enrollment_id": a("VoiceEnrollment").pk},
    "rights_lyrics": lambda: {"language": "y"},
    "rights_model": lambda: {"name": "y"},
    "rights_datasetmember": lambda: {"dataset_id": a("Dataset").pk},
    "rights_datasetexclusion": lambda: {"dataset_id": a("Dataset").pk},
    "rights_trainingstatement": lambda: {"number": 9},
    "rights_modelversion": lambda: {"label": "y"},
    "rights_traininglicense": lambda: {"license_id": a_license().pk},
    "rights_modelversionretirement": lambda: {"model_version_id": a("ModelVersion", label="y").pk},
    "rights_shareevent": lambda: {"share_id": a("Share").pk},
    "rights_conflictclaim": lambda: {"conflict_id": a("Conflict").pk},
    "rights_conflictevent": lambda: {"position": 9},
    "rights_termsversion": lambda: {"number": 9},
    "rights_consentasset": lambda: {"consent_id": a("Consent").pk},
    "rights_reservationend": lambda: {"reservation_id": a("Reservation").pk},
    "rights_consentoverride": lambda: {"consent_id": a("Consent").pk},
    "rights_withdrawaltaskdone": lambda: {"task_id": a("WithdrawalTask").pk},
    "rights_outputflag": lambda: {"submission_id": a_submission().pk},
    "rights_campaigninvitation": lambda: {
        "party_id": a_party().pk,
        "consent_id": a("Consent").pk,
        "token_digest": "e0" * 32,
    },
    "rights_recordingaudio": lambda: {
        "recording_id": a("Recording", reference_id=None, isrc=None).pk,
        "reference_id": a("Reference", of="fingerprint").pk,
    },
    "rights_licensemodelversion": lambda: {"license_id": a_license().pk},
    "rights_licenseevent": lambda: {"license_id": a_license().pk},
    "rights_clearanceanswers": lambda: {"clearance_id": a("Clearance").pk},
    "ledger_membershipend": lambda: {"membership_id": a("Membership", of="ledger").pk},
    "ledger_importbatch": lambda: {"file_digest": "e0" * 32},
    "ledger_importoutcome": lambda: {"batch_id": a("ImportBatch", of="ledger", file_digest="e0" * 32).pk},
    "ledger_importreversal": lambda: {"batch_id": a("ImportBatch", of="ledger", file_digest="e0" * 32).pk},
    "ledger_approval": lambda: {"proposal_id": a("Proposal", of="ledger").pk},
    "ledger_erasure": lambda: {
        "request_id": a("ErasureRequest", of="ledger").pk,
        "approval_id": a("Approval", of="ledger", proposal_id=a("Proposal", of="ledger").pk).pk,
    },
    "rights_review": lambda: {"decision_id": a_decision().pk},
    "rights_appeal": lambda: {"decision_id": a_decision().pk},
    "rights_appealanswer": lambda: {"appeal_id": a("Appeal", decision_id=a_decision().pk).pk},
    "rights_allowance": lambda: {
        "answer_id": a("AppealAnswer", appeal_id=a("Appeal", decision_id=a_decision().pk).pk).pk
    },
    "rights_recheckfinding": lambda: {"position": 9},
    "rights_contributionrecord": lambda: {"position": 9},
    "rights_contributionact": lambda: {"record_id": a("ContributionRecord", position=9).pk},
    "rights_contributionevidence": lambda: {"record_id": a("ContributionRecord", position=9).pk},
    "rights_influence": lambda: {"report_digest": "e0" * 32},
    "rights_influenceweight": lambda: {"influence_id": a("Influence", report_digest="e0" * 32).pk},
    "rights_influenceobjection": lambda: {"party_id": a_party().pk},
    "ledger_bandsversion": lambda: {"number": 9, "digest": "e0" * 32},
    "provenance_timestamp": lambda: {
        "manifest_id": a("Manifest", of="provenance", decision_id=a_decision().pk, label=f"urn:c2pa:{uuid4()}").pk
    },
    "provenance_signerchange": lambda: {"certificate_digest": "e0" * 32},
    "ledger_logkeychange": lambda: {"verifier": "another"},
    "provenance_certificate": lambda: {"number": 9},
    "royalties_royaltyrun": lambda: {"number": 9},
    "royalties_runevent": lambda: {"act": "stopped", "position": 9},
    "royalties_posting": lambda: {
        "account_id": a("Account", of="royalties", payer_id=key("rival"), reference="another").pk
    },
    "royalties_statement": lambda: {"version": 9},
    "royalties_statementobjection": lambda: {"statement_id": a("Statement", of="royalties", version=8).pk},
    "royalties_payeelink": lambda: {"token_digest": "e0" * 32},
    "royalties_payeelinkend": lambda: {
        "link_id": a("PayeeLink", of="royalties", token_digest="e0" * 32).pk,
    },
    "royalties_objectionanswer": lambda: {
        "objection_id": a(
            "StatementObjection", of="royalties", statement_id=a("Statement", of="royalties", version=8).pk
        ).pk
    },
    "royalties_paymentorder": lambda: {"attempt": 9},
    "royalties_payment": lambda: {"is_return": True},
    "royalties_usagefile": lambda: {"number": 9},
    "royalties_usageoutcome": lambda: {
        "report_id": a("UsageReport", of="royalties").pk,
        "message": "another",
        "content_digest": "e0" * 32,
    },
    "royalties_usagematch": lambda: {"key": "another"},
    "royalties_usagesupersession": lambda: {"report_id": a("UsageReport", of="royalties").pk},
    "provenance_manifeststatus": lambda: {"number": 9},
    "ledger_auditengagement": lambda: {"membership_id": a("Membership", of="ledger").pk},
    "ledger_auditsampleitem": lambda: {"position": 9, "line": 9},
    "ledger_auditexception": lambda: {"position": 9},
    "ledger_bandsactivation": lambda: {
        "approval_id": a("Approval", of="ledger", proposal_id=a("Proposal", of="ledger").pk).pk
    },
}


def a(name: str, *, of: str = "rights", **changes: Any) -> Any:
    return new(apps.get_model(of, name), **changes)


def unentered(table: str) -> None:
    """Insert a row that no entry is about."""
    new(MODELS[table], **(UNLIKE[table]() if table in UNLIKE else {}))


@pytest.mark.parametrize("table", guards.ENTERED)
def test_a_fact_without_its_entry_is_refused_at_the_commit(table: str, facts: World) -> None:
    reached_commit = False
    with pytest.raises(IntegrityError) as caught, transaction.atomic():  # noqa: PT012
        unentered(table)
        reached_commit = True
    assert reached_commit
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.diag.constraint_name == "fact_has_its_entry"  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", guards.ENTERED)
def test_each_table_asks_for_its_own_entry(table: str, facts: World) -> None:
    with (  # noqa: PT012
        pytest.raises(IntegrityError, match=f"{table} without an entry"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        unentered(table)
        cursor.execute(f"SET CONSTRAINTS {table}_has_its_entry IMMEDIATE")


def test_each_guard_asks_for_the_facts_that_are_said_here(facts: World) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgargs FROM pg_trigger WHERE tgname LIKE '%_has_its_entry' AND"
            " tgdeferrable AND tginitdeferred AND tgenabled = 'O'"
        )
        asked = {table: bytes(arguments).decode().split("\0")[:-1] for table, arguments in cursor.fetchall()}
    assert asked == {
        table: [word for subject, key in pairs for word in (subject.removesuffix("_id"), key)]
        for table, pairs in guards.ENTERED.items()
    }


def test_every_fact_that_an_entry_is_about_is_guarded(facts: World) -> None:
    assert set(UNLIKE) <= set(guards.ENTERED)
    # Measurements and audio commit with whatever is about them; the audit finds those that nothing is about.
    assert {model._meta.db_table for model in rows.COLUMNS} - set(guards.ENTERED) == {
        "fingerprint_audio",
        "fingerprint_examination",
        "fingerprint_fingerprint",
        "fingerprint_reference",
    }


ADDED: dict[str, Callable[[], object]] = {
    "rights_recordingwork": lambda: new(RecordingWork, recording_id=key("spring"), work_id=key("work of country")),
    "rights_licenseasset": lambda: new(LicenseAsset, recording_id=key("spring"), work_id=None),
    "rights_ingredient": lambda: new(Ingredient, submission_id=key("waiting"), recording_id=key("spring")),
    "rights_contribution": lambda: new(Contribution, submission_id=key("waiting"), record_id=None, position=9),
    "rights_finding": lambda: new(Finding, position=9),
}


@pytest.mark.parametrize("table", ADDED)
def test_a_row_is_not_added_to_a_fact_that_is_in_the_log(table: str, facts: World) -> None:
    """The entry of an old fact is there, and says nothing of the new row."""
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        ADDED[table]()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raise Kept


def test_a_table_of_ones_own_does_not_stand_in_for_the_log(facts: World) -> None:
    """A temporary table is found before the real one, unless the guard says where to look."""
    party = uuid4()
    with superuser() as admin:
        admin.execute("SET SESSION AUTHORIZATION ledger_app")
        with (  # noqa: PT012
            pytest.raises((psycopg.errors.IntegrityError, psycopg.errors.InsufficientPrivilege)),
            admin.transaction(),
        ):
            admin.execute("CREATE TEMP TABLE ledger_entry (subject text, fact uuid)")
            admin.execute("INSERT INTO pg_temp.ledger_entry VALUES ('party', %s)", (party,))
            admin.execute(
                "INSERT INTO rights_party (id, kind, commitment, registered_at) VALUES (%s, 'person', '', now())",
                (party,),
            )
            admin.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise Kept


def test_an_entry_is_appended_only_with_its_fact(facts: World) -> None:
    party = Party.objects.get(pk=key("label"))
    with pytest.raises(log.NotInTransaction):
        log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now())
    acts: list[Callable[[], object]] = [
        lambda: log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now()),  # the same entry again
        lambda: Entry.objects.create(id=uuid4(), kind="party_registered", body=b"", at=timezone.now(), party=party),
        lambda: Entry.objects.create(id=uuid4(), kind="party_registered", body=b"", at=timezone.now()),
    ]
    for act in acts:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_an_entry_is_on_its_way_without_being_told(facts: World) -> None:
    with pytest.raises(Kept), transaction.atomic():  # noqa: PT012
        party: Any = new(Party)
        entry = Entry.objects.create(id=uuid4(), kind="party_registered", body=b"{}", at=timezone.now(), party=party)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert list(PendingEntry.objects.values_list("entry", flat=True)) == [entry.pk]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            PendingEntry.objects.create(entry=entry)  # nobody says it twice
        raise Kept


def test_an_entry_is_about_one_fact_which_is_there() -> None:
    """Of each kind of subject: the question is written out for each of them."""
    before = Entry.objects.count()

    def refused(name: str | None, **given: Any) -> None:
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            Entry.objects.create(id=uuid4(), kind="party_registered", body=b"{}", at=timezone.now(), **given)
        assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]

    for subject in SUBJECTS:
        refused("entry_is_about_what_is_there", subject=subject, fact=uuid4())
    refused("entry_is_about_a_kind_of_fact", subject="dream", fact=uuid4())
    refused(None, subject="work", fact=None)  # a column that may not be empty has no constraint's name
    refused(None, subject=None, fact=uuid4())
    assert Entry.objects.count() == before


def test_an_entry_is_found_by_what_it_is_about_and_by_nothing_else(facts: World) -> None:
    """To Django each kind of subject is a relation, though all share two columns."""
    recording, work = Recording.objects.get(pk=key("spring")), Work.objects.order_by("pk")[0]
    of_recording = Entry.objects.get(recording=recording)
    assert (of_recording.subject, of_recording.fact) == ("recording", recording.pk)
    assert (of_recording.recording, of_recording.work) == (recording, None)
    assert list(recording.entries.all()) == [of_recording] == list(Entry.objects.filter(recording__in=[recording]))
    assert not Entry.objects.filter(work=recording.pk).exists()  # of another kind, with the same id
    assert list(Entry.objects.filter(recording__entries__recording__pk=recording.pk)) == [of_recording]
    told = Entry.objects.filter(recording__isnull=False)
    assert set(told.values_list("subject", flat=True)) == {"recording"}
    assert told.count() + Entry.objects.filter(recording__isnull=True).count() == Entry.objects.count()
    assert told.count() + Entry.objects.exclude(subject="recording").count() == Entry.objects.count()
    assert Work.objects.filter(entries__isnull=True).count() == 0
    assert Work.objects.filter(entries__kind="recording_registered").count() == 0
    both = Entry.objects.filter(pk__in=[of_recording.pk, work.entries.get().pk]).prefetch_related("work", "recording")
    assert {(entry.recording, entry.work) for entry in both} == {(recording, None), (None, work)}
    of_recording.work = work
    assert (of_recording.subject, of_recording.fact) == ("work", work.pk)


# --- splits

LARGE = 2**63 - 25  # prime
SYLVESTER = [(1, n) for n in (2, 3, 7, 43, 1_807, 3_263_443)]


SPLITS: dict[str, tuple[list[tuple[int, int]], bool]] = {
    "all": ([(1, 1)], True),
    "half": ([(1, 2)], False),
    "three thirds": ([(1, 3)] * 3, True),
    "two thirds": ([(1, 3)] * 2, False),
    "four thirds": ([(1, 3)] * 4, False),
    "not in lowest terms": ([(2, 6), (4, 6)], True),
    "ten tenths": ([(1, 10)] * 10, True),
    "large": ([(1, LARGE), (LARGE - 1, LARGE)], True),
    "large, one too few": ([(1, LARGE), (LARGE - 2, LARGE)], False),
    "large, one too many": ([(2, LARGE), (LARGE - 1, LARGE)], False),
    "large and coprime": ([(1, LARGE), (1, LARGE - 2)], False),
    "nearly, beyond what a float sees": ([(LARGE - 1, LARGE), (1, LARGE - 1)], False),
    "a thousand": ([(1, 1000)] * 1000, True),
    "Sylvester's, whole": ([*SYLVESTER, (1, 10_650_056_950_806)], True),
    "Sylvester's, one short": ([*SYLVESTER, (1, 10_650_056_950_807)], False),
}


def put_in(parts: list[tuple[int, int]]) -> None:
    like = Split.objects.filter(decision__outcome="cleared", division=None).first()
    assert like is not None
    Split.objects.bulk_create(
        Split(
            id=uuid5(UUID(int=0), f"{place}"),
            decision_id=like.decision_id,
            zone=9,
            territories=["DE"],
            leaf=f"HC/{place}",
            party_id=like.party_id,
            numerator=numerator,
            denominator=denominator,
        )
        for place, (numerator, denominator) in enumerate(parts)
    )


@pytest.mark.parametrize("name", SPLITS)
def test_splits_are_the_whole_to_the_last_unit(name: str, facts: World) -> None:
    parts, is_whole = SPLITS[name]
    assert (sum(Fraction(*part) for part in parts) == 1) is is_whole
    expected: type[Exception] = Kept if is_whole else IntegrityError
    with pytest.raises(expected) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        put_in(parts)
        cursor.execute("SET CONSTRAINTS zone_is_split_whole IMMEDIATE")
        raise Kept
    if not is_whole:
        assert caught.value.__cause__ is not None
        assert caught.value.__cause__.diag.constraint_name == "zone_is_split_whole"  # type: ignore[attr-defined]


def test_splits_that_are_not_the_whole_are_refused_at_the_commit(facts: World) -> None:
    for parts in ([(1, 2)], [(LARGE - 1, LARGE)]):
        with pytest.raises(IntegrityError), transaction.atomic():
            put_in(parts)
    decision = Decision.objects.get(outcome="cleared")
    with pytest.raises(IntegrityError, match="not to the whole"), transaction.atomic():  # noqa: PT012
        new(Split, like=decision.splits.filter(division=None).first(), leaf="HC/one-more")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS zone_is_split_whole IMMEDIATE")


@pytest.mark.parametrize("part", [(0, 1), (-1, 2), (3, 2), (1, 0), (1, -2), (-1, -2)])
def test_a_split_is_a_part_of_the_whole(part: tuple[int, int], facts: World) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        put_in([part])
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.diag.constraint_name == "split_is_a_part_of_the_whole"  # type: ignore[attr-defined]


# --- decisions


def test_a_submission_is_decided_once(facts: World) -> None:
    with pytest.raises(IntegrityError, match="one_decision_per_submission"), transaction.atomic():
        new(Decision)


def test_no_clearance_is_without_evidence(facts: World) -> None:
    for outcome in ("cleared", "review"):
        with pytest.raises(IntegrityError, match="only_a_refusal_is_without_evidence"), transaction.atomic():
            new(Decision, submission_id=a_submission().pk, outcome=outcome, examination_id=None)


def test_audio_is_known_by_its_digest(facts: World) -> None:
    audio = Audio.objects.first()
    assert audio is not None
    for digest in ("", "xyz", audio.digest.upper(), audio.digest[:-1], audio.digest + "\n"):
        values = {field.attname: getattr(audio, field.attname) for field in Audio._meta.concrete_fields}
        with pytest.raises(DatabaseError), transaction.atomic():
            Audio.objects.create(**(values | {"digest": digest}))


# --- names


def test_a_name_is_erased_and_not_rewritten(facts: World) -> None:
    with superuser(role="ledger_app") as runtime:
        for column in ("name", "salt", "sealed"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(f"UPDATE rights_partyidentity SET {column} = {column}")
        with pytest.raises(ZeroDivisionError), runtime.transaction():  # noqa: PT012
            assert runtime.execute("DELETE FROM rights_partyidentity").rowcount > 0
            raise ZeroDivisionError


# --- what stands


@pytest.mark.parametrize("table", guards.STANDING)
def test_of_what_stands_only_its_knowledge_ends(table: str, facts: World) -> None:
    columns = [field.column for field in MODELS[table]._meta.concrete_fields if field.column not in {"id", "known"}]
    with superuser(role="ledger_app") as runtime:
        for statement in (
            *(f"UPDATE {table} SET {column} = {column}" for column in columns),
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)
        for known in (
            "tstzrange(lower(known) - interval '1 day', now())",
            "tstzrange(lower(known) + interval '1 microsecond', now() + interval '1 day')",
            "tstzrange(lower(known), NULL)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="what stood is not rewritten"):
                runtime.execute(f"UPDATE {table} SET known = {known} WHERE upper_inf(known)")
        with pytest.raises(ZeroDivisionError), runtime.transaction():  # noqa: PT012
            ended = f"UPDATE {table} SET known = tstzrange(lower(known), now()) WHERE upper_inf(known)"
            assert runtime.execute(ended).rowcount > 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege), runtime.transaction():
                runtime.execute(f"UPDATE {table} SET known = tstzrange(lower(known), now() + interval '1 day')")
            raise ZeroDivisionError


@pytest.mark.parametrize("table", guards.STANDING)
@pytest.mark.parametrize("mode", ["origin", "replica", "local"])
def test_what_stood_is_not_rewritten_by_who_may_do_everything(table: str, mode: str, facts: World) -> None:
    with superuser() as admin:
        admin.execute(f"SET session_replication_role = {mode}")
        for statement in (f"UPDATE {table} SET countries = '{{}}'", f"DELETE FROM {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="what stood is not rewritten"):
                admin.execute(statement)


def test_an_exclusive_right_is_claimed_and_given_back(facts: World) -> None:
    [table] = guards.EXCLUSIVE
    with superuser(role="ledger_app") as runtime:
        for statement in (f"UPDATE {table} SET valid = valid", f"UPDATE {table} SET use = use", f"TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)
        columns = "license_id, asset, use, countries, valid"
        with pytest.raises(psycopg.errors.ExclusionViolation):
            runtime.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")
        with pytest.raises(ZeroDivisionError), runtime.transaction():  # noqa: PT012
            assert runtime.execute(f"DELETE FROM {table}").rowcount > 0
            raise ZeroDivisionError


@pytest.mark.parametrize("table", guards.PLANS)
def test_a_plan_goes_on_and_is_not_deleted(table: str, facts: World) -> None:
    with superuser(role="ledger_app") as runtime:
        runtime.execute(f"UPDATE {table} SET offered = offered")
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)
