"""What a recipient is told …"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from provenance import disclosures
from provenance.disclosures import BadProfile, Making, NoSuchProfile, NothingDeclared, Profile
from rights.case import DeclaredAct, DeclaredContribution
from rights.vocabulary import Component

ON = date(2026, 11, 29)
ANNA = UUID(int=1)
VECTORS = Path(__file__).parent.parent / "vectors" / "disclosures.json"


def line(component: str, level: str, *acts: str, **said: Any) -> DeclaredContribution:
    return DeclaredContribution(
        component,
        level,
        "" if level == "none" else "Model",
        None if acts or level == "all" else ANNA,
        tool_version="" if level == "none" else "3",
        acts=tuple(DeclaredAct(ANNA, act) for act in acts),
        **said,
    )


def record(*given: DeclaredContribution, uses: tuple[str, ...] = (), **levels: str) -> Making:
    """A record of these lines, and of others that people made."""
    lines = [*given, *(line(component, level) for component, level in levels.items())]
    return Making(tuple(lines), frozenset(uses))


HUMAN: dict[str, Any] = dict.fromkeys(
    ("lyrics", "melody", "arrangement", "lead_vocal", "instruments", "production"), "none"
)
GENERATED: dict[str, Any] = dict.fromkeys(HUMAN, "all")

RECORDS = {
    "people": record(**HUMAN, mastering="none"),
    "a machine mastered": record(**HUMAN, mastering="all"),
    "vocal extended": record(**HUMAN | {"lead_vocal": "partly"}),
    "stems generated": record(**HUMAN | {"instruments": "all"}),
    "words generated": record(**HUMAN | {"lyrics": "all"}),
    "melody partly": record(**HUMAN | {"melody": "partly"}),
    "everything generated": record(**GENERATED, mastering="all"),
    "everything generated, and chosen": record(
        *(line(component, "all", "selection_and_arrangement") for component in GENERATED)
    ),
    "cover generated": record(**HUMAN, artwork="all"),
    "video partly": record(**HUMAN, video="partly"),
    "voice cloned": record(**HUMAN | {"lead_vocal": "all"}, uses=("voice.generate",)),
    "production generated": record(line("production", "partly", is_generative=True), lyrics="none", lead_vocal="none"),
}


def told(name: str, making: Making) -> dict[str, Any]:
    statement = disclosures.derive(disclosures.in_force_of(name, ON), making)
    return {answer.key: answer.value for answer in statement.answers}


def tags(making: Making) -> set[str]:
    return {key for key, value in told("apple-music", making).items() if value}


# The table of PRV-3, a line each.
@pytest.mark.parametrize(
    ("name", "contains_ai", "apple", "source_type"),
    [
        ("people", "None", set(), "digitalCreation"),
        ("a machine mastered", "None", set(), "algorithmicallyEnhanced"),
        ("vocal extended", "Partly", {"track"}, "compositeWithTrainedAlgorithmicMedia"),
        ("stems generated", "Partly", {"track"}, "compositeSynthetic"),
        ("words generated", "Partly", {"composition"}, "compositeSynthetic"),
        ("melody partly", "Partly", {"composition"}, "compositeSynthetic"),
        ("everything generated", "All", {"track", "composition"}, "trainedAlgorithmicMedia"),
        ("cover generated", "None", {"artwork"}, "digitalCreation"),
        ("video partly", "None", {"music_video"}, "digitalCreation"),
        ("production generated", "Partly", {"track"}, "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_follows_from_one_record(name: str, contains_ai: str, apple: set[str], source_type: str) -> None:
    making = RECORDS[name]
    assert told("ddex-ern", making)["SoundRecording/ContainsAI"] == contains_ai
    assert tags(making) == apple
    assert told("c2pa", making)["digitalSourceType"].rpartition("/")[2] == source_type


@pytest.mark.parametrize(
    ("profile", "name", "expected"),
    [
        ("spotify-credits", "people", {"vocals": False, "lyrics": False, "instrumentals": False, "production": False}),
        ("spotify-credits", "stems generated", {"instrumentals": True, "vocals": False}),
        ("distrokid", "people", {"lyrics": "none", "music": "none", "audio": "none", "artist": "human"}),
        ("distrokid", "a machine mastered", {"lyrics": "none", "music": "none", "audio": "none"}),
        ("distrokid", "melody partly", {"lyrics": "none", "music": "part", "audio": "none"}),
        ("distrokid", "words generated", {"lyrics": "all", "artist": "human"}),
        ("distrokid", "everything generated", {"lyrics": "all", "music": "all", "audio": "all", "artist": "persona"}),
        ("eu-label", "people", {"label": "", "text": "", "audible_notice": False}),
        ("eu-label", "a machine mastered", {"label": ""}),
        (
            "eu-label",
            "everything generated",
            {
                "label": "AI",
                "text": "This recording was generated by artificial intelligence (Model 3).",
                "audible_notice": False,
            },
        ),
        (
            "eu-label",
            "vocal extended",
            {
                "text": "Parts of this recording were generated by artificial intelligence: part of the lead vocal"
                " performance (Model 3)."
            },
        ),
        ("eu-label", "voice cloned", {"audible_notice": True}),
        ("us-copyright-office", "people", {"claim": "whole", "material_excluded": "", "disclaimer": ""}),
        (
            "us-copyright-office",
            "stems generated",
            {
                "claim": "part",
                "author_created": "lyrics, melody and harmony, arrangement, lead vocal performance and production and"
                " mix",
                "material_excluded": "instrumental performance, generated by artificial intelligence (Model 3)",
            },
        ),
        (
            "us-copyright-office",
            "everything generated",
            {
                "claim": "nothing",
                "author_created": "",
                "new_material_included": "",
                "disclaimer": "No claim is made: everything was generated by artificial intelligence (Model 3), and"
                " prompts alone are not authorship.",
            },
        ),
        ("us-copyright-office", "everything generated, and chosen", {"claim": "part"}),
        ("ascap-bmi-socan", "people", {"registration": "yes"}),
        ("ascap-bmi-socan", "melody partly", {"registration": "yes, as partly generated"}),
        ("ascap-bmi-socan", "stems generated", {"registration": "yes"}),
        ("ascap-bmi-socan", "everything generated", {"registration": "no"}),
    ],
)
def test_is_said_in_the_recipients_own_words(profile: str, name: str, expected: dict[str, Any]) -> None:
    said = told(profile, RECORDS[name])
    assert {key: said[key] for key in expected} == expected


def test_is_the_same_bytes_as_ever() -> None:
    """A changed vector is a changed promise: what was sent could not be derived again."""
    derived = {
        f"{one.name} {one.version}": {
            name: disclosures.derive(one, making).document.decode() for name, making in RECORDS.items()
        }
        for one in disclosures.profiles()
    }
    frozen = json.loads(VECTORS.read_text())
    assert {name: derived.get(name) for name in frozen} == frozen
    assert set(derived) == set(frozen), "freeze the new profile: python -m tests.provenance.test_disclosures"


def test_no_record_is_beyond_any_profile() -> None:
    """Every component alone and all pairs of levels of two parts: each profile has an answer, and no rule is broken."""
    for (one, other), levels in itertools.product(
        itertools.combinations(Component, 2), itertools.product(("none", "partly", "all"), repeat=2)
    ):
        making = record(line(one, levels[0]), line(other, levels[1]))
        for statement in (disclosures.derive(profile, making) for profile in disclosures.in_force(ON)):
            assert [one for one in statement.problems if one.code != "ai_v5"] == []
            assert "{" not in " ".join(str(answer.value) for answer in statement.answers)
            assert "(, " not in str(statement.answers)
            assert "()" not in "".join(str(answer.value) for answer in statement.answers)


def test_says_what_nobody_asks_about() -> None:
    statement = disclosures.derive(disclosures.in_force_of("spotify-credits", ON), RECORDS["melody partly"])
    assert statement.notes == ("Generated, and not asked about here: melody and harmony.",)
    assert disclosures.derive(disclosures.in_force_of("spotify-credits", ON), RECORDS["people"]).notes == ()


def test_is_nothing_without_a_record() -> None:
    for profile in disclosures.profiles():
        with pytest.raises(NothingDeclared):
            disclosures.derive(profile, Making(()))


def test_says_in_what_it_changed() -> None:
    profile = disclosures.in_force_of("apple-music", ON)
    before = disclosures.derive(profile, RECORDS["people"])
    after = disclosures.derive(profile, RECORDS["stems generated"])
    assert disclosures.compare(before.document, before) == ()
    (difference,) = disclosures.compare(before.document, after)
    assert (difference.title, difference.sent_in_words, difference.now_in_words) == ("Track", ("no",), ("yes",))
    sent = disclosures.derive(disclosures.in_force_of("c2pa", ON), RECORDS["stems generated"])
    gone = disclosures.derive(disclosures.in_force_of("c2pa", ON), RECORDS["people"])
    assert [(one.key, one.now) for one in disclosures.compare(sent.document, gone)][1:] == [
        ("modelName", None),
        ("modelType", None),
    ]


def test_follows_the_rules_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    old = disclosures.in_force_of("apple-music", ON)
    new = replace(old, version="2027-01", in_force_from=date(2027, 1, 1))
    known = (*disclosures.profiles(), new)
    monkeypatch.setattr(disclosures, "profiles", lambda: known)
    days = {date(2026, 3, 3): None, date(2026, 3, 4): old, date(2026, 12, 31): old, new.in_force_from: new}
    for day, expected in days.items():
        found = [one for one in disclosures.in_force(day) if one.name == "apple-music"]
        assert found == ([expected] if expected else [])
    assert disclosures.profile("apple-music", old.version) == old
    with pytest.raises(NoSuchProfile, match=r"apple-music 2026-03.*apple-music 2027-01"):
        disclosures.profile("apple-music", "2020")
    with pytest.raises(NoSuchProfile, match="in force on 2020-01-01"):
        disclosures.in_force_of("apple-music", date(2020, 1, 1))


def file(**changes: Any) -> dict[str, Any]:
    choose = [{"when": {"generated": ["lyrics"], "is": "some"}, "say": True}, {"say": False}]
    field = {"key": "k", "title": "K", "choose": choose}
    return {
        "profile": "p",
        "version": "1",
        "recipient": "P",
        "title": "T",
        "form": "fields",
        "in_force_from": "2026-01-01",
        "source": {"what": "w", "kind": "secondary", "read_on": "2026-11"},
        "fields": [field],
    } | changes


def choosing(*choose: Any) -> dict[str, Any]:
    return file(fields=[{"key": "k", "title": "K", "choose": list(choose)}])


def test_a_profile_is_read() -> None:
    assert isinstance(disclosures.read("p.json", json.dumps(file()).encode()), Profile)


@pytest.mark.parametrize(
    "given",
    [
        file(more=1),
        file(form="prose"),
        file(fields=[]),
        file(form="ern"),
        file(in_force_from="soon"),
        file(source={"what": "w"}),
        file(silent_on=["drums"]),
        {},
        [],
        choosing({"say": True}, {"say": False}),  # the first would always be taken
        choosing({"when": {"generated": ["lyrics"], "is": "some"}, "say": True}),  # and otherwise?
        choosing({"when": {"generated": ["drums"], "is": "some"}, "say": True}, {"say": False}),
        choosing({"when": {"generated": ["lyrics"], "is": "half"}, "say": True}, {"say": False}),
        choosing({"when": {"generated": ["lyrics"], "is": "some", "not": 1}, "say": True}, {"say": False}),
        choosing({"when": {"uses": ["steal"]}, "say": True}, {"say": False}),
        choosing({"when": {"any_of": [{"uses": ["tdm"]}, {"sung": ["lyrics"]}]}, "say": True}, {"say": False}),
        choosing({"when": {"all_of": [{"sung": ["lyrics"]}, {"uses": ["tdm"]}]}, "say": True}, {"say": False}),
        choosing({"say": 50}),
        choosing({"say": "{percent} %"}),
        choosing({"say": "x", "else": 1}),
        choosing(),
    ],
)
def test_a_profile_that_says_what_is_not_known_is_refused(given: Any) -> None:
    with pytest.raises(BadProfile, match=r"p\.json"):
        disclosures.read("p.json", json.dumps(given).encode())


if __name__ == "__main__":
    VECTORS.write_text(
        json.dumps(
            {
                f"{one.name} {one.version}": {
                    name: disclosures.derive(one, making).document.decode() for name, making in RECORDS.items()
                }
                for one in disclosures.profiles()
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )
