"""DDEX ERN in: a NewReleaseMessage as parties, works, recordings and releases. Pure.

Read are 3.8.1 to 3.8.3, 4.1 to 4.3.2. First comes the heading, then the lines in the order of the message: a party
before who names it, a recording before its release. What a track release repeats and what deals allow is not read.

What the message says about AI is kept in its own words. ERN cannot check its rules V1 to V4 and V6 in its schema, so
we do (``rights.exchange.ai``): what breaks V6 is taken, with a problem to look at.

A work has the title of its recording where the message gives only its code, as ERN 4 always does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from rights.exchange import ai, codes
from rights.exchange.ai import GENERATIVE, LEVELS, SPECIAL
from rights.exchange.cells import BadCell
from rights.exchange.limits import Limits
from rights.exchange.lines import (
    RAW_CHARACTERS,
    Contributor,
    Heading,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ReleaseLine,
    WorkLine,
    WrittenCode,
)
from rights.exchange.seen import Seen
from rights.exchange.xml import BadXml, Element, records

VERSIONS = {
    "http://ddex.net/xml/ern/381": "3.8.1",
    "http://ddex.net/xml/ern/382": "3.8.2",
    "http://ddex.net/xml/ern/383": "3.8.3",
    "http://ddex.net/xml/ern/41": "4.1",
    "http://ddex.net/xml/ern/411": "4.1.1",
    "http://ddex.net/xml/ern/42": "4.2",
    "http://ddex.net/xml/ern/43": "4.3",
    "http://ddex.net/xml/ern/431": "4.3.1",
    "http://ddex.net/xml/ern/432": "4.3.2",
}
AI_VERSIONS = {"4.3.2"}  # earlier ones have no word for it

_OTHER_RESOURCES = ("Video", "Image", "Text", "SheetMusic", "Software", "MIDI", "UserDefinedResource")
_RECORDS = ("MessageHeader", "Party", "MusicalWork", "SoundRecording", *_OTHER_RESOURCES, "Release", "TrackRelease")
_TITLE_CHARACTERS = 300
_DURATION = re.compile(
    r"P(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})(?:\.([0-9]{1,9}))?S)?)?"
)


def read(stream: BinaryIO, *, limits: Limits | None = None) -> Iterator[Heading | Line]:
    """Yield the heading, then what the message says; a problem instead of each thing that cannot be taken."""
    found = records(stream, tags=_RECORDS, root="NewReleaseMessage", limits=limits or Limits())
    try:
        version = _version(next(found))
        yield from _Message(version).lines(found)
    except BadXml as error:
        yield Problem(error.line, "", error.code, str(error), is_fatal=True)


def _version(root: Element) -> str:
    namespace = root.tag.rpartition(" ")[0]
    if namespace not in VERSIONS:
        named = f"The namespace {namespace[:80]} is not read" if namespace else "The message has no namespace"
        raise BadXml(root.line, "another_version", f"{named}: send ERN {', '.join(VERSIONS.values())}.")
    return VERSIONS[namespace]


class _Record:
    """One record of a message, and what is wrong with it."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.problems: list[Problem] = []

    @property
    def is_taken(self) -> bool:
        return all(problem.is_taken for problem in self.problems)

    def refuse(self, at: Element, code: str, sentence: str, raw: str = "") -> None:
        self.problems.append(Problem(at.line, at.tag, code, sentence, raw[:RAW_CHARACTERS]))

    def code(self, scheme: str, at: Element, parse: Callable[[str], str]) -> tuple[str, WrittenCode] | None:
        """Return a code in the form that is compared, and as written."""
        raw = at.word()
        try:
            return parse(raw), WrittenCode(scheme, raw)
        except BadCell as error:
            self.refuse(at, error.code, str(error), raw)
            return None

    def title(self, *paths: tuple[str, ...]) -> str:
        """Return the first title, with its subtitle; refuse the record if there is none or it is too long."""
        for path in paths:
            for found in self.element.all(*path):
                words = found.word("TitleText") if found.children else found.word()
                below = found.word("SubTitle")
                title = f"{words} ({below})" if words and below else words
                if len(title) > _TITLE_CHARACTERS:
                    self.refuse(found, "too_long", f"At most {_TITLE_CHARACTERS} characters: shorten the title.", title)
                if title:
                    return title
        self.refuse(self.element, "missing", "It has no title: give one.")
        return ""


class _Message:
    """What is known of a message while it is read: which references there were, in a few bytes each."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._seen = Seen()
        self._has_heading = False
        self._releases = 0

    def lines(self, found: Iterator[Element]) -> Iterator[Heading | Line]:
        read_: dict[str, Callable[[_Record], Iterator[Line]]] = {
            "Party": self._party,
            "MusicalWork": self._work,
            "SoundRecording": self._recording,
            "Release": self._release,
            **dict.fromkeys(_OTHER_RESOURCES, self._other),
        }
        for element in found:
            if element.tag == "MessageHeader" and not self._has_heading:
                self._has_heading = True
                yield self._heading(element)
                continue
            if not self._has_heading:
                raise BadXml(element.line, "no_header", "The message has no MessageHeader before what it lists.")
            if element.tag in read_:
                record = _Record(element)
                lines = list(read_[element.tag](record))
                yield from sorted(record.problems, key=lambda problem: problem.line)
                if record.is_taken:
                    yield from lines
        if not self._has_heading:
            raise BadXml(1, "no_header", "The message has no MessageHeader: send the whole file.")
        if not self._releases:
            raise BadXml(1, "no_release", "The message has no Release: send the whole file.")

    def _heading(self, header: Element) -> Heading:
        return Heading(
            format="ern",
            version=self._version,
            sender=header.word("MessageSender", "PartyId"),
            recipient=header.word("MessageRecipient", "PartyId"),
            message_id=header.word("MessageId"),
            created=header.word("MessageCreatedDateTime"),
        )

    def _reference(self, record: _Record, tag: str, kind: str, content: str = "") -> str:
        """Return what others call the record, and keep it; refuse the record if another is called so."""
        found = record.element.first(tag)
        name = found.word() if found else ""
        if not found or not name or len(name) > 100:
            record.refuse(found or record.element, "missing", f"It has no {tag} of up to 100 characters.")
            return ""
        if had := self._seen.had(f"{kind} {name}"):
            sentence = f"Line {had[0]} has the reference {name[:40]} already: each must be its own."
            record.refuse(found, "duplicate_reference", sentence, name)
            return ""
        self._seen.keep(f"{kind} {name}", record.element.line, content if record.is_taken else "refused")
        return name

    def _refers(self, record: _Record, at: Element, kind: str) -> str:
        """Return what a record refers to; refuse it if there is none, or none that was taken."""
        name = at.word()
        had = self._seen.had(f"{kind} {name}", "refused")
        if had is None:
            record.refuse(at, "unresolved_reference", f"Nothing before it has the reference {name[:40]}.", name)
        elif had[1]:
            record.refuse(at, "refused_reference", f"{name[:40]}, on line {had[0]}, was not taken: see there.", name)
        return name

    # Parties

    def _party(self, record: _Record) -> Iterator[Line]:
        element = record.element
        written = tuple(_party_codes(element))
        name = next((found for path in _NAMES if (found := element.word("PartyName", path))), "")
        if not name and not written:
            record.refuse(element, "missing", "The party has neither a name nor an id.")
        if len(name) > _TITLE_CHARACTERS:
            record.refuse(element, "too_long", f"At most {_TITLE_CHARACTERS} characters: shorten the name.", name)
        reference = self._reference(record, "PartyReference", "party")
        yield PartyLine(element.line, f"party:{reference}", name or written[0].raw if written else name, "", written)

    def _inline_party(self, record: _Record, by: Element) -> tuple[str, PartyLine | None]:
        """Return the key of a party that ERN 3 describes where it is named, and its line the first time."""
        written = tuple(_party_codes(by))
        name = next((found for path in _NAMES if (found := by.word("PartyName", path))), "")
        if (not name and not written) or len(name) > _TITLE_CHARACTERS:
            record.refuse(by, "missing", f"Give the name, of up to {_TITLE_CHARACTERS} characters, or an id.", name)
            return "", None
        key = f"{written[0].scheme}:{written[0].namespace}:{written[0].raw}" if written else f"name:{name}"
        if self._seen.had(f"inline {key}"):
            return key, None
        return key, PartyLine(by.line, key, name or written[0].raw, "", written)

    # Works

    def _work(self, record: _Record) -> Iterator[Line]:
        title = record.title(("ReferenceTitle",))
        written = tuple(code for _, code in self._work_codes(record, "MusicalWorkId"))
        reference = self._reference(record, "MusicalWorkReference", "work")
        yield WorkLine(record.element.line, f"work:{reference}", title, written)

    def _work_codes(self, record: _Record, tag: str) -> Iterator[tuple[str, WrittenCode]]:
        for given in _current(record.element.all(tag)):
            for at in given.all("ISWC"):
                if found := record.code("iswc", at, codes.iswc):
                    yield f"iswc:{found[0]}", found[1]
            for at in given.all("ProprietaryId"):
                yield f"proprietary:{at.attributes.get('Namespace', '')}:{at.word()}", _proprietary(at)

    # Resources

    def _other(self, record: _Record) -> Iterator[Line]:
        level = _level(record, record.element, "ContainsAI")
        record.problems.clear()  # it is not ours to take; only what it is called and contains matters
        self._reference(record, "ResourceReference", "resource", f"other {level}")
        yield from ()

    def _recording(self, record: _Record) -> Iterator[Line]:
        element = record.element
        title = record.title(("DisplayTitleText",), ("DisplayTitle",), ("ReferenceTitle",), ("Title",))
        written = tuple(self._recording_codes(record))
        parties, contributors = self._contributors(record)
        contains_ai = _level(record, element, "ContainsAI")
        works = list(self._works_of(record, title))
        duration = _duration(record)
        _check_ai(record, contains_ai)
        if contains_ai or any(by.ai_contribution or by.special == GENERATIVE for by in contributors):
            self._check_version(record)
        reference = self._reference(record, "ResourceReference", "resource", f"recording {contains_ai}")
        if record.is_taken:
            for party in parties:
                self._seen.keep(f"inline {party.key}", party.line)
            for _, work in works:
                if work:
                    self._seen.keep(f"inline {work.key}", work.line)
        yield from parties
        yield from (work for _, work in works if work)
        yield RecordingLine(
            line=element.line,
            key=f"resource:{reference}",
            title=title,
            codes=written,
            work_keys=tuple(dict.fromkeys(key for key, _ in works)),
            contributors=contributors,
            duration_ms=duration,
            contains_ai=contains_ai,
        )

    def _check_version(self, record: _Record) -> None:
        if self._version not in AI_VERSIONS:
            sentence = f"ERN {self._version} has no words for AI; they were read as 4.3.2 means them."
            at = record.element
            record.problems.append(Problem(at.line, "ContainsAI", "ai_not_in_version", sentence, is_taken=True))

    def _recording_codes(self, record: _Record) -> Iterator[WrittenCode]:
        had: set[object] = set()
        for path in (("SoundRecordingId",), ("ResourceId",), ("SoundRecordingEdition", "ResourceId")):
            for given in _current(record.element.all(*path)):
                for at in given.all("ISRC"):
                    found = record.code("isrc", at, codes.isrc)
                    if found and found[0] not in had:
                        had.add(found[0])
                        yield found[1]
                for at in (*given.all("CatalogNumber"), *given.all("ProprietaryId")):
                    if (code := _proprietary(at)) not in had:
                        had.add(code)
                        yield code

    def _works_of(self, record: _Record, title: str) -> Iterator[tuple[str, WorkLine | None]]:
        """Yield the keys of the works in a recording, each with its line if it is new."""
        for tag in ("WorkId", "IndirectSoundRecordingId"):
            for key, code in self._work_codes(record, tag):
                is_known = self._seen.had(f"inline {key}")
                yield key, None if is_known else WorkLine(record.element.line, key, title, (code,))
        inner = "ResourceMusicalWorkReference"
        for at in record.element.all(f"{inner}List", inner, inner):
            yield f"work:{self._refers(record, at, 'work')}", None

    def _contributors(self, record: _Record) -> tuple[tuple[PartyLine, ...], tuple[Contributor, ...]]:
        parties: dict[str, PartyLine] = {}
        found: dict[Contributor, None] = {}  # ERN 3 repeats them by territory
        for by, role_tag in _named(record.element):
            at = by.first("ArtistPartyReference") or by.first("ContributorPartyReference")
            special = by.word("SpecialContributor") or by.word("SpecialDisplayArtist")
            key = ""
            if at:
                key = f"party:{self._refers(record, at, 'party')}"
            elif not special:
                key, party = self._inline_party(record, by)
                if party:
                    parties.setdefault(key, party)
            if special and special not in SPECIAL:
                record.refuse(by, "unknown_value", f"SpecialContributor is one of {', '.join(SPECIAL)}.", special)
            roles = tuple(dict.fromkeys(filter(None, map(_role, by.all(role_tag)))))
            level = _level(record, by, "AiContribution")
            found.setdefault(Contributor(key, roles, level, special))
        return tuple(parties.values()), tuple(found)

    # Releases

    def _release(self, record: _Record) -> Iterator[Line]:
        element = record.element
        self._releases += 1
        if any(kind.word() == "TrackRelease" for kind in element.all("ReleaseType")):
            return
        title = record.title(("DisplayTitleText",), ("DisplayTitle",), ("ReferenceTitle",), ("Title",))
        written = tuple(self._release_codes(record))
        contains_ai = _level(record, element, "ContainsAI")
        if contains_ai:
            self._check_version(record)
        tracks, strongest = [], -1
        for at in _tracks(element):
            name = self._refers(record, at, "resource")
            kind, level = self._resource(name)
            strongest = max(strongest, level)
            if kind == "recording":
                tracks.append(f"resource:{name}")
        if contains_ai and strongest > LEVELS.index(contains_ai):
            sentence = ai.too_weak(contains_ai, LEVELS[strongest])
            record.problems.append(Problem(element.line, "ContainsAI", "ai_v6", sentence, contains_ai, is_taken=True))
        references = [at.word() for at in element.all("ReleaseReference")]
        key = self._reference(record, "ReleaseReference", "release") if references else f"line{element.line}"
        yield ReleaseLine(element.line, f"release:{key}", title, written, tuple(dict.fromkeys(tracks)))

    def _release_codes(self, record: _Record) -> Iterator[WrittenCode]:
        for given in _current(record.element.all("ReleaseId")):
            for tag, scheme, parse in (("ICPN", "gtin", codes.gtin), ("GRid", "grid", codes.grid)):
                for at in given.all(tag):
                    if found := record.code(scheme, at, parse):
                        yield found[1]
            for at in (*given.all("CatalogNumber"), *given.all("ProprietaryId")):
                yield _proprietary(at)

    def _resource(self, name: str) -> tuple[str, int]:
        """Return what kind of resource a reference is, and how strong its statement about AI; -1 if it has none."""
        for kind in ("recording", "other"):
            for strength, level in enumerate(("", *LEVELS), start=-1):
                had = self._seen.had(f"resource {name}", f"{kind} {level}")
                if had and had[1]:
                    return kind, strength
        return "", -1


_NAMES = ("FullName", "KeyName", "FullNameAsciiTranscribed", "AbbreviatedName")
_ROLE_TAGS = {
    "DisplayArtist": ("DisplayArtistRole", "ArtistRole"),
    "Contributor": ("Role", "ResourceContributorRole"),
    "EditionContributor": ("Role",),
    "ResourceContributor": ("ResourceContributorRole",),
    "IndirectResourceContributor": ("IndirectResourceContributorRole",),
}


def _named(element: Element) -> Iterator[tuple[Element, str]]:
    """Yield everybody a recording names, with the name of the element that says in which role."""
    for child in element.children:
        if child.tag in _ROLE_TAGS:
            tags = _ROLE_TAGS[child.tag]
            yield child, next((tag for tag in tags if child.first(tag)), tags[0])
        elif child.tag in {"SoundRecordingEdition", "SoundRecordingDetailsByTerritory"}:
            yield from _named(child)


def _role(at: Element) -> str:
    said = at.word()
    holder = at if at.text.strip() else at.first("Value") or at
    own = holder.attributes.get("UserDefinedValue", "") if said == "UserDefined" else ""
    return (own or said)[:RAW_CHARACTERS]


def _current(given: Iterator[Element]) -> Iterator[Element]:
    """Leave out the ids that have been replaced."""
    return (one for one in given if one.attributes.get("IsReplaced") not in {"true", "1"})


def _proprietary(at: Element) -> WrittenCode:
    return WrittenCode("proprietary", at.word()[:RAW_CHARACTERS], at.attributes.get("Namespace", "")[:RAW_CHARACTERS])


def _party_codes(element: Element) -> Iterator[WrittenCode]:
    for at in element.all("PartyId"):
        if not at.children:  # ERN 3: one text, and attributes that say what it is
            if at.attributes.get("IsISNI") == "true":
                yield WrittenCode("isni", at.word())
            elif at.attributes.get("IsDPID") == "true" or at.word().upper().startswith("PADPIDA"):
                yield WrittenCode("dpid", at.word())
            elif at.word():
                yield _proprietary(at)
        for tag, scheme in (("ISNI", "isni"), ("IpiNameNumber", "ipi_name"), ("DPID", "dpid")):
            yield from (WrittenCode(scheme, one.word()) for one in at.all(tag) if one.word())
        for tag in ("IPN", "CisacSocietyId"):
            yield from (WrittenCode("proprietary", one.word(), tag) for one in at.all(tag) if one.word())
        yield from (_proprietary(one) for one in at.all("ProprietaryId") if one.word())


def _level(record: _Record, at: Element, tag: str) -> str:
    found = at.first(tag)
    said = found.word() if found else ""
    if found and said not in LEVELS:
        record.refuse(found, "unknown_value", f"{tag} is one of {', '.join(LEVELS)}; leave it out if unknown.", said)
        return ""
    return said


def _check_ai(record: _Record, contains: str) -> None:
    """Refuse what V1 to V4 forbid, each where it stands."""
    element = record.element
    for by in (*element.all("Contributor"), *element.all("SoundRecordingEdition", "EditionContributor")):
        for code, sentence in ai.contradictions(
            contains,
            is_party=by.first("ContributorPartyReference") is not None,
            special=by.word("SpecialContributor"),
            level=by.word("AiContribution"),
        ):
            record.refuse(by, code, sentence)


def _duration(record: _Record) -> int | None:
    at = record.element.first("Duration")
    if at is None:
        return None
    match = _DURATION.fullmatch(at.word())
    if match is None or not any(match.groups()):
        record.refuse(at, "bad_duration", "Write a duration as PT3M21S.", at.word())
        return None
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[:4])
    thousandths = int((match[5] or "").ljust(3, "0")[:3])
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _tracks(release: Element) -> Iterator[Element]:
    """Yield the references of a release in the order in which they are played, then those it only has."""
    groups = list(release.all("ResourceGroup"))
    if not groups:
        details = release.first("ReleaseDetailsByTerritory")  # of the first territory: one order is kept
        groups = list(details.all("ResourceGroup")) if details else []
    in_groups = [at for group in _in_sequence(groups) for at in _of_group(group)]
    yield from in_groups
    named = {at.word() for at in in_groups}
    for at in release.all("ReleaseResourceReferenceList", "ReleaseResourceReference"):
        if at.word() not in named:
            yield at


def _of_group(group: Element) -> Iterator[Element]:
    inner = [child for child in group.children if child.tag in {"ResourceGroup", "ResourceGroupContentItem"}]
    for child in _in_sequence(inner):
        if child.tag == "ResourceGroup":
            yield from _of_group(child)
        else:
            yield from child.all("ReleaseResourceReference")
            yield from child.all("LinkedReleaseResourceReference")
    yield from group.all("LinkedReleaseResourceReference")


def _in_sequence(elements: list[Element]) -> list[Element]:
    def place(element: Element) -> int:
        said = element.word("SequenceNumber")
        return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else 10**9

    return sorted(elements, key=place)  # stable: otherwise as in the message
