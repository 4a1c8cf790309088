"""`ttp optimal`: which hours and days bring an account more engagement."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import typer

from ttp.cli.backtest import backtest
from ttp.cli.best_hours import best, next_
from ttp.cli.explain import explain
from ttp.cli.heatmap import heatmap
from ttp.cli.times import quoted
from ttp.cli.tree import BEHIND, new_app
from ttp.cli.week import week
from ttp.domain.errors import Hint, UsageError

optimal = new_app(invoke_without_command=True)


@functools.wraps(best)
def _best(*, ctx: typer.Context, **given: Any) -> None:
    """`best`, where no subcommand is named."""
    if ctx.invoked_subcommand is not None:
        _refuse_options_before(ctx)
    else:
        best(**given)


_ctx = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
_best.added = (_ctx, *best.added)  # type: ignore[attr-defined]  # read by `declared.parameters`
optimal.callback(invoke_without_command=True)(_best)


def _refuse_options_before(ctx: typer.Context) -> None:
    """Options before the subcommand's name would be dropped silently: say the order that works."""
    given = []
    for option in ctx.command.params:
        value = ctx.params.get(option.name or "")
        if option.name == "color" and value == "auto":
            continue
        if value and option.opts:
            flag = option.opts[-1] if option.opts[-1].startswith("--") else option.opts[0]
            values = value if isinstance(value, list | tuple) else [value]
            given += [w for v in values for w in ([flag] if v is True else [flag, str(v)])]
    if given:
        words = [ctx.invoked_subcommand or "", *ctx.meta.get(BEHIND, ()), *given]
        raise UsageError("options come after the subcommand's name", Hint("type", quoted("ttp", "optimal", *words)))


optimal.command("next")(next_)
optimal.command("week")(week)
optimal.command("heatmap")(heatmap)
optimal.command("explain")(explain)
optimal.command("backtest")(backtest)
