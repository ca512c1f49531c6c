"""Runs with their parts, rates, terms of payees, accounts with their postings, statements."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0011_prompt_commitments'),
        ('royalties', '0001_plans_and_splits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('receipts', 'Receipts'), ('payable', 'Payable'), ('commission', 'Commission'), ('hold', 'Hold'), ('reserve', 'Reserve'), ('advance', 'Advance'), ('deduction', 'Deduction'), ('tax', 'Tax'), ('fx', 'Fx'), ('suspense', 'Suspense'), ('bank', 'Bank')], max_length=16)),
                ('reference', models.CharField(blank=True, max_length=200)),
                ('currency', models.CharField(max_length=3)),
                ('recorded_at', models.DateTimeField()),
                ('party', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='Advance',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('advance', 'Recoupable advance'), ('charge', 'Charge')], max_length=8)),
                ('currency', models.CharField(max_length=3)),
                ('units', models.BigIntegerField()),
                ('group', models.CharField(blank=True, max_length=60)),
                ('assets', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('priority', models.PositiveSmallIntegerField()),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
                ('paid_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='advances', to='rights.party')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('base', models.CharField(max_length=3)),
                ('quote', models.CharField(max_length=3)),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
                ('direction', models.CharField(choices=[('quote_per_base', 'Units of the quote currency for one of the base'), ('base_per_quote', 'Units of the base currency for one of the quote')], max_length=16)),
                ('source', models.CharField(max_length=120)),
                ('on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exchange_rates', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='PayeeTerms',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('currency', models.CharField(max_length=3)),
                ('reserve_numerator', models.BigIntegerField()),
                ('reserve_denominator', models.BigIntegerField()),
                ('reserve_periods', models.PositiveSmallIntegerField()),
                ('threshold_units', models.BigIntegerField()),
                ('payout_currency', models.CharField(max_length=3)),
                ('income_type', models.CharField(max_length=32)),
                ('withholding_numerator', models.BigIntegerField()),
                ('withholding_denominator', models.BigIntegerField()),
                ('recorded_at', models.DateTimeField()),
                ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payee_terms', to='rights.party')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
            options={
                'verbose_name': "payee's terms",
                'verbose_name_plural': "payees' terms",
            },
        ),
        migrations.CreateModel(
            name='RoyaltyRun',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('period_from', models.DateField()),
                ('period_to', models.DateField()),
                ('timezone', models.CharField(max_length=64)),
                ('currency', models.CharField(max_length=3)),
                ('pay_on', models.DateField()),
                ('started_at', models.DateTimeField()),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='royalty_runs', to='rights.party')),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RunEvent',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('frozen', 'Frozen'), ('reconciled', 'Reconciled'), ('stopped', 'Stopped'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('published', 'Published')], max_length=16)),
                ('position', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='royalties.royaltyrun')),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RunPart',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('partitions', models.PositiveSmallIntegerField()),
                ('inputs_digest', models.CharField(max_length=64)),
                ('manifest_digest', models.CharField(max_length=64)),
                ('document', models.TextField()),
                ('recorded_at', models.DateTimeField()),
                ('of_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts_later', to='royalties.royaltyrun')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='royalties.royaltyrun')),
            ],
        ),
        migrations.CreateModel(
            name='RunPartition',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField()),
                ('allocations_digest', models.CharField(max_length=64)),
                ('result_digest', models.CharField(max_length=64)),
                ('document', models.TextField()),
                ('divided_at', models.DateTimeField()),
                ('part', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='royalties.runpart')),
            ],
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('version', models.PositiveSmallIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('lines', models.BigIntegerField()),
                ('allocated', models.BigIntegerField()),
                ('adjusted', models.BigIntegerField()),
                ('granted', models.BigIntegerField()),
                ('earned', models.BigIntegerField()),
                ('held', models.BigIntegerField()),
                ('reserved', models.BigIntegerField()),
                ('released', models.BigIntegerField()),
                ('carried_in', models.BigIntegerField()),
                ('recouped', models.BigIntegerField()),
                ('deducted', models.BigIntegerField()),
                ('base', models.BigIntegerField()),
                ('withholding_numerator', models.BigIntegerField()),
                ('withholding_denominator', models.BigIntegerField()),
                ('withholding_exact', models.CharField(max_length=80)),
                ('withheld', models.BigIntegerField()),
                ('carried_out', models.BigIntegerField()),
                ('payable', models.BigIntegerField()),
                ('payout_currency', models.CharField(max_length=3)),
                ('payout_units', models.BigIntegerField()),
                ('payout_exact', models.CharField(max_length=80)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('issued_at', models.DateTimeField()),
                ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='rights.party')),
                ('payout_rate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='royalties.exchangerate')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='royalties.royaltyrun')),
            ],
        ),
        migrations.CreateModel(
            name='TaxCertificate',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('income_type', models.CharField(max_length=32)),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField()),
                ('document_digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
                ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tax_certificates', to='rights.party')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party')),
            ],
        ),
        migrations.CreateModel(
            name='Transaction',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('earned', 'Earned'), ('adjusted', 'Adjusted'), ('settled', 'Settled'), ('released', 'Released'), ('refunded', 'Refunded'), ('advanced', 'Advanced'), ('guaranteed', 'Guaranteed')], max_length=16)),
                ('value_on', models.DateField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('booked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('of_run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='royalties.royaltyrun')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='rights.party')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='royalties.royaltyrun')),
            ],
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('units', models.BigIntegerField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='royalties.account')),
                ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='royalties.transaction')),
            ],
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(fields=('payer', 'kind', 'party', 'reference', 'currency'), name='account_is_opened_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='advance',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='advance_is_more_than_nothing'),
        ),
        migrations.AddConstraint(
            model_name='advance',
            constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gte', 0), ('numerator__lte', models.F('denominator'))), name='recoupment_is_a_part_of_the_whole'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gt', 0)), name='rate_is_more_than_nothing'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('base', models.F('quote')), _negated=True), name='rate_is_between_two_currencies'),
        ),
        migrations.AddConstraint(
            model_name='payeeterms',
            constraint=models.CheckConstraint(condition=models.Q(('reserve_denominator__gt', 0), ('reserve_numerator__gte', 0), ('reserve_numerator__lte', models.F('reserve_denominator'))), name='reserve_is_a_part_of_the_whole'),
        ),
        migrations.AddConstraint(
            model_name='payeeterms',
            constraint=models.CheckConstraint(condition=models.Q(('withholding_denominator__gt', 0), ('withholding_numerator__gte', 0), ('withholding_numerator__lte', models.F('withholding_denominator'))), name='withholding_is_a_part_of_the_whole'),
        ),
        migrations.AddConstraint(
            model_name='payeeterms',
            constraint=models.CheckConstraint(condition=models.Q(('reserve_periods__gte', 1), ('threshold_units__gte', 0)), name='terms_are_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='royaltyrun',
            constraint=models.UniqueConstraint(fields=('payer', 'currency', 'number'), name='runs_of_a_payer_follow_each_other'),
        ),
        migrations.AddConstraint(
            model_name='royaltyrun',
            constraint=models.UniqueConstraint(fields=('id', 'started_by'), name='run_is_started_by_one'),
        ),
        migrations.AddConstraint(
            model_name='royaltyrun',
            constraint=models.CheckConstraint(condition=models.Q(('period_to__gt', models.F('period_from'))), name='run_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='royaltyrun',
            constraint=models.CheckConstraint(condition=models.Q(('pay_on__gte', models.F('period_to'))), name='run_is_paid_after_its_period'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=models.UniqueConstraint(fields=('run', 'act'), name='run_takes_a_step_once'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=models.UniqueConstraint(fields=('run', 'position'), name='run_takes_one_step_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act', 'approved'), _negated=True), models.Q(('by', models.F('started_by')), _negated=True), _connector='OR'), name='run_takes_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['approved', 'rejected', 'published']), _negated=True), ('by__isnull', False), _connector='OR'), name='run_is_decided_by_a_person'),
        ),
        migrations.AddConstraint(
            model_name='runpart',
            constraint=models.UniqueConstraint(fields=('run', 'of_run'), name='run_divides_a_period_once'),
        ),
        migrations.AddConstraint(
            model_name='runpartition',
            constraint=models.UniqueConstraint(fields=('part', 'number'), name='partition_is_divided_once'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('run', 'payee', 'version'), name='statement_has_its_own_version'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('earned', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('held'), '+', models.F('reserved')), '-', models.F('released')), '-', models.F('carried_in')), '+', models.F('recouped')), '+', models.F('deducted')), '+', models.F('withheld')), '+', models.F('carried_out')), '+', models.F('payable')))), name='statement_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='taxcertificate',
            constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gte', 0), ('numerator__lte', models.F('denominator'))), name='certified_rate_is_a_part_of_the_whole'),
        ),
        migrations.AddConstraint(
            model_name='taxcertificate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__gt', models.F('valid_from'))), name='certificate_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.UniqueConstraint(fields=('transaction', 'account'), name='account_is_posted_to_once'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('units', 0), _negated=True), name='posting_is_of_something'),
        ),
    ]
