"""Whether assets are there and since when, and which works are in recordings, is read from indexes alone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0007_recording_audio")]

    operations = [
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(fields=["id"], include=["registered_at"], name="recording_is_known_since"),
        ),
        migrations.AddIndex(
            model_name="work",
            index=models.Index(fields=["id"], include=["registered_at"], name="work_is_known_since"),
        ),
        migrations.AddIndex(
            model_name="recordingwork",
            index=models.Index(
                fields=["recording"], include=["work", "recorded_at"], name="works_are_found_by_recording"
            ),
        ),
        # Its own index begins with the same column as the one above.
        migrations.AlterField(
            model_name="recordingwork",
            name="recording",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="work_links",
                to="rights.recording",
            ),
        ),
    ]
