"""Folders of audio are enrolled; audio that is delivered of a recording has an entry."""

import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


APPEND_ONLY = {"rights_recordingaudio": "recording_audio_id"}
RECORDED = ["ledger_enrollment"]
WORKING = ["ledger_enrollmentprogress", "ledger_enrollmentfile"]


def guards():
    for table in [*APPEND_ONLY, *RECORDED]:
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
        yield (
            f"GRANT SELECT, INSERT ON {table} TO ledger_app; GRANT SELECT ON {table} TO ledger_auditor;",
            f"REVOKE ALL ON {table} FROM ledger_app, ledger_auditor;",
        )
    for table, column in APPEND_ONLY.items():
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', 'id');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )
    for table in WORKING:
        yield (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ledger_app;",
            f"REVOKE ALL ON {table} FROM ledger_app;",
        )
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ledger_app;", migrations.RunSQL.noop


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0010_guards_of_reviews'),
        ('rights', '0007_recording_audio'),
    ]

    operations = [
        migrations.CreateModel(
            name='Enrollment',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('store', models.CharField(blank=True, max_length=48)),
                ('folder', models.CharField(blank=True, max_length=1000)),
                ('mapping_digest', models.CharField(blank=True, max_length=64)),
                ('is_only_named', models.BooleanField()),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EnrollmentFile',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=1000)),
                ('is_found', models.BooleanField(default=False)),
                ('part', models.UUIDField(null=True)),
                ('wanted_recording', models.UUIDField(null=True)),
                ('wanted_isrc', models.CharField(blank=True, max_length=12)),
                ('wanted_title', models.CharField(blank=True, max_length=300)),
                ('is_new', models.BooleanField(default=False)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('result', models.CharField(blank=True, choices=[('enrolled', 'Enrolled'), ('known', 'Known'), ('failed', 'Failed')], max_length=12)),
                ('audio_digest', models.CharField(blank=True, max_length=64)),
                ('field', models.CharField(blank=True, max_length=24)),
                ('code', models.CharField(blank=True, max_length=48)),
                ('sentence', models.CharField(blank=True, max_length=600)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_is_about_one_fact',
        ),
        migrations.AddField(
            model_name='entry',
            name='recording_audio',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.recordingaudio'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('audio_delivered', 'Audio Delivered'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected')], max_length=32),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import'), ('campaign', 'Campaign'), ('mailing', 'Mailing'), ('closing', 'Closing'), ('rehearse', 'Rehearse'), ('reverse', 'Reverse'), ('recheck', 'Recheck'), ('list', 'List'), ('enroll', 'Enroll')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'recording_audio', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection'), 1), name='entry_is_about_one_fact'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('recording_audio__isnull', False)), fields=('recording_audio',), name='recording_audio_is_entered_once'),
        ),
        migrations.CreateModel(
            name='EnrollmentProgress',
            fields=[
                ('enrollment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='progress', serialize=False, to='ledger.enrollment')),
                ('is_listed', models.BooleanField(default=False)),
                ('passed_over', models.BigIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='enrollment',
            name='organization',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='enrollments', to='rights.party'),
        ),
        migrations.AddField(
            model_name='enrollmentfile',
            name='enrollment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='ledger.enrollment'),
        ),
        migrations.AddField(
            model_name='enrollmentfile',
            name='recording',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.recording'),
        ),
        migrations.AddIndex(
            model_name='enrollmentfile',
            index=models.Index(fields=['part'], name='files_of_a_part'),
        ),
        migrations.AddIndex(
            model_name='enrollmentfile',
            index=models.Index(fields=['enrollment', 'result'], name='results_of_an_enrollment'),
        ),
        migrations.AddConstraint(
            model_name='enrollmentfile',
            constraint=models.UniqueConstraint(fields=('enrollment', 'name'), name='file_is_enrolled_once'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
