"""Parties, assets, shares, conflicts, consents, campaigns and licenses in depth, and what they come to."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
import rights.models.conditions
import rights.models.fields
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
        ('rights', '0001_rights_enough_for_the_path'),
    ]

    operations = [
        # Core GiST compares ranges; an id as a range of one lets an exclusion constraint compare ids without an extension.
        migrations.RunSQL("CREATE TYPE uuidrange AS RANGE (subtype = uuid);", "DROP TYPE uuidrange;"),
        migrations.CreateModel(
            name='TermsVersion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('number', models.PositiveIntegerField()),
                ('language', models.CharField(max_length=35)),
                ('data', models.TextField()),
                ('text', models.TextField()),
                ('data_digest', models.CharField(max_length=64)),
                ('text_digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('registrar', 'name', 'number', 'language'), name='one_text_per_version_and_language', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('closes_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='rights.party')),
                ('terms', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='rights.termsversion')),
            ],
        ),
        migrations.CreateModel(
            name='CampaignInvitation',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('token_digest', models.CharField(max_length=64)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='rights.campaign')),
                ('consent', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='invitation', to='rights.consent')),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'party'), name='artist_is_asked_once_a_campaign'), models.UniqueConstraint(fields=('token_digest',), name='one_invitation_per_link')],
            },
        ),
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('members_digest', models.CharField(max_length=64)),
                ('member_count', models.PositiveIntegerField()),
                ('frozen_at', models.DateTimeField()),
                ('keeper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='datasets', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='Model',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('registered_at', models.DateTimeField()),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='models', to='rights.party')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('provider', 'name'), name='one_model_per_provider_and_name')],
            },
        ),
        migrations.CreateModel(
            name='ModelVersion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=80)),
                ('code_digest', models.CharField(blank=True, max_length=64)),
                ('weights_digest', models.CharField(blank=True, max_length=64)),
                ('trained_from', models.DateField(blank=True, null=True)),
                ('trained_to', models.DateField(blank=True, null=True)),
                ('has_identity_features', models.BooleanField()),
                ('registered_at', models.DateTimeField()),
                ('dataset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='model_versions', to='rights.dataset')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='rights.model')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('model', 'label'), name='one_version_per_model_and_label')],
            },
        ),
        migrations.CreateModel(
            name='Clearance',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('uses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None)),
                ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None)),
                ('territories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), size=None)),
                ('valid_at', models.DateField()),
                ('known_at', models.DateTimeField()),
                ('policy_version', models.CharField(max_length=32)),
                ('assets', models.PositiveIntegerField()),
                ('allowed', models.PositiveIntegerField()),
                ('denied', models.PositiveIntegerField()),
                ('needing_approval', models.PositiveIntegerField()),
                ('unknown', models.PositiveIntegerField()),
                ('valid_until', models.DateField(blank=True, null=True)),
                ('answers_digest', models.CharField(max_length=64)),
                ('answered_at', models.DateTimeField()),
                ('asker', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearances_asked', to='rights.party')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearances', to='rights.party')),
                ('model_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.modelversion')),
            ],
        ),
        migrations.CreateModel(
            name='Lyrics',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('language', models.CharField(max_length=35)),
                ('text_digest', models.CharField(max_length=64)),
                ('registered_at', models.DateTimeField()),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('work', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lyrics', to='rights.work')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('work', 'language'), name='one_text_per_work_and_language')],
                'verbose_name_plural': 'lyrics',
            },
        ),
        migrations.CreateModel(
            name='Stem',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=300)),
                ('component', models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering')], max_length=24)),
                ('audio_digest', models.CharField(blank=True, max_length=64)),
                ('registered_at', models.DateTimeField()),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stems', to='rights.recording')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='Voice',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=120)),
                ('registered_at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voices', to='rights.party')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'label'), name='voice_is_registered_once')],
            },
        ),
        migrations.CreateModel(
            name='Conflict',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('right_type', models.CharField(choices=[('ai_output', 'Ai output'), ('ai_training', 'Ai training'), ('voice', 'Voice'), ('performing', 'Performing'), ('mechanical', 'Mechanical'), ('synchronization', 'Synchronization'), ('reproduction', 'Reproduction'), ('making_available', 'Making available'), ('neighboring', 'Neighboring')], max_length=24)),
                ('basis', models.CharField(choices=[('ownership', 'Ownership'), ('collection', 'Collection')], max_length=12)),
                ('territories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), size=None)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('answer_by', models.DateField()),
                ('escalate_on', models.DateField()),
                ('close_by', models.DateField()),
                ('opened_at', models.DateTimeField()),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='rights.recording')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='rights.work')),
                ('lyrics', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='rights.lyrics')),
                ('stem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='rights.stem')),
                ('voice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='rights.voice')),
                ('asset_id', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True))),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='conflict_is_about_one_asset')],
                'indexes': [models.Index(fields=['asset_id'], name='conflict_about_asset')],
            },
        ),
        migrations.CreateModel(
            name='ConflictClaim',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('conflict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='rights.conflict')),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflict_claims', to='rights.share')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('conflict', 'share'), name='claim_is_in_a_conflict_once')],
            },
        ),
        migrations.CreateModel(
            name='ConflictEvent',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('act', models.CharField(choices=[('message', 'Message'), ('evidence', 'Evidence'), ('proposal', 'Proposal'), ('acceptance', 'Acceptance'), ('escalation', 'Escalation'), ('settled', 'Settled')], max_length=16)),
                ('sealed', models.BinaryField(blank=True, null=True)),
                ('commitment', models.BinaryField(blank=True, max_length=32, null=True)),
                ('evidence_digest', models.CharField(blank=True, max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflict_events', to='rights.party')),
                ('conflict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='rights.conflict')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('conflict', 'position'), name='conflict_event_has_its_own_position')],
            },
        ),
        migrations.CreateModel(
            name='ConsentAsset',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('consent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assets', to='rights.consent')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_lines', to='rights.recording')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_lines', to='rights.work')),
                ('lyrics', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_lines', to='rights.lyrics')),
                ('stem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_lines', to='rights.stem')),
                ('voice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_lines', to='rights.voice')),
                ('asset_id', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True))),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='consent_line_is_of_one_asset'), models.UniqueConstraint(fields=('consent', 'asset_id'), name='asset_is_on_a_consent_once')],
            },
        ),
        migrations.CreateModel(
            name='ConsentEvidence',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=24)),
                ('digest', models.CharField(max_length=64)),
                ('consent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='rights.consent')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='rights.consentevent')),
            ],
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('uses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None)),
                ('territories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), size=None)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('channel', models.CharField(max_length=24)),
                ('wording', models.CharField(blank=True, max_length=500)),
                ('snapshot_digest', models.CharField(blank=True, max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.party')),
                ('lyrics', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.lyrics')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.recording')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.work')),
                ('stem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.stem')),
                ('voice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='rights.voice')),
                ('asset_id', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True))),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 0), _connector='OR'), name='reservation_is_of_one_asset_or_of_all'), models.CheckConstraint(condition=models.Q(('active_to__isnull', True), ('active_to__gt', models.F('active_from')), _connector='OR'), name='reservation_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='ConsentOverride',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('consent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='rights.consent')),
                ('reservation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='rights.reservation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('consent', 'reservation'), name='reservation_is_overridden_once')],
            },
        ),
        migrations.CreateModel(
            name='DatasetMember',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='rights.dataset')),
                ('license', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.license')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.recording')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.work')),
                ('lyrics', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.lyrics')),
                ('stem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.stem')),
                ('voice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dataset_members', to='rights.voice')),
                ('asset_id', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True))),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='dataset_member_is_of_one_asset'), models.UniqueConstraint(fields=('dataset', 'asset_id'), name='asset_is_a_member_once')],
            },
        ),
        migrations.CreateModel(
            name='ExclusiveRight',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('asset', rights.models.fields.UuidRangeField()),
                ('use', models.IntegerField()),
                ('countries', rights.models.fields.CountriesField()),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusive_rights', to='rights.license')),
            ],
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=300)),
                ('icpn', models.CharField(blank=True, max_length=14, null=True, verbose_name='ICPN')),
                ('grid', models.CharField(blank=True, max_length=18, null=True, verbose_name='GRid')),
                ('registered_at', models.DateTimeField()),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('icpn',), name='one_release_per_icpn'), models.UniqueConstraint(fields=('grid',), name='one_release_per_grid')],
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('scheme', models.CharField(max_length=16)),
                ('namespace', models.CharField(blank=True, max_length=80)),
                ('value', models.CharField(max_length=120)),
                ('raw', models.CharField(max_length=200)),
                ('checked', models.CharField(max_length=16)),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='rights.party')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='rights.recording')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='rights.work')),
                ('release', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='rights.release')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('party__isnull', False), ('recording__isnull', True), ('release__isnull', True), ('work__isnull', True)), models.Q(('party__isnull', True), ('recording__isnull', True), ('release__isnull', True), ('work__isnull', False)), models.Q(('party__isnull', True), ('recording__isnull', False), ('release__isnull', True), ('work__isnull', True)), models.Q(('party__isnull', True), ('recording__isnull', True), ('release__isnull', False), ('work__isnull', True)), _connector='OR'), name='identifier_is_of_one_thing'), models.UniqueConstraint(fields=('scheme', 'namespace', 'value', 'party', 'work', 'recording', 'release'), name='identifier_is_recorded_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='IdentifierFinding',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('result', models.CharField(max_length=16)),
                ('source', models.CharField(max_length=200)),
                ('evidence_digest', models.CharField(blank=True, max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('identifier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='rights.identifier')),
            ],
        ),
        migrations.CreateModel(
            name='LicenseEvent',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('act', models.CharField(choices=[('suspended', 'Suspended'), ('resumed', 'Resumed'), ('terminated', 'Terminated'), ('amended', 'Amended')], max_length=12)),
                ('effective_on', models.DateField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='license_events', to='rights.party')),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='rights.license')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='rights.license')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('license', 'position'), name='license_event_has_its_own_position')],
            },
        ),
        migrations.CreateModel(
            name='LicenseModelVersion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='model_versions', to='rights.license')),
                ('model_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='licenses', to='rights.modelversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('license', 'model_version'), name='license_names_a_model_version_once')],
            },
        ),
        migrations.CreateModel(
            name='LicenseStanding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stance', models.SmallIntegerField()),
                ('uses', models.IntegerField()),
                ('barred', models.IntegerField(db_default=0)),
                ('model_versions', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], size=None)),
                ('countries', rights.models.fields.CountriesField()),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('known', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='standing', to='rights.license')),
                ('licensee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='MfnClause',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('reference_class', models.CharField(max_length=80)),
                ('measure', models.CharField(max_length=24)),
                ('looks_back_to', models.DateField()),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mfn_clauses', to='rights.license')),
            ],
            options={
                'verbose_name': 'MFN clause',
            },
        ),
        migrations.CreateModel(
            name='ModelVersionRetirement',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('effective_on', models.DateField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('model_version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='retirement', to='rights.modelversion')),
            ],
        ),
        migrations.CreateModel(
            name='NameToken',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('token', models.BinaryField(max_length=8)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='name_tokens', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('token', 'party'), name='name_token_is_kept_once')],
            },
        ),
        migrations.CreateModel(
            name='OutputFlag',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=24)),
                ('recorded_at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='rights.consentevent')),
                ('submission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='rights.submission')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('submission', 'event'), name='output_is_flagged_once_an_event')],
            },
        ),
        migrations.CreateModel(
            name='PartyContact',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=16)),
                ('sealed', models.BinaryField()),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('party', 'kind'), name='one_contact_of_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='PartyInRole',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('label', 'Label'), ('publisher', 'Publisher'), ('distributor', 'Distributor'), ('ai_service', 'Ai service'), ('society', 'Society'), ('artist', 'Artist'), ('writer', 'Writer'), ('manager', 'Manager')], max_length=16)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='rights.party')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('active_to__isnull', True), ('active_to__gt', models.F('active_from')), _connector='OR'), name='role_ends_after_it_begins')],
                'verbose_name_plural': 'parties in roles',
            },
        ),
        migrations.CreateModel(
            name='PartyMerge',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('duplicate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged_into', to='rights.party')),
                ('survivor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged_from', to='rights.party')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('duplicate', models.F('survivor')), _negated=True), name='party_is_not_merged_into_itself')],
            },
        ),
        migrations.CreateModel(
            name='PartyMergeUndo',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('merge', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='undo', to='rights.partymerge')),
            ],
        ),
        migrations.CreateModel(
            name='PartyName',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('legal', 'Legal'), ('pseudonym', 'Pseudonym'), ('credit', 'Credit'), ('former', 'Former')], max_length=16)),
                ('sealed', models.BinaryField()),
                ('commitment', models.BinaryField(max_length=32)),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='names', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='PermissionStanding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stance', models.SmallIntegerField()),
                ('asset_id', models.UUIDField(null=True)),
                ('assets_from', models.DateTimeField(null=True)),
                ('licensee_role', models.CharField(db_default='', max_length=16)),
                ('model_id', models.UUIDField(null=True)),
                ('model_version_id', models.UUIDField(null=True)),
                ('uses', models.IntegerField()),
                ('barred', models.IntegerField(db_default=0)),
                ('approval', models.BooleanField(db_default=False)),
                ('overrides', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], size=None)),
                ('countries', rights.models.fields.CountriesField()),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('known', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('consent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='standing', to='rights.consent')),
                ('holder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('licensee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('reservation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='standing', to='rights.reservation')),
            ],
            options={
                'indexes': [models.Index(fields=['holder', 'asset_id'], name='permission_stands_for_asset')],
            },
        ),
        migrations.CreateModel(
            name='Protection',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('minor', 'Minor'), ('guardianship', 'Guardianship'), ('deceased', 'Deceased')], max_length=16)),
                ('jurisdiction', models.CharField(max_length=6)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('evidence_digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='protections', to='rights.party')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('active_to__isnull', True), ('active_to__gt', models.F('active_from')), _connector='OR'), name='protection_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='RecordingVoice',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('component', models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering')], max_length=24)),
                ('recorded_at', models.DateTimeField()),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voice_links', to='rights.recording')),
                ('voice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recording_links', to='rights.voice')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('recording', 'voice'), name='voice_is_linked_once')],
            },
        ),
        migrations.CreateModel(
            name='ReleaseRecording',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='rights.recording')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tracks', to='rights.release')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('release', 'position'), name='track_has_its_own_position')],
            },
        ),
        migrations.CreateModel(
            name='Representation',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('authority', models.CharField(choices=[('mandate', 'Mandate'), ('agency', 'Agency'), ('exclusive_contract', 'Exclusive contract'), ('guardian', 'Guardian'), ('court', 'Court'), ('estate', 'Estate')], max_length=24)),
                ('uses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), blank=True, default=list, size=None)),
                ('territories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), size=None)),
                ('active_from', models.DateField()),
                ('active_to', models.DateField(blank=True, null=True)),
                ('document_digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='represents', to='rights.party')),
                ('principal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='represented_by', to='rights.party')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('active_to__isnull', True), ('active_to__gt', models.F('active_from')), _connector='OR'), name='representation_ends_after_it_begins'), models.CheckConstraint(condition=models.Q(('principal', models.F('agent')), _negated=True), name='nobody_represents_themselves')],
            },
        ),
        migrations.CreateModel(
            name='RepresentationEnd',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('effective_on', models.DateField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('representation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='rights.representation')),
            ],
        ),
        migrations.CreateModel(
            name='ReservationEnd',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('effective_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('reservation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='rights.reservation')),
            ],
        ),
        migrations.CreateModel(
            name='ShareEvent',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('ended', 'Ended'), ('retracted', 'Retracted')], max_length=12)),
                ('effective_on', models.DateField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='rights.share')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='rights.share')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('share', 'act'), name='share_ends_and_is_retracted_once'), models.CheckConstraint(condition=models.Q(models.Q(('act', 'ended'), ('effective_on__isnull', False)), models.Q(('act', 'retracted'), ('effective_on__isnull', True)), _connector='OR'), name='end_of_share_has_its_day')],
            },
        ),
        migrations.CreateModel(
            name='ShareStanding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('asset_id', models.UUIDField()),
                ('right_type', models.CharField(max_length=24)),
                ('basis', models.CharField(max_length=12)),
                ('units', models.BigIntegerField(null=True)),
                ('countries', rights.models.fields.CountriesField()),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('known', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('holder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='standing', to='rights.share')),
            ],
            options={
                'indexes': [models.Index(fields=['asset_id', 'right_type'], name='share_stands_for_asset')],
            },
        ),
        migrations.CreateModel(
            name='TrainingLicense',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='training_licenses', to='rights.license')),
                ('model_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='training_licenses', to='rights.modelversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('model_version', 'license'), name='training_names_a_license_once')],
            },
        ),
        migrations.CreateModel(
            name='WithdrawalTask',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32)),
                ('due_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('dataset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal_tasks', to='rights.dataset')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='rights.consentevent')),
                ('license', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal_tasks', to='rights.license')),
                ('model_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal_tasks', to='rights.modelversion')),
                ('party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal_tasks', to='rights.party')),
                ('submission', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal_tasks', to='rights.submission')),
            ],
        ),
        migrations.CreateModel(
            name='WithdrawalTaskDone',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('evidence_digest', models.CharField(blank=True, max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='done', to='rights.withdrawaltask')),
            ],
        ),
        migrations.CreateModel(
            name='ClearanceAnswers',
            fields=[
                ('clearance', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='answers', serialize=False, to='rights.clearance')),
                ('body', models.BinaryField()),
            ],
            options={
                'verbose_name_plural': 'clearance answers',
            },
        ),
        migrations.RenameField(model_name='partyidentity', old_name='name', new_name='plain_name'),
        migrations.RenameField(model_name='partyidentity', old_name='salt', new_name='plain_salt'),
        Together([
            migrations.RemoveConstraint(
                model_name='consent',
                name='consent_is_of_one_asset',
            ),
            migrations.RemoveConstraint(
                model_name='consentevent',
                name='consent_is_granted_and_withdrawn_once',
            ),
            migrations.RemoveConstraint(
                model_name='licenseasset',
                name='schedule_line_is_of_one_asset',
            ),
            migrations.RemoveConstraint(
                model_name='share',
                name='share_is_of_one_asset',
            ),
            migrations.AddField(
                model_name='consent',
                name='approval_mode',
                field=models.CharField(choices=[('blanket', 'Blanket'), ('project', 'Project'), ('output', 'Output')], db_default='blanket', max_length=8),
            ),
            migrations.AddField(
                model_name='consent',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='consentevent',
                name='successor',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='rights.consent'),
            ),
            migrations.AddField(
                model_name='license',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='party',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parties_registered', to='rights.party'),
            ),
            migrations.AddField(
                model_name='recording',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='share',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='work',
                name='registrar',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='consent',
                name='barred',
                field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), db_default=[], default=list, size=None),
            ),
            migrations.AddField(
                model_name='consent',
                name='compensation',
                field=models.CharField(blank=True, db_default='', max_length=300),
            ),
            migrations.AddField(
                model_name='consent',
                name='covers_future',
                field=models.BooleanField(db_default=False),
            ),
            migrations.AddField(
                model_name='consent',
                name='description',
                field=models.CharField(blank=True, db_default='', max_length=2000),
            ),
            migrations.AddField(
                model_name='consent',
                name='influence_denominator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='consent',
                name='influence_numerator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='consent',
                name='is_list',
                field=models.BooleanField(db_default=False),
            ),
            migrations.AddField(
                model_name='consent',
                name='language',
                field=models.CharField(blank=True, db_default='', max_length=35),
            ),
            migrations.AddField(
                model_name='consent',
                name='licensee_role',
                field=models.CharField(blank=True, db_default='', max_length=16),
            ),
            migrations.AddField(
                model_name='consent',
                name='notice_days',
                field=models.PositiveSmallIntegerField(db_default=0),
            ),
            migrations.AddField(
                model_name='consent',
                name='query',
                field=models.CharField(blank=True, db_default='', max_length=300),
            ),
            migrations.AddField(
                model_name='consentevent',
                name='channel',
                field=models.CharField(blank=True, db_default='', max_length=16),
            ),
            migrations.AddField(
                model_name='consentevent',
                name='position',
                field=models.PositiveIntegerField(null=True),
            ),
            migrations.AddField(
                model_name='consentevent',
                name='reason',
                field=models.CharField(blank=True, db_default='', max_length=300),
            ),
            migrations.AddField(
                model_name='license',
                name='barred',
                field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), db_default=[], default=list, size=None),
            ),
            migrations.AddField(
                model_name='license',
                name='influence_denominator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='license',
                name='influence_numerator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='license',
                name='is_exclusive',
                field=models.BooleanField(db_default=False),
            ),
            migrations.AddField(
                model_name='license',
                name='max_outputs',
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='license',
                name='release_from',
                field=models.DateField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='license',
                name='release_to',
                field=models.DateField(blank=True, null=True),
            ),
            migrations.AlterField(
                model_name='partyidentity',
                name='plain_name',
                field=models.CharField(db_column='name', max_length=300, null=True),
            ),
            migrations.AlterField(
                model_name='partyidentity',
                name='plain_salt',
                field=models.BinaryField(db_column='salt', max_length=32, null=True),
            ),
            migrations.AddField(
                model_name='partyidentity',
                name='sealed',
                field=models.BinaryField(null=True),
            ),
            migrations.AddField(
                model_name='partyidentity',
                name='wrapped',
                field=models.BinaryField(null=True),
            ),
            migrations.AddField(
                model_name='recordingwork',
                name='end_ms',
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='recordingwork',
                name='portion_denominator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='recordingwork',
                name='portion_numerator',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='recordingwork',
                name='recorded_at',
                field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
            ),
            migrations.AddField(
                model_name='recordingwork',
                name='start_ms',
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='share',
                name='basis',
                field=models.CharField(choices=[('ownership', 'Ownership'), ('collection', 'Collection')], db_default='ownership', max_length=12),
            ),
            migrations.AddField(
                model_name='share',
                name='role',
                field=models.CharField(blank=True, db_default='', max_length=8),
            ),
            migrations.AddField(
                model_name='share',
                name='written',
                field=models.CharField(blank=True, db_default='', max_length=40),
            ),
            migrations.AlterField(
                model_name='consentevent',
                name='act',
                field=models.CharField(choices=[('offered', 'Offered'), ('viewed', 'Viewed'), ('granted', 'Granted'), ('declined', 'Declined'), ('expired', 'Expired'), ('amended', 'Amended'), ('withdrawn', 'Withdrawn'), ('annulled', 'Annulled')], max_length=16),
            ),
            migrations.AlterField(
                model_name='share',
                name='right_type',
                field=models.CharField(choices=[('ai_output', 'Ai output'), ('ai_training', 'Ai training'), ('voice', 'Voice'), ('performing', 'Performing'), ('mechanical', 'Mechanical'), ('synchronization', 'Synchronization'), ('reproduction', 'Reproduction'), ('making_available', 'Making available'), ('neighboring', 'Neighboring')], max_length=24),
            ),
            migrations.AddField(
                model_name='consent',
                name='lyrics',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.lyrics'),
            ),
            migrations.AddField(
                model_name='licenseasset',
                name='lyrics',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='schedule_lines', to='rights.lyrics'),
            ),
            migrations.AddField(
                model_name='share',
                name='lyrics',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='rights.lyrics'),
            ),
            migrations.AddField(
                model_name='consent',
                name='model',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.model'),
            ),
            migrations.AddField(
                model_name='consent',
                name='model_version',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.modelversion'),
            ),
            migrations.AddField(
                model_name='consent',
                name='authority',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.representation'),
            ),
            migrations.AddField(
                model_name='consentevent',
                name='authority',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.representation'),
            ),
            migrations.AddField(
                model_name='consent',
                name='stem',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.stem'),
            ),
            migrations.AddField(
                model_name='licenseasset',
                name='stem',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='schedule_lines', to='rights.stem'),
            ),
            migrations.AddField(
                model_name='share',
                name='stem',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='rights.stem'),
            ),
            migrations.AddField(
                model_name='consent',
                name='terms',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.termsversion'),
            ),
            migrations.AddField(
                model_name='license',
                name='terms',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='licenses', to='rights.termsversion'),
            ),
            migrations.AddField(
                model_name='consent',
                name='voice',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='rights.voice'),
            ),
            migrations.AddField(
                model_name='licenseasset',
                name='voice',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='schedule_lines', to='rights.voice'),
            ),
            migrations.AddField(
                model_name='share',
                name='voice',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='rights.voice'),
            ),
            migrations.AddField(
                model_name='consent',
                name='asset_id',
                field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True)),
            ),
            migrations.AddField(
                model_name='licenseasset',
                name='asset_id',
                field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True)),
            ),
            migrations.AddField(
                model_name='share',
                name='asset_id',
                field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True)),
            ),
            migrations.AddConstraint(
                model_name='recordingwork',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('portion_denominator__isnull', True), ('portion_numerator__isnull', True)), models.Q(('portion_denominator__gt', 0), ('portion_numerator__gt', 0), ('portion_numerator__lte', models.F('portion_denominator'))), _connector='OR'), name='portion_is_a_part_of_the_recording'),
            ),
            migrations.AddConstraint(
                model_name='recordingwork',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_ms__isnull', True), ('start_ms__isnull', True)), ('end_ms__gt', models.F('start_ms')), _connector='OR'), name='portion_ends_after_it_begins'),
            ),
            migrations.AddConstraint(
                model_name='consentevent',
                constraint=models.UniqueConstraint(condition=models.Q(('act', 'viewed'), _negated=True), fields=('consent', 'act'), name='consent_is_granted_and_withdrawn_once'),
            ),
            migrations.AddConstraint(
                model_name='consentevent',
                constraint=models.UniqueConstraint(fields=('consent', 'position'), name='consent_event_has_its_own_position'),
            ),
            migrations.AddConstraint(
                model_name='license',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('influence_denominator__isnull', True), ('influence_numerator__isnull', True)), models.Q(('influence_denominator__gt', 0), ('influence_numerator__gt', 0), ('influence_numerator__lte', models.F('influence_denominator'))), _connector='OR'), name='licensed_influence_is_a_part_of_an_output'),
            ),
            migrations.AddConstraint(
                model_name='license',
                constraint=models.CheckConstraint(condition=models.Q(('release_from__isnull', True), ('release_to__isnull', True), ('release_to__gt', models.F('release_from')), _connector='OR'), name='release_window_ends_after_it_begins'),
            ),
            migrations.AddIndex(
                model_name='share',
                index=models.Index(fields=['asset_id'], name='share_of_asset'),
            ),
            migrations.AddConstraint(
                model_name='consent',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), ('is_list', False)), models.Q(django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 0), ('is_list', True)), _connector='OR'), name='consent_is_of_one_asset'),
            ),
            migrations.AddConstraint(
                model_name='consent',
                constraint=models.CheckConstraint(condition=models.Q(('licensee__isnull', True), ('licensee_role', ''), _connector='OR'), name='consent_is_to_one_or_to_a_role'),
            ),
            migrations.AddConstraint(
                model_name='consent',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('influence_denominator__isnull', True), ('influence_numerator__isnull', True)), models.Q(('influence_denominator__gt', 0), ('influence_numerator__gt', 0), ('influence_numerator__lte', models.F('influence_denominator'))), _connector='OR'), name='influence_is_a_part_of_an_output'),
            ),
            migrations.AddConstraint(
                model_name='licenseasset',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='schedule_line_is_of_one_asset'),
            ),
            migrations.AddConstraint(
                model_name='licenseasset',
                constraint=models.UniqueConstraint(fields=('asset_id', 'license'), name='asset_is_scheduled_once'),
            ),
            migrations.AddConstraint(
                model_name='share',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='share_is_of_one_asset'),
            ),
        ]),
        migrations.RunSQL(
            """
            ALTER TABLE rights_exclusiveright ADD CONSTRAINT no_two_exclusives EXCLUDE USING gist
                (asset WITH &&, int4range(use, use, '[]') WITH &&, countries WITH &&, valid WITH &&);
            """,
            "ALTER TABLE rights_exclusiveright DROP CONSTRAINT no_two_exclusives;",
        ),
    ]
