"""Fingerprints may be added to what was enrolled before there were such: since when, or nothing for those it came with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fingerprint", "0004_traces")]

    operations = [
        migrations.AddField(
            model_name="fingerprint",
            name="added_at",
            field=models.DateTimeField(null=True),
        ),
    ]
