"""How loud a piece of audio is, and where it is silent: measured in passing, in whole numbers, so the same anywhere."""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32_768
WINDOW_SAMPLES = 1_102  # a tenth of a second at 11,025 Hz
SILENT_POWER = 1_073  # -60 dB of full scale, as the mean square of samples around their mean


class Meter:
    """
    Measures mono blocks at 11,025 Hz: peak, root mean square, and silence.

    A window of a tenth of a second is silent if it moves less than 60 dB below full scale; standing at another value
    than zero is no sound either.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._peak = 0
        self._energy = 0  # an exact sum of squares
        self._rest = np.zeros(0, np.int16)
        self._windows = self._silent = self._trailing = 0
        self._leading: int | None = None  # None until something sounds

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block, which may be empty."""
        if not block.size:
            return
        wide = block.astype(np.int64)
        self._peak = max(self._peak, int(np.abs(wide).max()))
        self._energy += int(np.dot(wide, wide))
        self.samples += block.size
        waiting = np.concatenate([self._rest, block])
        count = waiting.size // WINDOW_SAMPLES
        self._rest = waiting[count * WINDOW_SAMPLES :]
        if count:
            self._take(waiting[: count * WINDOW_SAMPLES].astype(np.int64).reshape(count, WINDOW_SAMPLES))

    def _take(self, windows: NDArray[np.int64]) -> None:
        spread = WINDOW_SAMPLES * (windows**2).sum(axis=1) - windows.sum(axis=1) ** 2
        sounding = np.flatnonzero(spread >= WINDOW_SAMPLES**2 * SILENT_POWER)
        if sounding.size:
            if self._leading is None:
                self._leading = self._windows + int(sounding[0])
            self._trailing = len(windows) - 1 - int(sounding[-1])
        else:
            self._trailing += len(windows)
        self._windows += len(windows)
        self._silent += len(windows) - sounding.size

    @property
    def peak_millionths(self) -> int:
        """The largest sample, of full scale."""
        return min(1_000_000, self._peak * 1_000_000 // FULL_SCALE)

    @property
    def rms_millionths(self) -> int:
        """The root mean square, of full scale."""
        if not self.samples:
            return 0
        # A whole root of whole numbers: the same on every machine.
        return min(1_000_000, isqrt(self._energy * 10**12 // self.samples) // FULL_SCALE)

    @property
    def silence_ms(self) -> int:
        """All silence together; a last window that is not whole does not count."""
        return _ms(self._silent)

    @property
    def leading_silence_ms(self) -> int:
        """The silence before anything sounds: all of it, if nothing does."""
        return _ms(self._windows if self._leading is None else self._leading)

    @property
    def trailing_silence_ms(self) -> int:
        """The silence after everything has sounded: all of it, if nothing does."""
        return _ms(self._trailing)


def _ms(windows: int) -> int:
    return windows * WINDOW_SAMPLES * 1_000 // 11_025
