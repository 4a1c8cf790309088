"""`ttp optimal`: which hours and days bring an account more engagement."""

from __future__ import annotations

from ttp.cli.backtest import backtest
from ttp.cli.best_hours import best, next_
from ttp.cli.declared import Group
from ttp.cli.explain import explain
from ttp.cli.heatmap import heatmap
from ttp.cli.week import week

optimal = Group(alone=best)
optimal.command("next")(next_)
optimal.command("week")(week)
optimal.command("heatmap")(heatmap)
optimal.command("explain")(explain)
optimal.command("backtest")(backtest)
