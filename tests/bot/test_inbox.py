"""The single way into the desk."""

import asyncio

import pytest

from bot.inbox import QUOTED_CONTRACTS_MAX, Inbox, InboxOverflow
from domain.events import BrokerReady, ClockTicked, HaltRequested
from domain.instruments import SPX, VIX, stock
from tests.bot.samples import AT, after, quote_of


async def test_a_newer_quote_replaces_the_older_one_of_its_contract():
    inbox = Inbox()
    inbox.put(quote_of(SPX, bid=1.0))
    inbox.put(quote_of(VIX, bid=2.0))
    inbox.put(quote_of(SPX, bid=3.0))

    batch = await inbox.drain()

    assert [(event.contract, event.quote.bid) for event in batch] == [(VIX, 2.0), (SPX, 3.0)]


async def test_a_replaced_quote_moves_behind_what_came_in_between():
    inbox = Inbox()
    ready, newer = BrokerReady(after(1)), quote_of(SPX, after(2))
    for event in (quote_of(SPX), ready, newer):
        inbox.put(event)

    assert await inbox.drain() == [ready, newer]


async def test_everything_but_quotes_keeps_number_and_order():
    inbox = Inbox()
    ticks = [ClockTicked(after(n)) for n in range(50)]
    for tick in ticks:
        inbox.put(tick)

    assert await inbox.drain() == ticks
    assert len(inbox) == 0


async def test_drain_waits_for_the_first_event():
    inbox = Inbox()
    waiting = asyncio.ensure_future(inbox.drain())
    await asyncio.sleep(0)
    assert not waiting.done()

    inbox.put(ClockTicked(AT))

    assert await waiting == [ClockTicked(AT)]


async def test_overflow_is_fatal_even_when_a_callback_swallowed_it():
    inbox = Inbox(ordered_max=3)
    for _ in range(3):
        inbox.put(ClockTicked(AT))
    with pytest.raises(InboxOverflow):
        inbox.put(ClockTicked(AT))

    with pytest.raises(InboxOverflow, match="4 events"):
        await inbox.drain()
    with pytest.raises(InboxOverflow):
        inbox.put(ClockTicked(AT))


async def test_quotes_of_more_contracts_than_anybody_can_watch_are_an_overflow():
    inbox = Inbox()
    for number in range(QUOTED_CONTRACTS_MAX):
        inbox.put(quote_of(stock(f"S{number}")))
    with pytest.raises(InboxOverflow):
        inbox.put(quote_of(stock("ONE MORE")))


async def test_a_halt_is_visible_while_it_waits_and_not_after():
    inbox = Inbox()
    assert not inbox.halt_waiting
    inbox.put(HaltRequested(AT, "operator", "stop"))
    assert inbox.halt_waiting

    await inbox.drain()

    assert not inbox.halt_waiting
