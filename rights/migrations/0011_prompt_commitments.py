"""An output may come with a commitment to the prompt that it was made from, which its manifest names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0010_outputs_have_tags")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="prompt_commitment",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
    ]
