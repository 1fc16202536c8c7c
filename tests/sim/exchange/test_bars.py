import itertools
from datetime import date, timedelta

import pytest

from sim.exchange.listings import ContractQuery

SPX, VIX, VIXY = 416904, 13455763, 320227565


def _daily(market, con_id, days=400):
    return market.bars(
        con_id, start=market.now - timedelta(days=days), end=market.now, bar_seconds=86400, rth=True
    )


def test_daily_bars_are_history_and_reach_back_over_a_year(volmageddon, calendar):
    volmageddon.advance(calendar.open_at(date(2018, 2, 6)))
    bars = _daily(volmageddon, VIX)
    assert len(bars) >= 260
    assert (bars[-1].start, bars[-1].close) == (calendar.open_at(date(2018, 2, 5)), 37.32)


def test_the_bar_of_a_running_session_knows_nothing_of_what_comes(volmageddon, calendar):
    volmageddon.advance(calendar.open_at(date(2018, 2, 5)) + timedelta(hours=3))
    today = _daily(volmageddon, SPX)[-1]
    quote = volmageddon.quotes([SPX])[0]
    assert (today.close, today.high, today.low) == (quote.last, quote.high, quote.low)
    assert today.low > 2638.17


@pytest.mark.parametrize("seconds", [60, 300, 3600])
def test_intraday_bars_join_up_and_span_the_day(volmageddon, calendar, seconds):
    on = date(2018, 1, 17)
    volmageddon.advance(calendar.close_at(on))
    bars = volmageddon.bars(
        SPX, start=calendar.open_at(on), end=volmageddon.now, bar_seconds=seconds, rth=True
    )
    day = next(d for d in volmageddon.tape.days if d.on == on)
    assert len(bars) == -(-405 * 60 // seconds)
    assert max(bar.high for bar in bars) == round(day.spx_high, 2)
    assert min(bar.low for bar in bars) == round(day.spx_low, 2)
    assert all(a.close == b.open for a, b in itertools.pairwise(bars))
    assert all(b.start - a.start == timedelta(seconds=seconds) for a, b in itertools.pairwise(bars))


def test_instruments_without_history_are_valued_along_the_tape(volmageddon, calendar):
    volmageddon.advance(calendar.close_at(date(2018, 1, 18)))
    vixy = _daily(volmageddon, VIXY)
    assert len(vixy) >= 260
    assert all(bar.low <= min(bar.open, bar.close) <= bar.high for bar in vixy)
    (future,) = volmageddon.find(ContractQuery(symbol="VIX", sec_type="FUT", last_trade="201803"))
    assert 9 < _daily(volmageddon, future.con_id, days=30)[-1].close < 16
    (call,) = volmageddon.find(
        ContractQuery(symbol="VIX", sec_type="OPT", last_trade="20180320", strike=15.0, right="C")
    )
    hours = volmageddon.bars(
        call.con_id,
        start=calendar.open_at(date(2018, 1, 18)),
        end=volmageddon.now,
        bar_seconds=3600,
        rth=True,
    )
    assert len(hours) == 7
    assert hours[-1].close == pytest.approx(
        volmageddon.quotes([call.con_id])[0].option_price, abs=0.02
    )


def test_an_unknown_instrument_has_no_bars(volmageddon):
    assert _daily(volmageddon, 77) == []


def test_the_first_bar_there_is_is_the_head_timestamp(volmageddon):
    assert _daily(volmageddon, SPX, days=2000)[0].start == volmageddon.head_timestamp(SPX)
