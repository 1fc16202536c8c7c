"""No rule asks for more after a loss than it would have asked for without it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.desk import Desk
from domain.instruments import vix_option
from domain.orders import Layer, Leg, OrderIntent, Purpose
from engine.policy import Policy
from risk import hedge_build, hedge_redeploy
from strategies.iron_condor.entry import propose
from tests.builders import (
    RELEASES,
    Market,
    condor,
    order,
    quoted,
    ready_desk,
    traded,
    with_calls,
    with_condor,
)

POLICY = Policy(releases=RELEASES)
MARKET = Market()
FAR = condor(2405, 2435, 3100, 3130)
CALL = vix_option(date(2018, 2, 13), 15.0)


def asked(desk: Desk) -> dict[tuple[Purpose, Layer, str], int]:
    """Units by purpose, layer and rule of all that would be put on now."""
    intents: tuple[OrderIntent, ...] = ()
    wanted: tuple = ()
    for _ in range(4):
        desk = quoted(desk, MARKET, [*wanted, *desk.book.positions()])
        proposal = (
            propose(desk, POLICY.condor, POLICY.allowance, POLICY.releases)
            + hedge_build.propose(desk, POLICY.hedge, POLICY.limits, POLICY.regime)
            + hedge_redeploy.propose(desk, POLICY.hedge, POLICY.limits, POLICY.regime)
        )
        wanted, intents = proposal.wanted, proposal.intents
    found: dict[tuple[Purpose, Layer, str], int] = {}
    for intent in intents:
        key = (intent.purpose, intent.layer, intent.rule)
        found[key] = found.get(key, 0) + intent.quantity
    return found


def after_losses(desk: Desk, condor_loss: int, hedge_loss: int, units: int) -> Desk:
    """Condors and calls that were closed for less than they had brought or cost, the money gone
    from the account.
    """
    total = desk.account.net_liquidation or Decimal(0)
    if condor_loss:
        desk = with_condor(desk, units, "lost", FAR)
        debit = Decimal(7) + Decimal(condor_loss) / 20
        closing = order("lost-close", Purpose.CLOSE_CONDOR, Layer.CONDOR, FAR.closing, units,
                        str(debit), "lost")  # fmt: skip
        prices = ("0.00", str(debit), "0.00", "0.00")
        desk = traded(desk, closing, prices)
    if hedge_loss:
        desk = with_calls(desk, quantity=units, price_paid="2.00", ref="bled")
        price = Decimal(2) - Decimal(hedge_loss) / 100
        selling = order("bled-sale", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), units,
                        str(-price), "bled")  # fmt: skip
        desk = traded(desk, selling, (str(price),))
    lost = sum(desk.book.realized.values(), Decimal(0))
    assert lost <= 0
    left = total + lost
    account = replace(desk.account, net_liquidation=left, cash=left, excess_liquidity=left)
    return replace(desk, account=account, orders={}, book=replace(desk.book, last_entry_on=None))


@settings(max_examples=25, deadline=None)
@given(
    condors=st.integers(0, 12),
    short=st.sampled_from([0, 5]),  # a full short layer lets gains be put back into the others
    condor_loss=st.integers(0, 400),  # in nickels a unit
    hedge_loss=st.integers(0, 199),  # in cents a call
    units=st.integers(1, 20),
    nlv=st.sampled_from(["150000", "400000", "1000000", "3000000"]),
)
def test_after_any_loss_every_rule_asks_for_as_much_or_less(
    condors: int, short: int, condor_loss: int, hedge_loss: int, units: int, nlv: str
) -> None:
    desk = ready_desk(nlv=nlv)
    if short:
        desk = with_calls(desk, quantity=short, strike=18.0, expiration=date(2018, 3, 20))
    if condors:
        desk = with_condor(desk, condors)
    desk = replace(desk, orders={}, book=replace(desk.book, last_entry_on=None))
    before = asked(desk)
    after = asked(after_losses(desk, condor_loss, hedge_loss, units))
    assert {key: n for key, n in after.items() if n > before.get(key, 0)} == {}


def test_there_is_something_to_ask_for() -> None:
    """The comparison above is not one of nothing with nothing."""
    desk = with_condor(ready_desk(), 4)
    desk = replace(desk, orders={}, book=replace(desk.book, last_entry_on=None))
    layers = {layer for _, layer, _ in asked(desk)}
    assert layers >= {Layer.CONDOR, Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM}
