"""
What CWR demands of a registered work: shares, chains of publishers, roles. Judges, touches nothing.

1. There is a title and a number, and a version type; a modified work says what was modified.
2. There is a writer, one of them a composer or author; modified works have a modifier, original works none.
3. Every writer and publisher has the name, the number and the role that its record needs.
4. A publisher's chain begins with its original publisher or an income participant, has one original publisher, and is
   numbered in order; an acquirer follows the original publisher.
5. Only original publishers and acquirers own; an acquirer owns, and then the original publisher before it does not.
6. No single share is beyond its bounds (publishers: half of the performing right).
7. Publishers own at most half of the performing right, writers nothing or at least half; together all of each right, or
   nothing. In the public domain, nobody owns the performing right. (2.1, 2.2)
8. Manuscript shares are the whole of each right. (3.1)
9. Who is controlled and owns, collects somewhere; an included territory has a share.
10. Nowhere more than the whole of a right is collected; since 3.0 exactly the whole, where a publisher collects.
11. A chain collects the performing right it owns, unless shares change or somebody merely participates. (2.1, 2.2)
12. A writer's publisher is in the work.

Totals may differ from the whole by 0.06 %, since they are sums of rounded decimals.

Edits of single societies (GEMA, SGAE, ASCAP, ICE, ...) are not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rights.exchange.cwr_works import (
    NOTHING,
    PUBLISHER_ROLES,
    RIGHTS,
    WHOLE,
    WRITER_ROLES,
    Publisher,
    Shares,
    Work,
    Writer,
    places,
    recipients,
)
from rights.exchange.lines import Problem
from rights.territories import phrase

TOLERANCE: Final = 6  # hundredths of a percent
MOST_COMPARED: Final = 20_000  # collections times recipients; each is compared in every country
HALF: Final = WHOLE // 2
CREATORS: Final = frozenset({"CA", "A", "C"})
MODIFIERS: Final = frozenset({"AR", "AD", "SR", "SA", "TR"})
OWNERS: Final = frozenset({"E", "AQ"})
PUBLIC_DOMAIN: Final = frozenset({"DP", "PD", "PUBLIC DOMAIN", "DOMAINE PUBLIC"})

Rule = Callable[[Work], Iterator[Problem]]


def judge(work: Work) -> tuple[Problem, ...]:
    """Return everything the format's own rules find in a work; nothing means that it may be registered."""
    return tuple(problem for rule in RULES for problem in rule(work))


def _of_work(work: Work, name: str, code: str, sentence: str, raw: str = "") -> Problem:
    return Problem(work.line, f"{work.type}.{name}", code, sentence, raw)


def _of(party: Publisher | Writer, name: str, code: str, sentence: str, raw: str = "") -> Problem:
    return Problem(party.line, f"{party.record}.{name}", code, sentence, raw)


def percent(hundredths: int) -> str:
    """Return a share as people write it: 33.33."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def says_what_it_is(work: Work) -> Iterator[Problem]:
    for name, value in (("title", work.title), ("work_number", work.number)):
        if not value:
            yield _of_work(work, name, "missing_field", "A work needs a title and the number its submitter gave it.")
    if work.version_type not in {"ORI", "MOD"}:
        sentence = "The version type is ORI for an original work or MOD for a modified one."
        yield _of_work(work, "version_type", "bad_version_type", sentence, work.version_type)
    if work.version_type == "MOD":
        for name, value in (("arrangement", work.arrangement), ("adaptation", work.adaptation)):
            if not value:
                sentence = "A modified work (MOD) must say what was done to its music and to its text."
                yield _of_work(work, name, "missing_field", sentence)


def has_its_writers(work: Work) -> Iterator[Problem]:
    roles = {writer.role for writer in work.writers}
    if not work.writers:
        yield _of_work(work, "writers", "no_writer", "A work needs at least one writer (SWR or OWR).")
    elif not roles & CREATORS:
        sentence = "At least one writer must be a composer or author: CA, A or C."
        yield _of_work(work, "writers", "no_creator", sentence, ", ".join(sorted(roles)))
    if work.version_type == "MOD" and not roles & MODIFIERS:
        sentence = "A modified work (MOD) needs a writer who modified it: AR, AD, SR, SA or TR."
        yield _of_work(work, "version_type", "modified_by_nobody", sentence)
    if work.version_type == "ORI":
        for writer in work.writers:
            if writer.role in MODIFIERS:
                sentence = "An original work (ORI) has no arranger, adaptor or translator; register it as MOD."
                yield _of(writer, "role", "original_but_modified", sentence, writer.role)
    if work.text_music == "MUS" and work.layout.version != "2.1":
        for writer in work.writers:
            if writer.role in {"CA", "A", "SA", "TR"}:
                sentence = "A work that is music only (MUS) has no author of a text; say C or AR, or another relation."
                yield _of(writer, "role", "text_in_music_only", sentence, writer.role)


def names_its_parties(work: Work) -> Iterator[Problem]:
    names: dict[str, str] = {}
    for publisher in work.publishers:
        is_controlled = publisher.record == "SPU"
        if is_controlled and not publisher.number:
            yield _of(publisher, "number", "missing_field", "A controlled publisher needs its party number.")
        if is_controlled and not publisher.name:
            yield _of(publisher, "name", "missing_field", "A controlled publisher needs its name.")
        if is_controlled and publisher.role not in PUBLISHER_ROLES:
            sentence = "A controlled publisher needs a role: E, AQ, AM, SE, ES or PA."
            yield _of(publisher, "role", "bad_role", sentence, publisher.role)
        yield from _known_by_one_name(names, publisher, publisher.name)
    for writer in work.writers:
        is_controlled = writer.record == "SWR"
        if not writer.number and (is_controlled or not work.layout.has_ownership):
            yield _of(writer, "number", "missing_field", "The writer needs a party number.")
        if is_controlled and not writer.last_name:
            yield _of(writer, "last_name", "missing_field", "A controlled writer needs a last name.")
        is_needed = is_controlled or bool(writer.role) or not work.layout.has_ownership
        if is_needed and writer.role not in WRITER_ROLES:
            sentence = "The writer needs a role: CA, C, A, AR, AD, SR, SA, TR or PA."
            yield _of(writer, "role", "bad_role", sentence, writer.role)
        yield from _known_by_one_name(names, writer, f"{writer.last_name}, {writer.first_name}")


def _known_by_one_name(names: dict[str, str], party: Publisher | Writer, name: str) -> Iterator[Problem]:
    if party.number and not party.is_unknown and names.setdefault(party.number, name) != name:
        sentence = "One party number stands for two names in this work; give each party its own."
        yield _of(party, "number", "number_of_two", sentence, party.number)


def has_sound_chains(work: Work) -> Iterator[Problem]:
    for expected, (number, chain) in enumerate(work.chains().items(), start=1):
        first = chain[0]
        if number != expected:
            sentence = f"Chains of publishers are numbered in order; this one must be {expected:02d}."
            yield _of(first, "chain", "chain_number", sentence, f"{number:02d}")
        if first.role not in {"E", "PA"}:
            sentence = "A chain begins with its original publisher (E) or an income participant (PA)."
            yield _of(first, "role", "chain_without_start", sentence, first.role)
        for position, publisher in enumerate(chain):
            if publisher.role == "E" and any(other.role == "E" for other in chain[:position]):
                sentence = "A chain has one original publisher (E); give the second its own chain number."
                yield _of(publisher, "role", "second_original_publisher", sentence, publisher.role)
            if publisher.role == "AQ" and not any(other.role == "E" for other in chain[:position]):
                sentence = "An acquirer (AQ) follows the original publisher (E) it acquired from."
                yield _of(publisher, "role", "acquirer_without_original", sentence, publisher.role)
            if publisher.record == "OPU" and first.record == "SPU":
                sentence = "A publisher that is not controlled (OPU) cannot stand in a controlled chain."
                yield _of(publisher, "chain", "other_in_controlled_chain", sentence, f"{number:02d}")


def owns_by_role(work: Work) -> Iterator[Problem]:
    if not work.layout.has_ownership:
        return
    for chain in work.chains().values():
        acquirers = [publisher for publisher in chain if publisher.role == "AQ"]
        for publisher in chain:
            if publisher.role not in OWNERS and publisher.ownership != NOTHING:
                sentence = "Only original publishers (E) and acquirers (AQ) own; others have ownership shares of zero."
                yield _of(publisher, "pr_share", "ownership_by_role", sentence, publisher.role)
            if publisher.role == "E" and acquirers and publisher.ownership != NOTHING:
                sentence = "Behind an acquirer (AQ) the original publisher owns nothing; fill its shares with zeros."
                yield _of(publisher, "pr_share", "owned_beside_acquirer", sentence)
        for publisher in acquirers:
            if publisher.ownership == NOTHING:
                sentence = "An acquirer (AQ) owns something; give it a share, or another role."
                yield _of(publisher, "pr_share", "acquirer_without_share", sentence)
        owners = [publisher for publisher in chain if publisher.role in OWNERS]
        owns_nothing = all(publisher.ownership == NOTHING for publisher in owners)
        if chain[0].record == "SPU" and owners and owns_nothing and not acquirers:
            sentence = "The original publisher of a controlled chain, or its acquirer, must own a part of some right."
            yield _of(chain[0], "pr_share", "chain_without_share", sentence)


def keeps_single_bounds(work: Work) -> Iterator[Problem]:
    for party in work.parties:
        most = (HALF if isinstance(party, Publisher) else WHOLE, WHOLE, WHOLE)
        kinds = [(party.line, party.record, party.ownership)]
        kinds += [(each.line, each.record, each.shares) for each in party.collections]
        if isinstance(party, Writer) and party.manuscript is not None:
            kinds.append((party.line, "MAN", party.manuscript))
        for line, record, found in kinds:
            for name, share, limit in zip(("pr", "mr", "sr"), found, most, strict=True):
                if share > limit:
                    sentence = f"The share can be {percent(limit)} % at most here."
                    yield Problem(line, f"{record}.{name}_share", "share_out_of_bounds", sentence, percent(share))


def owns_the_whole(work: Work) -> Iterator[Problem]:
    if not work.layout.has_ownership:
        return
    by_publishers = _total([publisher.ownership for publisher in work.publishers])
    by_writers = _total([writer.ownership for writer in work.writers])
    for position, right in enumerate(RIGHTS):
        publishers, writers = by_publishers[position], by_writers[position]
        limit = HALF if right == "performing" else WHOLE
        if publishers > limit + TOLERANCE:
            sentence = f"Publishers may own {percent(limit)} % of the {right} right together."
            yield _of_work(work, "publishers", "publishers_own_too_much", sentence, percent(publishers))
        if writers > WHOLE + TOLERANCE:
            sentence = f"Writers may own 100.00 % of the {right} right together."
            yield _of_work(work, "writers", "writers_own_too_much", sentence, percent(writers))
        if right == "performing" and 0 < writers < HALF - TOLERANCE:
            sentence = "Writers own nothing or at least 50.00 % of the performing right together."
            yield _of_work(work, "writers", "writers_own_too_little", sentence, percent(writers))
        total = publishers + writers
        if total and abs(total - WHOLE) > TOLERANCE:
            sentence = f"Writers and publishers must own 100.00 % of the {right} right together, or nothing."
            yield _of_work(work, "ownership", "ownership_not_whole", sentence, percent(total))
    if work.writers and all(_is_public_domain(writer) for writer in work.writers):
        total = by_publishers[0] + by_writers[0]
        if total:
            sentence = "Nobody owns the performing right of a work in the public domain; fill the shares with zeros."
            yield _of_work(work, "writers", "public_domain_owned", sentence, percent(total))


def _is_public_domain(writer: Writer) -> bool:
    return writer.last_name.upper() in PUBLIC_DOMAIN or "DP" in writer.societies


def _total(shares: list[Shares]) -> Shares:
    return (sum(each[0] for each in shares), sum(each[1] for each in shares), sum(each[2] for each in shares))


def is_written_whole(work: Work) -> Iterator[Problem]:
    if "MAN" not in work.layout.records:
        return
    for writer in work.writers:
        if writer.manuscript is None:
            yield _of(writer, "manuscript", "no_manuscript", "Every writer needs a manuscript share (MAN) behind it.")
    found = _total([writer.manuscript for writer in work.writers if writer.manuscript is not None])
    for right, total in zip(RIGHTS, found, strict=True):
        if work.writers and abs(total - WHOLE) > TOLERANCE:
            sentence = f"The manuscript shares of the {right} right must be 100.00 % together."
            yield _of_work(work, "manuscript", "manuscript_not_whole", sentence, percent(total))


def collects_somewhere(work: Work) -> Iterator[Problem]:
    for _, collection in work.collections():
        if collection.is_controlled and collection.shares == NOTHING:
            sentence = "An included territory needs a share above zero; exclude it, or leave the record out."
            yield Problem(
                collection.line, f"{collection.record}.pr_share", "include_without_share", sentence, collection.codes[0]
            )
    for chain in work.chains().values():
        must = any(publisher.ownership != NOTHING for publisher in chain) or not work.layout.has_ownership
        if chain[0].record == "SPU" and must and not any(publisher.collections for publisher in chain):
            sentence = "A controlled chain collects somewhere; put territories (SPT) behind one of its publishers."
            yield _of(chain[0], "territories", "publisher_without_territory", sentence)
    for writer in work.writers:
        must = writer.ownership[0] > 0 or not work.layout.has_ownership
        if writer.record == "SWR" and must and not writer.collections:
            sentence = "A controlled writer collects somewhere; put territories (SWT) behind the writer."
            yield _of(writer, "territories", "writer_without_territory", sentence)


def collects_no_more_than_the_whole(work: Work) -> Iterator[Problem]:
    known = list(work.collections())
    collections = [each for _, each in known]
    if len(known) * len(recipients(collections)) > MOST_COMPARED:
        sentence = "So many territories for so many recipients cannot be compared; register the work in several files."
        yield _of_work(work, "collection", "collection_too_large", sentence, str(len(known)))
        return
    said: set[tuple[str, int]] = set()
    for place in places(collections):
        here = [known[index] for index in place.collections]
        total = _total([each.shares for _, each in here])
        by_publishers = _total([each.shares for party, each in here if isinstance(party, Publisher)])
        where = f"in {phrase(place.countries)}"
        for position, right in enumerate(RIGHTS):
            if total[position] > WHOLE + TOLERANCE:
                code = "collection_too_much"
                sentence = f"More than 100.00 % of the {right} right is collected {where}."
            elif not work.layout.has_ownership and by_publishers[position] and total[position] < WHOLE - TOLERANCE:
                code = "collection_not_whole"
                sentence = f"Where a publisher collects the {right} right, all of it is; {where} it is not."
            else:
                continue
            if (code, position) not in said:  # once for each right; the same mistake is often everywhere
                said.add((code, position))
                yield _of_work(work, "collection", code, sentence, percent(total[position]))


def collects_what_its_chain_owns(work: Work) -> Iterator[Problem]:
    participates = any(party.role == "PA" for party in work.parties)
    if not work.layout.has_ownership or participates:
        return
    for chain in work.chains().values():
        owned = sum(publisher.ownership[0] for publisher in chain if publisher.role in OWNERS)
        known = [each for publisher in chain for each in publisher.collections if each.record == "SPT"]
        if any(each.may_change for each in known):
            continue
        for place in places(known):
            collected = sum(known[index].shares[0] for index in place.collections)
            if abs(collected - owned) > TOLERANCE:
                sentence = (
                    f"The chain owns {percent(owned)} % of the performing right and must collect as much in"
                    f" {phrase(place.countries)}, unless shares change (Y)."
                )
                yield _of(chain[0], "pr_share", "chain_collects_otherwise", sentence, percent(collected))
                break


def links_writers_to_publishers(work: Work) -> Iterator[Problem]:
    numbers = {publisher.number for publisher in work.publishers}
    chains = work.chains()
    for writer in work.writers:
        is_controlled = writer.record == "SWR"
        for link in writer.links:

            def wrong(name: str, code: str, sentence: str, raw: str, line: int = link.line) -> Problem:
                return Problem(line, f"PWR.{name}", code, sentence, raw)

            if (link.publisher or is_controlled) and link.publisher not in numbers:
                yield wrong(
                    "publisher", "unknown_publisher", "No publisher of this work has that number.", link.publisher
                )
            if link.chain is not None and (link.chain or is_controlled):
                if link.chain not in chains:
                    yield wrong("chain", "unknown_chain", "This work has no such chain of publishers.", str(link.chain))
                elif link.publisher and all(link.publisher != each.number for each in chains[link.chain]):
                    sentence = "The publisher is not in that chain."
                    yield wrong("publisher", "unknown_publisher", sentence, link.publisher)
            # One version cuts this field shorter than the numbers it refers to.
            if link.writer and link.writer != writer.number[:_PWR_WRITER]:
                yield wrong("writer", "other_party", "The number must be that of the writer before it.", link.writer)
        if is_controlled and not writer.links and _is_published(work):
            sentence = "A controlled writer of a published work needs a publisher (PWR) behind the territories."
            yield _of(writer, "links", "writer_without_publisher", sentence)


_PWR_WRITER: Final = 9


def _is_published(work: Work) -> bool:
    """Whether publishers took part and writers own less than the whole of some right; since 3.0 no rule asks."""
    if not work.layout.has_ownership or not work.publishers:
        return False
    return any(share < WHOLE - TOLERANCE for share in _total([writer.ownership for writer in work.writers]))


RULES: Final[tuple[Rule, ...]] = (
    says_what_it_is,
    has_its_writers,
    names_its_parties,
    has_sound_chains,
    owns_by_role,
    keeps_single_bounds,
    owns_the_whole,
    is_written_whole,
    collects_somewhere,
    collects_no_more_than_the_whole,
    collects_what_its_chain_owns,
    links_writers_to_publishers,
)
