from datetime import date

import pytest

from domain.instruments import Right
from sim.exchange.expirations import spx_expirations, spxw_expirations, vix_settlements
from sim.exchange.listings import (
    ContractQuery,
    OptionKey,
    fixed_listings,
    option_id,
    option_key,
    spx_strikes,
)  # fmt: skip


def _query(**terms) -> ContractQuery:
    return ContractQuery(**terms)


@pytest.mark.parametrize(
    "key",
    [
        OptionKey("SPXW", date(2018, 3, 2), 2690.0, Right.PUT),
        OptionKey("SPX", date(2018, 3, 15), 100.0, Right.CALL),
        OptionKey("VIX", date(2018, 3, 20), 12.5, Right.CALL),
        OptionKey("SPXW", date(2028, 12, 29), 10235.0, Right.CALL),
    ],
)
def test_an_option_id_describes_its_option_and_fits_the_wire(key):
    assert option_key(option_id(key)) == key
    assert 0 < option_id(key) < 2**31


def test_ids_of_things_that_never_expire_are_not_option_ids():
    assert all(option_key(listing.con_id) is None for listing in fixed_listings())


def test_a_strike_off_the_grid_of_its_class_has_no_id():
    with pytest.raises(ValueError, match="lists no strike 2691"):
        option_id(OptionKey("SPXW", date(2018, 3, 2), 2691.0, Right.PUT))


def test_local_symbols_carry_the_settlement_day_and_last_trade_the_day_before(volmageddon):
    (call,) = volmageddon.find(
        _query(symbol="VIX", sec_type="OPT", last_trade="20180320", strike=15.0, right="C")
    )
    assert call.local_symbol == "VIX   180321C00015000"
    assert (call.last_trade, call.real_expiration) == ("20180320", "20180321")
    assert call.contract.expiration == date(2018, 3, 20)
    (future,) = volmageddon.find(_query(symbol="VIX", sec_type="FUT", last_trade="201803"))
    assert (future.local_symbol, future.contract.expiration) == ("VXH8", date(2018, 3, 21))
    (monthly,) = volmageddon.find(
        _query(symbol="SPX", sec_type="OPT", trading_class="SPX", last_trade="20180315",
               strike=2700.0, right="P")
    )  # fmt: skip
    assert monthly.local_symbol == "SPX   180316P02700000"


def test_a_local_symbol_finds_its_option(volmageddon):
    (found,) = volmageddon.find(_query(sec_type="OPT", local_symbol="SPXW  180302P02690000"))
    assert found.contract.label == "SPXW 2018-03-02 2690 P"
    for broken in (
        "SPXW  180303P02690000",
        "SPXW  180302X02690000",
        "SPXW  1",
        "SPXW  18AB02P0269",
    ):
        assert volmageddon.find(_query(sec_type="OPT", local_symbol=broken)) == []


@pytest.mark.parametrize(
    "terms",
    [
        {"symbol": "SPX", "sec_type": "OPT", "last_trade": "20180302", "strike": 2691.0},
        {"symbol": "SPX", "sec_type": "OPT", "last_trade": "20180303"},
        {"symbol": "SPX", "sec_type": "OPT", "last_trade": "20180101"},
        {"symbol": "SPX", "sec_type": "OPT", "last_trade": "soon"},
        {"symbol": "SPX", "sec_type": "IND", "exchange": "SMART"},
        {"symbol": "VIX", "sec_type": "FUT", "multiplier": "100"},
        {"symbol": "NOPE", "sec_type": "STK"},
        {"con_id": 12345},
    ],
)
def test_what_is_not_listed_is_not_found(volmageddon, terms):
    assert volmageddon.find(_query(**terms)) == []


def test_an_id_alone_finds_its_instrument_until_it_has_expired(volmageddon, calendar):
    (listing,) = volmageddon.find(
        _query(symbol="SPX", sec_type="OPT", last_trade="20180119", strike=2700.0, right="C",
               trading_class="SPXW")
    )  # fmt: skip
    assert volmageddon.find(_query(con_id=listing.con_id)) == [listing]
    volmageddon.advance(calendar.open_at(date(2018, 1, 22)))
    assert volmageddon.find(_query(con_id=listing.con_id)) == []
    assert volmageddon.listing(listing.con_id) == listing


def test_every_strike_reported_for_a_class_is_found_for_some_expiration_but_not_for_all(
    volmageddon,
):
    spxw = next(p for p in volmageddon.option_parameters("SPX") if p.trading_class == "SPXW")
    near, far = spxw.expirations[5], spxw.expirations[-1]
    strikes = {
        day: {
            x.contract.strike
            for x in volmageddon.find(
                _query(
                    symbol="SPX", sec_type="OPT", trading_class="SPXW", last_trade=f"{day:%Y%m%d}"
                )
            )
        }
        for day in (near, far)
    }
    assert strikes[near] == set(spxw.strikes)
    assert strikes[far] < set(spxw.strikes)


def test_spxw_has_an_expiration_near_45_days_and_vix_one_near_220(volmageddon):
    today = date(2018, 1, 16)
    classes = {p.trading_class: p for p in volmageddon.option_parameters("SPX")}
    assert sorted(classes) == ["SPX", "SPXW"]
    assert any(38 <= (day - today).days <= 52 for day in classes["SPXW"].expirations)
    vix = volmageddon.option_parameters("VIX")[0]
    assert min(abs((day - today).days - 220) for day in vix.expirations) <= 20
    assert volmageddon.option_parameters("SPY") == []


def test_expirations_follow_the_holidays(calendar):
    days = spxw_expirations(calendar, date(2018, 2, 12))
    assert date(2018, 2, 19) not in days  # a Monday without a session
    assert date(2018, 3, 29) in days  # for Good Friday
    assert (date(2018, 2, 15), date(2018, 2, 16)) in spx_expirations(calendar, date(2018, 2, 12))
    # Good Friday 2019-04-19 moves the March settlement of VIX to a Tuesday.
    assert date(2019, 3, 19) in vix_settlements(calendar, date(2018, 11, 1))


def test_model_settlement_days_are_the_real_ones(calendar, market_data_dir):
    from sim.exchange.history import read_directory

    days = [
        d for d in read_directory(market_data_dir) if date(2015, 1, 5) <= d.on < date(2018, 9, 1)
    ]
    for day in days[::20]:
        real = [on for on, _ in day.vx if on >= day.on][:7]
        assert list(vix_settlements(calendar, day.on))[: len(real)] == real


def test_strikes_are_added_as_the_index_moves_and_never_removed():
    calm, moved = spx_strikes(45, 2700.0, 2870.0), spx_strikes(45, 2530.0, 2870.0)
    assert calm < moved
    assert spx_strikes(45, 2530.0, 2870.0) <= spx_strikes(3, 2530.0, 2870.0)
