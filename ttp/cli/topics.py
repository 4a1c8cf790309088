"""`ttp help`: commands, and what is not a command's own: times, JSON, exit codes, cron."""

from __future__ import annotations

from typing import Annotated

from ttp.cli.commands import BY_NAME, TOPICS, start_page, terminal_width
from ttp.cli.declared import Argument
from ttp.cli.streams import print_out
from ttp.domain.errors import Hint, UsageError

JSON_HELP = """\
Every command that prints data takes --format table|tsv|json|jsonl (--json and
--jsonl for short). On a terminal the default is a table, elsewhere TSV: no
header, no colour, UTC, one post a line; \\n, \\t and \\xNN stand for what would
break a line. --header names the columns, --fields a,b picks them for TSV,
tables and JSON alike.

  ttp list --status failed,partial --json | jq -r '.[].id'
  ttp list --fields id,scheduledAt
  ttp show 38 --json | jq '.deliveries[] | {account, state, url}'

Of ttp optimal and its subcommands the object is {"success": true, ...}: with
one account "recommendation", "heatmap", "explanation" or "backtest", and always
the list of all ("recommendations", ...); of week "schedule". Shares are
fractions: "uplift": 0.12 is 12 % over the account's average, "low" to "high"
its 80 % interval.

Instants are 2026-11-23T17:00:00Z, keys camelCase. With --json an error is
{"error": {"code", "message", "hint", "exit", "problems"}} on stderr, and stdout
is empty.
"""
EXIT_HELP = """\
0    done; also: nothing was due, an empty list, a complete stop after SIGTERM
1    failed, or a bug; ttp status: posts are overdue and nothing runs
2    bad input: an option, a time, a text that a platform would refuse, a post
     that is not in that state
3    no such post, account or file
4    an account must be reconnected, and nothing else is wrong
5    the store is busy, damaged, read-only, full or another machine's, or
     another publisher holds the lock
6    a part of this run's work failed: deliveries failed, missed or needing
     review, rows rejected
7    not allowed here: by TTP_CAPABILITY (ttp help capability), or before it is
     approved (ttp approve)
130  cut by Ctrl-C   143  cut by SIGTERM
"""
CRON_HELP = """\
Let cron call the publisher; a run that finds another one at work ends at once,
silently, with 0:

  * * * * *  /full/path/to/ttp run --once --quiet

The full path, since cron does not know your PATH: `command -v ttp` prints it.
Cron knows none of your variables either: if you set TTP_HOME or others, write
them in front of it:

  * * * * *  TTP_HOME=/full/path/to/folder /full/path/to/ttp run --once --quiet

Cron mails what a run prints, and with --quiet it prints problems only.
`ttp status` says when the last run was.

Once a day, a look at the accounts that is mailed only where something failed:

  0 8 * * *  out=$(/full/path/to/ttp account check) || echo "$out"
"""
MEDIA_HOST_HELP = """\
Instagram fetches images and videos from a public URL, and so does TikTok with
photos. A local file needs one for the minutes in which it is fetched. (X, and
TikTok with videos, take the bytes: nothing of this is needed for them.)

  --media https://...    the file is on the web already
  folder                 your web server (or a tunnel) serves this folder
  s3                     your bucket: Amazon, Cloudflare, Google, Azure, MinIO
  command                a program of yours that gets a path and prints the URL

  ttp config set media_host.kind folder
  ttp config set media_host.path /srv/www/media
  ttp config set media_host.base_url https://media.example.org/

  ttp config set media_host.kind s3
  ttp config set media_host.s3.url s3://BUCKET/FOLDER

  ttp config set media_host.kind command
  ttp config set media_host.command '["/home/me/bin/put-online"]'

`ttp doctor` says what is missing. The whole story: docs/instagram-media.md.
"""


def help_(
    what: Annotated[
        list[str] | None,
        Argument(metavar="[COMMAND or TOPIC]", help="A command, or one of the topics that bare ttp lists."),
    ] = None,
) -> int | None:
    """Help on a command or a topic.

    Example: ttp help time
    """
    match what or []:
        case []:
            print_out(start_page(terminal_width()))
        case [topic] if topic in TOPICS:
            print_out(topic_text(topic).rstrip("\n") + "\n")
        case [command, *rest] if command in BY_NAME:
            from ttp.cli.tree import root

            code = root().main(args=[command, *rest, "--help"], prog_name="ttp", standalone_mode=False)
            return code if isinstance(code, int) else None
        case words:
            raise _unknown(" ".join(words))
    return None


def _unknown(word: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(word, [*TOPICS, *BY_NAME], n=1)
    hint = Hint("did you mean", f"ttp help {near[0]}") if near else Hint("commands and topics", "ttp help")
    return UsageError(f'no help on "{word}"', hint)


def topic_text(topic: str) -> str:
    """What `ttp help TOPIC` says, for one of TOPICS."""
    match topic:
        case "time":
            from ttp.cli.time_help import TIME_HELP

            return TIME_HELP
        case "json":
            return JSON_HELP
        case "exit-codes":
            return EXIT_HELP
        case "cron":
            return CRON_HELP
        case "environment":
            from ttp.cli.environment import environment_help

            return environment_help()
        case "statuses":
            from ttp.cli.status_help import status_help

            return status_help()
        case "media-host":
            return MEDIA_HOST_HELP
        case "capability":
            from ttp.cli.capabilities import capability_help

            return capability_help()
        case platform:
            from ttp.domain.account import Platform
            from ttp.domain.options import options_help

            return options_help(Platform(platform))
