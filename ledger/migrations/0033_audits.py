"""Audits: what auditors are let in for, what they note, draw and find; dossiers read; questions that are kept."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.conf import settings
from django.db import migrations, models


# Table → the entry's column and the row's. Checked at commit; they never change.
ENTERED = {
    "ledger_auditengagement": ("membership_id", "membership_id"),
    "ledger_auditnote": ("audit_note_id", "id"),
    "ledger_auditsample": ("audit_sample_id", "id"),
    "ledger_auditsampleitem": ("audit_sample_id", "sample_id"),
    "ledger_auditexception": ("audit_exception_id", "id"),
}
WORKING = ["ledger_savedquestion", "ledger_keptanswer"]
# Inserted, never changed, and deleted once they are two years old.
FORGOTTEN = ["ledger_dossierread"]

FORGETTING = """
CREATE FUNCTION refuse_early_forgetting() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.read_at < now() - interval '2 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'kept for two years: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def guards():
    for table, (column, key) in ENTERED.items():
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
    yield FORGETTING, "DROP FUNCTION refuse_early_forgetting();"
    for table in FORGOTTEN:
        yield (
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_early_forgetting();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_kept;",
            f"DROP TRIGGER {table}_is_kept ON {table};",
        )
        yield (
            f"GRANT SELECT, INSERT, DELETE ON {table} TO ledger_app;",
            f"REVOKE ALL ON {table} FROM ledger_app;",
        )


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0032_leaves_are_found_by_hash'),
        ('provenance', '0010_answers_to_disclosures'),
        ('rights', '0012_training_descriptions_and_statements'),
        ('royalties', '0006_payee_links'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEngagement',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=300)),
                ('ends_at', models.DateTimeField()),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('period_from', models.DateField(blank=True, null=True)),
                ('period_to', models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AuditException',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('root_cause', models.CharField(choices=[('usage', 'What was reported'), ('rate', 'A rate or a conversion'), ('share', 'A share'), ('plan', 'A plan or a contract term'), ('consent', 'A consent that is missing'), ('entry', 'What somebody typed'), ('software', 'The service'), ('unknown', 'Not known yet')], max_length=12)),
                ('audited_units', models.BigIntegerField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('disputed', 'Disputed'), ('corrected', 'Corrected'), ('closed', 'Closed')], max_length=12)),
                ('note', models.CharField(blank=True, max_length=600)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AuditNote',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=1000)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AuditSample',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('method', models.CharField(choices=[('monetary_unit', 'Monetary unit'), ('stratified', 'Stratified at random')], max_length=16)),
                ('seed', models.CharField(max_length=64)),
                ('currency', models.CharField(max_length=3)),
                ('period_from', models.DateField()),
                ('period_to', models.DateField()),
                ('known_at', models.DateTimeField()),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AuditSampleItem',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('partition', models.PositiveIntegerField()),
                ('line', models.BigIntegerField()),
                ('units', models.BigIntegerField()),
                ('stratum', models.PositiveSmallIntegerField()),
                ('hits', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='DossierRead',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('table', models.CharField(max_length=40)),
                ('fact_id', models.UUIDField()),
                ('door', models.CharField(max_length=60)),
                ('why', models.CharField(max_length=300)),
                ('read_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField()),
                ('made_at', models.DateTimeField(null=True)),
                ('document', models.JSONField(null=True)),
                ('answer_digest', models.CharField(blank=True, max_length=64)),
                ('file_digest', models.CharField(blank=True, max_length=64)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('keep_until', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='SavedQuestion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('question', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('parameters', models.JSONField()),
                ('every', models.CharField(blank=True, choices=[('', 'Only when somebody asks'), ('day', 'Every day'), ('week', 'Every Monday'), ('month', 'On the first of each month')], max_length=8)),
                ('keep_days', models.PositiveIntegerField()),
                ('saved_at', models.DateTimeField()),
                ('next_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_is_about_one_fact',
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('audio_delivered', 'Audio Delivered'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected'), ('certified', 'Certified'), ('status_stated', 'Status Stated'), ('soft_bound', 'Soft Bound'), ('copy_signed', 'Copy Signed'), ('contributions_corrected', 'Contributions Corrected'), ('disclosure_sent', 'Disclosure Sent'), ('disclosure_answered', 'Disclosure Answered'), ('timestamped', 'Timestamped'), ('signer_changed', 'Signer Changed'), ('run_started', 'Run Started'), ('run_went_on', 'Run Went On'), ('rate_recorded', 'Rate Recorded'), ('payee_terms_agreed', 'Payee Terms Agreed'), ('tax_certified', 'Tax Certified'), ('advance_recorded', 'Advance Recorded'), ('booked', 'Booked'), ('statement_issued', 'Statement Issued'), ('statement_objected', 'Statement Objected'), ('objection_answered', 'Objection Answered'), ('payee_link_made', 'Payee Link Made'), ('payee_link_ended', 'Payee Link Ended'), ('payments_ordered', 'Payments Ordered'), ('payment_confirmed', 'Payment Confirmed'), ('usage_received', 'Usage Received'), ('usage_finished', 'Usage Finished'), ('usage_matched', 'Usage Matched'), ('usage_superseded', 'Usage Superseded'), ('plan_stated', 'Plan Stated'), ('splits_redivided', 'Splits Redivided'), ('recording_described', 'Recording Described'), ('training_stated', 'Training Stated'), ('log_key_changed', 'Log Key Changed'), ('audit_noted', 'Audit Noted'), ('sample_drawn', 'Sample Drawn'), ('exception_recorded', 'Exception Recorded')], max_length=32),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import'), ('campaign', 'Campaign'), ('mailing', 'Mailing'), ('closing', 'Closing'), ('rehearse', 'Rehearse'), ('reverse', 'Reverse'), ('list', 'List'), ('enroll', 'Enroll'), ('copy', 'Copy'), ('search', 'Search'), ('stamp', 'Stamp'), ('freeze', 'Freeze'), ('divide', 'Divide'), ('reconcile', 'Reconcile'), ('usage', 'Usage'), ('pack', 'Pack'), ('answer', 'Answer')], max_length=16),
        ),
        migrations.AddField(
            model_name='auditengagement',
            name='membership',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='engagement', to='ledger.membership'),
        ),
        migrations.AddField(
            model_name='auditexception',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='auditexception',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='entry',
            name='audit_exception',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.auditexception'),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='engagement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='ledger.auditengagement'),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='entry',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='ledger.entry'),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='noted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='organization',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='statement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_notes', to='royalties.statement'),
        ),
        migrations.AddField(
            model_name='auditnote',
            name='submission',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_notes', to='rights.submission'),
        ),
        migrations.AddField(
            model_name='entry',
            name='audit_note',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.auditnote'),
        ),
        migrations.AddField(
            model_name='auditsample',
            name='drawn_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='auditsample',
            name='engagement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='samples', to='ledger.auditengagement'),
        ),
        migrations.AddField(
            model_name='auditsample',
            name='organization',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
        ),
        migrations.AddField(
            model_name='auditsample',
            name='payee',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
        ),
        migrations.AddField(
            model_name='entry',
            name='audit_sample',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.auditsample'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'recording_audio', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection', 'certificate', 'manifest_status', 'soft_binding', 'signed_copy', 'contribution_record', 'disclosure', 'disclosure_answer', 'timestamp', 'signer_change', 'royalty_run', 'run_event', 'exchange_rate', 'payee_terms', 'tax_certificate', 'advance', 'transaction', 'statement', 'statement_objection', 'objection_answer', 'payee_link', 'payee_link_end', 'payment_file', 'payment', 'usage_report', 'usage_outcome', 'usage_matching', 'usage_supersession', 'plan', 'division', 'recording_description', 'training_statement', 'log_key_change', 'audit_note', 'audit_sample', 'audit_exception'), 1), name='entry_is_about_one_fact'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('audit_note__isnull', False)), fields=('audit_note',), name='audit_note_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('audit_sample__isnull', False)), fields=('audit_sample',), name='audit_sample_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('audit_exception__isnull', False)), fields=('audit_exception',), name='audit_exception_is_entered_once'),
        ),
        migrations.AddField(
            model_name='auditsampleitem',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='ledger.auditsample'),
        ),
        migrations.AddField(
            model_name='auditsampleitem',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sampled', to='royalties.statement'),
        ),
        migrations.AddField(
            model_name='auditexception',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exceptions', to='ledger.auditsampleitem'),
        ),
        migrations.AddField(
            model_name='dossierread',
            name='client',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.apiclient'),
        ),
        migrations.AddField(
            model_name='dossierread',
            name='engagement',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reads', to='ledger.auditengagement'),
        ),
        migrations.AddField(
            model_name='dossierread',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedquestion',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedquestion',
            name='engagement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='ledger.auditengagement'),
        ),
        migrations.AddField(
            model_name='savedquestion',
            name='organization',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
        ),
        migrations.AddField(
            model_name='keptanswer',
            name='saved',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='ledger.savedquestion'),
        ),
        migrations.AddConstraint(
            model_name='auditengagement',
            constraint=models.CheckConstraint(condition=models.Q(('period_from', None), ('period_to', None), ('period_to__gt', models.F('period_from')), _connector='OR'), name='engagement_is_for_a_period'),
        ),
        migrations.AddConstraint(
            model_name='auditnote',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('entry', 'submission', 'statement'), 1), name='note_is_beside_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='auditsampleitem',
            constraint=models.UniqueConstraint(fields=('sample', 'position'), name='sampled_line_has_its_own_position'),
        ),
        migrations.AddConstraint(
            model_name='auditsampleitem',
            constraint=models.UniqueConstraint(fields=('sample', 'statement', 'partition', 'line'), name='line_is_sampled_once'),
        ),
        migrations.AddConstraint(
            model_name='auditexception',
            constraint=models.UniqueConstraint(fields=('item', 'position'), name='exception_has_its_own_position'),
        ),
        migrations.AddConstraint(
            model_name='auditexception',
            constraint=models.CheckConstraint(condition=models.Q(('position__gt', 0), ('status', 'open'), _connector='OR'), name='exception_begins_open'),
        ),
        migrations.AddIndex(
            model_name='dossierread',
            index=models.Index(fields=['fact_id', 'read_at'], name='reads_of_a_dossier'),
        ),
        migrations.AddIndex(
            model_name='dossierread',
            index=models.Index(fields=['read_at'], name='reads_by_time'),
        ),
        migrations.AddConstraint(
            model_name='dossierread',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('user', 'client'), 1), name='dossier_is_read_by_somebody'),
        ),
        migrations.AddIndex(
            model_name='savedquestion',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['next_at'], name='question_is_due'),
        ),
        migrations.AddConstraint(
            model_name='keptanswer',
            constraint=models.UniqueConstraint(fields=('saved', 'due_at'), name='question_is_answered_once_a_time'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
