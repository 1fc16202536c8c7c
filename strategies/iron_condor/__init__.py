"""SPX iron condors: when to open one, with which legs, and when to close it."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.desk import Desk
from domain.gates import Gate
from domain.instruments import SPY
from domain.proposals import Allowance, Proposal
from domain.releases import ReleaseCalendar
from strategies.iron_condor import entry, management, rolls
from strategies.iron_condor.entry import entry_gates
from strategies.iron_condor.gates import Entry
from strategies.iron_condor.parameters import IronCondorParams, Roll

__all__ = ["IronCondorParams", "IronCondorStrategy", "entry_gates"]


@dataclass(frozen=True, slots=True)
class IronCondorStrategy:
    params: IronCondorParams
    allowance: Allowance
    releases: ReleaseCalendar

    def conditions(self, desk: Desk) -> Mapping[str, bool | None]:
        return {
            **management.conditions(desk, self.params, self.allowance),
            **rolls.conditions(desk, self.params),
        }

    def propose(self, desk: Desk) -> Proposal:
        managed = management.propose(desk, self.params)
        asked = Entry(desk, self.params, self.allowance, self.releases)
        closing = frozenset(intent.subject for intent in managed.intents)
        listened = (SPY,) if self.params.roll is Roll.RANGE else ()
        return (
            Proposal(wanted=listened)
            + managed
            + rolls.propose(asked, closing)
            + entry.propose(desk, self.params, self.allowance, self.releases)
        )

    def gates(self, desk: Desk) -> tuple[Gate, ...]:
        """Every condition of a new condor, for those who want to know why there is none."""
        return entry_gates(desk, self.params, self.allowance, self.releases)
