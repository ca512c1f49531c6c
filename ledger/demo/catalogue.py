"""What the demo registers: made-up companies, real recordings, and the agreements between them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

FOLDER = Path(__file__).resolve().parent / "audio"
NAMESPACE = UUID("3e0f8a53-5a0c-5b1e-9d0a-6a1b2c3d4e5f")
WORLD = "2136"
USES = ["distribute.outside", "infer.input"]
SINCE = "2026-01-01"


def key(name: str) -> str:
    """Return the id that the demo gives to something: the same each time, so that it is registered once."""
    return str(uuid5(NAMESPACE, name))


PARTIES = [
    {"id": key("label"), "kind": "company", "name": "Demo Label"},
    {"id": key("publisher"), "kind": "company", "name": "Demo Publisher"},
    {"id": key("writer"), "kind": "person", "name": "Demo Writer"},
    {"id": key("singer"), "kind": "person", "name": "Demo Singer"},
    {"id": key("distributor"), "kind": "company", "name": "Demo Distributor"},
]


@dataclass(frozen=True)
class Track:
    """A recording with its one work; what the distributor may do with it differs."""

    name: str
    title: str
    file: str
    media_type: str
    isrc: str
    is_licensed: bool
    is_withdrawn: bool = False

    @property
    def recording_id(self) -> str:
        """The recording's id."""
        return key(f"recording {self.name}")

    @property
    def work_id(self) -> str:
        """The work's id."""
        return key(f"work {self.name}")


TRACKS = [
    Track("country", "Country", "country.mp3", "audio/mpeg", "QZDEM2600001", is_licensed=True),
    Track("delay", "2 Hour Delay", "two-hour-delay.ogg", "audio/ogg", "QZDEM2600002", is_licensed=True),
    Track("vibe", "Vibe Ace", "vibe-ace.ogg", "audio/ogg", "QZDEM2600003", is_licensed=True),
    Track(
        "spring", "Spring on the Horizon", "spring-on-the-horizon.ogg", "audio/ogg", "QZDEM2600004",
        is_licensed=True, is_withdrawn=True,
    ),
    Track("piano", "Creepy Piano", "creepy-piano.ogg", "audio/ogg", "QZDEM2600005", is_licensed=False),
    Track("dance", "Hungarian Dance No. 5", "hungarian-dance-5.ogg", "audio/ogg", "QZDEM2600006", is_licensed=False),
]  # fmt: skip
TRACK = {track.name: track for track in TRACKS}


def works() -> list[dict[str, Any]]:
    """Return the works to register."""
    return [{"id": track.work_id, "title": track.title} for track in TRACKS]


def shares() -> list[dict[str, Any]]:
    """Return who owns what: the label the masters, publisher and writer the works, two to one."""
    common = {"territories": [WORLD], "active_from": SINCE}
    found = []
    for track in TRACKS:
        found.append(
            {
                "id": key(f"share {track.name} master"),
                "recording": track.recording_id,
                "party": key("label"),
                "part": "1",
            }
        )
        for party, part in (("publisher", "2/3"), ("writer", "1/3")):
            found.append(
                {
                    "id": key(f"share {track.name} {party}"),
                    "work": track.work_id,
                    "party": key(party),
                    "part": part,
                }
            )
    return [{**common, **share} for share in found]


def _document(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def consents() -> list[dict[str, Any]]:
    """Return what holders agreed to: everything that is licensed, for any licensee."""
    common = {
        "uses": USES,
        "territories": [WORLD],
        "active_from": SINCE,
        "document": _document("demo consent, 1"),
    }
    found = []
    for track in TRACKS:
        if not track.is_licensed:
            continue
        sides = [("label", "recording", track.recording_id)]
        sides += [(party, "work", track.work_id) for party in ("publisher", "writer")]
        for party, side, asset in sides:
            found.append({"id": consent_id(track, party), "grantor": key(party), "actor": key(party), side: asset})
    return [{**common, **consent} for consent in found]


def consent_id(track: Track, party: str) -> str:
    """Return the id of a holder's consent."""
    return key(f"consent {track.name} {party}")


def licenses() -> list[dict[str, Any]]:
    """Return the distributor's one license: 15 % commission, 30 % of the rest to the creators, then half and half."""
    licensed = [track for track in TRACKS if track.is_licensed]
    return [
        {
            "id": key("license"),
            "licensor": key("label"),
            "licensee": key("distributor"),
            "schedule": [{"recording": track.recording_id} for track in licensed]
            + [{"work": track.work_id} for track in licensed],
            "uses": USES,
            "territories": [WORLD],
            "active_from": SINCE,
            "document": _document("demo license, 1"),
            "plan": {"commission": "3/20", "creators": "3/10", "masters": "1/2"},
        }
    ]
