"""A run's files in the store, by their digests: any worker anywhere finds them, and nobody else's instead."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from fingerprint import store
from royalties.runs import files, frozen

ALIAS = "royalties"


def keep(folder: Path, digests: Mapping[str, str]) -> None:
    """
    Put files into the store.

    :param digests: names to SHA-256, as ``Frozen.files`` and ``PartitionResult.files`` have them
    :raises FileChanged: one of them is not what it was when it was made
    """
    for name, digest in digests.items():
        if store.put(folder / name, alias=ALIAS) != digest:
            raise files.FileChanged(f"{files.FileChanged.__doc__} It is {name}.")


def bring(digests: Mapping[str, str], into: Path) -> None:
    """
    Lay files of the store into a folder.

    :raises NoSuchAudio: the store has none of such a digest
    """
    for name, digest in digests.items():
        with store.local(digest, alias=ALIAS) as path:
            shutil.copyfile(path, into / name)


def bring_partition(digest: str, numbers: Iterable[int], into: Path) -> frozen.Manifest:
    """
    Lay what was frozen into a folder: what belongs to all, and of the partitions those that are named.

    :param digest: of the manifest
    """
    bring({"manifest.json": digest}, into)
    manifest = frozen.read_manifest(into, digest=digest)
    more = [name for name in ("terms.json", "days.json") if name in manifest.files]
    wanted = ["rates.json", "left-out.json", *more, *(name for number in numbers for name in frozen.names(number))]
    bring({name: manifest.files[name] for name in wanted}, into)
    return manifest
