"""Cash by hand: what fills do to positions, credit, results and hedge spending."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.book import Position, apply_fill, settle
from domain.events import CommissionReported, OrderFilled
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Purpose
from engine.fold import fold
from tests.builders import (
    EXPIRATION,
    TUESDAY,
    condor,
    fills,
    order,
    ready_desk,
    traded,
    with_calls,
    with_condor,
)


def test_a_position_gives_up_cost_in_proportion_and_ends_exactly_flat() -> None:
    """3 bought for 100.00 in all: selling 1 at 0.50 gives up 33.33, the last two the other
    66.67.
    """
    held = Position(3, Decimal("100.00"))
    left, realized = held.traded(-1, Decimal("0.50"), 100)
    assert left == Position(2, Decimal("66.67"))
    assert realized == Decimal("50.00") - Decimal("33.33")
    flat, rest = left.traded(-2, Decimal("0.50"), 100)
    assert flat == Position(0, Decimal("0.00"))
    assert realized + rest == Decimal("150.00") - Decimal("100.00")


def test_a_sale_beyond_what_is_held_opens_the_other_side_at_its_own_cost() -> None:
    position, realized = Position(1, Decimal(100)).traded(-3, Decimal("2.00"), 100)
    assert position == Position(-2, Decimal(-400))
    assert realized == Decimal(100)


def test_a_condor_knows_its_credit_and_maximum_loss() -> None:
    """(12.50 - 9.00) + (7.00 - 3.50) = 7.00 credit; (30 - 7) x 100 x 4 = 9,200 at risk."""
    desk = with_condor(ready_desk(), 4)
    held = desk.book.open_condors[0]
    assert held.credit == Decimal("7.00")
    assert held.quantity == 4
    assert held.max_loss_usd == Decimal(9200)
    assert desk.book.last_entry_on == date(2018, 1, 16)


def test_closing_a_condor_realizes_credit_less_debit() -> None:
    """Bought back for 3.50: (7.00 - 3.50) x 100 x 4 = 1,400."""
    desk = with_condor(ready_desk(), 4)
    closing = order(
        "c",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        4,
        "3.50",
        subject="cb-condor-20180116-1",
    )
    desk = traded(desk, closing, ("4.00", "6.00", "3.00", "1.50"))
    assert desk.book.realized[Layer.CONDOR] == Decimal(1400)
    assert not desk.book.open_condors
    assert desk.book.positions() == {}


def test_an_execution_counts_once_and_a_revision_replaces_it() -> None:
    desk = ready_desk()
    buying = order(
        "h",
        Purpose.BUY_HEDGE,
        Layer.HEDGE_SHORT,
        (Leg(vix_option(date(2018, 2, 13), 15), 1),),
        2,
        "0.70",
    )
    first = fills(buying, ("0.70",), TUESDAY)[0]
    desk = traded(desk, buying, ("0.70",))
    again = fold(desk, first)
    assert again.book == desk.book
    corrected = fold(desk, replace(first, revision=2, price=Decimal("0.60")))
    tranche = corrected.book.tranches["h"]
    assert tranche.quantity == 2
    assert tranche.position.cost == Decimal("120.00")
    assert corrected.orders["h"].filled == 2


def test_hedge_spending_is_premium_less_proceeds_up_to_cost() -> None:
    """Paid 140; one of two sold for 350 gives back its cost of 70 only; fees are spent too."""
    desk = with_calls(ready_desk(), quantity=2, price_paid="0.70")
    selling = order(
        "s",
        Purpose.SELL_HEDGE,
        Layer.HEDGE_SHORT,
        (Leg(vix_option(date(2018, 2, 13), 15), -1),),
        1,
        "-3.50",
        subject="cb-hedge-20180116-2",
    )
    desk = traded(desk, selling, ("3.50",))
    assert desk.book.spend_since(date(2018, 1, 1)) == Decimal("70.00")
    desk = fold(desk, CommissionReported(TUESDAY, "s.0.1", Decimal("0.65")))
    assert desk.book.spend_since(date(2018, 1, 1)) == Decimal("70.65")
    assert desk.book.fees[Layer.HEDGE_SHORT] == Decimal("0.65")
    assert desk.book.realized[Layer.HEDGE_SHORT] == Decimal(280)


def test_a_commission_that_comes_before_its_execution_is_not_lost() -> None:
    desk = ready_desk()
    desk = fold(desk, CommissionReported(TUESDAY, "cb-hedge-20180116-2.0.2", Decimal("1.30")))
    desk = with_calls(desk)
    assert desk.book.fees[Layer.HEDGE_SHORT] == Decimal("1.30")


def test_settlement_takes_a_leg_out_at_the_given_price() -> None:
    desk = with_condor(ready_desk(), 1)
    combo = condor()
    book = desk.book
    for contract in combo.contracts:
        book = settle(book, "cb-condor-20180116-1", contract, Decimal(0), TUESDAY, EXPIRATION)
    assert not book.open_condors
    assert book.realized[Layer.CONDOR] == Decimal(700), "the whole credit is kept"


def test_an_execution_of_a_foreign_contract_is_refused() -> None:
    desk = ready_desk()
    buying = order(
        "h",
        Purpose.BUY_HEDGE,
        Layer.HEDGE_SHORT,
        (Leg(vix_option(date(2018, 2, 13), 15), 1),),
        2,
        "0.70",
    )
    fill = OrderFilled(TUESDAY, "h", "x", 1, vix_option(date(2018, 2, 13), 16), 2, Decimal("0.70"))
    stray = fills(buying, ("0.70",), TUESDAY)[0]
    assert stray.contract != fill.contract
    from domain.book import Fill

    with pytest.raises(ValueError, match="no leg"):
        apply_fill(
            desk.book,
            buying,
            Fill("x", 1, "h", fill.contract, 2, Decimal("0.70"), TUESDAY),
            date(2018, 1, 16),
        )


def test_nobody_changes_the_positions_that_a_book_hands_out() -> None:
    held = with_condor(ready_desk()).book.positions()
    with pytest.raises(TypeError):
        held[vix_option(EXPIRATION, 20.0)] = 1  # type: ignore[index]
