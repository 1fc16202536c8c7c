"""A crash between the margin question and its answer: the order is lost, never doubled."""

import asyncio

import pytest

from bot.journal.reading import JournalReader
from bot.supervise import Exit
from domain.effects import AskMargin, PlaceOrder
from domain.orders import OrderStatus
from tests.scenarios.demo.test_daemon import HOUR, Stage, play

pytestmark = pytest.mark.scenario


def test_an_order_that_was_only_asked_about_is_not_sent_by_the_next_life(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        asked = []

        def pull_the_plug(events, effects, desk):
            asked.extend(e.order.order_ref for e in effects if isinstance(e, AskMargin))
            if asked:
                raise KeyError("a bug right after the question was asked")

        ending, first = await stage.live(3 * HOUR, observers=(pull_the_plug,))
        await asyncio.sleep(60)
        _, second = await stage.live(HOUR, resume="looked at it")
        return ending, asked, first, second, stage.server.gateway.orders

    ending, asked, _first, second, broker = play(story)

    assert ending.exit is Exit.CRASHED
    (ref,) = asked
    sent = [order.request.order_ref for order in (*broker.finished, *broker.live.values())]
    assert ref not in sent, "it was never sent, and its number is not used again"
    assert len(sent) == len(set(sent)) > 0, "the next life sends an order of its own"
    assert ref not in second.desk.orders
    assert not [o for o in second.desk.orders.values() if o.status is OrderStatus.ASKING]
    reader = JournalReader(tmp_path / "journal.sqlite")
    placed = [r.order.order_ref for r in reader.records() if isinstance(r, PlaceOrder)]
    assert ref not in placed
    assert len(placed) == len(set(placed))
