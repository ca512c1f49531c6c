"""Codes in a file: read by the rules of their schemes, refused with a sentence about the cell or element. Pure."""

from __future__ import annotations

from functools import partial

from rights import identifiers
from rights.exchange.cells import BadCell, is_scientific
from rights.identifiers import Scheme


def read(scheme: Scheme, raw: str) -> str:
    """
    Return a code as it is stored.

    :raises BadCell: it is none of the scheme
    """
    if is_scientific(raw.strip()):
        raise BadCell(
            "damaged_number",
            "A spreadsheet has rounded this code: format the column as text, enter the code anew and export again.",
        )
    try:
        return identifiers.read(scheme, raw).value
    except identifiers.BadCode as error:
        raise BadCell(f"bad_{scheme}", f"{error}.") from error


isrc = partial(read, Scheme.ISRC)
iswc = partial(read, Scheme.ISWC)
gtin = partial(read, Scheme.GTIN)
grid = partial(read, Scheme.GRID)
ipi = partial(read, Scheme.IPI_NAME)
isni = partial(read, Scheme.ISNI)
dpid = partial(read, Scheme.DPID)
