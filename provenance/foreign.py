"""
Reads the manifest that a submitted file came with: what others claim about it, and whether that holds.

It is theirs, so it is never taken for a fact, and never for harmless. Nothing is fetched. It is read in a process of
its own, which has seconds and a bound on memory, and what it says is copied only as far as it is needed and no longer
than it is allowed to be. Who signed is kept as an organization and a certificate's digest: a person's name in a
stranger's certificate is not copied.

``python -m provenance.foreign`` is that process: a request on standard input, the document on standard output.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rfc8785

from provenance import guards
from provenance.signing import MANIFEST_ELSEWHERE, State, read

FORMAT: Final = "claims-by-others/1"

LONGEST_READING_S: Final = 20
MOST_STORE_BYTES: Final = 16 << 20
MOST_MANIFESTS: Final = 64
MOST_INGREDIENTS: Final = 500
DEEPEST: Final = 16
_MOST_ACTIONS: Final = 100  # of one manifest
_LONGEST_TEXT: Final = 200
_MOST_DOCUMENT_BYTES: Final = 2 << 20
_MEMORY: Final = 2 << 30  # beside some times the file's size, which the SDK reads whole

# What every store begins with, and what XMP names an address of one by; without either there is nothing to read.
_MARKS: Final = (b"jumb", b"dcterms:provenance", b"application/c2pa", b"application/x-c2pa-manifest-store")
_BROKEN: Final = frozenset(
    {
        "assertion.dataHash.mismatch",
        "assertion.bmffHash.mismatch",
        "assertion.hashedURI.mismatch",
        "claimSignature.mismatch",
    }
)
_MADE_BY_MACHINES: Final = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "compositeSynthetic",
        "trainedAlgorithmicData",
    }
)


class NotClaims(Exception):
    """The document is none of the claims by others that this release reads."""


class _TooMuch(Exception):
    """A manifest exceeds what is read of a stranger's."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What others say about a file, as a document, and whether it holds together."""

    document: bytes  # RFC 8785, the bytes that are kept and hashed

    @property
    def digest(self) -> str:
        """Return its SHA-256, hex."""
        return hashlib.sha256(self.document).hexdigest()

    @property
    def said(self) -> dict[str, Any]:
        """
        Return it parsed.

        :raises NotClaims: another format, or no document
        """
        try:
            found = json.loads(self.document)
        except ValueError as error:
            raise NotClaims(NotClaims.__doc__) from error
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise NotClaims(NotClaims.__doc__)
        return found

    @property
    def state(self) -> str:
        """Return what reading the manifest came to (``signing.State``)."""
        return str(self.said["state"])

    @property
    def store_digest(self) -> str:
        """Return the SHA-256 of the manifest store, hex; empty where there was none to read."""
        return str(self.said["store"] or "")

    @property
    def machines(self) -> tuple[str, ...]:
        """Return the source types, anywhere in it, that say a machine made some of it."""
        return tuple(sorted({name for one in self.said["manifests"] for name in one["sources"]} & _MADE_BY_MACHINES))

    @property
    def is_broken(self) -> bool:
        """Tell whether the file, a statement or the claim was changed after somebody signed it."""
        said = self.said
        return bool(_BROKEN.intersection(said["failures"]))

    @property
    def broken_parts(self) -> tuple[str, ...]:
        """Return the titles of ingredients whose own manifests were broken; the state above does not tell."""
        return tuple(one["title"] for one in self.said["ingredient_failures"] if _BROKEN.intersection(one["failures"]))


def claims_about(
    path: Path,
    media_type: str,
    *,
    roots_pem: str,
    authorities_pem: str = "",
    seconds: float = LONGEST_READING_S,
) -> Claims | None:
    """
    Return what the manifest in a file claims, or None where the file carries none and names none.

    A manifest that cannot be read, is too large or takes too long is claimed all the same: its document says so.

    :raises MediaTypeNotSignable: the media type is none that can carry a manifest
    """
    media_type = guards.normalized(media_type)
    if not guards.embeds(media_type) or not _may_carry(path):
        return None
    request = {
        "path": str(path.absolute()),
        "media_type": media_type,
        "roots_pem": roots_pem,
        "authorities_pem": authorities_pem,
        "seconds": seconds,
    }
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "provenance.foreign"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.TimeoutExpired:
        return _unread(f"The manifest could not be read within {seconds:g} seconds.")
    if answer.returncode != 0 or len(answer.stdout) > _MOST_DOCUMENT_BYTES:
        return _unread("The manifest could not be read: whoever read it broke off.")
    if not answer.stdout:
        return None
    return Claims(answer.stdout)


def _may_carry(path: Path) -> bool:
    """Look for the marks of a manifest, so that a file without one costs no process; a few bytes may be chance."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in _MARKS)


def _unread(sentence: str) -> Claims:
    return _written({"state": State.UNREADABLE.value, "sentence": sentence})


def _written(said: Mapping[str, Any]) -> Claims:
    whole = {
        "format": FORMAT,
        "store": None,
        "failures": [],
        "active": None,
        "signed_at": None,
        "signer": None,
        "manifests": [],
        "ingredient_failures": [],
        **said,
    }
    return Claims(rfc8785.dumps(whole))


# --- in a process of its own ---


def read_claims(path: Path, media_type: str, *, roots_pem: str, authorities_pem: str = "") -> Claims | None:
    """Return what a file's manifest claims, read in this process: only ``claims_about`` bounds what that takes."""
    reading = read(path, media_type, roots_pem=roots_pem, authorities_pem=authorities_pem)
    found, report = reading.verification, reading.report
    if found.state is State.ABSENT and MANIFEST_ELSEWHERE not in found.failures:
        return None
    said: dict[str, Any] = {
        "state": found.state.value,
        "sentence": _text(found.sentence, most=600),
        "failures": sorted({_text(code) for code in found.failures}),
        "store": found.manifest_digest,
        "active": _text(found.label) if found.label else None,
        "signed_at": _text(found.signed_at) if found.signed_at else None,
        "signer": {
            "organization": found.signer.organization,
            "certificate": found.signer.certificate_digest,
        }
        if found.signer
        else None,
    }
    if report is None:
        return _written(said)
    try:
        said["manifests"] = list(_manifests(report, str(found.label), reading.store_bytes))
        said["ingredient_failures"] = [
            {"title": _text(one.title), "failures": sorted(map(_text, one.codes))}
            for one in found.ingredient_failures[:MOST_INGREDIENTS]
        ]
    except _TooMuch as error:
        said = {
            "state": State.UNREADABLE.value,
            "sentence": f"The manifest is more than is read of a stranger's: {error}.",
            "store": found.manifest_digest,
        }
    return _written(said)


def _manifests(report: Mapping[str, Any], active: str, store_bytes: int) -> Iterator[dict[str, Any]]:
    """Go down from the active manifest: each once, with how deep it lies and as what it got there."""
    if store_bytes > MOST_STORE_BYTES:
        raise _TooMuch(f"it has {store_bytes:,} bytes, and at most {MOST_STORE_BYTES:,} are read")
    every = _object(report.get("manifests"))
    if len(every) > MOST_MANIFESTS:
        raise _TooMuch(f"there are {len(every):,} manifests in it, and at most {MOST_MANIFESTS} are read")
    ingredients = sum(len(_list(_object(one).get("ingredients"))) for one in every.values())
    if ingredients > MOST_INGREDIENTS:
        raise _TooMuch(f"there are {ingredients:,} ingredients in it, and at most {MOST_INGREDIENTS} are read")
    seen = {active}
    waiting = deque([(active, "active", 0)])
    while waiting:
        label, relationship, depth = waiting.popleft()
        if depth > DEEPEST:
            raise _TooMuch(f"manifests lie inside each other more than {DEEPEST} deep")
        manifest = _object(every.get(label))
        yield _manifest(label, manifest, relationship, depth)
        for ingredient in _list(manifest.get("ingredients")):
            below = _object(ingredient).get("active_manifest")
            if isinstance(below, str) and below in every and below not in seen:
                seen.add(below)
                waiting.append((below, _text(_object(ingredient).get("relationship", "")), depth + 1))


def _manifest(label: str, manifest: Mapping[str, Any], relationship: str, depth: int) -> dict[str, Any]:
    generators = _list(manifest.get("claim_generator_info"))
    generator = _object(generators[0]) if generators else {}
    assertions = [_object(one) for one in _list(manifest.get("assertions"))]
    acts = [
        _object(act)
        for one in assertions
        if str(one.get("label", "")).startswith("c2pa.actions")
        for act in _list(_object(one.get("data")).get("actions"))
    ]
    ingredients = [_object(one) for one in _list(manifest.get("ingredients"))]
    return {
        "label": _text(label),
        "title": _text(manifest.get("title") or ""),
        "as": relationship,
        "depth": depth,
        "generator": _text(f"{generator.get('name') or ''} {generator.get('version') or ''}".strip()),
        "issuer": _text(_object(manifest.get("signature_info")).get("issuer") or ""),
        "actions": [
            {"action": _text(act.get("action", "")), "source": _source(act), "agent": _agent(act)}
            for act in acts[:_MOST_ACTIONS]
        ],
        "sources": sorted({source for act in [*acts, *ingredients] if (source := _source(act))}),
        "discloses_machine": any(str(one.get("label", "")).startswith("c2pa.ai-disclosure") for one in assertions),
        "training": _training(assertions),
        "assertions": sorted({_text(one.get("label", "")) for one in assertions})[:_MOST_ACTIONS],
        "ingredients": [
            {"title": _text(one.get("title") or ""), "as": _text(one.get("relationship", ""))} for one in ingredients
        ],
    }


def _source(act: Mapping[str, Any]) -> str:
    """Return the bare name of a source type: its addresses differ between vocabularies and schemes."""
    given = act.get("digitalSourceType") or act.get("digital_source_type") or ""
    return _text(str(given).rpartition("/")[2])


def _agent(act: Mapping[str, Any]) -> str:
    agent = act.get("softwareAgent")
    if isinstance(agent, str):
        return _text(agent)
    named = _object(agent)
    return _text(f"{named.get('name') or ''} {named.get('version') or ''}".strip())


def _training(assertions: list[Mapping[str, Any]]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in assertions:
        if str(one.get("label", "")) in {"cawg.training-mining", "c2pa.training-mining"}:
            data = _object(one.get("data"))
            for key, entry in list(_object(data.get("entries", data)).items())[:_MOST_ACTIONS]:
                said[_text(key)] = _text(_object(entry).get("use") or "")
    return said


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object, *, most: int = _LONGEST_TEXT) -> str:
    """Return a stranger's words on one line, short, and of characters that every encoding has."""
    text = str(value)[: most * 2].encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else " " for sign in text)[:most]


def main() -> None:
    """Answer one request; whoever asked bounds the time, and this process its own memory."""
    import resource

    request = json.loads(sys.stdin.buffer.read())
    path = Path(request["path"])
    memory = _MEMORY + 6 * path.stat().st_size
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = int(request["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # where whoever asked is gone
    lists = {name: request[name] for name in ("roots_pem", "authorities_pem")}
    if claims := read_claims(path, request["media_type"], **lists):
        sys.stdout.buffer.write(claims.document)


if __name__ == "__main__":
    main()
