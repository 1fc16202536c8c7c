"""The description matches the routes, and a fuzzer that reads it finds nothing that breaks."""

import asyncio
import os
import sys
from pathlib import Path

from starlette.routing import Route

from bot.console.application import Parts, application
from bot.console.counts import Counts
from bot.console.feed import Feed
from bot.console.guard import Guard, Hosts
from bot.console.openapi import description
from bot.console.sessions import Sessions
from bot.console.watch import Watch
from bot.logs import LogTail
from bot.serving import Serving
from engine.policy import Policy
from tests.bot.console.stage import TOKEN, Console
from tests.bot.console.wire import ask, log_in

EXAMPLES = int(os.environ.get("CONDORBOT_FUZZ_EXAMPLES", "15"))  # per operation


def test_every_route_of_the_interface_is_described_and_nothing_else():
    nothing = Sessions(uptime_s=float, lasts_s=1.0)
    feed = Feed(Watch(Policy()), LogTail(), dict, 1, Counts())
    guard = application(Parts(feed, nothing, Hosts, lambda *_: None, float, Counts(), "paper"))
    assert isinstance(guard, Guard)
    routes = {
        route.path: {method.lower() for method in route.methods - {"HEAD"}}
        for route in guard._app.routes
        if isinstance(route, Route) and route.path.startswith("/api/")
    }
    described = {path: set(methods) for path, methods in description()["paths"].items()}
    assert described == routes


async def test_the_description_is_served_to_anybody():
    async with Console() as console:
        answer = await ask(console.port, "GET", "/api/openapi.json")
        assert answer.json == description()


async def test_a_fuzzer_finds_no_answer_that_is_an_error_of_ours(tmp_path):
    """Requests of somebody who is in, from the right origin, as odd as they can be made."""
    never_late = iter(range(10**9))
    async with Console(serving=Serving(uptime_s=lambda: float(next(never_late)))) as console:
        known = await log_in(console.port, TOKEN)
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run",
            f"{console.url}/api/openapi.json",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance",
            "--exclude-path", "/api/feed", "--exclude-path", "/api/logout",
            "--max-examples", str(EXAMPLES), "--seed", "7", "--workers", "1", "--no-color",
            "--phases", "examples,coverage,fuzzing", "--request-timeout", "10",
            "--generation-database", "none",
            "-H", f"Cookie: {known['cookie']}",
            "-H", f"X-CSRF-Token: {known['x_csrf_token']}",
            "-H", f"Origin: {console.url}",
        ]  # fmt: skip
        fuzzer = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
        )
        told, _ = await fuzzer.communicate()
        text = told.decode()
        assert fuzzer.returncode == 0, text[-4000:]
        assert "No issues found" in text
        assert (await ask(console.port, "GET", "/api/session", **known)).status == 200
