"""Links by which payees open their statements without a login."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0011_prompt_commitments'),
        ('royalties', '0005_plans_in_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PayeeLinkEnd',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PayeeLink',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('token_digest', models.CharField(max_length=64)),
                ('opens_until', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payee_links', to='rights.party')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
        ),
        migrations.AddField(
            model_name='statementobjection',
            name='link',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='royalties.payeelink'),
        ),
        migrations.AddConstraint(
            model_name='statementobjection',
            constraint=models.CheckConstraint(condition=models.Q(('link', None), ('objected_by', None), _connector='OR'), name='objection_comes_one_way'),
        ),
        migrations.AddField(
            model_name='payeelinkend',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payeelinkend',
            name='link',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='royalties.payeelink'),
        ),
        migrations.AddConstraint(
            model_name='payeelink',
            constraint=models.UniqueConstraint(fields=('token_digest',), name='payee_link_has_its_own_secret'),
        ),
        migrations.AddConstraint(
            model_name='payeelink',
            constraint=models.CheckConstraint(condition=models.Q(('opens_until__gt', models.F('recorded_at'))), name='payee_link_opens_for_a_time'),
        ),
    ]
