"""Which market-data lines to open and which to give back.

Pure: wanted and active in, difference out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.instruments import Contract


@dataclass(frozen=True, slots=True)
class LineChange:
    """Cancel first, then request: the gateway counts lines at every instant."""

    cancel: tuple[Contract, ...]
    request: tuple[Contract, ...]


def line_change(
    wanted: Sequence[Contract], active: Collection[Contract], budget: int
) -> LineChange:
    """From ``active``, in order of opening, to the first ``budget`` different ones of ``wanted``.

    ``wanted`` has the most important first; a line that stays is never touched. A budget of zero or
    less gives everything back.
    """
    keep = tuple(dict.fromkeys(wanted))[: max(0, budget)]
    kept = frozenset(keep)
    return LineChange(
        cancel=tuple(contract for contract in active if contract not in kept),
        request=tuple(contract for contract in keep if contract not in active),
    )
