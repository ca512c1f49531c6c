"""
What DDEX ERN 4.3.2 says about AI: derived from a record as a fragment of a NewReleaseMessage, read back, and checked.

A fragment has the elements that are about AI in the places that they have in a whole message, and nothing else: whoever
sends the message puts them in. It names parties by their ids, and nobody by name. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from lxml import etree

from provenance.contributions import COMPOSITION, PERFORMANCE, fact_of
from rights.case import DeclaredContribution
from rights.exchange import ai
from rights.exchange.ai import GENERATIVE, LEVELS
from rights.exchange.limits import Limits
from rights.exchange.xml import BadXml, Element, records
from rights.vocabulary import SOUNDING, Component

NAMESPACE = "http://ddex.net/xml/ern/432"
AVS_NAMESPACE = "http://ddex.net/xml/allowed-value-sets"
AVS_VERSION = "9"  # the first with the words for AI
SOUND, IMAGE, VIDEO = "SoundRecording", "Image", "Video"
RESOURCES = (SOUND, VIDEO, IMAGE, "Text")
LONGEST_ERROR = 200  # characters: a schema lists every role there is
LIMITS = Limits(max_bytes=5_000_000, max_lines=200_000)

# The role of whoever made a component, of AVS ContributorRole.
ROLES: dict[str, str] = {
    Component.LYRICS: "Lyricist",
    Component.MELODY: "Composer",
    Component.ARRANGEMENT: "Arranger",
    Component.LEAD_VOCAL: "LeadVocalist",
    Component.BACKING_VOCAL: "BackgroundVocalist",
    Component.INSTRUMENTS: "Musician",
    Component.PRODUCTION: "StudioProducer",
    Component.MASTERING: "MasteringEngineer",
}
_SAID = {"none": "None", "partly": "Partly", "all": "All"}


class NotAFragment(Exception):
    """It cannot be read as a NewReleaseMessage of ERN 4.3.2."""


class NoSuchSchema(Exception):
    """The schema that is configured cannot be read as that of ERN 4.3.2, with its allowed values beside it."""


@dataclass(frozen=True)
class By:
    """One contributor: a party or something special, in a role; empty is not stated."""

    party: str
    special: str
    role: str
    level: str


@dataclass(frozen=True)
class Resource:
    """What is said of one resource."""

    kind: str
    contains: str
    contributors: tuple[By, ...] = ()


@dataclass(frozen=True)
class Said:
    """Everything that a message says about AI; a release that says nothing is not among them."""

    resources: tuple[Resource, ...]
    releases: tuple[str, ...]

    @property
    def sound(self) -> Resource:
        """The first sound recording."""
        return next((one for one in self.resources if one.kind == SOUND), Resource(SOUND, ""))


@dataclass(frozen=True)
class Problem:
    """What is wrong with a statement, and whether it may go out nevertheless."""

    code: str
    sentence: str
    is_warning: bool = False


def reference(party_id: object) -> str:
    """Return how a message refers to a party."""
    return f"P{str(party_id).replace('-', '')}"


def say(lines: Sequence[DeclaredContribution]) -> Said:
    """
    Derive what a message says from a record.

    All means that all of its content was generated: then nobody is named, not even who mastered it. Whoever only chose
    among what was generated contributed no content and is not named either. A part of which nobody is known who made
    the rest is said of the machine. Of a sound, picture or video without a line nothing is said, which is not None.
    """
    heard = [line for line in lines if line.component in SOUNDING]
    contains = _contains(heard)
    resources = [Resource(SOUND, contains, tuple(_contributors(heard, contains)))] if heard else []
    for component, kind in ((Component.VIDEO, VIDEO), (Component.ARTWORK, IMAGE)):
        resources.extend(
            Resource(kind, _SAID[fact_of(line).generated]) for line in lines if line.component == component
        )
    levels = {one.contains for one in resources}
    if "All" in levels and len(levels) > 1:
        return Said(tuple(resources), ())
    strongest = ai.strongest(list(levels))
    return Said(tuple(resources), (strongest,) if strongest else ())


def _contains(heard: Sequence[DeclaredContribution]) -> str:
    levels = {line.component: fact_of(line).generated for line in heard}
    if set(levels.values()) <= {"none"}:
        return "None"
    creative = {level for component, level in levels.items() if component in COMPOSITION | PERFORMANCE}
    is_mixed_by_people = any(line.component == Component.PRODUCTION and line.ai_level != "all" for line in heard)
    return "All" if creative == {"all"} and not is_mixed_by_people else "Partly"


def _contributors(heard: Sequence[DeclaredContribution], contains: str) -> Iterator[By]:
    for line in heard:
        role, level = ROLES[line.component], fact_of(line).generated
        people = [] if level == "all" or contains == "All" else sorted(map(str, line.authors))
        for party in people:
            yield By(reference(party), "", role, _SAID[level])
        if level == "all" or (level == "partly" and not people):
            yield By("", GENERATIVE, role, "All")


def fragment(said: Said) -> bytes:
    """Return the XML: the same bytes for the same statement."""
    root = etree.Element(f"{{{NAMESPACE}}}NewReleaseMessage", nsmap={"ern": NAMESPACE}, AvsVersionId=AVS_VERSION)
    if said.resources:
        resources = etree.SubElement(root, "ResourceList")
        for one in said.resources:
            _put(resources, one)
    if said.releases:
        releases = etree.SubElement(root, "ReleaseList")
        for contains in said.releases:
            etree.SubElement(etree.SubElement(releases, "Release"), "ContainsAI").text = contains
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _put(parent: etree._Element, one: Resource) -> None:
    resource = etree.SubElement(parent, one.kind)
    for number, by in enumerate(one.contributors, start=1):
        contributor = etree.SubElement(resource, "Contributor", SequenceNumber=str(number))
        if by.party:
            etree.SubElement(contributor, "ContributorPartyReference").text = by.party
        else:
            etree.SubElement(contributor, "SpecialContributor").text = by.special
        if by.role:
            etree.SubElement(etree.SubElement(contributor, "Role"), "Value").text = by.role
        if by.level:
            etree.SubElement(contributor, "AiContribution").text = by.level
    if one.contains:
        etree.SubElement(resource, "ContainsAI").text = one.contains


def read(document: bytes) -> Said:
    """
    Read what a whole message or a fragment says about AI; everything else in it is passed over.

    :raises NotAFragment: it is broken, too large, of another version, or has a document type
    """
    resources, releases = [], []
    try:
        found = records(BytesIO(document), tags=(*RESOURCES, "Release"), root="NewReleaseMessage", limits=LIMITS)
        for element in found:
            if element.tag == "Release":
                if contains := _level(element, "ContainsAI"):
                    releases.append(contains)
            elif element.tag in RESOURCES:
                resources.append(_resource(element))
            elif element.tag != f"{NAMESPACE} NewReleaseMessage":
                raise NotAFragment(f"{NotAFragment.__doc__} Only {NAMESPACE} has words for AI.")
    except BadXml as error:
        raise NotAFragment(f"Line {error.line}: {error}") from error
    return Said(tuple(resources), tuple(releases))


def _resource(element: Element) -> Resource:
    named = (*element.all("Contributor"), *element.all("SoundRecordingEdition", "EditionContributor"))
    return Resource(
        element.tag,
        _level(element, "ContainsAI"),
        tuple(
            By(
                by.word("ContributorPartyReference"),
                by.word("SpecialContributor"),
                by.word("Role"),
                _level(by, "AiContribution"),
            )
            for by in named
        ),
    )


def _level(element: Element, tag: str) -> str:
    found = element.first(tag)
    said = found.word() if found else ""
    if found and said not in LEVELS:
        raise NotAFragment(f"Line {found.line}: {tag} is one of {', '.join(LEVELS)}; leave it out if it is unknown.")
    return said


def check(said: Said, *, is_recorded: bool) -> tuple[Problem, ...]:
    """
    Return what breaks V1 to V6 (``rights.exchange.ai``).

    :param is_recorded: it is on record who or what made the sound, so that saying nothing is a choice
    """
    found = [
        Problem(code, sentence)
        for one in said.resources
        for by in one.contributors
        for code, sentence in ai.contradictions(
            one.contains, is_party=bool(by.party), special=by.special, level=by.level
        )
    ]
    sounds = [one for one in said.resources if one.kind == SOUND]
    if is_recorded and not any(one.contains for one in sounds):
        sentence = "V5: it is on record who or what made the sound, but ContainsAI is not stated."
        found.append(Problem("ai_v5", sentence, is_warning=True))
    strongest = ai.strongest([one.contains for one in said.resources])
    found.extend(
        Problem("ai_v6", ai.too_weak(release, strongest), is_warning=True)
        for release in said.releases
        if ai.is_weaker(release, strongest)
    )
    return tuple(dict.fromkeys(found))


def validate(document: bytes, schema: Path) -> tuple[str, ...]:
    """
    Return what the official schema has against the AI elements of a fragment or message.

    The schema is whoever's runs this, with its allowed values where it looks for them; none comes with us, and nothing
    is fetched. The elements are checked by their types, since a fragment lacks what else a message must have.

    :raises NoSuchSchema: it is not there, or is another one
    :raises NotAFragment: the document cannot be read
    """
    read(document)
    try:
        known = etree.XMLSchema(etree.fromstring(_pieces(schema), _parser()))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError, OSError) as error:
        raise NoSuchSchema(f"{NoSuchSchema.__doc__} {error}") from error
    root = etree.fromstring(document, _parser())
    errors: list[str] = []
    for kind in (*RESOURCES, "Release"):
        for resource in root.iterfind(f"*/{kind}"):
            pieces = etree.Element(f"{{{NAMESPACE}}}Pieces")
            pieces.extend([one for one in resource if one.tag in {"Contributor", "ContainsAI"}])
            if not known.validate(pieces):
                errors.extend(f"{kind}: {entry.message[:LONGEST_ERROR]}" for entry in known.error_log)
    return tuple(errors)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _pieces(schema: Path) -> bytes:
    """Return a schema of our own that holds the elements to the types of the official one."""
    xs = "http://www.w3.org/2001/XMLSchema"
    root = etree.Element(
        f"{{{xs}}}schema", nsmap={"xs": xs, "ern": NAMESPACE, "avs": AVS_NAMESPACE}, targetNamespace=NAMESPACE
    )
    etree.SubElement(root, f"{{{xs}}}include", schemaLocation=schema.resolve().as_uri())
    etree.SubElement(root, f"{{{xs}}}import", namespace=AVS_NAMESPACE)
    pieces = etree.SubElement(root, f"{{{xs}}}element", name="Pieces")
    sequence = etree.SubElement(etree.SubElement(pieces, f"{{{xs}}}complexType"), f"{{{xs}}}sequence")
    for name, kind, most in (("Contributor", "ern:Contributor", "unbounded"), ("ContainsAI", "avs:ContainsAI", "1")):
        etree.SubElement(sequence, f"{{{xs}}}element", name=name, type=kind, minOccurs="0", maxOccurs=most)
    return bytes(etree.tostring(root))
