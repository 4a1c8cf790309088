"""Deletes a post with a program of the user's."""

from __future__ import annotations

from ttp.domain.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.command.program import BadAnswer, CannotRun, ask, current_rules
from ttp.platforms.command.rules import verbs_of


class CommandDeleter:
    def close(self) -> None: ...

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        try:
            rules = current_rules(request.account)
            if "delete" not in verbs_of(rules):
                return NotDone(Kind.ACCOUNT, f"the program of {request.account.name} has no delete")
            answer = ask(request.account, rules, "delete", {"id": remote_id})
        except CannotRun as why:
            return NotDone(Kind.ACCOUNT, why.message, hint=why.hint)
        except BadAnswer as why:
            return NotDone(Kind.SERVER, why.message, passing=True)
        if answer.get("deleted") is True:
            return Deleted()
        refused = answer.get("refused")
        said = clean_text(refused) if isinstance(refused, str) else "the program does not say that it is deleted"
        return NotDone(Kind.CONTENT, said)
