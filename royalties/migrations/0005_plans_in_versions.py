"""Plans have versions, models, quantities and terms of money; splits have versions and say where parts come from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0011_prompt_commitments'),
        ('royalties', '0004_usage'),
    ]

    operations = [
        migrations.CreateModel(
            name='Division',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('reason', models.CharField(choices=[('rights', 'Rights'), ('influence', 'Influence'), ('plan', 'Plan'), ('creators', 'Creators'), ('asked', 'Asked')], max_length=16)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('effective_on', models.DateField()),
                ('known_at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PlanModel',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('side', models.CharField(choices=[('master', 'masters'), ('publishing', 'publishing')], max_length=10)),
                ('is_fallback', models.BooleanField()),
                ('position', models.PositiveSmallIntegerField()),
                ('model', models.CharField(choices=[('train_equal', 'Train equal'), ('train_prorata', 'Train prorata'), ('output_influence', 'Output influence'), ('own_similarity', 'Own similarity')], max_length=16)),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
                ('basis', models.CharField(blank=True, choices=[('seconds', 'Seconds'), ('tokens', 'Tokens'), ('tracks', 'Tracks')], max_length=8)),
                ('threshold_numerator', models.BigIntegerField(blank=True, null=True)),
                ('threshold_denominator', models.BigIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PlanQuantity',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('basis', models.CharField(choices=[('seconds', 'Seconds'), ('tokens', 'Tokens'), ('tracks', 'Tracks')], max_length=8)),
                ('amount', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='PlanTerm',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('minimum', 'Minimum'), ('advance', 'Advance'), ('buyout', 'Buyout'), ('training_fee', 'Training fee'), ('per_generation', 'Per generation'), ('sub_share', 'Sub share'), ('downstream', 'Downstream'), ('statutory', 'Statutory')], max_length=14)),
                ('side', models.CharField(blank=True, choices=[('master', 'masters'), ('publishing', 'publishing')], max_length=10)),
                ('amount_minor', models.BigIntegerField(blank=True, null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('rate_numerator', models.BigIntegerField(blank=True, null=True)),
                ('rate_denominator', models.BigIntegerField(blank=True, null=True)),
                ('from_count', models.BigIntegerField(blank=True, null=True)),
                ('is_recoupable', models.BooleanField(blank=True, null=True)),
                ('group', models.CharField(blank=True, max_length=40)),
                ('priority', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('period_from', models.DateField(blank=True, null=True)),
                ('period_to', models.DateField(blank=True, null=True)),
                ('source', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='SplitSource',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('zone', models.PositiveSmallIntegerField()),
                ('leaf', models.CharField(max_length=96)),
                ('position', models.PositiveSmallIntegerField()),
                ('model', models.CharField(blank=True, max_length=80)),
                ('is_fallback', models.BooleanField()),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='plan',
            name='one_plan_per_license',
        ),
        migrations.RemoveConstraint(
            model_name='split',
            name='leaf_is_split_once',
        ),
        migrations.AddField(
            model_name='plan',
            name='number',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='plan',
            name='party',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='rights.party'),
        ),
        migrations.AddField(
            model_name='plan',
            name='reason',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='plan',
            name='recording',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='rights.recording'),
        ),
        migrations.AddField(
            model_name='plan',
            name='release',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='rights.release'),
        ),
        migrations.AddField(
            model_name='plan',
            name='scope',
            field=models.CharField(choices=[('account', 'Account'), ('party', 'Party'), ('release', 'Release'), ('track', 'Track')], default='account', max_length=8),
        ),
        migrations.AddField(
            model_name='plan',
            name='valid_from',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='split',
            name='party',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='splits', to='rights.party'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(fields=('license', 'number'), name='plan_has_its_own_number'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('party', None), ('recording', None), ('release', None), ('scope', 'account')), models.Q(('party__isnull', False), ('recording', None), ('release', None), ('scope', 'party')), models.Q(('party', None), ('recording', None), ('release__isnull', False), ('scope', 'release')), models.Q(('party', None), ('recording__isnull', False), ('release', None), ('scope', 'track')), _connector='OR'), name='plan_names_what_it_is_for'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number', 1), ('scope', 'account'), ('valid_from', None)), models.Q(('number__gt', 1), ('valid_from__isnull', False)), _connector='OR'), name='first_plan_is_for_all_of_the_license'),
        ),
        migrations.AddField(
            model_name='division',
            name='decision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='divisions', to='rights.decision'),
        ),
        migrations.AddField(
            model_name='split',
            name='division',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='splits', to='royalties.division'),
        ),
        migrations.AddConstraint(
            model_name='split',
            constraint=models.UniqueConstraint(fields=('decision', 'division', 'zone', 'leaf'), name='leaf_is_split_once_a_version', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='split',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('party__isnull', False), models.Q(('leaf__endswith', '/HOLD'), _negated=True)), models.Q(('division__isnull', False), ('leaf__endswith', '/HOLD'), ('party', None)), _connector='OR'), name='only_what_is_held_is_nobodys'),
        ),
        migrations.AddField(
            model_name='planmodel',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='models', to='royalties.plan'),
        ),
        migrations.AddField(
            model_name='planmodel',
            name='provider',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
        ),
        migrations.AddField(
            model_name='planquantity',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quantities', to='royalties.plan'),
        ),
        migrations.AddField(
            model_name='planquantity',
            name='recording',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.recording'),
        ),
        migrations.AddField(
            model_name='planquantity',
            name='work',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.work'),
        ),
        migrations.AddField(
            model_name='planterm',
            name='party',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plan_terms', to='rights.party'),
        ),
        migrations.AddField(
            model_name='planterm',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='royalties.plan'),
        ),
        migrations.AddField(
            model_name='splitsource',
            name='decision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='split_sources', to='rights.decision'),
        ),
        migrations.AddField(
            model_name='splitsource',
            name='division',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sources', to='royalties.division'),
        ),
        migrations.AddField(
            model_name='splitsource',
            name='influence',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='split_sources', to='rights.influence'),
        ),
        migrations.AddField(
            model_name='splitsource',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='split_sources', to='royalties.plan'),
        ),
        migrations.AddField(
            model_name='splitsource',
            name='share',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='split_sources', to='rights.share'),
        ),
        migrations.AddConstraint(
            model_name='division',
            constraint=models.UniqueConstraint(fields=('decision', 'number'), name='division_has_its_own_number'),
        ),
        migrations.AddConstraint(
            model_name='division',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 2)), name='first_splits_come_with_the_decision'),
        ),
        migrations.AddConstraint(
            model_name='planmodel',
            constraint=models.UniqueConstraint(fields=('plan', 'side', 'is_fallback', 'position'), name='plan_model_has_its_own_position'),
        ),
        migrations.AddConstraint(
            model_name='planmodel',
            constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gt', 0), ('numerator__lte', models.F('denominator'))), name='plan_model_weighs_a_part_of_its_side'),
        ),
        migrations.AddConstraint(
            model_name='planmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis', ''), ('is_fallback', False), ('model', 'output_influence'), ('provider__isnull', False), ('threshold_denominator__gt', 0), ('threshold_numerator__gte', 0), ('threshold_numerator__lte', models.F('threshold_denominator'))), models.Q(('model', 'train_prorata'), ('provider', None), ('threshold_denominator', None), ('threshold_numerator', None), models.Q(('basis', ''), _negated=True)), models.Q(('basis', ''), ('model__in', ['train_equal', 'own_similarity']), ('provider', None), ('threshold_denominator', None), ('threshold_numerator', None)), _connector='OR'), name='plan_model_names_what_it_needs'),
        ),
        migrations.AddConstraint(
            model_name='planmodel',
            constraint=models.CheckConstraint(condition=models.Q(('is_fallback', True), ('model', 'own_similarity'), _negated=True), name='fallback_always_has_an_answer'),
        ),
        migrations.AddConstraint(
            model_name='planquantity',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('recording__isnull', False), ('work', None)), models.Q(('recording', None), ('work__isnull', False)), _connector='OR'), name='plan_quantity_is_of_one_asset'),
        ),
        migrations.AddConstraint(
            model_name='planquantity',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='plan_quantity_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='planquantity',
            constraint=models.UniqueConstraint(fields=('plan', 'basis', 'recording', 'work'), name='asset_has_one_quantity_a_basis', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='planterm',
            constraint=models.UniqueConstraint(fields=('plan', 'position'), name='plan_term_has_its_own_position'),
        ),
        migrations.AddConstraint(
            model_name='planterm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('period_from', None), ('period_to', None)), ('period_to__gt', models.F('period_from')), _connector='OR'), name='plan_term_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='planterm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rate_denominator', None), ('rate_numerator', None)), models.Q(('rate_denominator__gt', 0), ('rate_numerator__gte', 0), ('rate_numerator__lte', models.F('rate_denominator'))), _connector='OR'), name='plan_rate_is_a_part_of_the_whole'),
        ),
        migrations.AddConstraint(
            model_name='planterm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor', None), ('currency', '')), models.Q(('amount_minor__gte', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='plan_amount_has_its_currency'),
        ),
        migrations.AddConstraint(
            model_name='planterm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__isnull', False), ('is_recoupable__isnull', False), ('kind', 'minimum'), ('period_from__isnull', False), ('period_to__isnull', False), ('rate_numerator', None)), models.Q(('amount_minor__isnull', False), ('kind', 'advance'), ('rate_numerator__isnull', False)), models.Q(('amount_minor__isnull', False), ('kind__in', ['buyout', 'training_fee']), ('rate_numerator', None)), models.Q(('amount_minor__isnull', False), ('from_count__gt', 0), ('kind', 'per_generation'), ('rate_numerator', None)), models.Q(('amount_minor', None), ('kind__in', ['sub_share', 'downstream']), ('rate_numerator__isnull', False)), models.Q(('amount_minor', None), ('kind', 'statutory'), ('rate_numerator__isnull', False), models.Q(('source', ''), _negated=True)), _connector='OR'), name='plan_term_says_what_its_kind_needs'),
        ),
        migrations.AddConstraint(
            model_name='splitsource',
            constraint=models.UniqueConstraint(fields=('decision', 'division', 'zone', 'leaf', 'position'), name='split_source_has_its_own_position', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='splitsource',
            constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gt', 0), ('numerator__lte', models.F('denominator'))), name='split_source_is_a_part_of_the_whole'),
        ),
    ]
