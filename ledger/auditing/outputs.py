"""Questions 1, 2, 5 and 6: what was released and on what it rested, who overrode a block, what a faulty check saw."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value

from fingerprint.evidence import Evidence
from ledger.auditing.asking import Column, Conclusion, Is, Part, Plot, Question, Row, Rows, Tally
from ledger.auditing.parameters import KNOWN_AT, PARTY, PERIOD, TERRITORY, Asked, Kind, Parameter
from ledger.models import Entry
from ledger.visibility import Sight, seen
from rights import parties, terms
from rights.case import Asset, Claim, Terms
from rights.models import (
    Appeal,
    Consent,
    Decision,
    License,
    OutputFlag,
    Recheck,
    Review,
    Share,
)
from rights.permission import Code, consented, licensed, rights_on, shares_of
from rights.permission import Question as Wanted
from rights.vocabulary import Outcome

_IN_FORCE = {Code.LICENSED.value, Code.CONSENTED.value}


def counting(asked: Asked) -> QuerySet[Decision]:
    """Return the decisions that counted as known then: about each output the last one."""
    later = Decision.objects.filter(supersedes=OuterRef("pk"), decided_at__lte=asked.known_at)
    return Decision.objects.filter(~Exists(later), decided_at__lte=asked.known_at)


def _released(asked: Asked, sight: Sight) -> QuerySet[Decision]:
    """Return the cleared outputs whose release day lies in the period and had come by then."""
    rows = counting(asked).filter(
        outcome=Outcome.CLEARED,
        submission__release_on__gte=asked.period_from,
        submission__release_on__lt=asked.period_to,
        submission__release_on__lte=asked.known_at.date(),
    )
    if asked.party is not None:
        rows = rows.filter(submission__submitter__in=parties.same_as(asked.party, asked.known_at))
    return seen(rows, sight).select_related("submission__model_version")


def entries_of(subject: str, ids: Iterable[UUID]) -> dict[UUID, int | None]:
    """Return where the entries of facts stand in the log; None while one waits for its place."""
    rows = Entry.objects.filter(subject=subject, fact__in=list(ids)).values_list("fact", "leaf__index")
    return dict(rows)


class Shown:
    """Which ids may be named to whoever asks: those of facts that they see."""

    def __init__(self, sight: Sight) -> None:
        """Look with these eyes."""
        self._sight = sight

    def among(self, model: type[Any], ids: Iterable[UUID]) -> set[UUID]:
        """Return those of these ids that may be named."""
        wanted = set(ids)
        if self._sight.is_whole or not wanted:
            return wanted
        return set(seen(QuerySet(model).filter(pk__in=wanted), self._sight).values_list("pk", flat=True))


# --- 1 and 2


def _on_grounds(some: Sequence[Decision], asked: Asked) -> list[list[dict[str, Any]]]:
    """Return the grounds of each of some outputs; whatever they rest on is read together."""
    claims = terms.declared_by([one.submission for one in some], known_at=asked.known_at)
    held = terms.on_release(claims, known_at=asked.known_at)
    return [list(_grounds(*one, asked)) for one in zip(some, claims, held, strict=True)]


def _grounds(decision: Decision, claim: Claim, held: Terms, asked: Asked) -> Iterator[dict[str, Any]]:
    """Yield, for each side of each ingredient and each holder, by what an output was allowed on its release day."""
    submission = decision.submission
    if asked.territory:
        if asked.territory not in claim.territories:
            return
        claim = replace(claim, territories=frozenset({asked.territory}))
    about = {
        "output": submission.pk,
        "title": submission.title,
        "release_on": submission.release_on,
        "decision": decision.pk,
    }
    if not claim.ingredients:
        yield {**about, "license_state": "nothing_used", "consent_state": "nothing_used"}
        return
    for ingredient in claim.ingredients:
        material = held.material(ingredient.recording_id)
        if material is None:
            state = Code.NO_SUCH_ASSET.value
            yield {**about, "asset": ingredient.recording_id, "license_state": state, "consent_state": state}
            continue
        for asset in material.sides:
            for found in _of_asset(asset, claim, held, decision):
                yield {**about, **found}


def _of_asset(asset: Asset, claim: Claim, held: Terms, decision: Decision) -> Iterator[dict[str, Any]]:
    wanted = Wanted(
        licensee_id=claim.licensee_id,
        uses=claim.uses,
        territories=claim.territories,
        on=claim.release_on,
        purposes=claim.purposes,
        model_id=claim.model_id,
        model_version_id=claim.model_version_id,
    )
    for right in rights_on(asset.side, wanted):
        uses = wanted.uses_of(right)
        reason, _ = licensed(asset, uses, wanted, held)
        license_state = reason.code.value
        license_id = reason.rests_on[0] if reason.rests_on else None
        if reason.code is Code.LICENSE_EXHAUSTED and (own := set(reason.rests_on) & set(decision.licenses)):
            # This output is one of those that used it up.
            license_state, license_id = Code.LICENSED.value, min(own, key=str)
        about = {
            "side": asset.side.value,
            "asset": asset.id,
            "asset_title": asset.title,
            "right": right.value,
            "license": license_id,
            "license_state": license_state,
        }
        shares = shares_of(asset, right, wanted, held)
        if not shares:
            yield {**about, "consent_state": Code.NOBODY_REGISTERED.value}
        for share in shares:
            said, _ = consented(asset, share, uses, wanted, held)
            consent = said.rests_on[1] if len(said.rests_on) > 1 and said.code is not Code.RESERVED else None
            yield {
                **about,
                "share": share.id,
                "holder": share.party_id,
                "consent": consent,
                "consent_state": said.code.value,
            }


def _named(some: Sequence[Sequence[dict[str, Any]]], sight: Sight) -> Iterator[list[Row]]:
    """Leave out the ids of what is not seen, and say where each decision stands in the log."""
    flat = [row for rows in some for row in rows]
    shown = Shown(sight)
    named = {
        column: shown.among(model, (row[column] for row in flat if row.get(column)))
        for column, model in (("license", License), ("consent", Consent), ("share", Share))
    }
    places = entries_of("decision", {row["decision"] for row in flat})
    for rows in some:
        yield [
            {
                **row,
                **{column: row.get(column) if row.get(column) in ids else None for column, ids in named.items()},
                "entry": places.get(row["decision"]),
            }
            for row in rows
        ]


def _releases(asked: Asked, sight: Sight) -> Sequence[Part]:
    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        return _named(_on_grounds(some, asked), sight)

    return [Rows(_released(asked, sight), ("submission__release_on", "pk"), of)]


def _lacks(row: Row) -> bool:
    return any(
        row[column] not in _IN_FORCE and row[column] != "nothing_used" for column in ("license_state", "consent_state")
    )


def _unlicensed(asked: Asked, sight: Sight) -> Sequence[Part]:
    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        lacking = [[row for row in rows if _lacks(row)] for rows in _on_grounds(some, asked)]
        why = _explanations([one for one, rows in zip(some, lacking, strict=True) if rows], asked, sight)
        explained = [[{**row, "explanation": why.get(row["decision"], "")} for row in rows] for rows in lacking]
        return _named(explained, sight)

    return [Rows(_released(asked, sight), ("submission__release_on", "pk"), of)]


def _explanations(some: Sequence[Decision], asked: Asked, sight: Sight) -> Mapping[UUID, str]:
    """Say, of outputs that lack something, what people or the service did about it by then."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    before = {one.supersedes_id: one.pk for one in some if one.supersedes_id}
    reviews = Review.objects.filter(
        decision__in=before, outcome=Outcome.CLEARED, reviewed_at__lte=asked.known_at
    ).order_by("reviewed_at", "pk")
    for review in seen(reviews, sight):
        found[before[review.decision_id]].append(f"cleared in review {review.pk}")
    appeals = Appeal.objects.filter(
        decision__in=before, answer__is_upheld=True, answer__answered_at__lte=asked.known_at
    ).order_by("pk")
    for appeal in seen(appeals, sight):
        found[before[appeal.decision_id]].append(f"cleared on appeal {appeal.pk}")
    of = {one.submission_id: one.pk for one in some}
    flags = OutputFlag.objects.filter(submission__in=of, recorded_at__lte=asked.known_at).order_by("recorded_at", "pk")
    for flag in seen(flags, sight):
        found[of[flag.submission_id]].append(f"{flag.kind} since {flag.recorded_at.date()}")
    return {decision: "; ".join(said) for decision, said in found.items()}


_RELEASE_COLUMNS = (
    Column("output", "Output", Is.ID, "output"),
    Column("title", "Title"),
    Column("release_on", "Released", Is.DAY),
    Column("side", "Side"),
    Column("asset", "Asset", Is.ID),
    Column("asset_title", "Asset’s title"),
    Column("right", "Right"),
    Column("license", "License", Is.ID, "license"),
    Column("license_state", "License then"),
    Column("share", "Share", Is.ID),
    Column("holder", "Holder", Is.ID, "party"),
    Column("consent", "Consent", Is.ID, "consent"),
    Column("consent_state", "Consent then"),
    Column("decision", "Decision", Is.ID),
    Column("entry", "Log entry", Is.COUNT, "entry"),
)


def _concluded_releases(tally: Tally) -> Conclusion:
    outputs = tally.marks["output:"]
    lacking = tally.marks["lacking"]
    said = f"{outputs} released, {tally.rows} grounds"
    return Conclusion(None, f"{said}; {lacking} of them not in force." if lacking else f"{said}, each in force.")


def _concluded_unlicensed(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "Empty, as it must be: everything released had its licenses and consents.")
    open_ = tally.marks["unexplained"]
    if open_:
        return Conclusion(
            False, f"{tally.rows} grounds were missing, {open_} of them without an explanation on record."
        )
    return Conclusion(None, f"{tally.rows} grounds were missing; each has an explanation on record, for you to judge.")


RELEASES = Question(
    1,
    "releases",
    "What was released, with its license and consent",
    "Every output that was released in a period and a country, with the license and the consent of every holder as they"
    " stood on the day of its release.",
    (*PERIOD, TERRITORY, replace(PARTY, label="Submitter"), KNOWN_AT),
    _RELEASE_COLUMNS,
    _releases,
    _concluded_releases,
    marks=lambda row: (f"output:{row['output']}", *(["lacking"] if _lacks(row) else [])),
    plots=(
        Plot("Grounds by month of release", lambda row: str(row["release_on"])[:7], is_over_time=True),
        Plot("Consents on the day of release", lambda row: str(row["consent_state"]).replace("_", " ")),
    ),
    note="Where a license or consent is not yours to see, its state is said and its id is not.",
)

UNLICENSED = Question(
    2,
    "released-without",
    "What was released without license or consent",
    "The same outputs, but only what was missing on the day of release. It must be empty, or explained: by a review, an"
    " appeal, or what was done since.",
    (*PERIOD, TERRITORY, replace(PARTY, label="Submitter"), KNOWN_AT),
    (*_RELEASE_COLUMNS[:-2], Column("explanation", "Explanation on record"), *_RELEASE_COLUMNS[-2:]),
    _unlicensed,
    _concluded_unlicensed,
    marks=lambda row: () if row["explanation"] else ("unexplained",),
    plots=(Plot("What was missing", lambda row: str(row["consent_state"]).replace("_", " ")),),
)


# --- 5


def _overridden(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = Decision.objects.filter(
        outcome=Outcome.CLEARED,
        supersedes__outcome=Outcome.REFUSED,
        decided_at__lte=asked.known_at,
        decided_at__date__gte=asked.period_from,
        decided_at__date__lt=asked.period_to,
    ).select_related("submission", "supersedes")

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        before = [one.supersedes_id for one in some]
        rules = defaultdict[UUID, list[str]](list)
        for one in some:
            rules[one.supersedes_id] = sorted({finding.rule for finding in one.supersedes.findings.all()})
        people = defaultdict[UUID, list[dict[str, Any]]](list)
        appeals = Appeal.objects.filter(decision__in=before, answer__is_upheld=True).select_related("answer")
        for appeal in seen(appeals, sight).order_by("pk"):
            answer = appeal.answer
            people[appeal.decision_id].append(
                {"how": "appeal", "person": answer.reviewer_id, "reason": answer.reason, "at": answer.answered_at}
            )
        reviews = Review.objects.filter(decision__in=before, outcome=Outcome.CLEARED)
        for review in seen(reviews, sight).order_by("position"):
            people[review.decision_id].append(
                {
                    "how": "review",
                    "person": review.reviewer_id,
                    "reason": review.reason,
                    "evidence": review.evidence_digest,
                    "at": review.reviewed_at,
                }
            )
        places = entries_of("decision", [one.pk for one in some])
        for one in some:
            about = {
                "output": one.submission_id,
                "title": one.submission.title,
                "refused_at": one.supersedes.decided_at,
                "rules": " ".join(rules[one.supersedes_id]),
                "cleared_at": one.decided_at,
                "decision": one.pk,
                "entry": places.get(one.pk),
            }
            yield [{**about, **person} for person in people[one.supersedes_id] or [{"how": "nobody on record"}]]

    return [Rows(seen(rows, sight).prefetch_related("supersedes__findings"), ("decided_at", "pk"), of)]


def _concluded_overrides(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "No refusal was overridden.")
    bare = tally.marks["bare"]
    if bare:
        return Conclusion(False, f"{tally.rows} overrides; {bare} without a person on record.")
    return Conclusion(None, f"{tally.rows} overrides, each by a person with a reason.")


OVERRIDES = Question(
    5,
    "overrides",
    "Where a person overrode a refusal",
    "Decisions that refused an output and were superseded because a reviewer, or an upheld appeal, said so: who, why,"
    " and against which rules.",
    (*PERIOD, KNOWN_AT),
    (
        Column("output", "Output", Is.ID, "output"),
        Column("title", "Title"),
        Column("refused_at", "Refused", Is.MOMENT),
        Column("rules", "Rules that refused it"),
        Column("how", "By"),
        Column("person", "Person", Is.COUNT, "person"),
        Column("reason", "Reason"),
        Column("evidence", "Evidence held, SHA-256"),
        Column("at", "Said", Is.MOMENT),
        Column("cleared_at", "Cleared", Is.MOMENT),
        Column("decision", "Decision", Is.ID),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _overridden,
    _concluded_overrides,
    marks=lambda row: () if row.get("person") else ("bare",),
    plots=(
        Plot("Overrides by reason", lambda row: str(row.get("reason") or row["how"]).replace("_", " ")),
        Plot("Overrides by month", lambda row: str(row["cleared_at"])[:7], is_over_time=True),
    ),
)


# --- 6


def _measured_with(algorithm: str) -> Q:
    # Evidence is bytes; of those that hold the word anywhere the document is read.
    found = Func(
        Value(algorithm.encode()),
        F("examination__document"),
        template="position(%(expressions)s)",
        arg_joiner=" in ",
        output_field=IntegerField(),
    )
    return Q(pk__in=Decision.objects.alias(found=found).filter(found__gt=0).values("pk"))


def _faulty(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = counting(asked).filter(
        _measured_with(asked.word),
        decided_at__date__gte=asked.period_from,
        decided_at__date__lt=asked.period_to,
    )
    rows = seen(rows, sight).select_related("submission", "examination")

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        rechecks = defaultdict[UUID, list[Recheck]](list)
        later = Recheck.objects.filter(decision__in=[one.pk for one in some], rechecked_at__lte=asked.known_at)
        for recheck in later.select_related("examination").order_by("rechecked_at", "pk"):
            rechecks[recheck.decision_id].append(recheck)
        places = entries_of("decision", [one.pk for one in some])
        for one in some:
            yield [
                {
                    "output": one.submission_id,
                    "title": one.submission.title,
                    "release_on": one.submission.release_on,
                    "outcome": one.outcome,
                    "decided_at": one.decided_at,
                    "decision": one.pk,
                    "examination": one.examination_id,
                    "kind": detector.kind,
                    "algorithm": detector.algorithm,
                    "compared_with": detector.index_size,
                    "matches": sum(1 for match in evidence.matches if match.algorithm == detector.algorithm),
                    "rechecked": _again(rechecks[one.pk], asked.word),
                    "entry": places.get(one.pk),
                }
                for evidence in [Evidence.from_document(json.loads(bytes(one.examination.document)))]
                for detector in evidence.detectors
                if detector.algorithm == asked.word or detector.algorithm.startswith(f"{asked.word}/")
            ]

    return [Rows(rows, ("decided_at", "pk"), of)]


def _again(rechecks: Sequence[Recheck], algorithm: str) -> UUID | None:
    """Return the last look at an output that was not with the same algorithm."""
    for one in reversed(rechecks):
        if one.examination is not None and algorithm.encode() not in bytes(one.examination.document):
            return one.pk
    return None


def _concluded_faulty(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "No decision that counts rests on this algorithm.")
    left = tally.marks["left"]
    if left:
        return Conclusion(False, f"{tally.rows} checks rest on it; {left} were not done again with another.")
    return Conclusion(True, f"{tally.rows} checks rest on it; each was done again with another.")


FAULTY = Question(
    6,
    "checked-with",
    "What was checked with an algorithm that is in doubt",
    "Decisions that count and rest on evidence measured with one version of an algorithm, and whether each was looked"
    " at again with another.",
    (
        Parameter(
            "algorithm",
            "Algorithm",
            Kind.WORD,
            "As evidence names it, as chromaprint/1.5.1; without what follows the slash: all versions",
            is_required=True,
        ),
        *PERIOD,
        KNOWN_AT,
    ),
    (
        Column("output", "Output", Is.ID, "output"),
        Column("title", "Title"),
        Column("release_on", "Release", Is.DAY),
        Column("outcome", "Outcome"),
        Column("decided_at", "Decided", Is.MOMENT),
        Column("kind", "Kind of check"),
        Column("algorithm", "Algorithm"),
        Column("compared_with", "References compared", Is.COUNT),
        Column("matches", "Matches", Is.COUNT),
        Column("rechecked", "Checked again", Is.ID),
        Column("examination", "Evidence", Is.ID),
        Column("decision", "Decision", Is.ID),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _faulty,
    _concluded_faulty,
    marks=lambda row: () if row["rechecked"] else ("left",),
    plots=(
        Plot("Outcomes of these checks", lambda row: str(row["outcome"])),
        Plot("Checks by month", lambda row: str(row["decided_at"])[:7], is_over_time=True),
    ),
)
