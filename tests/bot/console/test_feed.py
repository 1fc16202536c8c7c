"""Many pages, one frame a second; the slow miss frames and delay nobody."""

import asyncio
import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.console.counts import Counts
from bot.console.encoding import encoded
from bot.console.feed import UNTAKEN_BEATS_MAX, Feed
from bot.console.story import story
from bot.console.watch import HISTORY_MAX, STORY_MAX, Ring, Watch
from bot.logs import LogTail
from bot.serving import Serving
from domain.events import ClockTicked, HaltRequested, OrderFilled, QuoteUpdated
from domain.instruments import SPX
from domain.quotes import Quote
from engine.policy import Policy
from engine.views import TrancheView
from tests.bot.console.stage import TOKEN, Console, desk_with_everything
from tests.bot.console.wire import log_in, request
from tests.bot.samples import EFFECTS, EVENTS
from tests.builders import TUESDAY, ready_desk


def feed_of(frames, viewers_max=20):
    """A feed whose panels are told one after another from ``frames``."""
    told = iter(frames)
    return Feed(Watch(Policy()), LogTail(), lambda: next(told), viewers_max, Counts())


def messages(chunk: bytes):
    parts = [part for part in chunk.decode().split("\n\n") if part.startswith("event: ")]
    pairs = (part.split("\ndata: ") for part in parts)
    return {name.removeprefix("event: "): json.loads(data) for name, data in pairs}


async def test_a_page_gets_everything_first_and_then_only_what_changed():
    feed = feed_of([{"a": {"n": 1}, "b": {"n": 1}}, {"a": {"n": 1}, "b": {"n": 2}}])
    viewer = feed.join()
    assert messages(await feed.next_chunk(viewer)) == {"a": {"n": 1}, "b": {"n": 1}}
    feed.beat()
    assert messages(await feed.next_chunk(viewer)) == {"b": {"n": 2}}


async def test_a_slow_page_gets_the_newest_frame_and_never_two():
    feed = feed_of([{"a": {"n": n}} for n in range(9)])
    viewer = feed.join()
    for _ in range(8):
        feed.beat()
    assert messages(await feed.next_chunk(viewer)) == {"a": {"n": 8}}
    assert viewer.missed == 8


async def test_a_page_that_takes_nothing_is_dropped_and_the_others_stay():
    feed = feed_of({"a": {"n": n}} for n in range(100))
    stuck, fine = feed.join(), feed.join()
    stopped = []
    stuck.stop = lambda: stopped.append(True)
    for _ in range(UNTAKEN_BEATS_MAX + 2):
        feed.beat()
        assert await feed.next_chunk(fine) is not None
    assert stopped == [True]
    assert (len(feed), feed._counts.viewers, feed._counts.dropped) == (1, 1, 1)
    assert await feed.next_chunk(stuck) is None


async def test_nothing_is_computed_while_nobody_looks_and_once_for_all_who_do():
    feed = feed_of({"a": {"n": n}} for n in range(100))
    for _ in range(5):
        feed.beat()
    assert feed.frames == 0
    viewers = [feed.join() for _ in range(10)]
    assert feed.frames == 1
    feed.beat()
    assert feed.frames == 2
    for viewer in viewers:
        feed.leave(viewer)
    feed.beat()
    assert feed.frames == 2


async def test_pages_are_bounded_and_closing_ends_them_all():
    feed = feed_of(({"a": {}} for _ in range(9)), viewers_max=2)
    viewers = [feed.join(), feed.join()]
    assert feed.join() is None
    feed.close()
    assert [await feed.next_chunk(viewer) for viewer in viewers] == [None, None]
    assert len(feed) == 0


async def test_without_news_a_page_still_hears_that_we_are_there():
    feed = feed_of([{"a": {}}, {"a": {}}])
    viewer = feed.join()
    await feed.next_chunk(viewer)
    feed.beat()
    assert (await feed.next_chunk(viewer)).startswith(b":")


def test_a_ring_tells_what_is_new_and_how_much_is_lost():
    ring = Ring(3)
    for item in "abcde":
        ring.add(item)
    assert ring.after(0, 10) == (["c", "d", "e"], 2)
    assert ring.after(3, 10) == (["d", "e"], 0)
    assert ring.after(0, 1) == (["e"], 4)
    assert ring.after(5, 10) == ([], 0)


def test_the_log_tail_tells_the_same_way():
    tail = LogTail(lines_max=2)
    for n in range(4):
        tail.add({"n": n})
    assert tail.after(1, 10) == ([{"n": 2}, {"n": 3}], 1)
    assert tail.after(4, 10) == ([], 0)


def test_the_watch_remembers_a_bounded_story_without_the_noise():
    watch, desk = Watch(Policy()), ready_desk()
    noise = (ClockTicked(TUESDAY), QuoteUpdated(TUESDAY, SPX, Quote(TUESDAY, last=2776.0)))
    for n in range(STORY_MAX + 10):
        watch.observe((*noise, HaltRequested(TUESDAY, "x", f"{n}")), (), desk)
    assert watch.story.count == len(watch.story) + 10 == STORY_MAX + 10
    (_, last), *_ = watch.story.after(watch.story.count - 1, 1)[0]
    assert last.why == f"{STORY_MAX + 9}"
    assert OrderFilled.__name__ not in str(last)


def test_history_is_marked_every_five_minutes_of_a_session_and_bounded():
    watch, desk = Watch(Policy()), desk_with_everything()
    for minute in range(11):
        watch.observe((), (), replace(desk, now=TUESDAY + timedelta(minutes=minute)))
    assert watch.history.count == 3
    night = TUESDAY + timedelta(hours=12)
    watch.observe((), (), replace(desk, now=night))
    assert watch.history.count == 3
    for _ in range(HISTORY_MAX + 5):
        watch._mark(desk)
    assert len(watch.history) == HISTORY_MAX


async def stream(console, known):
    reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
    writer.write(request(console.port, "GET", "/api/feed", **known))
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_the_feed_streams_panels_story_and_log_and_ends_with_the_daemon():
    async with Console() as console:
        console.tail.add({"event": "order.sent", "level": "info"})
        known = await log_in(console.port, TOKEN)
        reader, writer = await stream(console, known)
        text = b""
        while b"event: log" not in text:
            text += await reader.read(65536)
    rest = await reader.read()
    assert b"event: story" in text
    assert b"event: history" in text
    assert b"order.sent" in text + rest
    writer.close()


async def test_a_turn_is_seen_within_a_beat():
    beats = asyncio.Semaphore(0)

    async def pause(_seconds: float) -> None:
        await beats.acquire()

    console = Console()
    console.serving = replace(console.serving, pause=pause)
    async with console:
        reader, writer = await stream(console, await log_in(console.port, TOKEN))
        await reader.readuntil(b"event: log" if console.tail.count else b"event: history")
        console.turn(HaltRequested(TUESDAY, "somebody", "a reason to be seen"))
        beats.release()
        text = await asyncio.wait_for(reader.readuntil(b"a reason to be seen"), 5.0)
        assert b"event: story" in text
        writer.close()


@pytest.mark.parametrize("count", [21])
async def test_too_many_pages_are_told_so(count):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        open_pages = []
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
            writer.write(request(console.port, "GET", "/api/feed", **known))
            open_pages.append((await reader.readline(), writer))
        assert [line.split()[1] for line, _ in open_pages] == [b"200"] * 20 + [b"429"]
        for _, writer in open_pages:
            writer.close()


@pytest.mark.parametrize("odd", ["\ud800", "a\udcffb", "\u2028</script>", 2**70, float("nan")])
def test_no_string_or_number_can_break_the_feed(odd):
    read = json.loads(encoded({"a": odd, "b": [odd], "c": TrancheView}))
    assert set(read) == {"a", "b", "c"}
    assert "\n" not in encoded({"a": "x\r\ny"}).decode()


def test_every_kind_of_news_becomes_a_line():
    for item in (*EVENTS, *EFFECTS):
        (line,) = story([(TUESDAY, item)])
        assert set(line) == {"kind", "at", "topic", "rule", "text", "ref", "denial", "inputs"}
        json.loads(encoded(line))


async def test_a_page_that_stops_reading_is_cut_off_and_costs_the_others_nothing():
    beats = asyncio.Semaphore(0)

    async def pause(_seconds: float) -> None:
        await beats.acquire()

    async with Console(serving=Serving(pause=pause)) as console:
        known = await log_in(console.port, TOKEN)
        stuck = socket.socket()
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stuck, ("127.0.0.1", console.port))
        await loop.sock_sendall(stuck, request(console.port, "GET", "/api/feed", **known))
        reader, writer = await stream(console, known)
        assert console.viewers == 2
        taken = asyncio.ensure_future(reader.read())
        noise = [HaltRequested(TUESDAY, "x", f"{n} " + "y" * 2000) for n in range(150)]
        for beat in range(400):
            console.turn(*noise, now=TUESDAY + timedelta(seconds=beat))
            beats.release()
            for _ in range(6):
                await asyncio.sleep(0)
            if console.viewers == 1:
                break
        assert console.viewers == 1
        assert not taken.done(), "the one who reads is still served"
        stuck.close()
        writer.close()
    assert b"event: story" in await taken
