"""The session's average price, by hand."""

from datetime import UTC, date, datetime

from domain.quotes import Quote
from domain.vwap import Vwap, heard

DAY = date(2018, 1, 16)
AT = datetime(2018, 1, 16, 15, tzinfo=UTC)


def spy(last: float, volume: float | None) -> Quote:
    return Quote(AT, last=last, volume=volume)


def test_the_average_weighs_each_price_by_what_was_traded_since_the_look_before() -> None:
    """100 at 270 and 300 at 272: (27,000 + 81,600) / 400 = 271.50."""
    found = heard(None, DAY, spy(269.0, 1000.0))
    assert found is not None
    assert found.average is None
    assert not found.at_or_below
    found = heard(heard(found, DAY, spy(270.0, 1100.0)), DAY, spy(272.0, 1400.0))
    assert found is not None
    assert found.average == 271.5
    assert not found.at_or_below
    lower = heard(found, DAY, spy(271.0, 1400.0))
    assert lower is not None
    assert lower.at_or_below


def test_a_new_day_and_a_volume_that_falls_begin_anew() -> None:
    old = Vwap(DAY, 5000.0, 270.0, 100.0, 27_000.0)
    next_day = heard(old, date(2018, 1, 17), spy(271.0, 6000.0))
    assert next_day == Vwap(date(2018, 1, 17), 6000.0, 271.0)
    assert heard(old, DAY, spy(271.0, 10.0)) == Vwap(DAY, 10.0, 271.0)


def test_a_quote_without_volume_or_price_changes_nothing() -> None:
    old = Vwap(DAY, 5000.0, 270.0, 100.0, 27_000.0)
    assert heard(old, DAY, spy(271.0, None)) is old
    assert heard(old, DAY, None) is old
    assert heard(old, DAY, Quote(AT, volume=6000.0)) is old
