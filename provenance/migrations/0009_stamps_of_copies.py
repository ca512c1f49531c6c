"""A copy in another container gets a time stamp of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0008_certificates_count_facts")]

    operations = [
        migrations.AlterField(
            model_name="timestamp",
            name="manifest",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="timestamp",
                to="provenance.manifest",
            ),
        ),
        migrations.AddField(
            model_name="timestamp",
            name="copy",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="timestamp",
                to="provenance.signedcopy",
            ),
        ),
        migrations.AddConstraint(
            model_name="timestamp",
            constraint=models.CheckConstraint(
                condition=models.Q(("manifest__isnull", True), ("copy__isnull", True), _connector="XOR"),
                name="timestamp_is_of_one_file",
            ),
        ),
    ]
