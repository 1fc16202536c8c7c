"""The console inside the real daemon, which trades on the simulated gateway in simulated time."""

import asyncio
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot.app import Plan, config_hash, run_daemon
from bot.cli import app
from bot.cli.console_page import Page, page_settings, real_pause
from bot.clock import LoopClock
from bot.logs import LogTail, configure
from bot.serving import Serving
from bot.supervise import Exit
from config.load import load_settings, session_calendar
from config.settings import ConsoleSettings, MetricsSettings, Settings
from domain.desk import TradingState
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.server import GatewayServer
from sim.gateway.settings import GatewaySettings
from sim.virtual_time import run, steady
from tests.bot.console.stage import TOKEN
from tests.bot.console.wire import ask, log_in

pytestmark = pytest.mark.scenario


def settings_for(folder):
    settings = load_settings("demo")
    journal = settings.journal.model_copy(update={"path": folder / "journal.sqlite"})
    control = settings.control.model_copy(update={"path": folder / "control.json"})
    console = ConsoleSettings(enabled=True, port=0, token_path=folder / "console.token")
    metrics = MetricsSettings(enabled=True, port=0)
    return settings.model_copy(
        update={"journal": journal, "control": control, "console": console, "metrics": metrics}
    )


async def halted_from_the_page(folder):
    loop = asyncio.get_running_loop()
    market = Market(load("volmageddon", days=1), session_calendar(), seed=7)
    clock = LoopClock(market.now - timedelta(seconds=loop.time()), loop)
    server = GatewayServer(market, seed=7, step_s=30.0, settings=GatewaySettings())
    moving = asyncio.ensure_future(server.run())
    server.start_in_memory("127.0.0.1", 4002)
    ports, up, stop, connected = {}, asyncio.Semaphore(0), asyncio.Event(), asyncio.Event()

    def look(_events, _effects, desk):
        if desk.ready_at is not None:
            connected.set()

    def told(name, port):
        ports[name] = port
        up.release()

    settings, tail = settings_for(folder), LogTail()
    configure("json", clock=clock, stream=io.StringIO(), tail=tail)
    serving = Serving(pause=real_pause, token=TOKEN, tail=tail, told=told)
    plan = Plan("test", settings.policy(), session_calendar(), clock, tick_s=60.0)
    plan = replace(plan, report_health=False, opened=[], serving=serving, observers=(look,))
    daemon = asyncio.ensure_future(run_daemon(settings, plan, stop))
    try:
        await up.acquire()
        await up.acquire()
        await connected.wait()
        known = await log_in(ports["console"], TOKEN)
        state = (await ask(ports["console"], "GET", "/api/state", **known)).json
        answer = await ask(ports["console"], "POST", "/api/halt", {"why": "drill"}, **known)
        await asyncio.sleep(120.0)
        ready = await ask(ports["metrics"], "GET", "/health/ready")
        metrics = await ask(ports["metrics"], "GET", "/metrics")
        return state, answer, ready, metrics, plan.opened[0].desk, tail
    finally:
        stop.set()
        ending = await daemon
        assert ending.exit is Exit.CLEAN, ending
        moving.cancel()
        await asyncio.wait([moving])
        await server.close()


def test_a_halt_from_the_page_halts_the_daemon(tmp_path):
    told = run(halted_from_the_page(tmp_path), pace=steady(3600.0))
    state, answer, ready, metrics, desk, tail = told
    assert state["header"]["connected"] is True
    assert state["health"]["run_id"] == "test"
    assert state["gates"]["topics"]
    assert answer.status == 202
    assert desk.trading is TradingState.HALTED
    assert "drill" in desk.trading_why
    assert ready.status == 200
    assert b'condorbot_trading_state{state="halted"} 1.0' in metrics.body
    events = [line["event"] for line in tail.after(0, 400)[0]]
    assert "console.command" in events
    assert not (tmp_path / "console.token").exists()


def test_a_demo_without_time_to_look_is_refused_a_console():
    told = CliRunner().invoke(app, ["demo", "--speed", "max", "--console", "0"])
    assert told.exit_code == Exit.BAD_CONFIG
    assert "finite --speed" in told.output


def test_the_demos_console_is_its_own(tmp_path):
    asked = ConsoleSettings(enabled=True, port=1234)
    assert page_settings(None, asked, tmp_path).enabled is False
    own = page_settings(Page(0), asked, tmp_path / "demo.sqlite")
    assert (own.enabled, own.port) == (True, 0)
    assert own.token_path.parent == tmp_path
    said = []
    Page(0, token="t").serving(said.append).told("console", 81)
    assert said == ["console: http://127.0.0.1:81/login#t"]


def test_the_link_of_a_running_daemon_carries_its_token(tmp_path):
    token, profile = tmp_path / "token", tmp_path / "profile.toml"
    profile.write_text(f'[console]\nenabled = true\nport = 8123\ntoken_path = "{token}"\n')
    command = ["console", "link", "--config", str(profile)]
    assert CliRunner().invoke(app, command).exit_code == Exit.CRASHED
    token.write_text("abc\n")
    told = CliRunner().invoke(app, command)
    assert told.output == "http://127.0.0.1:8123/login#abc\n"


def test_a_password_becomes_a_hash_that_fits_the_profile():
    typed = "long enough to keep\n" * 2
    told = CliRunner().invoke(app, ["console", "password"], input=typed)
    assert told.exit_code == 0
    assert told.output.splitlines()[-1].startswith("$argon2id$")
    assert CliRunner().invoke(app, ["console", "password"], input="short\nshort\n").exit_code == 2


@pytest.mark.parametrize("kind", [ConsoleSettings, MetricsSettings])
def test_listening_beyond_this_machine_must_be_meant(kind):
    with pytest.raises(ValueError, match="beyond_loopback"):
        kind(host="0.0.0.0")
    assert kind(host="0.0.0.0", beyond_loopback=True).host == "0.0.0.0"
    assert kind(host="::1").host == "::1"


def test_half_of_a_certificate_is_refused(tmp_path):
    with pytest.raises(ValueError, match="go together"):
        ConsoleSettings(tls_certificate=tmp_path / "a.pem")


def test_who_is_told_does_not_change_what_a_configuration_is():
    quiet = Settings()
    loud = quiet.model_copy(update={"console": ConsoleSettings(enabled=True, port=1)})
    assert config_hash(quiet) == config_hash(loud)
