"""The books of the study: the shared variants of one policy, and those that begin on another day.

What the engine cannot express as parameters is no book here: the report lists it as missing.
"""

from engine.policy import Policy
from engine.shadow.books import HEDGED, UNHEDGED, BookSpec, study_books

__all__ = ["HEDGED", "PHASES", "UNHEDGED", "BookSpec", "phase_books", "shadow_books"]

PHASES = (5, 10, 15)  # sessions: one, two and three weeks, of a cycle of about five


def shadow_books(base: Policy) -> tuple[BookSpec, ...]:
    """Every book of the study, the unhedged one first."""
    return study_books(base)


def phase_books(base: Policy) -> tuple[BookSpec, ...]:
    """The hedged book, its hedge begun one to three weeks later: luck with the roll's day."""
    return tuple(
        BookSpec(f"Hd+{late}", f"the hedge begun {late} sessions later", base, late)
        for late in PHASES
    )
