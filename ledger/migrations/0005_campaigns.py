"""How far a campaign has come, which letters went out; and an artist's invitation enters the log with its consent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT


def guard(column, key):
    return (
        "CREATE CONSTRAINT TRIGGER rights_campaigninvitation_has_its_entry AFTER INSERT ON rights_campaigninvitation"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', '{key}');"
    )


DROP = "DROP TRIGGER rights_campaigninvitation_has_its_entry ON rights_campaigninvitation;"
# Ten thousand artists are not asked in one transaction, so what vouches for an invitation is not the campaign's entry
# but that of the consent that is offered with it.
WITH_CONSENT = DROP + guard("consent_id", "consent_id")
WITH_CAMPAIGN = DROP + guard("campaign_id", "campaign_id")

RECORDED = ["ledger_campaignmailing", "ledger_campaignnotice"]


def guards():
    for table in RECORDED:
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
        yield f"GRANT SELECT, INSERT ON {table} TO ledger_app;", f"REVOKE ALL ON {table} FROM ledger_app;"
        yield f"GRANT SELECT ON {table} TO ledger_auditor;", f"REVOKE ALL ON {table} FROM ledger_auditor;"
    plan = "ledger_campaignplan"
    yield f"GRANT SELECT, INSERT, UPDATE ON {plan} TO ledger_app;", f"REVOKE ALL ON {plan} FROM ledger_app;"
    yield f"GRANT SELECT ON {plan} TO ledger_auditor;", f"REVOKE ALL ON {plan} FROM ledger_auditor;"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_guards_of_rights_in_depth"),
        ("rights", "0002_rights_in_depth"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CampaignPlan",
            fields=[
                ("campaign", models.OneToOneField(on_delete=PROTECT, primary_key=True, related_name="plan", serialize=False, to="rights.campaign")),
                ("document", models.TextField()),
                ("asked", models.PositiveIntegerField()),
                ("offered", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=600)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(choices=[("clear", "Clear"), ("import", "Import"), ("campaign", "Campaign"), ("mailing", "Mailing"), ("closing", "Closing")], max_length=16),
        ),
        migrations.CreateModel(
            name="CampaignMailing",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("invitation", "Invitation"), ("reminder", "Reminder")], max_length=16)),
                ("requested_at", models.DateTimeField()),
                ("campaign", models.ForeignKey(on_delete=PROTECT, related_name="mailings", to="rights.campaign")),
                ("requested_by", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="CampaignNotice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(choices=[("email", "E-mail"), ("desk", "Shown at the desk"), ("no_address", "No address")], max_length=16)),
                ("recorded_at", models.DateTimeField()),
                ("invitation", models.ForeignKey(on_delete=PROTECT, related_name="notices", to="rights.campaigninvitation")),
                ("mailing", models.ForeignKey(null=True, on_delete=PROTECT, related_name="notices", to="ledger.campaignmailing")),
                ("shown_to", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailing", "invitation"), name="letter_goes_out_once_a_mailing")],
            },
        ),
        migrations.RunSQL(WITH_CONSENT, WITH_CAMPAIGN),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
