"""
Which party or asset a file means: by its codes, else by its exact name or title. Reads, many at once.

A code is one thing in the whole house, so codes are looked up everywhere; whoever asks then learns with ``unseen``
which of the finds are not theirs to be told about. Names and titles are looked up among what is seen alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from rights import parties
from rights.exchange.lines import WrittenCode
from rights.identifiers import Code, Scheme, read
from rights.merges import survivors
from rights.models import Identifier, Party, PartyIdentity, PartyMerge, PartyName, Recording, Release, Work
from rights.sealing import NothingToSearch
from rights.visibility import EVERYTHING, Sight, seen

THINGS = ("party", "work", "recording", "release")
# Codes that stand in a column of their own, beside those that were recorded as identifiers.
_COLUMNS: dict[str, tuple[tuple[Scheme, type[Work | Recording | Release], str], ...]] = {
    "party": (),
    "work": ((Scheme.ISWC, Work, "iswc"),),
    "recording": ((Scheme.ISRC, Recording, "isrc"),),
    "release": ((Scheme.GTIN, Release, "icpn"), (Scheme.GRID, Release, "grid")),
}
_MODELS: dict[str, type[Party | Work | Recording | Release]] = {
    "party": Party,
    "work": Work,
    "recording": Recording,
    "release": Release,
}
_MOST_OF_ONE_NAME = 200  # candidates that are looked at; more than one is ambiguous in any case


class CodeKey(NamedTuple):
    """A code in the form that is stored."""

    scheme: str
    namespace: str
    value: str


def code_of(written: WrittenCode) -> Code:
    """
    Return a code that a file has, in the form that is stored.

    :raises BadCode: it is not one of its scheme
    """
    return read(Scheme(written.scheme), written.raw, written.namespace)


def key_of(code: Code) -> CodeKey:
    """Return what codes are compared by."""
    return CodeKey(code.scheme.value, code.namespace, code.value)


def carriers(thing: str, keys: Iterable[CodeKey]) -> dict[CodeKey, set[UUID]]:
    """Return which parties, works, recordings or releases have these codes; of merged parties, the survivor."""
    wanted = set(keys)
    found: dict[CodeKey, set[UUID]] = defaultdict(set)
    if not wanted:
        return found
    rows = Identifier.objects.filter(value__in={key.value for key in wanted}, **{f"{thing}__isnull": False})
    for scheme, namespace, value, id in rows.values_list("scheme", "namespace", "value", f"{thing}_id"):
        if (key := CodeKey(scheme, namespace, value)) in wanted:
            found[key].add(id)
    for scheme, model, column in _COLUMNS[thing]:
        values = [key.value for key in wanted if key.scheme == scheme]
        own: QuerySet[Any] = QuerySet(model)
        for value, id in own.filter(**{f"{column}__in": values}).values_list(column, "pk") if values else ():
            found[CodeKey(scheme.value, "", value)].add(id)
    if thing == "party":
        merged = survivors({id for ids in found.values() for id in ids})
        found = defaultdict(set, {key: {merged[id] for id in ids} for key, ids in found.items()})
    return found


def codes_of(thing: str, ids: Iterable[UUID]) -> dict[UUID, set[CodeKey]]:
    """Return all codes that these have."""
    wanted = set(ids)
    found: dict[UUID, set[CodeKey]] = defaultdict(set)
    if not wanted:
        return found
    rows = Identifier.objects.filter(**{f"{thing}__in": wanted})
    for id, *code in rows.values_list(f"{thing}_id", "scheme", "namespace", "value"):
        found[id].add(CodeKey(*code))
    for scheme, model, column in _COLUMNS[thing]:
        own: QuerySet[Any] = QuerySet(model)
        for id, value in own.filter(pk__in=wanted, **{f"{column}__isnull": False}).values_list("pk", column):
            found[id].add(CodeKey(scheme.value, "", value))
    return found


def unseen(thing: str, ids: Iterable[UUID], sight: Sight) -> set[UUID]:
    """Return which of these are not seen. Of merged parties the survivor is, where one of its duplicates is."""
    left = set(ids)
    if sight.is_whole or not left:
        return set()
    rows: QuerySet[Any] = QuerySet(_MODELS[thing])
    # Most are the asker's own; that is known without the long question.
    left -= set(rows.filter(pk__in=left, registrar__in=sight.ids).values_list("pk", flat=True)) | set(sight.ids)
    if left:
        left -= set(seen(rows.filter(pk__in=left), sight).values_list("pk", flat=True))
    if left and thing == "party":
        merges = PartyMerge.objects.filter(survivor__in=left, undo__isnull=True)
        survivor_of = dict(merges.values_list("duplicate", "survivor"))
        left -= {survivor_of[id] for id in seen(rows.filter(pk__in=survivor_of), sight).values_list("pk", flat=True)}
    return left


def kept(thing: str, ids: Iterable[UUID], registrar_id: UUID) -> set[UUID]:
    """Return which of these an organization registered."""
    rows: QuerySet[Any] = QuerySet(_MODELS[thing])
    return set(rows.filter(pk__in=set(ids), registrar=registrar_id).values_list("pk", flat=True))


def plain(name: str) -> str:
    """Return the form in which names and titles are compared: case, width and blanks aside, all letters count."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def parties_named(name: str, sight: Sight = EVERYTHING) -> set[UUID]:
    """Return the parties that are seen and have exactly this name, or had it; of merged ones, the survivor."""
    try:
        rows = parties.named(name).values_list("pk", flat=True)
        candidates = set(rows[:_MOST_OF_ONE_NAME])
        if not sight.is_whole:  # so many of one name elsewhere must not hide one's own
            candidates |= set(rows.filter(registrar__in=sight.ids)[:_MOST_OF_ONE_NAME])
    except NothingToSearch:
        return set()
    if not candidates:
        return set()
    wanted = plain(name)
    found = {
        row.party_id for row in PartyIdentity.objects.filter(party__in=candidates) if plain(row.name) == wanted
    } | {
        row.party_id
        for row in PartyName.objects.filter(party__in=candidates).select_related("party__identity")
        if row.name is not None and plain(row.name) == wanted
    }
    return set(survivors(found - unseen("party", found, sight)).values())


def titled(
    thing: str, titles: Iterable[str], *, registrar_id: UUID | None = None, sight: Sight = EVERYTHING
) -> dict[str, set[UUID]]:
    """
    Return the works, recordings or releases that are seen and have exactly these titles, by title.

    With ``registrar_id`` only those without a code that this organization registered: the same line of the same
    catalogue again.
    """
    rows: QuerySet[Any] = seen(QuerySet(_MODELS[thing]).filter(title__in=set(titles)), sight)
    if registrar_id is not None:
        without = {f"{column}__isnull": True for _, _, column in _COLUMNS[thing]}
        rows = rows.filter(registrar=registrar_id, **without)
    found: dict[str, set[UUID]] = defaultdict(set)
    for title, id in rows.values_list("title", "pk"):
        found[title].add(id)
    return found


def work_number(work_id: UUID) -> str:
    """Return the number under which a work is registered with societies: fourteen characters, as CWR has them."""
    return work_id.hex[:14].upper()


def works_numbered(numbers: Iterable[str], *, registrar_id: UUID | None = None) -> dict[str, set[UUID]]:
    """Return the works that were sent out under these numbers: their own, or one that their submitter gave them."""
    wanted = set(numbers)
    found: dict[str, set[UUID]] = defaultdict(set)
    rows = Identifier.objects.filter(scheme=Scheme.PROPRIETARY, value__in=wanted, work__isnull=False)
    if registrar_id is not None:
        rows = rows.filter(work__registrar=registrar_id)
    for value, work_id in rows.values_list("value", "work"):
        found[value].add(work_id)
    for number in wanted - found.keys():
        if re.fullmatch(r"[0-9A-F]{14}", number):
            own = Work.objects.filter(pk__gte=UUID(f"{number:0<32}"), pk__lte=UUID(f"{number:F<32}"))
            own = own if registrar_id is None else own.filter(registrar=registrar_id)
            found[number] = set(own.values_list("pk", flat=True))
    return found
