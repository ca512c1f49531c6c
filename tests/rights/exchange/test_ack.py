"""Acknowledgements: what a society answered, joined to what was sent."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.exchange import ack
from rights.exchange.ack import Acknowledgement, Status
from rights.exchange.lines import Heading, Problem
from tests.rights.exchange import cwr_files
from tests.rights.exchange.cwr_files import LIMITS, Said, lines_of, nwr, packed, sound, wrk


def _read(raw: bytes) -> tuple[Heading, list[Acknowledgement | Problem]]:
    heading, answers = ack.read(io.BytesIO(raw), limits=LIMITS)
    return heading, list(answers)


def _ack(**changed: str) -> Said:
    known = {
        "created_on": "20260301",
        "created_time": "101500",
        "group": "00001",
        "transaction": "00000007",
        "transaction_type": "NWR",
        "title": "WORK ONE",
        "work_number": "W1",
        "recipient_number": "SOC-77",
        "processed_on": "20260402",
        "status": "AS",
    }
    return "ACK", known | changed


def _msg(**changed: str) -> Said:
    known = {"message_type": "F", "record": "00000004", "record_type": "SWR", "level": "F", "validation": "010"}
    return "MSG", known | {"text": "SOCIETY IS NOT KNOWN"} | changed


def test_says_what_became_of_a_work() -> None:
    said = (_ack(), _msg(), nwr(iswc="T0345246801"), *sound()[1:])
    heading, [answer] = _read(packed(lines_of("2.2", said, sender_type="SO", sender="000000052")))
    assert isinstance(answer, Acknowledgement)
    assert (heading.version, heading.sender) == ("2.2", "000000052")
    assert (answer.status, answer.created, answer.group, answer.transaction) == ("AS", "20260301101500", 1, 7)
    assert (answer.work_number, answer.recipient_work_number, answer.title) == ("W1", "SOC-77", "WORK ONE")
    assert (answer.processed_on, answer.iswc) == (date(2026, 4, 2), "T0345246801")
    [message] = answer.messages
    assert (message.type, message.level, message.record, message.record_type) == ("F", "F", 4, "SWR")
    assert (message.validation, message.text, message.line) == ("010", "SOCIETY IS NOT KNOWN", 4)


def test_says_it_in_version_3_with_the_temporary_number_and_the_file() -> None:
    said = (_ack(transaction_type="WRK", recipient_number="", temporary_number="TMP-1", status="RA"),)
    said[0][1]["file_name"] = "CW260001NPX_0052_V3-1-0.SUB"
    _, [answer] = _read(packed(lines_of("3.1", said)))
    assert isinstance(answer, Acknowledgement)
    assert (answer.recipient_work_number, answer.recipient_temporary_number) == ("", "TMP-1")
    assert (answer.file_name, answer.status) == ("CW260001NPX_0052_V3-1-0.SUB", Status.TRANSACTION_ACCEPTED)


@pytest.mark.parametrize(
    ("status", "accepted"),
    [
        (each, each in {"RA", "AS", "AC", "SR", "CR"})
        for each in ("CO", "DU", "RA", "AS", "AC", "SR", "CR", "RJ", "NP", "RC")
    ],
)
def test_knows_the_statuses(status: str, *, accepted: bool) -> None:
    _, [answer] = _read(packed(lines_of("2.2", (_ack(status=status),))))
    assert isinstance(answer, Acknowledgement)
    assert (answer.status, answer.status.is_accepted) == (status, accepted)


def test_shows_that_another_work_is_in_conflict_but_takes_no_code_from_it() -> None:
    returned = lines_of("2.2", (_ack(status="CO"), nwr(), ("EXC", nwr(title="WORK TWO", iswc="T0345246801")[1])))
    _, [answer] = _read(packed(returned))
    assert isinstance(answer, Acknowledgement)
    assert (answer.has_conflicting_work, answer.iswc) == (True, "")


def test_takes_returned_works_that_are_counted_anew() -> None:
    lines = lines_of("2.2", (_ack(), nwr(), *sound()[1:]), (_ack(transaction="00000008", work_number="W2"),))
    assert lines[3].startswith("NWR0000000000000001")
    lines[3:9] = [f"{line[:11]}{position:08d}{line[19:]}" for position, line in enumerate(lines[3:9])]
    _, answers = _read(packed(lines))
    assert [answer.work_number for answer in answers if isinstance(answer, Acknowledgement)] == ["W1", "W2"]
    assert len(answers) == 2


def test_does_not_judge_the_returned_work() -> None:
    _, answers = _read(packed(lines_of("2.2", (_ack(), nwr(version_type="XXX"), cwr_files.spu((9000, 0, 0))))))
    assert [type(answer) for answer in answers] == [Acknowledgement]


def test_answers_for_a_refused_header() -> None:
    said = _ack(group="00000", transaction="00000000", transaction_type="HDR", title="", work_number="", status="RJ")
    _, [answer] = _read(packed(lines_of("2.2", (said, _msg(message_type="E", level="E", record_type="HDR")))))
    assert isinstance(answer, Acknowledgement)
    assert (answer.group, answer.transaction_type, answer.messages[0].type) == (0, "HDR", "E")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"status": "XX"}, "unknown_status"),
        ({"status": ""}, "unknown_status"),
        ({"created_on": "20260231"}, "bad_field"),
        ({"created_on": ""}, "missing_field"),
        ({"transaction": "0000000X"}, "bad_field"),
        ({"work_number": ""}, "missing_field"),
    ],
)
def test_refuses_an_answer_that_says_nothing(changed: dict[str, str], code: str) -> None:
    _, answers = _read(packed(lines_of("2.2", (_ack(**changed),), (_ack(work_number="W2"),))))
    problem, answer = answers
    assert isinstance(problem, Problem)
    assert (problem.code, problem.is_fatal, problem.line) == (code, False, 3)
    assert isinstance(answer, Acknowledgement)


@pytest.mark.parametrize("changed", [{"message_type": "X"}, {"level": ""}, {"record": "0000000X"}])
def test_leaves_out_a_message_that_cannot_be_read(changed: dict[str, str]) -> None:
    _, [problem, answer] = _read(packed(lines_of("2.2", (_ack(), _msg(**changed), _msg()))))
    assert isinstance(problem, Problem)
    assert problem.code == "bad_message"
    assert isinstance(answer, Acknowledgement)
    assert len(answer.messages) == 1


@pytest.mark.parametrize(("version", "said"), [("2.2", sound()), ("3.1", (wrk(),))])
def test_is_not_a_file_of_registrations(version: str, said: tuple[Said, ...]) -> None:
    _, [problem] = _read(packed(lines_of(version, said)))
    assert isinstance(problem, Problem)
    assert (problem.code, problem.is_fatal) == ("registrations", True)


def test_is_refused_where_registrations_are_read() -> None:
    _, lines = cwr_files.read(packed(lines_of("2.2", (_ack(),))))
    assert [(problem.code, problem.is_fatal) for problem in cwr_files.problems(lines)] == [("acknowledgements", True)]


def test_is_complete_or_says_that_it_is_not_wherever_it_is_cut() -> None:
    raw = packed(lines_of("2.2", (_ack(), _msg())))
    for end in range(len(raw) - 2):
        last = _read(raw[:end])[1][-1]
        assert isinstance(last, Problem), end
        assert last.is_fatal, end
    assert _read(raw[:-2]) == _read(raw)


@given(st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_never_raises_for_a_file_with_bytes_changed(data: st.DataObject) -> None:
    raw = bytearray(packed(lines_of("2.2", (_ack(), _msg(), nwr(), *sound()[1:]))))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for answer in _read(bytes(raw))[1]:
        assert isinstance(answer, Acknowledgement) or answer.code
