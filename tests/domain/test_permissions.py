"""What a shell that may not do everything may change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ttp.domain.errors import NotAllowed
from ttp.domain.permissions import Capability, refuse_forbidden_change
from ttp.domain.post import Post, PostStatus


def test_who_may_publish_may_change_every_post() -> None:
    scheduled = Post("Hello", id=1, status=PostStatus.SCHEDULED)
    refuse_forbidden_change(Capability.PUBLISH, scheduled, replace(scheduled, content="Changed"), ())


def test_who_may_write_drafts_changes_drafts_alone() -> None:
    draft = Post("Hello", id=1)
    refuse_forbidden_change(Capability.DRAFT, draft, replace(draft, content="Changed"), ())
    scheduled = replace(draft, status=PostStatus.SCHEDULED)
    with pytest.raises(NotAllowed):
        refuse_forbidden_change(Capability.DRAFT, scheduled, replace(scheduled, content="Changed"), ())
