"""The console's routes. Reads go to everybody with a session; the only commands halt and reduce.

There is no route that could raise risk, and none will be: that takes signatures of several people.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console.counts import Counts
from bot.console.feed import Feed, Viewer
from bot.console.files import Files
from bot.console.guard import BODY_BYTES_MAX, Bucket, Guard, Hosts, cookie_of
from bot.console.openapi import description
from bot.console.sessions import COOKIE, Sessions
from bot.logs import LogEvent

log = structlog.get_logger()

LOGINS_PER_MINUTE = 6
COMMANDS_PER_MINUTE = 12

Command: TypeAlias = Callable[[Literal["halt", "reduce"], str], None]
T = TypeVar("T", bound=msgspec.Struct)


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``secret``: the one-time token or the password."""

    secret: str


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command of the operator, with the reason that the journal will carry."""

    why: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes stand on."""

    feed: Feed
    sessions: Sessions
    hosts: Callable[[], Hosts]
    command: Command
    uptime_s: Callable[[], float]
    counts: Counts
    mode: str  # "paper" or "simulation"


def application(parts: Parts) -> ASGIApp:
    """The whole console behind its guard."""
    files, api = Files(), _Api(parts)
    routes = [
        Route("/", files.page("index.html")),
        Route("/login", files.page("login.html")),
        Route("/static/{path:path}", files.static),
        Route("/api/openapi.json", api.described),
        Route("/api/login", api.login, methods=["POST"]),
        Route("/api/logout", api.logout, methods=["POST"]),
        Route("/api/session", api.session),
        Route("/api/state", api.state),
        Route("/api/feed", Stream(parts.feed), methods=["GET"]),
        Route("/api/halt", api.halt, methods=["POST"]),
        Route("/api/reduce", api.reduce, methods=["POST"]),
    ]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: _told})
    return Guard(inner, parts.hosts, parts.sessions, is_public, parts.uptime_s, parts.counts)


def is_public(path: str) -> bool:
    """What a stranger may fetch: pages without data, and the way in."""
    open_paths = ("/", "/login", "/api/login", "/api/openapi.json")
    return path in open_paths or path.startswith("/static/")


class _Api:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._logins = Bucket(parts.uptime_s, LOGINS_PER_MINUTE / 60.0, LOGINS_PER_MINUTE)
        self._commands = Bucket(parts.uptime_s, COMMANDS_PER_MINUTE / 60.0, COMMANDS_PER_MINUTE)

    async def described(self, _request: Request) -> Response:
        return JSONResponse(description())

    async def login(self, request: Request) -> Response:
        asked = await _body(request, Login)
        if not self._logins.take():
            log.warning(LogEvent.CONSOLE_LOGIN_REFUSED, reason="too many attempts")
            raise HTTPException(429, "too many attempts")
        cookie = await self._parts.sessions.admit(asked.secret)
        if cookie is None:
            log.warning(LogEvent.CONSOLE_LOGIN_REFUSED, reason="wrong token or password")
            raise HTTPException(401, "wrong token or password")
        log.info(LogEvent.CONSOLE_LOGIN)
        answer = JSONResponse({"ok": True})
        answer.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="strict", path="/")
        return answer

    async def logout(self, request: Request) -> Response:
        self._parts.sessions.end(cookie_of(request.headers))
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
        return answer

    async def session(self, request: Request) -> Response:
        session = request.scope["condorbot.session"]
        return JSONResponse({"csrf": session.csrf, "mode": self._parts.mode})

    async def state(self, _request: Request) -> Response:
        panels = self._parts.feed.state()
        body = b",".join(b'"%b":%b' % (name.encode(), text) for name, text in panels.items())
        return Response(b"{%b}" % body, media_type="application/json")

    async def halt(self, request: Request) -> Response:
        return await self._obey(request, "halt")

    async def reduce(self, request: Request) -> Response:
        return await self._obey(request, "reduce")

    async def _obey(self, request: Request, state: Literal["halt", "reduce"]) -> Response:
        """Both only ever lower risk, so one person is enough and nothing is asked twice."""
        asked = await _body(request, Order)
        why = sentence(asked.why)
        if not why:
            raise HTTPException(422, "say why, in one sentence")
        if not self._commands.take():
            raise HTTPException(429, "too many commands")
        log.warning(LogEvent.CONSOLE_COMMAND, command=state, reason=why)
        self._parts.command(state, why)
        return JSONResponse({"accepted": state}, 202)


class Stream:
    """The feed as one endless answer. Ends when either side has had enough."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await Response(media_type="text/event-stream")(scope, receive, send)
            return
        viewer = self._feed.join()
        if viewer is None:
            await JSONResponse({"error": "too many open pages"}, 429)(scope, receive, send)
            return
        sending = asyncio.ensure_future(self._send(viewer, send))
        waiting = [sending, asyncio.ensure_future(_gone(receive))]
        viewer.stop = sending.cancel
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(viewer)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    async def _send(self, viewer: Viewer, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/event-stream")],
        }
        await send(start)
        while (chunk := await self._feed.next_chunk(viewer)) is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def sentence(text: str, most: int = 200) -> str:
    """``text`` on one line without control characters, cut at ``most``."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


async def _body(request: Request, kind: type[T]) -> T:
    """The whole body, decoded strictly. Raises HTTPException."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "application/json is expected")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                raise HTTPException(413, f"a body may have {BODY_BYTES_MAX} bytes")
    except ClientDisconnect:
        raise HTTPException(400, "the body never came") from None
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HTTPException(422, str(error)) from None


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
