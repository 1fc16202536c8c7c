"""One module sends orders: whoever else tries, in code or at run time, is found out."""

import ast
import asyncio
from pathlib import Path

import pytest

from bot.broker.seal import SEALED, PastTheDoor, Seal
from tests.scenarios.wire.harness import Wire, on_the_wire

ROOT = Path(__file__).parents[3]
PACKAGES = ("bot", "engine", "risk", "strategies", "domain", "config", "study")
SENDS = {*SEALED, "send_order", "send_cancel"}


class Client:
    """Notes what reaches it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def placeOrder(self, *_: object) -> None:  # noqa: N802 (the library's spelling)
        self.calls.append("placeOrder")

    def cancelOrder(self, *_: object) -> None:  # noqa: N802
        self.calls.append("cancelOrder")

    def reqGlobalCancel(self) -> None:  # noqa: N802
        self.calls.append("reqGlobalCancel")

    def exerciseOptions(self, *_: object) -> None:  # noqa: N802
        self.calls.append("exerciseOptions")


@pytest.mark.parametrize("name", SEALED)
def test_a_sealed_method_works_only_for_who_is_passing(name: str) -> None:
    client, told = Client(), list[PastTheDoor]()
    seal = Seal(client, told.append)
    with pytest.raises(PastTheDoor, match=name):
        getattr(client, name)()
    assert (client.calls, len(told)) == ([], 1)
    with seal.passing():
        getattr(client, name)()
    assert client.calls == [name]
    with pytest.raises(PastTheDoor):
        getattr(client, name)()


def test_whatever_can_change_what_is_held_is_sealed() -> None:
    assert {"placeOrder", "exerciseOptions"} <= set(SEALED)


def test_an_order_past_the_door_does_not_leave_and_ends_the_life() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        session = wire.broker._session
        assert session is not None
        with pytest.raises(PastTheDoor):
            session._link.client.reqGlobalCancel()
        assert wire.life is not None
        await asyncio.wait({wire.life}, timeout=60)
        assert isinstance(wire.life.exception(), PastTheDoor)
        assert wire.server.gateway.sessions == []

    on_the_wire(script)


def calls(path: Path) -> set[str]:
    """Names of sending methods that a module mentions as attributes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & SENDS


def test_in_the_code_only_the_link_knows_the_library_s_methods_and_only_the_sender_the_link_s() -> (
    None
):
    found = {
        path.relative_to(ROOT).as_posix(): names
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if (names := calls(path))
    }
    assert found == {
        "bot/broker/link.py": {"placeOrder", "cancelOrder"},
        "bot/broker/sending.py": {"send_order", "send_cancel"},
    }
