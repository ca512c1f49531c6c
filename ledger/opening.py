"""
Links by which a payee opens its statements of one payer without a login: handed out, taken back, and opened.

The secret of a link is not stored: it follows from a key of this installation and the link's id, and whoever reads the
database has a digest. It is shown to whoever made the link, once; a link that got lost is taken back, and another made.
What is wrong with a link that does not open is told to nobody.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from rights import keys
from royalties.models import PayeeLink, PayeeLinkEnd, PayeeTerms, Statement

MOST_DAYS = 366
LONGEST_SECRET = 64  # of what may be one: longer ones are not even digested


class NothingBetween(Exception):
    """This payer has neither terms with this payee nor a statement for it, so a link would open nothing."""


class NotThatLong(Exception):
    """A link opens for a day at least, and for 366 at most."""


class NoSuchLink(Exception):
    """There is no such link; or its time is over, or it was taken back."""


class EndedBefore(Exception):
    """This link was taken back already."""


def hand_out(*, id: UUID, payer_id: UUID, payee_id: UUID, days: int, by_id: int | None, at: datetime) -> PayeeLink:
    """
    Make a link to a payee's statements of a payer. ``address_of`` says what to send, and to the payee alone.

    :raises NotThatLong: it would open for less than a day, or for more than a year
    :raises NothingBetween: there is nothing that it could open
    """
    if not 1 <= days <= MOST_DAYS:
        raise NotThatLong
    between = {"payee": payee_id}
    if not (
        PayeeTerms.objects.filter(payer=payer_id, **between).exists()
        or Statement.objects.filter(run__payer=payer_id, **between).exists()
    ):
        raise NothingBetween
    with transaction.atomic(durable=True):
        row = PayeeLink.objects.create(
            id=id,
            payer_id=payer_id,
            payee_id=payee_id,
            token_digest=_digest(_secret(id)),
            opens_until=at + timedelta(days=days),
            made_by_id=by_id,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.PAYEE_LINK_MADE,
            row,
            {"payer": str(payer_id), "payee": str(payee_id), "opens_until": row.opens_until.isoformat()},
            at=at,
        )
    return row


def take_back(*, link_id: UUID, by_id: int | None, at: datetime) -> PayeeLinkEnd:
    """
    Close a link before its time.

    :raises NoSuchLink: there is none
    :raises EndedBefore: it was closed before
    """
    if not PayeeLink.objects.filter(pk=link_id).exists():
        raise NoSuchLink
    try:
        with transaction.atomic(durable=True):
            row = PayeeLinkEnd.objects.create(
                id=uuid5(link_id, "end"), link_id=link_id, ended_by_id=by_id, recorded_at=at
            )
            log.append(Entry.Kind.PAYEE_LINK_ENDED, row, {"link": str(link_id)}, at=at)
    except IntegrityError as error:
        if violated(error) in {"royalties_payeelinkend_pkey", "royalties_payeelinkend_link_id_key"}:
            raise EndedBefore from error
        raise
    return row


def address_of(link: PayeeLink) -> str:
    """
    Return what to send to the payee.

    :raises NoSuchLink: the installation's key is another one since, so that it cannot be said again
    """
    secret = _secret(link.pk)
    if not hmac.compare_digest(_digest(secret), link.token_digest):
        raise NoSuchLink
    return f"{settings.LEDGER_PUBLIC_URL.rstrip('/')}/payee/{secret}"


def opened(secret: str, *, at: datetime) -> PayeeLink:
    """
    Return the link of a secret, if it opens now.

    It takes one digest and one look into the index, whatever is wrong.

    :raises NoSuchLink: it does not open
    """
    rows = PayeeLink.objects.filter(
        token_digest=_digest(secret[:LONGEST_SECRET]), opens_until__gt=at, end=None, payee__identity__isnull=False
    )
    found = rows.select_related("payer__identity", "payee__identity").first()
    if found is None or len(secret) > LONGEST_SECRET:
        raise NoSuchLink
    return found


def statements_of(link: PayeeLink) -> QuerySet[Statement]:
    """Return the statements that a link opens: those of its payer for its payee, and nobody else's."""
    rows = Statement.objects.filter(run__payer=link.payer_id, payee=link.payee_id)
    return rows.select_related("run__payer__identity", "payee__identity", "payout_rate")


def _secret(id: UUID) -> str:
    made = hmac.digest(keys.link_key(), b"payee link" + id.bytes, "sha256")
    return urlsafe_b64encode(made).decode().rstrip("=")


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
