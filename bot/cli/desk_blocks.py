"""How the desk looks on a terminal: lines and tables that fit any width and need no color."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.desk_now import Now
from bot.cli.wording import count, percent, usd
from bot.logs import printable
from domain.session import new_york
from engine.console_view import LadderView

_STATES = {"ready": "bold green", "not ready": "bold yellow", "down": "bold red"}
_TRADING = {"active": "green", "reducing": "bold yellow", "halted": "bold red"}
_READINGS = ("signal", "close", "liquidity")
_BAR = 20  # characters of the hedge's share against its cap


def head(now: Now) -> RenderableType:
    """Three lines: is it alive, what may it do, where the market and the account stand."""
    view = now.view
    first = Text()
    first.append(f"{now.state.upper()} ", style=_STATES.get(now.state, "bold"))
    first.append(f"trading {view.trading_state} ", style=_TRADING[view.trading_state])
    if view.trading_why and view.trading_state != "active":
        first.append(f"({printable(view.trading_why)}) ")
    if view.alerts:
        first.append(f"{count(len(view.alerts), 'ALERT')} ", style="bold red")
    first.append(f" as of {_as_of(now)}", style="dim")
    second = Text(f"SPX {_level(view.spx)}  VIX {_level(view.vix)}  regime {view.regime}  ")
    second.append(f"curve {view.curve} {_slope(view.slope)}")
    third = Text(f"NLV {usd(view.net_liquidation)} ({_today(now)} today)  ")
    third.append(f"excess liquidity {usd(view.excess_liquidity)}")
    why = [Text(f"why: {printable(now.why)}", style="yellow")] if now.why else []
    return Group(first, *why, second, third, *_notes(now))


def counts_line(now: Now) -> RenderableType:
    view = now.view
    made = [
        count(len(view.condors), "condor"), count(view.hedge_contracts, "hedge call"),
        count(len(view.open_orders), "open order"),
    ]  # fmt: skip
    sent = f"{view.orders_sent} sent and {view.orders_denied} denied so far"
    return Text(f"{', '.join(made)}; {sent}")


def share_line(now: Now) -> RenderableType:
    """``hedge share 9.8 % of 40.0 %  #####---------------``; unknown says so."""
    share, cap = now.view.hedge_share, now.view.hedge_cap
    line = Text(f"hedge share {percent(share)} of at most {percent(cap)}  ")
    if share is None:
        return line.append("no usable price of a call that is held", style="yellow")
    full = min(_BAR, round(_BAR * share / cap)) if cap > 0 else _BAR
    style = "bold red" if share > cap else "yellow" if share > 0.9 * cap else "green"
    line.append("#" * full, style=style)
    return line.append("-" * (_BAR - full), style="dim")


def condors(now: Now) -> RenderableType:
    if not now.view.condors:
        return Text("no condor is open", style="dim")
    table = _table("condor", "expires", "DTE", "units", "credit", "now", "P&L", "max loss")
    for view in now.view.condors:
        low, short_put, short_call, high = view.strikes
        table.add_row(
            f"{low:g}/{short_put:g}P {short_call:g}/{high:g}C",
            view.expiration,
            str(view.dte),
            str(view.quantity),
            f"{view.credit:.2f}",
            _points(view.debit),
            usd(view.unrealized, signed=True),
            usd(view.max_loss),
        )
    return table


def hedge_ladder(now: Now) -> RenderableType:
    """Every layer with what it holds and should hold; below it its tranches."""
    table = _table("hedge", "held", "goal", "call", "DTE", "cost", "bid", "times", "roll in")
    for layer in now.rungs:
        for row in _layer_rows(layer):
            table.add_row(*row)
    return table


def results(now: Now) -> RenderableType:
    table = _table("layer", "realized", "unrealized", "fees")
    for row in now.view.results:
        table.add_row(
            row.layer,
            usd(row.realized, signed=True),
            usd(row.unrealized, signed=True),
            usd(row.fees),
        )
    return table


def open_orders(now: Now) -> RenderableType:
    if not now.view.open_orders:
        return Text("no order is open", style="dim")
    lost = [order.order_ref for order in now.desk.uncertain]
    table = _table("order", "status", "what", "filled", "limit")
    for order in now.view.open_orders:
        style = "bold red" if order.order_ref in lost else ""
        what = f"{order.purpose}: {order.legs}"
        done = f"{order.filled}/{order.quantity}"
        status = "UNKNOWN" if order.order_ref in lost else order.status
        table.add_row(order.order_ref, status, what, done, f"{order.limit:.2f}", style=style)
    return table


def alerts(now: Now) -> RenderableType:
    """Newest last. What an alert means is in docs/runbook.md under its name."""
    if not now.view.alerts:
        return Text("no alerts", style="dim")
    said = {alert.code: alert for alert in now.alerts}
    lines = []
    for code in now.view.alerts:
        alert = said.get(code)
        since = "" if alert is None else f" since {new_york(alert.at):%m-%d %H:%M}"
        text = "" if alert is None else f": {printable(alert.text)}"
        lines.append(Text(f"ALERT {code}{since}{text}", style="bold red"))
    return Group(*lines)


def decisions(now: Now, most: int) -> RenderableType:
    """The newest ones, newest first, one line each; readings of signals are not shown."""
    told = [said for said in now.decisions if not said.topic.startswith(_READINGS)]
    lines = []
    for said in told[:most]:
        subject = f" [{said.subject}]" if said.subject else ""
        text = f"{new_york(said.at):%m-%d %H:%M:%S}  {said.topic}{subject} {said.verdict.value}"
        line = Text(printable(f"{text}: {said.text}"), no_wrap=True, overflow="ellipsis")
        lines.append(line)
    return Group(*lines) if lines else Text("no decisions yet", style="dim")


def age(seconds: float | None) -> str:
    """``12 s``, ``3 min``, ``5 h``, ``2 days``."""
    if seconds is None:
        return "never"
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    left = ("condor", "expires", "hedge", "call", "order", "status", "what", "layer")
    for name in names:
        fold = name == "what"
        table.add_column(
            name, justify="left" if name in left else "right", no_wrap=not fold,
            overflow="fold" if fold else "ellipsis",
        )  # fmt: skip
    return table


def _layer_rows(layer: LadderView) -> Iterator[tuple[str, ...]]:
    first = (layer.layer, str(layer.held), str(layer.target))
    if not layer.tranches:
        yield (*first, "", "", "", "", "", "")
    for rung in layer.tranches:
        times = "n/a" if rung.multiple is None else f"{rung.multiple:.1f}"
        roll = "due" if rung.roll_in_days <= 0 else f"{rung.roll_in_days} days"
        call = f"{rung.quantity} {rung.contract}"
        unit_cost = f"{rung.unit_cost:.2f}"
        yield (*first, call, str(rung.dte), unit_cost, _points(rung.bid), times, roll)
        first = ("", "", "")


def _notes(now: Now) -> Iterable[Text]:
    return [Text(f"note: {printable(note)}", style="yellow") for note in now.notes]


def _as_of(now: Now) -> str:
    if now.at is None:
        return "never: the journal is empty"
    old = "" if now.age_s is None else f", {age(now.age_s)} ago"
    return f"{new_york(now.at):%a %Y-%m-%d %H:%M:%S} New York{old}"


def _today(now: Now) -> str:
    account = now.desk.account
    if account.net_liquidation is None or account.day_start is None:
        return "n/a"
    return usd(account.net_liquidation - account.day_start, signed=True)


def _level(value: float | None) -> str:
    return "n/a" if value is None else f"{value:,.2f}"


def _points(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _slope(slope: float | None) -> str:
    return "" if slope is None else f"({slope:+.2f})"
