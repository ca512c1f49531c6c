"""What a DDEX message says about AI …"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest

from provenance import ern
from provenance.ern import By, Resource, Said
from rights.case import DeclaredAct, DeclaredContribution
from rights.exchange.ai import GENERATIVE

ANNA, BELA = UUID(int=1), UUID(int=2)
A, B = ern.reference(ANNA), ern.reference(BELA)
SCHEMA = os.environ.get("LEDGER_DDEX_XSD")  # whoever has the official one runs the last test


def line(component: str, level: str, *people: UUID, act: str = "", tool: str = "M") -> DeclaredContribution:
    if act or len(people) > 1:
        acts = tuple(DeclaredAct(party, act or "perceptible_input") for party in people)
        return DeclaredContribution(component, level, tool, None, acts=acts)
    return DeclaredContribution(component, level, tool, people[0] if people else None)


PEOPLE = [line("lyrics", "none", ANNA), line("lead_vocal", "none", ANNA, BELA)]


@pytest.mark.parametrize(
    ("lines", "contains", "contributors"),
    [
        (
            PEOPLE,
            "None",
            [*(By(A, "", role, "None") for role in ("Lyricist", "LeadVocalist")), By(B, "", "LeadVocalist", "None")],
        ),
        ([line("instruments", "none"), line("mastering", "all")], "None", []),
        (
            [line("lyrics", "partly", ANNA), line("lead_vocal", "none", BELA)],
            "Partly",
            [By(A, "", "Lyricist", "Partly"), By(B, "", "LeadVocalist", "None")],
        ),
        (  # nobody is known who made the rest: it is said of the machine
            [line("lyrics", "partly"), line("lead_vocal", "none", BELA)],
            "Partly",
            [By("", GENERATIVE, "Lyricist", "All"), By(B, "", "LeadVocalist", "None")],
        ),
        (  # whoever only prompted is no contributor
            [line("melody", "all", ANNA, act="prompt_only"), line("lead_vocal", "none", BELA)],
            "Partly",
            [By("", GENERATIVE, "Composer", "All"), By(B, "", "LeadVocalist", "None")],
        ),
        (  # all of it: nobody is named, not even who mastered it
            [line("melody", "all"), line("instruments", "all"), line("mastering", "none", ANNA)],
            "All",
            [By("", GENERATIVE, "Composer", "All"), By("", GENERATIVE, "Musician", "All")],
        ),
        (  # but people who mixed it made something that is heard
            [line("instruments", "all"), line("production", "none", ANNA)],
            "Partly",
            [By("", GENERATIVE, "Musician", "All"), By(A, "", "StudioProducer", "None")],
        ),
    ],
)  # fmt: skip
def test_follows_from_the_record(lines: list[DeclaredContribution], contains: str, contributors: list[By]) -> None:
    said = ern.say(lines)
    assert said.sound == Resource("SoundRecording", contains, tuple(contributors))
    assert said.releases == (contains,)
    assert ern.check(said, is_recorded=True) == ()
    assert ern.read(ern.fragment(said)) == said


@pytest.mark.parametrize(
    ("artwork", "sound", "release"),
    [("all", "all", ("All",)), ("partly", "none", ("Partly",)), ("none", "partly", ("Partly",)), ("all", "none", ())],
)
def test_says_of_a_release_only_what_is_true_of_all_of_it(artwork: str, sound: str, release: tuple[str, ...]) -> None:
    said = ern.say([line("instruments", sound), line("artwork", artwork)])
    assert said.releases == release
    assert ern.check(said, is_recorded=True) == ()


def test_is_silent_on_sound_of_which_nothing_is_on_record() -> None:
    said = ern.say([line("artwork", "all")])
    assert (said.sound.contains, said.resources) == ("", (Resource("Image", "All"),))


MACHINE, PARTY = By("", GENERATIVE, "Composer", ""), By(A, "", "Composer", "")


def by(whom: By, level: str) -> By:
    return By(whom.party, whom.special, whom.role, level)


@pytest.mark.parametrize(
    ("code", "contains", "contributors", "releases", "outcome"),
    [
        ("ai_v1", "All", [MACHINE, by(PARTY, "None")], [], "fails"),
        ("ai_v1", "All", [MACHINE], [], "passes"),
        ("ai_v1", "Partly", [MACHINE, by(PARTY, "None")], [], "passes"),
        ("ai_v2", "None", [by(PARTY, "Partly")], [], "fails"),
        ("ai_v2", "None", [MACHINE], [], "fails"),
        ("ai_v2", "None", [by(PARTY, "None")], [], "passes"),
        ("ai_v2", "Partly", [by(PARTY, "Partly")], [], "passes"),
        ("ai_v3", "Partly", [by(PARTY, "All")], [], "fails"),
        ("ai_v3", "Partly", [By("", "Traditional", "Composer", "All")], [], "fails"),
        ("ai_v3", "Partly", [by(MACHINE, "All")], [], "passes"),
        ("ai_v4", "Partly", [by(MACHINE, "Partly")], [], "fails"),
        ("ai_v4", "Partly", [by(MACHINE, "None")], [], "fails"),
        ("ai_v4", "Partly", [MACHINE], [], "passes"),
        ("ai_v5", "", [PARTY], [], "warns"),
        ("ai_v5", "None", [PARTY], [], "passes"),
        ("ai_v6", "All", [MACHINE], ["Partly"], "warns"),
        ("ai_v6", "Partly", [MACHINE], ["None"], "warns"),
        ("ai_v6", "Partly", [MACHINE], ["Partly"], "passes"),
        ("ai_v6", "Partly", [MACHINE], [], "passes"),
    ],
)
def test_is_held_to_the_rules_that_the_schema_cannot_check(
    code: str, contains: str, contributors: list[By], releases: list[str], outcome: str
) -> None:
    said = Said((Resource("SoundRecording", contains, tuple(contributors)),), tuple(releases))
    for one in (said, ern.read(ern.fragment(said))):  # in a value, and in what comes from outside
        found = {problem.code: problem for problem in ern.check(one, is_recorded=True)}
        how = ("fails", "warns")[found[code].is_warning] if code in found else "passes"
        assert how == outcome


def test_nothing_has_to_be_said_where_nothing_is_on_record() -> None:
    assert ern.check(Said((), ()), is_recorded=False) == ()


GOOD = ern.fragment(ern.say(PEOPLE))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "no element found"),
        (b"\x00\xff", "broken"),
        (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + GOOD.split(b"?>", 1)[1], "DOCTYPE"),
        (GOOD.replace(b"ern/432", b"ern/431"), "432 has words for AI"),
        (GOOD.replace(b"NewReleaseMessage", b"PurgeReleaseMessage"), "not a NewReleaseMessage"),
        (GOOD.replace(b"<ContainsAI>None", b"<ContainsAI>50%", 1), "leave it out if it is unknown"),
        (GOOD.replace(b"<AiContribution>None", b"<AiContribution>Some", 1), "AiContribution is one of"),
        (GOOD + b" " * ern.LIMITS.max_bytes, "at most 5000000 bytes"),
        (GOOD.split(b"<Res")[0] + b"<a>" * 100_000, "within each other"),
        (GOOD.replace(b"Lyricist", b"L" * 20_000), "more than 10000 characters"),
    ],
)  # fmt: skip
def test_is_not_read_where_it_is_something_else(document: bytes, said: str) -> None:
    with pytest.raises(ern.NotAFragment, match=said):
        ern.read(document)


def test_is_refused_or_whole_wherever_it_breaks_off() -> None:
    for length in range(len(GOOD.rstrip())):
        with pytest.raises(ern.NotAFragment):
            ern.read(GOOD[:length])


# A schema of our own with the two types that the elements are held to: the official one is its owners'.
OURS = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:ern="http://ddex.net/xml/ern/432"
  xmlns:avs="http://ddex.net/xml/allowed-value-sets" targetNamespace="http://ddex.net/xml/ern/432">
  <xs:import namespace="http://ddex.net/xml/allowed-value-sets" schemaLocation="avs.xsd"/>
  <xs:complexType name="Contributor"><xs:sequence>
    <xs:choice><xs:element name="ContributorPartyReference"/><xs:element name="SpecialContributor"/></xs:choice>
    <xs:element name="Role" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="Value"/></xs:sequence>
    </xs:complexType></xs:element>
    <xs:element name="AiContribution" minOccurs="0" type="avs:ContainsAI"/>
  </xs:sequence><xs:attribute name="SequenceNumber" type="xs:integer"/></xs:complexType></xs:schema>"""
VALUES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  targetNamespace="http://ddex.net/xml/allowed-value-sets"><xs:simpleType name="ContainsAI">
  <xs:restriction base="xs:string"><xs:enumeration value="None"/><xs:enumeration value="Partly"/>
  <xs:enumeration value="All"/></xs:restriction></xs:simpleType></xs:schema>"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    (tmp_path / "avs.xsd").write_text(VALUES)
    (tmp_path / "ern.xsd").write_text(OURS)
    return tmp_path / "ern.xsd"


MISPLACED = GOOD.replace(b"<Role>", b"<AiContribution>None</AiContribution><Role>", 1)


def test_is_held_to_the_schema_that_is_configured(schema: Path) -> None:
    assert ern.validate(GOOD, schema) == ()
    (error,) = ern.validate(MISPLACED, schema)
    assert error.startswith("SoundRecording: Element 'Role': This element is not expected")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("<xs:schema"),
        lambda path: path.write_text(OURS.replace("ern/432", "ern/43")),
        lambda path: (path.parent / "avs.xsd").unlink(),
        lambda path: path.write_text(OURS.replace("avs.xsd", "http://127.0.0.1:9/avs.xsd")),
    ],
    ids=["gone", "broken", "of another version", "without its values", "somewhere in the network"],
)
def test_a_schema_that_is_none_says_so(damage: object, schema: Path) -> None:
    damage(schema)  # type: ignore[operator]
    with pytest.raises(ern.NoSuchSchema):
        ern.validate(GOOD, schema)


@pytest.mark.skipif(not SCHEMA, reason="LEDGER_DDEX_XSD names no official schema: none comes with us")
@pytest.mark.parametrize("component", ern.ROLES)
@pytest.mark.parametrize("level", ["none", "partly", "all"])
def test_validates_against_the_official_schema(component: str, level: str) -> None:
    said = ern.say([line(component, level, ANNA), line("artwork", level), line("video", "partly")])
    assert ern.validate(ern.fragment(said), Path(SCHEMA or "")) == ()
    assert ern.validate(MISPLACED, Path(SCHEMA or ""))
