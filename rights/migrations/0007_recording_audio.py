"""Audio may be delivered of a recording that was registered without any."""

import django.db.models.deletion
from django.db import migrations, models

# A recording has one audio: that which it was registered with, or one that came later.
ONE_AUDIO = """
CREATE FUNCTION refuse_second_audio() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rights_recording WHERE id = NEW.recording_id AND reference_id IS NOT NULL) THEN
        RAISE EXCEPTION 'the recording has audio already'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'recording_has_one_audio';
    END IF;
    IF EXISTS (SELECT 1 FROM rights_recording WHERE reference_id = NEW.reference_id) THEN
        RAISE EXCEPTION 'the reference is the audio of another recording'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'one_delivery_per_reference';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recording_has_one_audio BEFORE INSERT ON rights_recordingaudio
    FOR EACH ROW EXECUTE FUNCTION refuse_second_audio();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fingerprint", "0002_index_in_files"),
        ("rights", "0006_reviews"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordingAudio",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("recorded_at", models.DateTimeField()),
                (
                    "recording",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="rights.recording",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="fingerprint.reference",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("recording",), name="audio_is_delivered_once"),
                    models.UniqueConstraint(fields=("reference",), name="one_delivery_per_reference"),
                ],
            },
        ),
        migrations.RunSQL(
            ONE_AUDIO,
            "DROP TRIGGER recording_has_one_audio ON rights_recordingaudio; DROP FUNCTION refuse_second_audio();",
        ),
    ]
