"""How holders describe recordings, what datasets leave out, and what providers declare of training."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.lookups
import rights.models.conditions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0011_prompt_commitments'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='despite',
            field=models.CharField(blank=True, db_default='', max_length=300),
        ),
        migrations.CreateModel(
            name='DatasetExclusion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('quantity', models.PositiveIntegerField()),
                ('reason', models.CharField(choices=[('reserved', 'Reserved'), ('withdrawn', 'Withdrawn'), ('not_licensed', 'Not licensed'), ('not_consented', 'Not consented'), ('asked', 'Asked'), ('protected', 'Protected'), ('quality', 'Quality'), ('duplicate', 'Duplicate'), ('illegal', 'Illegal'), ('other', 'Other')], max_length=16)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('asset_id', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('recording'), models.F('work'), models.F('voice'), models.F('stem'), models.F('lyrics')), output_field=models.UUIDField(null=True))),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='rights.dataset')),
                ('event', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='rights.consentevent')),
                ('lyrics', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.lyrics')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.recording')),
                ('reservation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='rights.reservation')),
                ('stem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.stem')),
                ('voice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.voice')),
                ('work', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.work')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), ('quantity', 1)), models.Q(django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 0), models.Q(('note', ''), _negated=True), ('quantity__gt', 0)), _connector='OR'), name='exclusion_is_of_an_asset_or_in_words'), models.UniqueConstraint(fields=('dataset', 'asset_id'), name='asset_is_left_out_once')],
            },
        ),
        migrations.CreateModel(
            name='RecordingDescription',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('genres', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=35), blank=True, default=list, size=None)),
                ('regions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=6), blank=True, default=list, size=None)),
                ('recorded_year', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('lead_voice', models.CharField(blank=True, choices=[('female', 'Female'), ('male', 'Male'), ('several', 'Several'), ('other', 'Other'), ('none', 'None')], max_length=8)),
                ('recorded_at', models.DateTimeField()),
                ('describer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='descriptions', to='rights.party')),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='descriptions', to='rights.recording')),
                ('registrar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'indexes': [models.Index(fields=['recording', 'describer', '-recorded_at', 'id'], name='description_newest_first')],
                'constraints': [models.CheckConstraint(condition=models.Q(('recorded_year__isnull', True), ('recorded_year__range', (1857, 2199)), _connector='OR'), name='recording_was_made_since_1857')],
            },
        ),
        migrations.CreateModel(
            name='TrainingStatement',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('model_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='rights.modelversion')),
                ('stated_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='training_statements', to='rights.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('model_version', 'number'), name='training_statement_has_its_own_number')],
            },
        ),
    ]
