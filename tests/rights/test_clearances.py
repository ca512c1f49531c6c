"""The set-based path and the pure policy …"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from ledger import asking, canonical
from ledger.asking import Named
from rights import clearances, permission, restate, terms
from rights.clearances import Asked
from rights.merges import survivor
from rights.models import (
    Consent,
    ConsentAsset,
    ConsentEvent,
    ConsentOverride,
    License,
    LicenseAsset,
    LicenseEvent,
    LicenseModelVersion,
    Model,
    ModelVersion,
    Party,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    Recording,
    RecordingVoice,
    RecordingWork,
    Reservation,
    ReservationEnd,
    Share,
    ShareEvent,
    Stem,
    Voice,
    Work,
)
from rights.permission import Code, Question
from rights.territories import expand
from rights.vocabulary import Answer, AssetKind, RightType

BEGIN = datetime(2025, 1, 1, 12, tzinfo=UTC)
DIGEST = "0" * 64
PLACES = [*[["2136"]] * 10, ["2136", "-DE"], ["DE"], ["DE", "FR"], ["2123"], ["2120", "-276"], ["US"]]
ASKED_PLACES = [["2136"], ["DE"], ["FR"], ["GB"], ["US", "DE"], ["2123"]]
DAYS = [
    date(2019, 6, 1),
    date(2020, 1, 31),
    date(2020, 2, 1),
    *[date(2025, 6, 1), date(2026, 3, 1)] * 3,
    date(2027, 1, 1),
]
USES = [
    ["infer.input", "distribute.outside"],
    ["infer.input"],
    ["train.gen"],
    ["infer.input", "train.gen"],
    ["voice.generate"],
    ["infer.input", "voice.generate"],
]
ALL = sorted({use for uses in USES for use in uses})
EVERYTHING = {
    "uses": ALL, "territories": ["2136"], "active_from": date(2018, 1, 1), "active_to": None, "document_digest": DIGEST,
}  # fmt: skip
PURPOSES = ["advertising", "political"]


class _Undone(Exception):
    """Ends a world: nothing of it is kept, so no fact needs its entry."""


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _Undone  # noqa: TRY301 - the block is what is undone
    except _Undone:
        pass


class Chance:
    """A world made by chance: facts recorded a minute apart, so that every moment between knows something else."""

    def __init__(self, seed: int, assets: int) -> None:
        self.random = random.Random(seed)
        self.now = BEGIN
        self.parties = [self.party() for _ in range(11)]
        self.licensees = self.parties[:3]
        self.holders = self.parties[3:]
        model = self.make(Model, provider=self.parties[0], name=f"model {seed}", registered_at=self.tick())
        self.versions = [
            self.make(ModelVersion, model=model, label=str(n), has_identity_features=False, registered_at=self.tick())
            for n in range(2)
        ]
        self.model = model
        self.recordings: list[Recording] = []
        self.works: list[Work] = []
        self.voices: list[Voice] = []
        self.stems: list[Stem] = []
        self.consents: list[Consent] = []
        self.licenses: list[License] = []
        for number in range(assets):
            self.asset(number)
        for _ in range(assets * 3):
            self.random.choice([*[self.permit] * 6, self.reserve, self.wide, self.wide, self.license])()
        for _ in range(assets):
            self.random.choice([self.act, self.act, self.end_share, self.act_on_license, self.merge])()

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def make(self, model: Any, /, **values: Any) -> Any:
        return model.objects.create(id=self.id(), **values)

    def party(self) -> Party:
        found: Party = self.make(Party, kind="person", commitment=b"\0" * 32, registered_at=self.tick())
        return found

    def period(self) -> dict[str, date | None]:
        begin = self.random.choice([*[date(2018, 1, 1)] * 6, date(2025, 1, 1), date(2026, 1, 1)])
        end = self.random.choice([*[None] * 6, date(2026, 6, 1), date(2030, 1, 1)])
        return {"active_from": begin, "active_to": end}

    def shares(self, of: dict[str, Any], right: RightType) -> None:
        parts = self.random.choice([*[[(1, 1)]] * 6, [(1, 2), (1, 2)], [(1, 3)] * 3, [(1, 2)], [(1, 1), (1, 7)], []])
        if self.random.random() < 0.1:
            parts = [(1, 10**12 + 39), (10**12 + 38, 10**12 + 39)]  # beyond the units
        where = self.random.choice(PLACES)
        for numerator, denominator in parts:
            share = self.make(
                Share,
                **of,
                party=self.random.choice(self.holders),
                right_type=right,
                basis=self.random.choice(["ownership"] * 9 + ["collection"]),
                numerator=numerator,
                denominator=denominator,
                territories=self.random.choice([where, where, where, self.random.choice(PLACES)]),
                recorded_at=self.tick(),
                **self.period(),
            )
            restate.share(share, at=self.now)

    def asset(self, number: int) -> None:
        recording = self.make(Recording, title=f"R{number}", registered_at=self.tick())
        self.recordings.append(recording)
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            work = self.make(Work, title=f"W{number}", registered_at=self.tick())
            self.make(RecordingWork, recording=recording, work=work, recorded_at=self.tick())
            self.works.append(work)
            self.shares({"work": work}, RightType.AI_OUTPUT)
        if self.random.random() < 0.3:
            voice = self.make(
                Voice, person=self.random.choice(self.holders), label=f"V{number}", registered_at=self.tick()
            )
            self.make(RecordingVoice, recording=recording, voice=voice, component="lead_vocal", recorded_at=self.tick())
            self.voices.append(voice)
            self.shares({"voice": voice}, RightType.VOICE)
        if self.random.random() < 0.2:
            stem = self.make(Stem, recording=recording, title=f"S{number}", component="lead_vocal",
                             registered_at=self.tick())  # fmt: skip
            self.stems.append(stem)
            self.shares({"stem": stem}, RightType.AI_OUTPUT)
        self.shares({"recording": recording}, RightType.AI_OUTPUT)
        if self.random.random() < 0.4:
            self.shares({"recording": recording}, RightType.AI_TRAINING)

    def any_asset(self) -> dict[str, Any]:
        pools: dict[str, list[Any]] = {
            "recording": self.recordings,
            "work": self.works,
            "voice": self.voices,
            "stem": self.stems,
        }
        kind = self.random.choice([kind for kind, pool in pools.items() if pool])
        return {kind: self.random.choice(pools[kind])}

    def holder_of(self, of: dict[str, Any]) -> Party:
        held = list(Share.objects.filter(**of).order_by("recorded_at"))
        return (
            self.random.choice(held).party if held and self.random.random() < 0.9 else self.random.choice(self.holders)
        )

    def scope(self) -> dict[str, Any]:
        who = self.random.random()
        return {
            "uses": self.random.choice([*USES, *[ALL] * 6]),
            "territories": self.random.choice(PLACES),
            "barred": self.random.choice([[], [], [], ["political"]]),
            "licensee": self.random.choice(self.licensees) if who < 0.4 else None,
            "licensee_role": "ai_service" if who > 0.9 else "",
            "model": self.model if self.random.random() < 0.1 else None,
            "model_version": self.random.choice(self.versions) if self.random.random() < 0.1 else None,
            "approval_mode": self.random.choice(["blanket"] * 4 + ["project"]),
            "document_digest": DIGEST,
            **self.period(),
        }

    def permit(self) -> None:
        of = self.any_asset()
        self.consent(self.holder_of(of), of=of)

    def generous(self, holder: Party) -> None:
        """Let a holder agree to everything, so that a yes is not a rare bird."""
        held = {share.asset_id: share for share in Share.objects.filter(party=holder)}
        kinds = ("recording", "work", "voice", "stem")
        lines = [{kind: getattr(share, kind)} for share in held.values() for kind in kinds if getattr(share, kind)]
        mode = self.random.choice(["blanket", "blanket", "output"])
        self.consent(holder, lines=lines, scope={"approval_mode": mode} | EVERYTHING)

    def wide(self) -> None:
        lines = [self.any_asset() for _ in range(3)]
        lines = list({next(iter(line.values())).id: line for line in lines}.values())
        self.consent(self.holder_of(lines[0]), lines=lines, covers_future=self.random.random() < 0.5)

    def consent(
        self,
        grantor: Party,
        *,
        of: dict[str, Any] | None = None,
        lines: Any = (),
        covers_future: bool = False,
        scope: dict[str, Any] | None = None,
    ) -> None:
        consent = self.make(
            Consent,
            **(of or {}),
            grantor=grantor,
            actor=grantor,
            is_list=not of,
            covers_future=covers_future,
            recorded_at=self.tick(),
            **(scope or self.scope()),
        )
        for line in lines:
            self.make(ConsentAsset, consent=consent, **line)
        reserved = list(Reservation.objects.filter(holder=grantor))
        if reserved and self.random.random() < 0.5:
            self.make(ConsentOverride, consent=consent, reservation=self.random.choice(reserved))
        offered = self.random.random() < 0.2
        self.happen(consent, "offered" if offered else "granted", consent.active_from)
        self.consents.append(consent)

    def happen(self, consent: Consent, act: str, day: date) -> None:
        self.make(
            ConsentEvent,
            consent=consent,
            position=consent.events.count(),
            act=act,
            actor=consent.actor,
            effective_on=day,
            recorded_at=self.now if act in {"offered", "granted"} and not consent.events.exists() else self.tick(),
        )
        restate.consent(consent, at=self.now)

    def act(self) -> None:
        consent = self.random.choice(self.consents)
        last = consent.events.order_by("-position").first()
        assert last is not None
        follow = {
            "offered": ["granted", "declined"],
            "declined": ["granted"],
            "granted": ["withdrawn", "withdrawn", "annulled", "amended"],
            "amended": ["withdrawn", "annulled"],
            "withdrawn": ["annulled"],
        }.get(last.act, [])
        if follow:
            day = self.random.choice([date(2019, 1, 1), date(2025, 6, 1), date(2026, 3, 1), date(2026, 3, 2)])
            self.happen(consent, self.random.choice(follow), day)

    def reserve(self) -> None:
        of = self.any_asset()
        reservation = self.make(
            Reservation,
            holder=self.holder_of(of),
            **(of if self.random.random() < 0.7 else {}),
            uses=self.random.choice(USES),
            territories=self.random.choice(PLACES),
            channel="aipref",
            recorded_at=self.tick(),
            **self.period(),
        )
        restate.reservation(reservation, at=self.now)
        if self.random.random() < 0.4:
            self.make(ReservationEnd, reservation=reservation, effective_on=self.random.choice(DAYS),
                      recorded_at=self.tick())  # fmt: skip
            restate.reservation(Reservation.objects.get(pk=reservation.pk), at=self.now)

    def license(self, licensee: Party | None = None) -> None:
        license_ = self.make(
            License,
            licensor=self.random.choice(self.holders),
            licensee=licensee or self.random.choice(self.licensees),
            uses=self.random.choice([*USES, *[ALL] * 6]),
            barred=self.random.choice([[], [], ["advertising"]]),
            territories=self.random.choice(PLACES),
            max_outputs=self.random.choice([None] * 6 + [0]),
            release_from=self.random.choice([None] * 5 + [date(2026, 1, 1)]),
            document_digest=DIGEST,
            recorded_at=self.tick(),
            **self.period(),
        )
        pool = [*self.recordings, *self.works, *self.voices, *self.stems]
        for asset in self.random.sample(pool, len(pool) * 2 // 3):
            kind = {Recording: "recording", Work: "work", Voice: "voice", Stem: "stem"}[type(asset)]
            self.make(LicenseAsset, license=license_, **{kind: asset})
        if self.random.random() < 0.2:
            self.make(LicenseModelVersion, license=license_, model_version=self.random.choice(self.versions))
        restate.license(license_, at=self.now)
        self.licenses.append(license_)

    def act_on_license(self) -> None:
        license_ = self.random.choice(self.licenses)
        last = license_.events.order_by("-position").first()
        follow = {None: ["suspended", "terminated", "amended"], "suspended": ["resumed", "terminated"],
                  "resumed": ["terminated"]}.get(last.act if last else None, [])  # fmt: skip
        if follow:
            self.make(
                LicenseEvent,
                license=license_,
                position=license_.events.count(),
                act=self.random.choice(follow),
                actor=license_.licensor,
                effective_on=self.random.choice(DAYS),
                recorded_at=self.tick(),
            )
            restate.license(license_, at=self.now)

    def end_share(self) -> None:
        share = self.random.choice(list(Share.objects.order_by("id")))
        act = self.random.choice(["ended", "retracted"])
        if not share.events.filter(act=act).exists():
            self.make(ShareEvent, share=share, act=act, recorded_at=self.tick(),
                      effective_on=self.random.choice(DAYS) if act == "ended" else None)  # fmt: skip
            restate.share(share, at=self.now)

    def merge(self) -> None:
        open_ = PartyMerge.objects.filter(undo__isnull=True)
        if self.random.random() < 0.3 and (found := open_.first()):
            self.make(PartyMergeUndo, merge=found, reason="", recorded_at=self.tick())
            restate.party(found.duplicate_id, at=self.now)
            return
        pool = self.random.choice([self.holders, self.licensees])
        duplicate, survivor_ = self.random.sample(pool, 2)
        taken = {id_ for pair in open_.values_list("duplicate_id", "survivor_id") for id_ in pair}
        if duplicate.id not in taken and not open_.filter(duplicate=survivor_).exists():
            self.make(PartyMerge, duplicate=duplicate, survivor=survivor_, reason="", recorded_at=self.tick())
            restate.party(duplicate.id, at=self.now)

    def questions(self, count: int) -> Iterator[tuple[Question, datetime]]:
        moments = int((self.now - BEGIN).total_seconds())
        for _ in range(count):
            known_at = self.random.choice(
                [self.now, self.now, self.now, BEGIN + timedelta(seconds=self.random.randrange(moments))]
            )
            day = self.random.choice(DAYS)
            version = self.random.choice([None, *self.versions])
            yield (
                Question(
                    licensee_id=survivor(self.random.choice(self.licensees).id, known_at=known_at),
                    uses=frozenset(self.random.choice(USES)),
                    territories=expand(self.random.choice(ASKED_PLACES), day),
                    on=day,
                    purposes=frozenset(self.random.sample(PURPOSES, self.random.choice([0, 0, 1]))),
                    model_id=self.model.id if version else None,
                    model_version_id=version.id if version else None,
                ),
                known_at,
            )

    def assets(self) -> dict[AssetKind, list[UUID]]:
        return {
            AssetKind.RECORDING: [self.id(), *(row.id for row in self.recordings)],
            AssetKind.WORK: [row.id for row in self.works],
            AssetKind.VOICE: [row.id for row in self.voices],
            AssetKind.STEM: [row.id for row in self.stems],
        }


def by_the_policy(kind: AssetKind, ids: list[UUID], question: Question, known_at: datetime) -> list[permission.Ruling]:
    """Ask the pure policy, over terms that are read from the facts and not from what stands."""
    sides = terms.sides_of(kind, ids, known_at=known_at)
    assets = {asset.id for one in sides.values() for asset in one}
    known = terms.about(assets, on=question.on, licensee_id=question.licensee_id, known_at=known_at)
    return [permission.rule(id_, kind, sides.get(id_, ()), question, known) for id_ in ids]


def line_of(named: Named, ruling: permission.Ruling) -> bytes:
    document = {
        "asset": named.document,
        "answer": ruling.answer.value,
        "missing": [side.value for side in ruling.missing],
        "reasons": [
            {
                "code": reason.code.value,
                "side": reason.side.value if reason.side else None,
                "asset": str(reason.asset_id),
                "rests_on": [str(id_) for id_ in reason.rests_on],
            }
            for reason in ruling.reasons
        ],
        "valid_until": ruling.valid_until.isoformat() if ruling.valid_until else None,
    }
    return canonical.encode(document) + b"\n"


@pytest.mark.django_db
@pytest.mark.slow
def test_agree_on_thousands_of_questions() -> None:
    answers: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for seed in (1, 2):
        with undone():
            world = Chance(seed, assets=32)
            PartyInRole.objects.create(
                id=world.id(),
                party=world.licensees[0],
                role="ai_service",
                active_from=date(2018, 1, 1),
                recorded_at=world.tick(),
            )
            for question, known_at in world.questions(48):
                for kind, ids in world.assets().items():
                    expected = by_the_policy(kind, ids, question, known_at)
                    asked = [Asked(kind, id_) for id_ in ids]
                    found = clearances.answer(asked, question, known_at=known_at)
                    for mine, theirs in zip(found, expected, strict=True):
                        assert mine == theirs, (seed, question, known_at)
                        answers[mine.answer] += 1
                        codes.update(reason.code for reason in mine.reasons)
                    # One asset is asked with a statement of its own, and answers are written without becoming rulings.
                    place = world.random.randrange(len(ids))
                    alone = list(clearances.answers([asked[place]], question, known_at=known_at))
                    assert [one.ruling for one in alone] == [expected[place]], (seed, question, known_at)
                    named = Named(kind, ids[place])
                    assert asking.written(named, alone[0]) == line_of(named, expected[place])
    assert sum(answers.values()) > 5_000
    # The worlds are rich enough to reach every answer and every reason.
    assert set(answers) == set(Answer)
    assert set(codes) == set(Code)
