"""The sequencer reads the entries in the statement that places their leaves: a foreign key asked again for each."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0036_entries_are_taken_in'),
    ]

    operations = [
        migrations.AlterField(
            model_name='leaf',
            name='entry',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='leaf', to='ledger.entry'),
        ),
    ]
