"""Samples of statement lines: drawn once, on record with what they are out of, and drawn again to the same lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from ledger import canonical, log
from ledger.access import is_narrowed, memberships
from ledger.auditing import sampling
from ledger.auditing.money import Line, statement_lines
from ledger.auditing.parameters import Asked
from ledger.auditing.sampling import Checked, Estimate, NotASample, Stratum
from ledger.constraints import violated
from ledger.models import AuditException, AuditSample, AuditSampleItem, Entry
from ledger.visibility import EVERYTHING, Sight, seen
from rights.visibility import Within, sight_of

Method = AuditSample.Method
Cause = AuditException.Cause
Status = AuditException.Status
MOST_BOUNDARIES = 9


class NoSuchItem(Exception):
    """No sample that you see has this line, and nobody asked you about it."""


class NotOpen(Exception):
    """The first word about a line opens an exception; after that it goes on to any state."""


class WentOn(Exception):
    """Somebody recorded something about this line at the same moment: read it again."""


class NotTheOwner(Exception):
    """Who must see to an exception answers it, and nobody else; the auditor goes on with it."""


class ClosedAlready(Exception):
    """This exception is closed: whoever audits opens it again if there is more to say."""


class NoAnswer(Exception):
    """An answer accepts, disputes or says that it was corrected, and says why in the note."""


class NothingWrong(Exception):
    """An exception is of a line that should come to something else than what was booked."""


@dataclass(frozen=True)
class Terms:
    """By what a sample is drawn; of a monetary-unit sample what is borne, of a stratified one where strata begin."""

    method: Method
    seed: str
    currency: str
    period_from: date
    period_to: date
    payee_id: UUID | None
    known_at: datetime
    confidence: int
    tolerable: int = 0
    expected: int = 0
    size: int = 0
    boundaries: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Population:
    lines: int
    units: int  # of lines above nothing
    negative_lines: int
    negative_units: int
    digest: str
    strata: tuple[tuple[int, int], ...]  # lines and money of each


@dataclass(frozen=True)
class _Chosen:
    line: Line
    stratum: int
    hits: int


def draw(
    terms: Terms,
    *,
    id: UUID,
    sight: Sight,
    organization_id: UUID | None,
    engagement_id: UUID | None,
    by_id: int,
    at: datetime,
) -> AuditSample:
    """
    Draw a sample out of the statement lines that are seen, and put it on record.

    :raises NotASample: what it is drawn by does not lead to one
    """
    document, chosen = _drawn(terms, sight)
    written = canonical.encode_document(document)
    with transaction.atomic(durable=True):
        sample = AuditSample.objects.create(
            id=id,
            organization_id=organization_id,
            engagement_id=engagement_id,
            method=terms.method,
            seed=terms.seed,
            currency=terms.currency,
            period_from=terms.period_from,
            period_to=terms.period_to,
            payee_id=terms.payee_id,
            known_at=terms.known_at,
            document=written.decode(),
            digest=sha256(written).hexdigest(),
            drawn_by_id=by_id,
            recorded_at=at,
        )
        items = AuditSampleItem.objects.bulk_create(_items(sample, chosen))
        log.append(Entry.Kind.SAMPLE_DRAWN, sample, _said(sample, items), at=at)
    return sample


def _items(sample: AuditSample, chosen: Sequence[_Chosen]) -> list[AuditSampleItem]:
    return [
        AuditSampleItem(
            id=uuid5(sample.pk, f"item/{position}"),
            sample=sample,
            position=position,
            statement=one.line.statement,
            partition=one.line.allocation.partition,
            line=one.line.allocation.line,
            units=one.line.allocation.units,
            stratum=one.stratum,
            hits=one.hits,
        )
        for position, one in enumerate(chosen)
    ]


def _said(sample: AuditSample, items: Sequence[AuditSampleItem]) -> dict[str, Any]:
    return {
        "method": str(sample.method),
        "seed": sample.seed,
        "items": len(items),
        "document": f"sha256:{sample.digest}",
    }


def sight_of_sample(sample: AuditSample) -> Sight:
    """Return with whose eyes a sample was drawn: those of the operator, of a house that day, or of an audit of it."""
    if sample.organization_id is None:
        return EVERYTHING
    house = sight_of([sample.organization_id], on=sample.recorded_at.date())
    audit = sample.engagement
    if audit is None or not is_narrowed(audit):
        return house
    within = Within(
        audit.pk, house.parties or frozenset(), frozenset(audit.parties), audit.period_from, audit.period_to
    )
    return Sight(frozenset(), (within,))


def made_again(sample: AuditSample) -> tuple[dict[str, Any], AuditSample, list[AuditSampleItem]]:
    """Draw a sample again by its terms and seed: what its entry says, and its rows as they come out now."""
    document, chosen = _drawn(terms_of(sample), sight_of_sample(sample))
    written = canonical.encode_document(document)
    row = AuditSample(
        **{one.attname: getattr(sample, one.attname) for one in AuditSample._meta.concrete_fields}
        | {"document": written.decode(), "digest": sha256(written).hexdigest()}
    )
    items = _items(row, chosen)
    return _said(row, items), row, items


def drawn_again(sample: AuditSample, *, sight: Sight) -> bool:
    """Whether the same terms and seed lead to the same lines out of the same population, as known when it was drawn."""
    document, _ = _drawn(terms_of(sample), sight)
    return sha256(canonical.encode_document(document)).hexdigest() == sample.digest


def terms_of(sample: AuditSample) -> Terms:
    """Return by what a sample was drawn."""
    said = json.loads(sample.document)["terms"]
    return Terms(
        method=Method(sample.method),
        seed=sample.seed,
        currency=sample.currency,
        period_from=sample.period_from,
        period_to=sample.period_to,
        payee_id=sample.payee_id,
        known_at=sample.known_at,
        confidence=int(said["confidence"]),
        tolerable=int(said["tolerable"]),
        expected=int(said["expected"]),
        size=int(said["size"]),
        boundaries=tuple(int(one) for one in said["boundaries"]),
    )


def _lines(terms: Terms, sight: Sight) -> Iterator[Line]:
    asked = Asked(
        known_at=terms.known_at, period_from=terms.period_from, period_to=terms.period_to, party=terms.payee_id
    )
    return statement_lines(asked, sight, currency=terms.currency)


def _name(line: Line) -> str:
    return f"{line.statement.pk}|{line.allocation.partition}|{line.allocation.line}"


def _population(terms: Terms, sight: Sight) -> _Population:
    """Go through all lines once: how many, what they come to, and a digest of them in their order."""
    digest, lines, units, below, below_units = sha256(), 0, 0, 0, 0
    of: list[Counter[str]] = [Counter() for _ in range(len(terms.boundaries) + 1)]
    for line in _lines(terms, sight):
        amount = line.allocation.units
        digest.update(f"{_name(line)}|{amount}\n".encode())
        lines += 1
        if amount > 0:
            units += amount
        else:
            below, below_units = below + 1, below_units + amount
        stratum = of[sampling.stratum_of(amount, terms.boundaries)]
        stratum["lines"] += 1
        stratum["units"] += amount
    strata = tuple((one["lines"], one["units"]) for one in of)
    return _Population(lines, units, below, below_units, digest.hexdigest(), strata)


def _drawn(terms: Terms, sight: Sight) -> tuple[dict[str, Any], list[_Chosen]]:
    if not terms.seed:
        raise NotASample("A sample is drawn by a seed: choose any word.")
    population = _population(terms, sight)
    if terms.method is Method.MONETARY_UNIT:
        plan, chosen = _by_money(terms, population, sight)
    else:
        plan, chosen = _by_strata(terms, population, sight)
    document = {
        "v": 1,
        "terms": {
            "method": str(terms.method),
            "seed": terms.seed,
            "currency": terms.currency,
            "period_from": terms.period_from.isoformat(),
            "period_to": terms.period_to.isoformat(),
            "payee": str(terms.payee_id) if terms.payee_id else None,
            "known_at": canonical.timestamp(terms.known_at),
            "confidence": terms.confidence,
            "tolerable": str(terms.tolerable),
            "expected": str(terms.expected),
            "size": terms.size,
            "boundaries": [str(one) for one in terms.boundaries],
        },
        "population": {
            "lines": population.lines,
            "units": str(population.units),
            "negative_lines": population.negative_lines,
            "negative_units": str(population.negative_units),
            "digest": f"sha256:{population.digest}",
        },
        "plan": plan,
        "items": [f"{_name(one.line)}|{one.line.allocation.units}|{one.stratum}|{one.hits}" for one in chosen],
    }
    return document, chosen


def _by_money(terms: Terms, population: _Population, sight: Sight) -> tuple[dict[str, Any], list[_Chosen]]:
    given = sampling.steps(
        book=population.units,
        tolerable=terms.tolerable,
        expected=terms.expected,
        confidence=terms.confidence,
        seed=terms.seed,
    )
    amounts = ((line, line.allocation.units) for line in _lines(terms, sight))
    chosen = [
        _Chosen(line, int(units >= given.interval), hits) for line, units, hits in sampling.by_money(amounts, given)
    ]
    plan = {
        "interval": str(given.interval),
        "start": str(given.start),
        "size": given.size,
        "factor": f"{given.factor.numerator}/{given.factor.denominator}",
    }
    return plan, chosen


def _by_strata(terms: Terms, population: _Population, sight: Sight) -> tuple[dict[str, Any], list[_Chosen]]:
    boundaries = terms.boundaries
    if list(boundaries) != sorted(set(boundaries)) or any(one <= 0 for one in boundaries):
        raise NotASample("Strata begin at amounts above nothing, each larger than the one before.")
    if len(boundaries) > MOST_BOUNDARIES or not 1 <= terms.size <= sampling.MOST_ITEMS:
        raise NotASample(f"A sample has 1 to {sampling.MOST_ITEMS:,} lines and at most {MOST_BOUNDARIES} boundaries.")
    sampling.confidence_factor(0, terms.confidence)
    sizes = sampling.shared_out(terms.size, population.strata)
    if not any(sizes):
        raise NotASample("There is no money to draw from.")
    lots = sampling.Lots(terms.seed, dict(enumerate(sizes)))
    for place, line in enumerate(_lines(terms, sight)):
        lots.put_in(_name(line), line, sampling.stratum_of(line.allocation.units, boundaries), place)
    chosen = [_Chosen(item, stratum, 1) for stratum, item in lots.drawn() if isinstance(item, Line)]
    plan = {
        "strata": [
            {"from": str(least), "lines": lines, "units": str(units), "size": size}
            for least, (lines, units), size in zip((0, *boundaries), population.strata, sizes, strict=True)
        ]
    }
    return plan, chosen


# --- What is wrong with a line


def record(
    *,
    id: UUID,
    item: AuditSampleItem,
    owner_id: int,
    root_cause: Cause,
    audited_units: int,
    status: Status,
    note: str,
    by_id: int,
    at: datetime,
    after: int | None = None,
) -> AuditException:
    """
    Record what is wrong with a sampled line, or how that stands now; the last word counts.

    :param after: the position of the word that this one answers; None: whichever is the last
    :raises NotOpen: the first word about it is another than that it is open
    :raises NothingWrong: the line should come to what was booked
    :raises WentOn: somebody recorded something meanwhile
    """
    position = item.exceptions.count() if after is None else after + 1
    if position == 0 and status is not Status.OPEN:
        raise NotOpen
    if position == 0 and audited_units == item.units:
        raise NothingWrong
    try:
        with transaction.atomic(durable=True):
            row = AuditException.objects.create(
                id=id,
                item=item,
                position=position,
                owner_id=owner_id,
                root_cause=root_cause,
                audited_units=audited_units,
                status=status,
                note=note.strip(),
                recorded_by_id=by_id,
                recorded_at=at,
            )
            data = {
                "item": str(item.pk),
                "sample": str(item.sample_id),
                "status": str(status),
                "root_cause": str(root_cause),
                "booked": str(item.units),
                "audited": str(audited_units),
            }
            log.append(Entry.Kind.EXCEPTION_RECORDED, row, data, at=at)
    except IntegrityError as error:
        if violated(error) == "exception_has_its_own_position":
            raise WentOn from error
        raise
    return row


ANSWERS = (Status.ACCEPTED, Status.DISPUTED, Status.CORRECTED)  # what an owner may say


def answer(*, id: UUID, item: AuditSampleItem, status: Status, note: str, by_id: int, at: datetime) -> AuditException:
    """
    Record what the owner of an exception says to it: a word of its own, with what the auditor found left as it is.

    Whether that ends it is the auditor's to say, so an answer never closes it.

    :raises NotTheOwner: somebody else must see to it, or nothing was found
    :raises ClosedAlready: it was closed
    :raises NoAnswer: it says nothing, or is none of the three
    :raises WentOn: somebody recorded something meanwhile
    """
    last = last_word(item)
    if last is None or last.owner_id != by_id:
        raise NotTheOwner
    if last.status == Status.CLOSED:
        raise ClosedAlready
    if status not in ANSWERS or not note.strip():
        raise NoAnswer
    return record(
        id=id,
        item=item,
        owner_id=by_id,
        root_cause=Cause(last.root_cause),
        audited_units=last.audited_units,
        status=status,
        note=note,
        by_id=by_id,
        at=at,
        after=last.position,
    )


def find(id: UUID, *, sight: Sight, by_id: int | None) -> AuditSampleItem:
    """
    Return a sampled line, of a sample that is seen; whoever must see to it reads it also where it was of another house.

    :raises NoSuchItem: there is none for them
    """
    rows = AuditSampleItem.objects.select_related("sample", "statement__run", "statement__payee__identity")
    item: AuditSampleItem | None = seen(rows.filter(pk=id), sight).first()
    if item is None:
        item = rows.filter(pk=id).first()
        if item is None or by_id is None or (last := last_word(item)) is None or last.owner_id != by_id:
            raise NoSuchItem
    return item


def last_word(item: AuditSampleItem) -> AuditException | None:
    """Return what counts about a sampled line, None where nothing was said."""
    return item.exceptions.order_by("-position").first()


def waiting_for(user_id: int) -> QuerySet[AuditException]:
    """Return the exceptions that somebody must see to and has not answered, the oldest first."""
    later = AuditException.objects.filter(item=OuterRef("item"), position__gt=OuterRef("position"))
    rows = AuditException.objects.filter(~Exists(later), owner=user_id).exclude(status=Status.CLOSED)
    return rows.exclude(recorded_by=user_id).select_related("item__sample").order_by("recorded_at", "pk")


def last_words(sample: AuditSample) -> dict[UUID, AuditException]:
    """Return what counts about each line of a sample: item → the last word."""
    rows = AuditException.objects.filter(item__sample=sample).select_related("owner").order_by("item", "position")
    return {row.item_id: row for row in rows}


@dataclass(frozen=True)
class Outcome:
    """What a sample says about the period: errors, projected, and the limit beside what would be borne."""

    estimate: Estimate
    items: int
    exceptions: int
    tolerable: int

    @property
    def is_borne(self) -> bool | None:
        """Whether the limit is within what would be borne; None where nothing was said to be."""
        return self.estimate.upper <= self.tolerable if self.tolerable else None


def evaluate(sample: AuditSample) -> Outcome:
    """Return what the errors of a sample say about everything; a line without an exception is as it should be."""
    terms, wrong = terms_of(sample), last_words(sample)
    tested = [
        Checked(item.units, wrong[item.pk].audited_units if item.pk in wrong else item.units, item.stratum)
        for item in sample.items.order_by("position")
    ]
    plan = json.loads(sample.document)["plan"]
    if terms.method is Method.MONETARY_UNIT:
        found = sampling.evaluate_by_money(tested, interval=int(plan["interval"]), confidence=terms.confidence)
    else:
        found = sampling.evaluate_by_strata(tested, strata_of(plan["strata"]), confidence=terms.confidence)
    return Outcome(found, len(tested), len(wrong), terms.tolerable)


def strata_of(plan: Sequence[dict[str, Any]]) -> tuple[Stratum, ...]:
    """Return the strata of a sample as its document has them."""
    return tuple(Stratum(int(one["from"]), one["lines"], int(one["units"]), one["size"]) for one in plan)


class NotAnOwner(Exception):
    """Whoever must see to an exception belongs to the house that is audited, or keeps this one."""


def check_owner(owner_id: int, item: AuditSampleItem, *, on: date) -> None:
    """
    Check that somebody can be the one who must see to an exception.

    :raises NotAnOwner: they belong neither to the payer whose statement it is, nor to the house that is audited
    """
    houses = {item.sample.organization_id, item.statement.run.payer_id} - {None}
    members = memberships(on=on).filter(user=owner_id, organization__in=houses)
    if not members.exists() and not get_user_model().objects.filter(pk=owner_id, is_superuser=True).exists():
        raise NotAnOwner
