"""SPX iron condors: when to open one, with which legs, and when to close it."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.desk import Desk
from domain.proposals import Allowance, Proposal
from strategies.iron_condor import entry, management
from strategies.iron_condor.parameters import IronCondorParams

__all__ = ["IronCondorParams", "IronCondorStrategy"]


@dataclass(frozen=True, slots=True)
class IronCondorStrategy:
    params: IronCondorParams
    allowance: Allowance

    def conditions(self, desk: Desk) -> Mapping[str, bool | None]:
        return management.conditions(desk, self.params, self.allowance)

    def propose(self, desk: Desk) -> Proposal:
        return management.propose(desk, self.params) + entry.propose(
            desk, self.params, self.allowance
        )
