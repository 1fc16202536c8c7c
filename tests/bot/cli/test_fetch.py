"""`condorbot data fetch` from a healthy gateway: what is stored is what its market has."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.fetching import Wishes
from bot.supervise import Exit
from domain.session import new_york
from sim.exchange.listings import ContractQuery
from sim.gateway.faults.wire_faults import HistPacing
from sim.gateway.faults.words import HISTORY, MARKET_DATA
from sim.gateway.server import GatewayServer
from sim.virtual_time import run, steady
from study.dataset import load_dataset
from study.store.tables import Part, Store, Table
from tests.bot.cli.fetch_stand import CALENDAR, FIRST, LAST, Stand, Tap, a_market, play

ORDERS = {3, 4, 21, 58}  # place, cancel, exercise, cancel everything


@pytest.fixture
def on_stage(tmp_path: Path) -> Callable[..., None]:
    return partial(play, tmp_path / "store")


def test_daily_bars_are_those_of_the_market_and_the_study_reads_them(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch()
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        for symbol in ("SPX", "VIX"):
            stored = {row["on"]: row for row in stand.rows(Table.DAILY, symbol)}
            true = {
                new_york(start).date(): bar
                for start, bar in stand.bars(symbol, "IND", 86400).items()
                if new_york(start).date() in stored
            }
            assert max(stored) == LAST
            assert len(stored) > 40
            assert {
                day: (row["open"], row["high"], row["low"], row["close"])
                for day, row in stored.items()
            } == {day: (bar.open, bar.high, bar.low, bar.close) for day, bar in true.items()}
        dataset = load_dataset(stand.folder, CALENDAR)
        assert dataset.days[-1].on == LAST
        assert dataset.errors == ()

    on_stage(story)


def test_no_order_leaves_and_the_client_id_is_not_the_daemons(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(("SPX",), vx=True, minutes=30, chains=("VIX",), years=0.05, reach_days=5)
        ending, _ = await stand.fetch(wishes, client_id=7)
        assert ending.exit is Exit.CLEAN
        assert HISTORY in stand.tap.kinds()
        assert MARKET_DATA in stand.tap.kinds()
        assert stand.tap.kinds().isdisjoint(ORDERS)
        assert set(stand.tap.clients) == {108}

    on_stage(story)


def test_what_is_stored_is_not_asked_again(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(("SPX", "VIX"), vx=True, minutes=30, years=0.05)
        await stand.fetch(wishes)
        before = len(stand.tap.questions())
        ending, work = await stand.fetch(wishes)
        assert ending.exit is Exit.CLEAN
        assert len(stand.tap.questions()) == before > 4
        assert work.outcome.added == 0

    on_stage(story)


def test_only_the_days_since_are_asked_for_later(on_stage) -> None:
    async def story(stand: Stand) -> None:
        await stand.fetch()
        await asyncio.sleep(2 * 86400)
        ending, work = await stand.fetch()
        assert ending.exit is Exit.CLEAN
        assert work.outcome.added == 4  # two sessions of two series
        assert [row["on"] for row in stand.rows(Table.DAILY, "SPX")][-3:] == [
            LAST, FIRST, date(2018, 1, 17),
        ]  # fmt: skip

    on_stage(story)


def test_older_days_are_added_to_what_is_there(on_stage) -> None:
    async def story(stand: Stand) -> None:
        await stand.fetch(Wishes(("SPX",), minutes=30, years=0.03))
        rows = len(stand.rows(Table.BARS, "SPX-1800"))
        ending, _ = await stand.fetch(Wishes(("SPX",), minutes=30, years=0.1))
        assert ending.exit is Exit.CLEAN
        later = stand.rows(Table.BARS, "SPX-1800")
        days = sorted({new_york(row["start"]).date() for row in later})
        assert len(later) > 2 * rows
        assert days == [row["on"] for row in stand.rows(Table.DAILY, "SPX") if row["on"] >= days[0]]
        asked = len(stand.tap.questions())
        await stand.fetch(Wishes(("SPX",), minutes=30, years=0.1))
        assert len(stand.tap.questions()) == asked

    on_stage(story)


def test_weeks_before_the_beginning_are_asked_for_once(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(("VIX",), minutes=60, years=0.15)
        await stand.fetch(replace(wishes, years=0.03))
        nothing = HistPacing(text="HMDS query returned no data: VIX@CBOE Trades", after=5)
        stand.server.arm(nothing)  # from then on; backward, so of the oldest weeks
        ending, work = await stand.fetch(wishes)
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        first = new_york(stand.rows(Table.BARS, "VIX-3600")[0]["start"]).date()
        daily = [row["on"] for row in stand.rows(Table.DAILY, "VIX")]
        assert daily[5] < first < daily[-10]
        asked = len(stand.tap.questions())
        await stand.fetch(wishes)
        assert len(stand.tap.questions()) == asked

    on_stage(story)


def test_weeks_before_a_later_beginning_are_asked_for_once_too(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(("VIX",), minutes=60, years=0.1)
        text = "HMDS query returned no data: VIX@CBOE Trades"
        stand.server.arm(HistPacing(text=text, after=3, times=2))  # forward: the oldest weeks
        ending, work = await stand.fetch(wishes)
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        first = new_york(stand.rows(Table.BARS, "VIX-3600")[0]["start"]).date()
        daily = [row["on"] for row in stand.rows(Table.DAILY, "VIX")]
        assert daily[5] < first < daily[-10]
        asked = len(stand.tap.questions())
        await stand.fetch(wishes)
        assert len(stand.tap.questions()) == asked

    on_stage(story)


def test_settlements_of_every_listed_contract_are_stored(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(Wishes(vx=True, years=0.1))
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        rows = stand.rows(Table.VX, "2018")
        assert len({row["expiry"] for row in rows}) >= 6
        assert max(row["on"] for row in rows) == LAST
        for expiry in sorted({row["expiry"] for row in rows}):
            true = stand.bars("VIX", "FUT", 86400, f"{expiry:%Y%m%d}")
            closes = {new_york(start).date(): bar.close for start, bar in true.items()}
            stored = {row["on"]: row["settle"] for row in rows if row["expiry"] == expiry}
            assert stored
            assert stored == {day: closes[day] for day in stored}

    on_stage(story)


@pytest.mark.parametrize(
    ("hours", "newest"), [(25.5, LAST), (27.0, FIRST)]
)  # 11:00 and 12:30 of the Wednesday
def test_a_settlement_is_taken_from_noon_of_the_next_day_on(
    on_stage, hours: float, newest: date
) -> None:
    async def story(stand: Stand) -> None:
        ending, _ = await stand.fetch(Wishes(vx=True, years=0.03))
        assert ending.exit is Exit.CLEAN
        assert max(row["on"] for row in stand.rows(Table.VX, "2018")) == newest

    on_stage(story, later_s=hours * 3600)


def test_intraday_bars_begin_when_the_markets_do(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, _ = await stand.fetch(Wishes(("SPX",), minutes=5, years=0.03))
        assert ending.exit is Exit.CLEAN
        rows = stand.rows(Table.BARS, "SPX-300")
        true = stand.bars("SPX", "IND", 300)
        assert len(rows) >= 5 * 81
        assert {row["start"]: row["close"] for row in rows} == {
            row["start"]: true[row["start"]].close for row in rows
        }
        assert new_york(rows[-1]["start"]).date() == LAST

    on_stage(story)


def test_a_chain_is_what_the_market_shows_in_batches_within_the_lines(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(chains=("VIX", "SPX"), reach_days=1, lines=40)
        ending, work = await stand.fetch(wishes)
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        rows = stand.rows(Table.CHAINS, f"SPXW-{FIRST}")
        assert {row["expiration"] for row in rows} == {date(2018, 1, 17)}
        assert len(rows) > 100
        for row in rows[::20]:
            query = ContractQuery(
                symbol="SPX", sec_type="OPT", last_trade=f"{row['expiration']:%Y%m%d}",
                strike=row["strike"], right=row["right"], trading_class="SPXW",
            )  # fmt: skip
            (listing,) = stand.market.find(query)
            (quote,) = stand.market.quotes([listing.con_id])
            assert 0 < row["bid"] <= row["ask"]
            assert row["ask"] == pytest.approx(quote.ask, rel=0.2, abs=1.0)
            assert row["underlying"] == pytest.approx(2790, abs=30)
        # the expiration of VIX options is stored as the day of settlement, as their symbols say it
        vix = stand.rows(Table.CHAINS, f"VIX-{FIRST}")
        assert {row["expiration"] for row in vix} == {date(2018, 1, 17)}
        opened = peak = 0
        for _, kind, _ in stand.tap.heard:
            opened += {1: 1, 2: -1}.get(kind, 0)
            peak = max(peak, opened)
        assert peak == 40
        assert opened == 0
        before = len(stand.tap.heard)
        await stand.fetch(wishes)
        assert sum(kind == MARKET_DATA for _, kind, _ in stand.tap.heard[before:]) == 0

    on_stage(story, later_s=1800)


def test_a_chain_waits_for_an_open_market(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(Wishes(chains=("VIX",)))
        assert ending.exit is Exit.BAD_CONFIG
        assert "market is closed" in work.outcome.troubles[0]

    on_stage(story, later_s=8 * 3600)


def test_it_works_over_a_socket(tmp_path: Path) -> None:
    async def story() -> None:
        market = a_market()
        server = GatewayServer(market, seed=7, step_s=30.0)
        port = await server.start("127.0.0.1", 0)
        tap = Tap()
        server.arm(tap)
        moving = asyncio.create_task(server.run())
        stand = Stand(tmp_path, server, market, tap, port, "127.0.0.1")
        ending, _ = await stand.fetch()
        assert ending.exit is Exit.CLEAN
        assert len(stand.rows(Table.DAILY, "SPX")) > 40
        moving.cancel()
        await server.close()

    run(story(), pace=steady(1000))


@pytest.fixture
def gateway_in_real_time() -> Iterator[int]:
    """The port of a gateway that another thread serves; its market is in 2018."""
    ready, ports = threading.Event(), []
    stopping: list[Callable[[], None]] = []

    async def serve() -> None:
        server, over = GatewayServer(a_market(), seed=7), asyncio.Event()
        loop = asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(over.set))
        ports.append(await server.start("127.0.0.1", 0))
        ready.set()
        await over.wait()
        await server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield ports[0]
    stopping[0]()
    thread.join(30)


def test_the_command_stores_and_tells_what_came(tmp_path: Path, gateway_in_real_time: int) -> None:
    words = ["data", "fetch", "--into", str(tmp_path), "--bars", "spx, vix", "--years", "40"]
    environment = {"CONDORBOT_BROKER__PORT": str(gateway_in_real_time)}
    result = CliRunner().invoke(app, words, env=environment)
    rows = Store(tmp_path).read(Part(Table.DAILY, "SPX"))
    assert len(rows) > 200
    assert f"daily/SPX: {len(rows)} new, 0 known" in result.stdout
    assert f"{2 * len(rows)} new rows, 2 troubles" in result.stdout
    # by the clock of this machine years of sessions are missing, and the command says so
    assert f"error daily/SPX: no data after {LAST}" in result.stdout
    assert result.exit_code == Exit.BAD_CONFIG
