"""How far SPX may move, by several days from now, before a new condor loses (S35): alone, and with
its share of the hedge that is held.

SPX moves on a grid, VIX with it by the beta of the front future. What must hold is a share of the
expected move, not the whole of it: docs/decisions/0008. Refuses to guess: what cannot be read is
unknown, except the beta, for which a parameter stands in and is recorded as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from domain.combos import IronCondor, PackageQuote
from domain.desk import Desk
from domain.gates import Gate
from domain.instruments import SPX, Contract, Right
from domain.option_readings import read_each
from domain.orders import DenialCode
from domain.payoff import expected_move
from domain.pricing import Floats
from domain.recalled import recalled
from domain.scenario_grid import BreakEvenReason, BreakEvens, Legs, break_evens, legs
from domain.session import days_to_expiration
from domain.signals import Signal
from strategies.iron_condor.expiry import Expiry
from strategies.iron_condor.gates import Entry, gate
from strategies.iron_condor.parameters import IronCondorParams

_SETTLED_DAYS = 0.01  # added to the expiry horizon, so that every leg is at intrinsic there
_FRONT_DAYS_MIN = 5


@dataclass(frozen=True, slots=True)
class Link:
    """Where SPX stands and how VIX goes with it: ``beta`` of the front future, its price and the
    days to its settlement.
    """

    spot: float
    beta: float
    front: float
    front_days: float


@dataclass(frozen=True, slots=True)
class _Call:
    """A VIX call held beside a condor, in so many contracts; ``mid`` and ``forward`` in points."""

    contract: Contract
    quantity: float
    mid: float
    forward: float
    vol: float
    years: float


@dataclass(frozen=True, slots=True)
class Bands:
    """Per horizon: SPX at both break-evens and the expected move, all in points.

    ``reach`` is the smaller distance from spot to a break-even over the expected move; infinite
    where neither side can lose, 0 where the condor loses already, NaN where it cannot be read.
    ``hedged`` is None until asked for, and without a hedge.
    """

    names: tuple[str, ...]
    days: Floats
    moves: Floats
    alone: BreakEvens
    reach: Floats
    link: Link
    hedged: BreakEvens | None = None

    @property
    def inputs(self) -> tuple[tuple[str, float], ...]:
        """Both break-evens of every horizon, as far as there are any, for the record."""
        found: list[tuple[str, float]] = []
        books = (("", self.alone), ("_hedged", self.hedged))
        for place, name in enumerate(self.names):
            found.append((f"em_{name}", float(self.moves[place])))
            for suffix, book in books:
                if book is not None:
                    found.append((f"be_low_{name}{suffix}", float(book.low[place])))
                    found.append((f"be_high_{name}{suffix}", float(book.high[place])))
        return tuple((name, value) for name, value in found if np.isfinite(value))


def break_even_gate(bands: Bands | None, params: IronCondorParams) -> Gate:
    """Open when at every required horizon the condor alone survives the required share of the
    expected move to both sides.
    """
    reach = None if bands is None else required_reach(bands, params)
    least = params.break_even_moves
    return gate(
        "break_even",
        "S35",
        None if reach is None else reach >= least,
        f"break-evens at least {least:g} expected moves away at every required horizon;"
        " expected moves",
        reason="break-evens unknown" if reach is None else "break-evens too near",
        denial=DenialCode.QUOTE_MISSING if reach is None else DenialCode.BREAK_EVEN,
        value=None if reach is None else min(reach, 99.0),
        limit=least,
    )


def required_reach(bands: Bands, params: IronCondorParams) -> float | None:
    """The smallest reach over the horizons that count; None when one of them is unknown."""
    counted = [_name(days) for days in params.break_even_required_days]
    if params.break_even_at_expiry:
        counted.append("expiry")
    places = [place for place, name in enumerate(bands.names) if name in counted]
    if len(places) < len(counted):  # a horizon beyond the expiration: the expiration counts for it
        places.append(bands.names.index("expiry"))
    reach = float(np.min(bands.reach[places])) if places else inf
    return None if np.isnan(reach) else reach


def bands_of(
    entry: Entry, expiry: Expiry, condor: IronCondor, market: PackageQuote
) -> Bands | None:
    """The break-evens of condors bought at mid, the same for any number of them; None without
    spot, front or smile.
    """
    desk, params = entry.desk, entry.params
    spot, vol = desk.level(SPX), expiry.volatility_at_the_money
    front = _front(desk)
    if spot is None or vol is None or front is None:
        return None
    names, days = _horizons(params, 365.0 * expiry.years)
    link = Link(spot, vx_beta(desk, params)[0], *front)
    alone = _found(expiry, condor, market.mid, tuple(days.tolist()), link, ())
    if alone is None:
        return None
    moves = expected_move(spot, vol, np.minimum(days, 365.0 * expiry.years))
    return Bands(names, days, moves, alone, _reach(alone, spot, moves), link)


def with_hedge(
    bands: Bands,
    desk: Desk,
    expiry: Expiry,
    condor: IronCondor,
    market: PackageQuote,
    quantity: int,
) -> Bands:
    """``bands`` with the break-evens of one of ``quantity`` condors and its share of the hedge."""
    hedge = _hedge(desk, 1.0 / (quantity + desk.live_contracts))
    if not hedge:
        return bands
    days = tuple(bands.days.tolist())
    return replace(bands, hedged=_found(expiry, condor, market.mid, days, bands.link, hedge))


@recalled("readings", "smile", "forward", "discount", "years", looks=2)  # books that agree
def _found(
    expiry: Expiry,
    condor: IronCondor,
    mid: float,
    days: tuple[float, ...],
    link: Link,
    hedge: tuple[_Call, ...],
) -> BreakEvens | None:
    """Of one condor bought at ``mid`` and the VIX calls beside it."""
    book = _condor_legs(expiry, condor, link.spot)
    if book is None:
        return None
    paid = mid * condor.long_put.multiplier
    if hedge:
        book += _hedge_legs(hedge)
        paid += sum(call.quantity * call.contract.multiplier * call.mid for call in hedge)
    return break_evens(
        book, paid, link.spot, days, beta=link.beta, front=link.front, front_days=link.front_days
    )


def vx_beta(desk: Desk, params: IronCondorParams) -> tuple[float, bool]:
    """Beta of front VX returns to SPX returns, and whether it was measured."""
    reading = desk.memory.signals.get(Signal.VX_BETA)
    if reading is None or reading.value is None:
        return params.vx_beta_assumed, False
    return reading.value, True


def _horizons(params: IronCondorParams, to_expiry: float) -> tuple[tuple[str, ...], Floats]:
    """The horizons before the expiration, by name, and the expiration itself."""
    named: Mapping[str, float] = {_name(days): days for days in params.break_even_days}
    if params.dte_exit > 0:
        named = {**named, f"{params.dte_exit}dte": to_expiry - params.dte_exit}
    inside = {name: days for name, days in named.items() if 0 < days < to_expiry}
    ends = to_expiry + _SETTLED_DAYS
    return (*inside, "expiry"), np.array([*inside.values(), ends])


def _name(days: float) -> str:
    return f"{days:g}d"


def _reach(found: BreakEvens, spot: float, moves: Floats) -> Floats:
    sides = (
        (spot - found.low, found.low_reason),
        (found.high - spot, found.high_reason),
    )
    reach = []
    for distance, reason in sides:
        share = distance / moves
        share = np.where(reason == BreakEvenReason.NO_LOSS, np.inf, share)
        reach.append(np.where(reason == BreakEvenReason.UNDER_WATER, 0.0, share))
    return np.asarray(np.minimum(*reach), np.float64)


def _condor_legs(expiry: Expiry, condor: IronCondor, spot: float) -> Legs | None:
    readings = [expiry.reading(contract) for contract in condor.contracts]
    vols = [reading.vol for reading in readings if reading is not None]
    if len(vols) < len(readings):
        return None
    return legs(
        [leg.ratio for leg in condor.opening],
        condor.long_put.multiplier,
        [contract.strike for contract in condor.contracts],
        [contract.right is Right.CALL for contract in condor.contracts],
        expiry.years,
        vols,
        expiry.forward,
        expiry.discount,
        spot=spot,
    )


def _hedge(desk: Desk, share: float) -> tuple[_Call, ...]:
    """``share`` of the hedge; nothing when nothing is held or a call cannot be read."""
    held = desk.book.open_tranches
    options: list[tuple[Contract, float, float]] = []
    for tranche in held:
        contract = tranche.contract
        forward, quote = _future_level(desk, contract), desk.quote(contract)
        mid = None if quote is None else quote.mid
        if forward is None or mid is None:
            return ()
        options.append((contract, mid, forward))
    readings = read_each(options, desk.calendar, desk.now)
    if len(readings) < len(held):
        return ()
    return tuple(
        _Call(
            contract, share * tranche.quantity, mid, forward, reading.vol,
            desk.calendar.years_to_settlement(contract, desk.now),
        )
        for tranche, (contract, mid, forward), reading in zip(held, options, readings, strict=True)
    )  # fmt: skip


def _hedge_legs(hedge: tuple[_Call, ...]) -> Legs:
    return legs(
        [call.quantity for call in hedge],
        [call.contract.multiplier for call in hedge],
        [call.contract.strike for call in hedge],
        True,
        [call.years for call in hedge],
        [call.vol for call in hedge],
        [call.forward for call in hedge],
        vix=True,
    )


def _future_level(desk: Desk, contract: Contract) -> float | None:
    """Level of the future that settles with a VIX option."""
    assert contract.expiration is not None
    settles_on = desk.calendar.next_session(contract.expiration)
    future = next((one for one in desk.futures if one.expiration == settles_on), None)
    return None if future is None else desk.level(future)


def _front(desk: Desk) -> tuple[float, float] | None:
    """Price of the first future at least five days from settlement, and those days."""
    for future in desk.futures:
        days = days_to_expiration(future, desk.now)
        if days >= _FRONT_DAYS_MIN:
            level = desk.level(future)
            return None if level is None else (level, float(days))
    return None
