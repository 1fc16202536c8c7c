"""A gate: one condition that must hold before something is done, with what it was judged by."""

from dataclasses import dataclass

from domain.orders import DenialCode


@dataclass(frozen=True, slots=True)
class Gate:
    """``open`` is None when it cannot be judged, which keeps the way shut like False.

    ``value`` and ``limit`` are in the unit that ``text`` names; ``age_s`` is the age of the datum.
    ``reason`` says why the way is shut, without changing numbers, and is empty when it is open.
    """

    topic: str  # what waits behind it: "condor.entry", "hedge.build", ...
    name: str
    rule: str  # section or row of the method
    open: bool | None
    text: str
    value: float | None = None
    limit: float | None = None
    age_s: float | None = None
    reason: str = ""
    denial: DenialCode | None = None
