"""`ttp status`."""

from __future__ import annotations

from dataclasses import replace

from ttp.cli.commands.list import MOST_DRAWN
from ttp.cli.context import Context
from ttp.cli.exit_codes import FAILED
from ttp.cli.options import with_output
from ttp.cli.render import status as render_status


@with_output()
def status(context: Context) -> int:
    """Who publishes, what is next, what needs you.

    Exit code 1 when posts are overdue and nothing runs that would publish them.

    Example: ttp status --json
    """
    asked = context.status
    health = asked.health(MOST_DRAWN if context.out.for_people else 0)
    health = replace(health, costs=asked.costs(), elsewhere=asked.elsewhere())
    context.out.write_one(render_status.STATUS_SPEC, health)
    return FAILED if health.stalled else 0
