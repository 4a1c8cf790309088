"""X: the price of a call in dollars (docs/reference/platforms/x.md, section 5), charged to the sandbox's credit."""

from __future__ import annotations

from ttp.sandbox.state import State

POST = 0.015
LINK_POST = 0.20
DELETE = 0.010
METADATA = 0.005
OWN_READ = 0.001


def price(method: str, path: str) -> float:
    """What a call costs at least: a post with a link costs more, a list costs for each post in it."""
    match method, path:
        case "POST", "/2/tweets":
            return POST
        case "DELETE", _:
            return DELETE
        case "POST", "/2/media/metadata":
            return METADATA
        case "GET", _ if not path.startswith("/2/media"):
            return OWN_READ
        case _:
            return 0.0


def can_pay(state: State, dollars: float) -> bool:
    """Whether the credit covers a price. Without a credit set, everything is covered."""
    return state.x_credit is None or state.x_credit >= dollars - 1e-9


def pay(state: State, dollars: float) -> None:
    """Take a price from the credit."""
    if state.x_credit is not None:
        state.x_credit = max(0.0, round(state.x_credit - dollars, 6))
