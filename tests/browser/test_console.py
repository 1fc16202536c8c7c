"""The console in a real browser: each panel in both themes, by keyboard, on a phone, attacked."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from domain.desk import TradingState
from domain.effects import RaiseAlert, RecordDecision, Severity, Verdict
from domain.events import BrokerLost, HaltRequested, OrderRejected
from domain.signals import Reading, Signal
from tests.bot.console.stage import NASTY, TOKEN, Console
from tests.browser.chromium import (
    PHONE,
    axe_troubles,
    inside,
    needs_chromium,
    opened,
)

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[2]
# What each panel must say for the desk of the stage.
PANELS = {
    "#facts": ("Trading", "11.70 pts", "2,776.00 pts", "$1,003,250", "connected"),
    "#book": ("2655 / 2685 / 2850 / 2880", "11.40 pts", "$7,440", "expiry, 45 days", "+$420"),
    "#hedge": ("of the book", "cap 40 %", "VIX 2018-02-13 15 C", "Near", "Middle", "Far"),
    "#curve": ("contango", "+1.70 pts", "11.70 pts"),
    "#results": ("Condors", "Hedge, near", "All", "Shadow: no hedge", "Shadow: fixed ratio"),
    "#signals": ("rsi vix", "61.40", "stress", "UNKNOWN"),
    "#story": ("denied", "over the cap", "sold at 16 delta", "six condors are open"),
    "#orders": ("buy hedge", "0 of 1", "1.45 pts", "accepted"),
    "#health": ("connected and reconciled", "30 of 95", "all answered for"),
    "#gates": ("condor entry", "hedge build"),
    "#log": ("order.sent", "cb-hedge-20180116-9"),
    "#alerts": ("market data unknown",),
}


def image_folder(tmp_path: Path) -> Path:
    """Where screenshots go: a passing folder, or docs/images with REFRESH_IMAGES=1."""
    refresh = os.environ.get("REFRESH_IMAGES") == "1"
    folder = ROOT / "docs" / "images" if refresh else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_panel_says_what_the_desk_is_like(started, theme, tmp_path):
    folder = image_folder(tmp_path)
    async with Console(past_hours=22) as console:
        watched = await inside(started, console, theme)
        page = watched.page
        for panel, words in PANELS.items():
            text = await page.inner_text(panel)
            for word in words:
                assert word.lower() in text.lower(), (panel, word)
            shot = await page.locator(panel).screenshot(path=tmp_path / f"{panel[1:]}-{theme}.png")
            assert len(shot) > 500, panel
        for chart in ("#payoff", "#vx", "#pnl"):
            assert await page.locator(f"{chart} canvas").count() == 1
        assert await axe_troubles(page) == []
        await page.set_viewport_size({"width": 1440, "height": 1240})
        await page.screenshot(path=folder / f"console-{theme}.png")
        assert watched.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_it_fits_a_phone(started, theme, tmp_path):
    async with Console() as console:
        watched = await inside(started, console, theme, PHONE)
        width = await watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        folder = image_folder(tmp_path) if theme == "light" else tmp_path
        await watched.page.screenshot(path=folder / f"phone-{theme}.png")
        assert await axe_troubles(watched.page) == []


async def test_the_link_lets_in_once_and_leaves_no_token_behind(started, tmp_path):
    async with Console() as console:
        watched = await inside(started, console)
        assert watched.page.url == f"{console.url}/"
        assert not [url for url in watched.requests if TOKEN.split()[-1] in url]
        second = await opened(started)
        await second.page.goto(f"{console.url}/login#{TOKEN}")
        await second.page.wait_for_selector("#error:not(:empty)")
        assert "wrong token" in await second.page.inner_text("#error")
        assert await axe_troubles(second.page) == []
        await second.page.screenshot(path=image_folder(tmp_path) / "login.png")
        assert {url.split("/")[2] for url in watched.requests} == {f"127.0.0.1:{console.port}"}


async def test_halting_takes_three_keys_and_a_reason_and_the_page_shows_it(started):
    async with Console() as console:
        page = (await inside(started, console)).page
        await page.keyboard.press("h")
        assert await page.is_visible("#ask[open]")
        assert await axe_troubles(page) == []
        await page.keyboard.type("drill")
        await page.keyboard.press("Enter")
        asked = await console.inbox.drain()
        assert asked == [HaltRequested(console.clock.now(), "console", "drill")]
        console.turn(*asked, trading=TradingState.HALTED, trading_why="console: drill")
        await page.wait_for_selector("#facts .state.bad:has-text('Halted')")
        await page.wait_for_selector("#story-lines .badge:has-text('halt')")
        assert (await page.title()).startswith("Halted")


async def test_the_keyboard_reaches_everything(started):
    async with Console() as console:
        page = (await inside(started, console)).page
        focused = "document.activeElement.id"
        for key, panel in (("1", "book"), ("2", "hedge"), ("6", "signals"), ("8", "gates")):
            await page.keyboard.press(key)
            assert await page.evaluate(focused) == panel
        await page.keyboard.press("r")
        assert "Only reduce" in await page.inner_text("#ask")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        assert "UNKNOWN" in await page.inner_text("#keys")
        assert await axe_troubles(page) == []
        await page.keyboard.press("Escape")
        dark = "getComputedStyle(document.body).backgroundColor"
        before = await page.evaluate(dark)
        await page.keyboard.press("t")
        assert await page.evaluate(dark) != before
        await page.reload()
        await page.wait_for_selector("#checks dd")
        assert await page.evaluate(dark) != before
        assert len(console.inbox) == 0


async def test_payoff_of_the_hedge_and_of_both_can_be_seen(started):
    async with Console() as console:
        page = (await inside(started, console)).page
        assert "beta -4.2" in await page.inner_text("#payoff-words")
        await page.check("#payoff-part input[value=hedge]", force=True)
        assert await page.inner_text("#break-evens") == ""
        await page.check("#payoff-part input[value=both]", force=True)
        assert "expiry, 45 days" in await page.inner_text("#break-evens")
        topic = page.locator("#gates-list > li", has_text="condor entry")
        await topic.locator("summary").click()
        frame = console.turn
        frame(feed_at=console.desk.now)
        assert await topic.locator("ul li").first.is_visible()
        await page.check("#story-filter input[value=refusals]", force=True)
        shown = await page.locator("#story-lines > li:visible .badge").all_inner_texts()
        assert sorted(shown) == ["denied", "skipped"]


async def test_a_desk_that_knows_nothing_says_unknown_everywhere(started):
    async with Console() as console:
        desk = console.desk
        console.turn(quotes={}, ready_at=None, feed_at=None, positions_at=None)
        console.turn(memory=replace(desk.memory, signals={}))
        watched = await inside(started, console)
        for panel in ("#facts", "#hedge", "#curve", "#signals", "#results", "#health", "#book"):
            assert "UNKNOWN" in await watched.page.inner_text(panel), panel
        text = await watched.page.inner_text("main")
        assert "NaN" not in text
        assert "null" not in text
        assert "undefined" not in text
        assert watched.errors == []


async def test_markup_in_any_string_stays_text(started):
    async with Console() as console:
        now = console.desk.now
        effects = (
            RecordDecision(
                now, Verdict.DENIED, NASTY, NASTY, NASTY, subject=NASTY, inputs=((NASTY, 1.0),)
            ),
            RaiseAlert(now, NASTY, Severity.CRITICAL, NASTY),
        )
        ref, placed = next(iter(console.desk.orders.items()))
        signals = {Signal.RSI_VIX: Reading(1.0, now, True, NASTY)}
        events = (
            OrderRejected(now, NASTY, 201, NASTY), BrokerLost(now, NASTY),
            HaltRequested(now, NASTY, NASTY),
        )  # fmt: skip
        console.tail.add({"ts": now.isoformat(), "level": NASTY, "event": NASTY, NASTY: NASTY})
        console.turn(
            *events,
            effects=effects,
            trading_why=NASTY,
            alerts={NASTY: now},
            memory=replace(console.desk.memory, signals=signals),
            orders={**console.desk.orders, ref: replace(placed, order_ref=NASTY)},
        )
        watched = await inside(started, console)
        page = watched.page
        await page.wait_for_selector("#log-lines li")
        assert "owned" not in await page.title()
        assert await page.locator("img, main script, main iframe").count() == 0
        for panel in ("#alerts", "#story", "#log"):
            assert "<img src=x" in await page.inner_text(panel), panel
        assert watched.errors == []


async def test_when_the_daemon_falls_silent_the_page_says_that_what_it_shows_is_old(started):
    async with Console() as console:
        watched = await inside(started, console, clock=True)
        assert not await watched.page.is_visible("#stale")
    await watched.page.clock.fast_forward(6000)
    await watched.page.wait_for_selector("#stale:not([hidden])")
    assert "is old" in await watched.page.inner_text("#stale")


ATTACK = (Path(__file__).parent / "elsewhere.html").read_bytes()


async def test_a_page_elsewhere_on_this_machine_gets_nothing_and_changes_nothing(started):
    async def elsewhere(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n"
        writer.write(head + ATTACK)
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    async with other, Console() as console:
        watched = await inside(started, console)
        for host in ("localhost", "127.0.0.1"):  # another site; the same site on another port
            page = await watched.page.context.new_page()
            await page.goto(f"http://{host}:{port}/#{console.url}")
            await page.wait_for_function("window.outcome")
            outcome = await page.evaluate("window.outcome")
            assert set(outcome.values()) <= {"refused", 0}, outcome
            assert len(outcome) == 13
        assert len(console.inbox) == 0
        await watched.page.reload()
        await watched.page.wait_for_selector("#checks dd")
