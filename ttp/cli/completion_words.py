"""The tables of completion: which words each option and each argument takes. Data, from where the program has it."""

from __future__ import annotations

from ttp.cli import (
    bulk_shapes,
    calendar_view,
    exporting,
    health_shapes,
    optimal_views,
    plan_view,
    repeat_views,
    shapes,
    slot_views,
    totals,
)
from ttp.cli.completion import NOTHING, Source
from ttp.cli.config import VIEW as SETTING
from ttp.cli.output_options import COLORS, FORMATS
from ttp.domain.account import Platform
from ttp.domain.config import KEYS
from ttp.domain.ingest.columns import SOURCES
from ttp.domain.options import OPTIONS as PLATFORM_OPTIONS
from ttp.domain.plan import PlanMethod
from ttp.domain.post import PostStatus
from ttp.domain.time import calendar_range
from ttp.domain.time.grammar import EXAMPLES
from ttp.services.files.foreign import DATES

_ACCOUNT = Source(ask=("account",))
_ACCOUNTS = Source(ask=("account",), many=True)
_TAG = Source(ask=("tag",))
_POST = Source(ask=("post",))
_FILE = Source(files=True)
_KEY = Source(tuple(KEYS))
_TIME = Source(tuple(forms[0] for forms, _ in EXAMPLES if not forms[0][:4].isdecimal()))
_BOUND = Source(("7d", "24h", "today", "yesterday", "tomorrow"))
_SET = Source(
    tuple(
        f"{option.name}={value}"
        for option in PLATFORM_OPTIONS.values()
        for value in (option.values if len(option.values) < 9 else ()) or ("",)
    )
)
OPTIONS = {
    "--format": Source(FORMATS),
    "--color": Source(COLORS),
    "--status": Source(tuple(PostStatus), many=True),
    "--platform": Source(tuple(Platform), many=True),
    "--account": _ACCOUNTS,
    "--to": _ACCOUNTS,
    "--tag": _TAG,
    "--pool": _TAG,
    "--at": _TIME,
    "--from": _TIME,
    "--since": _BOUND,
    "--until": _BOUND,
    "--after": _POST,
    "--set": _SET,
    "--tz": Source(ask=("zone",)),
    "--with": Source(exporting.MORE, many=True),
    **dict.fromkeys(
        ("--credentials", "--client-secret", "--file", "--media", "--state", "--svg", "--html", "--vary"), _FILE
    ),
}
"""What an option takes in most commands."""
AT = {
    "edit --account": NOTHING,  # OLD=NEW
    "retry --since": Source(("7d", "24h")),
    "repeat add --until": NOTHING,
    "sandbox --set": NOTHING,
    "export --format": Source(exporting.FORMATS),
    "metrics import --format": Source((*SOURCES, *FORMATS)),
    "metrics import --dates": Source(("mdy", "dmy")),
    "import --dates": Source(DATES),
    "import --spread": Source(tuple(PlanMethod)),
}
"""Options that take something else in one command."""
FIELDS: dict[tuple[str, ...], tuple[str, ...]] = {
    shapes.POST: ("list", "show"),
    (*shapes.POST, "replayed"): (
        *("create", "schedule", "unschedule", "approve", "reject", "publish", "retry", "resolve"),
    ),
    shapes.ATTEMPT: ("log",),
    health_shapes.HEALTH: ("status",),
    shapes.ACCOUNT: tuple(f"account {name}" for name in ("add", "list", "show", "enable", "disable", "set")),
    shapes.CHECK: ("doctor", "account check"),
    shapes.SAMPLE: ("metrics list",),
    shapes.PULLED: ("metrics pull",),
    totals.TOTAL: ("metrics summary",),
    shapes.RECOMMENDATION: ("optimal",),
    shapes.SLOT: ("optimal next",),
    optimal_views.EXPLANATION: ("optimal explain",),
    optimal_views.BACKTEST: ("optimal backtest",),
    plan_view.ASSIGNMENT: ("plan",),
    calendar_view.ROW: ("calendar",),
    slot_views.SLOT: ("slots add", "slots list"),
    slot_views.PLACE: ("slots preview",),
    repeat_views.REPEAT: tuple(f"repeat {name}" for name in ("list", "skip", "pause", "resume", "stop")),
    bulk_shapes.STEP: ("sync",),
    bulk_shapes.IMPORTED: ("import",),
    SETTING.fields: ("config show", "config get", "config set", "config unset"),
}
"""What `--fields` can pick, and of which commands."""
AT |= {f"{path} --fields": Source(fields, many=True) for fields, paths in FIELDS.items() for path in paths}

_ARGUMENTS = {
    "ID": _POST,
    "ID...": _POST,
    "[ID]": _POST,
    "PLATFORM/HANDLE": _ACCOUNT,
    "[PLATFORM/HANDLE]": _ACCOUNT,
    "PLATFORM[/HANDLE]": _ACCOUNT,
    "ID|NAME...": Source(ask=("slot",)),
    "[WHEN]": Source(tuple(calendar_range.STEPS)),
    "KEY": _KEY,
    "[KEY...]": _KEY,
    "FILE": _FILE,
    "FILE|-": _FILE,
    "FILE|DIR|-": _FILE,
    "DIR": _FILE,
}
_OF = {
    "schedule": ("draft", "scheduled", "failed", "partial"),
    "unschedule": ("scheduled",),
    "approve": ("scheduled", "draft", "failed", "partial"),
    "reject": ("scheduled", "draft"),
    "publish": ("draft", "scheduled"),
    "retry": ("failed", "partial"),
    "resolve": ("partial", "publishing"),
    "plan": ("draft",),
}
"""The statuses of the posts that a command is for."""
_REPEATS = ("repeat skip", "repeat pause", "repeat resume", "repeat stop")


def source_of_option(path: str, option: str) -> Source:
    """What an option of a command takes."""
    return AT.get(f"{path} {option}") or OPTIONS.get(option, NOTHING)


def source_of_argument(path: str, metavar: str) -> Source:
    """What the argument of a command takes, by what its help calls it."""
    if path in _REPEATS:
        return Source(ask=("repeat",))
    if path in _OF:
        return Source(ask=("post", *_OF[path]))
    return _ARGUMENTS.get(metavar, NOTHING)
