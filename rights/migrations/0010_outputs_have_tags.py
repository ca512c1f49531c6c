"""An output may say its own ISRC and bring a cover, which are written into its file before it is signed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0009_contribution_records")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="isrc",
            field=models.CharField(blank=True, db_default="", max_length=12, verbose_name="ISRC"),
        ),
        migrations.AddField(
            model_name="submission",
            name="cover_digest",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
    ]
