"""How recorded marks, campaigns, fills and violations come back onto the desk."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from domain.desk import Desk
from domain.effects import RecordDecision
from domain.orders import HEDGE_LAYERS, Layer
from domain.record import (
    CAMPAIGNS_KEPT,
    DAYS_KEPT,
    Campaign,
    DayMark,
    LayerMark,
    Quality,
)
from domain.session import new_york

_TRANCHE = "extrinsic:"


def day_recorded(desk: Desk, decision: RecordDecision) -> Desk:
    """Append one session; the same session twice replaces the first."""
    inputs = dict(decision.inputs)
    on = new_york(decision.at).date()
    layers = {layer.value: _layer(inputs, layer.value) for layer in (Layer.CONDOR, *HEDGE_LAYERS)}
    mark = DayMark(
        on,
        decision.subject,
        inputs.get("net_liquidation"),
        inputs.get("cash"),
        inputs.get("margin"),
        inputs.get("vix"),
        int(inputs.get("units", 0.0)),
        inputs.get("at_risk", 0.0),
        inputs.get("condor_cash", 0.0),
        inputs.get("hedge_value"),
        inputs.get("hedge_traded", 0.0),
        layers,
        {
            name.removeprefix(_TRANCHE): value
            for name, value in decision.inputs
            if name.startswith(_TRANCHE)
        },
    )
    earlier = [day for day in desk.record.days if day.on < on][-DAYS_KEPT + 1 :]
    if earlier:
        earlier[-1] = replace(earlier[-1], extrinsic={})
    return replace(desk, record=replace(desk.record, days=(*earlier, mark)))


def campaign_recorded(desk: Desk, decision: RecordDecision) -> Desk:
    inputs = dict(decision.inputs)
    closed = inputs.get("closed")
    campaign = Campaign(
        decision.subject,
        date.fromordinal(int(inputs["opened"])),
        int(inputs["units"]),
        inputs["fees"],
        inputs["result"],
        None if closed is None else date.fromordinal(int(closed)),
    )
    known = {**desk.record.campaigns, campaign.id: campaign}
    kept = dict(list(known.items())[-CAMPAIGNS_KEPT:])
    return replace(desk, record=replace(desk.record, campaigns=kept))


def fill_recorded(desk: Desk, decision: RecordDecision) -> Desk:
    """One finished order more; without ``saved`` it could not be measured."""
    inputs = dict(decision.inputs)
    assert decision.layer is not None
    layer = decision.layer.value
    old = desk.record.quality.get(layer, Quality())
    saved = inputs.get("saved")
    if saved is None:
        new = replace(old, unmeasured=old.unmeasured + 1)
    else:
        contracts = old.contracts + int(inputs["contracts"])
        new = Quality(old.orders + 1, contracts, old.saved + saved, old.unmeasured)
    return replace(desk, record=replace(desk.record, quality={**desk.record.quality, layer: new}))


def violation_recorded(desk: Desk, decision: RecordDecision) -> Desk:
    counts = desk.record.violations
    counts = {**counts, decision.subject: counts.get(decision.subject, 0) + 1}
    return replace(desk, record=replace(desk.record, violations=counts))


def _layer(inputs: Mapping[str, float], layer: str) -> LayerMark:
    return LayerMark(
        inputs.get(f"{layer}.realized", 0.0),
        inputs.get(f"{layer}.fees", 0.0),
        inputs.get(f"{layer}.unrealized"),
        inputs.get(f"{layer}.decay"),
    )
