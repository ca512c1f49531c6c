"""
Streams of the log (LED-5): what one party submitted, one sender reported, one payer paid, in order and without a gap.

A stream is what its entries make it: the n-th is the n-th in the log's order. Between two checkpoints each has a count
and control totals, which ``ledger.streamed`` writes down so that others can check them against the published tiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ledger import merkle, sequencer, streamed
from ledger.models import SUBJECTS, Checkpoint, Entry, Leaf
from ledger.streamed import Statement, Stream
from ledger.visibility import Sight, entries_about
from royalties.models import PaymentOrder, Posting, UsageFile, UsageSum

Kind = Entry.Kind
MOST_ENTRIES: Final = 1_000_000  # between two checkpoints that one statement is over


class NoSuchCheckpoint(Exception):
    """The log has no checkpoint of this size: take one that it signed, as they are listed at the desk."""


class TooLong(Exception):
    """One statement is over at most a million entries: take checkpoints that lie closer together."""


class Backwards(Exception):
    """The first checkpoint is the earlier one."""


@dataclass(frozen=True)
class _Definition:
    """A kind of stream: of which entries, whose, and what is counted."""

    name: str
    kinds: tuple[Kind, ...]
    of: tuple[str, ...]  # paths to whose it is; of several the first that is there
    also: str = ""  # a second part of whose it is
    counts: Mapping[str, Any] = field(default_factory=dict)
    units: str = ""  # path of minor units
    currency: str = ""


_OUTCOMES = {outcome: Count("pk", filter=Q(decision__outcome=outcome)) for outcome in ("cleared", "refused", "review")}

STREAMS: Final[tuple[_Definition, ...]] = (
    _Definition(
        "submissions",
        (Kind.SUBMITTED,),
        ("submission__submitter",),
        counts={
            "bytes": Sum("submission__audio__size_bytes"),
            "milliseconds": Sum("submission__audio__duration_ms"),
        },
    ),
    _Definition("decisions", (Kind.DECIDED,), ("decision__submission__submitter",), counts=_OUTCOMES),
    _Definition(
        "clearances",
        (Kind.CLEARANCE_ANSWERED,),
        ("clearance__licensee",),
        counts={"assets": Sum("clearance__assets"), "allowed": Sum("clearance__allowed")},
    ),
    _Definition(
        "consents",
        (Kind.CONSENT_OFFERED, Kind.CONSENT_GRANTED, Kind.CONSENT_CHANGED, Kind.CONSENT_WITHDRAWN),
        ("consent__grantor", "consent_event__consent__grantor"),
    ),
    _Definition(
        "licenses",
        (Kind.LICENSE_SIGNED, Kind.LICENSE_CHANGED),
        ("license__licensee", "license_event__license__licensee"),
    ),
    _Definition("usage reports", (Kind.USAGE_RECEIVED,), ("usage_report__payer",), also="usage_report__sender"),
    _Definition(
        "usage booked",
        (Kind.USAGE_FINISHED,),
        ("usage_outcome__payer",),
        also="usage_outcome__sender",
        counts={
            "lines": Sum("usage_outcome__lines"),
            "keys": Sum("usage_outcome__keys"),
            "problems": Sum("usage_outcome__problems"),
        },
    ),
    _Definition("runs", (Kind.RUN_STARTED,), ("royalty_run__payer",)),
    _Definition("steps of runs", (Kind.RUN_WENT_ON,), ("run_event__run__payer",)),
    _Definition(
        "statements",
        (Kind.STATEMENT_ISSUED,),
        ("statement__run__payer",),
        counts={"lines": Sum("statement__lines")},
        units="statement__payable",
        currency="statement__currency",
    ),
    _Definition("transactions", (Kind.BOOKED,), ("transaction__payer",)),
    _Definition("payment files", (Kind.PAYMENTS_ORDERED,), ("payment_file__run__payer",)),
    _Definition(
        "payments",
        (Kind.PAYMENT_CONFIRMED,),
        ("payment__order__file__run__payer",),
        counts={"returned": Count("pk", filter=Q(payment__is_return=True))},
        units="payment__order__units",
        currency="payment__order__file__currency",
    ),
)


def between(earlier: int | None, later: int | None, *, sight: Sight) -> Statement:
    """
    Return what came between two checkpoints, by their sizes, of what is seen: every stream with its totals.

    :param earlier: nothing for the empty log
    :param later: nothing for the newest checkpoint
    :raises NoCheckpoint: nothing is in the log yet
    :raises NoSuchCheckpoint: there is none of that size
    :raises Backwards, TooLong: they do not follow each other, or lie too far apart
    """
    with transaction.atomic():
        newest, tiles = sequencer.tree()
        until = newest if later is None else Checkpoint.objects.filter(size=later).first()
        since = Checkpoint.objects.filter(size=earlier).first() if earlier else None
        if until is None or (earlier and since is None):
            raise NoSuchCheckpoint
        begin = since.size if since else 0
        if begin > until.size:
            raise Backwards
        if until.size - begin > MOST_ENTRIES:
            raise TooLong
        found = _streams(begin, until.size, sight)
        proof = merkle.consistency_proof(begin, until.size, tiles) if since else ()
    return Statement(
        covers="all" if sight.is_whole else "own",
        earlier=since.note if since else None,
        later=until.note,
        consistency=proof,
        streams=found,
    )


def _streams(begin: int, end: int, sight: Sight) -> tuple[Stream, ...]:
    found: list[Stream] = []
    for one in STREAMS:
        subjects = [path.partition("__")[0] for path in one.of]
        found += _of(one, entries_about(subjects, sight).filter(kind__in=one.kinds), begin, end)
    taken = {path.partition("__")[0] for one in STREAMS for path in one.of}
    rest = entries_about([subject for subject in SUBJECTS if subject not in taken], sight)
    places: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for kind, index, hash_ in _within(rest, begin, end).values_list("kind", "leaf__index", "leaf__hash"):
        places[kind].append((index, bytes(hash_)))
    earlier = rest.filter(kind__in=places, leaf__index__lt=begin).values("kind")
    before = dict(earlier.annotate(n=Count("pk")).values_list("kind", "n").order_by())
    for kind, some in sorted(places.items()):
        found.append(_stream(kind, "", before.get(kind, 0), some, {}, {}))
    return tuple(found)


def _within(rows: QuerySet[Any, Any], begin: int, end: int) -> QuerySet[Any, Any]:
    return rows.filter(leaf__index__gte=begin, leaf__index__lt=end).order_by("leaf__index")


def _of(one: _Definition, rows: QuerySet[Entry], begin: int, end: int) -> Iterable[Stream]:
    keyed: QuerySet[Any, Any] = rows.annotate(whose=Coalesce(*one.of) if len(one.of) > 1 else F(one.of[0]))
    names = ["whose", *([one.also] if one.also else [])]
    places: defaultdict[tuple[Any, ...], list[tuple[int, bytes]]] = defaultdict(list)
    for *of, index, hash_ in _within(keyed, begin, end).values_list(*names, "leaf__index", "leaf__hash"):
        places[tuple(of)].append((index, bytes(hash_)))
    if not places:
        return
    grouped = keyed.filter(leaf__index__lt=begin).values(*names).annotate(n=Count("pk")).order_by()
    before = {tuple(row[name] for name in names): row["n"] for row in grouped}
    counts: dict[tuple[Any, ...], dict[str, int]] = {}
    inside = keyed.filter(leaf__index__gte=begin, leaf__index__lt=end)
    if one.counts:
        for row in (
            inside.values(*names).annotate(**{f"c_{name}": what for name, what in one.counts.items()}).order_by()
        ):
            of = tuple(row[name] for name in names)
            counts[of] = {name: int(row[f"c_{name}"] or 0) for name in one.counts}
    amounts: defaultdict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
    if one.units:
        for row in inside.values(*names, one.currency).annotate(sum=Sum(one.units)).order_by():
            amounts[tuple(row[name] for name in names)][row[one.currency]] = str(int(row["sum"] or 0))
    _further(one, inside, counts, amounts)
    for of, some in sorted(places.items(), key=lambda item: str(item[0])):
        name = "/".join(str(part) for part in of)
        yield _stream(one.name, name, before.get(of, 0), some, counts.get(of, {}), dict(amounts.get(of, {})))


def _further(
    one: _Definition,
    inside: QuerySet[Any, Any],
    counts: dict[tuple[Any, ...], dict[str, int]],
    amounts: defaultdict[tuple[Any, ...], dict[str, str]],
) -> None:
    """Add what stands in tables below: files of reports, what they report, what is posted and ordered."""
    row: Any
    key: tuple[Any, ...]
    if one.name == "usage reports":
        files = UsageFile.objects.filter(report__in=inside.values("usage_report")).values(
            "report__payer", "report__sender"
        )
        for row in files.annotate(n=Count("pk"), size=Sum("size_bytes")).order_by():
            key = (row["report__payer"], row["report__sender"])
            counts.setdefault(key, {}).update({"files": row["n"], "bytes": int(row["size"] or 0)})
    elif one.name == "usage booked":
        booked = inside.filter(usage_outcome__is_booked=True).values("usage_outcome__report")
        sums = UsageSum.objects.filter(key__report__in=booked)
        for row in (
            sums.values("key__report__payer", "key__report__sender", "currency").annotate(sum=Sum("amount")).order_by()
        ):
            key = (row["key__report__payer"], row["key__report__sender"])
            amounts[key][row["currency"]] = _exact(row["sum"])
    elif one.name == "transactions":
        posted = Posting.objects.filter(transaction__in=inside.values("transaction"), units__gt=0)
        for row in posted.values("transaction__payer", "account__currency").annotate(sum=Sum("units")).order_by():
            amounts[row["transaction__payer"],][row["account__currency"]] = str(int(row["sum"]))
    elif one.name == "payment files":
        orders = PaymentOrder.objects.filter(file__in=inside.values("payment_file"))
        for row in (
            orders.values("file__run__payer", "file__currency").annotate(n=Count("pk"), sum=Sum("units")).order_by()
        ):
            key = (row["file__run__payer"],)
            amounts[key][row["file__currency"]] = str(int(row["sum"]))
            counts.setdefault(key, {})["orders"] = counts.get(key, {}).get("orders", 0) + row["n"]


def _exact(amount: Any) -> str:
    text = f"{amount:f}"  # exact: the digits of a decimal
    return text.rstrip("0").rstrip(".") if "." in text else text


def _stream(
    name: str,
    of: str,
    before: int,
    some: list[tuple[int, bytes]],
    counts: dict[str, int],
    amounts: dict[str, str],
) -> Stream:
    leaves = streamed.digest_of(hash_ for _, hash_ in some)
    return Stream(name, of, before, tuple(index for index, _ in some), leaves, counts, amounts)


def checkpoints_of(*, most: int) -> list[Checkpoint]:
    """Return the newest checkpoints, to choose from."""
    return list(Checkpoint.objects.order_by("-size")[:most])


def leaves(number: int) -> bytes:
    """Return the hashes of a tile of level 0, as the log publishes it."""
    first = number * merkle.TILE_WIDTH
    rows = Leaf.objects.filter(index__gte=first, index__lt=first + merkle.TILE_WIDTH).order_by("index")
    return b"".join(bytes(hash_) for hash_ in rows.values_list("hash", flat=True))
