"""What a strategy is to the engine. Its dataclass fields are its parameters."""

from collections.abc import Mapping
from typing import Protocol

from domain.desk import Desk
from domain.proposals import Proposal


class Strategy(Protocol):
    def conditions(self, desk: Desk) -> Mapping[str, bool | None]:
        """Named conditions at a management mark; None where it cannot be measured.

        The engine counts consecutive marks in ``Desk.memory.marks`` under the same names.
        """

    def propose(self, desk: Desk) -> Proposal:
        """What to do this minute, during regular hours."""
