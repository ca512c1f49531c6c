"""How many outputs were cleared under a license is asked at each clearance: an index finds the decisions."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_rights_in_depth")]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=django.contrib.postgres.indexes.GinIndex(fields=["licenses"], name="decision_rests_on_licenses"),
        ),
    ]
