"""The questions of an audit: each finds what was planted, and not its twin; as known then, and with whose eyes."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fingerprint import extract
from ledger import erasure, membership, sequencer
from ledger.auditing import registry
from ledger.auditing.asking import Tally, ask
from ledger.auditing.parameters import BadParameter
from ledger.models import Checkpoint, Cosignature, DossierRead, Membership
from ledger.reports import questions
from ledger.visibility import EVERYTHING, Sight
from rights.models import Consent, Decision
from royalties.models import RunEvent, Transaction, UsageKey
from tests.flows import worked
from tests.flows.conftest import Sounds, World, admitted, body, key, tampering, today
from tests.flows.runs import Payer, payer
from tests.flows.test_reviews import operator
from tests.flows.test_runs import RECEIPTS, agree, quote, release
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

EVER: dict[str, Any] = {"period": "everything"}
Role = Membership.Role


def rows(slug: str, *, sight: Sight = EVERYTHING, **given: str) -> list[dict[str, Any]]:
    """What a question answers, row by row."""
    answer = ask(registry.question(slug), given, sight=sight, now=timezone.now())
    return [dict(row) for row in answer.rows()]


def concluded(slug: str, *, sight: Sight = EVERYTHING, **given: str) -> bool | None:
    answer = ask(registry.question(slug), given, sight=sight, now=timezone.now())
    return answer.summed_up().conclusion.holds


def of(*parties: str) -> Sight:
    return Sight(frozenset(UUID(key(party)) for party in parties))


def drained() -> datetime:
    sequencer.drain(at=timezone.now())
    return timezone.now()


# --- 1 to 6, 12: outputs, consents, disclosures


@pytest.fixture
@remembered
def released(world: World) -> World:
    """An output that was released today on a license and consents, one of nothing used, one that comes out later."""
    day = today().isoformat()
    world.cleared("out", release_on=day)
    world.settle(world.submit("bare", world.sounds.own(), release_on=day)["id"])
    world.cleared("later", suffix="mp3")
    drained()
    return world


def test_releases_are_shown_with_what_they_rested_on_and_as_known_then(released: World) -> None:
    asked: dict[str, Any] = {"period": "this_month"}
    found = rows("releases", **asked)
    assert {row["title"] for row in found} == {"Country, sung"}
    assert {str(row["output"]) for row in found} == {key("out"), key("bare")}
    assert {row["license_state"] for row in found if str(row["output"]) == key("bare")} == {"nothing_used"}
    grounds = [row for row in found if str(row["output"]) == key("out")]
    assert {(row["license_state"], row["consent_state"]) for row in grounds} == {("licensed", "consented")}
    assert {str(row["consent"]) for row in grounds} == {
        key(f"consent country {party}") for party in ("label", "publisher", "writer")
    }
    assert all(isinstance(row["entry"], int) for row in found)
    # Elsewhere and of somebody else there is nothing; nor was there before it was decided.
    assert rows("releases", **asked, territory="DE")
    assert rows("releases", **asked, party=key("rival")) == []
    decided = Decision.objects.get(submission=UUID(key("out"))).decided_at
    before = (decided - timedelta(microseconds=1)).isoformat()
    assert {str(row["output"]) for row in rows("releases", **asked, known_at=before)} <= {key("bare")}
    assert rows("releases", period_from="2026-01-01", period_to="2026-01-02") == []


def test_more_outputs_are_not_more_questions_to_the_database(released: World) -> None:
    def asked_for() -> dict[str, int]:
        found = {}
        for slug in ("releases", "released-without"):
            with CaptureQueriesContext(connection) as captured:
                rows(slug, period="everything")
            found[slug] = len(captured)
        return found

    few, grounds = asked_for(), len(rows("releases", period="everything"))
    for name, suffix in (("another", "mp3"), ("third", "ogg"), ("fourth", "wav")):
        released.cleared(name, suffix=suffix, release_on=today().isoformat())
    drained()
    assert len(rows("releases", period="everything")) > 2 * grounds
    assert asked_for() == few


def test_what_was_released_without_is_found_and_explained(released: World) -> None:
    asked: dict[str, Any] = {"period": "this_month"}
    assert rows("released-without", **asked) == []
    assert concluded("released-without", **asked) is True
    before = drained()
    # A license that turns out to have ended before: nobody is told by that, so nothing explains it.
    act = {"id": str(uuid4()), "act": "terminated", "actor": key("label"), "effective_on": today().isoformat()}
    assert released.label.post(f"/v1/licenses/{key('license of country')}/events", act).status_code == 201
    drained()
    found = rows("released-without", **asked)
    assert {str(row["output"]) for row in found} == {key("out")}
    assert {row["license_state"] for row in found} == {"license_lapsed"}
    assert {row["explanation"] for row in found} == {""}
    assert concluded("released-without", **asked) is False
    # As it was known before, there is nothing to find.
    assert rows("released-without", **asked, known_at=before.isoformat()) == []
    given = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    released.state(f"/v1/consents/{key('consent country label')}/withdrawals", given)
    drained()
    explained = rows("released-without", **asked)
    assert {"withdrawn"} <= {row["consent_state"] for row in explained}
    assert all("source_withdrawn since" in row["explanation"] for row in explained)
    assert concluded("released-without", **asked) is None


def test_consents_are_those_that_were_known_then(released: World) -> None:
    label: dict[str, Any] = {"party": key("label")}
    held = {key("consent country label")}
    assert {str(row["consent"]) for row in rows("consents", **label)} == held
    assert rows("consents", party=key("rival")) == []
    assert rows("consents", **label, as_at="2025-12-31") == []  # before it began
    recorded = Consent.objects.get(pk=key("consent country label")).recorded_at
    assert rows("consents", **label, as_at=today().isoformat(), known_at=(recorded - timedelta(1)).isoformat()) == []
    before = drained()
    given = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    released.state(f"/v1/consents/{key('consent country label')}/withdrawals", given)
    drained()
    on = today().isoformat()
    assert rows("consents", **label, as_at=on) == []
    # What was recorded later was not known then; and yesterday it was in force, also as known today.
    assert {str(row["consent"]) for row in rows("consents", **label, as_at=on, known_at=before.isoformat())} == held
    yesterday = (today() - timedelta(days=1)).isoformat()
    assert {str(row["consent"]) for row in rows("consents", **label, as_at=yesterday)} == held


def test_what_a_withdrawal_led_to_and_whether_it_was_done_in_time(released: World) -> None:
    given = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    released.state(f"/v1/consents/{key('consent country label')}/withdrawals", given)
    before = drained()
    found = rows("withdrawal", withdrawal=key("withdrawal"))
    tasks = [row for row in found if row["kind"] == "task"]
    open_ = [row for row in tasks if row["state"] == "open"]
    assert {str(row["output"]) for row in found if row["kind"] == "flag"} >= {key("out")}
    assert tasks
    assert open_
    assert found == rows("withdrawal", withdrawal=key("consent country label"))  # its consent will do
    assert concluded("withdrawal", withdrawal=key("withdrawal")) is True
    late = (today() + timedelta(days=60)).isoformat()
    overdue = [row for row in rows("withdrawal", withdrawal=key("withdrawal"), as_at=late) if row["state"] == "overdue"]
    assert len(overdue) == len(open_)
    assert concluded("withdrawal", withdrawal=key("withdrawal"), as_at=late) is False
    earlier = (before - timedelta(days=1)).isoformat()
    with pytest.raises(BadParameter, match="No withdrawal of this id"):
        rows("withdrawal", withdrawal=key("withdrawal"), known_at=earlier)
    for wrong in (key("consent country writer"), str(uuid4())):
        with pytest.raises(BadParameter, match="No withdrawal of this id"):
            rows("withdrawal", withdrawal=wrong)
    with pytest.raises(BadParameter, match="No withdrawal of this id"):
        rows("withdrawal", withdrawal=key("withdrawal"), sight=of("rival"))


def test_overrides_are_those_of_refusals_with_who_and_why(world: World) -> None:
    found = world.settle(world.submit("undeclared", world.sounds.sung("flac"))["id"])
    assert found["state"] == "refused"
    evidence = [{"kind": "stems", "digest": f"sha256:{'ab' * 32}"}]
    appeal = {"id": key("appeal"), "ground": "not_the_same", "statement": "We played it.", "evidence": evidence}
    assert world.distributor.post(f"/v1/submissions/{key('undeclared')}/appeals", appeal).status_code == 201
    # A flag that a reviewer cleared was no refusal, so it is no override.
    flagged = world.settle(world.submit("unheard", world.sounds.own(), key("country"))["id"])
    assert operator("first").review(flagged["decision"]["id"], "cleared", "heard_after_all").status_code in {200, 201}
    assert rows("overrides", **EVER) == []
    before = drained()
    second = operator("second")
    upheld = {"id": str(uuid4()), "is_upheld": True, "reason": "not_the_same"}
    assert second.post(f"/v1/appeals/{key('appeal')}/answers", upheld).status_code == 201
    drained()
    (row,) = rows("overrides", **EVER)
    assert (str(row["output"]), row["how"], row["reason"]) == (key("undeclared"), "appeal", "not_the_same")
    assert row["person"] == second.user.pk
    assert "matches_are_declared" in row["rules"]
    assert rows("overrides", **EVER, known_at=before.isoformat()) == []
    assert rows("overrides", **EVER, sight=of("rival")) == []
    assert len(rows("overrides", **EVER, sight=of("distributor"))) == 1


def test_checks_with_an_algorithm_are_found_by_its_whole_name(released: World) -> None:
    algorithm = extract.algorithm()
    found = rows("checked-with", algorithm=algorithm, **EVER)
    assert {str(row["output"]) for row in found} == {key("out"), key("bare"), key("later")}
    assert {row["algorithm"] for row in found} == {algorithm}
    assert concluded("checked-with", algorithm=algorithm, **EVER) is False  # nothing was done again
    assert rows("checked-with", algorithm=algorithm[:-1], **EVER) == []
    assert rows("checked-with", algorithm="never/9", **EVER) == []
    assert rows("checked-with", algorithm=algorithm, **EVER, sight=of("rival")) == []


def test_a_recipient_that_was_told_otherwise_is_found_field_by_field(trade: World) -> None:
    making = [{"component": "lead_vocal", "ai_level": "partly", "tool": "Singer 1", "actor": key("singer")}]
    trade.settle(trade.submit("own", trade.sounds.own(), contributions=making)["id"])
    for name in ("apple-music", "distrokid"):
        sent = {"id": key(f"sent {name}"), "profile": name}
        assert trade.distributor.post(f"/v1/submissions/{key('own')}/disclosures", sent).status_code == 201
    before = drained()
    assert rows("disclosures", **EVER) == []
    assert concluded("disclosures", **EVER) is True
    correction = {
        "id": key("correction"),
        "reason": "Sung after all",
        "contributions": [{"component": "lead_vocal", "ai_level": "none", "actor": key("singer")}],
    }
    assert trade.distributor.post(f"/v1/submissions/{key('own')}/contributions", correction).status_code == 201
    drained()
    found = rows("disclosures", **EVER)
    assert "apple-music" in {row["recipient"] for row in found}
    assert all(row["told"] != row["now"] for row in found)
    assert rows("disclosures", **EVER, known_at=before.isoformat()) == []
    # Told again as it is, the recipient is not listed any more.
    again = {"id": key("sent again"), "profile": "apple-music"}
    assert trade.distributor.post(f"/v1/submissions/{key('own')}/disclosures", again).status_code == 201
    drained()
    assert "apple-music" not in {row["recipient"] for row in rows("disclosures", **EVER)}
    assert rows("disclosures", **EVER, sight=of("rival")) == []


# --- 7 to 11: money, shares, usage


@pytest.fixture
@remembered
def january(transactional_db: None, sounds: Sounds, tmp_path_factory: pytest.TempPathFactory) -> Payer:
    """The worked example's month, published: six payees, three countries, a hold; and usage that means no output."""
    worked.build(sounds)
    found = payer()
    agree(found)
    quote(found)
    folder = tmp_path_factory.mktemp("january")
    found.report(folder, "january", [*RECEIPTS, (str(uuid4()), "DE", "12.345", "EUR")])
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


JANUARY: dict[str, Any] = {"period_from": "2026-01-01", "period_to": "2026-02-01"}


def test_pools_come_to_what_was_given_out_to_the_unit(january: Payer) -> None:
    (row,) = (row for row in rows("balance", **JANUARY) if row["currency"] == "EUR")
    assert (row["pools"], row["statements"], row["holds"]) == (202191 + 1234, 171121, 741)
    assert (row["difference"], row["unbooked"]) == (0, 0)
    assert concluded("balance", **JANUARY) is True
    assert rows("balance", period_from="2026-02-01", period_to="2026-03-01") == []
    assert rows("balance", **JANUARY, party=key("rival")) == []
    at = RunEvent.objects.get(act="published").recorded_at - timedelta(microseconds=1)
    assert rows("balance", **JANUARY, known_at=at.isoformat()) == []
    assert rows("balance", **JANUARY, sight=of("A")) == []  # a payee sees its statement, and not the run
    assert len(rows("balance", **JANUARY, sight=of("distributor"))) == len(rows("balance", **JANUARY))


@pytest.mark.parametrize("column", ["allocated", "units"])
def test_a_unit_that_went_astray_behind_its_back_is_found(column: str, january: Payer) -> None:
    if column == "allocated":
        change = "UPDATE royalties_statement SET allocated = allocated + 1 WHERE payee_id = %s"
        table, value = "royalties_statement", key("A")
    else:
        change = (
            "UPDATE royalties_posting SET units = units - 1"
            " WHERE account_id = (SELECT id FROM royalties_account WHERE kind = 'hold') AND %s <> ''"
        )
        table, value = "royalties_posting", "x"
    with tampering(table) as cursor:
        cursor.execute(change, [value])
        (row,) = (row for row in rows("balance", **JANUARY) if row["currency"] == "EUR")
        assert abs(row["difference"]) == 1
        assert concluded("balance", **JANUARY) is False


def test_money_that_is_held_is_found_with_its_conflict(january: Payer) -> None:
    on: dict[str, Any] = {"days": "90", "as_at": "2026-11-01"}
    (row,) = rows("held", **on)
    assert (str(row["asset"]), row["held"], row["currency"]) == (key("W2"), 741, "EUR")
    assert (row["since"], row["days"]) == (date(2026, 1, 31), 274)
    assert row["why"].startswith("conflict open since")
    assert row["conflict"] is not None
    assert rows("held", days="274", as_at="2026-11-01")
    assert rows("held", days="275", as_at="2026-11-01") == []
    assert rows("held", **on, party=key("A")) == []
    assert rows("held", **on, sight=of("A")) == []
    released = release(january, "out", "run 1", {"C": "2/3", "E": "1/3"})
    assert released.status_code == 201, released.content
    now = timezone.now()
    before = Transaction.objects.get(kind="released").recorded_at - timedelta(microseconds=1)
    assert rows("held", days="0", as_at=now.date().isoformat(), known_at=now.isoformat()) == []
    assert len(rows("held", days="0", as_at="2026-11-01", known_at=before.isoformat())) == 1


def test_lines_lead_to_usage_term_and_consent_and_a_seed_draws_the_same(january: Payer) -> None:
    found = rows("lines", **JANUARY, seed="a", size="9")
    assert len({(row["statement"], row["line"]) for row in found}) == 9
    assert found == rows("lines", **JANUARY, seed="a", size="9")
    assert found != rows("lines", **JANUARY, seed="b", size="9")
    everything = rows("lines", **JANUARY, size="500")
    assert {row["broken"] for row in everything} == {""}
    assert sum({(row["statement"], row["line"]): row["amount"] for row in everything}.values()) == 171121
    assert all(row["report_line"] and row["plan"] for row in everything)
    assert all(row["consent"] for row in everything if row["share"])
    assert concluded("lines", **JANUARY, size="500") is True
    only = rows("lines", **JANUARY, size="500", sight=of("A"))
    assert {str(row["payee"]) for row in only} == {key("A")}
    assert {row["report"] for row in only} == {None}  # what services report is between them and the payer
    assert rows("lines", **JANUARY, territory="FR") == []


def test_shares_that_changed_after_the_period_are_found(january: Payer) -> None:
    closed: dict[str, Any] = {"period_from": "2026-01-01", "period_to": (today() + timedelta(days=1)).isoformat()}
    assert rows("shares-changed", **closed) == []  # the period is not over yet
    found = rows("shares-changed", **JANUARY)
    assert key("W2") in {str(row["asset"]) for row in found}
    assert {row["what"] for row in found} == {"registered"}
    over: dict[str, Any] = {"period_from": "2025-01-01", "period_to": "2025-02-01"}
    assert rows("shares-changed", **over) == []  # no share was active then
    only = rows("shares-changed", **JANUARY, party=key("E"))
    assert {str(row["party"]) for row in only} == {key("E")}
    earlier = min(row["recorded_at"] for row in found) - timedelta(microseconds=1)
    assert rows("shares-changed", **JANUARY, known_at=earlier.isoformat()) == []
    assert rows("shares-changed", **JANUARY, sight=of("rival")) == []


def test_usage_without_an_output_is_found_by_value_until_it_is_matched(january: Payer) -> None:
    (row,) = rows("unmatched", **EVER)
    assert (row["amount"], row["currency"], row["lines"]) == ("12.345", "EUR", 1)
    assert rows("unmatched", **EVER, party=key("A")) == []
    assert rows("unmatched", **EVER, sight=of("A")) == []
    before = drained()
    named = UsageKey.objects.get(key=row["key"])
    match = {"id": key("match"), "submission": worked.O1, "reason": "the same"}
    answer = january.one.post(f"/v1/usage-keys/{named.pk}/match", match)
    assert answer.status_code == 201, answer.content
    drained()
    assert rows("unmatched", **EVER) == []
    assert len(rows("unmatched", **EVER, known_at=before.isoformat())) == 1


# --- 13 to 16: reads, erasures, duties, the log


def test_reads_of_a_dossier_are_on_record_with_who_and_why(released: World) -> None:
    auditor = admitted("auditor", "distributor", Role.AUDITOR)
    desk = Client()
    desk.force_login(auditor)
    assert desk.get(f"/reports/submissions/{key('out')}").status_code == 200
    assert desk.get(f"/reports/submissions/{uuid4()}").status_code == 404  # nothing was read
    assert released.distributor.get(f"/v1/submissions/{key('out')}").status_code == 200  # its own, every second
    assert released.label.get(f"/v1/parties/{key('writer')}").status_code == 200
    now = timezone.now().isoformat()
    found = rows("reads", **EVER, known_at=now)
    assert [(row["table"], str(row["dossier"]), row["person"], row["why"]) for row in found] == [
        ("rights_submission", key("out"), auditor.pk, "audit"),
        ("rights_party", key("writer"), None, "as a program"),
    ]
    assert len(rows("reads", **EVER, dossier=key("out"), known_at=now)) == 1
    assert rows("reads", **EVER, dossier=key("later"), known_at=now) == []
    # Whoever is read about sees that they were, and nobody else does.
    assert [row["table"] for row in rows("reads", **EVER, known_at=now, sight=of("distributor"))] == [
        "rights_submission"
    ]
    assert rows("reads", **EVER, known_at=now, sight=of("rival")) == []
    # Reads are kept for two years: no sooner does anybody delete one, and nobody changes one.
    with pytest.raises(DatabaseError, match="kept for two years"), transaction.atomic():
        DossierRead.objects.all().delete()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        DossierRead.objects.update(why="x")
    assert DossierRead.objects.count() == 2


def test_erasures_say_what_is_gone_what_stays_and_what_is_there_all_the_same(trade: World) -> None:
    people_ = [User.objects.create_user(name, is_staff=True) for name in ("one", "two")]
    asked = erasure.request(id=uuid4(), party_id=UUID(key("singer")), channel=erasure.Channel.LETTER, at=timezone.now())
    assert rows("erasures", **EVER) == []  # asked for, and not carried out
    proposal = erasure.propose(
        id=uuid4(), party_id=asked.party_id, reason="asked", proposed_by_id=people_[0].pk, at=timezone.now()
    )
    erasure.answer(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=people_[1].pk, is_agreed=True, reason="", at=timezone.now()
    )
    drained()
    found = rows("erasures", **EVER)
    assert {str(row["party"]) for row in found} == {key("singer")}
    assert {"erased"} <= {row["fate"] for row in found} <= {"erased", "stays"}
    assert all(row["ground"] for row in found if row["fate"] == "stays")
    assert concluded("erasures", **EVER) is True
    assert rows("erasures", **EVER, sight=of("rival")) == []
    with tampering("rights_nametoken") as cursor:
        cursor.execute("INSERT INTO rights_nametoken (party_id, token) VALUES (%s, 'x')", [key("singer")])
        assert [row["count"] for row in rows("erasures", **EVER) if row["fate"] == "still there"] == [1]
        assert concluded("erasures", **EVER) is False


def test_duties_in_one_hand_are_found_and_those_one_after_the_other_are_not(trade: World) -> None:
    both = admitted("both", "label", Role.RIGHTS_MANAGER)
    admitted("apart", "label", Role.RIGHTS_MANAGER)
    other = admitted("other", "label", Role.FINANCE)
    assert rows("duties", **EVER) == []
    assert concluded("duties", **EVER) is True
    before = drained()

    def admit(user: User, party: str, role: Membership.Role, begin: date) -> None:
        membership.admit(
            id=uuid4(),
            user_id=user.pk,
            organization_id=UUID(key(party)),
            role=role,
            active_from=begin,
            active_to=None,
            at=timezone.now(),
        )

    admit(both, "label", Role.FINANCE, today())
    admit(other, "publisher", Role.RIGHTS_MANAGER, today())  # of another house
    drained()
    (row,) = rows("duties", **EVER)
    assert (row["person"], row["rule"]) == (both.pk, "contracts and money in one hand")
    assert rows("duties", **EVER, known_at=before.isoformat()) == []
    assert rows("duties", period_from="2020-01-01", period_to="2020-02-01") == []
    assert len(rows("duties", **EVER, sight=of("label"))) == 1
    assert rows("duties", **EVER, sight=of("publisher")) == []


def test_the_log_is_one_and_says_who_witnessed_it(trade: World) -> None:
    first = drained()
    trade.state("/v1/works", {"id": key("another"), "title": "Another"})
    drained()
    found = rows("checkpoints")
    assert [row["extends"] for row in found] == [None, *[row["size"] for row in found[:-1]]]
    assert all(row["consistent"] and row["signed"] for row in found)
    assert {row["witnesses"] for row in found} == {0}
    assert concluded("checkpoints") is True
    assert len(rows("checkpoints", known_at=first.isoformat())) == len(found) - 1
    last = str(found[-1]["size"])
    assert [row["size"] for row in rows("checkpoints", size_from=last)] == [int(last)]
    assert rows("checkpoints", sight=of("rival")) == found  # what a log publishes is for everybody
    with tampering("ledger_checkpoint", "ledger_cosignature") as cursor:
        row = Checkpoint.objects.get(size=last)
        for name, at in (("witness.example", row.at), ("late.example", row.at + timedelta(seconds=1))):
            Cosignature.objects.create(
                checkpoint=row, witness=name, key_id="0a0b0c0d", line="— x", cosigned_at=row.at, received_at=at
            )
        assert rows("checkpoints")[-1]["witnessed_by"] == "witness.example"  # the late one was not known yet
        cursor.execute("UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = %s", [last])
        assert rows("checkpoints")[-1]["consistent"] is False
        assert concluded("checkpoints") is False


# --- every question, in the same way

HOSTILE = [
    {"period_from": "2026-13-01", "period_to": "2026-12-01"},
    {"period_from": "2026-12-01", "period_to": "2026-01-01"},
    {"period_from": "20260101", "period_to": "2026-12-01"},
    {"period_from": "0001-01-01", "period_to": "9999-12-31"},
    {"period": "next_month"},
    {"period": "everything", "known_at": "2999-01-01"},
    {"period": "everything", "known_at": "2026-01-01T00:00:00+99:99"},
    {"period": "everything", "party": "' OR 1=1 --"},
    {"period": "everything", "territory": "de"},
    {"period": "everything", "territory": "ZZ"},
    {"period": "everything", "days": "-1"},
    {"period": "everything", "days": "9" * 400},
    {"period": "everything", "size": "0"},
    {"period": "everything", "seed": "a b"},
    {"period": "everything", "seed": "\x00"},
    {"period": "everything", "nonsense": "1"},
    {"period": "everything", "algorithm": "a'; DROP TABLE rights_decision; --"},
]
NEEDED: dict[str, dict[str, Any]] = {
    "withdrawal": {"withdrawal": key("withdrawal")},
    "consents": {"party": key("label")},
    "checked-with": {"algorithm": "chromaprint"},
    "held": {"days": "0"},
    "checkpoints": {},
}


@pytest.mark.parametrize("given", HOSTILE, ids=str)
def test_what_cannot_be_asked_is_named_by_its_field(given: dict[str, str], transactional_db: None) -> None:
    for question in registry.QUESTIONS:
        known = {one.name for one in question.parameters} | {"period", "known_at"}
        if not given.keys() - {"period"} & known and "nonsense" not in given:
            continue
        with pytest.raises(BadParameter) as caught:
            question.read({**NEEDED.get(question.slug, {}), **given}, now=timezone.now())
        assert caught.value.field in {*given, "period_from", "period_to", "as_at", "period"}
        assert str(caught.value).endswith(".")


@pytest.fixture
def whole(released: World) -> World:
    """The released outputs, a withdrawal, and somebody who read: something to answer most questions with."""
    given = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    released.state(f"/v1/consents/{key('consent country label')}/withdrawals", given)
    drained()
    return released


@pytest.mark.parametrize("slug", [one.slug for one in registry.QUESTIONS])
def test_the_same_question_is_the_same_bytes_at_every_door(slug: str, whole: World) -> None:
    question = registry.question(slug)
    given = dict(NEEDED.get(slug, EVER))
    if slug == "checked-with":
        given |= EVER
    desk = Client()
    desk.force_login(User.objects.create_superuser("desk"))
    address = f"/v1/audit-questions/{slug}"
    first = desk.get(address, given)
    assert first.status_code == 200, first.content
    said = first.json()
    exactly = {name: value for name, value in said["parameters"].items() if value}
    # More is recorded; as known then, nothing of it is seen.
    whole.state("/v1/works", {"id": key("more"), "title": "More"})
    whole.share("more", party="label", part="1", work=key("more"))
    whole.consent("more", grantor="label", work=key("more"))
    drained()
    again = desk.get(address, exactly).json()
    assert again == said
    assert [len(row) for row in said["results"]] == [len(question.columns)] * len(said["results"])
    for _ in range(2):
        table = desk.get(f"{address}/answer.csv", exactly)
        page = desk.get(f"/reports/questions/{slug}.csv", exactly)
        assert (table.status_code, page.status_code) == (200, 200)
        text = body(table).decode()
        assert text == body(page).decode()
        lines = list(csv.reader(io.StringIO(text)))
        assert lines[0] == said["columns"]
        assert dict(line for line in lines[said["rows"] + 2 :])["digest"] == said["digest"]
    assert body(desk.get(f"{address}/answer.parquet", exactly)) == body(
        desk.get(f"/reports/questions/{slug}.parquet", exactly)
    )
    kept = pq.ParquetFile(io.BytesIO(body(desk.get(f"{address}/answer.parquet", exactly))))
    assert json.loads(kept.metadata.metadata[b"answer"])["digest"] == said["digest"]
    assert kept.metadata.num_rows == said["rows"]
    assert not any("float" in str(field.type) or "double" in str(field.type) for field in kept.schema_arrow)
    papers = [body(desk.get(f"/reports/questions/{slug}.pdf", exactly)) for _ in range(2)]
    assert papers[0] == papers[1]
    assert papers[0].startswith(b"%PDF")
    shown = desk.get(f"/reports/questions/{slug}", exactly)
    assert shown.status_code == 200
    html = shown.content.decode()
    assert said["digest"] in html
    assert said["conclusion"] in html
    # A page at a time, forwards to the end, is the same rows.
    seen, after = [], ""
    for _ in range(200):
        part = desk.get(address, exactly | {"limit": "2"} | ({"after": after} if after else {})).json()
        seen += part["results"]
        if (after := part["next"] or "") == "":
            break
    everything = desk.get(address, exactly | {"limit": "500"}).json()
    assert seen == everything["results"]
    assert len(seen) == said["rows"]
    forged = desk.get(address, exactly | {"after": "eyJ4IjoxfQ:1x:zz"})
    assert (forged.status_code, forged.json()["code"]) == (422, "bad_parameter")


@pytest.mark.parametrize("slug", [one.slug for one in registry.QUESTIONS])
def test_a_stranger_is_answered_nothing_that_is_not_everybodys(slug: str, whole: World) -> None:
    given = dict(NEEDED.get(slug, EVER)) | (EVER if slug == "checked-with" else {})
    desk = Client()
    desk.force_login(admitted("stranger", "rival", Role.FINANCE))
    answer = desk.get(f"/v1/audit-questions/{slug}", given)
    if slug == "withdrawal":
        assert answer.status_code == 422
        return
    assert answer.status_code == 200, answer.content
    assert answer.json()["rows"] == (Checkpoint.objects.count() if slug == "checkpoints" else 0)
    assert Client().get(f"/v1/audit-questions/{slug}", given).status_code in {401, 403}
    assert Client().get(f"/reports/questions/{slug}.csv", given).status_code == 302
    nobody = Client()
    nobody.force_login(User.objects.create_user("nobody"))
    assert nobody.get(f"/reports/questions/{slug}", given).status_code == 403


def test_pages_of_questions_are_listed_and_say_what_is_wrong(transactional_db: None) -> None:
    desk = Client()
    desk.force_login(User.objects.create_superuser("desk"))
    text = desk.get("/reports/questions").content.decode()
    for question in registry.QUESTIONS:
        assert f"/reports/questions/{question.slug}" in text
    assert [one["number"] for one in desk.get("/v1/audit-questions").json()] == list(range(1, 17))
    assert desk.get("/reports/questions/nonsense").status_code == 404
    assert desk.get("/v1/audit-questions/nonsense").json()["code"] == "no_such_question"
    blank = desk.get("/reports/questions/consents")
    assert "No row" not in blank.content.decode()
    wrong = desk.get("/reports/questions/consents", {"party": "<script>alert(1)</script>"})
    assert wrong.status_code == 422
    assert "An id is a UUID" in wrong.content.decode()
    assert "<script>alert" not in wrong.content.decode()
    assert desk.get("/reports/questions/consents.csv", {"party": "x"}).status_code == 422


def test_a_page_reads_so_far_and_says_so_and_the_files_are_whole(whole: World, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Client()
    desk.force_login(User.objects.create_superuser("desk"))
    address, asked = "/reports/questions/releases", {"period": "everything"}
    total = len(rows("releases", period="everything"))
    assert total > 3
    monkeypatch.setattr(questions, "PER_PAGE", 1)
    monkeypatch.setattr(questions, "MOST_READ", 2)
    shown = desk.get(address, asked).content.decode()
    assert "More than 2 rows: this page shows them, and does not add them up." in shown
    assert "To ask this again" not in shown  # no digest of a part
    assert "In pictures" not in shown
    assert body(desk.get(f"{address}.csv", asked)).count(b"\r\n") > total  # with its digest
    places = []
    link = re.search(r'href="(\?[^"]*after=[^"]*)"', shown)
    while link:
        places.append(re.search(r"Rows (\d+) to (\d+) of more than 2", shown))
        shown = desk.get(address + unescape(link[1])).content.decode()
        link = re.search(r'href="(\?[^"]*after=[^"]*)"', shown)
    last = re.search(r"Rows (\d+) to (\d+) of more than 2", shown)
    assert last is not None
    assert int(last[2]) == total
    assert [int(one[1]) for one in places if one][:1] == [1]
    monkeypatch.setattr(questions, "MOST_READ", total)
    assert "row" in desk.get(address, asked).content.decode()
    assert "More than" not in desk.get(address, asked).content.decode()


def test_a_further_page_says_what_the_first_counted(whole: World) -> None:
    desk = Client()
    desk.force_login(User.objects.create_superuser("desk"))
    address = "/v1/audit-questions/releases"
    first = desk.get(address, {**EVER, "limit": "1"}).json()
    exactly = {name: value for name, value in first["parameters"].items() if value}
    with CaptureQueriesContext(connection) as counted:
        second = desk.get(address, {**exactly, "limit": "1", "after": first["next"]}).json()
    with CaptureQueriesContext(connection) as whole_again:
        assert desk.get(address, {**exactly, "limit": "1"}).json()["next"]
    assert [second[name] for name in ("rows", "digest", "conclusion", "holds")] == [
        first[name] for name in ("rows", "digest", "conclusion", "holds")
    ]
    assert len(counted) < len(whole_again)
    # Of another question, or as known otherwise, nothing that was counted is taken over.
    assert desk.get(address, {**EVER, "after": "x"}).status_code == 422
    assert desk.get("/v1/audit-questions/consents", {"party": key("label"), "after": first["next"]}).status_code == 422
    elsewhere = desk.get(address, {**EVER, "territory": "DE", "limit": "1", "after": first["next"]}).json()
    assert elsewhere["digest"] != first["digest"]


def test_things_are_counted_without_a_list_of_them() -> None:
    tally = Tally()
    for marks in (["output:a", "lacking"], ["output:a"], ["output:b", "lacking"], [], ["output:b"]):
        tally.mark(marks)
    assert tally.marks == {"output:": 3, "lacking": 2}  # rows about one thing follow each other
