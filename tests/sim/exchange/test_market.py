import itertools
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from domain.pricing import price
from sim.exchange.listings import ContractQuery
from sim.exchange.market import Market
from sim.exchange.quotes import NO_QUOTE
from sim.exchange.scenarios import load

SPX, VIX, SPY = 416904, 13455763, 756733


def _chain(market: Market, symbol: str, last_trade: str, right: str, trading_class: str = ""):
    found = market.find(
        ContractQuery(
            symbol=symbol,
            sec_type="OPT",
            last_trade=last_trade,
            right=right,
            trading_class=trading_class,
        )
    )
    return found, market.quotes([listing.con_id for listing in found])


def _at(market: Market, calendar, on: date, minutes: float = 90) -> None:
    market.advance(calendar.open_at(on) + timedelta(minutes=minutes))


def test_a_market_begins_at_the_first_open_and_never_goes_back(volmageddon):
    assert volmageddon.now == datetime(2018, 1, 16, 14, 30, tzinfo=UTC)
    volmageddon.advance(volmageddon.now - timedelta(minutes=10))
    with pytest.raises(ValueError, match="cannot go back"):
        volmageddon.advance(volmageddon.now - timedelta(seconds=1))


def test_before_the_first_open_the_market_shows_the_last_warm_up_close(volmageddon):
    volmageddon.advance(volmageddon.now - timedelta(minutes=10))
    assert not volmageddon.is_open(SPX)
    assert volmageddon.quotes([SPX])[0].last == 2786.24


def test_jumping_finds_the_same_market_as_walking(calendar):
    walker, jumper = (Market(load("volmageddon"), calendar, seed=9) for _ in range(2))
    ids = [*[x.con_id for x in _chain(walker, "SPX", "20180302", "P")[0]][::7], SPX, VIX, SPY]
    for minute in range(0, 900, 13):
        walker.advance(datetime(2018, 1, 16, 14, 30, tzinfo=UTC) + timedelta(minutes=minute))
        walker.quotes(ids)
    jumper.advance(walker.now)
    assert jumper.quotes(ids) == walker.quotes(ids)
    assert jumper.quotes(ids[::-1]) == walker.quotes(ids)[::-1]


def test_index_levels_end_on_the_real_closes(volmageddon, calendar):
    volmageddon.advance(calendar.close_at(date(2018, 2, 5)) + timedelta(hours=2))
    spx, vix = volmageddon.quotes([SPX, VIX])
    assert (spx.last, spx.close, spx.low, spx.bid) == (2648.94, 2762.13, 2638.17, None)
    assert (vix.last, vix.close) == (37.32, 17.31)


def test_quotes_stay_between_sessions_and_nothing_is_open(volmageddon, calendar):
    _at(volmageddon, calendar, date(2018, 1, 19), minutes=405)
    listings, evening = _chain(volmageddon, "SPX", "20180302", "C")
    ids = [x.con_id for x in listings]
    assert not any(volmageddon.is_open(con_id) for con_id in ids)
    volmageddon.advance(volmageddon.now + timedelta(hours=40))
    assert volmageddon.quotes(ids) == evening
    _at(volmageddon, calendar, date(2018, 1, 22), minutes=0)
    assert all(volmageddon.is_open(con_id) for con_id in ids)
    assert volmageddon.quotes(ids) != evening


def test_quotes_are_two_sided_on_the_tick_grid_around_the_model(volmageddon):
    for symbol, last_trade, fine, coarse in (
        ("SPX", "20180302", 0.05, 0.10),
        ("VIX", "20180515", 0.01, 0.05),
    ):
        for right in "CP":
            for quote in _chain(volmageddon, symbol, last_trade, right)[1]:
                assert quote.ask is not None
                assert quote.option_price <= quote.ask + 1e-9
                assert quote.bid is None or 0 < quote.bid <= max(quote.option_price, fine) + 1e-9
                assert quote.bid is None or quote.bid < quote.ask
                for side in (quote.bid, quote.ask):
                    steps = (side or 0.0) / (fine if (side or 0.0) < 3 else coarse)
                    assert abs(steps - round(steps)) < 1e-6
                assert (quote.bid_size > 0) == (quote.bid is not None)


def test_no_side_of_a_chain_can_be_arbitraged(volmageddon, calendar):
    _at(volmageddon, calendar, date(2018, 2, 6))
    for symbol, last_trade in (("SPX", "20180302"), ("VIX", "20180320")):
        listings, calls = _chain(volmageddon, symbol, last_trade, "C", "SPXW" * (symbol == "SPX"))
        strikes = [x.contract.strike for x in listings]
        model = np.array([quote.option_price for quote in calls])
        slopes = np.diff(model) / np.diff(strikes)
        assert np.all(slopes <= 1e-9)
        assert np.all(np.diff(slopes) >= -1e-9)
        for low, high in itertools.pairwise(calls):
            assert (high.bid or 0.0) <= low.ask


def test_greeks_and_volatilities_belong_to_the_price(volmageddon, calendar):
    listings, quotes = _chain(volmageddon, "VIX", "20180320", "C")
    for listing, quote in zip(listings, quotes, strict=True):
        years = calendar.years_to_settlement(listing.contract, volmageddon.now)
        value = price(quote.underlying_price, listing.contract.strike, years, quote.iv, True)
        assert float(value) * np.exp(-0.0198 * years) == pytest.approx(quote.option_price, abs=0.02)
    deltas = [quote.delta for quote in quotes]
    assert deltas == sorted(deltas, reverse=True)
    assert 0.0 <= deltas[-1] < 0.1
    assert 0.9 < deltas[0] <= 1.0


def test_widths_grow_with_stress(volmageddon, calendar):
    def atm_width(on: date) -> float:
        _at(volmageddon, calendar, on)
        quotes = _chain(volmageddon, "SPX", "20180302", "P", "SPXW")[1]
        near = min(quotes, key=lambda quote: abs(quote.delta + 0.5))
        return near.ask - near.bid

    assert atm_width(date(2018, 1, 17)) * 2 < atm_width(date(2018, 2, 6))


def test_back_months_rise_less_than_spot_when_vix_spikes(volmageddon, calendar):
    futures = volmageddon.find(ContractQuery(symbol="VIX", sec_type="FUT"))
    ids = [x.con_id for x in futures if x.contract.expiration > date(2018, 2, 10)][:6]

    def mids() -> list[float]:
        return [0.5 * (q.bid + q.ask) for q in volmageddon.quotes(ids)]

    _at(volmageddon, calendar, date(2018, 1, 19))
    quiet = mids()
    assert all(a < b for a, b in itertools.pairwise(quiet))
    _at(volmageddon, calendar, date(2018, 2, 2), 380)
    calm = mids()
    _at(volmageddon, calendar, date(2018, 2, 5), 404)
    rises = [after - before for before, after in zip(calm, mids(), strict=True)]
    assert 20.0 > rises[0] > rises[1] > rises[-1] > 0.5


def test_a_condor_45_days_out_pays_a_fifth_to_a_third_of_its_width(volmageddon, calendar):
    _at(volmageddon, calendar, date(2018, 1, 17))
    legs = {}
    for right, target in (("P", -0.20), ("C", 0.20)):
        listings, quotes = _chain(volmageddon, "SPX", "20180302", right, "SPXW")
        mids = {
            x.contract.strike: 0.5 * ((q.bid or 0.0) + q.ask)
            for x, q in zip(listings, quotes, strict=True)
        }
        short = min(zip(listings, quotes, strict=True), key=lambda row: abs(row[1].delta - target))
        strike = short[0].contract.strike
        legs[right] = mids[strike] - mids[strike + (30 if right == "C" else -30)]
    assert 0.20 < (legs["P"] + legs["C"]) / 30 < 0.33


def test_a_thirty_delta_vix_call_a_month_out_costs_between_half_and_nine_tenths(
    volmageddon, calendar
):
    _at(volmageddon, calendar, date(2018, 1, 17))
    quotes = _chain(volmageddon, "VIX", "20180213", "C")[1]
    near = min(quotes, key=lambda quote: abs(quote.delta - 0.30))
    assert 0.45 < near.bid < near.ask < 0.90


def test_an_expiring_spxw_stops_at_four_and_settles_on_the_close(volmageddon, calendar):
    (listing,) = volmageddon.find(
        ContractQuery(symbol="SPX", sec_type="OPT", trading_class="SPXW", last_trade="20180205",
                      strike=2700.0, right="P")
    )  # fmt: skip
    _at(volmageddon, calendar, date(2018, 2, 5), 389)
    assert volmageddon.is_open(listing.con_id)
    assert volmageddon.settled(listing.con_id) is None
    _at(volmageddon, calendar, date(2018, 2, 5), 390)
    assert not volmageddon.is_open(listing.con_id)
    assert volmageddon.settled(listing.con_id) == 2648.94
    _at(volmageddon, calendar, date(2018, 2, 5), 391)
    assert volmageddon.quotes([listing.con_id]) == [NO_QUOTE]


def test_am_series_trade_on_their_last_day_and_settle_on_the_next_open(volmageddon, calendar):
    (vix,) = volmageddon.find(
        ContractQuery(symbol="VIX", sec_type="OPT", last_trade="20180213", strike=15.0, right="C")
    )
    (spx,) = volmageddon.find(
        ContractQuery(symbol="SPX", sec_type="OPT", trading_class="SPX", last_trade="20180215",
                      strike=2700.0, right="C")
    )  # fmt: skip
    _at(volmageddon, calendar, date(2018, 2, 13), 404)
    assert volmageddon.is_open(vix.con_id)
    volmageddon.advance(calendar.open_at(date(2018, 2, 14)) - timedelta(minutes=1))
    assert volmageddon.settled(vix.con_id) is None
    _at(volmageddon, calendar, date(2018, 2, 14), 0)
    day = next(d for d in volmageddon.tape.days if d.on == date(2018, 2, 14))
    assert volmageddon.settled(vix.con_id) == round(day.vix_open, 2)
    _at(volmageddon, calendar, date(2018, 2, 16), 0)
    day = next(d for d in volmageddon.tape.days if d.on == date(2018, 2, 16))
    assert volmageddon.settled(spx.con_id) == round(day.spx_open, 2)


def test_hours_name_early_closes_and_closed_days_in_the_exchanges_zone(july_2017):
    trading, liquid, zone = july_2017.hours(SPX)
    assert zone == "US/Central"
    assert trading == liquid
    assert trading.split(";")[:3] == [
        "20170703:0830-20170703:1215",
        "20170704:CLOSED",
        "20170705:0830-20170705:1515",
    ]
    assert july_2017.hours(SPY)[0].startswith("20170703:0930-20170703:1300;")
    assert july_2017.hours(1) == ("", "", "")


def test_an_early_close_ends_three_hours_sooner(july_2017, calendar):
    _at(july_2017, calendar, date(2017, 7, 3), 224)
    assert july_2017.is_open(SPX)
    _at(july_2017, calendar, date(2017, 7, 3), 225)
    assert not july_2017.is_open(SPX)
    assert july_2017.quotes([SPX])[0].last == round(
        july_2017.tape.days[july_2017.tape.first].spx_close, 2
    )


def test_ids_that_nobody_listed_have_no_listing_and_no_quote(volmageddon):
    assert volmageddon.listing(987) is None
    assert volmageddon.quotes([987, SPX])[0] == NO_QUOTE
    assert not volmageddon.is_open(987)
    assert volmageddon.settled(987) is None


def test_real_settlements_shape_the_curve_where_history_has_them(calendar, market_data_dir):
    market = Market(load("volmageddon", data_dir=market_data_dir), calendar, seed=7)
    futures = market.find(ContractQuery(symbol="VIX", sec_type="FUT"))
    ids = {x.contract.expiration: x.con_id for x in futures}
    market.advance(calendar.close_at(date(2018, 2, 5)))
    february, march = market.quotes([ids[date(2018, 2, 14)], ids[date(2018, 3, 21)]])
    assert february.bid < 33.3 < february.ask + 0.1
    assert march.bid < 28.0 < march.ask + 0.1
    vix3m = next(x for x in market.find(ContractQuery(symbol="VIX3M", sec_type="IND")))
    assert market.quotes([vix3m.con_id])[0].last == 28.13
