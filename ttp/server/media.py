"""The route that takes media."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from ttp.domain.media import MediaItem
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import DryRun
from ttp.server.requests import Services
from ttp.server.services import RequestServices
from ttp.server.uploads import ReceivedFile, receive_file
from ttp.services.media import add_upload, check_upload
from ttp.views.posts import media_json


async def upload_media(request: Request, services: Services, dry_run: DryRun = False) -> JsonAnswer:
    """Store an image or a video for a post, which names it by `sha256`. Without a post it is kept for a day."""
    folder = await run_in_threadpool(services.installation.media.ready_folder)
    received = await receive_file(request, folder)
    item = await run_in_threadpool(_store, services, received)
    return JsonAnswer(media_json(item), 200 if dry_run else 201)


def _store(services: RequestServices, received: ReceivedFile) -> MediaItem:
    with received.file as file:
        keep = check_upload if services.dry_run else add_upload
        return keep(file, received.name, services.installation.media)
