"""
The tree over what a run's terms of money come to, leaf by leaf: what shows a payee that each of its own is in the run.

A Merkle-sum tree (``royalties.sumtree``) with a leaf for each account that a term's transaction posts to. Its line is
RFC 8785 JSON; amounts are whole minor units as text:

    {"account", "basis", "before", "kind", "of_run", "plan", "plan_number", "shares", "term", "transaction", "units",
     "whole"}

``whole`` is divided, ``shares`` are the parts of it that the account gets with their weights, and ``units``, which the
tree adds up, is what they come to less what was booked ``before``. An account is a payee, or what is on hold of an
asset. Salts are HMAC-SHA256 by the run's secret. What a proof gives away is what each of this kind does: amounts that
lie beside one's own, and of their number the next power of two.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import rfc8785

from royalties import sumtree
from royalties.runs.termed import HOLD, ONCE
from royalties.sumtree import Leaf, Node

VERSION = 2  # of what the entry of a run says: from it on, it names the root of this tree


def lines(bookings: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run's terms, as their transactions post them; see ``termed.Booking.document``."""
    once = {one.value for one in ONCE}
    for row in bookings:
        for account, units in row["posted"].items():
            yield {
                "account": account,
                "basis": dict(row["basis"]),
                "before": "0" if row["kind"] in once else row["before"].get(account, "0"),
                "kind": row["kind"],
                "of_run": row["of_run"],
                "plan": row["plan"],
                "plan_number": row["plan_number"],
                "shares": [
                    {
                        "leaf": share["leaf"],
                        "leftover": share["has_leftover"],
                        "units": share["units"],
                        "weight": share["weight"],
                    }
                    for share in row["lines"]
                    if _account(share) == account
                ],
                "term": row["term"],
                "transaction": row["transaction"],
                "units": units,
                "whole": row["units"],
            }


def _account(share: Mapping[str, Any]) -> str:
    return str(share["party"] or f"{share['asset']}{HOLD}")


def leaf(line: Mapping[str, Any], *, secret: bytes) -> Leaf:
    """Return a line as it is hashed."""
    units, of = int(line["units"]), f"term/{line['transaction']}/{line['account']}"
    salt = hmac.digest(secret, of.encode(), "sha256")
    return Leaf(rfc8785.dumps(dict(line)), max(0, units), max(0, -units), salt)


def tree(bookings: Iterable[Mapping[str, Any]], *, secret: bytes) -> sumtree.SumTree:
    """Build the tree over all terms of a run; the sum of its root is what they post to everybody."""
    return sumtree.SumTree([leaf(one, secret=secret) for one in lines(bookings)], filling=b"terms" + secret)


def shown(bookings: Iterable[Mapping[str, Any]], *, party_id: UUID, secret: bytes) -> dict[str, Any]:
    """Return a payee's own terms and what leads from them to the root; nothing beside them where there are none."""
    rows = list(bookings)
    whole = tree(rows, secret=secret)
    own = [(one, leaf(one, secret=secret)) for one in lines(rows) if one["account"] == str(party_id)]
    proofs = [whole.proof(one) for _, one in own]
    return {
        "height": len(proofs[0].beside) if proofs else 0,
        "lines": [
            {"place": proof.place, "salt": one.salt.hex(), "line": line}
            for (line, one), proof in zip(own, proofs, strict=True)
        ],
        "beside": [short(node) for node in whole.together(one for _, one in own)] if own else [],
    }


def short(node: Node) -> str:
    """Return a node in a line: hash, what it adds, what it takes."""
    return f"{node.digest.hex()} {node.credit} {node.debit}"
