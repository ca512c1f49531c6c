"""An output may name the model version that made it, and what it is for: licenses and consents may be bound to them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0004_voice_enrollments")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="model_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="rights.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="purposes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=24), db_default=[], default=list, size=None
            ),
        ),
    ]
