"""`ttp audit`: its counts, its lines, its exit code."""

from __future__ import annotations

from tests.clock import START
from tests.conftest import Program


def test_an_audit_counts_what_it_checked(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("one", "--to", "x/me", "--at", "in 1h")
    ttp.post("two")
    ran = ttp.ok("audit", "--json")
    assert [(one["name"], one["checked"], one["wrong"], one["breaches"]) for one in ran.json["checks"]] == [
        ("deliveries", 1, 0, []),
        ("posts", 2, 0, []),
        ("remote-ids", 0, 0, []),
        ("store", 1, 0, []),
    ]
    assert ran.json["ok"] is True
    *rows, (_, _, where) = ttp.ok("audit").rows
    assert rows == [
        ["ok", "deliveries", "1 of 1 deliveries: an intent before each outcome, none done twice"],
        ["ok", "posts", "2 of 2 posts: the status follows from the deliveries"],
        ["ok", "remote-ids", "0 of 0 remote ids: each belongs to one delivery"],
    ]
    assert where.startswith("1 of 1 store: ")


def test_a_breach_is_named_and_ends_with_1(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("one", "--to", "x/me", "--at", "in 1h")
    ttp.bring(1, "published", published_at=START)
    ttp.sql("UPDATE post SET published_at = 1795521600000")
    told = ttp("audit", "--json").json
    (said,) = told["checks"][0]["breaches"]
    assert (told["ok"], "delivery 1 (post 1, x/me)" in said) == (False, True)
    ran = ttp("audit")
    assert (ran.code, ran.rows[1]) == (1, ["fail", "deliveries", said])
    shown = ttp("audit", "--format", "table").out
    assert said in " ".join(word for word in shown.split())
