"""
What stands for and against each member of a dataset, asked of the same policy as any use (CON-4, LIC-2).

For whom a member is asked about, and where, follows from its license: for the licensee, in the license's territories;
without one for whoever trains, in the world. Whatever may be reserved for text and data mining counts too, unless a
license or the holder's own consent allows the training: a reservation keeps an exception of the law from applying, and
no contract (CDSM art. 4(3)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from rights import clearances, merges, terms
from rights.assets import GivenMember
from rights.case import Side
from rights.clearances import Asked
from rights.models import License, Reservation, Share
from rights.permission import Code, Question
from rights.territories import covered
from rights.training import Said
from rights.vocabulary import Answer, AssetKind, Use

WORLD = "2136"
CHUNK = 2_000  # members that are asked about together
MOST_NAMED = 5  # members that a refusal names


class MembersNotPermitted(Exception):
    """Something stands against a member: leave it out, or say on which ground it is in nevertheless (despite)."""


@dataclass(frozen=True)
class Member:
    """One member as it is asked about."""

    kind: AssetKind
    id: UUID
    license_id: UUID | None = None


@dataclass(frozen=True)
class Training:
    """Who trains what, as a question about members needs it."""

    trainer_id: UUID
    model_id: UUID | None = None
    model_version_id: UUID | None = None
    has_identity_features: bool = False

    def uses_of(self, kind: AssetKind) -> frozenset[str]:
        """Return what is done with a member: a voice is trained on as a voice, whatever sings where it may be made."""
        if kind is AssetKind.VOICE:
            return frozenset({Use.VOICE_TRAIN.value})
        sings = kind in {AssetKind.RECORDING, AssetKind.STEM} and self.has_identity_features
        return frozenset({Use.TRAIN_GENERATIVE.value, *([Use.VOICE_TRAIN.value] if sings else [])})


def members_of(given: Iterable[GivenMember]) -> list[Member]:
    """Return members as they are asked about."""
    return [
        Member(
            next(kind for kind in AssetKind if one.asset.columns[f"{kind.value}_id"] is not None),
            one.asset.id,
            one.license_id,
        )
        for one in given
    ]


def check(given: Sequence[GivenMember], *, keeper_id: UUID, at: datetime) -> None:
    """
    Check that nothing stands against a member on the day on which a dataset is frozen.

    A member that nobody has allowed is taken: what is not known is reported, and a no is refused.

    :raises MembersNotPermitted: a member is reserved, its consent withdrawn, or its license has ended
    """
    members = members_of(given)
    found = answers(members, Training(keeper_id), on=at.date(), known_at=at)
    against = [(member, found[member.id]) for member in members if found[member.id].is_against]
    if against:
        named = "; ".join(
            f"{member.kind.value} {member.id} ({', '.join(code.value for code in _reasons(said))})"
            for member, said in against[:MOST_NAMED]
        )
        more = f"; and {len(against) - MOST_NAMED} more" if len(against) > MOST_NAMED else ""
        raise MembersNotPermitted(
            f"something stands against {len(against)} of {len(members)} members: {named}{more}. Leave them out, "
            "or say in “despite” on which ground they are in it nevertheless"
        )


def _reasons(said: Said) -> tuple[Code, ...]:
    against = (Code.RESERVED, Code.WITHDRAWN, Code.LICENSE_LAPSED, Code.LICENSE_EXHAUSTED)
    return tuple(code for code in said.codes if code in against)


def answers(members: Sequence[Member], training: Training, *, on: date, known_at: datetime) -> Mapping[UUID, Said]:
    """Return what is answered about each member, as at a day and as known at a moment; in a few statements a chunk."""
    found: dict[UUID, Said] = {}
    for start in range(0, len(members), CHUNK):
        found |= _answers(members[start : start + CHUNK], training, on, known_at)
    return found


def _answers(members: Sequence[Member], training: Training, on: date, known_at: datetime) -> dict[UUID, Said]:
    licenses = License.objects.in_bulk({member.license_id for member in members if member.license_id})
    who = merges.survivors(
        {training.trainer_id, *(license_.licensee_id for license_ in licenses.values())}, known_at=known_at
    )
    groups: dict[tuple[UUID, tuple[str, ...], frozenset[str]], list[Member]] = {}
    for member in members:
        license_ = licenses.get(member.license_id) if member.license_id else None
        licensee = who[license_.licensee_id if license_ else training.trainer_id]
        where = tuple(license_.territories) if license_ else (WORLD,)
        groups.setdefault((licensee, where, training.uses_of(member.kind)), []).append(member)
    found: dict[UUID, Said] = {}
    for (licensee, where, uses), some in groups.items():
        question = Question(
            licensee_id=licensee,
            uses=uses,
            territories=covered(where, on) or covered((WORLD,), on),
            on=on,
            model_id=training.model_id,
            model_version_id=training.model_version_id,
        )
        found |= dict(_asked(some, question, known_at))
    unsure = [member for member in members if found[member.id].answer not in {Answer.ALLOW, Answer.DENY}]
    for id, reservations in _reserved(unsure, on, known_at).items():
        codes = dict.fromkeys((Code.RESERVED, *found[id].codes))
        found[id] = Said(Answer.DENY, tuple(codes), tuple(reservations))
    return found


def _reserved(members: Sequence[Member], on: date, known_at: datetime) -> dict[UUID, list[UUID]]:
    """
    Return the reservations against training or mining that stand on members, by whoever made them.

    The policy hears a holder of a registered share. Where no share is registered, whoever reserved is heard as well.
    """
    inside: dict[UUID, set[UUID]] = {member.id: {member.id} for member in members}
    for kind in {member.kind for member in members} & {AssetKind.RECORDING, AssetKind.STEM}:
        sides = terms.sides_of(kind, [member.id for member in members if member.kind is kind], known_at=known_at)
        for id, assets in sides.items():
            inside[id] |= {asset.id for asset in assets if asset.side is not Side.VOICE}
    every = {id for ids in inside.values() for id in ids}
    standing = Reservation.objects.filter(
        Q(active_to__isnull=True) | Q(active_to__gt=on),
        Q(end__isnull=True) | Q(end__effective_on__gt=on) | Q(end__recorded_at__gt=known_at),
        active_from__lte=on,
        recorded_at__lte=known_at,
        uses__overlap=_MINED,
    )
    holders: dict[UUID, set[UUID]] = {}
    held = Share.objects.filter(asset_id__in=every, recorded_at__lte=known_at)
    for asset_id, party_id in held.values_list("asset_id", "party"):
        holders.setdefault(asset_id, set()).add(party_id)
    everybody = {party_id for some in holders.values() for party_id in some}
    on_asset: dict[UUID, list[UUID]] = {}
    on_all: dict[UUID, list[UUID]] = {}
    rows = standing.filter(Q(asset_id__in=every) | Q(asset_id__isnull=True, holder__in=everybody)).order_by("id")
    for asset_id, holder_id, id in rows.values_list("asset_id", "holder", "pk"):
        if asset_id is None:
            on_all.setdefault(holder_id, []).append(id)
        elif holder_id in holders.get(asset_id, {holder_id}):  # of what others hold, nobody else reserves anything
            on_asset.setdefault(asset_id, []).append(id)
    found = {}
    for member_id, ids in inside.items():
        own = [one for id in sorted(ids, key=str) for one in on_asset.get(id, ())]
        own += [one for id in ids for holder_id in holders.get(id, ()) for one in on_all.get(holder_id, ())]
        if own:
            found[member_id] = sorted(set(own), key=str)
    return found


_MINED = [Use.TDM.value, Use.TRAIN_GENERATIVE.value]


def _asked(members: Sequence[Member], question: Question, known_at: datetime) -> Iterator[tuple[UUID, Said]]:
    if not members:
        return
    asked = (Asked(member.kind, member.id) for member in members)
    for ruling in clearances.answer(asked, question, known_at=known_at):
        codes = tuple(dict.fromkeys(reason.code for reason in ruling.reasons))
        weighty = tuple(
            dict.fromkeys(id for reason in ruling.reasons if reason.code in _NAMED for id in reason.rests_on)
        )
        yield ruling.asset_id, Said(ruling.answer, codes, weighty)


# Of these the records are named: what a no rests on, and which consents and licenses a yes does.
_NAMED = frozenset(
    {Code.RESERVED, Code.WITHDRAWN, Code.LICENSE_LAPSED, Code.LICENSE_EXHAUSTED, Code.CONSENTED, Code.LICENSED}
)
