"""The condor that would be opened now, and the gates that only it can be judged by: chain, strikes,
net delta, market, credit and size. Methodology 4.2.

Refuses to size by anything but net liquidation and maximum loss: a loss never makes the next one
bigger.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.combos import IronCondor, PackageQuote, on_grid, package_quote
from domain.desk import Desk
from domain.gates import Gate
from domain.instruments import COMBO_INCREMENT, VIX, Contract
from domain.liquidity import thin
from domain.orders import DenialCode
from domain.proposals import Allowance
from domain.quick_ratio import working_entry_risk
from domain.smile_fit import LastSmile
from strategies.iron_condor.break_even import bands_of, break_even_gate, with_hedge
from strategies.iron_condor.gates import Enough, Entry, everything, first_shut, gate
from strategies.iron_condor.parameters import IronCondorParams, Strikes
from strategies.iron_condor.range_strikes import choose_outside
from strategies.iron_condor.strikes import Choice, choose
from strategies.iron_condor.tiers import Tier, tier

_CLASS = "SPXW"
_DELTA = 100.0  # deltas are counted as traders do: 16 is 0.16


@dataclass(frozen=True, slots=True)
class Terms:
    """What would be asked for: prices in points, net and negative for a credit."""

    condor: IronCondor
    quantity: int
    limit: Decimal
    worst: Decimal
    market: PackageQuote


@dataclass(frozen=True, slots=True)
class Candidate:
    """``gates`` are all that could be judged; ``terms`` is None unless every one of them is open.

    ``wanted`` are the contracts to watch in any case.
    """

    gates: tuple[Gate, ...]
    wanted: tuple[Contract, ...] = ()
    inputs: tuple[tuple[str, float], ...] = ()
    terms: Terms | None = None
    tier: Tier | None = None
    smile: LastSmile | None = None
    legs: tuple[Contract, ...] = ()  # of the condor, once all four are known


def candidate(entry: Entry, enough: Enough = everything) -> Candidate:
    """The best condor of the tier that holds now, judged as far as its quotes allow; without
    break-evens, inputs and terms when the gates before those are ``enough``.
    """
    desk, params = entry.desk, entry.params
    level, chain = tier(desk, params), desk.chains.get(_CLASS)
    expiration = None
    if chain is not None:
        expiration = chain.nearest_expiration(
            desk.today, params.dte_target, params.dte_min, params.dte_max
        )
    listed = gate(
        "chain",
        "4.2.expiration",
        None if chain is None else expiration is not None,
        f"an expiration {params.dte_min} to {params.dte_max} days away; days",
        reason="chain or VIX average missing" if chain is None else "no expiration in the window",
        denial=DenialCode.QUOTE_MISSING if chain is None else DenialCode.NO_STRIKE,
        value=None if expiration is None else float((expiration - desk.today).days),
        limit=float(params.dte_target),
    )
    if chain is None or expiration is None or level is None:
        return Candidate((listed,))
    if params.strikes is Strikes.RANGE:
        choice = choose_outside(desk, chain, expiration, level, params)
    else:
        choice = choose(desk, chain, expiration, level.delta, params)
    found = _strikes_gate(choice, level, params)
    if choice.condor is None:
        return Candidate((listed, found), choice.wanted, choice.inputs, smile=_smile(desk, choice))
    judged = _judged(entry, choice, choice.condor, level, (listed, found), enough)
    return replace(judged, legs=tuple(leg.contract for leg in choice.condor.opening))


def quantity_of(
    entry: Entry, condor: IronCondor, credit: Decimal, total: Decimal, allowance: Allowance
) -> int:
    """floor(entry share x NLV / ML), and no more than the total share leaves. ML at ``credit``."""
    each = condor.max_loss_usd(credit)
    if each <= 0:
        return 0
    desk = entry.desk
    held = sum((c.max_loss_usd for c in desk.live_condors), Decimal(0))
    room = min(
        Decimal(str(allowance.max_loss_share_entry)) * total,
        Decimal(str(allowance.max_loss_share_total)) * total - held - working_entry_risk(desk),
    )
    return max(0, int(room // each))


def _judged(
    entry: Entry,
    choice: Choice,
    condor: IronCondor,
    level: Tier,
    before: tuple[Gate, ...],
    enough: Enough,
) -> Candidate:
    """The gates of a condor whose legs are all known."""
    desk, params = entry.desk, entry.params
    market = package_quote(condor.opening, desk.quote)
    least = level.credit_share * condor.width
    delta = _net_delta(choice, condor)
    terms = None if market is None else _terms(entry, condor, market, least)
    quantity = None if terms is None else terms.quantity
    gates = (
        *before,
        _delta_gate(delta, params.net_delta_max),
        _market_gate(market),
        _credit_gate(market, terms, least),
        _size_gate(quantity),
        _liquidity_gate(entry, condor),
    )
    if enough(first_shut(gates)):
        return Candidate(gates, choice.wanted, (), None, level, _smile(desk, choice))
    bands = None
    if market is not None and choice.expiry is not None:
        bands = bands_of(entry, choice.expiry, condor, market)
    gates = (*gates, break_even_gate(bands, params))
    if enough(first_shut(gates)):
        return Candidate(gates, choice.wanted, (), None, level, _smile(desk, choice))
    if bands is not None and market is not None and choice.expiry is not None:
        bands = with_hedge(bands, desk, choice.expiry, condor, market, max(1, quantity or 1))
    inputs = (
        *choice.inputs,
        ("width", condor.width),
        ("spx_wing", condor.width),
        ("credit_min", least),
        ("vix", desk.level(VIX) or 0.0),
        *((("net_delta", delta),) if delta is not None else ()),
        *(bands.inputs if bands is not None else ()),
        *((("credit", -market.mid), ("spread", market.spread)) if market is not None else ()),
    )
    passed = all(one.open for one in gates)
    terms = terms if passed else None
    return Candidate(gates, choice.wanted, inputs, terms, level, _smile(desk, choice))


def _terms(entry: Entry, condor: IronCondor, market: PackageQuote, least: float) -> Terms:
    """Limit at mid and how far it may walk; the size by the worst credit it may be filled at."""
    params, total = entry.params, entry.desk.account.net_liquidation
    floor = on_grid(-least, COMBO_INCREMENT, "down")
    limit = on_grid(market.mid, COMBO_INCREMENT, "nearest")
    worst = min(
        on_grid(market.mid + params.entry_concession * market.spread, COMBO_INCREMENT, "down"),
        floor,
    )
    worst = max(limit, worst)
    quantity = 0 if total is None else quantity_of(entry, condor, -worst, total, entry.allowance)
    return Terms(condor, quantity, limit, worst, market)


def _smile(desk: Desk, choice: Choice) -> LastSmile | None:
    expiry = choice.expiry
    if expiry is None or expiry.smile is None:
        return None
    expiration = expiry.readings[0].contract.expiration
    return None if expiration is None else LastSmile(expiration, desk.today, expiry.smile)


def _net_delta(choice: Choice, condor: IronCondor) -> float | None:
    """Delta of one condor in deltas of its options; None while a leg's delta is unknown."""
    if choice.expiry is None:
        return None
    total = 0.0
    for leg in condor.opening:
        reading = choice.expiry.reading(leg.contract)
        if reading is None:
            return None
        total += leg.ratio * reading.delta
    return _DELTA * total


def _furthest(choice: Choice, target: float) -> float | None:
    """How far the further of the two short deltas is from the target."""
    inputs = dict(choice.inputs)
    if "put_delta" not in inputs:
        return None
    return max(abs(abs(inputs[name]) - target) for name in ("put_delta", "call_delta"))


def _strikes_gate(choice: Choice, level: Tier, params: IronCondorParams) -> Gate:
    unread = None if choice.denial is DenialCode.QUOTE_MISSING else False
    if params.strikes is Strikes.RANGE:
        text = f"short strikes from {level.ranges:g} expected daily ranges inwards; points"
        value, limit = dict(choice.inputs).get("range_points"), None
    else:
        text = f"short strikes within {params.delta_tolerance:g} of delta {level.delta:g}; delta"
        value, limit = _furthest(choice, level.delta), params.delta_tolerance
    return gate(
        "strikes",
        "4.9.strikes" if params.strikes is Strikes.RANGE else "4.2.strikes",
        choice.condor is not None or unread,
        text,
        reason=choice.reason,
        denial=choice.denial,
        value=value,
        limit=limit,
    )


def _delta_gate(delta: float | None, most: float) -> Gate:
    return gate(
        "net_delta",
        "S23",
        None if delta is None else abs(delta) <= most,
        f"net delta of the condor within {most:g}; deltas of 0.01",
        reason="delta of a wing unknown" if delta is None else "the condor leans to one side",
        denial=DenialCode.QUOTE_MISSING if delta is None else DenialCode.NET_DELTA,
        value=delta,
        limit=most,
    )


def _market_gate(market: PackageQuote | None) -> Gate:
    return gate(
        "market",
        "4.2.order",
        None if market is None else True,
        "bid and offer for all four legs; points between them",
        reason="package has no two-sided market",
        denial=DenialCode.QUOTE_MISSING,
        value=None if market is None else market.spread,
    )


def _credit_gate(market: PackageQuote | None, terms: Terms | None, least: float) -> Gate:
    enough = None
    if market is not None and terms is not None:
        enough = -market.mid >= least and terms.limit <= on_grid(-least, COMBO_INCREMENT, "down")
    return gate(
        "credit",
        "4.2.credit",
        enough,
        "credit at mid at least the tier's share of the width; points",
        reason="credit unknown" if enough is None else "credit too small for the width",
        denial=DenialCode.QUOTE_MISSING if enough is None else DenialCode.CREDIT_TOO_SMALL,
        value=None if market is None else -market.mid,
        limit=least,
    )


def _liquidity_gate(entry: Entry, condor: IronCondor) -> Gate:
    """The worst spread of the four legs over its usual one. While there is too little to compare
    with, nothing is judged: learning keeps nobody from trading.
    """
    desk, legs = entry.desk, entry.desk.memory.liquidity
    seen = [legs[contract] for contract in condor.contracts if contract in legs]
    ratios = [leg.spread_ratio for leg in seen if leg.spread_ratio is not None]
    bad = thin(legs, condor.contracts, desk.now, entry.allowance.liquidity_for_s)
    learning = len(ratios) < len(condor.contracts)
    days = min((leg.days for leg in seen), default=0)
    return gate(
        "liquidity",
        "S47",
        not bad,
        f"still learning what is usual, {days} sessions so far; spread over usual spread"
        if learning
        else "no leg far wider or smaller than usual at this hour; spread over usual spread",
        reason="a leg trades thinly",
        denial=DenialCode.LIQUIDITY_THIN,
        value=max(ratios, default=None),
    )


def _size_gate(quantity: int | None) -> Gate:
    return gate(
        "size",
        "4.2.size",
        None if quantity is None else quantity >= 1,
        "one condor's maximum loss fits the allowance; condors",
        reason="size unknown" if quantity is None else "maximum loss does not fit",
        denial=DenialCode.QUOTE_MISSING if quantity is None else DenialCode.MAX_LOSS_LIMIT,
        value=None if quantity is None else float(quantity),
        limit=1.0,
    )
