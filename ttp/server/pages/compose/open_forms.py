"""What each open form has stored so far. A form whose last answer was lost still knows its draft, and a form that is
sent twice stores one post. In memory: after a restart a form knows what its fields say."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

_MOST_FORMS = 10_000
_LOCKS = 64


@dataclass(frozen=True, slots=True)
class OpenForm:
    """The post of a form, as the form left it. `change_id`: the change that keeping the draft goes on with."""

    post_id: int
    revision: int
    change_id: int | None = None


class OpenForms:
    """The forms of all people, by person and by the form's own id. Safe to use from several threads."""

    def __init__(self) -> None:
        self._forms: OrderedDict[tuple[str, str], OpenForm] = OrderedDict()
        self._lock = Lock()
        self._turns = [Lock() for _ in range(_LOCKS)]

    def find(self, person: str, form: str) -> OpenForm | None:
        with self._lock:
            return self._forms.get((person, form))

    def record(self, person: str, form: str, stored: OpenForm) -> None:
        """Remember what a form has stored; one without an id is forgotten."""
        with self._lock:
            if form:
                self._forms[person, form] = stored
                self._forms.move_to_end((person, form))
            while len(self._forms) > _MOST_FORMS:
                self._forms.popitem(last=False)

    @contextmanager
    def turn(self, person: str, form: str) -> Iterator[None]:
        """Let requests of one form wait for each other."""
        with self._turns[hash((person, form)) % _LOCKS]:
            yield
