"""What ``condorbot doctor`` makes of one look at the gateway. Judges facts; asks for none."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.broker.examine import Findings, Tried
from bot.cli.verdict import Verdict, fail, fine, warn
from bot.logs import mask_accounts, printable
from config.settings import BrokerSettings
from domain.session import SessionCalendar, new_york

PORTS = (
    "IB Gateway: Configure > Settings > API > Settings; paper listens on 4002, paper TWS on 7497"
)
SKEW_S_MAX = 2.0  # the gateway's answer is whole seconds, so one second means nothing
HOURS_DIFFER_MAX = timedelta(minutes=15)
_SUBSCRIBE = (
    "subscribe in the account's portal, share the data with the paper account, and wait a day: "
    "docs/paper-account.md"
)
_TYPES = {0: "not told", 1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}
_VERSION_MIN = 157


def judged(
    found: Findings, settings: BrokerSettings, calendar: SessionCalendar, now: datetime
) -> Iterator[Verdict]:
    """One verdict per question that got as far as being asked."""
    where = f"{settings.host}:{settings.port}"
    if not found.connected:
        yield _unreached(found.broken, where)
        return
    yield _version(found)
    yield _account(found, settings)
    if found.live is not None:
        return
    yield _read_only(found)
    yield _skew(found)
    yield _calendar(found, calendar, now)
    yield from _lists(found)
    open_now = calendar.is_open(now)
    for tried in found.lines:
        yield _line(tried, settings.market_data_type, open_now=open_now)
    for question, why in found.failed.items():
        yield warn(
            question, f"no answer: {_said(why)}", "ask again in a minute; then restart the gateway"
        )
    if found.broken:
        yield fail(
            "connection", f"lost during the examination: {_said(found.broken)}",
            "look at the gateway's own window and log",
        )  # fmt: skip


def _unreached(why: str, where: str) -> Verdict:
    """Which of the ways in which one does not get in."""
    told = _said(why) or "no reason given"
    if "326" in why or "client id" in why.lower():
        return fail("handshake", f"{where}: {told}", "another program has this client id; end it")
    if "version" in why:
        return fail("handshake", f"{where}: {told}", "install a current IB Gateway")
    if re.search(r"refused|Errno 111|Connect call failed", why):
        return fail(
            "port", f"{where} refuses connections: {told}",
            f"start the gateway and log in; check host and port. {PORTS}",
        )  # fmt: skip
    return fail(
        "handshake", f"{where} is open, but nobody speaks the API there: {told}",
        "enable socket clients, add this machine to the trusted addresses, answer the dialog "
        f"that the gateway may show. {PORTS}",
    )  # fmt: skip


def _version(found: Findings) -> Verdict:
    version = found.server_version
    if version < _VERSION_MIN:
        return fail("handshake", f"server version {version}", "install a current IB Gateway")
    return fine("handshake", f"the API answers, server version {version}")


def _account(found: Findings, settings: BrokerSettings) -> Verdict:
    names = mask_accounts(", ".join(found.accounts)) or "none"
    if found.live is not None:
        return fail(
            "paper account", mask_accounts(found.live),
            "log the gateway in with the paper user (its accounts begin with DU), or pin the "
            "right one in [broker] account",
        )  # fmt: skip
    if len(found.accounts) > 1 and not settings.account:
        return warn(
            "paper account", f"{names}: the first one would be taken", "pin one in [broker] account"
        )
    return fine("paper account", names)


def _read_only(found: Findings) -> Verdict:
    mend = "IB Gateway: Configure > Settings > API > Settings: clear Read-Only API, apply"
    if found.read_only:
        return fail("API read-only", "the gateway takes no orders from programs", mend)
    return fine("API read-only", "no sign of it; only an order could prove it, and none is sent")


def _skew(found: Findings) -> Verdict:
    if found.skew_s is None:
        return warn("clock", "the gateway did not tell its time", "ask again in a minute")
    text = f"ours is {found.skew_s:+.1f} s from the gateway's"
    if abs(found.skew_s) > SKEW_S_MAX:
        return fail("clock", text, "run a time service (chrony or systemd-timesyncd) on both")
    return fine("clock", text)


def _calendar(found: Findings, calendar: SessionCalendar, now: datetime) -> Verdict:
    """Our session table against the broker's hours, day by day, as far as the broker tells."""
    if not found.hours:
        return warn("calendar", "the broker tells no trading hours", "ask again in a minute")
    differing = []
    for told in found.hours:
        ours = calendar.is_session(told.on)
        if told.opens_at is None or told.closes_at is None:
            if ours:
                differing.append(f"{told.on} is closed there")
        elif not ours:
            differing.append(f"{told.on} is open there")
        elif (
            abs(told.opens_at - calendar.open_at(told.on)) > HOURS_DIFFER_MAX
            or abs(told.closes_at - calendar.close_at(told.on)) > HOURS_DIFFER_MAX
        ):
            differing.append(f"{told.on} has other hours there")
    if differing:
        return warn(
            "calendar", "; ".join(differing[:5]),
            "believe the broker and update condorbot; on such days nothing is opened",
        )  # fmt: skip
    days = f"{found.hours[0].on} to {found.hours[-1].on}"
    word = "open" if calendar.is_open(now) else "closed"
    return fine("calendar", f"agrees with the broker from {days}; now {word}, {_stamp(now)}")


def _lists(found: Findings) -> Iterator[Verdict]:
    mend = "the account needs permission for index options and futures: docs/paper-account.md"
    for name, count in found.chains.items():
        if count:
            yield fine(f"chain {name}", f"{count} expirations listed")
        else:
            yield fail(f"chain {name}", "no expiration listed", mend)
    if found.futures:
        yield fine("VX futures", f"{found.futures} monthly contracts listed")
    elif "VX futures" not in found.failed:
        yield fail("VX futures", "none listed", mend)


def _line(tried: Tried, wanted: int, *, open_now: bool) -> Verdict:
    name, told = f"data {tried.name}", _said(tried.words)
    if tried.code or (tried.words and not tried.ticked):
        if tried.code == 10197:
            return fail(name, told, "log out of the other session that uses the live user's data")
        return fail(name, f"{tried.code}: {told}" if tried.code else told, _SUBSCRIBE)
    if not tried.ticked:
        if open_now:
            return fail(name, "nothing arrived in 8 s", _SUBSCRIBE)
        return warn(name, "nothing arrived; the market is closed", "ask again during the session")
    if wanted == 1 and tried.data_type >= 3:
        return fail(name, f"{_TYPES[tried.data_type]} only: nothing would be opened", _SUBSCRIBE)
    return fine(name, f"arrives, {_TYPES.get(tried.data_type, 'of an unknown type')}")


def _said(text: str) -> str:
    return printable(mask_accounts(text))


def _stamp(now: datetime) -> str:
    return f"{new_york(now):%a %H:%M} New York"
