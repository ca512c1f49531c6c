"""What recipients were told about how an output was made."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('provenance', '0005_signed_copies'),
        ('rights', '0009_contribution_records'),
    ]

    operations = [
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('recipient', models.CharField(max_length=60)),
                ('profile', models.CharField(max_length=40)),
                ('profile_version', models.CharField(max_length=32)),
                ('statement', models.BinaryField()),
                ('statement_digest', models.CharField(max_length=64)),
                ('message', models.CharField(blank=True, max_length=120)),
                ('sent_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('record', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disclosures', to='rights.contributionrecord')),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disclosures', to='rights.party')),
                ('submission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disclosures', to='rights.submission')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_at__lte', models.F('recorded_at'))), name='disclosure_is_recorded_once_it_is_sent')],
            },
        ),
    ]
