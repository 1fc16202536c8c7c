"""Looking, logging in, halting and reducing: what the routes accept and what they do."""

import asyncio

import pytest
import structlog

from bot.console.application import COMMANDS_PER_MINUTE, LOGINS_PER_MINUTE, sentence
from bot.console.sessions import SESSIONS_MAX, Sessions, hashed
from bot.inbox import Inbox
from bot.serving import Life, Serving, served
from config.settings import ConsoleSettings, Settings
from domain.events import HaltRequested, ReduceRequested
from engine.policy import Policy
from tests.bot.console.stage import TOKEN, Console
from tests.bot.console.wire import ask, exchange, log_in, request
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(("path", "event"), [("halt", HaltRequested), ("reduce", ReduceRequested)])
async def test_one_person_halts_or_reduces_and_the_reason_reaches_the_desk(path, event):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        why = "the market\x00 looks\r\nodd\x1b[31m"
        answer = await ask(console.port, "POST", f"/api/{path}", {"why": why}, **known)
        assert answer.status == 202
        assert answer.json == {"accepted": path}
        assert console.inbox.halt_waiting is (path == "halt")
        asked = await console.inbox.drain()
    assert asked == [event(console.clock.now(), "console", "the market looks odd [31m")]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"why": 1}', b'{"why": ""}', b'{"why": " \\t "}', b"\xff\xfe",
     b'{"why": "x", "state": "active"}', b'{"why": "x"', b'{"why": "\\ud800"}'],
)  # fmt: skip
async def test_a_command_that_is_not_exactly_one_is_refused(body):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        answer = await exchange(
            console.port, request(console.port, "POST", "/api/halt", body, **known)
        )
        assert answer.status == 422
        assert answer.json["error"]
        assert len(console.inbox) == 0


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_what_a_form_could_send_is_no_command(kind):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        answer = await ask(
            console.port, "POST", "/api/halt", {"why": "x"}, content_type=kind, **known
        )
        assert answer.status == 415
        assert len(console.inbox) == 0


async def test_nothing_the_console_offers_could_raise_risk():
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        for path in ("resume", "limits", "adopt", "resolve", "config", "orders", "start"):
            answer = await ask(console.port, "POST", f"/api/{path}", {"why": "x"}, **known)
            assert answer.status == 404
        assert len(console.inbox) == 0


async def test_commands_are_few_a_minute():
    async with Console(serving=Serving(uptime_s=lambda: 0.0)) as console:
        known = await log_in(console.port, TOKEN)
        sent = [
            await ask(console.port, "POST", "/api/reduce", {"why": "x"}, **known)
            for _ in range(COMMANDS_PER_MINUTE + 2)
        ]
        assert [answer.status for answer in sent] == [202] * COMMANDS_PER_MINUTE + [429] * 2
        assert len(console.inbox) == COMMANDS_PER_MINUTE


async def test_the_token_works_once_and_the_next_one_lies_in_the_file(tmp_path):
    path = tmp_path / "deep" / "console.token"
    async with Console(settings={"token_path": path}) as console:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text() == TOKEN + "\n"
        await log_in(console.port, TOKEN)
        again = await ask(console.port, "POST", "/api/login", {"secret": TOKEN})
        assert again.status == 401
        fresh = path.read_text().strip()
        assert fresh != TOKEN
        assert path.stat().st_mode & 0o777 == 0o600
        await log_in(console.port, fresh)
    assert not path.exists(), "a stopped daemon leaves no way in"


async def test_a_token_that_cannot_be_written_costs_the_console_and_nothing_else(tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings = Settings().model_copy(
        update={"console": ConsoleSettings(enabled=True, token_path=tmp_path / "file" / "token")}
    )
    life = Life("run", "cafe", Policy(), FakeClock(), Inbox(), [])
    with structlog.testing.capture_logs() as lines:
        shown = served(settings, Serving(), life)
    assert (shown.observers, shown.tasks) == ((), {})
    assert [line["event"] for line in lines] == ["listener.unavailable"]


async def test_when_the_next_token_cannot_be_written_there_is_none(tmp_path):
    folder = tmp_path / "folder"
    sessions = Sessions(uptime_s=float, lasts_s=9.0, token_path=folder / "token", token="first")
    (folder / "token").unlink()
    folder.rmdir()
    folder.write_text("in the way")
    assert await sessions.admit("first") is not None
    assert await sessions.admit("first") is None
    assert await sessions.admit("") is None


async def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts():
    async with Console() as console:
        answer = await ask(console.port, "POST", "/api/login", {"secret": TOKEN})
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert parts == {"httponly", "path=/", "samesite=strict", "secure"}
        assert answer.headers["set-cookie"].startswith("__Host-")
        assert TOKEN not in answer.body.decode()


async def test_a_session_ends_by_logout_and_by_time():
    now = [0.0]
    serving = Serving(uptime_s=lambda: now[0])
    async with Console(serving=serving, settings={"session_hours": 1.0}) as console:
        port, known = console.port, await log_in(console.port, TOKEN)
        now[0] = 3599.0
        assert (await ask(port, "GET", "/api/state", **known)).status == 200
        now[0] = 3600.0
        assert (await ask(port, "GET", "/api/state", **known)).status == 401
    async with Console() as console:
        port, known = console.port, await log_in(console.port, TOKEN)
        assert (await ask(port, "POST", "/api/logout", {}, **known)).status == 200
        assert (await ask(port, "GET", "/api/state", **known)).status == 401


async def test_a_password_opens_by_its_hash_and_guesses_are_few():
    serving = Serving(uptime_s=lambda: 0.0)
    fits = hashed("correct horse battery")
    secret = Console().settings | {"password_hash": _Secret(fits)}
    async with Console(serving=serving, settings=secret) as console:
        await log_in(console.port, "correct horse battery")
        await log_in(console.port, "correct horse battery")
        guesses = [
            await ask(console.port, "POST", "/api/login", {"secret": f"guess {i}"})
            for i in range(LOGINS_PER_MINUTE)
        ]
    statuses = [answer.status for answer in guesses]
    assert statuses == [401] * (LOGINS_PER_MINUTE - 2) + [429] * 2


class _Secret:
    def __init__(self, text: str) -> None:
        self.get_secret_value = lambda: text


@pytest.mark.parametrize("bad", ["", "plain text", "$argon2id$v=19$broken"])
async def test_a_broken_hash_lets_nobody_in(bad):
    sessions = Sessions(uptime_s=lambda: 0.0, lasts_s=1.0, password_hash=bad)
    assert await sessions.admit("anything") is None
    assert await sessions.admit("") is None
    assert await sessions.admit(bad or "x" * 201) is None


async def test_sessions_are_bounded_and_the_oldest_gives_way():
    sessions = Sessions(uptime_s=lambda: 0.0, lasts_s=9.0, password_hash=hashed("a long password"))
    cookies = [await sessions.admit("a long password") for _ in range(2)]
    for i in range(SESSIONS_MAX - 1):
        sessions._keep(f"token {i}")
        assert await sessions.admit(f"token {i}")
    assert sessions.of(cookies[0]) is None
    assert sessions.of(cookies[1]) is not None


async def test_no_secret_reaches_the_log(capsys):
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())
    async with Console() as console:
        await ask(console.port, "POST", "/api/login", {"secret": "a wrong password"})
        known = await log_in(console.port, TOKEN)
        await ask(console.port, "POST", "/api/halt", {"why": "drill"}, **known)
    written = "".join(capsys.readouterr())
    assert "console.login" in written
    assert "drill" in written
    for secret in (TOKEN, "a wrong password", known["x_csrf_token"], known["cookie"]):
        assert secret not in written


async def test_the_state_is_the_whole_frame():
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        answer = await ask(console.port, "GET", "/api/state", **known)
    panels = answer.json
    assert answer.headers["content-type"] == "application/json"
    assert panels["header"]["vix"] == 11.7
    assert panels["hedge"]["cap"] == 0.4
    assert [condor["quantity"] for condor in panels["book"]["condors"]] == [4, 2]
    assert len(panels["book"]["payoff"]["curves"]) == 4
    assert panels["orders"]["working"][0]["purpose"] == "buy_hedge"
    assert panels["health"]["mismatched"] == []
    shadows = {book["name"]: book["result"] for book in panels["results"]["shadows"]}
    assert shadows == {"U": 720.0, "Hd-static": None}


async def test_a_file_is_asked_for_again_only_when_it_changed():
    async with Console() as console:
        first = await ask(console.port, "GET", "/static/main.js")
        same = await ask(
            console.port, "GET", "/static/main.js", if_none_match=first.headers["etag"]
        )
        assert (first.status, same.status) == (200, 304)
        assert first.headers["content-type"].startswith("text/javascript")
        assert same.body == b""


async def test_whoever_dawdles_over_a_request_is_cut_off():
    beats = asyncio.Semaphore(0)

    async def pause(_seconds: float) -> None:
        await beats.acquire()

    async with Console(serving=Serving(pause=pause)) as console:
        readers = []
        known = await log_in(console.port, TOKEN)
        half = request(console.port, "POST", "/api/halt", content_length="10", **known)
        for beginning in (b"", b"GET / HT", half + b'{"why"'):
            reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
            writer.write(beginning)
            await writer.drain()
            readers.append((reader, writer))
        for _ in range(40):
            beats.release()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for reader, writer in readers:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 5.0)
            writer.close()
        assert len(console.inbox) == 0
        assert (await ask(console.port, "GET", "/login")).status == 200


def test_a_sentence_is_one_line_of_printable_text():
    assert sentence(" a\n b\tc\u202e\x7f ") == "a b c"
    assert sentence("x" * 500) == "x" * 200
    assert sentence("\x00\r\n") == ""
