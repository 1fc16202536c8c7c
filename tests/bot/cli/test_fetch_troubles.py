"""`condorbot data fetch` when something is refused, missing, cut off, or makes no sense."""

import asyncio
from collections.abc import Callable
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
from sim.gateway.faults.connection_faults import Drop
from sim.gateway.faults.data_faults import Delayed, Unsubscribed
from sim.gateway.faults.wire_faults import HistPacing, LineLimit
from sim.gateway.faults.words import HISTORY
from sim.gateway.server import GatewayServer
from sim.virtual_time import run
from study.store.locking import StoreInUse, writing
from study.store.tables import Part, Store, Table
from tests.bot.cli.fetch_stand import FIRST, LAST, Stand, Tap, a_market, play

OVER = date(2018, 1, 18)  # the last session of the market


@pytest.fixture
def on_stage(tmp_path: Path) -> Callable[..., None]:
    return partial(play, tmp_path / "store")


def test_an_unknown_symbol_is_named_and_the_rest_goes_on(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(Wishes(("NOSUCH", "SPX"), years=0.1))
        assert ending.exit is Exit.BAD_CONFIG
        (trouble,) = work.outcome.troubles
        assert trouble.startswith("NOSUCH daily: unknown contract")
        assert stand.rows(Table.DAILY, "SPX")
        assert not stand.rows(Table.DAILY, "NOSUCH")

    on_stage(story)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("No market data permissions for CBOE IND", "no permission"),
        ("HMDS query returned no data: SPX@CBOE Trades", "no data"),
    ],
)
def test_what_the_broker_does_not_give_is_named(on_stage, text: str, why: str) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch()
        assert ending.exit is Exit.BAD_CONFIG
        assert f"SPX daily: {why}" in work.outcome.troubles[0]
        assert stand.rows(Table.DAILY, "VIX")

    on_stage(story, HistPacing(times=1, text=text))


def test_what_is_late_is_named_and_asked_for_again(on_stage) -> None:
    """A market that has stopped: there were sessions by the clock, but the broker has no bars."""

    async def story(stand: Stand) -> None:
        wishes = Wishes(("SPX",), vx=True, minutes=30, years=0.05)
        ending, work = await stand.fetch(wishes)
        assert ending.exit is Exit.BAD_CONFIG
        assert f"daily/SPX: no data after {OVER}, wanted to 2018-01-26" in work.outcome.troubles
        assert any("SPX-1800: no data" in text for text in work.outcome.troubles)
        asked = len(stand.tap.questions())
        ending, work = await stand.fetch(wishes)
        assert ending.exit is Exit.BAD_CONFIG
        assert asked < len(stand.tap.questions()) < 2 * asked
        assert work.outcome.added == 0

    on_stage(story, later_s=12 * 86400)


def test_lines_without_permission_leave_no_chain(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(Wishes(chains=("VIX",), reach_days=5))
        assert ending.exit is Exit.BAD_CONFIG
        assert "no permission" in work.outcome.troubles[0]

    on_stage(story, Unsubscribed())


CHAIN = Wishes(chains=("VIX",), reach_days=1, lines=30)


def test_fewer_free_lines_than_thought_make_smaller_batches(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(CHAIN)
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        rows = len(stand.rows(Table.CHAINS, f"VIX-{FIRST}"))
        assert rows > 20
        plenty = Stand(stand.folder / "plenty", stand.server, stand.market, stand.tap)
        stand.server.arm(LineLimit(lines=100))
        await plenty.fetch(CHAIN)
        assert len(plenty.rows(Table.CHAINS, f"VIX-{FIRST}")) == rows

    on_stage(story, LineLimit(lines=10), later_s=1800)


def test_a_chain_goes_on_after_a_dropped_connection(on_stage) -> None:
    async def story(stand: Stand) -> None:
        stand.server.arm(Drop(after=70, times=1))
        ending, work = await stand.fetch(replace(CHAIN, reach_days=30))
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        assert len(stand.tap.connections) == 2
        expirations = {row["expiration"] for row in stand.rows(Table.CHAINS, f"VIX-{FIRST}")}
        assert expirations == {date(2018, 1, 17), date(2018, 2, 14)}

    on_stage(story, later_s=1800)


def test_delayed_quotes_are_said_to_be_delayed(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch(CHAIN, market_data_type=3)
        assert ending.exit is Exit.CLEAN
        assert any("delayed quotes" in line for line in work.outcome.said)

    on_stage(story, Delayed(), later_s=1800)


def test_complaints_about_the_pace_are_waited_out(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, work = await stand.fetch()
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        first, second = stand.tap.questions()[:2]
        assert second - first >= 60
        assert len(stand.rows(Table.DAILY, "VIX")) > 40

    on_stage(story, HistPacing(for_s=600))


def test_a_broker_that_never_stops_complaining_ends_the_fetch(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, _ = await stand.fetch()
        assert ending.exit is Exit.CRASHED
        assert "too many questions" in ending.text
        assert len(stand.tap.questions()) == 5

    on_stage(story, HistPacing())


def test_no_ten_minutes_see_more_questions_than_the_budget(on_stage) -> None:
    async def story(stand: Stand) -> None:
        ending, _ = await stand.fetch(Wishes(("SPX",), minutes=1, years=0.05), budget=5)
        assert ending.exit is Exit.CLEAN
        at = stand.tap.questions()
        assert len(at) > 10
        assert max(sum(a <= b < a + 600 for b in at) for a in at) == 5
        assert max(sum(a <= b < a + 2 for b in at) for a in at) <= 5

    on_stage(story)


def test_a_dropped_connection_is_made_again_and_nothing_is_asked_twice(on_stage) -> None:
    async def story(stand: Stand) -> None:
        stand.server.arm(Drop(at=120.0, how="rst"))  # while it waits for its turn
        ending, work = await stand.fetch(Wishes(("SPX",), minutes=1, years=0.03), budget=4)
        assert (ending.exit, work.outcome.troubles) == (Exit.CLEAN, [])
        asked = [tuple(fields[2:]) for _, kind, fields in stand.tap.heard if kind == HISTORY]
        assert len(asked) > 6
        assert len(set(asked)) == len(asked)
        days = sorted({new_york(row["start"]).date() for row in stand.rows(Table.BARS, "SPX-60")})
        assert len(days) == len(asked) - 1
        assert days[-1] == LAST

    on_stage(story)


def test_a_gateway_that_stays_away_ends_the_fetch_with_what_came_stored(on_stage) -> None:
    async def story(stand: Stand) -> None:
        wishes = Wishes(("SPX",), minutes=1, years=0.03)
        asyncio.get_running_loop().call_later(119, stand.server.refuse_connections)
        stand.server.arm(Drop(at=120.0))
        ending, _ = await stand.fetch(wishes, budget=4)
        assert ending.exit is Exit.CRASHED
        assert "no connection to the gateway" in ending.text
        stored = len(stand.rows(Table.BARS, "SPX-60"))
        assert stored
        stand.server.accept_connections()
        ending, work = await stand.fetch(wishes)
        assert ending.exit is Exit.CLEAN
        total = len(stand.rows(Table.BARS, "SPX-60"))
        assert work.outcome.added == total - stored > 0

    on_stage(story)


def test_a_past_that_was_restated_is_refused_whole(on_stage) -> None:
    async def story(stand: Stand) -> None:
        part = Part(Table.DAILY, "SPX")
        wrong = {"on": date(2018, 1, 11), "open": None, "high": None, "low": None, "close": 1383.78}
        Store(stand.folder).merge(part, [wrong])
        ending, work = await stand.fetch(Wishes(("SPX", "VIX"), years=0.1))
        assert ending.exit is Exit.BAD_CONFIG
        assert "2018-01-11 is stored as 1383.78" in work.outcome.troubles[0]
        assert len(stand.rows(Table.DAILY, "SPX")) == 1
        assert stand.rows(Table.DAILY, "VIX")

    on_stage(story)


def test_without_a_gateway_it_does_not_wait(tmp_path: Path) -> None:
    async def story() -> None:
        server = GatewayServer(a_market(), seed=7)
        server.start_in_memory("gateway", 4002)
        server.refuse_connections()
        ending, _ = await Stand(tmp_path, server, a_market(), Tap()).fetch()
        assert ending.exit is Exit.CRASHED
        assert "no connection to the gateway at gateway:4002" in ending.text
        assert asyncio.get_running_loop().time() < 1
        await server.close()

    run(story())


def test_a_live_account_is_refused_before_any_question(tmp_path: Path) -> None:
    async def story() -> None:
        market = a_market()
        server = GatewayServer(market, seed=7, account="U7654321")
        server.start_in_memory("gateway", 4002)
        tap = Tap()
        server.arm(tap)
        ending, _ = await Stand(tmp_path, server, market, tap).fetch()
        assert ending.exit is Exit.LIVE_REFUSED
        assert "7654321" not in ending.text
        assert HISTORY not in tap.kinds()
        await server.close()

    run(story())


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["--bars", ""], 2, "nothing to fetch"),
        (["--minutes", "7"], 2, "--minutes 7"),
        (["--chain", "SPY"], 2, "--chain SPY"),
        (["--bars", "../SPX"], 2, "letters and digits"),
        (["--profile", "nosuch"], 2, "nosuch"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    tmp_path: Path, words: list[str], exit_code: int, said: str
) -> None:
    result = CliRunner().invoke(app, ["data", "fetch", "--into", str(tmp_path), *words])
    assert result.exit_code == exit_code
    assert said in result.stderr


def test_a_live_port_is_refused_by_the_settings(tmp_path: Path) -> None:
    profile = tmp_path / "live.toml"
    profile.write_text("[broker]\nport = 7496\n", encoding="utf-8")
    words = ["data", "fetch", "--into", str(tmp_path), "--profile", str(profile)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 3


def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "fetched.json").write_text("[]", encoding="utf-8")
    result = CliRunner().invoke(app, ["data", "fetch", "--into", str(tmp_path)])
    assert result.exit_code == 2
    assert "fetched.json is no record" in result.stderr


@pytest.mark.parametrize("command", [["fetch"], ["import", "nothing.csv"]])
def test_a_store_has_one_writer_at_a_time(tmp_path, command) -> None:
    """Two would read one part each, add to it, and the second would overwrite the first."""
    store = tmp_path / "store"
    with writing(store):
        found = CliRunner().invoke(app, ["data", *command, "--into", str(store)])
        assert found.exit_code == Exit.BAD_CONFIG
        assert "another condorbot is writing into" in found.output
        with pytest.raises(StoreInUse), writing(store):
            pass
    with writing(store):
        assert [path.name for path in store.iterdir()] == [".lock"], "and nothing was written"
