"""When to open a condor, of which tier, how many, at what price. Methodology 4.2.

Refuses to size by anything but net liquidation and maximum loss: a loss never makes the next one
bigger.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.combos import IronCondor, on_grid, package_quote
from domain.desk import Desk, Regime
from domain.instruments import COMBO_INCREMENT, VIX
from domain.orders import DenialCode, Layer, Order, OrderIntent, Purpose, Walk
from domain.proposals import Allowance, Proposal, Skip
from domain.session import at_new_york
from strategies.iron_condor.parameters import IronCondorParams
from strategies.iron_condor.strikes import choose

TOPIC = "condor.entry"
_CLASS = "SPXW"


@dataclass(frozen=True, slots=True)
class Tier:
    name: str
    delta: float
    credit_share: float


def propose(desk: Desk, params: IronCondorParams, allowance: Allowance) -> Proposal:
    """One new condor inside the entry window when every gate is open, else the first reason why
    not.

    Shortly before the window nothing is proposed, but candidates are already asked for.
    """
    opens = at_new_york(desk.today, params.entry_from)
    shuts = at_new_york(desk.today, params.entry_until)
    if not opens - timedelta(seconds=params.scout_before_s) <= desk.now < shuts:
        return Proposal()
    blocked = _blocked(desk, params, allowance)
    if blocked is not None:
        return Proposal(skips=(blocked,)) if desk.now >= opens else Proposal()
    level = tier(desk, params)
    chain = desk.chains.get(_CLASS)
    if chain is None or level is None:
        return _skip("chain or VIX average missing", DenialCode.QUOTE_MISSING)
    expiration = chain.nearest_expiration(
        desk.today, params.dte_target, params.dte_min, params.dte_max
    )
    if expiration is None:
        return _skip("no expiration in the window", None)
    choice = choose(desk, chain, expiration, level.delta, params)
    wanted = Proposal(wanted=choice.wanted)
    if desk.now < opens:
        return wanted
    if choice.condor is None:
        return wanted + _skip(choice.reason, choice.denial, choice.inputs)
    return wanted + _order(desk, choice.condor, level, choice.inputs, params, allowance)


def tier(desk: Desk, params: IronCondorParams) -> Tier | None:
    """The tier by VIX and its average over the last closes; None at the ceiling or without enough
    closes.

    Below calm and below the average: aggressive. Only one of the two: balanced. Neither:
    conservative.
    """
    vix = desk.level(VIX)
    closes = [close for on, close in desk.closes.get("VIX", ()) if on < desk.today]
    last = closes[-params.average_sessions :]
    if vix is None or vix >= params.vix_ceiling or len(last) < params.average_sessions:
        return None
    calm, falling = vix < params.vix_calm, vix < sum(last) / len(last)
    if calm and falling:
        return Tier("aggressive", params.delta_aggressive, params.credit_share_aggressive)
    if calm or falling:
        return Tier("balanced", params.delta_balanced, params.credit_share_balanced)
    return Tier("conservative", params.delta_conservative, params.credit_share_conservative)


def quick_ratio(desk: Desk) -> float | None:
    """(cash + hedge at the bid) / (maintenance margin + maximum loss of working entries).

    None when the broker gave no cash or margin; infinite without any margin.
    """
    cash, margin = desk.account.cash, desk.account.maintenance_margin
    if cash is None or margin is None:
        return None
    hedge = 0.0
    for tranche in desk.book.open_tranches:
        quote = desk.quote(tranche.contract)
        bid = 0.0 if quote is None else quote.bid or 0.0
        hedge += bid * tranche.quantity * tranche.contract.multiplier
    needed = float(margin) + float(sum(_entry_risk(order) for order in desk.working))
    return float("inf") if needed <= 0 else (float(cash) + hedge) / needed


def _blocked(desk: Desk, params: IronCondorParams, allowance: Allowance) -> Skip | None:
    """The first gate that is shut. Reasons hold no changing numbers; those are inputs."""
    regime = desk.regime.regime
    if regime is Regime.UNKNOWN:
        return _reason("regime unknown", DenialCode.REGIME_UNKNOWN)
    if regime not in (Regime.LOW, Regime.NORMAL):
        return _reason(f"regime {regime}", DenialCode.REGIME_BLOCKS_ENTRY)
    last = desk.book.last_entry_on
    if (
        last is not None
        and desk.calendar.sessions_after(last, desk.today) < params.spacing_sessions
    ):
        return _reason("too soon after the last entry", None)
    if (desk.level(VIX) or params.vix_ceiling) >= params.vix_ceiling:
        return _reason("VIX at the ceiling", DenialCode.REGIME_BLOCKS_ENTRY)
    if len(desk.book.open_condors) >= allowance.condors_max:
        return _reason("enough condors are open", DenialCode.CONDOR_COUNT_LIMIT)
    if any(order.intent.purpose is Purpose.OPEN_CONDOR for order in desk.working):
        return _reason("an entry is working", DenialCode.ORDER_WORKING)
    tried = _last_try(desk)
    if tried is not None and (desk.now - tried).total_seconds() < params.retry_after_s:
        return _reason("waiting after an entry that did not fill", None)
    ratio = quick_ratio(desk)
    if ratio is None:
        return _reason("account values missing", DenialCode.MARGIN_FLOOR)
    if ratio < params.quick_ratio_min:
        return _reason("quick ratio too low", DenialCode.MARGIN_FLOOR, (("quick_ratio", ratio),))
    return None


def _order(
    desk: Desk,
    condor: IronCondor,
    level: Tier,
    inputs: tuple[tuple[str, float], ...],
    params: IronCondorParams,
    allowance: Allowance,
) -> Proposal:
    market = package_quote(condor.opening, desk.quote)
    total = desk.account.net_liquidation
    if market is None or total is None:
        return _skip("package has no two-sided market", DenialCode.QUOTE_MISSING)
    least = level.credit_share * condor.width
    seen = (
        *inputs,
        ("credit", -market.mid),
        ("credit_min", least),
        ("spread", market.spread),
        ("vix", desk.level(VIX) or 0.0),
        ("spx_wing", condor.width),
    )
    limit = on_grid(market.mid, COMBO_INCREMENT, "nearest")
    worst = min(
        on_grid(market.mid + params.entry_concession * market.spread, COMBO_INCREMENT, "down"),
        on_grid(-least, COMBO_INCREMENT, "down"),
    )
    if -market.mid < least or limit > on_grid(-least, COMBO_INCREMENT, "down"):
        return _skip("credit too small for the width", DenialCode.CREDIT_TOO_SMALL, seen)
    worst = max(limit, worst)
    quantity = _quantity(desk, condor, -worst, total, allowance)
    if quantity < 1:
        return _skip("maximum loss does not fit", DenialCode.MAX_LOSS_LIMIT, seen)
    intent = OrderIntent(
        Purpose.OPEN_CONDOR,
        Layer.CONDOR,
        condor.opening,
        quantity,
        limit,
        Walk(
            worst, Decimal(str(params.entry_step_pts)), params.entry_every_s, params.give_up_after_s
        ),
        "4.2.entry",
        f"{level.name} condor, credit {-market.mid:.2f} of {condor.width:g} wide",
        inputs=seen,
    )
    return Proposal((intent,))


def _quantity(
    desk: Desk, condor: IronCondor, credit: Decimal, total: Decimal, allowance: Allowance
) -> int:
    """floor(entry share x NLV / ML), and no more than the total share leaves. ML at the worst
    credit.
    """
    each = condor.max_loss_usd(credit)
    if each <= 0:
        return 0
    held = sum((c.max_loss_usd for c in desk.book.open_condors), Decimal(0))
    room = min(
        Decimal(str(allowance.max_loss_share_entry)) * total,
        Decimal(str(allowance.max_loss_share_total)) * total - held,
    )
    return max(0, int(room // each))


def _entry_risk(order: Order) -> Decimal:
    if order.intent.purpose is not Purpose.OPEN_CONDOR:
        return Decimal(0)
    return IronCondor.of_legs(order.intent.legs).max_loss_usd(-order.limit, order.remaining)


def _last_try(desk: Desk) -> datetime | None:
    tried = [
        order.created_at
        for order in desk.orders.values()
        if order.intent.purpose is Purpose.OPEN_CONDOR
    ]
    return max(tried, default=None)


def _reason(
    text: str, denial: DenialCode | None, inputs: tuple[tuple[str, float], ...] = ()
) -> Skip:
    return Skip(TOPIC, "4.2.entry", text, denial, Layer.CONDOR, inputs)


def _skip(
    text: str, denial: DenialCode | None, inputs: tuple[tuple[str, float], ...] = ()
) -> Proposal:
    return Proposal(skips=(_reason(text, denial, inputs),))
