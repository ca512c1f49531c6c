"""The main job on real audio: a catalogue, four outputs, four outcomes; and every link of the chain checked."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from ledger import certifying, checkpoints, clearance, clients, people, sequencer
from ledger.demo import material
from ledger.demo.catalogue import (
    FOLDER,
    PARTIES,
    TRACK,
    TRACKS,
    USES,
    WORLD,
    Track,
    consent_id,
    consents,
    key,
    licenses,
    shares,
    works,
)
from ledger.demo.doors import Api, Door
from rights.models import Party
from rights.vocabulary import PartyKind

CATALOGUE_SCOPES = [
    "catalogue:read",
    "catalogue:write",
    "catalogue:all",
    "clearances:read",
    "clearances:write",
]  # it speaks for every holder
SUBMISSION_SCOPES = ["submissions:read", "submissions:write", "clearances:read", "clearances:write"]
PATIENCE_S = 120
MANIFEST_CHECK = 9  # the obligation of ledger-verify that reads the signed file

Say = Callable[[str], None]


class ChainBroken(Exception):
    """A link of the chain from consent to proof does not hold."""


@dataclass(frozen=True)
class Output:
    """One of the four outputs: what it is, what is declared, and what must come of it."""

    letter: str
    title: str
    what: str
    expected: str
    file: str
    media_type: str
    ingredients: tuple[Track, ...]
    make: Callable[[Path, Path], Path]  # target, scratch folder


@dataclass
class Told:
    """What came of an output, in data and in words."""

    letter: str
    title: str
    what: str
    expected: str
    id: str
    outcome: str
    seconds: float
    findings: list[str] = field(default_factory=list)
    matches: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    signed: str = ""
    entry: int | None = None
    checks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _load(track: Track) -> material.Sound:
    return material.load(FOLDER / track.file)


def _cleared(target: Path, scratch: Path) -> Path:  # noqa: ARG001
    backing = material.cut(_load(TRACK["country"]), 8, 48)
    vocal = material.cut(material.load(FOLDER / "vocal.flac"), 0, 24)
    return material.write(material.over(backing, vocal, at_s=16, gain=0.9), target)


def _undeclared(target: Path, scratch: Path) -> Path:
    base = _load(TRACK["delay"])
    excerpt = material.cut(_load(TRACK["piano"]), 40, 16)
    altered = material.faster(material.recompressed(excerpt, scratch, bit_rate=64_000), "1.04")
    return material.write(
        material.joined(material.cut(base, 10, 22), altered, material.cut(base, 60, 14)),
        target,
        bit_rate=128_000,
    )


def _withdrawn(target: Path, scratch: Path) -> Path:  # noqa: ARG001
    return material.write(material.cut(_load(TRACK["spring"]), 5, 40), target)


def _unheard(target: Path, scratch: Path) -> Path:  # noqa: ARG001
    return material.write(material.cut(_load(TRACK["vibe"]), 3, 40), target)


OUTPUTS = (
    Output("a", "Country, sung", "a human vocal over licensed material, declared", "cleared", "country-sung.flac",
           "audio/flac", (TRACK["country"],), _cleared),
    Output("b", "Delayed", "contains an undeclared excerpt of a registered recording, as MP3 and at another tempo",
           "refused", "delayed.mp3", "audio/mpeg", (TRACK["delay"],), _undeclared),
    Output("c", "Spring again", "licensed material whose consent was withdrawn", "refused", "spring-again.m4a",
           "audio/mp4", (TRACK["spring"],), _withdrawn),
    Output("d", "Ace", "declares an ingredient that is not found in the audio", "review", "ace.ogg", "audio/ogg",
           (TRACK["vibe"], TRACK["country"]), _unheard),
)  # fmt: skip


def prepare(door: Door) -> tuple[Api, Api]:
    """Register the demo's parties and return an API client of the label and one of the distributor."""
    for party in PARTIES:
        if not Party.objects.filter(pk=party["id"]).exists():
            people.register_party(
                id=UUID(party["id"]), kind=PartyKind(party["kind"]), name=party["name"], at=timezone.now()
            )
    label = clients.create(name="demo catalogue", party_id=UUID(key("label")), scopes=CATALOGUE_SCOPES)
    distributor = clients.create(name="demo outputs", party_id=UUID(key("distributor")), scopes=SUBMISSION_SCOPES)
    return Api(door, label), Api(door, distributor)


def register(api: Api, say: Say) -> None:
    """Register the catalogue, the agreements, and the one withdrawal."""
    for work in works():
        api.post("/v1/works", work)
    for track in TRACKS:
        say(f"Registering “{track.title}” and taking its fingerprint")
        fields = {"id": track.recording_id, "title": track.title, "isrc": track.isrc, "works": track.work_id}
        api.upload("/v1/recordings", fields, file=FOLDER / track.file, media_type=track.media_type)
    for path, documents in (
        ("/v1/shares", shares()),
        ("/v1/consents", consents()),
        ("/v1/licenses", licenses()),
    ):
        say(f"Recording {len(documents)} {path.removeprefix('/v1/')}")
        for document in documents:
            api.post(path, document)
    for track in TRACKS:
        if track.is_withdrawn:
            say(f"Withdrawing the label's consent to “{track.title}”, from today on")
            api.post(
                f"/v1/consents/{consent_id(track, 'label')}/withdrawals",
                {
                    "id": key(f"withdrawal {track.name}"),
                    "actor": key("label"),
                    "effective_on": _today().isoformat(),
                },
            )


def _today() -> Any:
    return timezone.now().date()


def run(door: Door, say: Say, *, settle: Callable[[Api, str], dict[str, Any]]) -> list[Told]:
    """
    Do the whole job and return what came of each output; a link that does not hold is among the faults.

    ``settle`` brings a submission to its decision and the decision into the log, or waits until it is there.
    """
    label, distributor = prepare(door)
    register(label, say)
    told = []
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder = Path(name)
        (folder / "log.vkey").write_text(checkpoints.verifier_key() + "\n")
        for output in OUTPUTS:
            say(f"({output.letter}) Making “{output.title}”: {output.what}")
            file = output.make(folder / output.file, folder)
            say(f"({output.letter}) Submitting {file.name}, {file.stat().st_size / 1e6:.1f} MB")
            told.append(_tell(distributor, output, file, folder, say, settle))
    return told


def _tell(
    api: Api, output: Output, file: Path, folder: Path, say: Say, settle: Callable[[Api, str], dict[str, Any]]
) -> Told:
    id, since = str(uuid4()), time.monotonic()
    declaration = {
        "title": output.title,
        "release_on": _today().isoformat(),
        "uses": USES,
        "territories": [WORLD],
        "ingredients": [track.recording_id for track in output.ingredients],
        "contributions": [
            {
                "component": "lead_vocal",
                "ai_level": "none",
                "actors": [{"party": key("singer"), "acts": ["perceptible_input"]}],
            },
            {
                "component": "arrangement",
                "ai_level": "partly",
                "tool": "Demo Arranger",
                "tool_version": "1.0",
                "actors": [{"party": key("singer"), "acts": ["modification", "selection_and_arrangement"]}],
            },
            {"component": "mastering", "ai_level": "all", "tool": "Demo Master", "is_generative": False},
        ],
    }
    api.upload(
        "/v1/submissions",
        {"id": id, "declaration": json.dumps(declaration)},
        file=file,
        media_type=output.media_type,
    )
    say(f"({output.letter}) Examining, deciding, signing")
    found = settle(api, id)
    told = Told(
        letter=output.letter,
        title=output.title,
        what=output.what,
        expected=output.expected,
        id=id,
        outcome=found["state"],
        seconds=round(time.monotonic() - since, 1),
    )
    decision = found["decision"] or {"findings": []}
    told.findings = [finding["sentence"] for finding in decision["findings"]]
    if found["state"] != output.expected:
        told.faults.append(f"the outcome is {found['state']}, expected {output.expected}")
    _tell_evidence(api, found, told)
    _tell_splits(found, told)
    _tell_entry(api, id, told)
    say(f"({output.letter}) Checking the evidence pack as an auditor would")
    _check_pack(api, id, folder, told)
    return told


def _tell_evidence(api: Api, found: dict[str, Any], told: Told) -> None:
    if "evidence" not in found["links"]:
        told.faults.append("there is no evidence")
        return
    names = {reference["id"]: reference["title"] for reference in _references()}
    for match in api.get(found["links"]["evidence"]).json()["matches"]:
        mine, theirs = match["output"], match["reference"]
        told.matches.append(
            f"{_clock(mine['start_ms'])}–{_clock(mine['end_ms'])} of the output is"
            f" {_clock(theirs['start_ms'])}–{_clock(theirs['end_ms'])} of “{names.get(match['reference_id'], '?')}”"
            f" (tempo ×{match['time_ratio_millionths'] / 1_000_000:.2f})"
        )


def _references() -> list[dict[str, str]]:
    from rights.models import Recording

    rows = Recording.objects.filter(reference__isnull=False).values_list("reference_id", "title")
    return [{"id": str(reference_id), "title": title} for reference_id, title in rows]


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{rest:02d}"


def _tell_splits(found: dict[str, Any], told: Told) -> None:
    if (found["splits"] is not None) != (told.expected == "cleared"):
        told.faults.append("splits are there exactly when an output is cleared")
    names = {party["id"]: party["name"] for party in PARTIES}
    for zone in found["splits"] or []:
        parts = [Fraction(part["part"]) for part in zone["parts"]]
        if sum(parts) != 1:
            told.faults.append(f"the splits add up to {sum(parts)}")
        whole: dict[str, Fraction] = {}
        for part, fraction in zip(zone["parts"], parts, strict=True):
            whole[part["party"]] = whole.get(part["party"], Fraction(0)) + fraction
        told.splits += [f"{names.get(party, party)} {fraction}" for party, fraction in whole.items()]


def _tell_entry(api: Api, id: str, told: Told) -> None:
    decided = [entry for entry in api.get(f"/v1/submissions/{id}/entries").json() if entry["kind"] == "decided"]
    if not decided or decided[0]["index"] is None:
        told.faults.append("the decision has no place in the log")
    else:
        told.entry = decided[0]["index"]


def _check_pack(api: Api, id: str, folder: Path, told: Told) -> None:
    pack = folder / f"{id}.zip"
    pack.write_bytes(api.get(f"/v1/submissions/{id}/pack").body)
    command = [sys.executable, "-m", "ledger.verify", str(pack), "--key", str(folder / "log.vkey"), "--json"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(checked.stdout)
    except ValueError:
        told.faults.append(f"ledger-verify said: {(checked.stderr or checked.stdout).strip()[-400:]}")
        return
    if not report["is_readable"]:
        told.faults.append(report["sentence"])
        return
    for check in report["checks"]:
        if check["state"] == "holds" and check["number"] == MANIFEST_CHECK:
            told.signed = check["sentence"].partition(": ")[2]
        if check["state"] == "holds":
            told.checks.append(check["sentence"])
        elif check["state"] == "fails":
            told.faults.append(check["sentence"])
    if checked.returncode != 0 and not told.faults:
        told.faults.append(f"ledger-verify ended with {checked.returncode}")
    if bool(told.signed) != (told.expected == "cleared"):
        told.faults.append("a file is signed exactly when its output is cleared")


def settle_inside(api: Api, id: str) -> dict[str, Any]:
    """Decide, sequence and certify in this process."""
    clearance.clear(submission_id=UUID(id), at=timezone.now())
    sequencer.drain(at=timezone.now())
    certifying.sweep(at=timezone.now())
    sequencer.drain(at=timezone.now())
    found: dict[str, Any] = api.get(f"/v1/submissions/{id}").json()
    return found


def settle_by_waiting(api: Api, id: str) -> dict[str, Any]:
    """
    Wait until the workers have decided and the sequencer has placed the entry.

    :raises ChainBroken: it took longer than two minutes
    """
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found: dict[str, Any] = api.get(f"/v1/submissions/{id}").json()
        if found["state"] == "failed":
            return found
        if found["state"] != "waiting":
            entries = api.get(f"/v1/submissions/{id}/entries").json()
            if all(entry["index"] is not None for entry in entries):
                return found
        time.sleep(0.25)
    raise ChainBroken(f"submission {id} was not decided within {PATIENCE_S} s; look at the worker's output")


def as_json(told: list[Told], month: Any, *, at: datetime) -> str:
    """Return the result for a program; ``month`` is what the cleared output earned, or None."""
    earned = asdict(month) if month else None
    return json.dumps({"at": at.isoformat(), "outputs": [asdict(one) for one in told], "month": earned}, indent=2)


def in_words(told: list[Told]) -> str:
    """Return the result for a person."""
    lines = []
    for one in told:
        mark = "✓" if not one.faults else "✗"
        lines += [
            "",
            f"{mark} ({one.letter}) “{one.title}” — {one.what}",
            f"    {one.outcome.upper()} in {one.seconds} s",
        ]
        lines += [f"    · {finding}" for finding in one.findings]
        lines += [f"    heard: {match}" for match in one.matches]
        if one.splits:
            lines.append("    splits: " + ", ".join(one.splits) + " (together 1)")
        if one.signed:
            lines.append(f"    signed file: {one.signed}")
        if one.entry is not None:
            lines.append(f"    entry {one.entry} of the log; {len(one.checks)} checks of its evidence pack hold")
        lines += [f"    ✗ {fault}" for fault in one.faults]
    return "\n".join(lines)
