"""Every column that can hold words or bytes is classified: personal, with what an erasure does, or not personal."""

from __future__ import annotations

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from rights.personal import GROUNDS, NOT_PERSONAL, PERSONAL, DataClass, Fate, Kept

WORDS = (models.CharField, models.TextField, models.BinaryField, models.JSONField, ArrayField)


def columns() -> set[tuple[str, str]]:
    return {
        (f"{app}.{model.__name__}", field.name)
        for app in ("rights", "ledger", "provenance", "royalties")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, WORDS)
    }


PERSONAL_COLUMNS = [(column.model, column.name) for column in PERSONAL]
OTHERS = [(model, name) for model, names in NOT_PERSONAL.items() for name in names]


def test_every_column_of_words_is_classified_once() -> None:
    listed = PERSONAL_COLUMNS + OTHERS
    assert len(listed) == len(set(listed))
    assert columns() - set(listed) == set(), "say in rights/personal.py what this column holds"
    assert set(listed) - columns() == set(), "rights/personal.py names columns that are gone"


def test_what_identifies_somebody_does_not_survive_an_erasure() -> None:
    for column in PERSONAL:
        if column.of in {DataClass.IDENTITY, DataClass.BIOMETRIC}:
            assert column.fate is not Fate.STAYS, column


def test_what_is_only_made_unreadable_is_sealed() -> None:
    for column in PERSONAL:
        if column.fate is Fate.UNREADABLE:
            assert column.kept is Kept.SEALED, column


def test_what_stays_has_a_ground() -> None:
    assert {column.of for column in PERSONAL if column.fate is Fate.STAYS} <= set(GROUNDS)
