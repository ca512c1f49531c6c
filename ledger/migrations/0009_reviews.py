"""Bands, reviews, appeals, rechecks and influences: entries about them, and who is at a decision now."""

import django.db.models.deletion
import django.db.models.lookups
import rights.models.conditions
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Together(Operation):
    """Several changes of existing tables as one: Django draws its picture of all models anew after each operation."""

    def __init__(self, operations):
        self.operations = operations

    def deconstruct(self):
        return self.__class__.__name__, [self.operations], {}

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # drawn when it is asked for again
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return f"{len(self.operations)} changes of existing tables"


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0008_index_snapshots"),
        ("rights", "0006_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BandsActivation',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('effective_from', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='BandsVersion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('drafted_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'bands',
                'verbose_name_plural': 'bands',
            },
        ),
        migrations.CreateModel(
            name='ReviewClaim',
            fields=[
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='claim', serialize=False, to='rights.decision')),
                ('claimed_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
            ],
        ),
        Together([
            migrations.RemoveConstraint(
                model_name='entry',
                name='entry_is_about_one_fact',
            ),
            migrations.AddField(
                model_name='entry',
                name='appeal',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.appeal'),
            ),
            migrations.AddField(
                model_name='entry',
                name='appeal_answer',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.appealanswer'),
            ),
            migrations.AddField(
                model_name='entry',
                name='influence',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.influence'),
            ),
            migrations.AddField(
                model_name='entry',
                name='influence_objection',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.influenceobjection'),
            ),
            migrations.AddField(
                model_name='entry',
                name='recheck',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.recheck'),
            ),
            migrations.AddField(
                model_name='entry',
                name='review',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.review'),
            ),
            migrations.AlterField(
                model_name='entry',
                name='kind',
                field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('voice_enrolled', 'Voice Enrolled'), ('voice_enrollment_ended', 'Voice Enrollment Ended'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved'), ('bands_drafted', 'Bands Drafted'), ('bands_activated', 'Bands Activated'), ('reviewed', 'Reviewed'), ('appealed', 'Appealed'), ('appeal_answered', 'Appeal Answered'), ('rechecked', 'Rechecked'), ('influence_stated', 'Influence Stated'), ('influence_objected', 'Influence Objected')], max_length=32),
            ),
            migrations.AlterField(
                model_name='job',
                name='kind',
                field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import'), ('campaign', 'Campaign'), ('mailing', 'Mailing'), ('closing', 'Closing'), ('rehearse', 'Rehearse'), ('reverse', 'Reverse'), ('recheck', 'Recheck')], max_length=16),
            ),
            migrations.AlterField(
                model_name='proposal',
                name='act',
                field=models.CharField(choices=[('erase', 'Erase'), ('annul', 'Annul'), ('merge', 'Merge'), ('settle', 'Settle'), ('bands', 'Bands')], max_length=16),
            ),
            migrations.AddField(
                model_name='bandsactivation',
                name='approval',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bands_activation', to='ledger.approval'),
            ),
            migrations.AddField(
                model_name='entry',
                name='bands_activation',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.bandsactivation'),
            ),
            migrations.AddField(
                model_name='bandsversion',
                name='drafted_by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='bandsactivation',
                name='bands',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activations', to='ledger.bandsversion'),
            ),
            migrations.AddField(
                model_name='entry',
                name='bands',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.bandsversion'),
            ),
            migrations.AddField(
                model_name='proposal',
                name='bands',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='ledger.bandsversion'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'voice_enrollment', 'voice_enrollment_end', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval', 'bands', 'bands_activation', 'review', 'appeal', 'appeal_answer', 'recheck', 'influence', 'influence_objection'), 1), name='entry_is_about_one_fact'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('bands__isnull', False)), fields=('bands',), name='bands_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('bands_activation__isnull', False)), fields=('bands_activation',), name='bands_activation_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('review__isnull', False)), fields=('review',), name='review_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('appeal__isnull', False)), fields=('appeal',), name='appeal_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('appeal_answer__isnull', False)), fields=('appeal_answer',), name='appeal_answer_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('recheck__isnull', False)), fields=('recheck',), name='recheck_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('influence__isnull', False)), fields=('influence',), name='influence_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('influence_objection__isnull', False)), fields=('influence_objection',), name='influence_objection_is_entered_once'),
            ),
            migrations.AddField(
                model_name='reviewclaim',
                name='assigned_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='reviewclaim',
                name='reviewer',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddConstraint(
                model_name='bandsversion',
                constraint=models.UniqueConstraint(fields=('number',), name='one_bands_version_per_number'),
            ),
            migrations.AddConstraint(
                model_name='bandsversion',
                constraint=models.UniqueConstraint(fields=('digest',), name='bands_are_drafted_once'),
            ),
            migrations.AddConstraint(
                model_name='bandsactivation',
                constraint=models.CheckConstraint(condition=models.Q(('effective_from__gte', models.F('recorded_at'))), name='bands_are_not_activated_backwards'),
            ),
        ]),
    ]
