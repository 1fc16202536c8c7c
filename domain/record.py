"""What the desk remembers of itself from session to session: marks, campaigns, fills, conduct.

Built from journaled decisions alone, so it survives a restart. Bounded: the oldest is forgotten.
Computes nothing; ``engine.kpi`` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

DAYS_KEPT = 1300  # a little over five years of sessions
CAMPAIGNS_KEPT = 500


@dataclass(frozen=True, slots=True)
class LayerMark:
    """Totals of one layer since the first day, USD. ``unrealized`` is None without a quote.

    ``decay`` is the share of extrinsic value lost a day since the mark before, 0.02 is 2 %.
    """

    realized: float = 0.0
    fees: float = 0.0
    unrealized: float | None = None
    decay: float | None = None

    @property
    def result(self) -> float | None:
        return None if self.unrealized is None else self.realized + self.unrealized - self.fees


@dataclass(frozen=True, slots=True)
class DayMark:
    """One session at its close. USD; None where it could not be known."""

    on: date
    regime: str
    net_liquidation: float | None = None
    cash: float | None = None
    margin: float | None = None  # maintenance, as the broker says
    vix: float | None = None
    units: int = 0  # open condor units
    at_risk: float = 0.0  # maximum loss of the open condors
    condor_cash: float = 0.0  # net cash of all condor trades since the first day, after fees
    hedge_value: float | None = None  # at the bid
    hedge_traded: float = 0.0  # premium bought and sold since the mark before, both positive
    layers: Mapping[str, LayerMark] = field(default_factory=dict)
    extrinsic: Mapping[str, float] = field(default_factory=dict)  # points by tranche, newest only


@dataclass(frozen=True, slots=True)
class Campaign:
    """One condor from opening to closing. ``result`` is before fees, USD."""

    id: str
    opened_on: date
    units: int
    fees: float = 0.0
    result: float = 0.0
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """Finished orders against the middle of the market at that moment.

    ``saved`` is USD better than mid, negative when worse; ``unmeasured`` orders had no two-sided
    market to compare with.
    """

    orders: int = 0
    contracts: int = 0
    saved: float = 0.0
    unmeasured: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    days: tuple[DayMark, ...] = ()
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)  # oldest first
    quality: Mapping[str, Quality] = field(default_factory=dict)  # by layer
    violations: Mapping[str, int] = field(default_factory=dict)  # of the method, by kind
