"""Every operation, with what it needs. Its doors name it: a command, a route, a page, a tool.

The operation of a command has the command's name. One with an option or argument behind it is that of the command with
it: `delete --remote`. The other names are of what no command does, or what needs another capability or scope elsewhere.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple  # without postponed annotations, which it would compile: a millisecond

READ, DRAFT, PUBLISH, APPROVE, NOTHING = "read", "draft", "publish", "approve", ""
"""What an operation needs (plain words: the enums take longer to import). `NOTHING`: neither a token nor a login."""
OWN, ALL, MACHINE = "own", "all", "machine"
"""For whom it is. `OWN`: also for who is limited to accounts, for what is of those alone; `ALL`: about all accounts, so
not for them; `MACHINE`: only on the machine of the store, never with a token."""
CHANGES, LOOKS = True, False
_LEVELS = (READ, DRAFT, PUBLISH)


class Operation(NamedTuple):
    """`changes`: it changes the store, what is published, or a file. `or_needs`: another capability that is enough."""

    name: str
    needs: str
    scope: str
    changes: bool
    or_needs: str = NOTHING


def _rows(needs: str, scope: str, changes: bool, *names: str, or_needs: str = NOTHING) -> Iterator[Operation]:
    return (Operation(name, needs, scope, changes, or_needs) for name in names)


_TABLE = (
    # Posts
    _rows(READ, OWN, LOOKS, "list", "show", "log", "post history", "text check", "media file", "events"),
    _rows(READ, OWN, LOOKS, "template list", "template show", "template preview"),
    _rows(DRAFT, MACHINE, CHANGES, "template edit", "template remove"),
    _rows(READ, ALL, LOOKS, "source list", "source show", "source preview"),
    _rows(DRAFT, ALL, CHANGES, "source add", "source edit", "source poll", "source pause", "source resume"),
    _rows(DRAFT, ALL, CHANGES, "source remove", "source post", "source skip"),
    _rows(READ, ALL, LOOKS, "history", "undo --list", "audit", "export"),
    _rows(DRAFT, OWN, CHANGES, "create", "edit", "copy", "delete", "post undo", "media upload", "submit drafts"),
    _rows(DRAFT, OWN, LOOKS, "text check by a server"),  # which fetches media
    _rows(DRAFT, ALL, CHANGES, "edit --where", "import", "sync", "undo", "redo", "export TARGET"),
    _rows(READ, OWN, LOOKS, "upload progress", "submitted drafts", "approvals"),
    _rows(NOTHING, OWN, CHANGES, "signed upload"),
    # Times
    _rows(PUBLISH, OWN, CHANGES, "schedule", "unschedule"),
    _rows(PUBLISH, ALL, CHANGES, "slots add", "slots remove", "plan"),
    _rows(PUBLISH, ALL, CHANGES, "repeat add", "repeat skip", "repeat pause", "repeat resume", "repeat stop"),
    _rows(DRAFT, ALL, LOOKS, "plan --dry-run"),
    _rows(READ, OWN, LOOKS, "own slots", "own calendar"),
    _rows(READ, ALL, LOOKS, "slots list", "slots preview", "repeat list", "calendar"),
    _rows(READ, OWN, LOOKS, "optimal", "optimal next", "optimal week", "optimal heatmap"),
    _rows(READ, OWN, LOOKS, "optimal explain", "optimal backtest"),
    _rows(DRAFT, OWN, CHANGES, "optimal heatmap --svg", "optimal heatmap --html"),
    # Publishing
    _rows(PUBLISH, OWN, CHANGES, "publish", "retry", "resolve"),
    _rows(PUBLISH, ALL, CHANGES, "run", "pause", "resume", "delete --remote", "certify"),
    _rows(APPROVE, OWN, CHANGES, "approve", "reject", "approve-link create"),
    _rows(APPROVE, ALL, CHANGES, "approve-link revoke"),
    _rows(APPROVE, ALL, LOOKS, "approve-link list"),
    _rows(NOTHING, OWN, CHANGES, "decision by link"),
    _rows(PUBLISH, OWN, CHANGES, "draft approval", or_needs=APPROVE),
    _rows(DRAFT, OWN, CHANGES, "draft rejection", or_needs=APPROVE),
    _rows(READ, ALL, LOOKS, "status", "counters"),
    _rows(NOTHING, ALL, LOOKS, "health"),
    _rows(DRAFT, ALL, CHANGES, "status --notify"),
    # Numbers
    _rows(READ, OWN, LOOKS, "report", "own metrics", "own metrics summary"),
    _rows(READ, ALL, LOOKS, "metrics list", "metrics summary", "brands"),
    _rows(PUBLISH, ALL, CHANGES, "metrics import", "metrics pull"),
    # Accounts
    _rows(READ, OWN, LOOKS, "account list", "account show", "posting settings"),
    _rows(PUBLISH, OWN, CHANGES, "own account check", "sign-in at a platform"),
    _rows(PUBLISH, ALL, CHANGES, "account check", "account enable", "account disable", "account set"),
    _rows(PUBLISH, MACHINE, CHANGES, "account add", "account connect", "account remove"),
    _rows(DRAFT, OWN, LOOKS, "groups of accounts"),  # always empty
    # People and programs
    _rows(NOTHING, OWN, CHANGES, "login"),
    _rows(READ, OWN, CHANGES, "logout", "own timezone"),
    _rows(READ, OWN, LOOKS, "whoami", "features", "absent features", "command line", "tools"),
    _rows(PUBLISH, MACHINE, CHANGES, "login-link", "token create", "token release", "token revoke"),
    _rows(PUBLISH, MACHINE, CHANGES, "webhook add", "webhook remove", "webhook replay", "webhook rotate"),
    _rows(PUBLISH, MACHINE, CHANGES, "webhook test", "notify add", "notify remove", "notify test"),
    _rows(READ, MACHINE, LOOKS, "token list", "webhook list", "webhook log", "notify list", "mcp"),
    # The machine
    _rows(PUBLISH, MACHINE, CHANGES, "init", "serve", "service install", "service uninstall", "uninstall"),
    _rows(PUBLISH, MACHINE, CHANGES, "config set", "config unset", "config edit", "doctor --online"),
    _rows(PUBLISH, MACHINE, CHANGES, "credentials new-key", "credentials rekey", "restore", "store copy"),
    _rows(PUBLISH, MACHINE, CHANGES, "store unseal"),
    _rows(DRAFT, MACHINE, CHANGES, "backup", "demo", "sandbox", "announce"),
    _rows(READ, MACHINE, LOOKS, "announce --dry-run"),
    _rows(READ, MACHINE, LOOKS, "config show", "config get", "config path", "service", "service status"),
    _rows(READ, MACHINE, LOOKS, "doctor", "uninstall --dry-run", "completion", "help", "lint"),
)
OPERATIONS = {operation.name: operation for rows in _TABLE for operation in rows}


def find_operation(path: str, names: Collection[str] = ()) -> Operation:
    """Return the operation of a command such as `slots add` with these options and arguments."""
    several = [OPERATIONS[one] for one in (f"{path} {name}" for name in names) if one in OPERATIONS]
    return max(several or [OPERATIONS[path]], key=lambda one: _LEVELS.index(capability_here(one)))


def capability_here(operation: Operation) -> str:
    """Return what an operation needs of `TTP_CAPABILITY`, which has no `approve`: it changes posts that have a time."""
    return PUBLISH if operation.needs == APPROVE else operation.needs
