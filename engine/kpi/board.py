"""All figures of one instant, in the order of the method's questions: capital, hedge, conduct."""

from domain.desk import Desk
from engine.kpi.campaigns import conduct_figures
from engine.kpi.capital import capital_figures
from engine.kpi.figure import Figure
from engine.kpi.protection import protection_figures
from engine.policy import Policy


def kpis(desk: Desk, policy: Policy) -> tuple[Figure, ...]:
    """Computed on demand; the quotes on the desk serve coverage and tenor, the record the rest."""
    return (
        *capital_figures(desk.record),
        *protection_figures(desk, policy),
        *conduct_figures(desk),
    )
