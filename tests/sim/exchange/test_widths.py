"""What trading costs: half-spreads by regime, measured on the quotes a client sees."""

from datetime import date, timedelta
from statistics import fmean

import pytest

from domain.instruments import Right
from sim.exchange.expirations import vix_expirations
from sim.exchange.listings import OptionKey, option_id
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.exchange.widths import WidthParams, spx_stress, vix_half_share


def _half_shares(market: Market, calendar) -> list[float]:
    """Half-spread over mid of the calls nearest to 0.30 delta, of every expiry in reach."""
    found = []
    for last, _ in vix_expirations(calendar, market.today):
        if 20 <= (last - market.today).days <= 230:
            keys = [OptionKey("VIX", last, float(k), Right.CALL) for k in range(12, 70)]
            quotes = market.quotes([option_id(key) for key in keys])
            quoted = [q for q in quotes if q.bid and q.ask and q.delta is not None]
            best = min(quoted, key=lambda q: abs(q.delta - 0.30))
            found.append((best.ask - best.bid) / (best.ask + best.bid))
    return found


@pytest.mark.parametrize(
    ("scenario", "day", "low", "high"),
    [
        ("calm-2017", date(2017, 5, 2), 0.05, 0.08),
        ("volmageddon", date(2018, 2, 6), 0.11, 0.155),  # VIX between 30 and 50
    ],
)
def test_vix_calls_cost_six_percent_when_calm_and_thirteen_when_high(
    calendar, scenario, day, low, high
):
    market = Market(load(scenario), calendar, seed=5)
    market.advance(calendar.open_at(day) + timedelta(minutes=45))
    shares = _half_shares(market, calendar)
    assert len(shares) >= 5
    assert low < fmean(shares) < high


def test_between_elevated_and_high_the_share_rises_in_a_straight_line():
    assert [vix_half_share(vix) for vix in (10.0, 20.0, 30.0, 80.0)] == [0.06, 0.06, 0.13, 0.13]
    assert vix_half_share(25.0) == pytest.approx(0.095)


def test_spx_widths_grow_with_vix_up_to_six_times():
    assert spx_stress(12.0) == 1.0
    assert spx_stress(32.0) == pytest.approx(2.0**1.4)
    assert spx_stress(80.0) == 6.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"vix_half_calm": 0.0},
        {"vix_half_calm": 0.2},
        {"vix_half_high": 0.5},
        {"vix_elevated": 30.0},
        {"spx_least": -0.1},
    ],
)
def test_costs_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must hold|negative"):
        WidthParams(**wrong)
