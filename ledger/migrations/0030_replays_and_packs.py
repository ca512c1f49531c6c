"""What came of deciding again, and packs that were asked for: guarded, and in no entry."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RECORDED = ["ledger_replayround", "ledger_replayedentry", "ledger_packorder", "ledger_packpart"]
WORKING = ["ledger_packprogress"]


def guards():
    for table in RECORDED:
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
    for table in WORKING:
        yield (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ledger_app;",
            f"REVOKE ALL ON {table} FROM ledger_app;",
        )
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ledger_app;", migrations.RunSQL.noop


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0029_payee_links'),
        ('rights', '0011_prompt_commitments'),
        ('royalties', '0005_plans_in_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PackOrder',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('about', models.CharField(choices=[('output', 'Output'), ('party', 'Party'), ('run', 'Royalty run'), ('period', 'Period')], max_length=12)),
                ('active_from', models.DateField(blank=True, null=True)),
                ('active_to', models.DateField(blank=True, null=True)),
                ('is_whole', models.BooleanField()),
                ('sees', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('against', models.TextField(blank=True)),
                ('ordered_at', models.DateTimeField()),
                ('ordered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='royalties.royaltyrun')),
                ('submission', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.submission')),
            ],
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('clear', 'Clear'), ('import', 'Import'), ('campaign', 'Campaign'), ('mailing', 'Mailing'), ('closing', 'Closing'), ('rehearse', 'Rehearse'), ('reverse', 'Reverse'), ('list', 'List'), ('enroll', 'Enroll'), ('copy', 'Copy'), ('search', 'Search'), ('stamp', 'Stamp'), ('freeze', 'Freeze'), ('divide', 'Divide'), ('reconcile', 'Reconcile'), ('usage', 'Usage'), ('pack', 'Pack')], max_length=16),
        ),
        migrations.CreateModel(
            name='PackProgress',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='progress', serialize=False, to='ledger.packorder')),
                ('entries', models.BigIntegerField(default=0)),
                ('done', models.BigIntegerField(default=0)),
                ('size_bytes', models.BigIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PackPart',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('entries', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='ledger.packorder')),
            ],
        ),
        migrations.CreateModel(
            name='ReplayRound',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('root', models.CharField(max_length=64)),
                ('drawn', models.PositiveIntegerField()),
                ('same', models.PositiveIntegerField()),
                ('different', models.PositiveIntegerField()),
                ('lost', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('size',), name='checkpoint_draws_once')],
            },
        ),
        migrations.CreateModel(
            name='ReplayedEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('result', models.CharField(choices=[('same', 'Same'), ('different', 'Different'), ('lost', 'Lost')], max_length=12)),
                ('differences', models.JSONField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replays', to='ledger.entry')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.replayround')),
            ],
            options={
                'verbose_name_plural': 'replayed entries',
            },
        ),
        migrations.AddConstraint(
            model_name='packorder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about', 'output'), ('active_from', None), ('active_to', None), ('party', None), ('run', None), ('submission__isnull', False)), models.Q(('about', 'party'), ('active_from', None), ('active_to', None), ('party__isnull', False), ('run', None), ('submission', None)), models.Q(('about', 'run'), ('active_from', None), ('active_to', None), ('party', None), ('run__isnull', False), ('submission', None)), models.Q(('about', 'period'), ('active_to__gt', models.F('active_from')), ('party', None), ('run', None), ('submission', None)), _connector='OR'), name='pack_is_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='packpart',
            constraint=models.UniqueConstraint(fields=('order', 'number'), name='part_of_a_pack_is_made_once'),
        ),
        migrations.AddConstraint(
            model_name='replayedentry',
            constraint=models.UniqueConstraint(fields=('round', 'entry'), name='entry_is_drawn_once_a_round'),
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
