"""What every writer of rights shares: how an asset is named, and what is refused everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rights.vocabulary import AssetKind

LINKS = UUID("0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55")  # the namespace of ids that follow from other ids


class NotOneAsset(Exception):
    """Name one asset: a recording, a work, a voice, a stem or lyrics; not several and not none."""


class NothingAllowed(Exception):
    """Name at least one use: what is not named is not allowed."""


class NoSuchUse(Exception):
    """This is not a use code; the API's docs list them."""


class EmptySchedule(Exception):
    """A license needs at least one recording or work on its schedule."""


class NotAPart(Exception):
    """A share is a fraction greater than 0 and at most 1."""


@dataclass(frozen=True)
class AssetRef:
    """A recording, a work, a voice, a stem or lyrics, by id."""

    recording_id: UUID | None = None
    work_id: UUID | None = None
    voice_id: UUID | None = None
    stem_id: UUID | None = None
    lyrics_id: UUID | None = None

    def __post_init__(self) -> None:
        """Check that exactly one is named."""
        if sum(id is not None for id in self.columns.values()) != 1:
            raise NotOneAsset

    @property
    def columns(self) -> dict[str, UUID | None]:
        """The columns of a row that is of this asset."""
        return {f"{kind.value}_id": getattr(self, f"{kind.value}_id") for kind in AssetKind}

    @property
    def id(self) -> UUID:
        """The id of the asset, whichever kind it is."""
        return next(id for id in self.columns.values() if id is not None)
