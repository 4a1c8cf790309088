"""What a phone shares with the installed pages: its share sheet sends a form, and the form of a post shows it."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.responses import Response

from ttp.server.pages.compose import page as compose
from ttp.server.pages.visit import Visit


def show_shared(visit: Visit) -> Response:
    """Show the form of a new post with what is shared. The files are stored, as those that a person chooses; no button
    is pressed: what comes from elsewhere has no other field here."""
    words: list[str] = []
    for name in ("title", "text", "url"):
        shared = visit.field(name).strip()
        if shared and not any(shared in one for one in words):
            words.append(shared)
    fields = [("content", "\n".join(words)), ("form", compose.new_form())]
    fields += [("accounts", name) for name in visit.only_account]
    visit.form = FormData([*fields, *(("files", file) for file in visit.files("files"))])
    return compose.submit(visit)
