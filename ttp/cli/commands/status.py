"""`ttp status`."""

from __future__ import annotations

from dataclasses import replace

from ttp.cli.context import Context
from ttp.cli.exit_codes import FAILED
from ttp.cli.options import with_output
from ttp.cli.render import status as render_status

_TIMELINE = 5
"""Posts on the timeline."""


@with_output()
def status(context: Context) -> int:
    """Show the publisher, the next post, and what needs your action.

    Exit code 1 if posts are overdue and no publisher runs.

    Examples:
      ttp status
      ttp status --json
    """
    asked = context.status
    health = asked.health(_TIMELINE if context.out.for_people else 0)
    health = replace(health, costs=asked.costs(), elsewhere=asked.elsewhere())
    context.out.write_one(render_status.STATUS_SPEC, health)
    return FAILED if health.stalled else 0
