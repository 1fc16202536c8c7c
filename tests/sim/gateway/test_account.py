"""Margin of the paper account: it stays while everything is covered, and else follows prices."""

from datetime import date
from decimal import Decimal

import pytest

from domain.instruments import Right
from sim.exchange.listings import Listing, OptionKey, future_listing, option_listing
from sim.exchange.quotes import MarketQuote
from sim.gateway.account import Account
from sim.gateway.margin import Exposure

EXPIRATION = date(2018, 3, 2)
SHORT, LONG = 2700.0, 2650.0


def put(strike: float) -> Listing:
    return option_listing(OptionKey("SPXW", EXPIRATION, strike, Right.PUT), EXPIRATION)


@pytest.fixture
def account() -> Account:
    return Account("DU1", Decimal(1_000_000))


def trade(account: Account, listing: Listing, quantity: int) -> None:
    account.execute(listing, quantity, Decimal(10), Decimal(0))
    marked(account, listing, 10.0)


def marked(account: Account, listing: Listing, price: float, spx: float = 2750.0) -> None:
    quote = MarketQuote(bid=price, ask=price, underlying_price=spx)
    account.mark({listing.con_id: quote})


def test_a_covered_spread_needs_its_width_whatever_the_prices(account: Account) -> None:
    trade(account, put(SHORT), -2)
    trade(account, put(LONG), 2)
    need = account.requirement()
    assert need.initial == 2 * 50 * 100
    marked(account, put(SHORT), 200.0, spx=2500.0)
    assert account.requirement() == need


def test_every_trade_is_felt_at_once(account: Account) -> None:
    trade(account, put(LONG), 1)
    assert account.requirement().initial == 0
    trade(account, put(SHORT), -1)
    assert account.requirement().initial == 50 * 100
    trade(account, put(SHORT), 1)
    assert account.requirement().initial == 0


def test_what_is_not_covered_needs_more_when_prices_move_against_it(account: Account) -> None:
    trade(account, put(SHORT), -1)
    calm = account.requirement()
    marked(account, put(SHORT), 210.0, spx=2500.0)
    assert account.requirement().initial > calm.initial
    account.execute(put(SHORT), 1, Decimal(10), Decimal(0))
    trade(account, future_listing(date(2018, 2, 14)), 1)
    before = account.requirement()
    marked(account, future_listing(date(2018, 2, 14)), 20.0)
    assert account.requirement().initial == 2 * before.initial


def test_a_question_about_more_changes_nothing_of_what_is_held(account: Account) -> None:
    trade(account, put(LONG), 1)
    more = (Exposure(put(SHORT), -1, 10.0, 2750.0),)
    assert account.requirement(more).initial == 50 * 100
    assert account.requirement().initial == 0
