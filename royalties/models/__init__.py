"""The tables of royalties: plans and splits, usage, runs with their postings."""

from royalties.models.plans import Plan, Split

__all__ = ["Plan", "Split"]
