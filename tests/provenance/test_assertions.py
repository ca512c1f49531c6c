"""A manifest's definition …"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from provenance import assertions
from provenance.assertions import EntryFact, InputFact, ManifestFacts, SplitFact, definition
from provenance.contributions import ContributionFact
from provenance.guards import check_definition
from rights.preferences import Preference
from tests.provenance.conftest import LABEL
from tests.provenance.test_contributions import HUMAN, contributions


def of(facts: ManifestFacts, *, keeps_parent: bool = False) -> dict[str, Any]:
    made = definition(facts, LABEL, media_type="audio/wav", version="0.1.0", keeps_parent=keeps_parent)
    check_definition(made, carries_manifest=keeps_parent)
    return made


def data(made: dict[str, Any], label: str) -> Any:
    return next((a["data"] for a in made["assertions"] if a["label"] == label), None)


def test_places_every_ingredient(facts: ManifestFacts) -> None:
    made = of(replace(facts, inputs=()))
    recording = str(facts.ingredients[0].recording_id)
    assert data(made, assertions.ACTIONS) == {
        "allActionsIncluded": False,
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic",
            },
            {"action": "c2pa.placed", "parameters": {"ingredientIds": [recording]}},
        ],
    }
    assert made["ingredients"] == [
        {
            "title": "The Sampled Tone",
            "relationship": "componentOf",
            "label": recording,
            "metadata": {
                "org.ai-music-ledger.sha256": "ab" * 32,
                "org.ai-music-ledger.recording": recording,
                "org.ai-music-ledger.license": str(facts.licenses[0]),
                "org.ai-music-ledger.isrc": "QZES72600001",
            },
        }
    ]


def test_opens_a_parent_without_a_source_type_but_still_states_it(facts: ManifestFacts) -> None:
    made = of(facts, keeps_parent=True)
    assert data(made, assertions.ACTIONS)["actions"][0] == {
        "action": "c2pa.opened",
        "parameters": {"ingredientIds": ["parent"]},
    }
    assert data(made, assertions.RECORD)["digitalSourceType"].endswith("/compositeSynthetic")


def test_discloses_a_machine_only_where_there_was_one(facts: ManifestFacts) -> None:
    assert data(of(facts), assertions.DISCLOSURE) == {
        "modelType": "c2pa.types.model",
        "modelName": "Tone Model 3",
    }
    assert data(of(replace(facts, contributions=contributions(**HUMAN))), assertions.DISCLOSURE) is None
    enhanced = replace(facts, contributions=contributions(**HUMAN | {"mastering": "all"}))
    assert data(of(enhanced), assertions.DISCLOSURE) is None
    nameless = replace(facts, contributions=contributions(**HUMAN | {"lyrics": "partly"}))
    assert data(of(nameless), assertions.DISCLOSURE) == {"modelType": "c2pa.types.model"}


def training(facts: ManifestFacts, *said: Preference) -> dict[str, Any]:
    return dict(data(of(replace(facts, training=said)), assertions.TRAINING)["entries"])


def test_allows_no_training_of_any_kind_where_nobody_said_so(facts: ManifestFacts) -> None:
    entries = training(facts)
    assert {f"cawg.{use}" for use in ("ai_training", "ai_generative_training", "ai_inference", "data_mining")} <= set(
        entries
    )
    assert all(entry == {"use": "notAllowed"} for entry in entries.values())


def test_says_of_training_what_the_strictest_holder_said(facts: ManifestFacts) -> None:
    entries = training(
        facts,
        Preference("tdm", "allowed"),
        Preference("tdm", "constrained", "Ask first"),
        Preference("train.nongen", "allowed"),
        Preference("train.gen", "allowed"),  # and nothing of fitting to an artist, which the outside word covers too
    )
    assert entries["cawg.data_mining"] == {"use": "constrained", "constraint_info": "Ask first"}
    assert entries["cawg.ai_training"] == {"use": "allowed"}
    assert entries["cawg.ai_generative_training"] == entries["cawg.ai_inference"] == {"use": "notAllowed"}


def test_names_what_it_was_made_with_and_is_not_heard_in_it(facts: ManifestFacts) -> None:
    model, voice = str(UUID(int=7)), str(UUID(int=8))
    inputs = (
        InputFact("prompt", "prompt", "A prompt", (("commitment", "ef" * 32),)),
        InputFact("model", model, "Tone Model 3", (("weights", "aa" * 32),)),
        InputFact("voice", voice, "A registered voice"),
    )
    made = of(replace(facts, inputs=inputs))
    assert [one for one in made["ingredients"] if one["relationship"] == "inputTo"] == [
        {
            "title": "A prompt",
            "relationship": "inputTo",
            "label": "prompt",
            "metadata": {
                "org.ai-music-ledger.prompt": "prompt",
                "org.ai-music-ledger.sha256.commitment": "ef" * 32,
            },
            "data_types": [{"type": "c2pa.types.generator.prompt"}],
        },
        {
            "title": "Tone Model 3",
            "relationship": "inputTo",
            "label": model,
            "metadata": {"org.ai-music-ledger.model": model, "org.ai-music-ledger.sha256.weights": "aa" * 32},
            "data_types": [{"type": "c2pa.types.model"}],
        },
        {
            "title": "A registered voice",
            "relationship": "inputTo",
            "label": voice,
            "metadata": {"org.ai-music-ledger.voice": voice},
        },
    ]
    actions = data(made, assertions.ACTIONS)["actions"]
    assert actions[0]["parameters"] == {"ingredientIds": ["prompt", model, voice]}
    opened = data(of(replace(facts, inputs=inputs), keeps_parent=True), assertions.ACTIONS)["actions"]
    assert opened[0]["parameters"] == {"ingredientIds": ["parent"]}


def test_says_who_mixed_and_mastered_and_what_was_done_last(facts: ManifestFacts) -> None:
    levels = (
        ContributionFact("mastering", "all", "Loud 2"),
        ContributionFact("production", "none", ""),
        ContributionFact("lead_vocal", "none", ""),
    )
    made = definition(
        replace(facts, contributions=levels),
        LABEL,
        media_type="audio/flac",
        version="0.1.0",
        keeps_parent=False,
        finishing=("c2pa.transcoded",),
    )
    check_definition(made, carries_manifest=False)
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert data(made, assertions.ACTIONS)["actions"][2:] == [
        {"action": "c2pa.mixed", "digitalSourceType": source + "humanEdits"},
        {
            "action": "c2pa.mastered",
            "digitalSourceType": source + "algorithmicallyEnhanced",
            "softwareAgent": {"name": "Loud 2"},
        },
        {"action": "c2pa.transcoded"},
    ]


def test_commits_to_what_the_log_already_holds(facts: ManifestFacts) -> None:
    entry = EntryFact(UUID(int=3), "0a" * 32)
    record = data(of(replace(facts, submitted=entry, decided_entry_id=UUID(int=4))), assertions.RECORD)
    assert record["submitted"] == {"entry": str(UUID(int=3)), "leafHash": "0a" * 32}
    assert record["decided"] == {"entry": str(UUID(int=4))}
    nothing = replace(facts, submitted=None, decided_entry_id=None)
    assert {"submitted", "decided"}.isdisjoint(data(of(nothing), assertions.RECORD))


def test_writes_shares_as_exact_fractions(facts: ManifestFacts) -> None:
    assert data(of(facts), assertions.SPLITS) == {
        "version": "1",
        "digest": "cd" * 32,
        "splits": [
            {"leaf": "COMM", "share": "3/20"},
            {"leaf": "HC", "share": "119/400"},
            {"leaf": "QZES72600001/P1", "share": "221/400"},
        ],
    }


def test_lets_each_group_of_territories_make_up_a_whole(facts: ManifestFacts) -> None:
    splits = (
        SplitFact("HC", 1, 1, ("DE", "AT")),
        SplitFact("HC", 1, 3, ("US",)),
        SplitFact("A/P", 2, 3, ("US",)),
    )
    assert data(of(replace(facts, splits=splits)), assertions.SPLITS)["splits"] == [
        {"leaf": "HC", "share": "1", "territories": ["AT", "DE"]},
        {"leaf": "A/P", "share": "2/3", "territories": ["US"]},
        {"leaf": "HC", "share": "1/3", "territories": ["US"]},
    ]


@pytest.mark.parametrize(
    "splits",
    [
        (),
        (SplitFact("HC", 399, 400),),
        (SplitFact("HC", 401, 400),),
        (SplitFact("HC", 333333, 1000000), SplitFact("A/P", 666666, 1000000)),
        (SplitFact("HC", 3, 2), SplitFact("A/P", -1, 2)),
        (SplitFact("HC", 1, 0),),
        (SplitFact("HC", 1, 2), SplitFact("HC", 1, 2)),
        (SplitFact("HC", 1, 2, ("US",)), SplitFact("HC", 1, 2, ("DE",))),
    ],
    ids=["none", "short", "over", "rounded", "negative", "over zero", "twice", "over two territories"],
)
def test_refuses_splits_that_are_not_one_whole(facts: ManifestFacts, splits: tuple[SplitFact, ...]) -> None:
    with pytest.raises(assertions.SplitsNotWhole):
        of(replace(facts, splits=splits))


def test_refuses_an_ingredient_whose_license_is_not_listed(facts: ManifestFacts) -> None:
    with pytest.raises(assertions.IngredientWithoutLicense):
        of(replace(facts, licenses=(UUID(int=1),)))


def test_holds_nothing_but_the_facts_it_names(facts: ManifestFacts) -> None:
    """No place for a person: every key that a manifest may hold is listed here."""
    keys: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            keys.update(value)
            for item in value.values():
                gather(item)
        elif isinstance(value, list):
            for item in value:
                gather(item)

    everything = replace(
        facts,
        inputs=(InputFact("model", str(UUID(int=7)), "Tone Model 3", (("weights", "aa" * 32),)),),
        training=(Preference("tdm", "constrained", "Ask first"),),
        submitted=EntryFact(UUID(int=3), "0a" * 32),
        decided_entry_id=UUID(int=4),
        contributions=(*facts.contributions, ContributionFact("mastering", "all", "Loud 2")),
    )
    gather(json.loads(json.dumps(of(everything))))
    assert keys <= {
        *(
            "label",
            "title",
            "format",
            "claim_generator_info",
            "name",
            "version",
            "specVersion",
            "ingredients",
        ),
        *(
            "assertions",
            "created",
            "data",
            "kind",
            "relationship",
            "metadata",
            "allActionsIncluded",
            "actions",
        ),
        *(
            "action",
            "digitalSourceType",
            "parameters",
            "ingredientIds",
            "modelType",
            "modelName",
            "entries",
            "use",
        ),
        *("cawg.ai_training", "cawg.ai_generative_training", "cawg.ai_inference", "cawg.data_mining"),
        *(f"org.ai-music-ledger.{use}" for use in ("finetune.artist", "style.prompt")),
        *(f"org.ai-music-ledger.voice.{use}" for use in ("train", "generate", "convert")),
        *(f"org.ai-music-ledger.{key}" for key in ("sha256", "recording", "license", "isrc", "model")),
        *("org.ai-music-ledger.sha256.weights", "data_types", "type", "softwareAgent", "constraint_info"),
        *("submitted", "decided", "entry", "leafHash"),
        *("licenses", "digest", "splits", "leaf", "share", "submission", "decision", "log", "contributions"),
        *("component", "aiLevel", "tool"),
    }
