"""What the public page says of a file, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from ledger import identity, recognizing, report, stating
from ledger.recognizing import Match, Recognized
from provenance import watermarks
from provenance.assertions import ACTIONS, DISCLOSURE, LICENSES, RECORD, SPLITS, TRAINING
from provenance.contributions import DIGITAL_SOURCE_TYPE
from provenance.models import Manifest
from provenance.signing import LEFT_OUT, State, Verification
from provenance.statuses import SENTENCES, Standing, Status
from rights.vocabulary import Component

MOST_LINES = 12


class NoFile(Exception):
    """Choose a file first: no file came with the form."""


@dataclass(frozen=True)
class Fact:
    """One thing that a manifest says."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Resembled:
    """An output that the file may come from."""

    title: str
    label: str
    signed_at: datetime
    said: str
    score: int
    address: str
    receipt: str
    status: str
    status_address: str


@dataclass(frozen=True)
class Found:
    """What is said of one file."""

    tone: str  # good, open, bad or none
    headline: str
    sentence: str
    more: str
    name: str
    media: str
    layers: str
    status_address: str
    is_development: bool
    facts_title: str
    facts: tuple[Fact, ...]
    failures: tuple[str, ...]
    matches: tuple[Resembled, ...]
    label: str
    receipt: str


def sentence(error: Exception) -> str:
    """Return an exception's message, or what it stands for, as a sentence."""
    text = str(error) or " ".join((type(error).__doc__ or "").split())
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def of(found: Recognized, *, name: str, at: datetime) -> Found:
    """Return what is said of a file that was looked at."""
    verification, best = found.verification, found.matches[0] if found.matches else None
    tone, headline, more = _verdict(found)
    shown, title = verification, "What its manifest says"
    if verification.state in {State.ABSENT, State.UNREADABLE} and best is not None:
        # The file has nothing to say for itself; the output that it follows has.
        shown, title = report.verification(best.manifest.decision.manifest), "What the manifest of that output says"
    own = found.own.label if found.own else ""
    recorded = [match.manifest.decision.manifest for match in found.matches] + (
        [found.own.decision.manifest] if found.own else []
    )
    standings = stating.standings(recorded, at=at)
    if found.own and tone == "good" and (since := _status(standings, found.own.decision.manifest)):
        status = standings[found.own.decision.manifest.pk].status
        tone, more = "bad" if status is Status.QUARANTINED else "open", since
    return Found(
        tone=tone,
        headline=headline,
        sentence=_sentence(found),
        more=more,
        name=_short(name, 120),
        media=_media(found),
        layers=watermarks.layers(shown.assertions),
        status_address=_status_address(found.own.decision.manifest) if found.own else "",
        is_development=identity.is_development() and bool(shown.signer),
        facts_title=title,
        facts=tuple(facts_of(shown)),
        failures=tuple(verification.failures) if verification.state is not State.TRUSTED else (),
        matches=tuple(
            _resembled(match, found.heard_ms, _status(standings, match.manifest.decision.manifest))
            for match in found.matches
            if found.own is None or match.manifest.decision_id != found.own.decision_id
        ),
        label=own,
        receipt=f"{recognizing.endpoint()}/manifests/{own}/receipts" if own else "",
    )


def _verdict(found: Recognized) -> tuple[str, str, str]:
    state, is_found = found.verification.state, bool(found.matches)
    if state is State.TRUSTED and found.own:
        return "good", "This is the file that was signed", "Nothing in it was changed since, to the last byte."
    if state is State.TRUSTED:
        more = "It is not released yet, or another installation signed it: until then nothing is told of it here."
        return "open", "Signed with our certificate", more
    if state is State.VALID and LEFT_OUT in found.verification.failures:
        return (
            "open",
            "Intact where its signature reaches",
            "It leaves out parts of the file, which nobody vouches for.",
        )
    if state is State.VALID:
        return "open", "Intact, from a signer whom we do not know", "What it says is the signer's word, not ours."
    if state is State.INVALID:
        more = "Something was changed after it was signed, so what the manifest says is not proved for this file."
        return "bad", "The manifest does not hold for this file", more
    if is_found:
        return "open", "No manifest, but the sound is known here", "What it sounds like leads back to what was signed."
    if state is State.UNREADABLE:
        return "bad", "The manifest cannot be read", "And this ledger signed no output that sounds like this file."
    more = "That says nothing about how it was made: it may have been signed elsewhere, or never."
    return "none", "No manifest, and the sound is not known here", more


def _sentence(found: Recognized) -> str:
    if found.own and found.verification.state is State.TRUSTED and not found.own.is_embedded:
        return f"{found.verification.sentence} Its manifest lies beside the file, and is kept here."
    if found.matches and found.verification.state is State.ABSENT:
        return "The file carries no manifest any more: players, stores and converters often remove it."
    return found.verification.sentence


def _media(found: Recognized) -> str:
    facts = found.facts
    minutes, seconds = divmod(facts.duration_ms // 1000, 60)
    channels = {1: "mono", 2: "stereo"}.get(facts.channels, f"{facts.channels} channels")
    return f"{_MEDIA.get(facts.media_type, facts.media_type)}, {minutes}:{seconds:02d}, {channels}"


def _status(standings: Mapping[UUID, Standing], manifest: Manifest) -> str:
    status = standings[manifest.pk].status
    return "" if status is Status.ACTIVE else SENTENCES[status]


def _status_address(manifest: Manifest) -> str:
    return reverse("status:status", args=[manifest.pk])


def _resembled(match: Match, heard_ms: int, status: str) -> Resembled:
    if match.matched_ms is None:
        said = "It has the same content code, so it is likely the whole of it."
    else:
        of = max(1, heard_ms // 1000)
        said = f"{min(match.matched_ms // 1000, of)} of the {of} seconds that were compared follow this output"
        percent = round((match.tempo_millionths or 1_000_000) / 10_000) - 100
        said += f", at {abs(percent)} % {'higher' if percent > 0 else 'lower'} tempo." if abs(percent) > 1 else "."
    return Resembled(
        title=match.manifest.decision.submission.title,
        label=match.manifest.label,
        signed_at=match.manifest.signed_at,
        said=said,
        score=match.score,
        address=f"{recognizing.endpoint()}/manifests/{match.manifest.label}",
        receipt=f"{recognizing.endpoint()}/manifests/{match.manifest.label}/receipts",
        status=status,
        status_address=_status_address(match.manifest.decision.manifest),
    )


# --- What a manifest says. It may be a stranger's: whatever is not as expected is left out.


def facts_of(verification: Verification) -> Iterator[Fact]:
    """Give what a manifest says that people ask about."""
    said = verification.assertions or {}
    if verification.title:
        yield Fact("Title", (_short(verification.title),))
    if verification.signer:
        signer = verification.signer
        yield Fact("Signed by", (f"{signer.organization or signer.common_name}, vouched for by {signer.issuer}",))
        when = verification.signed_at
        yield Fact("Signed on", (f"{when} (time stamp)" if when else "Not proved: there is no time stamp in it.",))
    record = _object(said.get(RECORD))
    if made := _made(said, record):
        yield Fact("How it was made", (made,))
    if parts := _parts(record):
        yield Fact("Part by part", parts)
    if models := _text(_object(said.get(DISCLOSURE)).get("modelName")):
        yield Fact("AI tools named", (models,))
    if training := _training(_object(said.get(TRAINING))):
        yield Fact("May a machine learn from it?", training)
    licenses = _list(_object(said.get(LICENSES)).get("licenses"))
    if licenses:
        count = "one license, by its id" if len(licenses) == 1 else f"{len(licenses)} licenses, by their ids"
        yield Fact("Licenses", (f"It names {count} in this ledger.",))
    if splits := _list(_object(said.get(SPLITS)).get("splits")):
        yield Fact("Who is paid", (f"It fixes {len(splits)} shares that add up to the whole, without names.",))


_MADE = {
    "digitalCreation": "Made by people with digital tools; no generative AI is stated.",
    "digitalCapture": "Recorded from real sound; no generative AI is stated.",
    "humanEdits": "Edited by people; no generative AI is stated.",
    "algorithmicallyEnhanced": "Made by people; AI worked on the sound (mixing, mastering) and generated nothing.",
    "compositeWithTrainedAlgorithmicMedia": "Played or sung by people, and extended or changed with generative AI.",
    "compositeSynthetic": "Put together from parts made by people and parts that generative AI made.",
    "trainedAlgorithmicMedia": "Generated by AI.",
    "algorithmicMedia": "Made by an algorithm that was not trained on examples.",
    "composite": "Put together from several sources.",
    "compositeCapture": "Put together from recordings of real sound.",
    "virtualRecording": "Recorded from a virtual performance.",
    "dataDrivenMedia": "Made from data.",
    "computationalCapture": "Recorded with a computed capture.",
}
_COMPONENTS = {member.value: member.value.replace("_", " ").capitalize() for member in Component}
_LEVELS = {"none": "people", "partly": "people and AI", "all": "AI"}
_USES = {
    "ai_training": "training of AI",
    "ai_generative_training": "training of generative AI",
    "ai_inference": "as an input of AI",
    "data_mining": "data mining",
}
_STANCES = {"allowed": "Allowed", "notAllowed": "Not allowed", "constrained": "On conditions"}


_MEDIA = {
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "audio/wav": "WAV",
    "audio/aiff": "AIFF",
    "audio/flac": "FLAC",
    "audio/ogg": "OGG",
}


def _made(said: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    actions = _list(_object(said.get(ACTIONS)).get("actions"))
    stated = [record.get("digitalSourceType"), *(_object(action).get("digitalSourceType") for action in actions)]
    for one in stated:
        if (name := _text(one).removeprefix(DIGITAL_SOURCE_TYPE)) in _MADE:
            return _MADE[name]
    return ""


def _parts(record: Mapping[str, Any]) -> tuple[str, ...]:
    lines = []
    for one in _list(record.get("contributions"))[:MOST_LINES]:
        given = _object(one)
        component, level = _COMPONENTS.get(_text(given.get("component"))), _LEVELS.get(_text(given.get("aiLevel")))
        if component and level:
            tool = _text(given.get("tool"))
            lines.append(f"{component}: {level}{f' ({tool})' if tool else ''}")
    return tuple(lines)


def _training(training: Mapping[str, Any]) -> tuple[str, ...]:
    by_stance: dict[str, list[str]] = {}
    entries = _object(training.get("entries"))
    for key, use in _USES.items():
        if stance := _STANCES.get(_text(_object(entries.get(f"cawg.{key}")).get("use"))):
            by_stance.setdefault(stance, []).append(use)
    return tuple(f"{stance}: {', '.join(uses)}." for stance, uses in by_stance.items())


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return _short(value) if isinstance(value, str) else ""


def _short(text: str, most: int = 200) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
