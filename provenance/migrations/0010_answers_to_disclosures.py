"""What recipients answered to what they were told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('provenance', '0009_stamps_of_copies'),
    ]

    operations = [
        migrations.CreateModel(
            name='DisclosureAnswer',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('answer', models.CharField(choices=[('accepted', 'Accepted'), ('rejected', 'Rejected'), ('changed', 'Changed')], max_length=16)),
                ('code', models.CharField(blank=True, max_length=60)),
                ('document_digest', models.CharField(blank=True, max_length=64)),
                ('answered_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('disclosure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='provenance.disclosure')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('answered_at__lte', models.F('recorded_at'))), name='answer_is_recorded_once_it_is_given'), models.CheckConstraint(condition=models.Q(('answer__in', ('accepted', 'rejected', 'changed'))), name='answer_is_one_of_three')],
            },
        ),
    ]
