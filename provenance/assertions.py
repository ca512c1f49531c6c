"""
What a manifest says about an output, and how it is written down. Pure.

A manifest travels with the file and can never be called back, so it holds ids, digests, titles and shares,
and no person: who owns a license is in the registry, under its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from provenance import bindings
from provenance.bindings import SoftBindingFact
from provenance.contributions import (
    DIGITAL_SOURCE_TYPE,
    ContributionFact,
    ai_disclosure,
    digital_source_type,
    is_generative,
)
from rights import preferences
from rights.preferences import Preference
from rights.vocabulary import Component

SPEC_VERSION = "2.4.0"  # of the C2PA specification; the conformance program asks for it
GENERATOR = "AI Music Ledger"

ACTIONS = "c2pa.actions.v2"
DISCLOSURE = "c2pa.ai-disclosure"
TRAINING = "cawg.training-mining"
LICENSES = "org.ai-music-ledger.licenses"
SPLITS = "org.ai-music-ledger.splits"
RECORD = "org.ai-music-ledger.record"

PARENT = "parent"  # the ingredient that the source's own manifest becomes


class SplitsNotWhole(Exception):
    """Splits sum to exactly one, over leaves that are not negative and each named once."""


class IngredientWithoutLicense(Exception):
    """An ingredient names a license that the manifest does not list."""


@dataclass(frozen=True, slots=True)
class IngredientFact:
    """A recording that is in the output, and the license under which it is."""

    recording_id: UUID
    title: str
    isrc: str | None
    audio_digest: str  # SHA-256, hex
    license_id: UUID


@dataclass(frozen=True, slots=True)
class InputFact:
    """
    What an output was made with and is not heard in itself: a prompt, a model's version, a dataset, a voice.

    Of a prompt only a commitment is known here, and of a voice only its enrollment: both are somebody's own.
    """

    kind: Literal["prompt", "model", "dataset", "voice"]
    id: str  # under which the registry knows it; of a prompt, "prompt"
    title: str
    digests: tuple[tuple[str, str], ...] = ()  # what it is the digest of, and SHA-256 as hex


@dataclass(frozen=True, slots=True)
class EntryFact:
    """An entry that was in the log before this was signed: its id, and its leaf's hash (RFC 6962), hex."""

    id: UUID
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class SplitFact:
    """One leaf's exact share; leaves with the same territories make up one whole."""

    leaf: str  # "COMM", "HC", "<asset code>/<party code>"
    numerator: int
    denominator: int
    territories: tuple[str, ...] = ()  # empty: everywhere


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """Everything that a manifest is made from."""

    submission_id: UUID
    decision_id: UUID
    title: str
    log_origin: str
    ingredients: tuple[IngredientFact, ...]
    contributions: tuple[ContributionFact, ...]
    licenses: tuple[UUID, ...]
    splits: tuple[SplitFact, ...]
    splits_digest: str
    soft_bindings: tuple[SoftBindingFact, ...] = ()
    inputs: tuple[InputFact, ...] = ()
    training: tuple[Preference, ...] = ()  # what holders prefer, of what is in it; what nobody said is not allowed
    isrc: str = ""  # of the output itself
    cover_digest: str = ""  # SHA-256 of the picture in its tags, hex
    submitted: EntryFact | None = None
    decided_entry_id: UUID | None = None  # its body will name this manifest's digest, so it has no hash yet


def definition(
    facts: ManifestFacts,
    label: str,
    *,
    media_type: str,
    version: str,
    keeps_parent: bool,
    finishing: Sequence[str] = (),
) -> dict[str, Any]:
    """
    Return the manifest definition, in the SDK's JSON, for these facts.

    :param label: ``urn:c2pa:<uuid>``, given here so that it is known before anything is signed
    :param version: of the software that signs
    :param keeps_parent: the source carries a manifest, which becomes the parent: it was opened, not created
    :param finishing: what was done to the file last, such as ``c2pa.repackaged``
    :raises UnknownContribution: see ``digital_source_type``
    :raises SplitsNotWhole: the splits do not sum to one
    :raises IngredientWithoutLicense: an ingredient's license is not among ``facts.licenses``
    """
    source_type = DIGITAL_SOURCE_TYPE + digital_source_type(facts.contributions)
    for ingredient in facts.ingredients:
        if ingredient.license_id not in facts.licenses:
            raise IngredientWithoutLicense(f"{IngredientWithoutLicense.__doc__} It is {ingredient.license_id}.")
    assertions = [
        _ours(ACTIONS, _actions(facts, source_type, keeps_parent=keeps_parent, finishing=finishing)),
        *([_ours(DISCLOSURE, ai_disclosure(facts.contributions))] if is_generative(facts.contributions) else []),
        # Deny by default: what nobody said of what is in it is not allowed.
        _ours(TRAINING, preferences.cawg(facts.training, default_stance="not_allowed")),
        _ours(LICENSES, _licenses(facts), kind="Json"),
        _ours(SPLITS, _splits(facts), kind="Json"),
        _ours(RECORD, _record(facts, source_type), kind="Json"),
        *(_ours(label, data) for label, data in bindings.assertions(facts.soft_bindings)),
    ]
    return {
        "label": label,
        "title": facts.title,
        "format": media_type,
        "claim_generator_info": [{"name": GENERATOR, "version": version, "specVersion": SPEC_VERSION}],
        "ingredients": [*map(_ingredient, facts.ingredients), *map(_input, facts.inputs)],
        "assertions": assertions,
    }


def _ours(label: str, data: dict[str, Any], *, kind: str | None = None) -> dict[str, Any]:
    # Without "created" an assertion is only gathered, which means that the signer does not stand behind it.
    assertion = {"label": label, "created": True, "data": data}
    return assertion if kind is None else {**assertion, "kind": kind}


def _actions(facts: ManifestFacts, source_type: str, *, keeps_parent: bool, finishing: Sequence[str]) -> dict[str, Any]:
    first: dict[str, Any] = (
        {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}
        if keeps_parent
        else {"action": "c2pa.created", "digitalSourceType": source_type}
    )
    if facts.inputs and not keeps_parent:  # of what was opened it is not known which of its makers' acts they fed
        first["parameters"] = {"ingredientIds": [one.id for one in facts.inputs]}
    placed = [
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [str(i.recording_id)]}} for i in facts.ingredients
    ]
    produced = [
        {
            "action": _ACTION_OF[Component(one.component)],
            "digitalSourceType": DIGITAL_SOURCE_TYPE
            + ("humanEdits" if one.ai_level == "none" else "algorithmicallyEnhanced"),
            **({"softwareAgent": {"name": one.tool}} if one.tool else {}),
        }
        for one in sorted(facts.contributions, key=lambda one: one.component, reverse=True)
        if one.component in _ACTION_OF
    ]
    last = [{"action": name} for name in finishing]
    # What was declared and what was done here; what else its makers did to it, nobody told.
    return {"allActionsIncluded": False, "actions": [first, *placed, *produced, *last]}


# Acts on the whole recording that have an action of their own, in the order in which they happen.
_ACTION_OF = {Component.PRODUCTION: "c2pa.mixed", Component.MASTERING: "c2pa.mastered"}


def _ingredient(ingredient: IngredientFact) -> dict[str, Any]:
    # A recording without a manifest of its own is not bound by C2PA to any bytes, so its digest is stated.
    metadata = {
        "org.ai-music-ledger.sha256": ingredient.audio_digest,
        "org.ai-music-ledger.recording": str(ingredient.recording_id),
        "org.ai-music-ledger.license": str(ingredient.license_id),
    }
    if ingredient.isrc:
        metadata["org.ai-music-ledger.isrc"] = ingredient.isrc
    return {
        "title": ingredient.title,
        "relationship": "componentOf",
        "label": str(ingredient.recording_id),
        "metadata": metadata,
    }


def _input(given: InputFact) -> dict[str, Any]:
    made = {
        "title": given.title,
        "relationship": "inputTo",
        "label": given.id,
        "metadata": {
            f"org.ai-music-ledger.{given.kind}": given.id,
            **{f"org.ai-music-ledger.sha256.{of}": digest for of, digest in given.digests},
        },
    }
    return {**made, "data_types": [{"type": _DATA_TYPES[given.kind]}]} if given.kind in _DATA_TYPES else made


_DATA_TYPES = {
    "prompt": "c2pa.types.generator.prompt",
    "model": "c2pa.types.model",
    "dataset": "c2pa.types.dataset",
}


def _licenses(facts: ManifestFacts) -> dict[str, Any]:
    return {"version": "1", "licenses": sorted(str(license_id) for license_id in facts.licenses)}


def _splits(facts: ManifestFacts) -> dict[str, Any]:
    wholes: dict[tuple[str, ...], dict[str, Fraction]] = {}
    for split in facts.splits:
        leaves = wholes.setdefault(tuple(sorted(split.territories)), {})
        if split.denominator <= 0 or split.numerator < 0 or split.leaf in leaves:
            raise SplitsNotWhole(f"{SplitsNotWhole.__doc__} The leaf is {split.leaf}.")
        leaves[split.leaf] = Fraction(split.numerator, split.denominator)
    if not wholes:
        raise SplitsNotWhole(f"{SplitsNotWhole.__doc__} There are none.")
    for leaves in wholes.values():
        if (total := sum(leaves.values())) != 1:
            raise SplitsNotWhole(f"{SplitsNotWhole.__doc__} They sum to {total}.")
    return {
        "version": "1",
        "digest": facts.splits_digest,
        "splits": [
            {"leaf": leaf, "share": str(share), **({"territories": list(territories)} if territories else {})}
            for territories, leaves in sorted(wholes.items())
            for leaf, share in sorted(leaves.items())
        ],
    }


def _record(facts: ManifestFacts, source_type: str) -> dict[str, Any]:
    return {
        "version": "1",
        "submission": str(facts.submission_id),
        "decision": str(facts.decision_id),
        "log": facts.log_origin,
        **({"isrc": facts.isrc} if facts.isrc else {}),
        **({"cover": f"sha256:{facts.cover_digest}"} if facts.cover_digest else {}),
        # What of the log is known before signing; the decision's own entry names this manifest by its digest.
        **(
            {"submitted": {"entry": str(facts.submitted.id), "leafHash": facts.submitted.leaf_hash}}
            if facts.submitted
            else {}
        ),
        **({"decided": {"entry": str(facts.decided_entry_id)}} if facts.decided_entry_id else {}),
        "digitalSourceType": source_type,  # also here, because an opened file must not carry it on its action
        "contributions": [
            {"component": c.component, "aiLevel": c.ai_level, "tool": c.tool}
            for c in sorted(facts.contributions, key=lambda c: c.component)
        ],
    }
