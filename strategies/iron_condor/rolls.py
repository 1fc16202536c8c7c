"""The time-shift roll: a threatened condor is closed and opened again later at the same strikes.

Methodology 4.3 and 4.9; an experiment, off unless the profile asks for it. It is two orders, never
one of eight legs: the close goes first, then the same number is opened for more than the close has
cost. In between the desk is flat, and flat it stays when the market moves away. Every gate that
guards new risk must be open before the close is even asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from domain.book import Condor
from domain.combos import IronCondor, PackageQuote, on_grid, package_quote
from domain.desk import Desk, TradingState
from domain.instruments import COMBO_INCREMENT, SPX, VIX, Contract
from domain.orders import Layer, Order, OrderIntent, OrderStatus, Purpose, Walk
from domain.proposals import Proposal, Skip
from strategies.iron_condor.gates import Entry, desk_gates
from strategies.iron_condor.legging import stage, whole
from strategies.iron_condor.parameters import IronCondorParams, Roll
from strategies.iron_condor.range_strikes import daily_range
from strategies.iron_condor.tiers import tier

RULE = "4.3.roll"
TOPIC = "condor.roll"
_NOISE = 1e-6  # points; sums of quotes are no more exact than that
_GUARDS = frozenset(
    {"regime", "stress", "blackout", "vix_ceiling", "working", "quick_ratio", "excess_liquidity"}
)


def conditions(desk: Desk, params: IronCondorParams) -> Mapping[str, bool | None]:
    """Per condor whether SPX stands at or beyond one of its short strikes."""
    if params.roll is Roll.OFF:
        return {}
    spx, found = desk.level(SPX), {}
    for condor in desk.book.open_condors:
        touched = None
        if spx is not None:
            combo = condor.combo
            touched = not combo.short_put.strike < spx < combo.short_call.strike
        found[_touched(condor)] = touched
    return found


def propose(entry: Entry, busy: frozenset[str]) -> Proposal:
    """The next step of a roll: open again what was closed for it, else close what must be rolled.

    ``busy`` are condors that something more urgent closes already.
    """
    desk, params = entry.desk, entry.params
    if params.roll is Roll.OFF:
        return Proposal()
    shut = next((g for g in desk_gates(entry) if g.name in _GUARDS and not g.open), None)
    closed = _closed_for_roll(desk, params)
    if closed:
        return _skip(shut.reason) if shut is not None else _first_reopened(entry, closed)
    if shut is not None or not _may_open(desk):
        return Proposal()
    working = {order.intent.subject for order in desk.working}
    for condor in desk.live_condors:
        if condor.id in working or condor.id in busy:
            continue
        if not whole(condor) or stage(desk, condor):
            continue  # in pieces, or its combo was refused today: not a time for experiments
        step = _due(desk, condor, params)
        if step is not None:
            return _closing(entry, condor, step)
    return Proposal()


def _may_open(desk: Desk) -> bool:
    """Whether what is closed now could be opened again as far as the state of the desk goes."""
    disputed = desk.mismatched or desk.foreign or desk.uncertain
    return desk.trading is TradingState.ACTIVE and not disputed


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a condor should go, and what it must earn there: more than the close costs, or this
    many points.
    """

    why: str
    expirations: tuple[date, ...]
    least: float | None = None


def _due(desk: Desk, condor: Condor, params: IronCondorParams) -> _Step | None:
    """Forward once when a short strike is touched; by range, back once when all is calm again."""
    range_now = daily_range(desk, params) if params.roll is Roll.RANGE else None
    touched = desk.memory.marks.get(_touched(condor), 0) >= params.marks_needed
    if condor.rolls == 0 and touched:
        wide = range_now is not None and range_now > params.roll_range_min
        high = (desk.level(VIX) or 0.0) > params.roll_vix_min
        if params.roll is Roll.RANGE and not (wide or high):
            return None
        return _Step("a short strike is touched", _later(desk, condor, params))
    if params.roll is not Roll.RANGE or condor.rolls != 1 or touched:
        return None
    calm = range_now is not None and range_now < params.roll_range_min
    vwap = desk.memory.vwap
    below = vwap is not None and vwap.on == desk.today and vwap.at_or_below
    level = tier(desk, params)
    if not (calm and below) or level is None:
        return None
    least = level.credit_share * condor.combo.width
    return _Step("the range is narrow again", _sooner(desk, condor, params), least)


def _later(desk: Desk, condor: Condor, params: IronCondorParams) -> tuple[date, ...]:
    old, chain = condor.combo.short_put.expiration, desk.chains.get("SPXW")
    if old is None or chain is None:
        return ()
    last = old + timedelta(days=params.roll_days_max)
    if params.roll_dte_max:
        last = min(last, desk.today + timedelta(days=params.roll_dte_max))
    first = old + timedelta(days=params.roll_days_min)
    return tuple(day for day in chain.expirations if first <= day <= last)


def _sooner(desk: Desk, condor: Condor, params: IronCondorParams) -> tuple[date, ...]:
    old, chain = condor.combo.short_put.expiration, desk.chains.get("SPXW")
    if old is None or chain is None:
        return ()
    last = desk.today + timedelta(days=params.roll_back_dte_max)
    return tuple(day for day in chain.expirations if desk.today < day <= last and day < old)


def _closing(entry: Entry, condor: Condor, step: _Step) -> Proposal:
    """The close, once a later condor is quoted that pays more than the close may cost."""
    desk, params = entry.desk, entry.params
    old = package_quote(condor.combo.closing, desk.quote, worthless_bid=True)
    wanted: tuple[Contract, ...] = ()
    for day in step.expirations:
        new = _moved(condor.combo, day)
        if set(new.contracts) & desk.refused:
            continue
        wanted = new.contracts
        market = package_quote(new.opening, desk.quote)
        if old is None or market is None:
            break
        cost, credit = _dear(old, params), -_dear(market, params)
        least = step.least if step.least is not None else cost + _NOISE
        if credit >= least:
            return replace(_close(condor, old, credit, step.why, params), wanted=wanted)
    reason = f"{condor.id}: no later condor pays for closing it" if wanted else "nothing to roll to"
    return replace(_skip(reason), wanted=wanted)


def _close(
    condor: Condor, market: PackageQuote, credit: float, why: str, params: IronCondorParams
) -> Proposal:
    limit = max(COMBO_INCREMENT, on_grid(market.mid, COMBO_INCREMENT, "nearest"))
    worst = max(limit, on_grid(_dear(market, params), COMBO_INCREMENT, "down"))
    intent = OrderIntent(
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor.combo.closing,
        condor.quantity,
        limit,
        Walk(worst, COMBO_INCREMENT, params.entry_every_s, params.give_up_after_s),
        RULE,
        f"{why}: closed for {market.mid:.2f}, to be opened later for {credit:.2f}",
        condor.id,
        (("debit", market.mid), ("next_credit", credit), ("rolls", float(condor.rolls))),
    )
    return Proposal((intent,))


def _closed_for_roll(desk: Desk, params: IronCondorParams) -> tuple[tuple[Condor, Order], ...]:
    """Condors that were closed for a roll lately and not opened again, oldest first, each with the
    order that closed it. An opening takes the place of one closing only, of the same strikes.
    """
    since = desk.now - timedelta(seconds=params.roll_open_within_s)
    rolls = [order for order in desk.orders.values() if order.intent.rule == RULE]
    opened = [order for order in rolls if order.intent.purpose is Purpose.OPEN_CONDOR]
    found = []
    for order in sorted(rolls, key=lambda order: order.created_at):
        condor = desk.book.condors.get(order.intent.subject)
        if order.intent.purpose is not Purpose.CLOSE_CONDOR or condor is None:
            continue
        if order.status is not OrderStatus.FILLED or condor.is_open:
            continue
        again = next((each for each in opened if _reopens(each, order, condor)), None)
        if again is not None:
            opened.remove(again)
        elif order.created_at >= since:
            found.append((condor, order))
    return tuple(found)


def _reopens(opening: Order, closing: Order, condor: Condor) -> bool:
    strikes = tuple(leg.contract.strike for leg in opening.intent.legs)
    same = strikes == tuple(leg.contract.strike for leg in condor.combo.opening)
    return same and opening.created_at >= closing.created_at


def _first_reopened(entry: Entry, closed: tuple[tuple[Condor, Order], ...]) -> Proposal:
    """One at a time, so that each is judged with the others working or filled; one that does not
    pay does not hold up the next.
    """
    proposal = Proposal()
    for condor, order in closed:
        again = _reopened(entry, condor, order)
        if again.intents:
            return again
        proposal += again
    return proposal


def _reopened(entry: Entry, condor: Condor, closing: Order) -> Proposal:
    """The same strikes and the same number later, for more than the close has cost."""
    desk, params = entry.desk, entry.params
    back = condor.rolls == 1
    days = _sooner(desk, condor, params) if back else _later(desk, condor, params)
    paid = max(closing.limit, COMBO_INCREMENT)  # filled at this price or better
    level = tier(desk, params)
    least = paid + COMBO_INCREMENT
    if back:
        share = level.credit_share if level is not None else 1.0
        least = on_grid(share * condor.combo.width, COMBO_INCREMENT, "up")
    wanted: tuple[Contract, ...] = ()
    for day in days:
        new = _moved(condor.combo, day)
        if set(new.contracts) & desk.refused:
            continue
        wanted = new.contracts
        market = package_quote(new.opening, desk.quote)
        if market is None:
            break
        limit = on_grid(market.mid, COMBO_INCREMENT, "nearest")
        if -limit >= least:
            intent = _open(new, closing.filled, limit, least, condor, market, params)
            return Proposal((intent,), wanted=wanted)
    return replace(_skip("what was closed for a roll is not worth opening now"), wanted=wanted)


def _open(
    new: IronCondor,
    quantity: int,
    limit: Decimal,
    least: Decimal,
    old: Condor,
    market: PackageQuote,
    params: IronCondorParams,
) -> OrderIntent:
    dear = on_grid(_dear(market, params), COMBO_INCREMENT, "down")
    worst = max(limit, min(-least, dear))
    return OrderIntent(
        Purpose.OPEN_CONDOR,
        Layer.CONDOR,
        new.opening,
        quantity,
        limit,
        Walk(worst, COMBO_INCREMENT, params.entry_every_s, params.give_up_after_s),
        RULE,
        f"{old.id} opened again later for {-market.mid:.2f}, at least {least:.2f}",
        inputs=(("credit", -market.mid), ("credit_min", float(least)), ("rolls", old.rolls + 1.0)),
    )


def _moved(combo: IronCondor, day: date) -> IronCondor:
    return IronCondor(*(replace(contract, expiration=day) for contract in combo.contracts))


def _dear(market: PackageQuote, params: IronCondorParams) -> float:
    """The worst price a package is asked for: mid and a part of the spread."""
    return market.mid + params.entry_concession * market.spread


def _skip(reason: str) -> Proposal:
    return Proposal(skips=(Skip(TOPIC, RULE, reason, None, Layer.CONDOR),))


def _touched(condor: Condor) -> str:
    return f"{condor.id}:touched"
