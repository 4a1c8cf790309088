"""`ttp account …`: the accounts that posts can go to."""

from __future__ import annotations

from typing import Annotated

from ttp.cli import look, views
from ttp.cli.ask import confirmed
from ttp.cli.connect import connect, note_media_host
from ttp.cli.context import context
from ttp.cli.declared import Argument, Group, Option
from ttp.cli.output import Output
from ttp.cli.params import AccountName, NoInput, Options, Yes, calling, printing, read_file, read_options
from ttp.cli.times import quoted
from ttp.domain.errors import Hint, UsageError

account = Group()
Some = Annotated[str | None, Argument(metavar="[PLATFORM/HANDLE]", help="One account; else all of them.")]


@account.command("add")
@printing
def add(
    out: Output,
    name: AccountName,
    credentials: Annotated[
        str | None, Option("--credentials", metavar="FILE", help="JSON with accessToken …; - reads stdin.")
    ] = None,
) -> None:
    """Add an account, or give one new credentials. Makes no network call.

    Without credentials it is not connected: it can be analysed, not published to.

    Example: ttp account add x/me --credentials token.json
    """
    out.expect(views.ACCOUNTS)
    added = context().accounts.add(name, None if credentials is None else read_file(credentials, "credentials"))
    said = f"{added.name} is {'connected' if added.connected else 'added, not connected'}."
    out.record(views.ACCOUNTS, added, say=[said])
    held = None if credentials is None else context().credentials.get(added.name)
    if held is not None and held.refresh_token is not None:
        out.note("its refresh token works once, and ttp keeps the next one: keep TTP_HOME between runs")
    note_media_host(out, added)


account.command("connect")(connect)


account.command("list")(look.accounts)
account.command("show")(look.account)


@account.command("check")
@calling
def check(out: Output, name: Some = None) -> int:
    """Ask the platforms whether the accounts work: token, permissions, quota.

    A token that is due is renewed; one that works no more marks its account. Exit code 4 where all that is wrong is
    that accounts must be connected again, 1 where more is.

    Example: ttp account check
    """
    from ttp.cli.doctor import ended

    view = views.checkup()
    out.expect(view)
    here = context()
    accounts = here.look.accounts() if name is None else [here.look.account(name)]
    return ended(out, here.account_check.accounts(accounts))


@account.command("enable")
@printing
def enable(out: Output, name: AccountName) -> None:
    """Let posts go out to an account that is disabled or held.

    Example: ttp account enable x/me
    """
    out.expect(views.ACCOUNTS)
    done = context().accounts.enable(name)
    out.record(views.ACCOUNTS, done.account, say=[f"{done.account.name} is enabled."])
    if done.failed:
        from ttp.cli.pictures.marks import plural

        out.note(f"{plural(done.failed, 'post')} failed meanwhile:  ttp retry --failed --account {done.account.name}")


@account.command("disable")
@printing
def disable(out: Output, name: AccountName) -> None:
    """Let no post go out to an account; what comes due for it fails.

    Example: ttp account disable x/me
    """
    out.expect(views.ACCOUNTS)
    done = context().accounts.disable(name)
    out.record(views.ACCOUNTS, done.account, say=[f"{done.account.name} is disabled."])
    if done.waiting:
        from ttp.cli.pictures.marks import plural

        held = f"{plural(done.waiting, 'post')} {'is' if done.waiting == 1 else 'are'} scheduled for it"
        out.note(f"{held}, and will fail when due:  ttp list --account {done.account.name}")


@account.command("set")
@printing
def set_(
    out: Output,
    name: AccountName,
    tz: Annotated[str | None, Option("--tz", metavar="ZONE", help="Its IANA zone; '' for none.")] = None,
    options: Options = None,
) -> None:
    """Set an account's time zone and its platform options.

    --set NAME= takes an option away.

    Example: ttp account set tiktok/me --set tiktok.privacy_level=SELF_ONLY
    """
    out.expect(views.ACCOUNTS)
    if tz is None and not options:
        raise UsageError("nothing to set", Hint("usage", "ttp account set --help"))
    if tz:
        from ttp.domain.time.zones import parse_zone

        parse_zone(tz, retype=lambda zone: quoted("ttp", "account", "set", name, "--tz", zone))
    changed = context().accounts.set(name, timezone=tz, options=read_options(options, may_empty=True))
    out.record(views.ACCOUNTS, changed, say=[f"Changed {changed.name}."])


@account.command("remove")
@calling
def remove(out: Output, name: AccountName, yes: Yes = False, no_input: NoInput = False) -> None:
    """Forget an account and its credentials; published posts and metrics stay.

    Refused while posts go to it; --yes cancels those for this account. Then the platform is asked to take its access
    back, and it is said whether it did.

    Example: ttp account remove x/old
    """
    out.expect(views.ACCOUNTS)
    found = context().look.account(name)
    if not confirmed(
        out, f"Remove {found.name}?", yes=True, ask_anyway=not yes, no_input=no_input, refusal="", again=""
    ):
        return
    left = context().leaving.remove(name, cancel=yes)
    more = f" Cancelled for it: {' '.join(map(str, left.cancelled))}." if left.cancelled else ""
    out.record(views.ACCOUNTS, left.account, say=[f"Removed {left.account.name}.{more}"])
    if left.access is not None:
        out.note(left.access)
