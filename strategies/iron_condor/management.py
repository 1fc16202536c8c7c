"""When to close an open condor, and at what price to ask for it. Methodology 4.3, in its order.

Take-profit is watched on marks and then worked as an order, not left resting from the entry on: a
resting close could free the condor notional at any moment, and the hedge cap, which judges every
fill that may happen, would then never grant a hedge.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from domain.book import Condor
from domain.combos import PackageQuote, on_grid, package_quote
from domain.desk import Desk
from domain.instruments import COMBO_INCREMENT
from domain.orders import DenialCode, Layer, OrderIntent, Purpose, Walk
from domain.proposals import Allowance, Proposal, Skip
from domain.session import at_new_york
from strategies.iron_condor.legging import asked, stage, to_close, to_repair, whole
from strategies.iron_condor.parameters import IronCondorParams

MARGIN = "account:margin"
REPAIR = "4.3.repair"
_STEPS_TO_NATURAL = 8
_LAST_QUARTER = timedelta(minutes=15)
_QUOTE_AGE_S_MAX = 900.0


def conditions(
    desk: Desk, params: IronCondorParams, allowance: Allowance
) -> Mapping[str, bool | None]:
    """Stop and take-profit per condor on the combo's mid, and the account's excess liquidity."""
    found: dict[str, bool | None] = {MARGIN: _margin_low(desk, allowance)}
    for condor in desk.book.open_condors:
        market = _market(desk, condor)
        credit = float(condor.credit)
        if market is None or credit <= 0:
            found[_stop(condor)] = found[_profit(condor)] = None
        else:
            multiple = params.stop_debit_multiple
            found[_stop(condor)] = multiple > 0 and market.mid >= multiple * credit
            found[_profit(condor)] = market.mid <= params.take_profit_share * credit
    return found


def propose(desk: Desk, params: IronCondorParams) -> Proposal:
    """A closing order for every open condor that has a reason to go and none working yet."""
    working = {order.intent.subject for order in desk.working}
    opening = {order.order_ref for order in desk.working}
    worst = _worst(desk) if desk.memory.marks.get(MARGIN, 0) >= params.marks_needed else None
    proposal = Proposal()
    for condor in desk.book.open_condors:
        rule = _rule(desk, condor, params, worst)
        if condor.id in working or condor.id in opening:
            continue
        if not whole(condor) or (rule is not None and stage(desk, condor)):
            proposal += _piecewise(desk, condor, rule, params)
            continue
        if rule is None:
            continue
        market = _market(desk, condor)
        if market is None:
            reason = f"{condor.id} should close ({rule}) but a leg has no quote"
            skip = Skip("condor.close", rule, reason, DenialCode.QUOTE_MISSING, Layer.CONDOR)
            proposal += Proposal(skips=(skip,))
        else:
            proposal += Proposal((_close(desk, condor, market, rule, params),))
    return proposal


def _piecewise(desk: Desk, condor: Condor, rule: str | None, params: IronCondorParams) -> Proposal:
    """Close or repair a condor leg by leg; not while the broker disagrees about one of its legs."""
    package = to_repair(desk, condor) if rule is None else to_close(desk, condor)
    if package is None or set(condor.combo.contracts) & set(desk.mismatched):
        return Proposal()
    why = "its legs are not equal" if rule is None else "the broker refused the combo"
    rule = rule or REPAIR
    terms = asked(desk, package, params)
    if terms is None:
        reason = f"{condor.id}: {why}, but a leg has no market"
        skip = Skip("condor.close", rule, reason, DenialCode.QUOTE_MISSING, Layer.CONDOR)
        return Proposal(skips=(skip,))
    limit, plan = terms
    intent = OrderIntent(
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        package.legs,
        package.units,
        limit,
        plan,
        rule,
        f"{_REASONS[rule]}: {why}",
        condor.id,
        (("legs", float(len(package.legs))),),
    )
    return Proposal((intent,))


def _rule(desk: Desk, condor: Condor, params: IronCondorParams, worst: Condor | None) -> str | None:
    """The first rule, by priority, that closes ``condor`` now."""
    marks = desk.memory.marks
    if worst is not None and worst.id == condor.id:
        return "4.3.margin"
    if marks.get(_stop(condor), 0) >= params.marks_needed:
        return "4.3.stop"
    if marks.get(_profit(condor), 0) >= params.marks_needed:
        return "4.3.profit"
    expiration = condor.combo.short_put.expiration
    assert expiration is not None
    left = (expiration - desk.today).days
    late = left < params.dte_exit or desk.now >= at_new_york(desk.today, params.exit_from)
    return "4.3.dte" if left <= params.dte_exit and late else None


def _close(
    desk: Desk, condor: Condor, market: PackageQuote, rule: str, params: IronCondorParams
) -> OrderIntent:
    credit, width = float(condor.credit), condor.combo.width
    patient = rule == "4.3.profit"
    hurried = rule == "4.3.dte" and desk.now >= (
        at_new_york(desk.today, params.exit_by) - _LAST_QUARTER
    )
    start = market.ask if hurried else market.mid
    end = market.mid + params.entry_concession * market.spread if patient else market.ask
    if patient:
        end = min(end, max(params.take_profit_share * credit, market.mid))
    limit = _clamped(on_grid(start, COMBO_INCREMENT, "nearest"), width)
    worst = max(limit, _clamped(on_grid(end, COMBO_INCREMENT, "down" if patient else "up"), width))
    step = COMBO_INCREMENT
    if not patient:
        step = max(step, on_grid(float(worst - limit) / _STEPS_TO_NATURAL, step, "up"))
    every = params.entry_every_s if patient else params.exit_every_s
    return OrderIntent(
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor.combo.closing,
        condor.quantity,
        limit,
        Walk(worst, step, every, params.give_up_after_s),
        rule,
        f"{_REASONS[rule]}: debit {market.mid:.2f} against credit {credit:.2f}",
        condor.id,
        (("debit", market.mid), ("credit", credit), ("spread", market.spread), ("width", width)),
    )


_REASONS = {
    REPAIR: "made whole again or closed",
    "4.3.margin": "excess liquidity is low and this condor has lost most",
    "4.3.stop": "the loss reached the stop",
    "4.3.profit": "the profit target is reached",
    "4.3.dte": "expiration is near",
}


def _clamped(price: Decimal, width: float) -> Decimal:
    """Never pay nothing and never more than the package can ever be worth."""
    return min(max(price, COMBO_INCREMENT), on_grid(width, COMBO_INCREMENT, "down"))


def _market(desk: Desk, condor: Condor) -> PackageQuote | None:
    for contract in condor.combo.contracts:
        quote = desk.quote(contract)
        if quote is None or quote.age_s(desk.now) > _QUOTE_AGE_S_MAX:
            return None
    return package_quote(condor.combo.closing, desk.quote, worthless_bid=True)


def _worst(desk: Desk) -> Condor | None:
    """The condor with the largest loss in USD at mid; one without quotes counts its full loss."""

    def loss(condor: Condor) -> float:
        market = _market(desk, condor)
        if market is None:
            return float(condor.max_loss_usd)
        points = market.mid - float(condor.credit)
        return points * condor.quantity * condor.combo.long_put.multiplier

    return max(desk.book.open_condors, key=loss, default=None)


def _margin_low(desk: Desk, allowance: Allowance) -> bool | None:
    excess, total = desk.account.excess_liquidity, desk.account.net_liquidation
    if excess is None or total is None:
        return None
    return float(excess) < allowance.excess_liquidity_min * float(total)


def _stop(condor: Condor) -> str:
    return f"{condor.id}:stop"


def _profit(condor: Condor) -> str:
    return f"{condor.id}:profit"
