"""Every series the signals look back on, and quotes of what only they listen to, over the wire."""

import asyncio
from datetime import date

import pytest

from bot.broker.histories import SERIES
from domain.events import ContractRefused, DailyClosesLoaded, QuoteUpdated
from domain.instruments import AD_NYSE, EURUSD, SKEW, VIXY, VVIX, es_future
from tests.scenarios.wire.harness import Wire, on_the_wire

pytestmark = pytest.mark.scenario


def test_all_series_arrive_whole_and_in_order() -> None:
    async def script(wire: Wire) -> None:
        await wire.ready()
        await wire.until(lambda: len(wire.of(DailyClosesLoaded)) == len(SERIES), 60)

    events = [event for event in on_the_wire(script) if isinstance(event, DailyClosesLoaded)]
    assert [event.symbol for event in events] == [contract.series for contract, _ in SERIES]
    assert {event.closes[-1][0] for event in events} == {date(2018, 1, 12)}
    lengths = {event.symbol: len(event.closes) for event in events}
    assert lengths["VNQ"] > 270, "a year of 20-day returns"
    assert lengths["EUR.USD"] >= 250
    assert lengths["VVIX"] > 61
    assert lengths["XLU"] > 11


def test_breadth_currencies_and_funds_are_quoted_and_the_unlisted_is_refused() -> None:
    wanted = (VVIX, VIXY, SKEW, AD_NYSE, EURUSD)
    unlisted = es_future(date(2018, 3, 16))

    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.broker.watch((*wanted, unlisted))
        await asyncio.sleep(30)

    events = on_the_wire(script)
    quotes = {e.contract: e.quote for e in events if isinstance(e, QuoteUpdated)}
    breadth = quotes[AD_NYSE]
    assert breadth.bid is not None
    assert breadth.ask is not None
    assert 2500 < breadth.bid + breadth.ask < 3000
    assert quotes[EURUSD].mid == pytest.approx(1.15, abs=0.15)
    assert all(quotes[contract].level for contract in (VVIX, VIXY, SKEW))
    assert [e.contract for e in events if isinstance(e, ContractRefused)] == [unlisted]
