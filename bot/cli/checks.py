"""What must hold in every run of the demo, looked at from outside: the broker's own records, the
book and the journal against each other.

An observer of the loop. Counts every look, so that a check which never looked cannot pass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from bot.cli.wording import percent
from bot.journal.reading import JournalReader
from config.settings import PAPER_PREFIXES
from domain.desk import Desk
from domain.effects import Effect
from domain.events import ClockTicked, Event, OrderFilled
from domain.instruments import Contract, Kind, Right
from domain.orders import Purpose
from domain.session import new_york
from engine.policy import Policy
from engine.views import snapshot

_PATIENCE = 3  # clock ticks that a fill may take from the broker's book into ours
_PROBLEMS_MAX = 5


class BrokerRecords(Protocol):
    """The broker's side, read without going through the daemon."""

    @property
    def accounts(self) -> Sequence[str]: ...

    def positions(self) -> Mapping[Contract, int]: ...

    def cash(self) -> Decimal: ...

    def orders_received(self) -> Sequence[tuple[int, str, str]]:
        """(permanent id, order reference, account) of every order of the day."""


@dataclass(slots=True)
class Check:
    """One statement, how often it was looked at, and where it did not hold."""

    statement: str
    looks: int = 0
    problems: list[str] = field(default_factory=list)

    def look(self, problem: str | None, at: str) -> None:
        self.looks += 1
        if problem is not None and len(self.problems) < _PROBLEMS_MAX:
            self.problems.append(f"{at}: {problem}")

    @property
    def held(self) -> bool:
        return self.looks > 0 and not self.problems


class Checks:
    """All of them; ``all`` lists them in the order in which they are printed."""

    def __init__(self, broker: BrokerRecords, policy: Policy, cash_at_start: Decimal) -> None:
        self._broker = broker
        self._policy = policy
        self._cash_at_start = cash_at_start
        self._sent: dict[str, int] = {}  # order reference -> permanent id
        self._apart = 0
        self._settled = False
        self.naked = Check("no naked short, in the broker's book")
        self.books = Check("our book equals the broker's")
        self.once = Check("every order reference was sent once")
        self.cap = Check("no hedge purchase of ours broke the share cap")
        self.paper = Check("paper accounts only")
        self.cash = Check("our cash equals the broker's, to the cent")
        self.journal = Check("the journal is whole and gives the same desk back")

    @property
    def all(self) -> tuple[Check, ...]:
        return (
            self.naked, self.books, self.once, self.cap, self.paper, self.cash, self.journal,
        )  # fmt: skip

    @property
    def held(self) -> bool:
        return all(check.held for check in self.all)

    def observe(self, events: Sequence[Event], _effects: Sequence[Effect], desk: Desk) -> None:
        at = new_york(desk.now).strftime("%Y-%m-%d %H:%M")
        if any(isinstance(event, OrderFilled) for event in events):
            self._look_at_share(events, desk, at)
        if any(isinstance(event, ClockTicked) for event in events):
            positions = self._broker.positions()
            self.naked.look(naked_short(positions), at)
            self._look_at_books(positions, desk, at)
            self._look_at_orders(at)

    def conclude(self, desk: Desk, journal: Path, recovered: Callable[[], Desk], at: str) -> None:
        """The last looks, after the daemon has closed its journal."""
        self.cap.looks = max(self.cap.looks, 1)  # a run may buy no hedge at all
        self._look_at_orders(at)
        self.once.looks = max(self.once.looks, 1)
        self.cash.look(self._cash_problem(desk), at)
        reader = JournalReader(journal)
        try:
            troubles = reader.troubles()
            sends = reader.count("send")
        finally:
            reader.close()
        self.journal.look("; ".join(troubles) or None, at)
        if sends < len(self._sent):
            self.once.look(f"{len(self._sent)} orders at the broker, {sends} sends recorded", at)
        self.journal.look(_recovery_problem(desk, recovered()), at)

    def _look_at_share(self, events: Sequence[Event], desk: Desk, at: str) -> None:
        refs = [event.order_ref for event in events if isinstance(event, OrderFilled)]
        orders = [desk.orders[ref] for ref in refs if ref in desk.orders]
        if not any(order.intent.purpose is Purpose.BUY_HEDGE for order in orders):
            return
        view = snapshot(desk, self._policy)
        if view.hedge_share is None or view.condor_notional <= 0:
            return
        over = view.hedge_share > view.hedge_cap
        self.cap.look(f"share {percent(view.hedge_share)}" if over else None, at)

    def _look_at_books(self, positions: Mapping[Contract, int], desk: Desk, at: str) -> None:
        """A fill on its way is not a difference; one that stays is."""
        ours = {c: q for c, q in desk.book.positions().items() if not _expired(c, desk)}
        theirs = {c: q for c, q in positions.items() if not _expired(c, desk)}
        self._apart = self._apart + 1 if ours != theirs else 0
        if self._apart < _PATIENCE:
            self.books.look(None, at)
            return
        differing = sorted(
            c.label for c in {**ours, **theirs} if ours.get(c, 0) != theirs.get(c, 0)
        )
        self.books.look("differs in " + ", ".join(differing), at)

    def _look_at_orders(self, at: str) -> None:
        for account in self._broker.accounts:
            self.paper.look(None if account.startswith(PAPER_PREFIXES) else account, at)
        for perm_id, ref, account in self._broker.orders_received():
            if account not in ("", *self._broker.accounts):
                self.paper.look(f"{ref} for account {account}", at)
            known = self._sent.setdefault(ref, perm_id)
            self.once.look(None if known == perm_id else f"{ref} arrived twice", at)

    def _cash_problem(self, desk: Desk) -> str | None:
        """Start + realized - cost of what is open - fees; broken only by more than rounding."""
        book = desk.book
        flows = sum(book.realized.values(), Decimal(0)) - sum(book.fees.values(), Decimal(0))
        for condor in book.open_condors:
            flows -= sum((position.cost for position in condor.positions), Decimal(0))
        for tranche in book.open_tranches:
            flows -= tranche.position.cost
        ours, theirs = self._cash_at_start + flows, self._broker.cash()
        if abs(ours - theirs) < Decimal("0.01"):
            return None
        return f"ours {ours:,.2f}, the broker's {theirs:,.2f}"


def naked_short(positions: Mapping[Contract, int]) -> str | None:
    """The first series in which more contracts are short than long, None if there is none.

    Per class, expiration and right: every short needs a long that caps its loss, which one further
    out of the money, or nearer, of the same series does.
    """
    net: dict[tuple[str, str, Right | None], int] = {}
    for contract, quantity in positions.items():
        if contract.kind is Kind.OPTION:
            key = (contract.trading_class, str(contract.expiration), contract.right)
            net[key] = net.get(key, 0) + quantity
    for (trading_class, expiration, right), quantity in net.items():
        if quantity < 0:
            return f"{-quantity} {trading_class} {expiration} {right} short without a long"
    return None


def _expired(contract: Contract, desk: Desk) -> bool:
    return desk.now >= desk.calendar.settles_at(contract)


def _recovery_problem(desk: Desk, recovered: Desk) -> str | None:
    for what, ours, again in (
        ("positions", desk.book.positions(), recovered.book.positions()),
        ("realized results", desk.book.realized, recovered.book.realized),
        ("fees", desk.book.fees, recovered.book.fees),
        ("orders", _statuses(desk), _statuses(recovered)),
        ("counters", desk.tally.sent, recovered.tally.sent),
    ):
        if ours != again:
            return f"{what} differ after replaying the journal"
    return None


def _statuses(desk: Desk) -> dict[str, str]:
    return {ref: order.status.value for ref, order in desk.orders.items()}
