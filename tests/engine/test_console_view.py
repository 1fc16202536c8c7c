"""The ladder, the curve and the signals as people see them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.signals import Signal
from engine.console_view import curve_view, ladder, signals
from engine.policy import Policy
from tests.bot.console.stage import desk_with_everything
from tests.builders import Market, quoted, ready_desk, with_calls


def test_each_layer_says_what_it_should_hold_and_what_it_holds():
    near, middle, far = ladder(desk_with_everything(), Policy())
    assert [near.layer, middle.layer, far.layer] == ["L2a", "L2b", "L2c"]
    assert [(v.target, v.held) for v in (near, middle, far)] == [(2, 2), (2, 2), (1, 2)]
    assert [len(v.tranches) for v in (near, middle, far)] == [1, 1, 1]


def test_a_tranche_tells_its_multiple_the_next_rung_and_when_it_rolls():
    desk = with_calls(ready_desk(), quantity=2, price_paid="0.50")
    desk = quoted(desk, Market(), desk.book.positions())
    held = next(iter(desk.book.tranches.values()))
    rung = ladder(desk, Policy())[0].tranches[0]
    assert rung.unit_cost == 0.5
    assert rung.multiple == pytest.approx(desk.quote(held.contract).bid / 0.5)
    assert (rung.rung, rung.next_at) == (0, 3.0)
    assert rung.dte == 28
    assert rung.roll_in_days == min(26, 28 - 4)
    top = replace(held, rung=3)
    desk = replace(desk, book=replace(desk.book, tranches={held.id: top}))
    assert ladder(desk, Policy())[0].tranches[0].next_at is None


def test_without_a_bid_there_is_no_multiple():
    desk = with_calls(ready_desk())
    rung = ladder(desk, Policy())[0].tranches[0]
    assert (rung.bid, rung.multiple, rung.quote_age_s) == (None, None, None)


def test_the_curve_shows_every_future_and_marks_the_quiet_ones():
    desk = quoted(ready_desk(), Market())
    view = curve_view(desk, Policy())
    assert len(view.points) == len(desk.futures)
    assert view.points[0].price == pytest.approx(11.5)
    assert view.slope == pytest.approx(1.7)
    assert view.state == "contango"
    later = replace(desk, now=desk.now + timedelta(hours=1), feed_at=desk.now)
    old = curve_view(later, Policy())
    assert {point.price for point in old.points} == {None}
    assert (old.front, old.slope, old.constant_30) == (None, None, None)
    assert old.points[0].age_s == 3600.0


def test_every_signal_is_there_and_what_was_never_read_is_unknown():
    views = {view.name: view for view in signals(desk_with_everything())}
    assert list(views) == [signal.value for signal in Signal]
    assert views["rsi_vix"].age_s == 180.0
    assert views["macd_vixy"].stressed is True
    assert views["dollar_z"].value is None
    assert views["dollar_z"].stressed is None
