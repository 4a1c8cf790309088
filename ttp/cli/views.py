"""How each kind of answer looks: its JSON object, its TSV columns, its picture. Data for `ttp.cli.output`, no I/O.

Pictures are imported when one is drawn: a pipe never pays for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ttp.cli import health_shapes, shapes
from ttp.cli.shapes import Json

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.domain.account import Account
    from ttp.domain.checkup import Check, Checkup
    from ttp.domain.health import Health
    from ttp.domain.past import Past
    from ttp.domain.post import Post
    from ttp.domain.record import Attempt
    from ttp.domain.sample import Sample
    from ttp.services.gather import Pulled

T = TypeVar("T")
Picture: TypeAlias = "Callable[[Sequence[T], Page], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """How one kind of thing is written.

    `fields` are all keys that `shape` can have (what `--fields` may pick), `columns` the TSV's own. `rows` are the TSV
    rows of one item where it is not one row of its shape's keys. `wrap` puts the objects of a list into the one object
    that JSON has for it. Without `picture` a terminal gets the columns as a plain table.
    """

    fields: tuple[str, ...]
    columns: tuple[str, ...]
    shape: Callable[[T], Json]
    picture: Picture[T] | None = None
    rows: Callable[[T], Iterable[Json]] | None = None
    wrap: Callable[[list[Json]], Json] | None = None


def facts_view(fields: tuple[str, ...]) -> View[Json]:
    """A plain object of these keys: name and value a row."""
    return View(fields, ("name", "value"), dict, rows=_facts)


def events() -> View[Json]:
    """What a publisher tells while it works, with `--jsonl`."""
    from ttp.daemon.events import FIELDS

    return View(FIELDS, FIELDS, dict)


def changed(warnings: Sequence[str] = (), *, replayed: bool = False) -> View[Post]:
    """Posts that a command made or changed: in a pipe their ids alone."""
    shape = partial(shapes.post, warnings=warnings, replayed=replayed)
    return View((*shapes.POST, "replayed"), ("id",), shape, _show)


def shown(warnings: Sequence[str] = (), past: Past | None = None) -> View[Post]:
    """`ttp show`, with what to warn of; `past`: for a picture, what has happened to it."""
    view = replace(POST, shape=partial(shapes.post, warnings=warnings)) if warnings else POST
    return replace(view, picture=partial(_show, past=past)) if past else view


def next_slots(*, counted: bool = False, zone: tzinfo | None = None) -> View[Json]:
    """The next slots of `ttp optimal next`, none where there is no data; `counted`: several were asked for. `zone`:
    that of the hours, else the page's."""

    def wrap(slots: list[Json]) -> Json:
        shape: Json = {"success": True, "slot": slots[0] if slots else None}
        return {**shape, "slots": slots} if counted else shape

    def picture(slots: Sequence[Json], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.recommendation import slots_picture

        return slots_picture(slots, replace(page, zone=zone or page.zone))

    return View(shapes.SLOT, ("at", "score"), dict, picture, wrap=wrap)


def checkup(found: Checkup | None = None) -> View[Check]:
    """The checks of `ttp doctor` and `ttp account check`; of `found` their number too."""

    def wrap(rows: list[Json]) -> Json:
        from ttp.domain.checkup import Grade

        assert found is not None
        ok, warnings, failures = (found.count(status) for status in Grade)
        return {"checks": rows, "ok": ok, "warnings": warnings, "failures": failures}

    def picture(checks: Sequence[Check], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.doctor import doctor_picture

        return doctor_picture(checks, page)

    return View(shapes.CHECK, ("status", "name", "message"), shapes.check, picture, wrap=wrap)


def _list(posts: Sequence[Post], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.posts import posts_picture

    return posts_picture(posts, page)


def _show(posts: Sequence[Post], page: Page, past: Past | None = None) -> Iterable[str]:
    from ttp.cli.pictures.post import post_picture

    for place, post in enumerate(posts):
        if place:
            yield ""
        yield from post_picture(post, page, past)


def _accounts(accounts: Sequence[Account], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.accounts import accounts_picture

    return accounts_picture(accounts, page)


def _account(accounts: Sequence[Account], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.accounts import account_picture

    return account_picture(accounts[0], page)


def _log(attempts: Sequence[Attempt], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.attempts import attempts_picture

    return attempts_picture(attempts, page)


def _status(healths: Sequence[Health], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.health import health_picture

    return health_picture(healths[0], page)


def _samples(samples: Sequence[Sample], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.samples import samples_picture

    return samples_picture(samples, page)


def _delivery_rows(post: Post) -> Iterable[Json]:
    for row in post.deliveries:
        yield {**shapes.delivery(row), "errorMessage": row.error and row.error.message}


def _account_row(account: Account) -> Iterable[Json]:
    yield {**shapes.account(account), "zone": account.timezone}


def _facts(shape: Json, prefix: str = "") -> Iterable[Json]:
    """Name and value of every key; keys of objects inside are joined by dots."""
    for name, value in shape.items():
        if isinstance(value, dict):
            yield from _facts(value, f"{prefix}{name}.")
        else:
            yield {"name": f"{prefix}{name}", "value": value}


POSTS = View(shapes.POST, ("id", "status", "scheduledAt", "accounts", "content"), shapes.post, _list)
"""`ttp list`."""
POST = View(
    shapes.POST,
    ("account", "state", "publishedAt", "url", "errorMessage"),
    shapes.post,
    _show,
    rows=_delivery_rows,
)
"""`ttp show`: in TSV a row per delivery."""
DELETED: View[int] = View(("id", "deleted"), ("id",), lambda post_id: {"id": post_id, "deleted": True})
"""`ttp delete`, by id."""
ACCOUNTS = View(
    shapes.ACCOUNT, ("account", "connected", "zone", "expiresAt"), shapes.account, _accounts, rows=_account_row
)
"""`ttp account list`, and what other account commands answer."""
ACCOUNT = replace(ACCOUNTS, picture=_account)
"""`ttp account show`."""
ATTEMPTS = View(
    shapes.ATTEMPT,
    ("at", "account", "step", "outcome", "kind", "httpStatus", "message"),
    shapes.attempt,
    _log,
)
"""`ttp log`."""
SAMPLES = View(
    shapes.SAMPLE,
    ("account", "remoteId", "publishedAt", "observedAt", "likes", "comments", "shares", "views"),
    shapes.sample,
    _samples,
)
"""`ttp metrics list`."""
PULLED: View[Pulled] = View(
    shapes.PULLED,
    ("account", "read", "inserted", "updated", "unchanged", "rejected"),
    shapes.pulled,
    rows=lambda one: [{**shapes.pulled(one), "rejected": len(one.rejected)}],
)
"""`ttp metrics pull`: an account a row."""
STATUS: View[Health] = View(
    health_shapes.HEALTH,
    ("name", "value"),
    health_shapes.status,
    _status,
    rows=lambda health: _facts(health_shapes.status(health)),
)
"""`ttp status`."""
