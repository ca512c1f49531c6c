"""A leaf is found by its hash. The log goes on growing meanwhile, so the index is made beside it."""

from django.contrib.postgres.indexes import HashIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledger', '0031_witnesses_and_log_keys'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='leaf',
            index=HashIndex(fields=['hash'], name='leaves_are_found_by_hash'),
        ),
    ]
