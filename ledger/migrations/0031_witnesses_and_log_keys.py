"""Witnesses cosign checkpoints, the log's key may be followed by another, and a leaf is found by its hash."""
import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


FACTS = {"ledger_logkeychange": ("log_key_change_id", "id")}
RECORDED = ["ledger_cosignature"]  # append-only, and in no entry's rows: the log cannot hold what is signed over it
WORKING = ["ledger_witnessstate"]


def guards():
    for table in [*FACTS, *RECORDED]:
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
    for table, (column, key) in FACTS.items():
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', '{key}');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )
    for table in WORKING:
        yield (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ledger_app;",
            f"REVOKE ALL ON {table} FROM ledger_app;",
        )
    yield (
        "GRANT USAGE ON SEQUENCE ledger_cosignature_id_seq TO ledger_app;",
        "REVOKE USAGE ON SEQUENCE ledger_cosignature_id_seq FROM ledger_app;",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0030_replays_and_packs'),
        ('provenance', '0010_answers_to_disclosures'),
        ('rights', '0012_training_descriptions_and_statements'),
        ('royalties', '0006_payee_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('witness', models.TextField()),
                ('key_id', models.CharField(max_length=8)),
                ('line', models.TextField()),
                ('cosigned_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='LogKeyChange',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('announced', 'Announced'), ('retired', 'Retired')], max_length=16)),
                ('verifier', models.TextField()),
                ('replaces', models.TextField()),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='WitnessState',
            fields=[
                ('verifier', models.TextField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField(default=0)),
                ('asked_at', models.DateTimeField(null=True)),
                ('cosigned_at', models.DateTimeField(null=True)),
                ('failing_since', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_is_about_one_fact',
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('audio_delivered', 'Audio Delivered'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected'), ('certified', 'Certified'), ('status_stated', 'Status Stated'), ('soft_bound', 'Soft Bound'), ('copy_signed', 'Copy Signed'), ('contributions_corrected', 'Contributions Corrected'), ('disclosure_sent', 'Disclosure Sent'), ('disclosure_answered', 'Disclosure Answered'), ('timestamped', 'Timestamped'), ('signer_changed', 'Signer Changed'), ('run_started', 'Run Started'), ('run_went_on', 'Run Went On'), ('rate_recorded', 'Rate Recorded'), ('payee_terms_agreed', 'Payee Terms Agreed'), ('tax_certified', 'Tax Certified'), ('advance_recorded', 'Advance Recorded'), ('booked', 'Booked'), ('statement_issued', 'Statement Issued'), ('statement_objected', 'Statement Objected'), ('objection_answered', 'Objection Answered'), ('payee_link_made', 'Payee Link Made'), ('payee_link_ended', 'Payee Link Ended'), ('payments_ordered', 'Payments Ordered'), ('payment_confirmed', 'Payment Confirmed'), ('usage_received', 'Usage Received'), ('usage_finished', 'Usage Finished'), ('usage_matched', 'Usage Matched'), ('usage_superseded', 'Usage Superseded'), ('plan_stated', 'Plan Stated'), ('splits_redivided', 'Splits Redivided'), ('recording_described', 'Recording Described'), ('training_stated', 'Training Stated'), ('log_key_changed', 'Log Key Changed')], max_length=32),
        ),
        migrations.AddField(
            model_name='cosignature',
            name='checkpoint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cosignatures', to='ledger.checkpoint'),
        ),
        migrations.AddConstraint(
            model_name='logkeychange',
            constraint=models.UniqueConstraint(fields=('act', 'verifier'), name='log_key_changes_once'),
        ),
        migrations.AddConstraint(
            model_name='logkeychange',
            constraint=models.CheckConstraint(condition=models.Q(('verifier', models.F('replaces')), _negated=True), name='log_key_changes_to_another'),
        ),
        migrations.AddField(
            model_name='entry',
            name='log_key_change',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.logkeychange'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'recording_audio', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection', 'certificate', 'manifest_status', 'soft_binding', 'signed_copy', 'contribution_record', 'disclosure', 'disclosure_answer', 'timestamp', 'signer_change', 'royalty_run', 'run_event', 'exchange_rate', 'payee_terms', 'tax_certificate', 'advance', 'transaction', 'statement', 'statement_objection', 'objection_answer', 'payee_link', 'payee_link_end', 'payment_file', 'payment', 'usage_report', 'usage_outcome', 'usage_matching', 'usage_supersession', 'plan', 'division', 'recording_description', 'training_statement', 'log_key_change'), 1), name='entry_is_about_one_fact'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('log_key_change__isnull', False)), fields=('log_key_change',), name='log_key_change_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='cosignature',
            constraint=models.UniqueConstraint(fields=('checkpoint', 'witness', 'key_id'), name='witness_cosigns_once'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
