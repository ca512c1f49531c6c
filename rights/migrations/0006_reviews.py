"""What people decide about an output, what is said against it, and what is found once it is out."""

import django.contrib.postgres.fields
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
        ('fingerprint', '0001_audio_and_fingerprints'),
        ('rights', '0005_outputs_name_model_and_purposes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('expires_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('ground', models.CharField(choices=[('not_the_same', 'Not the same'), ('common_material', 'Common material'), ('own_material', 'Own material'), ('licensed', 'Licensed'), ('consented', 'Consented')], max_length=24)),
                ('statement', models.CharField(max_length=1000)),
                ('appealed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AppealAnswer',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('is_upheld', models.BooleanField()),
                ('reason', models.CharField(choices=[('not_the_same', 'Not the same'), ('common_material', 'Common material'), ('heard_after_all', 'Heard after all'), ('explained', 'Explained'), ('consent_evidenced', 'Consent evidenced'), ('same_material', 'Same material'), ('same_voice', 'Same voice'), ('not_heard', 'Not heard'), ('not_explained', 'Not explained'), ('not_agreed', 'Not agreed')], max_length=24)),
                ('note', models.CharField(blank=True, max_length=600)),
                ('answered_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AppealEvidence',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('stems', 'Stems'), ('session_file', 'Session file'), ('prior_isrc', 'Prior isrc'), ('document', 'Document')], max_length=16)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('isrc', models.CharField(blank=True, max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name='Influence',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('method', models.CharField(max_length=120)),
                ('version', models.CharField(max_length=60)),
                ('confidence_numerator', models.BigIntegerField()),
                ('confidence_denominator', models.BigIntegerField()),
                ('report_digest', models.CharField(max_length=64)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='InfluenceObjection',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=600)),
                ('evidence_digest', models.CharField(blank=True, max_length=64)),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='InfluenceWeight',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Recheck',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('cause', models.CharField(choices=[('index_grew', 'Index grew'), ('consent_ended', 'Consent ended')], max_length=16)),
                ('outcome', models.CharField(choices=[('cleared', 'Cleared'), ('refused', 'Refused'), ('review', 'Review')], max_length=8)),
                ('policy_version', models.CharField(max_length=32)),
                ('bands_id', models.UUIDField()),
                ('known_at', models.DateTimeField()),
                ('rechecked_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='RecheckFinding',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('rule', models.CharField(max_length=48)),
                ('effect', models.CharField(max_length=8)),
                ('sentence', models.CharField(max_length=600)),
                ('rests_on', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('matches', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('outcome', models.CharField(choices=[('cleared', 'Cleared'), ('refused', 'Refused'), ('review', 'Review')], max_length=8)),
                ('reason', models.CharField(choices=[('not_the_same', 'Not the same'), ('common_material', 'Common material'), ('heard_after_all', 'Heard after all'), ('explained', 'Explained'), ('consent_evidenced', 'Consent evidenced'), ('same_material', 'Same material'), ('same_voice', 'Same voice'), ('not_heard', 'Not heard'), ('not_explained', 'Not explained'), ('not_agreed', 'Not agreed')], max_length=24)),
                ('note', models.CharField(blank=True, max_length=600)),
                ('evidence_digest', models.CharField(blank=True, max_length=64)),
                ('reviewed_at', models.DateTimeField()),
            ],
        ),
        Together([
            migrations.RemoveConstraint(
                model_name='decision',
                name='one_decision_per_submission',
            ),
            migrations.AddField(
                model_name='decision',
                name='bands_id',
                field=models.UUIDField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='decision',
                name='supersedes',
                field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successor', to='rights.decision'),
            ),
            migrations.AddField(
                model_name='submission',
                name='expected_currency',
                field=models.CharField(blank=True, db_default='', max_length=3),
            ),
            migrations.AddField(
                model_name='submission',
                name='expected_minor',
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AlterField(
                model_name='outputflag',
                name='event',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='rights.consentevent'),
            ),
            migrations.AddConstraint(
                model_name='decision',
                constraint=models.UniqueConstraint(condition=models.Q(('supersedes__isnull', True)), fields=('submission',), name='one_decision_per_submission'),
            ),
            migrations.AddConstraint(
                model_name='submission',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('expected_currency', ''), ('expected_minor__isnull', True)), models.Q(('expected_currency__regex', '^[A-Z]{3}$'), ('expected_minor__gte', 0)), _connector='OR'), name='expected_amount_has_its_currency'),
            ),
            migrations.AddField(
                model_name='allowance',
                name='reference',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allowances', to='fingerprint.reference'),
            ),
            migrations.AddField(
                model_name='allowance',
                name='submitter',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allowances', to='rights.party'),
            ),
            migrations.AddField(
                model_name='appeal',
                name='appellant',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='rights.party'),
            ),
            migrations.AddField(
                model_name='appeal',
                name='decision',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appeal', to='rights.decision'),
            ),
            migrations.AddField(
                model_name='appealanswer',
                name='appeal',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='rights.appeal'),
            ),
            migrations.AddField(
                model_name='appealanswer',
                name='reviewer',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals_answered', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='allowance',
                name='answer',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allowances', to='rights.appealanswer'),
            ),
            migrations.AddField(
                model_name='appealevidence',
                name='appeal',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='rights.appeal'),
            ),
            migrations.AddField(
                model_name='influence',
                name='provider',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='influences', to='rights.party'),
            ),
            migrations.AddField(
                model_name='influence',
                name='stated_by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.party'),
            ),
            migrations.AddField(
                model_name='influence',
                name='submission',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='influences', to='rights.submission'),
            ),
            migrations.AddField(
                model_name='influenceobjection',
                name='influence',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='rights.influence'),
            ),
            migrations.AddField(
                model_name='influenceobjection',
                name='party',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='influence_objections', to='rights.party'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='influence',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='weights', to='rights.influence'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='lyrics',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.lyrics'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='recording',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.recording'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='stem',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.stem'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='voice',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.voice'),
            ),
            migrations.AddField(
                model_name='influenceweight',
                name='work',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.work'),
            ),
            migrations.AddField(
                model_name='recheck',
                name='decision',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rechecks', to='rights.decision'),
            ),
            migrations.AddField(
                model_name='recheck',
                name='event',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rechecks', to='rights.consentevent'),
            ),
            migrations.AddField(
                model_name='recheck',
                name='examination',
                field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rechecks', to='fingerprint.examination'),
            ),
            migrations.AddField(
                model_name='outputflag',
                name='recheck',
                field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='flag', to='rights.recheck'),
            ),
            migrations.AddConstraint(
                model_name='outputflag',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('event', 'recheck'), 1), name='output_is_flagged_for_one_reason'),
            ),
            migrations.AddField(
                model_name='recheckfinding',
                name='recheck',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='rights.recheck'),
            ),
            migrations.AddField(
                model_name='review',
                name='decision',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='rights.decision'),
            ),
            migrations.AddField(
                model_name='review',
                name='reviewer',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddConstraint(
                model_name='allowance',
                constraint=models.UniqueConstraint(fields=('answer', 'reference'), name='pair_is_allowed_once_an_answer'),
            ),
            migrations.AddConstraint(
                model_name='appealevidence',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('isrc__regex', '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'), ('kind', 'prior_isrc')), models.Q(models.Q(('kind', 'prior_isrc'), _negated=True), ('digest__regex', '^[0-9a-f]{64}$'), ('isrc', '')), _connector='OR'), name='appeal_evidence_is_a_document_or_an_isrc'),
            ),
            migrations.AddConstraint(
                model_name='influence',
                constraint=models.CheckConstraint(condition=models.Q(('confidence_denominator__gt', 0), ('confidence_numerator__gte', 0), ('confidence_numerator__lte', models.F('confidence_denominator'))), name='confidence_is_a_part_of_the_whole'),
            ),
            migrations.AddConstraint(
                model_name='influence',
                constraint=models.UniqueConstraint(fields=('submission', 'provider', 'report_digest'), name='report_is_received_once_an_output'),
            ),
            migrations.AddConstraint(
                model_name='influenceobjection',
                constraint=models.UniqueConstraint(fields=('influence', 'party'), name='party_objects_once_to_a_report'),
            ),
            migrations.AddConstraint(
                model_name='influenceweight',
                constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(rights.models.conditions.NonNulls('recording', 'work', 'voice', 'stem', 'lyrics'), 1), name='influence_weight_is_of_one_asset'),
            ),
            migrations.AddConstraint(
                model_name='influenceweight',
                constraint=models.CheckConstraint(condition=models.Q(('denominator__gt', 0), ('numerator__gt', 0), ('numerator__lte', models.F('denominator'))), name='influence_weight_is_a_part_of_its_side'),
            ),
            migrations.AddConstraint(
                model_name='influenceweight',
                constraint=models.UniqueConstraint(fields=('influence', 'recording', 'work', 'voice', 'stem', 'lyrics'), name='asset_has_one_weight_a_report', nulls_distinct=False),
            ),
            migrations.AddConstraint(
                model_name='recheck',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'consent_ended'), ('event__isnull', False)), models.Q(('cause', 'index_grew'), ('event__isnull', True)), _connector='OR'), name='recheck_names_what_ended'),
            ),
            migrations.AddConstraint(
                model_name='recheckfinding',
                constraint=models.UniqueConstraint(fields=('recheck', 'position'), name='recheck_finding_has_its_own_position'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.UniqueConstraint(fields=('decision', 'position'), name='review_has_its_own_position'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.UniqueConstraint(fields=('decision', 'reviewer'), name='nobody_reviews_twice'),
            ),
            migrations.AddConstraint(
                model_name='review',
                constraint=models.CheckConstraint(condition=models.Q(('outcome', 'review'), _negated=True), name='review_comes_to_an_outcome'),
            ),
        ]),
    ]
