"""What the hedge rules must still know after a restart. Values only; rebuilt from journaled
decisions.
"""

from dataclasses import dataclass
from datetime import date

RATIOS_KEPT = 500  # more sessions than any ratio is estimated from


@dataclass(frozen=True, slots=True)
class HedgeState:
    """``ratios`` is h of S28 from each day on, oldest first; empty while the static one holds.

    ``momentum_up`` is the sign of MACD(VIXY) when last known, ``up_on`` the last day it was up.
    ``settled`` counts calls carried into settlement although somebody had bid for them,
    ``unsellable`` those that nobody bid for through their whole deadline window.
    """

    ratios: tuple[tuple[date, float], ...] = ()
    momentum_up: bool | None = None
    up_on: date | None = None
    settled: int = 0
    unsellable: int = 0

    def ratio_on(self, day: date, default: float) -> float:
        """H in force at the close of ``day``."""
        held = [ratio for since, ratio in self.ratios if since <= day]
        return held[-1] if held else default
