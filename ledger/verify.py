"""
`ledger-verify`: check an evidence pack, a certificate or a statement, with neither our database nor our word.

What is checked of a pack, in this order and under these numbers:

     1  Every file in the pack is the one that its contents list, and none is missing or added.
     2  The log's public key: yours if you give one, else the pack's own, which proves less.
     3  Every entry is an entry, in the only bytes that it can have.
     4  The rows that came with each entry are the ones that the entry vouches for.
     5  Every entry stands in the log at its index: inclusion proof, root, the log's signature and name.
     6  No two checkpoints in the pack contradict each other.
     7  The output in question was decided on, and how.
     8  The audio is the file that the decision is about.
     9  The audio's manifest is intact and signed by someone on the list of roots.
    10  The manifest says what the records say: which submission, decision, log, licenses and splits.
    11  The splits add up to exactly one.
    12  An older checkpoint that you hold does not contradict the pack's.
    13  The certificate of the output, if there is one, holds and says what the records say.
    14  Every checkpoint in the pack is cosigned by as many witnesses as your policy asks for, if you give one.

And of a pack of records, about a party, a royalty run or a period:

     1–5 As above; rows that its reader does not see are withheld, and counted.
     6  Every receipt leads to the pack's one checkpoint, which extends the older one in it.
     7  Of a period no entry is left out.
     9  Splits add up to exactly one, the figures of statements add up, and transactions to nothing.
    10  Every statement's lines are in its run, as below.
    11  Certificates are those that an entry vouches for.
    12  An older checkpoint that you hold does not contradict the pack's.

And of a certificate alone:

     1  It is a certificate: a token of its type, signed with an algorithm of ours, by the chain that it brings.
     2  The chain leads to the roots that you trust, and could sign when it did.
     3  It was issued before now, and holds still.
     4  The log's public key: without yours, nothing can be said about the log.
     5  The entry of the decision stands in that log at its index.
     6  The entry says what the certificate says.
     7  The audio that you have is the one that it is about.
     8  The signed status that you have is about the same file, is not old, and says that it is not quarantined.
     9  The checkpoint is cosigned by as many witnesses as your policy asks for, if you give one.

And of a statement, by the bundle that comes with it:

     1  It is the bundle of a statement, in the only bytes that it can have.
     2  The log's public key: without yours, nothing can be said about the log.
     3  The entry of the run stands in that log at its index.
     4  The entry is that of a published run, the one that the statement is of, and its own sums agree.
     5  The statement stands among those whose root the entry names; a later version has an entry of its own there.
     6  What came on the statement is what went.
     7  Every line is the payee's, each at a place of its own, and what its pool and its weight come to.
     8  The lines add up to what the statement says was earned.
     9  The lines lead to the root that the entry names, which adds up all lines of the run.
    10  An older checkpoint that you hold does not contradict the receipt's.
    11  The checkpoint is cosigned by as many witnesses as your policy asks for, if you give one.
    12  Every term of money is the payee's and what was divided of it; together they are what the statement says, and
        they lead to the root that the entry names. Of a run before there was one, the sum is what the statement says.

And of a statement of streams, with the numbers of what comes of it: see ``ledger.streamed.check``.

What is not: what became of the output since, which the status address in the certificate says; whether the log has
*more* entries about the same output than the pack shows; whether what was written down at the time was true; whether
a signer's certificate has been revoked; whether the lines of others are right, which each of them can check.

This module and all that it imports need neither Django nor a database.
"""

import argparse
import hashlib
import io
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from ledger import bundles, canonical, cosignatures, merkle, notes, packs, policies, receipts, streamed
from ledger.canonical import Document, Json
from provenance import certified
from provenance.certificates import CertificateRefused
from provenance.certified import Statement
from royalties import sumtree

LICENSES: Final = "org.ai-music-ledger.licenses"
SPLITS: Final = "org.ai-music-ledger.splits"
RECORD: Final = "org.ai-music-ledger.record"

DIGITS: Final = re.compile(r"[0-9]{1,19}")
SHARE: Final = re.compile(r"[0-9]{1,19}(/[0-9]{1,19})?")
FEW: Final = 5  # rows that are named one by one
MAX_TEXT_BYTES: Final = 1_000_000  # of a key, a checkpoint or a list of roots that is given as a file

HOLDS_EXIT, FAILS_EXIT, UNREADABLE_EXIT = 0, 1, 2

NOT_AN_ENTRY: Final = (
    canonical.NotCanonical,
    canonical.Unrepresentable,
    canonical.TooDeep,
    canonical.DocumentTooLarge,
    canonical.NotAnEntry,
)
NOT_A_DOCUMENT: Final = (
    canonical.NotCanonical,
    canonical.Unrepresentable,
    canonical.TooDeep,
    canonical.DocumentTooLarge,
    canonical.RowsNotDistinct,
)
NOT_A_CHECKPOINT: Final = (
    notes.NotANote,
    notes.SignatureFails,
    notes.NotSigned,
    notes.NotACheckpoint,
    notes.WrongOrigin,
)


class ManifestUnreadable(Exception):
    """The audio is of a type that cannot have a manifest."""


class NotReadable(Exception):
    """A file that was named on the command line cannot be read, or is not what it should be."""


class NotAFraction(Exception):
    """A share is a fraction of two whole numbers, the lower one not zero."""


class State(StrEnum):
    """What came of one check."""

    HOLDS = "holds"
    FAILS = "fails"
    NOTE = "note"  # something to know, neither for nor against


@dataclass(frozen=True)
class Check:
    """One line of the report: the number of the obligation, what came of it, and a sentence."""

    number: int
    state: State
    sentence: str


@dataclass
class Report:
    """What was checked so far."""

    checks: list[Check] = field(default_factory=list)

    def holds(self, number: int, sentence: str) -> None:
        """Note that an obligation is met."""
        self.checks.append(Check(number, State.HOLDS, sentence))

    def fails(self, number: int, sentence: str) -> None:
        """Note that an obligation is not met."""
        self.checks.append(Check(number, State.FAILS, sentence))

    def notes(self, number: int, sentence: str) -> None:
        """Note something that the reader has to know."""
        self.checks.append(Check(number, State.NOTE, sentence))

    @property
    def is_clean(self) -> bool:
        """Return whether nothing failed."""
        return all(check.state is not State.FAILS for check in self.checks)


class Manifest(Protocol):
    """What reading a manifest tells; `provenance.signing.Verification` is one."""

    @property
    def state(self) -> str:
        """`trusted` is the only one that holds."""

    @property
    def sentence(self) -> str:
        """The state, in words."""

    @property
    def label(self) -> str | None:
        """The manifest's own name."""

    @property
    def manifest_digest(self) -> str | None:
        """The SHA-256 of the manifest's bytes, in hex."""

    @property
    def assertions(self) -> Mapping[str, Any] | None:
        """What the manifest says, by label."""


class ManifestReader(Protocol):
    """Reads the manifest of a file, or the one beside it."""

    def __call__(
        self, path: Path, media_type: str, *, roots_pem: str, authorities_pem: str, manifest: bytes | None
    ) -> Manifest:
        """Read and judge it."""


def read_manifest(
    path: Path, media_type: str, *, roots_pem: str, authorities_pem: str, manifest: bytes | None
) -> Manifest:
    """
    Read a manifest with the C2PA library.

    :raises ManifestUnreadable: the media type is none that can carry a manifest
    """
    from provenance import guards, signing  # only here: everything else is checked without the C2PA library

    try:
        return signing.verify(path, media_type, roots_pem=roots_pem, authorities_pem=authorities_pem, manifest=manifest)
    except guards.SignRefused as error:
        raise ManifestUnreadable(str(error)) from error


def verify(
    pack: packs.OpenPack,
    *,
    key: notes.Verifier | notes.LogKeys | None = None,
    roots_pem: str | None = None,
    authorities_pem: str | None = None,
    against: str | None = None,
    manifest_reader: ManifestReader = read_manifest,
    at: datetime | None = None,
    policy: policies.Policy | None = None,
) -> Report:
    """
    Check a pack and report each obligation, in the order at the top of this file.

    :param key: the log's public key, if the reader has it from elsewhere
    :param roots_pem: the certificates to trust for the manifest, if the reader has them from elsewhere
    :param authorities_pem: those to trust for its time stamp, if the reader has them from elsewhere
    :param against: an older checkpoint of the same log, as a signed note
    :param at: now; without it, it is not said whether the pack's certificate has run out
    :param policy: which witnesses the reader trusts, and how many of them are enough
    """
    report = Report()
    check_files(pack, report)
    log = choose_key(pack, notes.LogKeys.of(key), report)
    entries = check_entries(pack, report)
    check_rows(pack, entries, report)
    if pack.records is not None:
        check_records(pack, pack.records, entries, log, against, report)
        if policy is not None:
            check_witnesses([entry.receipt.decode(errors="replace") for entry in entries], policy, report, number=14)
        return report
    checkpoints = check_receipts(entries, log, report)
    check_one_history(checkpoints, report)
    decision = find_decision(pack, entries, report)
    if decision is None:
        report.notes(8, "The audio, its manifest and the splits (8 to 11) are not checked without a decision.")
    else:
        with tempfile.TemporaryDirectory() as folder:
            audio = Path(folder) / "audio"
            is_the_output = check_audio(pack, entries, decision, audio, report)
            if decision.outcome != "cleared":
                reason = "refused" if decision.outcome == "refused" else "held for review"
                report.notes(9, f"The audio is not signed: the output was {reason}.")
            elif not is_the_output:
                report.notes(9, "The manifest (9 and 10) is not checked: the audio is another file.")
            else:
                manifest = check_manifest(pack, audio, roots_pem, authorities_pem, manifest_reader, report)
                if manifest is not None:
                    check_agreement(pack, entries, decision, manifest, log, report)
        check_splits(decision, report)
        if pack.contents.certificate is not None:
            check_certificate(pack, decision, roots_pem, log, at, report)
    if against is not None:
        check_against(against, checkpoints, log, report)
    if policy is not None:
        check_witnesses([entry.receipt.decode(errors="replace") for entry in entries], policy, report, number=14)
    return report


def verify_certificate(
    token: str,
    *,
    key: notes.Verifier | notes.LogKeys | None,
    roots_pem: str | None,
    audio: Path | None,
    at: datetime,
    status: str | None = None,
    policy: policies.Policy | None = None,
) -> Report:
    """
    Check a certificate alone and report each obligation, in the order of the second list at the top of this file.

    :param key: the log's public key
    :param roots_pem: the certificates to trust for its signature
    :param audio: a file that may be the one it is about
    :param status: a signed status, as it came from the status address
    :param at: now, or the moment that is asked about
    :param policy: which witnesses the reader trusts, and how many of them are enough
    """
    report, key = Report(), notes.LogKeys.of(key)
    statement = _opened(token, roots_pem, at, report)
    if statement is None:
        return report
    if key is None:
        report.fails(4, f"Give the public key of the log {statement.log.origin} with --key: get it from its operator.")
    else:
        report.notes(4, f"The log is {key.name}, by the key that you gave; its fingerprint is {key.fingerprint}.")
        for number, fault, said in (
            (5, _not_logged(statement, key), f"The decision is entry {statement.log.index} of that log."),
            (
                6,
                _said_otherwise(statement),
                "The entry says the same: cleared, this file, this manifest, these splits.",
            ),
        ):
            if fault:
                report.fails(number, fault)
            else:
                report.holds(number, said)
    if audio is None:
        report.notes(7, "No audio was compared: give it with --audio.")
    else:
        _check_is_the_file(statement, audio, report)
    if status is None:
        report.notes(8, f"Whether it still stands is said at {statement.status_url}")
    elif roots_pem is not None:
        _check_status(statement, status, roots_pem, at, report)
    if policy is not None:
        check_witnesses([statement.log.receipt], policy, report, number=9)
    return report


def verify_statement(
    data: bytes,
    *,
    key: notes.Verifier | notes.LogKeys | None,
    against: str | None = None,
    policy: policies.Policy | None = None,
) -> Report:
    """
    Check the bundle of a statement and report each obligation, in the order of the third list at the top of this file.

    :param key: the log's public key
    :param against: an older checkpoint of the same log, as a signed note
    :param policy: which witnesses the reader trusts, and how many of them are enough
    """
    report, key = Report(), notes.LogKeys.of(key)
    try:
        bundle = bundles.read(data)
    except bundles.NotABundle as error:
        report.fails(1, f"not_a_bundle: {error}")
        return report
    report.holds(1, f"It is version {bundle.version} of the statement of party {bundle.party} for run {bundle.run}.")
    if key is None:
        report.fails(2, "Give the public key of the log with --key: get it from its operator.")
    else:
        report.notes(2, f"The log is {key.name}, by the key that you gave; its fingerprint is {key.fingerprint}.")
        _check_run_is_logged(bundle, key, against, report)
    data_of_entry = _check_run_entry(bundle, report)
    if bundle.issued is None:
        _check_statement(bundle, data_of_entry, report)
    else:
        _check_issued(bundle, bundle.issued, key, report)
    _check_is_whole(bundle, report)
    _check_lines(bundle, data_of_entry, report)
    _check_terms(bundle, data_of_entry, report)
    if policy is not None:
        shown = [bundle.receipt] if bundle.issued is None else [bundle.receipt, bundle.issued.receipt]
        check_witnesses(shown, policy, report, number=11)
    return report


def verify_streams(data: bytes, *, key: notes.Verifier | notes.LogKeys | None, tiles: Path | None) -> Report:
    """
    Check a statement of streams between two checkpoints.

    :param key: the log's public key
    :param tiles: the folder of the tiles that the log publishes, laid out as c2sp.org/tlog-tiles says
    """
    report, key = Report(), notes.LogKeys.of(key)
    if key is None:
        report.fails(1, "Give the public key of the log with --key: get it from its operator.")
        return report
    try:
        found = streamed.check(data, key=key, tiles=None if tiles is None else lambda n: _leaves(tiles, n))
    except streamed.NotAStatement as error:
        report.fails(1, f"not_a_statement: {error}")
        return report
    for sentence in found.holds:
        report.holds(1, sentence)
    for sentence in found.fails:
        report.fails(1, sentence)
    if tiles is None:
        report.notes(1, "Its leaves were not compared with the log's: give the folder of the log's tiles with --tiles.")
    return report


def _leaves(tiles: Path, number: int) -> bytes:
    """Return a tile of level 0 from a folder: the full one, or the widest partial one."""
    full = tiles / merkle.tile_path("0", number)
    if not full.exists() and not full.parent.exists() and (tiles / "0").exists():
        full = tiles / merkle.tile_path("0", number).removeprefix("tile/")
    if full.is_file():
        return full.read_bytes()[: merkle.TILE_BYTES]
    partial = full.with_name(full.name + ".p")
    widths = sorted((int(one.name) for one in partial.iterdir() if one.name.isdigit()), reverse=True)
    if not widths:
        raise FileNotFoundError(str(full))
    return (partial / str(widths[0])).read_bytes()[: merkle.TILE_BYTES]  # exact: a path, and no number


def _check_run_is_logged(bundle: bundles.Bundle, key: notes.LogKeys, against: str | None, report: Report) -> None:
    try:
        receipt = receipts.Receipt.from_text(bundle.receipt)
        checkpoint = receipts.verify(receipt, bundle.entry, *key)
    except receipts.NotAReceipt as error:
        report.fails(3, f"not_a_receipt: its receipt cannot be read: {error}")
    except NOT_A_CHECKPOINT as error:
        report.fails(3, f"not_a_checkpoint: the checkpoint in its receipt is not one of {key.name}: {error}")
    except merkle.NotIncluded as error:
        report.fails(3, f"not_included: its receipt does not show the run's entry to be in the log: {error}")
    else:
        report.holds(3, f"The run's entry is number {receipt.index} of the {checkpoint.size:,} in that log.")
        if against is not None:
            check_against(against, [checkpoint], key, report, number=10)


def _check_run_entry(bundle: bundles.Bundle, report: Report) -> Mapping[str, Any] | None:
    """Check that the entry is of this run, and return what it says; None where nothing can be compared with it."""
    try:
        data = canonical.read(bundle.entry).data
    except NOT_AN_ENTRY as error:
        report.fails(4, f"not_an_entry: what is logged there is not an entry: {error}")
        return None
    root, units = bundles.root_named(data, "root"), bundles.counts(data)
    if data.get("act") != "published" or root is None:
        report.fails(4, "not_published: the entry is not that of a published run.")
        return None
    if data.get("run") != bundle.run:
        report.fails(4, f"other_run: the entry is of run {str(data.get('run'))[:40]}.")
    elif data.get("currency") != bundle.currency:
        report.fails(4, f"other_currency: the run is in {str(data.get('currency'))[:10]}, not in {bundle.currency}.")
    elif root.credit - root.debit != sum(units.values()):
        report.fails(4, "other_revenue: the root adds up to something else than the accounts that the entry names.")
    else:
        said = ", ".join(f"{_amount(one, bundle.currency)} {name}" for name, one in sorted(units.items()))
        total = _amount(root.credit - root.debit, bundle.currency)
        report.holds(4, f"The entry says that all lines of the run add up to {total}: {said}.")
    return data


def _check_statement(bundle: bundles.Bundle, data: Mapping[str, Any] | None, report: Report) -> None:
    root = None if data is None else bundles.root_named(data, "statements")
    if root is None:
        report.fails(5, "no_statements: the entry names no root of statements.")
    elif bundle.leaf is None or bundle.proof is None or not sumtree.holds(root, bundle.leaf, bundle.proof):
        report.fails(5, "statement_not_in_run: the statement is not among those that the entry names.")
    else:
        paid = _amount(root.credit - root.debit, bundle.currency)
        report.holds(5, f"The statement is one of those that the run paid {paid} by.")


def _check_issued(bundle: bundles.Bundle, issued: bundles.Issued, key: notes.LogKeys | None, report: Report) -> None:
    """A later version of a statement is what an entry of its own says."""
    if key is not None:
        try:
            receipts.verify(receipts.Receipt.from_text(issued.receipt), issued.entry, *key)
        except (receipts.NotAReceipt, *NOT_A_CHECKPOINT, merkle.NotIncluded) as error:
            report.fails(5, f"version_not_logged: its receipt does not show its entry to be in the log: {error}")
            return
    try:
        body = canonical.read(issued.entry)
    except NOT_AN_ENTRY as error:
        report.fails(5, f"not_an_entry: what is logged of this version is not an entry: {error}")
        return
    found = bundles.figures_of(issued.document)
    digest = hashlib.sha256(issued.document).hexdigest()
    said = {"run": bundle.run, "payee": bundle.party, "version": bundle.version, "currency": bundle.currency}
    if body.kind != "statement_issued" or any(body.data.get(name) != one for name, one in said.items()):
        report.fails(5, "other_version: the entry is not that of this version of the statement.")
    elif digest != bundle.digest or body.data.get("document") != f"sha256:{digest}":
        report.fails(5, "other_figures: the entry names other figures than the statement has.")
    elif found is None or any(found[0].get(name) != one for name, one in said.items()):
        report.fails(5, "not_figures: what the entry names is not the document of this version's figures.")
    elif (found[1], found[2]) != (dict(bundle.came), dict(bundle.went)):
        report.fails(5, "other_figures: the statement says other figures than the document that is logged.")
    else:
        report.holds(5, f"Version {bundle.version} of the statement is what an entry of its own names.")


def _check_is_whole(bundle: bundles.Bundle, report: Report) -> None:
    came, went = sum(bundle.came.values()), sum(bundle.went.values())
    if came != went:
        report.fails(6, f"statement_is_not_whole: {came} came, and {went} went.")
    else:
        payable = _amount(bundle.went["payable"], bundle.currency)
        report.holds(6, f"All of {_amount(came, bundle.currency)} is accounted for; {payable} is payable.")


def _check_lines(bundle: bundles.Bundle, data: Mapping[str, Any] | None, report: Report) -> None:
    lines = bundle.lines
    faults = [f"{line.name} in {line.country} {line.fault}" for line in lines if line.fault]
    if any(line.party != bundle.party for line in lines):
        report.fails(7, "line_of_another: a line is another party's.")
    elif faults:
        more = f", and {len(faults) - FEW} more" if len(faults) > FEW else ""
        report.fails(7, f"line_miscounted: {'; '.join(faults[:FEW])}{more}.")
    else:
        report.holds(7, f"The {_counted(len(lines), 'line')} are each the payee's, and what pool and weight come to.")
    earned, said = sum(line.units for line in lines), bundle.came["earned"]
    if earned != said:
        report.fails(8, f"lines_do_not_add_up: the lines are {earned}, and the statement says {said}.")
    else:
        report.holds(8, f"They add up to the {_amount(said, bundle.currency)} that the statement says was earned.")
    named = None if data is None else bundles.root_named(data, "root")
    try:
        root = bundle.root() if lines else None
    except (sumtree.NotAProof, sumtree.NotASum, sumtree.NotASalt) as error:
        report.fails(9, f"lines_lead_nowhere: {error}")
        return
    if root is None:
        report.notes(9, "There is no line to show in the run: nothing was earned in it.")
    elif named is None or root != named:
        report.fails(9, "lines_not_in_run: the lines do not lead to the root that the entry names.")
    else:
        report.holds(9, "They are in the run, and so is all that adds up to what the entry says.")


def _check_terms(bundle: bundles.Bundle, data: Mapping[str, Any] | None, report: Report) -> None:
    said = bundle.came.get("terms", 0)
    named = None if data is None else bundles.root_named(data, "terms")
    if bundle.terms is None:
        if named is not None:
            report.fails(12, "terms_missing: the entry names a root of terms, and none of the payee's is shown.")
        elif said:
            report.notes(
                12, f"{_amount(said, bundle.currency)} came by terms of plans, of which the run names no root."
            )
        return
    lines = bundle.terms.lines
    came = sum(line.units for line in lines)
    if any(line.account != bundle.party for line in lines):
        report.fails(12, "term_of_another: a term is another party's.")
    elif faults := [f"{line.kind} {line.fault}" for line in lines if line.fault]:
        report.fails(12, f"term_miscounted: {'; '.join(faults[:FEW])}.")
    elif came != said:
        report.fails(12, f"terms_do_not_add_up: the terms are {came}, and the statement says {said}.")
    elif named is None:
        report.fails(12, "no_terms: the entry names no root of terms.")
    elif not lines:
        report.notes(12, "Nothing came by terms of plans.")
    else:
        _check_in_tree(bundle.terms, named, bundle.currency, report)


def _check_in_tree(terms: bundles.Terms, named: sumtree.Node, currency: str, report: Report) -> None:
    try:
        root = terms.root()
    except (sumtree.NotAProof, sumtree.NotASum, sumtree.NotASalt) as error:
        report.fails(12, f"terms_lead_nowhere: {error}")
        return
    if root != named:
        report.fails(12, "terms_not_in_run: the terms do not lead to the root that the entry names.")
    else:
        total = _amount(root.credit - root.debit, currency)
        report.holds(12, f"The {_counted(len(terms.lines), 'term')} are in the run, among all that come to {total}.")


def _amount(units: int, currency: str) -> str:
    """Return units as they are: how many digits a currency has is not known without its table."""
    return f"{units:,} minor units of {currency}"


def _check_status(statement: Statement, token: str, roots_pem: str, at: datetime, report: Report) -> None:
    try:
        said = certified.read_status(token, roots_pem=roots_pem, at=at)
    except certified.NotCertified as error:
        report.fails(8, f"status_{error.code}: {error}")
        return
    since = f" since {said.since:%Y-%m-%d %H:%M} UTC ({said.reason})" if said.since else ""
    sentence = f"At {said.issued_at:%Y-%m-%d %H:%M} UTC its status was {said.status}{since}."
    if (said.label, said.origin) != (statement.label, statement.log.origin):
        report.fails(8, "status_of_another: the status that you give is about another file.")
    elif said.status == "active":
        report.holds(8, sentence)
    elif said.status == "quarantined":
        report.fails(8, f"quarantined: {sentence}")
    else:
        report.notes(8, sentence)


def _opened(token: str, roots_pem: str | None, at: datetime, report: Report) -> Statement | None:
    """Read a certificate and say what holds of it, as far as that goes; None where it says nothing to trust."""
    if roots_pem is None:
        report.fails(2, "Give the roots that you trust for its signature with --roots: a chain proves nothing without.")
        return None
    try:
        opened = certified.read(token, roots_pem=roots_pem, at=at)
    except (certified.SignerRefused, certified.OutlivesItsSigner) as error:
        report.holds(1, "It is a certificate, and its signature fits the chain that it brings.")
        report.fails(2, f"{error.code}: {error}")
        return None
    except (certified.NotYetValid, certified.Expired) as error:
        report.holds(1, "It is a certificate, and its signature fits the chain that it brings.")
        report.holds(2, "The chain leads to your roots, and could sign when it did.")
        report.fails(3, f"{error.code}: {error}")
        return certified.unchecked(token)  # its signature and chain were checked before its time was
    except certified.NotCertified as error:
        report.fails(1, f"{error.code}: {error}")
        return None
    except CertificateRefused as error:
        report.fails(2, f"Your roots cannot be read: {error}")
        return None
    said = opened.statement
    report.holds(1, f"It is certificate {said.id} of {said.label}, signed with {opened.algorithm}.")
    report.holds(2, f"It was signed by {opened.signer}, by a chain that leads to your roots.")
    report.holds(3, f"It was issued at {said.issued_at:%Y-%m-%d %H:%M} UTC and holds until {said.expires_at:%Y-%m-%d}.")
    return said


def _not_logged(statement: Statement, log: notes.LogKeys) -> str:
    """Return why the entry that a certificate brings is not shown to be in this log; empty where it is."""
    if statement.log.origin != log.name:
        return f"other_log: it speaks of the log {statement.log.origin}, and the key is {log.name}'s."
    try:
        receipt = receipts.Receipt.from_text(statement.log.receipt)
        receipts.verify(receipt, statement.log.entry.encode(), *log)
    except receipts.NotAReceipt as error:
        return f"not_a_receipt: its receipt cannot be read: {error}"
    except NOT_A_CHECKPOINT as error:
        return f"not_a_checkpoint: the checkpoint in its receipt is not one of {log.name}: {error}"
    except merkle.NotIncluded as error:
        return f"not_included: its receipt does not show the decision's entry to be in the log: {error}"
    if receipt.index != statement.log.index:
        return f"other_index: its receipt is for entry {receipt.index}, not {statement.log.index}."
    return ""


def _said_otherwise(statement: Statement) -> str:
    """Return in what the entry that a certificate brings differs from the certificate; empty where it agrees."""
    try:
        body = canonical.read(statement.log.entry.encode())
    except NOT_AN_ENTRY as error:
        return f"not_an_entry: what is logged there is not an entry: {error}"
    data, delivered = body.data, statement.files[-1]  # the newest stands first; the entry has what was signed first
    pairs: list[tuple[str, object, object]] = [
        ("kind", body.kind, "decided"),
        ("table", body.subject.table, "rights_decision"),
        ("decision", body.subject.id, str(statement.decision.id)),
        ("outcome", data.get("outcome"), statement.decision.outcome),
        ("outcome", "cleared", statement.decision.outcome),
        ("submission", data.get("submission"), str(statement.submission_id)),
        ("policy", data.get("policy"), statement.decision.policy),
        ("evidence", data.get("evidence"), f"sha256:{statement.decision.evidence_digest}"),
        ("output", data.get("output"), f"sha256:{delivered.digest}"),
        ("manifest", data.get("manifest"), f"sha256:{delivered.manifest_digest}"),
        ("splits", data.get("splits"), f"sha256:{statement.splits_digest}"),
    ]
    wrong = sorted({what for what, found, said in pairs if found != said})
    return f"other_facts: the entry has another {_listed(wrong)} than the certificate." if wrong else ""


def _check_is_the_file(statement: Statement, audio: Path, report: Report) -> None:
    with audio.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest in {one.digest for one in statement.files}:
        report.holds(7, f"{audio.name} is the file that it is about, byte for byte.")
    else:
        report.fails(7, f"other_file: {audio.name} is not the file that it is about: its SHA-256 is {digest}.")


# --- 1: the files -------------------------------------------------------------------------------------------


def check_files(pack: packs.OpenPack, report: Report) -> None:
    """Every file in the pack is the one that its contents list, and none is missing or added."""
    listed = pack.all_contents.files
    present = pack.names - {packs.CONTENTS}
    bad = dict.fromkeys(listed.keys() - present, "is listed, and not in the pack")
    bad |= dict.fromkeys(present - listed.keys(), "is in the pack, and not listed")
    for name in present & listed.keys():
        try:
            if pack.digest(name) != listed[name]:
                bad[name] = "is not the file that the pack's contents list"
        except packs.MemberDamaged as error:
            bad[name] = f"cannot be read ({error})"
    for name in sorted(bad):
        report.fails(1, f"{name} {bad[name]}.")
    if not bad:
        report.holds(1, f"All {len(listed)} files are the ones that the pack's contents list.")


# --- 2: the key ---------------------------------------------------------------------------------------------


def choose_key(pack: packs.OpenPack, key: notes.LogKeys | None, report: Report) -> notes.LogKeys | None:
    """
    Return the key that the log's checkpoints must be signed with; None if there is none that can be read.
    """
    if key is not None:
        report.notes(2, f"The log is {key.name}, by the key that you gave; its fingerprint is {key.fingerprint}.")
        return key
    try:
        key = notes.LogKeys.from_text(pack.read(pack.all_contents.log_key).decode())
    except (packs.Unreadable, UnicodeDecodeError, notes.NotAKey, notes.NotAKeyName) as error:
        report.fails(2, f"The pack's copy of the log's key cannot be read: {error}")
        return None
    report.notes(
        2,
        f"The key of the log {key.name} was taken from the pack itself. So what follows shows that the pack "
        f"agrees with itself, not who made it. Compare the key's fingerprint with one that you got "
        f"elsewhere, or give the key with --key: {key.fingerprint}.",
    )
    return key


# --- 3 to 6: the entries and the log ------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenEntry:
    """An entry of the pack: its exact bytes, what they say, its receipt, and the rows that came with it."""

    member: packs.EntryMember
    data: bytes
    body: canonical.Body
    receipt: bytes
    rows: dict[str, list[Document]]

    def __str__(self) -> str:
        """Return how a sentence names the entry."""
        return f"Entry {self.member.index} ({self.body.kind})"


def check_entries(pack: packs.OpenPack, report: Report) -> list[OpenEntry]:
    """
    Every entry is an entry, in the only bytes that it can have. Return those that are, in the log's order.
    """
    found: list[OpenEntry] = []
    for member in sorted(pack.all_contents.entries, key=lambda member: member.index):
        try:
            data, receipt = pack.read(member.entry), pack.read(member.receipt)
            found.append(OpenEntry(member, data, canonical.read(data), receipt, rows={}))
        except packs.Unreadable as error:
            report.fails(3, f"Entry {member.index} or its receipt cannot be read: {error}")
        except NOT_AN_ENTRY as error:
            report.fails(3, f"Entry {member.index} is not an entry of the log: {error}")
    listed = pack.all_contents.entries
    if len({member.index for member in listed}) != len(listed):
        report.fails(3, "An entry is listed twice.")
    if not listed and pack.records is None:
        report.fails(3, "The pack has no entries.")
    elif len(found) == len(listed):
        report.holds(3, f"All {len(found)} entries are canonical, byte for byte.")
    return found


def check_rows(pack: packs.OpenPack, entries: list[OpenEntry], report: Report) -> None:
    """
    The rows that came with each entry are the ones that it vouches for.

    Rows are kept for the later checks even where they are not what was logged: the report has said so by
    then.
    """
    for entry in entries:
        failures: list[str] = []
        withheld: list[str] = []
        for group in entry.body.rows:
            path = entry.member.rows.get(group.table)
            try:
                data = b"" if path is None else pack.read(path)
                entry.rows[group.table] = rows = canonical.decode_rows(data) if path else []
            except packs.Unreadable as error:
                failures.append(f"the rows of {group.table} cannot be read: {error}")
            except NOT_A_DOCUMENT as error:
                failures.append(f"the rows of {group.table} in this pack are not what was logged: {error}")
            else:
                if path is None and group.table in entry.member.withheld:
                    withheld.append(group.table)
                elif path is None:
                    failures.append(f"the rows of {group.table} that were logged are not in this pack.")
                elif sha256(data).hexdigest() != group.digest:
                    failures.append(_difference(group, rows))
        added = sorted(entry.member.rows.keys() - {group.table for group in entry.body.rows})
        failures += [f"this pack adds rows of {table}, of which the entry says nothing." for table in added]
        for failure in failures:
            report.fails(4, f"{entry}: {failure}")
        if withheld:
            report.notes(4, f"{entry}: the rows of {_listed(withheld)} are not for whoever ordered this pack.")
        shown = [group.table for group in entry.body.rows if group.table not in withheld]
        if not failures and shown:
            tables = _listed(shown)
            report.holds(4, f"{entry}: the rows of {tables} are what was logged.")


def _difference(group: canonical.Rows, rows: list[Document]) -> str:
    """Say what the digest of a table's rows shows: that they differ, and rarely which of them."""
    names = [str(row["id"]) for row in rows]
    if len(rows) != group.count:
        return f"{group.count} rows of {group.table} were logged, and this pack has {len(rows)}."
    if len(rows) == 1:
        return f"the row {group.table} {names[0]} in this pack is not what was logged."
    if len(rows) <= FEW:
        return f"a row of {group.table} in this pack is not what was logged: one of {', '.join(names)}."
    return f"one of the {len(rows)} rows of {group.table} in this pack is not what was logged."


def check_receipts(entries: list[OpenEntry], log: notes.LogKeys | None, report: Report) -> list[notes.Checkpoint]:
    """Every entry stands in the log at its index. Return the checkpoints that were signed by the log."""
    checkpoints: list[notes.Checkpoint] = []
    for entry in entries:
        if log is None:
            report.fails(5, f"{entry}: there is no key to check its receipt with.")
            continue
        try:
            receipt = receipts.Receipt.from_text(entry.receipt.decode())
            checkpoint = receipts.verify(receipt, entry.data, *log)
        except (UnicodeDecodeError, receipts.NotAReceipt) as error:
            report.fails(5, f"{entry}: its receipt cannot be read: {error}")
        except NOT_A_CHECKPOINT as error:
            report.fails(5, f"{entry}: the checkpoint in its receipt is not one of {log.name}: {error}")
        except merkle.NotIncluded as error:
            report.fails(5, f"{entry}: its receipt does not show it to be in the log: {error}")
        else:
            checkpoints.append(checkpoint)
            if receipt.index == entry.member.index:
                report.holds(5, f"{entry}: it is in the log {log.name} of {checkpoint.size:,} entries.")
            else:
                report.fails(5, f"{entry}: its receipt is for entry {receipt.index}.")
    return checkpoints


def check_one_history(checkpoints: list[notes.Checkpoint], report: Report) -> None:
    """No two checkpoints in the pack contradict each other."""
    roots: dict[int, set[bytes]] = defaultdict(set)
    for checkpoint in checkpoints:
        roots[checkpoint.size].add(checkpoint.root)
    split = sorted(size for size, found in roots.items() if len(found) > 1)
    for size in split:
        report.fails(6, f"The log signed two different trees of {size:,} entries: it has two histories.")
    if roots and not split:
        report.holds(6, f"The receipts rest on {_counted(len(roots), 'checkpoint')}, and none contradicts another.")


# --- 7 and 8: the decision and the audio --------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What was decided, and the entry that says so."""

    entry: OpenEntry
    row: Document
    outcome: str


def find_decision(pack: packs.OpenPack, entries: list[OpenEntry], report: Report) -> Decision | None:
    """The output in question was decided on, and how. The last decision counts."""
    subject = pack.contents.subject
    found: Decision | None = None
    for entry in entries:
        for row in entry.rows.get("rights_decision", []):
            if subject.id in {_text(row, "id"), _text(row, "submission_id")}:
                found = Decision(entry, row, _text(row, "outcome"))
    if found is None:
        report.fails(7, f"No entry in this pack is a decision about {subject.table} {subject.id}.")
    elif found.outcome not in {"cleared", "refused", "review"}:
        report.fails(7, f"{found.entry}: {found.outcome!r} is not an outcome.")
    else:
        meaning = {"cleared": "cleared", "refused": "refused", "review": "held for review"}[found.outcome]
        report.holds(7, f"{found.entry}: {subject.table} {subject.id} was {meaning}.")
        return found
    return None


def check_audio(
    pack: packs.OpenPack, entries: list[OpenEntry], decision: Decision, audio: Path, report: Report
) -> bool:
    """The audio is the file that the decision is about. Copy it to a path, and return whether it is."""
    member = pack.contents.audio
    try:
        with audio.open("wb") as copy:
            digest = pack.digest(member.path, copy)
    except packs.Unreadable as error:
        report.fails(8, f"The audio cannot be read: {error}")
        return False
    if digest != member.digest:
        report.fails(8, f"{member.path} has not the digest that the pack's contents give for the audio.")
    manifests = decision.entry.rows.get("provenance_manifest", [])
    if decision.outcome == "cleared":
        return _check_signed_audio(pack, entries, manifests, digest, decision, report)
    if manifests:
        report.fails(8, f"{decision.entry}: a manifest is recorded, although the output was not cleared.")
    submitted = [
        entry
        for entry in entries
        for row in entry.rows.get("rights_submission", [])
        if _text(row, "id") == _text(decision.row, "submission_id") and _text(row, "audio_id") == digest
    ]
    if submitted:
        report.holds(8, f"{submitted[0]}: {member.path} is the file that was submitted.")
    else:
        report.fails(8, f"No entry in this pack says that {member.path} is the file that was submitted.")
    return bool(submitted)


def _check_signed_audio(
    pack: packs.OpenPack,
    entries: list[OpenEntry],
    manifests: list[Document],
    digest: str,
    decision: Decision,
    report: Report,
) -> bool:
    member = pack.contents.audio
    if len(manifests) != 1:
        report.fails(8, f"{decision.entry}: the output was cleared, and {len(manifests)} manifests are recorded.")
        return False
    who, recorded = _recorded(pack, entries, decision.entry, manifests[0])
    if _text(recorded, "output_digest") != digest:
        report.fails(8, f"{decision.entry}: {member.path} is not the file that was signed and delivered.")
        return False
    stamped = "" if who is decision.entry else ", with its time stamp"
    report.holds(8, f"{who}: {member.path} is the file that was signed and delivered{stamped}.")
    if member.manifest is None:
        return True
    try:
        is_recorded = pack.digest(member.manifest) == _text(recorded, "manifest_digest")
    except packs.Unreadable as error:
        report.fails(8, f"The manifest beside the audio cannot be read: {error}")
        return False
    if not is_recorded:
        report.fails(8, f"{decision.entry}: {member.manifest} is not the manifest that was signed.")
    return is_recorded


def _recorded(
    pack: packs.OpenPack, entries: list[OpenEntry], signed: OpenEntry, manifest: Document
) -> tuple[OpenEntry, Document]:
    """
    Return the entry and the row that say under which digests a file was stored: the signing's, or its time stamp's.

    A time stamp goes into the signature after it was made. It changes no statement, but the bytes.
    """
    audio = pack.contents.audio
    column, digest = "output_digest", audio.digest
    if audio.manifest is not None:
        try:
            column, digest = "manifest_digest", pack.digest(audio.manifest)
        except packs.Unreadable:
            return signed, manifest
    for entry in entries:
        for row in entry.rows.get("provenance_timestamp", []):
            is_of_this = _text(row, "manifest_id") == _text(manifest, "id")
            if is_of_this and _text(row, column) == digest != _text(manifest, column):
                return entry, row
    return signed, manifest


# --- 9 and 10: the manifest ---------------------------------------------------------------------------------


def check_manifest(
    pack: packs.OpenPack,
    audio: Path,
    roots_pem: str | None,
    authorities_pem: str | None,
    read: ManifestReader,
    report: Report,
) -> Manifest | None:
    """
    The audio's manifest is intact and signed by someone on the list of roots. Return it if it can be read.
    """
    member = pack.contents.audio
    try:
        roots = roots_pem
        if roots is None:
            roots = pack.read(pack.contents.c2pa_roots).decode()
            report.notes(
                9,
                "The roots of the manifest's signature were taken from the pack itself. So it is not shown "
                "who signed the audio. Give the roots that you trust with --roots.",
            )
        authorities = authorities_pem
        if authorities is None:
            kept = pack.contents.authorities
            authorities = pack.read(kept).decode() if kept else ""
        beside = None if member.manifest is None else pack.read(member.manifest)
        manifest = read(audio, member.media_type, roots_pem=roots, authorities_pem=authorities, manifest=beside)
    except (packs.Unreadable, UnicodeDecodeError, ManifestUnreadable) as error:
        report.fails(9, f"The manifest of {member.path} cannot be checked: {error}")
        return None
    if manifest.state == "trusted":
        report.holds(9, f"{member.path}: {manifest.sentence}")
    else:
        report.fails(9, f"{member.path}: {manifest.sentence}")
    return None if manifest.assertions is None else manifest


def check_agreement(
    pack: packs.OpenPack,
    entries: list[OpenEntry],
    decision: Decision,
    manifest: Manifest,
    log: notes.LogKeys | None,
    report: Report,
) -> None:
    """The manifest says what the records say."""
    said = manifest.assertions or {}
    record, licenses, splits = (_object(said.get(label)) for label in (RECORD, LICENSES, SPLITS))
    [row] = decision.entry.rows["provenance_manifest"]
    _, recorded = _recorded(pack, entries, decision.entry, row)
    logged_splits = _text(decision.entry.body.data, "splits").removeprefix("sha256:")
    pairs: list[tuple[str, object, object]] = [
        ("label", manifest.label, row.get("label")),
        ("digest", manifest.manifest_digest, recorded.get("manifest_digest")),
        ("submission", record.get("submission"), decision.row.get("submission_id")),
        ("decision", record.get("decision"), decision.row.get("id")),
        ("log", record.get("log"), None if log is None else log.name),
        ("licenses", _sorted(licenses.get("licenses")), _sorted(decision.row.get("licenses"))),
        ("digest of the splits", splits.get("digest") or "", logged_splits),
    ]
    # Manifests of earlier releases commit to no entry.
    if committed := _object(record.get("submitted")):
        leaves = {str(entry.body.id): merkle.leaf_hash(entry.data).hex() for entry in entries}
        pairs.append(("commitment to the log", committed.get("leafHash"), leaves.get(str(committed.get("entry")))))
    if promised := _object(record.get("decided")):
        pairs.append(("entry of the decision", promised.get("entry"), str(decision.entry.body.id)))
    failures = [
        f"The manifest's {what} is {found or 'missing'}, the records have {expected or 'none'}."
        for what, found, expected in pairs
        if found != expected
    ]
    failures += _differing_splits(pack, decision, splits, logged_splits)
    for failure in failures:
        report.fails(10, failure)
    if not failures:
        report.holds(10, "The manifest names the submission, decision, log, licenses and splits of the records.")


def _differing_splits(pack: packs.OpenPack, decision: Decision, manifest: Mapping[str, Any], logged: str) -> list[str]:
    """
    Compare the splits in the rows with the document that the digest covers, and with the manifest's own
    list.
    """
    rows = decision.entry.rows.get("royalties_split", [])
    path = pack.contents.splits
    if path is None:
        return ["The splits that the digest covers are not in this pack."] if rows or logged else []
    try:
        data = pack.read(path)
        document = canonical.decode_document(data)
        recorded = Counter((_whole(row.get("zone", 0)), _text(row, "leaf"), _part(row)) for row in rows)
        covered = Counter(_covered(document))
        stated = Counter((_text(leaf, "leaf"), _share(leaf.get("share"))) for leaf in _objects(manifest.get("splits")))
    except (packs.Unreadable, NotAFraction, *NOT_A_DOCUMENT) as error:
        return [f"The splits cannot be compared: {error}"]
    failures = []
    if sha256(data).hexdigest() != logged:
        failures.append(f"{path} is not the document whose digest was logged and signed.")
    if covered != recorded:
        failures.append(f"{path} and the rows of royalties_split differ.")
    if stated != Counter((leaf, part) for (_, leaf, part), times in recorded.items() for _ in range(times)):
        failures.append("The shares in the manifest and the rows of royalties_split differ.")
    return failures


def _covered(document: Json) -> list[tuple[int, str, Fraction]]:
    """Return zone, leaf and part of `[{"territories": …, "parts": [{"leaf": …, "part": "1/2"}]}]`."""
    return [
        (zone, _text(part, "leaf"), _share(part.get("part")))
        for zone, group in enumerate(_objects(document))
        for part in _objects(group.get("parts"))
    ]


# --- 11: the splits -----------------------------------------------------------------------------------------


def check_splits(decision: Decision, report: Report) -> None:
    """The splits add up to exactly one, in each group of territories where they are the same."""
    rows = decision.entry.rows.get("royalties_split", [])
    if not rows:
        if decision.outcome != "cleared":
            report.notes(11, "There are no splits: the output was not cleared.")
        elif decision.entry.body.data.get("splits") is None:
            report.notes(11, "There are no splits: the entry says that the output was cleared without any.")
        else:
            report.fails(11, f"{decision.entry}: the splits that it names are not in this pack.")
        return
    totals: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    try:
        for row in rows:
            totals[_text(row, "decision_id"), _whole(row.get("zone", 0))] += _part(row)
    except NotAFraction as error:
        report.fails(11, f"{decision.entry}: {error}")
        return
    wrong = {group: total for group, total in sorted(totals.items()) if total != 1}
    for (decision_id, zone), total in wrong.items():
        report.fails(11, f"The splits of decision {decision_id} in zone {zone} add up to {total}, not to one.")
    if any(decision_id != _text(decision.row, "id") for decision_id, _ in totals):
        report.fails(11, f"{decision.entry}: there are splits of another decision among its rows.")
    elif not wrong:
        report.holds(11, f"The {len(rows)} splits add up to exactly one in {_counted(len(totals), 'zone')}.")


# --- 12: an older checkpoint --------------------------------------------------------------------------------


def check_against(
    older: str,
    checkpoints: list[notes.Checkpoint],
    log: notes.LogKeys | None,
    report: Report,
    *,
    number: int = 12,
) -> None:
    """An older checkpoint that the reader holds does not contradict the pack's."""
    if log is None:
        report.fails(number, "There is no key to check the older checkpoint with.")
        return
    try:
        held = notes.open_checkpoint(older, *log)
    except NOT_A_CHECKPOINT as error:
        report.fails(number, f"The older checkpoint is not one of {log.name}: {error}")
        return
    roots = {checkpoint.root for checkpoint in checkpoints if checkpoint.size == held.size}
    if not roots:
        sizes = _listed(sorted(f"{size:,}" for size in {checkpoint.size for checkpoint in checkpoints}))
        report.notes(
            number,
            f"Your checkpoint has {held.size:,} entries, the pack's have {sizes or 'no size to trust'}. They "
            f"cannot be compared here: that takes a consistency proof, which a pack does not have. Ask the "
            f"log for one.",
        )
    elif roots == {held.root}:
        report.holds(number, f"Your checkpoint of {held.size:,} entries has the same root as the pack's.")
    else:
        report.fails(number, f"Your checkpoint of {held.size:,} entries has another root: the log was rewritten.")


def check_witnesses(texts: Sequence[str], policy: policies.Policy, report: Report, *, number: int) -> None:
    """The checkpoint of each receipt is cosigned by as many witnesses as the policy asks for."""
    seen: set[str] = set()
    failed = False
    for text in texts:
        try:
            checkpoint = receipts.Receipt.from_text(text).checkpoint
            if checkpoint in seen:
                continue
            seen.add(checkpoint)
            policy.check(notes.parse(checkpoint))
        except (receipts.NotAReceipt, notes.NotANote) as error:
            report.fails(number, f"A receipt cannot be read: {error}")
        except cosignatures.CosignatureFails as error:
            report.fails(number, str(error))
        except policies.NotEnoughWitnesses as error:
            report.fails(number, f"too_few_witnesses: {error}")
        else:
            continue
        failed = True
    if seen and not failed:
        verb = "is" if len(seen) == 1 else "are"
        report.holds(
            number, f"{_counted(len(seen), 'checkpoint')} {verb} cosigned by the quorum {policy.quorum} of your policy."
        )


# --- A pack of records --------------------------------------------------------------------------------------

STEPS: Final = ("held", "reserved", "recouped", "deducted", "withheld", "carried_out", "payable")


def check_records(
    pack: packs.OpenPack,
    contents: packs.RecordsContents,
    entries: list[OpenEntry],
    log: notes.LogKeys | None,
    against: str | None,
    report: Report,
) -> None:
    """What a pack about a party, a run or a period shows beyond its entries."""
    _check_receipts_quietly(entries, log, report)
    head = _check_one_checkpoint(pack, contents, entries, log, report)
    _check_whole(contents, entries, report)
    for entry in entries:
        for fault in _sums(entry):
            report.fails(9, f"{entry}: {fault}")
    logged = {entry.member.index: entry.data for entry in entries}
    for name in contents.statements:
        _check_bundle(pack, name, logged, log, report)
    vouched = {_text(row, "token") for entry in entries for row in entry.rows.get("provenance_certificate", [])}
    for name in contents.certificates:
        try:
            token = pack.read(name).decode()
        except (packs.Unreadable, UnicodeDecodeError) as error:
            report.fails(11, f"{name} cannot be read: {error}")
            continue
        if token in vouched:
            report.holds(11, f"{name} is one that an entry vouches for.")
        else:
            report.fails(11, f"{name} is not one that an entry in this pack vouches for.")
    if against is not None:
        _check_held(pack, contents, against, head, log, report)


def _check_receipts_quietly(entries: list[OpenEntry], log: notes.LogKeys | None, report: Report) -> None:
    """Check every receipt, and say one sentence of all that hold: there may be thousands."""
    quiet = Report()
    check_receipts(entries, log, quiet)
    report.checks += [check for check in quiet.checks if check.state is State.FAILS]
    if quiet.is_clean and entries and log is not None:
        report.holds(5, f"All {len(entries)} entries are in the log {log.name}, each at its index.")


def _check_one_checkpoint(
    pack: packs.OpenPack,
    contents: packs.RecordsContents,
    entries: list[OpenEntry],
    log: notes.LogKeys | None,
    report: Report,
) -> notes.Checkpoint | None:
    if log is None:
        return None
    try:
        head = notes.open_checkpoint(pack.read(contents.checkpoint).decode(), *log)
        for entry in entries:
            receipt = receipts.Receipt.from_text(entry.receipt.decode())
            other = notes.open_checkpoint(receipt.checkpoint, *log)
            if (other.size, other.root) != (head.size, head.root):
                report.fails(6, f"{entry}: its receipt leads to another checkpoint than the pack's.")
                return head
    except (packs.Unreadable, UnicodeDecodeError, *NOT_A_CHECKPOINT) as error:
        report.fails(6, f"The pack's checkpoint is not one of {log.name}: {error}")
        return None
    except receipts.NotAReceipt:
        return head  # said under 5
    if contents.older is None:
        report.holds(6, f"Every receipt leads to the one checkpoint of {head.size:,} entries.")
        return head
    try:
        older = notes.open_checkpoint(pack.read(contents.older[0]).decode(), *log)
        merkle.verify_consistency(
            old_size=older.size,
            size=head.size,
            proof=_hashes(pack.read(contents.older[1])),
            old_root=older.root,
            root=head.root,
        )
    except (packs.Unreadable, UnicodeDecodeError, NotReadable, *NOT_A_CHECKPOINT, *NOT_A_DOCUMENT) as error:
        report.fails(6, f"The older checkpoint, or the proof that it is extended, cannot be read: {error}")
    except merkle.NotConsistent as error:
        report.fails(6, f"The pack's checkpoint does not extend the older one: {error}")
    else:
        report.holds(6, f"Every receipt leads to the checkpoint of {head.size:,} entries, which extends the older one.")
    return head


def _hashes(data: bytes) -> tuple[bytes, ...]:
    document = canonical.decode_document(data)
    if not isinstance(document, list) or not all(
        isinstance(one, str) and bundles.HEX.fullmatch(one) for one in document
    ):
        raise NotReadable("it is not a list of hashes")
    return tuple(bytes.fromhex(str(one)) for one in document)


def _check_whole(contents: packs.RecordsContents, entries: list[OpenEntry], report: Report) -> None:
    if contents.whole is None:
        return
    begin, end = contents.whole
    there = {entry.member.index for entry in entries}
    missing = next((index for index in range(begin, min(end, begin + packs.MAX_MEMBERS)) if index not in there), None)
    if missing is not None or not 0 <= begin <= end or end - begin > packs.MAX_MEMBERS:
        report.fails(7, f"Entry {begin if missing is None else missing} is left out.")
    else:
        report.holds(7, f"Every entry from {begin} to before {end} is here: none is left out of this part.")


def _sums(entry: OpenEntry) -> list[str]:
    """Return what does not add up in the rows of an entry."""
    faults: list[str] = []
    parts: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    posted: dict[str, int] = defaultdict(int)
    try:
        for row in entry.rows.get("royalties_split", []):
            parts[_text(row, "decision_id"), _text(row, "division_id"), _whole(row.get("zone", 0))] += _part(row)
        for row in entry.rows.get("royalties_posting", []):
            posted[_text(row, "transaction_id")] += _units(row, "units")
        for row in entry.rows.get("royalties_statement", []):
            came = sum(_units(row, name) for name in ("earned", "released", "carried_in"))
            if came != sum(_units(row, name) for name in STEPS):
                faults.append(f"the figures of statement {_text(row, 'id')} do not add up.")
    except NotAFraction as error:
        return [str(error)]
    faults += [
        f"the splits of decision {decision} in zone {zone} add up to {total}, not to one."
        for (decision, _, zone), total in parts.items()
        if total != 1
    ]
    return faults + ["a transaction does not add up to nothing." for total in posted.values() if total]


def _units(row: Mapping[str, Any], column: str) -> int:
    value = row.get(column)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and bundles.UNITS.fullmatch(value):
        return int(value)
    raise NotAFraction(f"{str(value)[:40]!r} is not an amount.")


def _check_bundle(
    pack: packs.OpenPack, name: str, logged: Mapping[int, bytes], log: notes.LogKeys | None, report: Report
) -> None:
    try:
        data = pack.read(name)
        bundle = bundles.read(data)
        index = receipts.Receipt.from_text(bundle.receipt).index
    except (packs.Unreadable, bundles.NotABundle, receipts.NotAReceipt) as error:
        report.fails(10, f"{name} cannot be read: {error}")
        return
    found = verify_statement(data, key=log)
    for check in found.checks:
        if check.state is State.FAILS:
            report.fails(10, f"{name}: {check.sentence}")
    if logged.get(index, bundle.entry) != bundle.entry:
        report.fails(10, f"{name} rests on another entry than the pack's.")
    elif found.is_clean:
        report.holds(10, f"{name}: its {_counted(len(bundle.lines), 'line')} are in the run, and add up.")


def _check_held(
    pack: packs.OpenPack,
    contents: packs.RecordsContents,
    against: str,
    head: notes.Checkpoint | None,
    log: notes.LogKeys | None,
    report: Report,
) -> None:
    if log is None or head is None:
        report.fails(12, "There is no key, or no checkpoint in the pack, to compare the older checkpoint with.")
        return
    try:
        held = notes.open_checkpoint(against, *log)
        shown = notes.open_checkpoint(pack.read(contents.older[0]).decode(), *log) if contents.older else None
    except (packs.Unreadable, UnicodeDecodeError, *NOT_A_CHECKPOINT) as error:
        report.fails(12, f"The older checkpoint is not one of {log.name}: {error}")
        return
    for known in (head, shown):
        if known is not None and known.size == held.size:
            if known.root == held.root:
                report.holds(12, f"Your checkpoint of {held.size:,} entries is one that this pack rests on.")
            else:
                report.fails(12, f"Your checkpoint of {held.size:,} entries has another root: the log was rewritten.")
            return
    report.fails(12, f"The pack has no proof for your checkpoint of {held.size:,} entries: order one against it.")


# --- 13: the certificate ------------------------------------------------------------------------------------


def check_certificate(
    pack: packs.OpenPack,
    decision: Decision,
    roots_pem: str | None,
    log: notes.LogKeys | None,
    at: datetime | None,
    report: Report,
) -> None:
    """The certificate of the output holds, or held until it ran out, and says what the records say."""
    path = str(pack.contents.certificate)
    try:
        token = pack.read(path).decode()
        roots = roots_pem or pack.read(pack.contents.c2pa_roots).decode()
        issued_at = certified.unchecked(token).issued_at
        said = certified.read(token, roots_pem=roots, at=issued_at).statement
    except (packs.Unreadable, UnicodeDecodeError, certified.NotCertified, CertificateRefused) as error:
        report.fails(13, f"{path} does not hold: {error}")
        return
    if log is None:
        report.fails(13, f"{path}: there is no key to check the entry in it with.")
        return
    pairs: list[tuple[str, object, object]] = [
        ("submission", str(said.submission_id), decision.row.get("submission_id")),
        ("decision", str(said.decision.id), decision.row.get("id")),
        ("entry", said.log.entry.encode(), decision.entry.data),
        ("licenses", [str(one) for one in said.licenses], _sorted(decision.row.get("licenses"))),
    ]
    wrong = [what for what, found, expected in pairs if found != expected]
    faults = [*filter(None, [_not_logged(said, log), _said_otherwise(said)])]
    if wrong:
        faults.append(f"it is about another {_listed(wrong)} than this pack.")
    for fault in faults:
        report.fails(13, f"{path}: {fault}")
    if not faults:
        report.holds(13, f"{path} says what the records say, and was signed by a chain that leads to the roots.")
    if pack.contents.audio.digest not in {one.digest for one in said.files}:
        report.notes(13, f"{path} is about the file as it was before its time stamp; a newer one follows.")
    if at is not None and said.expires_at <= at:
        report.notes(13, f"{path} ran out at {said.expires_at:%Y-%m-%d %H:%M} UTC; newer ones follow from its status.")


# --- Reading values that may be anything --------------------------------------------------------------------


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _sorted(value: object) -> list[str]:
    return sorted(str(item) for item in value) if isinstance(value, list) else []


def _whole(value: object) -> int:
    """Return an integer column; one beyond 2^53 - 1 is written as a string."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)
    raise NotAFraction(f"{str(value)[:40]!r} is not a whole number.")


def _part(row: Mapping[str, Any]) -> Fraction:
    numerator, denominator = _whole(row.get("numerator")), _whole(row.get("denominator"))
    if numerator < 0 or denominator < 1:
        raise NotAFraction(f"{numerator}/{denominator} is not a part of the whole.")
    return Fraction(numerator, denominator)


def _share(value: object) -> Fraction:
    # Spelled out before Fraction sees it, which also takes decimals with an exponent of any size.
    if not isinstance(value, str) or not SHARE.fullmatch(value):
        raise NotAFraction(f"{str(value)[:40]!r} is not a share.")
    numerator, _, denominator = value.partition("/")
    return _part({"numerator": numerator, "denominator": denominator or "1"})


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- The command --------------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Check the file named on the command line; return 0 if all holds, 1 if not, 2 if it is unreadable."""
    given = _arguments().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a title must not keep the report from being read.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        key = None if given.key is None else notes.LogKeys.from_text(_file(given.key))
        roots = None if given.roots is None else _file(given.roots)
        authorities = None if given.authorities is None else _file(given.authorities)
        against = None if given.against is None else _file(given.against)
        policy = None if given.policy is None else policies.read(_file(given.policy))
        if key is None and policy is not None and policy.logs:
            key = notes.LogKeys(policy.logs[0].key, tuple(log.key for log in policy.logs[1:]))
        report = _checked(given, key, roots, authorities, against, policy)
    except policies.NotAPolicy as error:
        return _cannot_read(f"{given.policy} is not a policy: {error}", as_json=given.json)
    except (notes.NotAKey, notes.NotAKeyName) as error:
        return _cannot_read(f"{given.key} is not a log's public key: {error}", as_json=given.json)
    except (packs.Unreadable, NotReadable, OSError) as error:
        return _cannot_read(str(error), as_json=given.json)
    _write(_as_json(report) if given.json else _as_text(report))
    return HOLDS_EXIT if report.is_clean else FAILS_EXIT


def _checked(
    given: argparse.Namespace,
    key: notes.LogKeys | None,
    roots: str | None,
    authorities: str | None,
    against: str | None,
    policy: policies.Policy | None,
) -> Report:
    now = given.at or datetime.now(UTC)
    if _is_a_certificate(given.pack):
        token = _file(given.pack).strip()
        status = None if given.status is None else _file(given.status).strip()
        return verify_certificate(
            token, key=key, roots_pem=roots, audio=given.audio, at=now, status=status, policy=policy
        )
    if given.audio is not None or given.status is not None:
        raise NotReadable(f"{given.pack} is not a certificate; --audio and --status are for those.")
    if _is_streams(given.pack):
        return verify_streams(_file_bytes(given.pack, canonical.MAX_DOCUMENT_BYTES), key=key, tiles=given.tiles)
    if given.tiles is not None:
        raise NotReadable(f"{given.pack} is not a statement of streams; --tiles is for those.")
    if _is_a_bundle(given.pack):
        return verify_statement(_file_bytes(given.pack, bundles.MAX_BYTES), key=key, against=against, policy=policy)
    with packs.open_pack(given.pack) as pack:
        return verify(
            pack,
            key=key,
            roots_pem=roots,
            authorities_pem=authorities,
            against=against,
            at=now,
            policy=policy,
        )


def _is_a_certificate(path: Path) -> bool:
    with path.open("rb") as file:
        return certified.looks_like_one(file.read(certified.MAX_BYTES + 1))


def _is_streams(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        return streamed.looks_like_one(file.read())


def _is_a_bundle(path: Path) -> bool:
    with path.open("rb") as file:
        return bundles.looks_like_one(file.read(64))


def _file_bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise NotReadable(f"{path} has more than {most:,} bytes.")
    return data


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ledger-verify",
        description="Check an evidence pack (the audio, its manifest, the splits, and the log of it all), a "
        "certificate alone, the bundle of a royalty statement, or a statement of streams.",
        epilog="The exit status is 0 if all holds, 1 if something does not, 2 if the file cannot be read.",
    )
    parser.add_argument(
        "pack",
        metavar="FILE",
        type=Path,
        help="the pack, a zip file; the certificate, a .jwt; a statement's bundle or one of streams, a .json",
    )
    parser.add_argument("--key", metavar="FILE", type=Path, help="the log's public key, from a source you trust")
    parser.add_argument("--roots", metavar="FILE", type=Path, help="roots (PEM) to trust for the signatures")
    parser.add_argument("--authorities", metavar="FILE", type=Path, help="roots (PEM) to trust for its time stamp")
    parser.add_argument("--against", metavar="FILE", type=Path, help="an older checkpoint of the log, to compare with")
    parser.add_argument(
        "--policy", metavar="FILE", type=Path, help="witnesses and a quorum that you trust (c2sp.org/tlog-policy)"
    )
    parser.add_argument("--audio", metavar="FILE", type=Path, help="the audio that the certificate should be about")
    parser.add_argument("--status", metavar="FILE", type=Path, help="a signed status of what the certificate is about")
    parser.add_argument("--tiles", metavar="FOLDER", type=Path, help="the log's tiles, for a statement of streams")
    parser.add_argument("--at", metavar="TIME", type=_moment, help="check as of 2027-03-01T12:00:00Z instead of now")
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say in which zone, such as 2027-03-01T12:00:00Z")
    return moment


def _file(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise NotReadable(f"{path} is larger than any key, checkpoint or list of roots.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotReadable(f"{path} is not a text file.") from error


def _cannot_read(sentence: str, *, as_json: bool) -> int:
    if as_json:
        _write(json.dumps({"v": 1, "is_readable": False, "sentence": _printable(sentence)}, indent=2))
    else:
        _write(f"This file cannot be checked. {_printable(sentence)}")
    return UNREADABLE_EXIT


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "v": 1,
            "is_readable": True,
            "holds": report.is_clean,
            "checks": [
                {"number": check.number, "state": check.state.value, "sentence": _printable(check.sentence)}
                for check in report.checks
            ],
        },
        indent=2,
    )


def _as_text(report: Report) -> str:
    marks = {State.HOLDS: "✓", State.FAILS: "✗", State.NOTE: "·"}
    try:
        "".join(marks.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        marks = {State.HOLDS: "ok   ", State.FAILS: "FAILS", State.NOTE: "note "}
    lines = [f"{marks[check.state]} {check.number:>2}  {_printable(check.sentence)}" for check in report.checks]
    failed = sum(check.state is State.FAILS for check in report.checks)
    summary = "Everything that was checked holds." if not failed else f"{_counted(failed, 'check')} failed."
    return "\n".join([*lines, "", summary])


def _printable(sentence: str) -> str:
    """
    Return a sentence without control characters: parts of it come from the pack, and could steer a
    terminal.
    """
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in sentence)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
