"""Enrollments of voices have entries; their templates can be deleted, and nothing else of them."""

import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


APPEND_ONLY = {
    "rights_voiceenrollment": "voice_enrollment_id",
    "rights_voiceenrollmentend": "voice_enrollment_end_id",
}
# Biometric: deleted when the enrollment ends, so neither vouched for by the log nor read by the auditor.
ERASABLE = "rights_voicetemplate"


def guards():
    for table, column in APPEND_ONLY.items():
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', 'id');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )
        yield (
            f"GRANT SELECT, INSERT ON {table} TO ledger_app; GRANT SELECT ON {table} TO ledger_auditor;",
            f"REVOKE ALL ON {table} FROM ledger_app, ledger_auditor;",
        )
    yield (
        f"CREATE FUNCTION refuse_template_of_the_ended() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = public, pg_temp AS $$ BEGIN"
        f" IF EXISTS (SELECT 1 FROM rights_voiceenrollmentend WHERE enrollment_id = NEW.enrollment_id) THEN"
        f" RAISE EXCEPTION 'the enrollment has ended: its template is gone for good'"
        f" USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_enrollment_has_no_template'; END IF;"
        f" RETURN NEW; END $$;"
        f"CREATE TRIGGER ended_enrollment_has_no_template BEFORE INSERT OR UPDATE ON {ERASABLE}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_template_of_the_ended();",
        f"DROP TRIGGER ended_enrollment_has_no_template ON {ERASABLE}; DROP FUNCTION refuse_template_of_the_ended();",
    )
    yield f"GRANT SELECT, INSERT, DELETE ON {ERASABLE} TO ledger_app;", f"REVOKE ALL ON {ERASABLE} FROM ledger_app;"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_imports"),
        ("rights", "0004_voice_enrollments"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="entry",
            name="entry_is_about_one_fact",
        ),
        migrations.AddField(
            model_name="entry",
            name="voice_enrollment",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="rights.voiceenrollment",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="voice_enrollment_end",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="rights.voiceenrollmentend",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("party_registered", "Party Registered"),
                    ("work_registered", "Work Registered"),
                    ("recording_registered", "Recording Registered"),
                    ("share_registered", "Share Registered"),
                    ("consent_granted", "Consent Granted"),
                    ("consent_withdrawn", "Consent Withdrawn"),
                    ("license_signed", "License Signed"),
                    ("submitted", "Submitted"),
                    ("decided", "Decided"),
                    ("party_named", "Party Named"),
                    ("role_taken", "Role Taken"),
                    ("representation_recorded", "Representation Recorded"),
                    ("representation_ended", "Representation Ended"),
                    ("parties_merged", "Parties Merged"),
                    ("merge_undone", "Merge Undone"),
                    ("protection_recorded", "Protection Recorded"),
                    ("identifier_recorded", "Identifier Recorded"),
                    ("identifier_checked", "Identifier Checked"),
                    ("work_linked", "Work Linked"),
                    ("release_registered", "Release Registered"),
                    ("voice_registered", "Voice Registered"),
                    ("voice_linked", "Voice Linked"),
                    ("stem_registered", "Stem Registered"),
                    ("lyrics_registered", "Lyrics Registered"),
                    ("model_registered", "Model Registered"),
                    ("dataset_frozen", "Dataset Frozen"),
                    ("model_version_registered", "Model Version Registered"),
                    ("model_version_retired", "Model Version Retired"),
                    ("share_changed", "Share Changed"),
                    ("conflict_opened", "Conflict Opened"),
                    ("conflict_acted", "Conflict Acted"),
                    ("terms_published", "Terms Published"),
                    ("consent_offered", "Consent Offered"),
                    ("consent_changed", "Consent Changed"),
                    ("rights_reserved", "Rights Reserved"),
                    ("reservation_lifted", "Reservation Lifted"),
                    ("withdrawal_task_done", "Withdrawal Task Done"),
                    ("campaign_opened", "Campaign Opened"),
                    ("license_changed", "License Changed"),
                    ("clearance_answered", "Clearance Answered"),
                    ("voice_enrolled", "Voice Enrolled"),
                    ("voice_enrollment_ended", "Voice Enrollment Ended"),
                    ("member_admitted", "Member Admitted"),
                    ("member_left", "Member Left"),
                    ("import_received", "Import Received"),
                    ("import_finished", "Import Finished"),
                    ("import_reversed", "Import Reversed"),
                    ("erasure_requested", "Erasure Requested"),
                    ("erased", "Erased"),
                    ("proposed", "Proposed"),
                    ("approved", "Approved"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    rights.models.conditions.NonNulls(
                        "party",
                        "work",
                        "recording",
                        "share",
                        "consent",
                        "consent_event",
                        "license",
                        "submission",
                        "decision",
                        "party_name",
                        "party_in_role",
                        "representation",
                        "representation_end",
                        "party_merge",
                        "party_merge_undo",
                        "protection",
                        "identifier",
                        "identifier_finding",
                        "recording_work",
                        "release",
                        "voice",
                        "recording_voice",
                        "stem",
                        "lyrics",
                        "model",
                        "dataset",
                        "model_version",
                        "model_version_retirement",
                        "share_event",
                        "conflict",
                        "conflict_event",
                        "terms",
                        "reservation",
                        "reservation_end",
                        "withdrawal_task_done",
                        "campaign",
                        "license_event",
                        "clearance",
                        "voice_enrollment",
                        "voice_enrollment_end",
                        "membership",
                        "membership_end",
                        "import_batch",
                        "import_outcome",
                        "import_reversal",
                        "erasure_request",
                        "erasure",
                        "proposal",
                        "approval",
                    ),
                    1,
                ),
                name="entry_is_about_one_fact",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("voice_enrollment__isnull", False)),
                fields=("voice_enrollment",),
                name="voice_enrollment_is_entered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("voice_enrollment_end__isnull", False)),
                fields=("voice_enrollment_end",),
                name="voice_enrollment_end_is_entered_once",
            ),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
