"""Where every command comes in: judged at once, answered, logged and journaled either way.

One of these per daemon, on its loop. Holds no authority of its own: without a signature that the
key ring knows nothing happens. Floods are counted, not looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import structlog

from bot.approvals.consequences import consequences
from bot.approvals.keyring import EnrolmentRefused, KeyRing, decode_ring
from bot.approvals.plan import Halt, Plan, Reduce, Resume, action_name
from bot.approvals.refusals import Refusal, Refused
from bot.approvals.rules import RULES, Approved, Scene, judge
from bot.clock_watch import ClockWatch
from bot.control import ControlFile
from bot.logs import LogEvent
from bot.ports import Answer, Clock, Delivery
from domain.desk import Desk
from domain.events import ApprovalsVoided, CommandRefused, Event
from engine.policy import Policy

log = structlog.get_logger()

JUDGED_PER_MINUTE = 60  # commands looked at; an operator sends a handful a year
RECORDED_PER_MINUTE = 6  # refusals journaled one by one; the rest are counted


@dataclass(frozen=True, slots=True)
class Desked:
    """What the office may see and do. ``since`` is of the journal: see ``rules.Scene``."""

    desk: Callable[[], Desk]
    put: Callable[[Event], None]
    since: Callable[[int, str], int | None]
    control: ControlFile


class ApprovalOffice:
    """Implements ports.Commands."""

    def __init__(
        self,
        daemon: str,
        account: str,
        policy: Policy,
        clock: Clock,
        desked: Desked,
        clocks: ClockWatch,
    ) -> None:
        self._daemon = daemon
        self._account = account
        self._policy = policy
        self._clock = clock
        self._desked = desked
        self._clocks, self._jumps = clocks, clocks.jumps
        self._pending: dict[str, Plan] = {}  # accepted, not yet folded
        self._voids_at = 0  # the desk's epoch once every void of ours is folded
        self._looked: dict[str, _PerMinute] = {}  # by channel, so that one cannot drown another
        self._recorded = _PerMinute(RECORDED_PER_MINUTE)
        self._unrecorded = 0
        self._ring = ("", KeyRing())

    def submit(self, raw: bytes, delivery: Delivery) -> Answer:
        """Judge one command. What it asks for, if anything, is queued when this returns."""
        now = self._now()
        digest = sha256(raw).hexdigest()
        looked = self._looked.setdefault(delivery.channel, _PerMinute(JUDGED_PER_MINUTE))
        if not looked.allows(now):
            refused = Refused(Refusal.FLOODED, f"over {JUDGED_PER_MINUTE} commands a minute")
            return self._refuse(now, refused, delivery, digest)
        self.watch()
        verdict = judge(raw, delivery, self._scene(now), RULES)
        if isinstance(verdict, Approved):
            verdict = self._unheard_stop(now, verdict) or verdict
        if isinstance(verdict, Refused):
            return self._refuse(now, verdict, delivery, digest)
        return self._accept(now, verdict, delivery, digest)

    def watch(self) -> None:
        """Void everything pending if the clock has jumped since the last look."""
        self._clocks.trouble()
        if self._clocks.jumps == self._jumps:
            return
        self._jumps, self._voids_at = self._clocks.jumps, self._epoch() + 1
        why = "the clock jumped"
        log.warning(LogEvent.COMMANDS_VOIDED, reason=why)
        self._desked.put(ApprovalsVoided(self._clock.now(), why))

    def _accept(self, now: datetime, approved: Approved, delivery: Delivery, digest: str) -> Answer:
        plan = approved.plan
        if isinstance(plan.action, Resume):
            self._desked.control.clear()
        for event in consequences(now, approved, self._desked.desk()):
            self._desked.put(event)
        self._pending[plan.nonce] = plan
        log.warning(
            LogEvent.COMMAND_ACCEPTED,
            action=action_name(plan.action),
            signers=list(approved.signers),
            channel=delivery.channel,
            nonce=plan.nonce,
            text=plan.action.why,
        )
        text = f"{action_name(plan.action)}, signed by {', '.join(approved.signers)}"
        return Answer(accepted=True, reason="", text=text, digest=digest)

    def _refuse(self, now: datetime, refused: Refused, delivery: Delivery, digest: str) -> Answer:
        """Journaled and logged, unless there were too many: those are counted with the next."""
        if self._recorded.allows(now):
            more, self._unrecorded = self._unrecorded, 0
            text = refused.text.encode("ascii", "backslashreplace").decode()[:300]
            event = CommandRefused(now, refused.code.value, text, delivery.channel, digest, more)
            self._desked.put(event)
            log.warning(
                LogEvent.COMMAND_REFUSED,
                reason=refused.code.value,
                text=text,
                channel=delivery.channel,
                digest=digest,
                more=more,
            )
        else:
            self._unrecorded += 1
        return Answer(accepted=False, reason=refused.code.value, text=refused.text, digest=digest)

    def _unheard_stop(self, now: datetime, approved: Approved) -> Refused | None:
        """A stop that lies in the control file and was not told yet: nobody signed its end."""
        if isinstance(approved.plan.action, Halt | Reduce):
            return None
        stop = self._desked.control.news(now)
        if stop is None:
            return None
        self._desked.put(stop)
        return Refused(Refusal.SITUATION_CHANGED, f"{stop.who} asked for a stop: {stop.why}")

    def _scene(self, now: datetime) -> Scene:
        desk = self._desked.desk()
        used = desk.approvals.used
        self._pending = {n: plan for n, plan in self._pending.items() if n not in used}
        busy = any(not isinstance(p.action, Halt | Reduce) for p in self._pending.values())
        return Scene(
            self._daemon,
            self._account,
            now,
            desk,
            self._policy,
            self._key_ring(desk),
            self._epoch(),
            self._desked.since,
            self._pending.keys(),
            busy,
        )

    def _now(self) -> datetime:
        """Never before what the desk has seen: an expired plan does not come back to life."""
        return max(self._clock.now(), self._desked.desk().now)

    def _epoch(self) -> int:
        return max(self._voids_at, self._desked.desk().approvals.epoch)

    def _key_ring(self, desk: Desk) -> KeyRing:
        """The ring in force, read once; nobody can sign with one that cannot be read."""
        text, ring = self._ring
        if text != desk.approvals.ring:
            try:
                ring = decode_ring(desk.approvals.ring)
            except EnrolmentRefused:
                ring = KeyRing()
            self._ring = (desk.approvals.ring, ring)
        return ring


@dataclass(slots=True)
class _PerMinute:
    """So many a minute, counted from the first."""

    most: int
    since: datetime | None = None
    count: int = field(default=0)

    def allows(self, now: datetime) -> bool:
        if self.since is None or not 0 <= (now - self.since).total_seconds() < 60:
            self.since, self.count = now, 0
        self.count += 1
        return self.count <= self.most
