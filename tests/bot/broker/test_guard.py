"""The paper guard."""

import pytest

from bot.broker.guard import live_reason


def test_a_paper_account_on_a_paper_port_is_let_through() -> None:
    assert live_reason(4002, ["DU1234567"], "") is None


@pytest.mark.parametrize("port", [4001, 4003, 7496])
def test_a_live_port_is_refused_even_with_a_paper_account(port: int) -> None:
    assert str(port) in (live_reason(port, ["DU1234567"], "") or "")


@pytest.mark.parametrize(
    "accounts",
    [
        ["U1234567"], ["DU1234567", "U1234567"], ["DU"], ["XDU1234567"], ["DU123\n"], ["DI12345"],
        ["DF7654321"], [],
    ],
)  # fmt: skip
def test_anything_but_paper_accounts_is_refused(accounts: list[str]) -> None:
    assert live_reason(4002, accounts, "") is not None


def test_digits_of_other_scripts_do_not_make_a_paper_account() -> None:
    assert live_reason(4002, ["DU１２３"], "") is not None  # noqa: RUF001


def test_a_pinned_account_must_be_managed() -> None:
    assert live_reason(4002, ["DU1", "DU2"], "DU2") is None
    assert live_reason(4002, ["DU1", "DU2"], "DU3") is not None
