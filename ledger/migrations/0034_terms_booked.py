"""What payers declare has its entry and never changes."""

import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


# Table → the entry's column and the row's. Append-only, and checked at commit.
ENTERED = {"royalties_declaration": ("declaration_id", "id")}

GUARDS = [
    (
        "CREATE TRIGGER royalties_declaration_is_append_only BEFORE UPDATE OR DELETE ON royalties_declaration"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        "ALTER TABLE royalties_declaration ENABLE ALWAYS TRIGGER royalties_declaration_is_append_only;",
        "DROP TRIGGER royalties_declaration_is_append_only ON royalties_declaration;",
    ),
    (
        "GRANT SELECT, INSERT ON royalties_declaration TO ledger_app;"
        "GRANT SELECT ON royalties_declaration TO ledger_auditor;",
        "REVOKE ALL ON royalties_declaration FROM ledger_app, ledger_auditor;",
    ),
    (
        "CREATE CONSTRAINT TRIGGER royalties_declaration_has_its_entry AFTER INSERT ON royalties_declaration"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('declaration_id', 'id');",
        "DROP TRIGGER royalties_declaration_has_its_entry ON royalties_declaration;",
    ),
]


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0033_audits'),
        ('provenance', '0010_answers_to_disclosures'),
        ('rights', '0012_training_descriptions_and_statements'),
        ('royalties', '0007_terms_booked'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_is_about_one_fact',
        ),
        migrations.AddField(
            model_name='entry',
            name='declaration',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.declaration'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('audio_delivered', 'Audio Delivered'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected'), ('certified', 'Certified'), ('status_stated', 'Status Stated'), ('soft_bound', 'Soft Bound'), ('copy_signed', 'Copy Signed'), ('contributions_corrected', 'Contributions Corrected'), ('disclosure_sent', 'Disclosure Sent'), ('disclosure_answered', 'Disclosure Answered'), ('timestamped', 'Timestamped'), ('signer_changed', 'Signer Changed'), ('run_started', 'Run Started'), ('run_went_on', 'Run Went On'), ('rate_recorded', 'Rate Recorded'), ('payee_terms_agreed', 'Payee Terms Agreed'), ('tax_certified', 'Tax Certified'), ('advance_recorded', 'Advance Recorded'), ('booked', 'Booked'), ('statement_issued', 'Statement Issued'), ('statement_objected', 'Statement Objected'), ('objection_answered', 'Objection Answered'), ('payee_link_made', 'Payee Link Made'), ('payee_link_ended', 'Payee Link Ended'), ('payments_ordered', 'Payments Ordered'), ('payment_confirmed', 'Payment Confirmed'), ('usage_received', 'Usage Received'), ('usage_finished', 'Usage Finished'), ('usage_matched', 'Usage Matched'), ('usage_superseded', 'Usage Superseded'), ('plan_stated', 'Plan Stated'), ('splits_redivided', 'Splits Redivided'), ('recording_described', 'Recording Described'), ('training_stated', 'Training Stated'), ('log_key_changed', 'Log Key Changed'), ('audit_noted', 'Audit Noted'), ('sample_drawn', 'Sample Drawn'), ('exception_recorded', 'Exception Recorded'), ('declared', 'Declared')], max_length=32),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'recording_audio', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection', 'certificate', 'manifest_status', 'soft_binding', 'signed_copy', 'contribution_record', 'disclosure', 'disclosure_answer', 'timestamp', 'signer_change', 'royalty_run', 'run_event', 'exchange_rate', 'payee_terms', 'tax_certificate', 'advance', 'transaction', 'statement', 'statement_objection', 'objection_answer', 'payee_link', 'payee_link_end', 'payment_file', 'payment', 'usage_report', 'usage_outcome', 'usage_matching', 'usage_supersession', 'plan', 'division', 'recording_description', 'training_statement', 'log_key_change', 'audit_note', 'audit_sample', 'audit_exception', 'declaration'), 1), name='entry_is_about_one_fact'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('declaration__isnull', False)), fields=('declaration',), name='declaration_is_entered_once'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in GUARDS),
    ]
