"""The effects matrix: every row, for a withdrawal and for an annulment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from rights.effects import (
    AUTOMATIC,
    MATRIX,
    Flag,
    Impact,
    TaskKind,
    Thing,
    TouchedDataset,
    TouchedLicense,
    TouchedOutput,
    TouchedVersion,
    count,
    tasks,
)
from rights.vocabulary import ConsentAct

DAY = date(2026, 6, 1)
WITHDRAWN, ANNULLED = ConsentAct.WITHDRAWN, ConsentAct.ANNULLED


def id_of(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://tests.example/{name}")


def output(name: str, release_on: date, *, has_voice: bool = False, revocable: str = "") -> TouchedOutput:
    return TouchedOutput(
        id_of(name), id_of("distributor"), release_on, has_voice, frozenset({revocable} if revocable else ())
    )


OUT = output("out", date(2026, 5, 31))
THAT_DAY = output("that day", DAY)
SUNG = output("sung", date(2026, 5, 1), has_voice=True, revocable="DK")
SUNG_ELSEWHERE = output("sung elsewhere", date(2026, 5, 1), has_voice=True)
UNSUNG = output("unsung", date(2026, 5, 1), revocable="DK")
PLAIN = TouchedVersion(id_of("plain"), id_of("provider"), has_identity_features=False)
SINGS = TouchedVersion(id_of("sings"), id_of("provider"), has_identity_features=True)
SET = TouchedDataset(id_of("set"), id_of("keeper"))
LICENSE = TouchedLicense(id_of("license"), id_of("distributor"))

NOTHING = Impact(WITHDRAWN, DAY, is_of_voice=False)


def named(impact: Impact) -> list[tuple[str, str]]:
    """Each task with what it is about."""
    names = {id_of(name): name for name in ("out", "that day", "sung", "sung elsewhere", "unsung", "plain", "sings")}
    names |= {id_of("set"): "set", id_of("license"): "license"}
    found = []
    for task in tasks(impact):
        about = task.submission_id or task.model_version_id or task.dataset_id or task.license_id
        found.append((task.kind.value, names[about] if about else ""))
    return found


CASES: list[tuple[str, Impact, list[tuple[str, str]]]] = [
    ("nothing there", NOTHING, [("refuse_clearance", "")]),
    ("a dataset", replace(NOTHING, datasets=(SET,)), [("refuse_clearance", ""), ("stop_ingestion", "set")]),
    (
        "a model that runs on",
        replace(NOTHING, versions=(PLAIN,)),
        [("refuse_clearance", ""), ("no_new_version", "plain")],
    ),
    (
        "a model that must stop",
        replace(NOTHING, act=ANNULLED, versions=(PLAIN,)),
        [("refuse_clearance", ""), ("no_new_version", "plain"), ("stop_model", "plain")],
    ),
    (
        "a model that sings",
        replace(NOTHING, versions=(SINGS,)),
        [("refuse_clearance", ""), ("no_new_version", "sings"), ("identity_features_stop", "sings")],
    ),
    (
        "a model that never should have sung",
        replace(NOTHING, act=ANNULLED, versions=(SINGS,)),
        [("refuse_clearance", ""), ("no_new_version", "sings"), ("identity_features_stop", "sings")],
    ),
    (
        "a voice, nobody known to hold it",
        replace(NOTHING, is_of_voice=True),
        [("refuse_clearance", ""), ("erase_voice_templates", ""), ("separate_protection", "")],
    ),
    (
        "an output that is out",
        replace(NOTHING, outputs=(OUT,)),
        [("refuse_clearance", ""), ("flag_outputs", ""), ("update_deliveries", "out")],
    ),
    (
        "an output of that day",
        replace(NOTHING, outputs=(THAT_DAY,)),
        [
            ("refuse_clearance", ""),
            ("flag_outputs", ""),
            ("clear_again", "that day"),
            ("update_deliveries", "that day"),
        ],
    ),
    (
        "an output that never should have been",
        replace(NOTHING, act=ANNULLED, outputs=(OUT,)),
        [
            ("refuse_clearance", ""),
            ("flag_outputs", ""),
            ("takedown_notice", "out"),
            ("hold_money", "out"),
            ("update_deliveries", "out"),
        ],
    ),
    (
        "a voice where it can always be taken back",
        replace(NOTHING, outputs=(SUNG, SUNG_ELSEWHERE, UNSUNG)),
        [
            ("refuse_clearance", ""),
            ("flag_outputs", ""),
            ("territorial_stop", "sung"),
            ("update_deliveries", "sung"),
            ("update_deliveries", "sung elsewhere"),
            ("update_deliveries", "unsung"),
        ],
    ),
    (
        "a license",
        replace(NOTHING, licenses=(LICENSE,)),
        [("refuse_clearance", ""), ("notify_licensee", "license")],
    ),
]


@pytest.mark.parametrize(("impact", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_asks_for_what_the_matrix_says(impact: Impact, expected: list[tuple[str, str]]) -> None:
    assert named(impact) == expected


def test_whoever_has_a_license_may_hold_templates() -> None:
    found = tasks(replace(NOTHING, is_of_voice=True, licenses=(LICENSE,)))
    assert [task.party_id for task in found if task.kind is TaskKind.ERASE_VOICE_TEMPLATES] == [id_of("distributor")]


def test_stopping_is_due_on_the_day_and_papers_later() -> None:
    found = {task.kind: task.due_on for task in tasks(replace(NOTHING, is_of_voice=True, datasets=(SET,)))}
    assert found[TaskKind.STOP_INGESTION] == DAY
    assert found[TaskKind.ERASE_VOICE_TEMPLATES] == date(2026, 7, 1)


def test_marks_outputs_by_the_act() -> None:
    assert (NOTHING.flag, replace(NOTHING, act=ANNULLED).flag) == (Flag.SOURCE_WITHDRAWN, Flag.QUARANTINED)


def test_counts_each_thing() -> None:
    impact = replace(
        NOTHING, outputs=(OUT, THAT_DAY, SUNG), versions=(PLAIN, SINGS), datasets=(SET,), licenses=(LICENSE,)
    )
    assert {thing.value: count(thing, impact) for thing in Thing} == {
        "ingestion": 1,
        "new_version": 2,
        "deployed_model": 1,
        "identity_features": 1,
        "voice_templates": 0,
        "protective_template": 0,
        "finished_output": 2,
        "unreleased_output": 1,
        "voice_output": 1,
        "license": 1,
        "delivered": 3,
    }
    assert count(Thing.VOICE_TEMPLATES, replace(impact, is_of_voice=True)) is None


def test_has_a_row_for_each_thing_and_a_use_for_each_task() -> None:
    assert [row.thing for row in MATRIX] == list(Thing)
    used = {kind for row in MATRIX for act in (WITHDRAWN, ANNULLED) for kind in row.tasks(act)}
    assert used == set(TaskKind)
    assert used >= AUTOMATIC
    assert all(row.effect(act) for row in MATRIX for act in (WITHDRAWN, ANNULLED))
    assert max(len(kind.value) for kind in TaskKind) <= 32  # the column
