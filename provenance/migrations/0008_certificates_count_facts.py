"""A certificate knows on how many facts it rests, so that one more makes another due."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0007_timestamps_and_signers")]

    operations = [
        migrations.AddField(
            model_name="certificate", name="rests_on", field=models.PositiveIntegerField(db_default=0)
        ),
    ]
