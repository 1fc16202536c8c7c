"""Which tier a new condor has, by VIX and its average over the last closes. Methodology 4.2."""

from dataclasses import dataclass

from domain.desk import Desk
from domain.instruments import VIX
from domain.recalled import recalled
from strategies.iron_condor.parameters import IronCondorParams


@dataclass(frozen=True, slots=True)
class Tier:
    """``delta`` is of the short strikes, ``credit_share`` the least credit as a share of the
    width, ``ranges`` how many expected daily ranges away the shorts are with strikes by range.
    """

    name: str
    delta: float
    credit_share: float
    ranges: float = 0.0


def tier(desk: Desk, params: IronCondorParams) -> Tier | None:
    """The tier by VIX and its average over the last closes; None at the ceiling or without enough
    closes.

    Below calm and below the average: aggressive. Only one of the two: balanced. Neither:
    conservative.
    """
    vix, average = desk.level(VIX), vix_average(desk, params)
    if vix is None or average is None or vix >= params.vix_ceiling:
        return None
    calm, falling = vix < params.vix_calm, vix < average
    if calm and falling:
        return Tier(
            "aggressive",
            params.delta_aggressive,
            params.credit_share_aggressive,
            params.range_aggressive,
        )
    if calm or falling:
        return Tier(
            "balanced", params.delta_balanced, params.credit_share_balanced, params.range_balanced
        )
    return Tier(
        "conservative",
        params.delta_conservative,
        params.credit_share_conservative,
        params.range_conservative,
    )


@recalled("now", "closes")
def vix_average(desk: Desk, params: IronCondorParams) -> float | None:
    """Mean of the last ``average_sessions`` closes before today; None with fewer."""
    today, count = desk.today, params.average_sessions
    closes = desk.closes.get("VIX", ())[-count - 1 :]
    last = [close for on, close in closes if on < today][-count:]
    return sum(last) / len(last) if len(last) == params.average_sessions else None
