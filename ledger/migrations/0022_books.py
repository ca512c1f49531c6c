"""Runs, rates, terms of payees, books and statements have entries; a transaction's postings add up to nothing."""

import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


# Table → the entry's column. Checked at commit.
APPEND_ONLY = {
    "royalties_royaltyrun": "royalty_run_id",
    "royalties_runevent": "run_event_id",
    "royalties_exchangerate": "exchange_rate_id",
    "royalties_payeeterms": "payee_terms_id",
    "royalties_taxcertificate": "tax_certificate_id",
    "royalties_advance": "advance_id",
    "royalties_transaction": "transaction_id",
    "royalties_statement": "statement_id",
}
# With their transaction: nothing is posted to it later.
ENTERED = {"royalties_posting": ("transaction_id", "transaction_id")}
RECORDED = ["royalties_runpart", "royalties_runpartition", "royalties_account"]

BALANCE = """
CREATE FUNCTION require_balance() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found record;
BEGIN
    -- Once a transaction, not once a posting: the one with the last id is asked.
    IF EXISTS (SELECT 1 FROM royalties_posting WHERE transaction_id = NEW.transaction_id AND id > NEW.id) THEN
        RETURN NULL;
    END IF;
    FOR found IN SELECT a.currency, sum(p.units::numeric) AS units
                   FROM royalties_posting AS p JOIN royalties_account AS a ON a.id = p.account_id
                  WHERE p.transaction_id = NEW.transaction_id
                  GROUP BY a.currency HAVING sum(p.units::numeric) <> 0 LOOP
        RAISE EXCEPTION 'the postings of transaction % add up to % in %, not to nothing',
              NEW.transaction_id, found.units, found.currency
              USING ERRCODE = 'check_violation', CONSTRAINT = 'transaction_adds_up_to_nothing';
    END LOOP;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER royalties_posting_is_balanced AFTER INSERT ON royalties_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance();

-- The starter that a step names is the run's: on that the second person rests.
ALTER TABLE royalties_runevent ADD CONSTRAINT run_event_names_who_started
    FOREIGN KEY (run_id, started_by_id) REFERENCES royalties_royaltyrun (id, started_by_id)
    DEFERRABLE INITIALLY DEFERRED;
"""
NO_BALANCE = """
ALTER TABLE royalties_runevent DROP CONSTRAINT run_event_names_who_started;
DROP TRIGGER royalties_posting_is_balanced ON royalties_posting;
DROP FUNCTION require_balance();
"""


def guards():
    entered = {**{table: (column, "id") for table, column in APPEND_ONLY.items()}, **ENTERED}
    for table in [*entered, *RECORDED]:
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
    for table, (column, key) in entered.items():
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', '{key}');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )
    yield BALANCE, NO_BALANCE


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0021_timestamps_and_signers'),
        ('provenance', '0007_timestamps_and_signers'),
        ('rights', '0011_prompt_commitments'),
        ('royalties', '0002_runs_and_books'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_is_about_one_fact',
        ),
        migrations.AddField(
            model_name='entry',
            name='advance',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.advance'),
        ),
        migrations.AddField(
            model_name='entry',
            name='exchange_rate',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.exchangerate'),
        ),
        migrations.AddField(
            model_name='entry',
            name='payee_terms',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.payeeterms'),
        ),
        migrations.AddField(
            model_name='entry',
            name='royalty_run',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.royaltyrun'),
        ),
        migrations.AddField(
            model_name='entry',
            name='run_event',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.runevent'),
        ),
        migrations.AddField(
            model_name='entry',
            name='statement',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.statement'),
        ),
        migrations.AddField(
            model_name='entry',
            name='tax_certificate',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.taxcertificate'),
        ),
        migrations.AddField(
            model_name='entry',
            name='transaction',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='royalties.transaction'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('audio_delivered', 'Audio Delivered'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected'), ('certified', 'Certified'), ('status_stated', 'Status Stated'), ('soft_bound', 'Soft Bound'), ('copy_signed', 'Copy Signed'), ('contributions_corrected', 'Contributions Corrected'), ('disclosure_sent', 'Disclosure Sent'), ('timestamped', 'Timestamped'), ('signer_changed', 'Signer Changed'), ('run_started', 'Run Started'), ('run_went_on', 'Run Went On'), ('rate_recorded', 'Rate Recorded'), ('payee_terms_agreed', 'Payee Terms Agreed'), ('tax_certified', 'Tax Certified'), ('advance_recorded', 'Advance Recorded'), ('booked', 'Booked'), ('statement_issued', 'Statement Issued')], max_length=32),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import'), ('campaign', 'Campaign'), ('mailing', 'Mailing'), ('closing', 'Closing'), ('rehearse', 'Rehearse'), ('reverse', 'Reverse'), ('list', 'List'), ('enroll', 'Enroll'), ('copy', 'Copy'), ('search', 'Search'), ('stamp', 'Stamp'), ('freeze', 'Freeze'), ('divide', 'Divide'), ('reconcile', 'Reconcile')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'recording_audio', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection', 'certificate', 'manifest_status', 'soft_binding', 'signed_copy', 'contribution_record', 'disclosure', 'timestamp', 'signer_change', 'royalty_run', 'run_event', 'exchange_rate', 'payee_terms', 'tax_certificate', 'advance', 'transaction', 'statement'), 1), name='entry_is_about_one_fact'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('royalty_run__isnull', False)), fields=('royalty_run',), name='royalty_run_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('run_event__isnull', False)), fields=('run_event',), name='run_event_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('exchange_rate__isnull', False)), fields=('exchange_rate',), name='exchange_rate_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('payee_terms__isnull', False)), fields=('payee_terms',), name='payee_terms_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('tax_certificate__isnull', False)), fields=('tax_certificate',), name='tax_certificate_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('advance__isnull', False)), fields=('advance',), name='advance_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('transaction__isnull', False)), fields=('transaction',), name='transaction_is_entered_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('statement__isnull', False)), fields=('statement',), name='statement_is_entered_once'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
