"""
What must hold before a file is signed. Pure.

The C2PA SDK signs, without a word, several things that it should refuse: a source type that does not exist,
a manifest with two parents, audio behind a broken header, which it then drops. Each such case is a refusal
of its own here.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from provenance.assertions import ACTIONS, DISCLOSURE, PARENT, TRAINING
from provenance.bindings import LABEL as SOFT_BINDING
from provenance.contributions import DIGITAL_SOURCE_TYPE

LARGEST_BYTES: Final = 2**31 - 1  # the binding copies a chunk through a C int
_LARGEST_DEFINITION: Final = 1 << 20
_LARGEST_INTEGER: Final = 2**63 - 1


class SignRefused(Exception):
    """The file or its manifest cannot be signed."""

    code: ClassVar[str] = "sign_refused"


class MediaTypeNotSignable(SignRefused):
    """Audio of this type cannot be signed; WAV, AIFF, MP3, FLAC, M4A and OGG can."""

    code = "media_type_not_signable"


class EmptySource(SignRefused):
    """There are no bytes to sign."""

    code = "empty_source"


class TooLargeToSign(SignRefused):
    """A file of 2 GiB or more cannot be signed; FLAC holds the same audio in about half the size."""

    code = "too_large_to_sign"


class NotPlainWave(SignRefused):
    """The file is no plain RIFF/WAVE (it may be RF64); export it as WAV or FLAC."""

    code = "not_plain_wave"


class BrokenWave(SignRefused):
    """The WAV's sizes do not fit the file, as after streaming; signing would lose audio: export it again."""

    code = "broken_wave"


class BrokenBoxes(SignRefused):
    """The boxes of the M4A do not fit the file, or hold too much beside the sound; export it again."""

    code = "broken_boxes"


class TrailingBytes(SignRefused):
    """There are bytes behind the WAV's last chunk, which signing would drop; export the file again."""

    code = "trailing_bytes"


class MalformedLabel(SignRefused):
    """A manifest's label is ``urn:c2pa:`` and a UUID in lower case."""

    code = "malformed_label"


class MalformedGenerator(SignRefused):
    """A manifest names one claim generator, with name, version and specVersion."""

    code = "malformed_generator"


class MalformedActions(SignRefused):
    """A manifest holds one actions assertion; its first action, and no other, is created or opened."""

    code = "malformed_actions"


class UnknownAction(SignRefused):
    """An action is neither in the C2PA list nor named after a domain."""

    code = "unknown_action"


class UnknownSourceType(SignRefused):
    """A digital source type is not in the IPTC list, is missing from a creation, or stands where none may."""

    code = "unknown_source_type"


class IngredientNotPlaced(SignRefused):
    """Every component is placed by an action, and every action names ingredients that exist."""

    code = "ingredient_not_placed"


class MalformedIngredient(SignRefused):
    """An ingredient is a component with a label of its own; the only parent is the source's own manifest."""

    code = "malformed_ingredient"


class LabelWouldChange(SignRefused):
    """An assertion's label ends in a version or instance, which the SDK cuts off; put it in the data."""

    code = "label_would_change"


class LabelNotAllowed(SignRefused):
    """An assertion's label is one that C2PA or CAWG keep for themselves, or is not named after a domain."""

    code = "label_not_allowed"


class RepeatedAssertion(SignRefused):
    """Two assertions have one label; readers would find only one of them."""

    code = "repeated_assertion"


class MalformedSoftBinding(SignRefused):
    """A soft binding names its algorithm, each once, and its value is a list of bytes."""

    code = "malformed_soft_binding"


class NotAttributed(SignRefused):
    """Every assertion is marked as created, because the signer stands behind all of them."""

    code = "not_attributed"


class NumbersInList(SignRefused):
    """A list holds numbers, which one of the SDK's reports corrupts; write them as text or inside objects."""

    code = "numbers_in_list"


class NumberNotExact(SignRefused):
    """A number is no integer of 64 bits; write a fraction or a large number as text."""

    code = "number_not_exact"


class RedactionNotAllowed(SignRefused):
    """A manifest must not redact: it breaks WAV, MP3 and FLAC, and what was published stays published."""

    code = "redaction_not_allowed"


class DefinitionTooLarge(SignRefused):
    """A manifest's definition is larger than 1 MiB."""

    code = "definition_too_large"


class ManifestWouldBeLost(SignRefused):
    """The file carries a manifest already; it must be kept as the parent, not replaced."""

    code = "manifest_would_be_lost"


class NothingToOpen(SignRefused):
    """The definition opens a parent, but the file carries no manifest."""

    code = "nothing_to_open"


_EMBEDS: Final = frozenset({"audio/wav", "audio/mpeg", "audio/flac", "audio/mp4"})
_NORMALIZED: Final = {
    **dict.fromkeys(("audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave"), "audio/wav"),
    **dict.fromkeys(("audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3"), "audio/mpeg"),
    **dict.fromkeys(("audio/flac", "audio/x-flac"), "audio/flac"),
    **dict.fromkeys(("audio/mp4", "audio/m4a", "audio/x-m4a", "video/mp4", "application/mp4"), "audio/mp4"),
    **dict.fromkeys(("audio/aiff", "audio/x-aiff", "audio/aifc", "audio/x-aifc"), "audio/aiff"),
    **dict.fromkeys(("audio/ogg", "audio/opus", "audio/vorbis", "application/ogg"), "audio/ogg"),
}
_SOURCE_TYPES: Final = frozenset(
    DIGITAL_SOURCE_TYPE + name
    for name in (
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "humanEdits",
        "digitalCapture",
        "digitalCreation",
        "composite",
        "compositeSynthetic",
        "compositeCapture",
        "virtualRecording",
        "dataDrivenMedia",
        "computationalCapture",
    )
)
# What C2PA 2.4 allows for audio. c2pa.redacted is left out with redaction itself.
_ACTIONS: Final = frozenset(
    "c2pa." + name
    for name in (
        "changedSpeed",
        "created",
        "dubbed",
        "edited",
        "edited.metadata",
        "mastered",
        "mixed",
        "opened",
        "placed",
        "published",
        "remixed",
        "repackaged",
        "transcoded",
        "trimmed",
        "watermarked.bound",
        "watermarked.unbound",
    )
)
_RESERVED_PREFIXES: Final = ("c2pa.", "cawg.", "stds.", "font.", "adobe.")
_RESERVED_LABELS: Final = frozenset({ACTIONS, DISCLOSURE, TRAINING, SOFT_BINDING})
_DOMAIN_LABEL: Final = re.compile(r"[a-z0-9-]+(\.[A-Za-z0-9-]+){2,}")
_CHANGING_LABEL: Final = re.compile(r"\.v\d+$|__\d+$|/")
_LABEL: Final = re.compile(r"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def normalized(media_type: str) -> str:
    """
    Return the one name this project has for an audio type, whatever name and parameters it came with.

    :raises MediaTypeNotSignable: the type is none of the six
    """
    name = media_type.partition(";")[0].strip().lower()
    if name not in _NORMALIZED:
        raise MediaTypeNotSignable(f"{MediaTypeNotSignable.__doc__} This is {name[:60]!r}.")
    return _NORMALIZED[name]


def embeds(media_type: str) -> bool:
    """Tell whether a file of this type holds its manifest; otherwise the manifest lies beside it."""
    return normalized(media_type) in _EMBEDS


def check_source(path: Path, media_type: str) -> None:
    """
    Check that signing this file would not lose any of it: not empty, below 2 GiB, and if WAV, whole.

    Whether the audio can be decoded is not checked.

    :raises SignRefused: a subclass names the reason
    """
    size = path.stat().st_size
    if size == 0:
        raise EmptySource(EmptySource.__doc__)
    if size > LARGEST_BYTES:
        raise TooLargeToSign(TooLargeToSign.__doc__)
    if media_type == "audio/wav":
        _check_wave(path, size)


def _check_wave(path: Path, size: int) -> None:
    """
    Walk the chunks and compare every size with the file.

    A WAV written to a pipe has a RIFF size of 0 or a data size of 0xFFFFFFFF. The SDK signs such a file,
    leaves the audio out and then calls the result trusted.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise NotPlainWave(NotPlainWave.__doc__)
        (riff,) = struct.unpack("<I", head[4:8])
        position, has_data = 12, False
        while position + 8 <= min(size, riff + 8):
            file.seek(position)
            chunk, length = struct.unpack("<4sI", file.read(8))
            if position + 8 + length > size:
                raise BrokenWave(f"{BrokenWave.__doc__} The chunk {chunk!r} is longer than the file.")
            has_data |= chunk == b"data" and length > 0
            position += 8 + length + (length & 1)
    if not has_data:
        raise BrokenWave(f"{BrokenWave.__doc__} There is no audio in it.")
    # A last chunk of odd length may lack its padding byte, in the file and in the RIFF size.
    if riff + 8 not in {position, position - 1}:
        raise BrokenWave(f"{BrokenWave.__doc__} The RIFF size is {riff}, the chunks end at {position}.")
    if size > position:
        raise TrailingBytes(f"{TrailingBytes.__doc__} There are {size - position}.")


def check_definition(definition: Mapping[str, Any], *, carries_manifest: bool) -> None:
    """
    Check a manifest definition, in this order.

    1. Label, generator, size; nothing redacted.
    2. Assertions: labels that stay as they are, each once, each attributed to the signer.
    3. Values: no list of numbers, no number that CBOR or JSON would change.
    4. Actions: the first is the only creation or opening, and it fits what the source carries.
    5. Source types: from the list, on the creation, never on an opening.
    6. Ingredients: components, each placed; the parent is added by the signer alone.

    :raises SignRefused: a subclass names the reason
    """
    if not _LABEL.fullmatch(str(definition.get("label", ""))):
        raise MalformedLabel(f"{MalformedLabel.__doc__} This is {str(definition.get('label'))[:80]!r}.")
    generators = definition.get("claim_generator_info")
    if (
        not isinstance(generators, list)
        or len(generators) != 1
        or not {"name", "version", "specVersion"} <= generators[0].keys()
        or "claim_version" in definition
    ):
        raise MalformedGenerator(MalformedGenerator.__doc__)
    if "redactions" in definition:
        raise RedactionNotAllowed(RedactionNotAllowed.__doc__)
    if len(json.dumps(definition)) > _LARGEST_DEFINITION:
        raise DefinitionTooLarge(DefinitionTooLarge.__doc__)

    assertions: Sequence[Mapping[str, Any]] = definition.get("assertions", ())
    _check_assertions(assertions)
    _check_soft_bindings(assertions)
    ingredients: Sequence[Mapping[str, Any]] = definition.get("ingredients", ())
    # Only a soft binding's value is a list of numbers: its bytes.
    for value in (*(a["data"] for a in assertions if a["label"] != SOFT_BINDING), *ingredients):
        _check_value(value)

    actions = next((a["data"].get("actions") for a in assertions if a["label"] == ACTIONS), None)
    if not isinstance(actions, list) or not actions:
        raise MalformedActions(MalformedActions.__doc__)
    _check_actions(actions, carries_manifest=carries_manifest)
    _check_ingredients(ingredients, actions, carries_manifest=carries_manifest)


def _check_assertions(assertions: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for assertion in assertions:
        label = str(assertion.get("label", ""))
        if label not in _RESERVED_LABELS:
            if _CHANGING_LABEL.search(label):
                raise LabelWouldChange(f"{LabelWouldChange.__doc__} It is {label[:80]!r}.")
            if label.startswith(_RESERVED_PREFIXES) or not _DOMAIN_LABEL.fullmatch(label):
                raise LabelNotAllowed(f"{LabelNotAllowed.__doc__} It is {label[:80]!r}.")
        if label in seen and label != SOFT_BINDING:  # one for each algorithm
            raise RepeatedAssertion(f"{RepeatedAssertion.__doc__} It is {label[:80]!r}.")
        if assertion.get("created") is not True or not isinstance(assertion.get("data"), dict):
            raise NotAttributed(f"{NotAttributed.__doc__} {label[:80]!r} is not.")
        seen.add(label)


def _check_soft_bindings(assertions: Sequence[Mapping[str, Any]]) -> None:
    given = [assertion["data"] for assertion in assertions if assertion["label"] == SOFT_BINDING]
    algorithms = [data.get("alg") for data in given]
    values = [block.get("value") for data in given for block in data.get("blocks", ())]
    is_formed = len(values) >= len(given) and all(isinstance(value, list) and value for value in values)
    is_bytes = all(type(byte) is int and 0 <= byte <= 255 for value in values if is_formed for byte in value)
    if len(set(algorithms)) != len(algorithms) or not all(algorithms) or not is_formed or not is_bytes:
        raise MalformedSoftBinding(MalformedSoftBinding.__doc__)


def _check_value(value: Any) -> None:
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > _LARGEST_INTEGER):
        raise NumberNotExact(f"{NumberNotExact.__doc__} It is {value}.")
    if isinstance(value, dict):
        for item in value.values():
            _check_value(item)
    elif isinstance(value, list | tuple):
        if any(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            raise NumbersInList(NumbersInList.__doc__)
        for item in value:
            _check_value(item)


def _check_actions(actions: Sequence[Mapping[str, Any]], *, carries_manifest: bool) -> None:
    names = [str(action.get("action", "")) for action in actions]
    beginnings = [name for name in names if name in {"c2pa.created", "c2pa.opened"}]
    if len(beginnings) != 1 or names[0] != beginnings[0]:
        raise MalformedActions(MalformedActions.__doc__)
    if names[0] == "c2pa.created" and carries_manifest:
        raise ManifestWouldBeLost(ManifestWouldBeLost.__doc__)
    if names[0] == "c2pa.opened" and not carries_manifest:
        raise NothingToOpen(NothingToOpen.__doc__)
    for name, action in zip(names, actions, strict=True):
        if name not in _ACTIONS and (name.startswith(_RESERVED_PREFIXES) or not _DOMAIN_LABEL.fullmatch(name)):
            raise UnknownAction(f"{UnknownAction.__doc__} It is {name[:80]!r}.")
        source_type = action.get("digitalSourceType")
        is_missing = source_type is None and name == "c2pa.created"
        is_misplaced = source_type is not None and name in {"c2pa.opened", "c2pa.placed"}
        if is_missing or is_misplaced or (source_type is not None and source_type not in _SOURCE_TYPES):
            raise UnknownSourceType(f"{UnknownSourceType.__doc__} {name}: {str(source_type)[:120]}.")


def _check_ingredients(
    ingredients: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]], *, carries_manifest: bool
) -> None:
    labels = [str(i.get("label", "")) for i in ingredients]
    if len(set(labels)) != len(labels) or not all(labels) or PARENT in labels:
        raise MalformedIngredient(MalformedIngredient.__doc__)
    if any(i.get("relationship") not in {"componentOf", "inputTo"} for i in ingredients):
        raise MalformedIngredient(MalformedIngredient.__doc__)
    placed = set(_named_by(actions, "c2pa.placed"))
    components = {str(i["label"]) for i in ingredients if i["relationship"] == "componentOf"}
    if placed != components:
        raise IngredientNotPlaced(IngredientNotPlaced.__doc__)
    if list(_named_by(actions, "c2pa.opened")) != ([PARENT] if carries_manifest else []):
        raise MalformedActions(f"{MalformedActions.__doc__} An opening names the parent.")
    if any(not set(_named_by([action], None)) <= {*labels, PARENT} for action in actions):
        raise IngredientNotPlaced(IngredientNotPlaced.__doc__)


def _named_by(actions: Sequence[Mapping[str, Any]], name: str | None) -> Iterator[str]:
    for action in actions:
        if name is None or action.get("action") == name:
            yield from (str(i) for i in action.get("parameters", {}).get("ingredientIds", ()))
