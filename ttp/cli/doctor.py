"""`ttp doctor`: the check-up of everything that publishing needs; also how `ttp account check` ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from ttp.cli import settings, views
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.exit_codes import DONE, FAILED, RECONNECT
from ttp.cli.output import Output
from ttp.cli.params import calling
from ttp.domain.checkup import Check, Checkup, Grade


@calling
def doctor(
    out: Output,
    online: Annotated[bool, Option("--online", help="Ask the platforms about each account too.")] = False,
) -> int:
    """Whether everything is there that publishing needs.

    Looks at the settings, the store, the clock, the publisher, the credentials and each account, and names the command
    that mends what is wrong. It asks nobody, and changes nothing; with --online it asks the platforms as `ttp account
    check` does, and compares their clocks with this one.

    Exit code 1 where something failed, 4 where all of it is accounts that must be connected again; warnings are 0.

    Example: ttp doctor --online
    """
    out.expect(views.checkup())
    return ended(out, Checkup(tuple(_checks(online=online))))


def ended(out: Output, found: Checkup) -> int:
    """Print a check-up; the exit code that it comes to."""
    if out.for_people and not out.fields and not found.checks:
        out.say("No accounts yet.  Connect one:  ttp account connect x")
    else:
        out.records(views.checkup(found), found.checks)
    if not found.count(Grade.FAIL):
        return DONE
    return RECONNECT if found.only_reconnects else FAILED


def _checks(*, online: bool) -> Iterator[Check]:
    from ttp.cli.setup_checks import config_check, host_checks, zone_check
    from ttp.cli.shell_check import shell_checks
    from ttp.services.doctor import ACCOUNT

    here = context()
    # What can be read of the settings stands in for all of them: the rest is to be looked at all the same.
    here.config, wrong = settings.survey()
    zone, here.zone = zone_check(here.config)
    yield here.doctor.program()
    yield config_check(here.config, wrong, settings.config_path())
    yield from host_checks(here.config)
    yield zone
    yield from here.doctor.here()
    if online:
        yield from here.account_check.with_clocks(here.doctor.accounts, ACCOUNT)
    else:
        yield from here.doctor.account_states()
    yield from shell_checks()
