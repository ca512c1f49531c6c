"""The words of royalties that are stored. Pure."""

from enum import StrEnum


class WeighingModel(StrEnum):
    """By what a side's assets are weighed (§5.1)."""

    TRAIN_EQUAL = "train_equal"  # all alike
    TRAIN_PRORATA = "train_prorata"  # by how much of each was trained on
    OUTPUT_INFLUENCE = "output_influence"  # as an attribution provider says of the output
    OWN_SIMILARITY = "own_similarity"  # by what we heard of each in the output: similarity, not influence


class Basis(StrEnum):
    """What is counted of an asset that was trained on."""

    SECONDS = "seconds"
    TOKENS = "tokens"
    TRACKS = "tracks"


class Scope(StrEnum):
    """For which outputs of a license a plan is, from the widest to the narrowest."""

    ACCOUNT = "account"  # all of them
    PARTY = "party"  # whose masters are one party's: a label's, an artist's
    RELEASE = "release"  # whose recordings are all on one release
    TRACK = "track"  # that rest on one recording alone


class MoneyTerm(StrEnum):
    """Money terms that are no splits."""

    MINIMUM = "minimum"  # guarantee: what is missing at the end of the period is topped up
    ADVANCE = "advance"
    BUYOUT = "buyout"
    TRAINING_FEE = "training_fee"  # one fee for training, divided among the assets of the schedule
    PER_GENERATION = "per_generation"
    SUB_SHARE = "sub_share"  # of the service's net revenue, by usage
    DOWNSTREAM = "downstream"  # of what the output earns elsewhere
    STATUTORY = "statutory"


class DivisionReason(StrEnum):
    """Why splits were derived again."""

    RIGHTS = "rights"  # shares, conflicts, parties
    INFLUENCE = "influence"  # a provider's report came, or another one
    PLAN = "plan"
    CREATORS = "creators"  # who made it was corrected
    ASKED = "asked"
