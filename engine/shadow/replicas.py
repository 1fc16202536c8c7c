"""Two published indices as books on paper: CNDR and VXTH, by their own rules, on live quotes.

Nothing of the product's method is in here. Where the daemon cannot follow an index to the letter
docs/shadow.md says so. Trades take the natural side of every quote; no quote, no trade.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.chain import OptionChain, nearest
from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract, Right, spxw_option, vix_option
from domain.quotes import Quote
from domain.session import new_york
from domain.shadows import ShadowDay
from engine.settlement import settlement_level
from engine.shadow.book import Heard
from engine.shadow.delta_search import better_strike, strike_at
from engine.shadow.venue import PaperFills, marked
from risk.curve import settlement_future

CNDR_AT, VXTH_AT = time(11, 0), time(12, 0)
_SCOUTING = timedelta(minutes=15)  # strikes are looked for from so long before a roll
_DELTAS = ((Right.PUT, 0.05), (Right.PUT, 0.20), (Right.CALL, 0.20), (Right.CALL, 0.05))
_CALL_DELTA = 0.30
_WEIGHTS = ((15.0, 0.01), (30.0, 0.005), (50.0, 0.0))  # above this forward, this share
_MULTIPLE = 10  # cash behind a condor, in widths of its wider wing
_TRIES_MAX = 10
_DAYS_MIN = 15  # the next monthly series, not the one about to end
_CENT, _ZERO = Decimal("0.01"), Decimal(0)


class Replica(StrEnum):
    CNDR = "CNDR"
    VXTH = "VXTH"


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """USD and signed contracts. ``shares`` of the S&P 500 price index stand behind VXTH's calls.

    ``search`` are the strikes being looked at, ``until`` the day after which the next roll is due.
    """

    start: Decimal
    cash: Decimal
    held: tuple[tuple[Contract, int], ...] = ()
    shares: float = 0.0
    search: tuple[Contract, ...] = ()
    tries: int = 0
    until: date | None = None
    lacking: str = ""
    closed_on: date | None = None


def opened(start: Decimal) -> ReplicaState:
    return ReplicaState(start, start)


def look(
    kind: Replica, state: ReplicaState, heard: Heard, desk: Desk, rules: PaperFills
) -> tuple[ReplicaState, ShadowDay | None]:
    """One minute of the replica; the session it has just closed, if so."""
    state = _settled(state, desk)
    if desk.calendar.is_open(desk.now):
        due = _condor_due(state, desk) if kind is Replica.CNDR else _calls_due(state, desk)
        if due is not None and desk.now >= due - _SCOUTING:
            state = _searched(kind, state, heard, desk)
            if desk.now >= due and state.search and state.tries < 0:
                state = _rolled(kind, state, heard, desk, rules)
        return state, None
    return _closed(state, heard, desk)


def wanted(state: ReplicaState) -> tuple[Contract, ...]:
    """What it holds, then the strikes it looks at."""
    return tuple(dict.fromkeys((*(c for c, _ in state.held), *state.search)))


def worth(state: ReplicaState, heard: Heard, desk: Desk) -> Decimal | None:
    """Cash, options at mid and shares at the index; None when something has no price."""
    total = state.cash
    for contract, quantity in state.held:
        mid = marked(_quote(heard, desk, contract))
        if mid is None:
            return None
        total += Decimal(f"{mid:.4f}") * quantity * contract.multiplier
    if state.shares:
        level = desk.level(SPX)
        if level is None:
            return None
        total += Decimal(f"{level * state.shares:.2f}")
    return total.quantize(_CENT)


def weight(forward: float) -> float:
    """The share of wealth that buys calls at a one-month VIX forward in points (VXTH)."""
    share = 0.0
    for above, found in _WEIGHTS:
        if forward > above:
            share = found
    return share


def roll_day(desk: Desk) -> date:
    """This month's third Friday; the session before one that is a holiday."""
    first = desk.today.replace(day=1)
    friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    return friday if desk.calendar.is_session(friday) else desk.calendar.previous_session(friday)


def _quote(heard: Heard, desk: Desk, contract: Contract) -> Quote | None:
    """A quote of this connection that may be believed now."""
    quote = heard.quotes.get(contract)
    if quote is None or desk.ready_at is None or quote.at < desk.ready_at:
        return None
    return None if quote.halted or quote.delayed else quote


def _settled(state: ReplicaState, desk: Desk) -> ReplicaState:
    """Pay out what has expired at the level the daemon knows; without one it waits."""
    cash, held = state.cash, []
    for contract, quantity in state.held:
        level = None
        if desk.ready_at is not None and desk.calendar.settles_at(contract) < desk.now:
            level = settlement_level(desk, contract)
        if level is None:
            held.append((contract, quantity))
            continue
        sign = 1.0 if contract.right is Right.CALL else -1.0
        price = Decimal(f"{max(0.0, sign * (level - contract.strike)):.2f}")
        cash += price * quantity * contract.multiplier
    if len(held) == len(state.held):
        return state
    return replace(state, cash=cash, held=tuple(held))


def _condor_due(state: ReplicaState, desk: Desk) -> datetime | None:
    today = desk.today
    if today != roll_day(desk) or (state.until is not None and today <= state.until):
        return None
    return _at(desk, CNDR_AT)


def _calls_due(state: ReplicaState, desk: Desk) -> datetime | None:
    """At once when it begins, then on the morning after each series has ended."""
    if state.until is not None and desk.today <= state.until:
        return None
    return _at(desk, VXTH_AT)


def _at(desk: Desk, clock: time) -> datetime:
    local = new_york(desk.now)
    return local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


def _series(kind: Replica, desk: Desk) -> tuple[OptionChain, date] | None:
    """Next month's third Friday, or the next monthly VIX series."""
    chain = desk.chains.get("SPXW" if kind is Replica.CNDR else "VIX")
    if chain is None:
        return None
    for day in chain.expirations:
        far = (day - desk.today).days >= _DAYS_MIN
        following = desk.calendar.next_session(day)
        third = 15 <= day.day <= 21 and (day.weekday() == 4 or following.weekday() == 0)
        if far and (kind is Replica.VXTH or third):
            return chain, day
    return None


def _searched(kind: Replica, state: ReplicaState, heard: Heard, desk: Desk) -> ReplicaState:
    """One better guess per leg from the quotes of the last one. ``tries`` is -1 once found."""
    series, vix = _series(kind, desk), desk.level(VIX)
    if series is None or vix is None:
        return state
    chain, expiration = series
    forward = _forward(kind, desk, expiration)
    if forward is None:
        return state
    targets = _DELTAS if kind is Replica.CNDR else ((Right.CALL, _CALL_DELTA),)
    if not state.search or state.search[0].expiration != expiration:
        vol = vix / 100.0 if kind is Replica.CNDR else 0.9
        first = tuple(
            _option(kind, expiration, right, _first_strike(chain, desk, expiration, forward, vol,
                                                           right, delta, kind))
            for right, delta in targets
        )  # fmt: skip
        return replace(state, search=first, tries=0)
    found = []
    for contract, (right, delta) in zip(state.search, targets, strict=True):
        mid = marked(_quote(heard, desk, contract))
        if mid is None:
            return state
        years = desk.calendar.years_to_settlement(contract, desk.now)
        call = right is Right.CALL
        strike = better_strike(
            chain.strikes, (contract.strike, mid), forward, years, delta, call=call
        )
        found.append(_option(kind, expiration, right, strike or contract.strike))
    same = tuple(found) == state.search or state.tries >= _TRIES_MAX or state.tries < 0
    if same:
        return replace(state, tries=-1)
    return replace(state, search=tuple(found), tries=state.tries + 1)


def _first_strike(
    chain: OptionChain, desk: Desk, expiration: date, forward: float, vol: float, right: Right,
    delta: float, kind: Replica,
) -> float:  # fmt: skip
    sample = _option(kind, expiration, right, chain.strikes[0])
    years = desk.calendar.years_to_settlement(sample, desk.now)
    wish = strike_at(forward, years, vol, delta, call=right is Right.CALL)
    return nearest(chain.strikes, wish)[0]


def _forward(kind: Replica, desk: Desk, expiration: date) -> float | None:
    if kind is Replica.CNDR:
        return desk.level(SPX)
    future = settlement_future(desk, expiration)
    return None if future is None else desk.level(future)


def _option(kind: Replica, expiration: date, right: Right, strike: float) -> Contract:
    if kind is Replica.CNDR:
        return spxw_option(expiration, strike, right)
    return vix_option(expiration, strike, right)


def _rolled(
    kind: Replica, state: ReplicaState, heard: Heard, desk: Desk, rules: PaperFills
) -> ReplicaState:
    """Out of what is held and into the new series, all at the natural sides; else unchanged."""
    flat = _traded(state, [(c, -q) for c, q in state.held], heard, desk, rules)
    if flat is None:
        return state
    total = worth(flat, heard, desk)
    if total is None:
        return state
    entered = (
        _condors(flat, total, heard, desk, rules)
        if kind is Replica.CNDR
        else _calls(flat, total, heard, desk, rules)
    )
    if entered is None:
        return state
    ends = state.search[0].expiration
    until = desk.today if kind is Replica.CNDR else ends
    return replace(entered, search=(), tries=0, until=until)


def _condors(
    state: ReplicaState, total: Decimal, heard: Heard, desk: Desk, rules: PaperFills
) -> ReplicaState | None:
    """As many whole condors as ten times the wider wing leaves room for."""
    strikes = [Decimal(str(contract.strike)) for contract in state.search]
    if strikes != sorted(set(strikes)):
        return None
    width = max(strikes[1] - strikes[0], strikes[3] - strikes[2])
    units = int(total / (_MULTIPLE * width * state.search[0].multiplier))
    signs = (1, -1, -1, 1)
    wish = [(c, sign * units) for c, sign in zip(state.search, signs, strict=True)]
    return _traded(state, wish if units else [], heard, desk, rules)


def _calls(
    state: ReplicaState, total: Decimal, heard: Heard, desk: Desk, rules: PaperFills
) -> ReplicaState | None:
    """The index with a share of it in calls; the share depends on the forward."""
    (call,) = state.search
    quote, level = _quote(heard, desk, call), desk.level(SPX)
    assert call.expiration is not None
    forward = _forward(Replica.VXTH, desk, call.expiration)
    if quote is None or quote.ask is None or level is None or forward is None:
        return None
    each = Decimal(f"{quote.ask:.2f}") * call.multiplier
    units = int(Decimal(str(weight(forward))) * total / each) if each > 0 else 0
    wish = [(call, units)] if units else []
    bought = _traded(replace(state, cash=total, shares=0.0), wish, heard, desk, rules)
    if bought is None:
        return None
    return replace(bought, cash=_ZERO, shares=float(bought.cash) / level)


def _traded(
    state: ReplicaState,
    wish: Sequence[tuple[Contract, int]],
    heard: Heard,
    desk: Desk,
    rules: PaperFills,
) -> ReplicaState | None:
    """Everything of ``wish`` at the far side of its quote, fees paid; None if one has none."""
    cash, held = state.cash, dict(state.held)
    for contract, quantity in wish:
        quote = _quote(heard, desk, contract)
        if quote is None or quote.ask is None:
            return None
        closing = quantity * held.get(contract, 0) < 0
        side = quote.ask if quantity > 0 else quote.bid
        if side is None and not closing:
            return None
        cash -= Decimal(f"{side or 0.0:.2f}") * quantity * contract.multiplier
        cash -= heard.fees.get(contract.symbol, rules.commission_usd) * abs(quantity)
        held[contract] = held.get(contract, 0) + quantity
    return replace(state, cash=cash, held=tuple((c, q) for c, q in held.items() if q))


def _closed(state: ReplicaState, heard: Heard, desk: Desk) -> tuple[ReplicaState, ShadowDay | None]:
    """The session's end, once, when the live book has taken its own mark."""
    today = desk.today
    marked_today = bool(desk.record.days) and desk.record.days[-1].on == today
    if not marked_today or state.closed_on == today:
        return state, None
    total = worth(state, heard, desk)
    lacking = "" if total is not None else "no price at the close"
    if not lacking and state.search:
        lacking = "the roll found no quotes"
    value = None if total is None else float(total)
    day = ShadowDay(today, value, heard.live, desk.level(VIX), lacking)
    return replace(state, closed_on=today), day
