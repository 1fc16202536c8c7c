"""Positions and account values as complete statements."""

from decimal import Decimal

from ib_async import Contract as IbContract

from bot.broker.account import AccountState
from bot.broker.translate import contract_fields
from domain.events import AccountUpdated
from domain.instruments import Contract, stock
from tests.bot.broker.builders import HEDGE, NOON, SHORT_PUT

US = "DU1"


def ib(contract: Contract) -> IbContract:
    return IbContract(**contract_fields(contract, 5))


def test_positions_follow_the_broker_and_zero_is_gone() -> None:
    state = AccountState(US)
    state.position(US, ib(SHORT_PUT), -2.0)
    state.position(US, ib(HEDGE), 4.0)
    assert state.positions(NOON).positions == ((SHORT_PUT, -2), (HEDGE, 4))
    state.position(US, ib(SHORT_PUT), 0.0)
    assert state.positions(NOON).positions == ((HEDGE, 4),)


def test_a_new_list_replaces_the_old_one() -> None:
    state = AccountState(US)
    state.position(US, ib(HEDGE), 4.0)
    state.expect_positions()
    assert state.positions(NOON).positions == ()


def test_other_accounts_are_ignored_and_other_instruments_are_pointed_out() -> None:
    state = AccountState(US)
    assert state.position("DU2", ib(HEDGE), 4.0) is None
    assert state.position(US, ib(stock("VIXY")), 100.0) == stock("VIXY")
    assert state.positions(NOON).positions == ()


def test_account_values_are_told_when_one_changes() -> None:
    state = AccountState(US)
    assert state.take_news(NOON) is None
    state.value("NetLiquidation", "1000000.50", "USD", US)
    state.value("ExcessLiquidity", "900000", "USD", US)
    expected = AccountUpdated(
        NOON, net_liquidation=Decimal("1000000.50"), excess_liquidity=Decimal(900000)
    )
    assert state.take_news(NOON) == expected
    state.value("NetLiquidation", "1000000.50", "USD", US)
    assert state.take_news(NOON) is None


def test_values_that_are_none_or_of_others_change_nothing() -> None:
    state = AccountState(US)
    state.value("NetLiquidation", "1.7976931348623157E308", "USD", US)
    state.value("NetLiquidation", "", "USD", US)
    state.value("NetLiquidation", "5", "EUR", US)
    state.value("NetLiquidation", "5", "USD", "DU2")
    state.value("AccountType", "INDIVIDUAL", "", US)
    assert state.take_news(NOON) is None
