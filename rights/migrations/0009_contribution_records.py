"""Who or what made an output: people with what they did, evidence, and records that correct the one before."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0008_assets_are_known_since'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContributionAct',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('component', models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering'), ('artwork', 'Artwork'), ('video', 'Video')], max_length=24)),
                ('act', models.CharField(choices=[('perceptible_input', 'Perceptible input'), ('modification', 'Modification'), ('selection_and_arrangement', 'Selection'), ('prompt_only', 'Prompt')], max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='ContributionEvidence',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('component', models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering'), ('artwork', 'Artwork'), ('video', 'Video')], max_length=24)),
                ('kind', models.CharField(choices=[('session', 'Session'), ('stem', 'Stem'), ('take', 'Take'), ('sketch', 'Sketch'), ('prompt', 'Prompt'), ('document', 'Document')], max_length=16)),
                ('digest', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='ContributionRecord',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(max_length=600)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='contribution',
            name='contribution_has_its_own_position',
        ),
        migrations.AddField(
            model_name='contribution',
            name='is_generative',
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='contribution',
            name='tool_version',
            field=models.CharField(blank=True, db_default='', max_length=60),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='component',
            field=models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering'), ('artwork', 'Artwork'), ('video', 'Video')], max_length=24),
        ),
        migrations.AlterField(
            model_name='recordingvoice',
            name='component',
            field=models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering'), ('artwork', 'Artwork'), ('video', 'Video')], max_length=24),
        ),
        migrations.AlterField(
            model_name='stem',
            name='component',
            field=models.CharField(choices=[('lyrics', 'Lyrics'), ('melody', 'Melody'), ('arrangement', 'Arrangement'), ('lead_vocal', 'Lead vocal'), ('backing_vocal', 'Backing vocal'), ('instruments', 'Instruments'), ('production', 'Production'), ('mastering', 'Mastering'), ('artwork', 'Artwork'), ('video', 'Video')], max_length=24),
        ),
        migrations.AddField(
            model_name='contributionact',
            name='party',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contribution_acts', to='rights.party'),
        ),
        migrations.AddField(
            model_name='contributionact',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contribution_acts', to='rights.submission'),
        ),
        migrations.AddField(
            model_name='contributionevidence',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contribution_evidence', to='rights.submission'),
        ),
        migrations.AddField(
            model_name='contributionrecord',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contribution_records', to='rights.party'),
        ),
        migrations.AddField(
            model_name='contributionrecord',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contribution_records', to='rights.submission'),
        ),
        migrations.AddField(
            model_name='contributionevidence',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='rights.contributionrecord'),
        ),
        migrations.AddField(
            model_name='contributionact',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='rights.contributionrecord'),
        ),
        migrations.AddField(
            model_name='contribution',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='contributions', to='rights.contributionrecord'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.UniqueConstraint(fields=('submission', 'record', 'position'), name='contribution_has_its_own_position', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='contributionrecord',
            constraint=models.UniqueConstraint(fields=('submission', 'position'), name='contribution_record_has_its_own_place'),
        ),
        migrations.AddConstraint(
            model_name='contributionevidence',
            constraint=models.UniqueConstraint(fields=('submission', 'record', 'component', 'digest'), name='making_evidence_is_named_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='contributionact',
            constraint=models.UniqueConstraint(fields=('submission', 'record', 'component', 'party', 'act'), name='act_is_stated_once', nulls_distinct=False),
        ),
    ]
