"""What the demo holds against the daemon: each check must be able to fail."""

from decimal import Decimal

from bot.cli.checks import Check, Checks, naked_short
from config.load import session_calendar
from domain.events import ClockTicked
from engine.policy import Policy
from engine.step import open_desk
from tests.bot.samples import AT, CALL, LONG_CALL, LONG_PUT, SHORT_CALL, SHORT_PUT, after


class Records:
    """A broker's books as a test writes them."""

    def __init__(self) -> None:
        self.accounts = ("DU1234567",)
        self.held = {}
        self.money = Decimal(1000)
        self.orders = []

    def positions(self):
        return self.held

    def cash(self):
        return self.money

    def orders_received(self):
        return self.orders


def looked(records, ticks=1):
    checks = Checks(records, Policy(), Decimal(1000))
    for minute in range(ticks):
        desk = open_desk(session_calendar(), Policy(), after(60 * minute))
        checks.observe([ClockTicked(desk.now)], (), desk)
    return checks


def test_a_condor_is_not_naked_and_a_lost_wing_is():
    condor = {LONG_PUT: 2, SHORT_PUT: -2, SHORT_CALL: -2, LONG_CALL: 2}
    assert naked_short(condor) is None
    assert naked_short({**condor, LONG_CALL: 1}) == "1 SPXW 2018-03-02 C short without a long"
    assert naked_short({CALL: -1}) is not None
    assert naked_short({CALL: 3}) is None


def test_a_check_that_never_looked_has_not_held():
    check = Check("something")
    assert not check.held
    check.look(None, "now")
    assert check.held
    check.look("odd", "later")
    assert not check.held
    assert check.problems == ["later: odd"]


def test_a_naked_short_at_the_broker_is_found():
    records = Records()
    records.held = {SHORT_PUT: -1}
    assert not looked(records).naked.held


def test_a_difference_of_the_books_is_forgiven_until_it_stays():
    records = Records()
    records.held = {CALL: 1}
    assert looked(records, ticks=2).books.held
    assert not looked(records, ticks=3).books.held


def test_an_order_that_arrives_twice_is_found():
    records = Records()
    records.orders = [(1, "cb-1", "DU1234567"), (2, "cb-2", "")]
    assert looked(records).once.held
    records.orders = [(1, "cb-1", ""), (2, "cb-1", "")]
    assert not looked(records).once.held


def test_a_live_account_or_an_order_for_one_is_found():
    records = Records()
    records.accounts = ("U1234567",)
    assert not looked(records).paper.held
    records = Records()
    records.orders = [(1, "cb-1", "U7654321")]
    assert not looked(records).paper.held
    assert looked(Records()).paper.looks > 0


def test_times_of_problems_are_new_york_times():
    records = Records()
    records.held = {SHORT_PUT: -1}
    assert looked(records).naked.problems[0].startswith("2018-01-16 10:00")
    assert AT.hour == 15
