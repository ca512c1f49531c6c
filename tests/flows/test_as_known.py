"""The records as they were known at a moment: what hides later facts, for how long, and what it must never touch."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, connections, transaction

from ledger import as_known
from ledger.as_known import Moment
from rights.models import Work
from tests.flows.conftest import World, key, superuser

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

# Rows that are reached through the fact that they belong to, so that a time of their own would say nothing more.
OF_ANOTHER_FACT = {
    "campaigninvitation", "clearanceanswers", "conflictclaim", "consentasset", "consentevidence", "consentoverride",
    "contribution", "contributionact", "contributionevidence", "datasetexclusion", "datasetmember", "finding",
    "influenceweight", "ingredient", "licenseasset", "licensemodelversion", "mfnclause", "nametoken", "partyidentity",
    "appealevidence", "recheckfinding", "releaserecording", "traininglicense", "voicetemplate",
}  # fmt: skip


def names() -> set[str]:
    return set(Work.objects.values_list("title", flat=True))


def path() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return str(cursor.fetchone()[0])


def temporary() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()")
        return int(cursor.fetchone()[0])


def test_of_every_table_it_is_known_whether_it_has_a_time() -> None:
    models = apps.get_app_config("rights").get_models()
    tables = {model._meta.db_table for model in models if as_known.since(model) is None}
    assert tables == {f"rights_{name}" for name in OF_ANOTHER_FACT} | as_known.NOT_KNOWN


def test_what_was_recorded_later_is_hidden_for_as_long_as_one_looks_back(songs: World) -> None:
    first, second = Work.objects.order_by("registered_at")
    moment = Moment(second.registered_at)
    with as_known.looking_back():
        assert names() == {"Work first", "Work second"}
        with as_known.known(moment):
            assert names() == {"Work first"}
            assert not Work.objects.filter(pk=second.pk).exists()
            with as_known.today():
                assert names() == {"Work first", "Work second"}
            as_known.also([second.pk])
            assert names() == {"Work first", "Work second"}
            as_known.turn_to(Moment(None, [first.registered_at]))
            assert names() == {"Work second"}
        assert names() == {"Work first", "Work second"}
        # Within a transaction that goes on, and after a mistake in it.
        with transaction.atomic():
            with as_known.known(Moment(None, [first.registered_at])):
                assert names() == {"Work second"}
            assert names() == {"Work first", "Work second"}
            with pytest.raises(ProgrammingError), as_known.known(moment), connection.cursor() as cursor:
                cursor.execute("SELECT nothing")
            assert names() == {"Work first", "Work second"}
    assert temporary() == 0
    songs.state("/v1/works", {"id": key("third"), "title": "Work third"})
    assert len(names()) == 3


def test_nothing_is_left_of_a_look_back_that_failed() -> None:
    before = path()
    for outer in (nullcontext, transaction.atomic):  # the second is rolled back, and the views with it
        with pytest.raises(ProgrammingError), outer(), as_known.looking_back(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing")
        assert (temporary(), path()) == (0, before)
    with as_known.looking_back():
        assert path() != before
    assert (temporary(), path()) == (0, before)


def test_a_role_that_may_make_no_views_is_told_what_it_needs() -> None:
    name = connections["default"].settings_dict["NAME"]
    with superuser() as login:
        login.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
        try:
            with pytest.raises(as_known.MayNotLookBack), as_known.looking_back():
                pass
        finally:
            login.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC")
    with as_known.looking_back():
        assert temporary() > 0
