"""What goes wrong behind the gateway: its servers, its farms, its nights, its login."""

from dataclasses import dataclass
from typing import ClassVar

from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import MARKET_DATA, ORDER_TALK, PLACE, TICKS, Asked, Said

_LOST = "Connectivity between IBKR and Trader Workstation has been lost."
_RESTORED = "Connectivity between IBKR and Trader Workstation has been restored - data "
_REPEAT_S = 4.0
_STILL_SERVED = frozenset({49, 71})  # the gateway itself still tells the time
_FARM_CODES = {
    "md": (2103, 2104, "Market data farm connection"),
    "hmds": (2105, 2106, "HMDS data farm connection"),
    "secdef": (2157, 2158, "Sec-def data farm connection"),
}
_ANSWER_ENDS = frozenset({62, 53, 102, 55, 54})


@dataclass(frozen=True, kw_only=True)
class ServersLost(Fault):
    """1100 every four seconds for ``for_s``; meanwhile requests are not answered and what happens
    to orders is never told. Then ``code``: 1101 ends all lines, 1102 keeps them and lists ``farms``
    and those still ``down``, whose lines stay dead until they are asked for again.
    """

    NAME: ClassVar[str] = "servers_lost"
    IMITATES: ClassVar[str] = "A: 1100 then 1101 or 1102 with its list of farms; 2110"

    for_s: float = 60.0
    code: int = 1102
    farms: str = "usfarm;usopt;ushmds;secdefil"
    down: str = ""
    first: int = 1100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code not in (1101, 1102) or self.first not in (1100, 2110) or not self.for_s:
            raise ValueError("servers_lost: from 1100 or 2110 to 1101 or 1102, for some seconds")

    def begin(self, armed: Armed) -> None:
        armed.memory["lost"] = True
        self._repeat(armed)

    def end(self, armed: Armed) -> None:
        armed.memory["lost"] = False
        director = armed.director
        if self.code == 1101:
            for session in director.sessions:
                session.quotes.forget_lines()
            director.tell_everybody(1101, _RESTORED + "lost.")
            return
        listed = f"The following farms are connected: {self.farms.replace(';', '; ')}."
        if self.down:
            listed += f" The following farms are not connected: {self.down.replace(';', '; ')}."
            director.arm(DeadLines())
        director.tell_everybody(1102, f"{_RESTORED}maintained. {listed}")

    def _repeat(self, armed: Armed) -> None:
        if armed.memory["lost"]:
            armed.director.tell_everybody(self.first, _LOST)
            armed.later(_REPEAT_S, lambda: self._repeat(armed))

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        lost = armed.memory.get("lost", False)
        return [] if lost and said.kind in TICKS | ORDER_TALK else None

    def asked(self, armed: Armed, asked: Asked) -> bool:
        return bool(armed.memory.get("lost")) and asked.kind not in _STILL_SERVED


@dataclass(frozen=True, kw_only=True)
class DeadLines(Fault):
    """Lines that are open now say nothing any more; a line asked for again does."""

    NAME: ClassVar[str] = "dead_lines"
    IMITATES: ClassVar[str] = "A: 1102 data maintained, yet data stay dead"

    def begin(self, armed: Armed) -> None:
        armed.memory["dead"] = {
            (session.client_id, req_id)
            for session in armed.director.sessions
            for req_id in session.quotes.line_ids
        }

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in TICKS:
            return None
        return [] if (said.session.client_id, said.req_id) in armed.memory["dead"] else None


@dataclass(frozen=True, kw_only=True)
class FlapFarm(Fault):
    """A farm breaks and is mended in turns of ``every_s``. ``service``: md, hmds or secdef."""

    NAME: ClassVar[str] = "flap_farm"
    IMITATES: ClassVar[str] = "A: 2103/2105/2157 and 2104/2106/2158, farm broken and OK; 2108, 2119"

    for_s: float = 60.0
    farm: str = "usopt"
    service: str = "md"
    every_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.service not in _FARM_CODES:
            raise ValueError(f"flap_farm: service {self.service!r} is none of {list(_FARM_CODES)}")

    def begin(self, armed: Armed) -> None:
        armed.memory["flapping"] = True
        self._say(armed, broken=True)

    def end(self, armed: Armed) -> None:
        armed.memory["flapping"] = False
        self._say(armed, broken=False)

    def _say(self, armed: Armed, *, broken: bool) -> None:
        bad, good, what = _FARM_CODES[self.service]
        code, state = (bad, "broken") if broken else (good, "OK")
        armed.director.tell_everybody(code, f"{what} is {state}:{self.farm}")
        if armed.memory["flapping"]:
            armed.later(self.every_s, lambda: self._again(armed, broken=not broken))

    def _again(self, armed: Armed, *, broken: bool) -> None:
        if armed.memory["flapping"]:
            self._say(armed, broken=broken)


@dataclass(frozen=True, kw_only=True)
class Nightly(ServersLost):
    """The nightly reset of the servers: 1100 at 00:19 New York for nine minutes, then 1102."""

    NAME: ClassVar[str] = "nightly"
    IMITATES: ClassVar[str] = "A: nightly server reset"

    at: float | str = "00:19"
    for_s: float = 540.0


@dataclass(frozen=True, kw_only=True)
class DailyRestart(Fault):
    """Every connection ends at ``at`` and none is accepted for ``for_s``."""

    NAME: ClassVar[str] = "daily_restart"
    IMITATES: ClassVar[str] = "A: daily gateway restart or log-off"

    at: float | str = "23:45"
    for_s: float = 180.0

    def begin(self, armed: Armed) -> None:
        armed.director.server.refuse_connections()
        for connection in armed.director.server.connections:
            connection.cut("fin")

    def end(self, armed: Armed) -> None:
        armed.director.server.accept_connections()


@dataclass(frozen=True, kw_only=True)
class Weekly2fa(Fault):
    """Every connection ends; afterwards clients get in but nothing about the account is answered
    until a person has approved the login, ``for_s`` later.
    """

    NAME: ClassVar[str] = "weekly_2fa"
    IMITATES: ClassVar[str] = "A: weekly reset with 2FA; connected but not logged in"

    at: float | str = "sat 23:30"
    for_s: float = 36_000.0

    def begin(self, armed: Armed) -> None:
        for connection in armed.director.server.connections:
            connection.cut("fin")

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        return [] if said.kind in _ANSWER_ENDS else None

    def end(self, armed: Armed) -> None:
        for connection in armed.director.server.connections:
            connection.cut("fin")


@dataclass(frozen=True, kw_only=True)
class CompetingLogin(Fault):
    """Another login takes the data: 10197 on every line, again every ``every_s``, and no ticks."""

    NAME: ClassVar[str] = "competing_login"
    IMITATES: ClassVar[str] = "A: competing login; C: 10197"

    for_s: float = 300.0
    every_s: float = 30.0

    def begin(self, armed: Armed) -> None:
        armed.memory["taken"] = True
        self._say(armed)

    def end(self, armed: Armed) -> None:
        armed.memory["taken"] = False

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        return [] if said.kind in TICKS else None

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind == MARKET_DATA:
            armed.memory["requests"] = armed.memory.get("requests", 0) + 1
        return False

    def _say(self, armed: Armed) -> None:
        if not armed.memory["taken"]:
            return
        for session in armed.director.sessions:
            for req_id in session.quotes.line_ids:
                session.tell(req_id, 10197, "No market data during competing live session")
        armed.later(self.every_s, lambda: self._say(armed))


@dataclass(frozen=True, kw_only=True)
class ReadOnly(Fault):
    """Orders and changes are refused with 321."""

    NAME: ClassVar[str] = "read_only"
    IMITATES: ClassVar[str] = "A: read-only API"

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind != PLACE or not armed.strikes(asked.ref):
            return False
        text = "cause - The API interface is currently in Read-Only mode."
        asked.refuse(321, f"Error validating request.-'b7' : {text}")
        return True


@dataclass(frozen=True, kw_only=True)
class Notice(Fault):
    """A message about the session to every client, again every ``every_s`` if that is not 0."""

    NAME: ClassVar[str] = "notice"
    IMITATES: ClassVar[str] = "A: 1300, 2107, 2108, 2119, 10182 and any other message"

    code: int = 2107
    text: str = "HMDS data farm connection is inactive but should be available upon demand.ushmds"
    every_s: float = 0.0
    req_id: int = -1

    def begin(self, armed: Armed) -> None:
        for session in armed.director.sessions:
            session.tell(self.req_id, self.code, self.text)
        armed.hits += 1
        if self.every_s and armed.active:
            armed.later(self.every_s, lambda: self._again(armed))

    def _again(self, armed: Armed) -> None:
        if armed.active:
            self.begin(armed)


@dataclass(frozen=True, kw_only=True)
class MovePort(Fault):
    """The gateway listens at ``port`` from now on, says so with 1300 and ends every connection.
    ``named`` is the port it speaks of, if that is another one.
    """

    NAME: ClassVar[str] = "move_port"
    IMITATES: ClassVar[str] = "A: 1300, the socket port was changed"

    port: int = 4012
    named: int = 0

    def begin(self, armed: Armed) -> None:
        director = armed.director
        director.tell_everybody(
            1300,
            "TWS socket port has been reset and this connection is being dropped. Please reconnect "
            f"on the new port - {self.named or self.port}",
        )
        director.server.flush()
        director.server.move(self.port)
        for connection in director.server.connections:
            connection.cut("fin")
        armed.hits += 1


@dataclass(frozen=True, kw_only=True)
class ResetOrderIds(Fault):
    """nextValidId begins at 1 again, though the old ids stay used."""

    NAME: ClassVar[str] = "reset_order_ids"
    IMITATES: ClassVar[str] = "A: nextValidId may repeat after a restart; D: 103"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != 9 or not armed.strikes():
            return None
        return [said.with_field(2, "1")]
