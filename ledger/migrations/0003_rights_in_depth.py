"""Memberships, imports, proposals and erasures; entries about them and about the rights in depth."""

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
        ('ledger', '0002_guards'),
        ('rights', '0002_rights_in_depth'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('erase', 'Erase'), ('annul', 'Annul'), ('merge', 'Merge'), ('settle', 'Settle')], max_length=16)),
                ('reason', models.CharField(max_length=300)),
                ('proposed_at', models.DateTimeField()),
                ('conflict', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='rights.conflict')),
                ('consent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='rights.consent')),
                ('other_party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='rights.party')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('is_agreed', models.BooleanField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('approved_at', models.DateTimeField()),
                ('approved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='approval', to='ledger.proposal')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('proposed_by', models.F('approved_by')), _negated=True), name='approval_takes_a_second_person')],
            },
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('channel', models.CharField(max_length=24)),
                ('answer_by', models.DateField()),
                ('requested_at', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasure_requests', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('document', models.TextField()),
                ('erased_at', models.DateTimeField()),
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to='ledger.approval')),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to='ledger.erasurerequest')),
            ],
        ),
        migrations.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('format', models.CharField(choices=[('catalogue', 'Catalogue sheet'), ('shares', 'Shares sheet'), ('consents', 'Consents sheet'), ('cwr', 'CWR'), ('cwr_ack', 'CWR acknowledgement'), ('ern', 'DDEX ERN')], max_length=16)),
                ('file_digest', models.CharField(max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('mapping', models.TextField(blank=True)),
                ('is_partial', models.BooleanField()),
                ('received_at', models.DateTimeField()),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'format', 'file_digest', 'mapping'), name='file_is_imported_once', nulls_distinct=False)],
                'verbose_name_plural': 'import batches',
            },
        ),
        migrations.CreateModel(
            name='ImportedFact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('line', models.BigIntegerField()),
                ('table', models.CharField(max_length=40)),
                ('fact_id', models.UUIDField()),
                ('is_new', models.BooleanField()),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='ledger.importbatch')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('batch', 'line', 'table', 'fact_id'), name='line_becomes_a_fact_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportOutcome',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('is_taken', models.BooleanField()),
                ('lines', models.BigIntegerField()),
                ('facts', models.BigIntegerField()),
                ('known_before', models.BigIntegerField()),
                ('problems', models.BigIntegerField()),
                ('facts_digest', models.CharField(max_length=64)),
                ('finished_at', models.DateTimeField()),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='outcome', to='ledger.importbatch')),
            ],
        ),
        migrations.CreateModel(
            name='ImportProblem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('line', models.BigIntegerField()),
                ('field', models.CharField(max_length=80)),
                ('code', models.CharField(max_length=48)),
                ('sentence', models.CharField(max_length=600)),
                ('raw', models.CharField(blank=True, max_length=200)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='problems', to='ledger.importbatch')),
            ],
        ),
        migrations.CreateModel(
            name='ImportReversal',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300)),
                ('reversed_at', models.DateTimeField()),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='ledger.importbatch')),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('rights_manager', 'Rights Manager'), ('reviewer', 'Reviewer'), ('finance', 'Finance'), ('auditor', 'Auditor'), ('distributor', 'Distributor'), ('artist', 'Artist')], max_length=16)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='rights.party')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('active_to__isnull', True), ('active_to__gt', models.F('active_from')), _connector='OR'), name='membership_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='MembershipEnd',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('effective_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='ledger.membership')),
            ],
        ),
        migrations.CreateModel(
            name='SavedMapping',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(max_length=16)),
                ('document', models.JSONField()),
                ('changed_at', models.DateTimeField()),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mappings', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='one_mapping_of_a_name', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ImportProgress',
            fields=[
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='progress', serialize=False, to='ledger.importbatch')),
                ('lines_read', models.BigIntegerField(default=0)),
                ('bytes_read', models.BigIntegerField(default=0)),
                ('facts', models.BigIntegerField(default=0)),
                ('problems', models.BigIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        Together([
            migrations.RemoveConstraint(
                model_name='entry',
                name='entry_is_about_one_fact',
            ),
            migrations.AddField(
                model_name='entry',
                name='campaign',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.campaign'),
            ),
            migrations.AddField(
                model_name='entry',
                name='clearance',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.clearance'),
            ),
            migrations.AddField(
                model_name='entry',
                name='conflict',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.conflict'),
            ),
            migrations.AddField(
                model_name='entry',
                name='conflict_event',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.conflictevent'),
            ),
            migrations.AddField(
                model_name='entry',
                name='dataset',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.dataset'),
            ),
            migrations.AddField(
                model_name='entry',
                name='identifier',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.identifier'),
            ),
            migrations.AddField(
                model_name='entry',
                name='identifier_finding',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.identifierfinding'),
            ),
            migrations.AddField(
                model_name='entry',
                name='license_event',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.licenseevent'),
            ),
            migrations.AddField(
                model_name='entry',
                name='lyrics',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.lyrics'),
            ),
            migrations.AddField(
                model_name='entry',
                name='model',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.model'),
            ),
            migrations.AddField(
                model_name='entry',
                name='model_version',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.modelversion'),
            ),
            migrations.AddField(
                model_name='entry',
                name='model_version_retirement',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.modelversionretirement'),
            ),
            migrations.AddField(
                model_name='entry',
                name='party_in_role',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.partyinrole'),
            ),
            migrations.AddField(
                model_name='entry',
                name='party_merge',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.partymerge'),
            ),
            migrations.AddField(
                model_name='entry',
                name='party_merge_undo',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.partymergeundo'),
            ),
            migrations.AddField(
                model_name='entry',
                name='party_name',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.partyname'),
            ),
            migrations.AddField(
                model_name='entry',
                name='protection',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.protection'),
            ),
            migrations.AddField(
                model_name='entry',
                name='recording_voice',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.recordingvoice'),
            ),
            migrations.AddField(
                model_name='entry',
                name='recording_work',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.recordingwork'),
            ),
            migrations.AddField(
                model_name='entry',
                name='release',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.release'),
            ),
            migrations.AddField(
                model_name='entry',
                name='representation',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.representation'),
            ),
            migrations.AddField(
                model_name='entry',
                name='representation_end',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.representationend'),
            ),
            migrations.AddField(
                model_name='entry',
                name='reservation',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.reservation'),
            ),
            migrations.AddField(
                model_name='entry',
                name='reservation_end',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.reservationend'),
            ),
            migrations.AddField(
                model_name='entry',
                name='share_event',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.shareevent'),
            ),
            migrations.AddField(
                model_name='entry',
                name='stem',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.stem'),
            ),
            migrations.AddField(
                model_name='entry',
                name='terms',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.termsversion'),
            ),
            migrations.AddField(
                model_name='entry',
                name='voice',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.voice'),
            ),
            migrations.AddField(
                model_name='entry',
                name='withdrawal_task_done',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='rights.withdrawaltaskdone'),
            ),
            migrations.AlterField(
                model_name='entry',
                name='kind',
                field=models.CharField(choices=[('party_registered', 'Party Registered'), ('work_registered', 'Work Registered'), ('recording_registered', 'Recording Registered'), ('share_registered', 'Share Registered'), ('consent_granted', 'Consent Granted'), ('consent_withdrawn', 'Consent Withdrawn'), ('license_signed', 'License Signed'), ('submitted', 'Submitted'), ('decided', 'Decided'), ('party_named', 'Party Named'), ('role_taken', 'Role Taken'), ('representation_recorded', 'Representation Recorded'), ('representation_ended', 'Representation Ended'), ('parties_merged', 'Parties Merged'), ('merge_undone', 'Merge Undone'), ('protection_recorded', 'Protection Recorded'), ('identifier_recorded', 'Identifier Recorded'), ('identifier_checked', 'Identifier Checked'), ('work_linked', 'Work Linked'), ('release_registered', 'Release Registered'), ('voice_registered', 'Voice Registered'), ('voice_linked', 'Voice Linked'), ('stem_registered', 'Stem Registered'), ('lyrics_registered', 'Lyrics Registered'), ('model_registered', 'Model Registered'), ('dataset_frozen', 'Dataset Frozen'), ('model_version_registered', 'Model Version Registered'), ('model_version_retired', 'Model Version Retired'), ('share_changed', 'Share Changed'), ('conflict_opened', 'Conflict Opened'), ('conflict_acted', 'Conflict Acted'), ('terms_published', 'Terms Published'), ('consent_offered', 'Consent Offered'), ('consent_changed', 'Consent Changed'), ('rights_reserved', 'Rights Reserved'), ('reservation_lifted', 'Reservation Lifted'), ('withdrawal_task_done', 'Withdrawal Task Done'), ('campaign_opened', 'Campaign Opened'), ('license_changed', 'License Changed'), ('clearance_answered', 'Clearance Answered'), ('member_admitted', 'Member Admitted'), ('member_left', 'Member Left'), ('import_received', 'Import Received'), ('import_finished', 'Import Finished'), ('import_reversed', 'Import Reversed'), ('erasure_requested', 'Erasure Requested'), ('erased', 'Erased'), ('proposed', 'Proposed'), ('approved', 'Approved')], max_length=32),
            ),
            migrations.AlterField(
                model_name='job',
                name='kind',
                field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import')], max_length=16),
            ),
            migrations.AddField(
                model_name='entry',
                name='approval',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.approval'),
            ),
            migrations.AddField(
                model_name='entry',
                name='erasure',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.erasure'),
            ),
            migrations.AddField(
                model_name='entry',
                name='erasure_request',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.erasurerequest'),
            ),
            migrations.AddField(
                model_name='entry',
                name='import_batch',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.importbatch'),
            ),
            migrations.AddField(
                model_name='entry',
                name='import_outcome',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.importoutcome'),
            ),
            migrations.AddField(
                model_name='entry',
                name='import_reversal',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.importreversal'),
            ),
            migrations.AddField(
                model_name='entry',
                name='membership',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.membership'),
            ),
            migrations.AddField(
                model_name='entry',
                name='membership_end',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.membershipend'),
            ),
            migrations.AddField(
                model_name='entry',
                name='proposal',
                field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.proposal'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('party', 'work', 'recording', 'share', 'consent', 'consent_event', 'license', 'submission', 'decision', 'party_name', 'party_in_role', 'representation', 'representation_end', 'party_merge', 'party_merge_undo', 'protection', 'identifier', 'identifier_finding', 'recording_work', 'release', 'voice', 'recording_voice', 'stem', 'lyrics', 'model', 'dataset', 'model_version', 'model_version_retirement', 'share_event', 'conflict', 'conflict_event', 'terms', 'reservation', 'reservation_end', 'withdrawal_task_done', 'campaign', 'license_event', 'clearance', 'membership', 'membership_end', 'import_batch', 'import_outcome', 'import_reversal', 'erasure_request', 'erasure', 'proposal', 'approval'), 1), name='entry_is_about_one_fact'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('party_name__isnull', False)), fields=('party_name',), name='party_name_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('party_in_role__isnull', False)), fields=('party_in_role',), name='party_in_role_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('representation__isnull', False)), fields=('representation',), name='representation_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('representation_end__isnull', False)), fields=('representation_end',), name='representation_end_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('party_merge__isnull', False)), fields=('party_merge',), name='party_merge_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('party_merge_undo__isnull', False)), fields=('party_merge_undo',), name='party_merge_undo_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('protection__isnull', False)), fields=('protection',), name='protection_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('identifier__isnull', False)), fields=('identifier',), name='identifier_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('identifier_finding__isnull', False)), fields=('identifier_finding',), name='identifier_finding_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('recording_work__isnull', False)), fields=('recording_work',), name='recording_work_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('release__isnull', False)), fields=('release',), name='release_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('voice__isnull', False)), fields=('voice',), name='voice_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('recording_voice__isnull', False)), fields=('recording_voice',), name='recording_voice_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('stem__isnull', False)), fields=('stem',), name='stem_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('lyrics__isnull', False)), fields=('lyrics',), name='lyrics_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('model__isnull', False)), fields=('model',), name='model_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('dataset__isnull', False)), fields=('dataset',), name='dataset_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('model_version__isnull', False)), fields=('model_version',), name='model_version_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('model_version_retirement__isnull', False)), fields=('model_version_retirement',), name='model_version_retirement_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('share_event__isnull', False)), fields=('share_event',), name='share_event_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('conflict__isnull', False)), fields=('conflict',), name='conflict_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('conflict_event__isnull', False)), fields=('conflict_event',), name='conflict_event_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('terms__isnull', False)), fields=('terms',), name='terms_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('reservation__isnull', False)), fields=('reservation',), name='reservation_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('reservation_end__isnull', False)), fields=('reservation_end',), name='reservation_end_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('withdrawal_task_done__isnull', False)), fields=('withdrawal_task_done',), name='withdrawal_task_done_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('campaign__isnull', False)), fields=('campaign',), name='campaign_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('license_event__isnull', False)), fields=('license_event',), name='license_event_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('clearance__isnull', False)), fields=('clearance',), name='clearance_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('membership__isnull', False)), fields=('membership',), name='membership_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('membership_end__isnull', False)), fields=('membership_end',), name='membership_end_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('import_batch__isnull', False)), fields=('import_batch',), name='import_batch_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('import_outcome__isnull', False)), fields=('import_outcome',), name='import_outcome_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('import_reversal__isnull', False)), fields=('import_reversal',), name='import_reversal_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('erasure_request__isnull', False)), fields=('erasure_request',), name='erasure_request_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('erasure__isnull', False)), fields=('erasure',), name='erasure_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('proposal__isnull', False)), fields=('proposal',), name='proposal_is_entered_once'),
            ),
            migrations.AddConstraint(
                model_name='entry',
                constraint=models.UniqueConstraint(condition=models.Q(('approval__isnull', False)), fields=('approval',), name='approval_is_entered_once'),
            ),
        ]),
    ]
