"""Every cure of docs/reference/errors.md is for some error, and every error there has one."""

from __future__ import annotations

from tests.drift import cures, errors_page
from tests.drift.cures import CURES, PLATFORM


def test_every_error_has_a_cure_and_every_cure_an_error() -> None:
    used = set()
    for group, told in errors_page.found().items():
        table = PLATFORM if group == "NotDone" else CURES
        for one in told:
            if not one.cures:
                how = cures.cure(one.module, one.message, table)
                assert how, one
                used.add(how)

    assert {how for _, _, how in (*CURES, *PLATFORM)} - used == set()
