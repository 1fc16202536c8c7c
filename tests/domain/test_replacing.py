"""The quick replacement against the one of the standard library."""

import dataclasses

import pytest

from config.load import session_calendar
from domain.desk import Desk, TradingState
from domain.replacing import replace
from tests.bot.samples import AT, after, condor_order


def test_it_does_what_the_standard_one_does():
    desk = Desk(session_calendar(), AT)
    changes = {"now": after(1), "trading": TradingState.HALTED}
    assert replace(desk, **changes) == dataclasses.replace(desk, **changes)
    assert desk.now == AT
    assert replace(desk) == desk


def test_a_class_that_checks_itself_is_still_asked():
    with pytest.raises(ValueError, match="less than one"):
        replace(condor_order().intent, quantity=0)


def test_an_unknown_field_is_refused():
    with pytest.raises(KeyError):
        replace(Desk(session_calendar(), AT), color="red")
