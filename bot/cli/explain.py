"""``condorbot explain``: why there is, or is not, a condor, a purchase, a roll, a sale."""

import textwrap
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from bot.cli.past import AtOption, ConfigOption, JournalOption, doubts, past_or_exit, stamp
from bot.cli.printing import console
from domain.effects import RecordDecision
from domain.gates import Gate
from engine.explain import Explanation, Topic, Working
from engine.explain import explain as explained

_MARGIN = 10
_MARKS = {True: ("open", "green"), False: ("shut", "red"), None: ("unknown", "yellow")}


def explain(
    at: AtOption = "",
    journal: JournalOption = None,
    config: ConfigOption = "paper",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say why there is or is not a condor, a purchase, a roll or a sale, gate by gate.

    Replays the journal to that instant, also that of a running daemon; nothing is changed.
    """
    past, settings = past_or_exit(config, journal, at)
    picture = explained(past.desk, settings.policy(), past.decisions)
    if as_json:
        known = {"explanation": picture, "doubts": doubts(past)}
        typer.echo(orjson.dumps(known).decode())
        return
    _show(picture, doubts(past), stamp(past.at), console())


def _show(picture: Explanation, notes: list[str], at: str, out: Console) -> None:
    out.print(Text(f"{at} New York: {summary_line(picture)}", style="bold"))
    for note in notes:
        _say(out, "note", note, "yellow")
    for topic in picture.topics:
        out.print()
        out.print(Text(topic_line(topic, picture.working), style="bold"))
        for gate in topic.gates:
            word, style = _MARKS[gate.open]
            _say(out, word, gate_line(gate), style)
    out.print()
    out.print(Text("last decision on each topic", style="bold"))
    for decision in picture.decisions:
        at_last, _, told = decision_line(decision).partition("|")
        _say(out, at_last, told, "dim")


def _say(out: Console, word: str, text: str, style: str) -> None:
    """A word in the margin and text that continues below its own beginning."""
    margin = max(_MARGIN, len(word) + 3)
    first, *rest = textwrap.wrap(text, max(20, out.width - margin)) or [""]
    line = Text(f"  {word:<{margin - 2}}", style=style)
    line.append(first, style="default")
    out.print(line)
    for more in rest:
        out.print(Text(" " * margin + more))


def summary_line(picture: Explanation) -> str:
    return f"regime {picture.regime}, curve {picture.curve}, trading {picture.trading}"


def topic_line(topic: Topic, working: tuple[Working, ...]) -> str:
    """One sentence: no, because; or yes; or already at work."""
    name, _, subject = topic.name.partition(":")
    orders = [
        order
        for order in working
        if topic.name.startswith(order.topic) and subject in ("", order.subject)
    ]
    if orders:
        named = ", ".join(f"{o.order_ref} ({o.status}, {o.reason})" for o in orders)
        return f"{topic.name}: at work: {named}"
    if name == "condor.close":
        due = [gate.text for gate in topic.gates if gate.open]
        return f"{topic.name}: {'closing, ' + due[0] if due else 'kept, ' + topic.reason}"
    return f"{topic.name}: {'yes, every gate is open' if topic.open else 'no, ' + topic.reason}"


def gate_line(gate: Gate) -> str:
    """``stress (4.1.stress): stress score below 4 ... is 2 against 4, 12 s old``."""
    parts = [f"{gate.name} ({gate.rule}): {gate.text}"]
    if gate.value is not None:
        against = "" if gate.limit is None else f" against {gate.limit:.6g}"
        parts.append(f"is {gate.value:.6g}{against}")
    if gate.age_s is not None:
        parts.append(f"{gate.age_s:.0f} s old")
    if gate.reason:
        parts.append(gate.reason)
    if gate.denial is not None and gate.open is not True:
        parts.append(gate.denial.value)
    return "; ".join(parts)


def decision_line(decision: RecordDecision) -> str:
    """When, a bar, and what."""
    who = f" [{decision.subject}]" if decision.subject else ""
    return f"{stamp(decision.at)}|{decision.topic}{who} {decision.verdict}: {decision.text}"
