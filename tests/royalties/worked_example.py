"""The worked royalty example: its facts as weights, and every figure that must come out."""

from fractions import Fraction

POOLS = {"DE": 100_001, "US": 74_738, "JP": 27_452}
_NET, _INFLUENCE = Fraction(17, 20), {"R1": (309, 500), "R2": (191, 500), "W1": (1, 2), "W2": (1, 3), "W3": (1, 6)}
OWNERS = {
    "DE": {
        "R1": {"A": (1, 1)},
        "R2": {"B": (2, 3), "D": (1, 3)},
        "W1": {"C": (3, 4), "D": (1, 4)},
        "W2": {"C": (3, 5), "E": (2, 5)},
        "W3": {"C": (1, 3), "D": (1, 3), "E": (1, 3)},
    },
    "US": {
        "R1": {"B": (1, 1)},
        "R2": {"B": (2, 3), "D": (1, 3)},
        "W1": {"C": (1, 2), "D": (1, 2)},
        "W2": {"C": (1, 2), "E": (2, 5), "HOLD": (1, 10)},
        "W3": {"C": (1, 3), "D": (1, 3), "E": (1, 3)},
    },
    "JP": {
        "R1": {"B": (1, 1)},
        "R2": {"B": (2, 3), "D": (1, 3)},
        "W1": {"C": (3, 4), "D": (1, 4)},
        "W2": {"E": (1, 1)},
        "W3": {"C": (1, 3), "D": (1, 3), "E": (1, 3)},
    },
}
EXPECTED = {
    "DE": {
        "COMM": 15000, "HC": 25500, "R1/A": 18386, "R2/B": 7576, "R2/D": 3788, "W1/C": 11156, "W1/D": 3719,
        "W2/C": 5950, "W2/E": 3967, "W3/C": 1653, "W3/D": 1653, "W3/E": 1653,
    },
    "US": {
        "COMM": 11211, "HC": 19058, "R1/B": 13741, "R2/B": 5662, "R2/D": 2831, "W1/C": 5559, "W1/D": 5559,
        "W2/C": 3706, "W2/E": 2965, "W2/HOLD": 741, "W3/C": 1235, "W3/D": 1235, "W3/E": 1235,
    },
    "JP": {
        "COMM": 4118, "HC": 7000, "R1/B": 5047, "R2/B": 2080, "R2/D": 1040, "W1/C": 3062, "W1/D": 1021,
        "W2/E": 2722, "W3/C": 454, "W3/D": 454, "W3/E": 454,
    },
}  # fmt: skip
BUMPED = {
    "DE": {"W3/C", "W3/D", "W3/E", "W1/D", "W2/E", "R1/A"},
    "US": {"R1/B", "W2/C", "COMM", "W1/C", "W1/D", "W2/E"},
    "JP": {"R2/D", "W1/D", "R2/B", "COMM", "W3/C", "W3/D", "W3/E"},
}
TOTALS = {"COMM": 30329, "HC": 51558, "A": 18386, "B": 34106, "C": 32775, "D": 21300, "E": 12996, "HOLD": 741}
ADJUSTED_DE = {
    "COMM": 14100, "HC": 23970, "R1/A": 17282, "R2/B": 7122, "R2/D": 3561, "W1/C": 10487, "W1/D": 3496,
    "W2/C": 5593, "W2/E": 3729, "W3/C": 1554, "W3/D": 1553, "W3/E": 1553,
}  # fmt: skip
FALLBACK_DE = {
    "COMM": 15000, "HC": 25500, "R1/A": 11900, "R2/B": 11900, "R2/D": 5950, "W1/C": 7437, "W1/D": 2479,
    "W2/C": 5950, "W2/E": 3967, "W3/C": 3306, "W3/D": 3306, "W3/E": 3306,
}  # fmt: skip
LIFTED_DE = {
    "COMM": 10500, "HC": 25500, "R1/A": 19776, "R2/B": 8149, "R2/D": 4075, "W1/C": 12000, "W1/D": 4000,
    "W2/C": 6400, "W2/E": 4267, "W3/C": 1778, "W3/D": 1778, "W3/E": 1778,
}  # fmt: skip
FALLBACK = {"R1": (2, 5), "R2": (3, 5), "W1": (1, 3), "W2": (1, 3), "W3": (1, 3)}


def weights(
    territory: str,
    influence: dict[str, tuple[int, int]] | None = None,
    *,
    commission: Fraction = Fraction(3, 20),
    side: Fraction = _NET * Fraction(7, 10) / 2,
) -> dict[str, Fraction]:
    """Build the weights of a pool from the example's facts."""
    found = {"COMM": commission, "HC": _NET * Fraction(3, 10)}
    for asset, owners in OWNERS[territory].items():
        for payee, part in owners.items():
            found[f"{asset}/{payee}"] = side * Fraction(*(influence or _INFLUENCE)[asset]) * Fraction(*part)
    return found
