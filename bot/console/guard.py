"""What every request must pass before anything looks at it, and what every answer carries.

Foreign hosts, foreign origins, strangers and floods are refused here; routes never see them.
Whatever is not named as public needs a session, whatever is not a GET needs proof of its origin.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console.counts import Counts
from bot.console.sessions import COOKIE, Sessions

BODY_BYTES_MAX = 4096
REQUESTS_PER_S = 40.0
REQUESTS_AT_ONCE = 200.0
_SAFE = frozenset({"GET", "HEAD"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_ALWAYS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    reason: str


@dataclass(slots=True)
class Bucket:
    """Tokens that refill at ``per_s`` up to ``most``; ``take`` is False when there is none."""

    uptime_s: Callable[[], float]
    per_s: float
    most: float
    _left: float = field(init=False)
    _at_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at_s = self.most, self.uptime_s()

    def take(self) -> bool:
        now = self.uptime_s()
        self._left = min(self.most, self._left + (now - self._at_s) * self.per_s)
        self._at_s = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which we answer, as a browser writes them: ``127.0.0.1:8790``."""

    names: frozenset[str]
    scheme: str = "http"

    @classmethod
    def of(
        cls, hosts: Iterable[str], port: int, also: Iterable[str], *, tls: bool = False
    ) -> "Hosts":
        usual = 443 if tls else 80
        with_port = {f"{_bracketed(host)}:{port}" for host in hosts}
        bare = {_bracketed(host) for host in hosts} if port == usual else set()
        return cls(
            frozenset(name.lower() for name in (*with_port, *bare, *also)),
            "https" if tls else "http",
        )

    def knows(self, host: str) -> bool:
        return host.lower() in self.names

    def own(self, origin: str, host: str) -> bool:
        """``origin`` is this very site, by the name under which it was asked."""
        return origin.lower() == f"{self.scheme}://{host.lower()}"


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Callable[[], Hosts],
        sessions: Sessions | None,
        public: Callable[[str], bool],
        uptime_s: Callable[[], float],
        counts: Counts,
    ) -> None:
        self._app = app
        self._counts = counts
        self._hosts = hosts
        self._sessions = sessions
        self._public = public
        self._bucket = Bucket(uptime_s, REQUESTS_PER_S, REQUESTS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        answer = _hardened(send)
        if refusal is None:
            await self._app(scope, receive, answer)
            return
        self._counts.refused[refusal.status] += 1
        await JSONResponse({"error": refusal.reason}, refusal.status)(scope, receive, answer)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        return (
            self._foreign_host(headers)
            or self._too_much(headers)
            or self._cross_site(scope, headers)
            or self._stranger(scope, headers)
        )

    def _foreign_host(self, headers: Headers) -> Refusal | None:
        """A name that is not ours means DNS rebinding or a proxy nobody told us of."""
        told = headers.getlist("host")
        if len(told) != 1 or not self._hosts().knows(told[0]):
            return Refusal(421, "this host name is not served here")
        return None

    def _too_much(self, headers: Headers) -> Refusal | None:
        if not self._bucket.take():
            return Refusal(429, "too many requests")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return Refusal(400, "content-length is not a number")
        if len(length) > 9 or int(length) > BODY_BYTES_MAX:
            return Refusal(413, f"a body may have {BODY_BYTES_MAX} bytes")
        return None

    def _cross_site(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Other sites may link to us and do nothing else."""
        host, site = headers["host"], headers.get("sec-fetch-site")
        origins = headers.getlist("origin")
        if any(not self._hosts().own(origin, host) for origin in origins) or len(origins) > 1:
            return Refusal(403, "this comes from another origin")
        if scope["method"] in _SAFE:
            linked = headers.get("sec-fetch-mode") == "navigate" and not _is_api(scope["path"])
            if site not in (None, "same-origin", "none") and not linked:
                return Refusal(403, "this comes from another site")
            return None
        if not origins:
            return Refusal(403, "no origin is named")
        if site not in (None, "same-origin"):
            return Refusal(403, "this comes from another site")
        return None

    def _stranger(self, scope: Scope, headers: Headers) -> Refusal | None:
        if self._sessions is None or self._public(scope["path"]):
            return None
        cookie = cookie_of(headers)
        session = self._sessions.of(cookie) if cookie else None
        if session is None:
            return Refusal(401, "log in first")
        proof = headers.get("x-csrf-token", "")
        if scope["method"] not in _SAFE and not hmac.compare_digest(
            proof.encode(), session.csrf.encode()
        ):
            return Refusal(403, "the proof of origin is missing or wrong")
        scope["condorbot.session"] = session
        return None


def cookie_of(headers: Headers) -> str:
    """The session cookie's value; empty when there is none or more than one."""
    pairs = (pair.strip() for line in headers.getlist("cookie") for pair in line.split(";"))
    found = [value for name, _, value in (pair.partition("=") for pair in pairs) if name == COOKIE]
    return found[0] if len(found) == 1 else ""


def _is_api(path: str) -> bool:
    return path.startswith("/api/")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _hardened(send: Send) -> Send:
    """Every answer says what a browser may do with it; only files that never change are kept."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS:
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return send_with_headers
