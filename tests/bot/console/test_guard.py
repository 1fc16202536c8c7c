"""Other sites, other hosts and strangers change nothing and learn nothing."""

import asyncio

import pytest

from bot.console.application import is_public
from bot.console.counts import Counts
from bot.console.guard import BODY_BYTES_MAX, REQUESTS_AT_ONCE, Guard, Hosts
from bot.serving import Serving
from tests.bot.console.stage import TOKEN, Console
from tests.bot.console.wire import ask, exchange, log_in, request

GETS = ("/", "/login", "/static/main.js", "/api/openapi.json", "/api/session", "/api/state")
POSTS = ("/api/login", "/api/logout", "/api/halt", "/api/reduce")
BODIES = {"/api/login": {"secret": TOKEN}}

# What a browser adds when the request is not from the console's own page: name, headers.
CROSS_SITE = (
    ("another site's form", {"origin": "https://evil.example", "sec_fetch_site": "cross-site"}),
    ("another site, old browser", {"origin": "https://evil.example", "sec_fetch_site": None}),
    ("another port of this host", {"origin": "http://127.0.0.1:1", "sec_fetch_site": "same-site"}),
    ("a sandboxed frame", {"origin": "null", "sec_fetch_site": "cross-site"}),
    ("a sandboxed frame, old browser", {"origin": "null", "sec_fetch_site": None}),
    ("https instead of http", {"origin": "https://127.0.0.1:{port}"}),
    ("another name of this machine", {"origin": "http://localhost:{port}"}),
    ("a prefix of our origin", {"origin": "http://127.0.0.1:{port}.evil.example"}),
    ("rebound name", {"host": "evil.example:{port}", "origin": "http://evil.example:{port}"}),
    ("rebound name, no port", {"host": "evil.example", "origin": "http://evil.example"}),
    ("our origin, but said to be cross-site", {"sec_fetch_site": "cross-site"}),
    ("two origins", {"origin": "http://127.0.0.1:{port}\r\norigin: https://evil.example"}),
)
# Only for what changes something: there the origin must be proved, not merely undisputed.
UNPROVED = (
    ("no origin at all", {"origin": None}),
    ("no origin and no metadata", {"origin": None, "sec_fetch_site": None}),
    ("typed into the address bar", {"sec_fetch_site": "none"}),
    ("no proof", {"x_csrf_token": None}),
    ("somebody else's proof", {"x_csrf_token": "A" * 43}),
    ("no cookie", {"cookie": None}),
    ("an invented cookie", {"cookie": "__Host-condorbot=" + "A" * 43}),
    ("two cookies", {"cookie": "__Host-condorbot=a\r\ncookie: __Host-condorbot=b"}),
)


def filled(headers, port):
    return {k: v if v is None else v.format(port=port) for k, v in headers.items()}


@pytest.mark.parametrize(("name", "headers"), CROSS_SITE, ids=[name for name, _ in CROSS_SITE])
async def test_no_other_site_reaches_any_route(name, headers):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        for path in GETS:
            sent = {**known, **filled(headers, console.port)}
            answer = await ask(console.port, "GET", path, **sent)
            assert answer.status in (403, 421), (path, answer)
        for path in POSTS:
            sent = {**known, **filled(headers, console.port)}
            answer = await ask(console.port, "POST", path, BODIES.get(path, {"why": "x"}), **sent)
            assert answer.status in (403, 421), (path, answer)
        assert len(console.inbox) == 0
        assert (await ask(console.port, "GET", "/api/session", **known)).status == 200


@pytest.mark.parametrize(("name", "headers"), UNPROVED, ids=[name for name, _ in UNPROVED])
async def test_without_proof_of_origin_nothing_is_changed(name, headers):
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        for path in POSTS[1:]:
            answer = await ask(console.port, "POST", path, {"why": "x"}, **{**known, **headers})
            assert answer.status in (401, 403), (path, answer)
        assert len(console.inbox) == 0
        assert (await ask(console.port, "GET", "/api/session", **known)).status == 200


async def test_a_link_from_elsewhere_opens_the_page_but_fetches_no_data():
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        linked = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
        assert (await ask(console.port, "GET", "/", **linked)).status == 200
        assert (await ask(console.port, "GET", "/api/state", **linked, **known)).status == 403


@pytest.mark.parametrize(
    "host",
    ["", "127.0.0.1", "evil.example", "127.0.0.1:1", "127.0.0.1.nip.io:{port}", "[::1]", "@",
     "127.0.0.1:{port}\r\nhost: evil.example:{port}", "127.1:{port}", "2130706433:{port}"],
)  # fmt: skip
async def test_only_our_own_names_are_answered(host):
    async with Console() as console:
        told = host.format(port=console.port)
        answer = await ask(console.port, "GET", "/", host=told)
        assert answer.status in (400, 421)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_every_name_of_loopback_is_ours(host):
    async with Console() as console:
        answer = await ask(console.port, "GET", "/", host=f"{host}:{console.port}")
        assert answer.status == 200


def test_at_the_usual_port_a_browser_leaves_it_out():
    assert Hosts.of(["localhost"], 80, ()).knows("localhost")
    assert not Hosts.of(["localhost"], 8790, ()).knows("localhost")
    assert Hosts.of(["localhost"], 443, (), tls=True).own("https://localhost", "localhost")
    assert Hosts.of((), 1, ("Desk.Lan:8790",)).knows("desk.lan:8790")


async def test_every_answer_carries_the_headers_that_tie_a_browsers_hands():
    async with Console() as console:
        port = console.port
        known = await log_in(port, TOKEN)
        answers = [await ask(port, "GET", path, **known) for path in (*GETS, "/nothing")]
        answers += [await ask(port, "POST", path, {"secret": "wrong"}, **known) for path in POSTS]
        answers += [
            await ask(port, "GET", "/", host="evil.example"),
            await ask(port, "DELETE", "/api/state", **known),
            await ask(port, "HEAD", "/api/feed", **known),
        ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "server" not in answer.headers


async def test_a_stranger_sees_pages_without_data_and_nothing_else():
    async with Console() as console:
        for path in ("/api/session", "/api/state", "/api/feed", "/nothing", "/metrics"):
            assert (await ask(console.port, "GET", path)).status == 401, path
        for path in ("/", "/login", "/static/console.css", "/api/openapi.json"):
            assert (await ask(console.port, "GET", path)).status == 200, path
        for path in ("/static/../sessions.py", "/static/%2e%2e/sessions.py", "/static/"):
            assert (await ask(console.port, "GET", path)).status in (401, 404), path


async def test_no_get_changes_anything():
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        for path in POSTS:
            answer = await ask(console.port, "GET", path, **known)
            assert answer.status == 405, path
        assert len(console.inbox) == 0
        assert (await ask(console.port, "GET", "/api/session", **known)).status == 200


async def test_a_body_too_long_is_refused_whether_announced_or_not():
    async with Console() as console:
        port, known = console.port, await log_in(console.port, TOKEN)
        long = b'{"why":"' + b"x" * BODY_BYTES_MAX + b'"}'
        assert (
            await exchange(port, request(port, "POST", "/api/halt", long, **known))
        ).status == 413
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(long), long)
        sent = request(
            port, "POST", "/api/halt", content_length=None, transfer_encoding="chunked", **known
        )
        assert (await exchange(port, sent + chunked)).status == 413
        lying = request(port, "POST", "/api/halt", content_length="9" * 30, **known)
        assert (await exchange(port, lying)).status in (400, 413)
        assert len(console.inbox) == 0


async def test_a_flood_is_told_to_wait_and_does_not_reach_the_desk():
    async with Console(serving=Serving(uptime_s=lambda: 0.0)) as console:  # nothing refills
        statuses = []
        for _ in range(int(REQUESTS_AT_ONCE) // 20 + 1):
            batch = (ask(console.port, "GET", "/login") for _ in range(20))
            statuses += [answer.status for answer in await asyncio.gather(*batch)]
        assert statuses.count(200) == REQUESTS_AT_ONCE
        assert set(statuses) == {200, 429}


def test_what_is_public_is_a_short_list():
    routes = ("/", "/login", "/api/login", "/api/openapi.json", "/static/main.js")
    assert all(is_public(path) for path in routes)
    shut = (
        "/api/state",
        "/api/feed",
        "/api/halt",
        "/api/session",
        "/staticky",
        "/api/login/",
        "//",
    )
    assert not any(is_public(path) for path in shut)


async def judged(*headers, method="POST", path="/api/login"):
    """What the guard alone says of headers that no server would let through today."""
    answers = []

    async def inner(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        answers.append(message)

    hosts = Hosts.of(("localhost",), 1, ())
    guard = Guard(inner, lambda: hosts, None, is_public, lambda: 0.0, Counts())
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await guard({"type": "http", "method": method, "path": path, "headers": raw}, None, send)
    return answers[0]["status"]


OURS = (("host", "localhost:1"), ("origin", "http://localhost:1"))


async def test_the_guard_does_not_lean_on_the_server_for_odd_headers():
    assert await judged(*OURS) == 200
    assert await judged(*OURS, ("host", "localhost:1")) == 421
    assert await judged(*OURS, ("origin", "http://localhost:1")) == 403
    assert await judged(*OURS, ("content-length", str(BODY_BYTES_MAX))) == 200
    assert await judged(*OURS, ("content-length", str(BODY_BYTES_MAX + 1))) == 413
    for odd in ("", "-1", "1e3", "ten", "\xb2", "+5"):
        assert await judged(*OURS, ("content-length", odd)) == 400, odd
    assert await judged(*OURS[1:]) == 421


async def test_a_second_cookie_of_our_name_makes_both_void():
    async with Console() as console:
        known = await log_in(console.port, TOKEN)
        tossed = f"{known['cookie']}\r\ncookie: __Host-condorbot=planted"
        answer = await ask(console.port, "GET", "/api/session", cookie=tossed)
        assert answer.status == 401
        answer = await ask(
            console.port, "GET", "/api/session", cookie=f"{known['cookie']}; {known['cookie']}"
        )
        assert answer.status == 401
        other = f'theme={{"a": 1}}; bad cookie; {known["cookie"]}'
        assert (await ask(console.port, "GET", "/api/session", cookie=other)).status == 200


async def test_what_is_not_http_is_not_answered():
    sent = []
    guard = Guard(None, lambda: None, None, is_public, lambda: 0.0, Counts())
    await guard({"type": "websocket", "headers": []}, None, sent.append)
    assert sent == []
