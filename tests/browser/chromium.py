"""The distribution's chromium, started once a test, and pages that are logged in."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.bot.console.stage import TOKEN, Console

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text(encoding="utf-8")
DESKTOP, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on PATH (apt-get install it)")


@dataclass
class Watched:
    """A page and everything it complained of or asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield started
        finally:
            await started.close()


async def opened(started: Browser, theme: str = "light", size=None) -> Watched:
    context = await started.new_context(color_scheme=theme, viewport=size or DESKTOP)
    context.set_default_timeout(15_000)
    watched = Watched(await context.new_page())
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.on(
        "console",
        lambda said: (
            watched.errors.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    watched.page.on("request", lambda asked: watched.requests.append(asked.url))
    return watched


async def inside(
    started: Browser, console: Console, theme: str = "light", size=None, *, clock: bool = False
) -> Watched:
    """A page that came in by the link with the token and has drawn its first frame.

    With ``clock`` a test can move the page's time.
    """
    watched = await opened(started, theme, size)
    if clock:
        await watched.page.clock.install()
    await watched.page.goto(f"{console.url}/login#{TOKEN}")
    await watched.page.wait_for_selector("#checks dd")
    return watched


async def axe_troubles(page: Page) -> list[str]:
    """Rule and place of everything axe-core finds wrong."""
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{trouble['id']}: {node['target']} {node['failureSummary']}"
        for trouble in found["violations"]
        for node in trouble["nodes"]
    ]
