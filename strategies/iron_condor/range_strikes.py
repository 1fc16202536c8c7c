"""Which four legs when short strikes stay outside the expected daily range. Methodology 4.9.

Both shorts start at the first strike outside so many ranges and move in together, a listed strike
at a time, until the credit is enough. Refuses to move into the money.
"""

from dataclasses import dataclass
from datetime import date
from math import isfinite

from domain.chain import OptionChain
from domain.combos import IronCondor, package_quote
from domain.desk import Desk
from domain.instruments import SPX, VIX, VIX9D, Contract, Right
from domain.orders import DenialCode
from domain.payoff import expected_daily_range, realized_volatility
from strategies.iron_condor.expiry import Expiry, read_expiry
from strategies.iron_condor.listed import Listed
from strategies.iron_condor.parameters import IronCondorParams
from strategies.iron_condor.strikes import Choice, Side, coarse_row, measures, wing_width
from strategies.iron_condor.tiers import Tier


def daily_range(desk: Desk, params: IronCondorParams) -> float | None:
    """The expected daily range in per cent of SPX: m (VIX9D / 6 + 5 HV20 / 6) / sqrt(252).

    None without VIX9D or with too few closes of SPX.
    """
    nine = desk.level(VIX9D)
    today = desk.today
    closes = [close for on, close in desk.closes.get("SPX", ()) if on < today]
    realized = realized_volatility(closes, params.range_sessions)
    if nine is None:
        return None
    found = float(expected_daily_range(nine, realized, params.range_multiplier))
    return found if isfinite(found) else None


def choose_outside(
    desk: Desk, chain: OptionChain, expiration: date, level: Tier, params: IronCondorParams
) -> Choice:
    """The condor furthest out that earns its credit, once every strike on the way in is quoted."""
    spx, vix, percent = desk.level(SPX), desk.level(VIX), daily_range(desk, params)
    if spx is None or vix is None or percent is None:
        reason = "no index level" if percent is not None else "no expected daily range"
        return Choice((), reason=reason, denial=DenialCode.QUOTE_MISSING)
    listed = Listed(desk, chain, expiration)
    coarse = coarse_row(listed, spx, vix)
    distance = level.ranges * percent / 100.0 * spx
    steps = _Steps(listed, spx, distance, params)
    wanted = tuple(dict.fromkeys((*coarse, *steps.contracts)))
    expiry = read_expiry(listed, coarse[0]) if coarse else None
    if expiry is None:
        return Choice(wanted, reason="waiting for a forward", denial=DenialCode.QUOTE_MISSING)
    inputs = (("range_percent", percent), ("range_points", distance))
    least = level.credit_share * steps.width
    for condor in steps.condors:
        if any(listed.quote(contract) is None for contract in condor.contracts):
            why = DenialCode.QUOTE_MISSING
            return Choice(wanted, None, "waiting for strikes", why, inputs, expiry)
        market = package_quote(condor.opening, desk.quote)
        if market is not None and -market.mid >= least:
            return Choice(wanted, condor, inputs=(*inputs, *_read(expiry, condor)), expiry=expiry)
    reason = "no strikes outside the money earn the credit"
    return Choice(wanted, None, reason, DenialCode.CREDIT_TOO_SMALL, inputs, expiry)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The condors from the outermost inwards."""

    listed: Listed
    spx: float
    distance: float
    params: IronCondorParams

    @property
    def width(self) -> float:
        return self.params.wing_points or wing_width(self.spx, self.params)

    @property
    def condors(self) -> list[IronCondor]:
        pairs = zip(self._side(Right.PUT), self._side(Right.CALL), strict=False)
        return [IronCondor(put[1], put[0], call[0], call[1]) for put, call in pairs]

    @property
    def contracts(self) -> list[Contract]:
        return [contract for condor in self.condors for contract in condor.contracts]

    def _side(self, right: Right) -> list[tuple[Contract, Contract]]:
        """Short and wing, from the first strike outside the range inwards."""
        strikes = self.listed.shorts(right, self.spx)
        if right is Right.PUT:
            inwards = [s for s in strikes if s <= self.spx - self.distance][-1:]
            inwards += [s for s in strikes if s > self.spx - self.distance]
        else:
            inwards = [s for s in strikes if s >= self.spx + self.distance][:1]
            inwards += [s for s in reversed(strikes) if s < self.spx + self.distance]
        found = []
        for strike in inwards[: self.params.range_steps_max + 1]:
            wing = self.listed.wing(strike, right, self.width)
            if wing is not None:
                found.append((self.listed.option(strike, right), wing))
        return found


def _read(expiry: Expiry, condor: IronCondor) -> tuple[tuple[str, float], ...]:
    put, call = expiry.reading(condor.short_put), expiry.reading(condor.short_call)
    if put is None or call is None:
        return (("forward", expiry.forward),)
    return measures(expiry, Side(put, condor.long_put), Side(call, condor.long_call))
