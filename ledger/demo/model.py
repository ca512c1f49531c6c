"""A model that was trained on what holders licensed: its dataset, what was left out, what its provider declares."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils import timezone

from ledger import clients, people
from ledger.demo.catalogue import PARTIES, SINCE, TRACK, TRACKS, WORLD, Track, key
from ledger.demo.doors import Api, Door
from rights import training
from rights.models import Party
from rights.vocabulary import PartyKind

SCOPES = ["catalogue:read", "catalogue:write", "catalogue:all"]
PROVIDER = {"id": key("models"), "kind": "company", "name": "Demo Models"}
MODEL, VERSION, DATASET, LICENSE = key("model"), key("model version"), key("dataset"), key("training license")
USES = ["train.gen"]
TRAINED_FROM, TRAINED_TO = "2026-02-02", "2026-02-27"
MEMBERS = ("country", "delay", "vibe")
WITHDRAWN_SINCE = "vibe"
# What the label says of its recordings; of one it says nothing, as it happens in every catalogue.
DESCRIBED: dict[str, dict[str, Any]] = {
    "country": {"genres": ["country"], "languages": ["zxx"], "regions": ["US"], "lead_voice": "none"},
    "delay": {"genres": ["electronic", "ambient"], "languages": ["zxx"], "regions": ["US"], "lead_voice": "none"},
    "spring": {"genres": ["folk"], "languages": ["zxx"], "lead_voice": "none"},
    "piano": {"genres": ["ambient"], "languages": ["zxx"], "lead_voice": "none"},
    "dance": {"genres": ["classical"], "languages": ["zxx"], "regions": ["HU"], "lead_voice": "none"},
}

Say = Callable[[str], None]


def of(door: Door, say: Say) -> str:
    """Register the model with all that its public summary speaks of, and say in words what the summary says."""
    for party in (PROVIDER, *PARTIES):
        if not Party.objects.filter(pk=party["id"]).exists():
            people.register_party(
                id=UUID(party["id"]), kind=PartyKind(party["kind"]), name=party["name"], at=timezone.now()
            )
    label = Api(door, clients.create(name="demo training", party_id=UUID(key("label")), scopes=SCOPES))
    provider = Api(door, clients.create(name="demo models", party_id=UUID(PROVIDER["id"]), scopes=SCOPES))
    say(f"Licensing {len(MEMBERS)} recordings for the training of a model")
    for name, said in DESCRIBED.items():
        document = {"id": key(f"description {name}"), "describer": key("label")} | said
        label.post(f"/v1/recordings/{TRACK[name].recording_id}/descriptions", document)
    for name in MEMBERS:
        _agree(label, TRACK[name])
    label.post("/v1/licenses", _license())
    say("Freezing a dataset, registering the version that was trained on it, and what its provider declares")
    provider.post("/v1/datasets", _dataset())
    provider.post("/v1/models", {"id": MODEL, "provider": PROVIDER["id"], "name": "Demo Composer"})
    version = {"id": VERSION, "label": "1.0", "dataset": DATASET, "has_identity_features": False}
    provider.post(f"/v1/models/{MODEL}/versions", version | {"trained_from": TRAINED_FROM, "trained_to": TRAINED_TO})
    declared = {name: dict(section) for name, section in training.EXAMPLE.items()}
    declared["general"] |= {
        "contact": "Demo Models, https://models.example/contact",
        "languages": "None: the recordings are instrumental",
        "sizes": [{"modality": "audio", "range": "small", "content": "Musical compositions: instrumental recordings"}],
    }
    path = f"/v1/models/{MODEL}/versions/{VERSION}"
    provider.post(f"{path}/training-statements", {"id": key("declaration"), "document": declared})
    say(f"Withdrawing the label’s consent to train on “{TRACK[WITHDRAWN_SINCE].title}”, from today on")
    withdrawal = {
        "id": key("withdrawal of training"),
        "actor": key("label"),
        "effective_on": timezone.now().date().isoformat(),
    }
    label.post(f"/v1/consents/{key(f'training {WITHDRAWN_SINCE} label')}/withdrawals", withdrawal)
    return _told(provider.get(f"{path}/training-summary").json())


def _agree(label: Api, track: Track) -> None:
    held = [("label", "recording", track.recording_id, "1")]
    held += [(party, "work", track.work_id, part) for party, part in (("publisher", "2/3"), ("writer", "1/3"))]
    for party, side, asset, part in held:
        share = {"id": key(f"training share {track.name} {party}"), side: asset, "party": key(party), "part": part}
        label.post("/v1/shares", share | {"right_type": "ai_training", "territories": [WORLD], "active_from": SINCE})
        consent = {"id": key(f"training {track.name} {party}"), "grantor": key(party), "actor": key(party), side: asset}
        label.post("/v1/consents", consent | {"licensee": PROVIDER["id"]} | _terms("consent to training"))


def _terms(document: str) -> dict[str, Any]:
    digest = sha256(f"demo {document}, 1".encode()).hexdigest()
    return {"uses": USES, "territories": [WORLD], "active_from": SINCE, "document": digest}


def _license() -> dict[str, Any]:
    tracks = [TRACK[name] for name in MEMBERS]
    return {
        "id": LICENSE,
        "licensor": key("label"),
        "licensee": PROVIDER["id"],
        "schedule": [{"recording": track.recording_id} for track in tracks]
        + [{"work": track.work_id} for track in tracks],
        "plan": {"commission": "3/20", "creators": "3/10", "masters": "1/2"},
    } | _terms("license for training")


def _dataset() -> dict[str, Any]:
    left_out = [track for track in TRACKS if track.name not in MEMBERS]
    return {
        "id": DATASET,
        "keeper": PROVIDER["id"],
        "name": "Demo recordings, first selection",
        "members": [{"recording": TRACK[name].recording_id, "license": LICENSE} for name in MEMBERS],
        "exclusions": [
            {
                "recording": track.recording_id,
                "reason": "withdrawn" if track.is_withdrawn else "not_licensed",
                **({"withdrawal": key(f"withdrawal {track.name}")} if track.is_withdrawn else {}),
            }
            for track in left_out
        ]
        + [{"reason": "duplicate", "quantity": 4, "note": "the same masters in other encodings"}],
    }


def _told(found: dict[str, Any]) -> str:
    """Return what the summary says, for a person."""
    answers = {one["moment"]: one["answers"] for one in found["moments"]}
    members, left_out = found["dataset"]["members"], sum(one["assets"] + one["others"] for one in found["exclusions"])
    then, now = (answers[moment].get("allow", 0) for moment in ("ended", "now"))
    lines = [
        "",
        f"Model “{found['name']}”: trained on {members} recordings, all of them licensed; {left_out} left out",
        f"    allowed when training ended: {then}; now: {now}; withdrawn since: {found['withdrawn_since']}",
        f"    contradictions between the provider’s declaration and the record: {len(found['contradictions'])}",
    ]
    return "\n".join(lines) + "\n"
