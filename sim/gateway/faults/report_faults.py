"""What goes wrong with the telling: reports doubled, lost, late, corrected, in the wrong order."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import COMMISSION, EXECUTION, ORDER_STATUS, Said
from sim.gateway.framing import frame
from sim.gateway.order import Fill, Order, Status
from sim.gateway.order_answers import commission_report, exec_details

_LIVE = "-1"


@dataclass(frozen=True, kw_only=True)
class StatusDup(Fault):
    """Every orderStatus comes twice."""

    NAME: ClassVar[str] = "status_dup"
    IMITATES: ClassVar[str] = "D: duplicate orderStatus"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        again = said.kind == ORDER_STATUS and armed.strikes(said.ref)
        return [said.body, said.body] if again else None


@dataclass(frozen=True, kw_only=True)
class StatusReorder(Fault):
    """After Filled or Cancelled, an old Submitted comes ``by_s`` later."""

    NAME: ClassVar[str] = "status_reorder"
    IMITATES: ClassVar[str] = "D: late, out-of-order orderStatus"

    by_s: float = 1.0

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != ORDER_STATUS or said.order is None:
            return None
        final = said.fields[2] in (Status.FILLED, Status.CANCELED)
        if not final:
            armed.memory[said.order.perm_id] = said.body
        elif said.order.perm_id in armed.memory and armed.strikes(said.ref):
            late = frame(armed.memory[said.order.perm_id])
            armed.later(self.by_s, lambda: said.session.put(late))
        return None


@dataclass(frozen=True, kw_only=True)
class StatusMissing(Fault):
    """No orderStatus at all."""

    NAME: ClassVar[str] = "status_missing"
    IMITATES: ClassVar[str] = "D: orderStatus missing"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        return [] if said.kind == ORDER_STATUS and armed.strikes(said.ref) else None


@dataclass(frozen=True, kw_only=True)
class ExecDup(Fault):
    """Every execution comes twice."""

    NAME: ClassVar[str] = "exec_dup"
    IMITATES: ClassVar[str] = "D: duplicate execDetails"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        again = said.kind == EXECUTION and armed.strikes(said.ref)
        return [said.body, said.body] if again else None


@dataclass(frozen=True, kw_only=True)
class ExecCorrection(Fault):
    """Every execution of a leg is corrected ``after_s`` later: a new last group of its id, ``by``
    added to its price, and the account's cash with it.
    """

    NAME: ClassVar[str] = "exec_correction"
    IMITATES: ClassVar[str] = "D: execution correction, ..01.01 becomes ..01.02"

    by: str = "0.05"
    after_s: float = 2.0

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != EXECUTION or said.fields[1] != _LIVE or said.order is None:
            return None
        order, exec_id = said.order, said.fields[14]
        fill = next((one for one in order.fills if one.exec_id == exec_id), None)
        fresh = fill is not None and fill.leg is not None and exec_id.endswith(".01")
        if fresh and armed.strikes(said.ref):
            armed.later(self.after_s, lambda: self._correct(armed, said, order, exec_id))
        return None

    def _correct(self, armed: Armed, said: Said, order: Order, exec_id: str) -> None:
        place = next(i for i, one in enumerate(order.fills) if one.exec_id == exec_id)
        old, by = order.fills[place], Decimal(self.by)
        new = replace(old, exec_id=exec_id[:-2] + "02", price=old.price + by)
        order.fills[place] = new
        _rebook(armed, new, by)
        account = armed.director.gateway.settings.account
        version = said.session.version
        said.session.put(frame(exec_details(version, -1, order, new, account)))
        said.session.put(frame(commission_report(new)))


@dataclass(frozen=True, kw_only=True)
class CommFirst(Fault):
    """A commission comes before its execution."""

    NAME: ClassVar[str] = "comm_first"
    IMITATES: ClassVar[str] = "D: commissionReport before execDetails"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind == EXECUTION and said.fields[1] == _LIVE:
            fill = said.order.fills[-1] if said.order else None
            bag = fill is not None and said.fields[5] == "BAG"
            if not bag and armed.strikes(said.ref):
                armed.memory[said.fields[14]] = said.body
                return []
        if said.kind == COMMISSION and said.fields[2] in armed.memory:
            return [said.body, armed.memory.pop(said.fields[2])]
        return None


@dataclass(frozen=True, kw_only=True)
class CommMissing(Fault):
    """The commission of an execution is not told the first time."""

    NAME: ClassVar[str] = "comm_missing"
    IMITATES: ClassVar[str] = "D: commissionReport lost; a commission of 0.0 is never final"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != COMMISSION or said.fields[2] in armed.memory:
            return None
        if not armed.strikes(said.ref):
            return None
        armed.memory[said.fields[2]] = True
        return []


@dataclass(frozen=True, kw_only=True)
class CommDup(Fault):
    """Every commission comes three times."""

    NAME: ClassVar[str] = "comm_dup"
    IMITATES: ClassVar[str] = "D: duplicate commissionReport"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        again = said.kind == COMMISSION and armed.strikes(said.ref)
        return [said.body] * 3 if again else None


def _rebook(armed: Armed, fill: Fill, by: Decimal) -> None:
    assert fill.leg is not None
    signed = fill.quantity if fill.side == "BOT" else -fill.quantity
    armed.director.gateway.account.adjust(fill.leg.listing.con_id, signed, by)
