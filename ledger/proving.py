"""The file that a payee checks its statement with, away from us: its lines, and what leads from them into the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from ledger import paying, report, running
from ledger.models import Entry
from royalties import results
from royalties.models import RunEvent, Statement
from royalties.runs import itemized, keeping, proofs


def bundle(statement_id: UUID, *, receipt: Callable[[Entry], str] = report.receipt) -> bytes:
    """
    Return the proof of a statement, as ``ledger-verify`` reads it.

    The run's entry covers the statements that were issued with it; a later version is covered by its own.

    :param receipt: of an entry; without it, the one under the checkpoint that is shown
    :raises NoSuchStatement: there is none to prove
    :raises NotSequenced: the entry has no place in the log yet; it gets one within a second
    """
    row = Statement.objects.select_related("run").filter(pk=statement_id).first()
    if row is None:
        raise paying.NoSuchStatement
    run = row.run
    entry = Entry.objects.get(run_event__run=run, run_event__act=RunEvent.Act.PUBLISHED)
    part = run.parts.get(of_run=run)
    secret = running.secret_of(part)
    lines = _lines(results.outcome(part, run.currency), row.payee_id, secret)
    body, shown = bytes(entry.body), receipt(entry)
    terms = None
    if running.terms_root(run) is not None:
        terms = itemized.shown(paying.terms_of(run), party_id=row.payee_id, secret=secret)
    if row.version > 1:
        own = Entry.objects.get(statement=row)
        issued = proofs.Issued(paying.document_of(row), bytes(own.body), receipt(own))
        return proofs.bundle_of_later(lines, running.proven(row), issued, entry=body, receipt=shown, terms=terms)
    first = Statement.objects.filter(run=run, version=1).order_by("payee")
    tree = proofs.tree_of_statements([running.proven(one) for one in first], secret=secret)
    return proofs.bundle(lines, running.proven(row), tree, secret=secret, entry=body, receipt=shown, terms=terms)


def _lines(found: results.Outcome, payee_id: UUID, secret: bytes) -> dict[str, Any]:
    with TemporaryDirectory(prefix="proof-") as name:
        folder = Path(name)
        for result, tree in zip(found.results, found.trees, strict=True):
            keeping.bring({**result.files, tree.file: tree.digest}, folder)
        try:
            return proofs.lines_of(folder, found.results, found.trees, party_id=payee_id, secret=secret)
        except proofs.NothingToShow:
            return {"height": max(0, (len(found.trees) - 1).bit_length()), "partitions": [], "beside": []}
