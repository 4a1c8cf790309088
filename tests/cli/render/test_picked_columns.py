"""`--fields` with the names that `--header` shows, where a row is not the object itself."""

from __future__ import annotations

from tests.conftest import Program


def test_the_columns_that_a_header_names_can_be_picked(ttp: Program) -> None:
    ttp.account()
    ttp.post("One", "--to", "x/me")
    for argv in (["show", "1"], ["status"], ["audit"], ["create", "Two", "--dry-run"], ["optimal"]):
        lines = ttp.ok(*argv, "--header").out.splitlines()
        first, second, *_ = lines[0].split("\t")
        picked = ttp.ok(*argv, "--header", "--fields", f"{second},{first}").out.splitlines()
        assert picked == ["\t".join(reversed(line.split("\t")[:2])) for line in lines], argv
        shown = ttp.ok(*argv, "--format", "table", "--fields", second).out.splitlines()
        assert shown[0].strip() == second
        refused = ttp(*argv, "--json", "--fields", first)
        assert (refused.code, refused.out) == (2, "")
