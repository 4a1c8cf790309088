"""Routes: uploads of media, and imports of posts and of numbers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query, Request

from ttp.domain.account import parse_account_name
from ttp.domain.errors import Hint, NotFound, Problem, UsageError
from ttp.domain.metrics.ingest.columns import find_source
from ttp.domain.metrics.ingest.dates import ORDERS
from ttp.domain.plan.scoring import PlanMethod
from ttp.domain.time.zones import parse_zone
from ttp.server.answers import JsonAnswer
from ttp.server.guard import MOST_UPLOAD_BYTES, PARTS
from ttp.server.inputs import TIME_ZONE, Empty, ShortText, UploadInput, split
from ttp.server.problems import InvalidRequest, TooLarge
from ttp.server.requests import ChangeServices, Received, Services
from ttp.services.attachments.media import add_upload, check_upload, upload_name
from ttp.services.files.csv_file import LINK
from ttp.services.files.fields import FIELDS, find_field
from ttp.services.files.import_plan import ImportRules
from ttp.services.files.import_source import open_upload
from ttp.services.files.importer import ImportScheduler, TooManyRows
from ttp.services.files.metrics_rows import as_text
from ttp.services.metrics.imports import ImportOptions
from ttp.services.planning import USUAL_DAYS, more_room
from ttp.store.home.partial_uploads import PartialUpload, PartialUploads
from ttp.views.files import import_json
from ttp.views.metrics import metrics_import_json
from ttp.views.posts import media_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ttp.server.services import RequestServices
    from ttp.services.files.importer import ImportResult

UploadId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The id of an upload in parts.")]
Columns = Annotated[list[ShortText] | None, Query(alias="map", description="Which field a column is: `Clicks=likes`.")]
Dates = Annotated[ShortText | None, Query(description="`dmy` or `mdy`: how to read 03/04/2026.")]
FileZone = Annotated[ShortText | None, Query(alias="timezone", description="The zone of times without an offset.")]
RowZone = Annotated[ShortText | None, Query(alias="timezone", description=TIME_ZONE)]


def upload_media(services: ChangeServices, received: Received) -> JsonAnswer:
    """Store an image or a video for a post, which names it by `sha256`. Without a post it is kept for a day."""
    keep = check_upload if services.dry_run else add_upload
    item = keep(received.file, received.name, services.installation.media)
    return JsonAnswer(media_json(item), 200 if services.dry_run else 201)


def begin_upload(body: UploadInput, services: ChangeServices) -> JsonAnswer:
    """Begin an upload in parts, for a large file. What rests for a day is removed."""
    if services.dry_run:
        return _upload_answer(services, PartialUpload("", body.name, body.bytes))
    upload = _uploads(services).create(body.name, body.bytes)
    return _upload_answer(services, upload, 201, headers={"Location": f"{PARTS}/{upload.id}"})


def get_upload(upload_id: UploadId, services: Services) -> JsonAnswer:
    """Return how much of an upload has arrived: where the next part begins."""
    return _upload_answer(services, _uploads(services).find(upload_id))


def add_part(
    upload_id: UploadId,
    services: ChangeServices,
    received: Received,
    offset: Annotated[int, Query(ge=0, le=MOST_UPLOAD_BYTES, description="Where the part begins.")],
) -> JsonAnswer:
    """Add the next part of an upload. Sending a part again changes nothing; the last one stores the file, and answers
    it in `media`. A file that is not an image or a video is refused then, and its upload removed."""
    uploads = _uploads(services)
    if services.dry_run:
        return _upload_answer(services, uploads.find(upload_id))
    upload = uploads.append(upload_id, received.file, offset)
    if upload.sha256 is None and upload.received == upload.bytes:
        try:
            with uploads.open(upload) as file:
                item = add_upload(file, upload.name, services.installation.media)
        except UsageError:
            uploads.remove(upload_id)
            raise
        upload = uploads.complete(upload, item.sha256)
    return _upload_answer(services, upload)


def remove_upload(upload_id: UploadId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Remove an upload in parts. A file that it has become stays for as long as posts need it."""
    uploads = _uploads(services)
    if services.dry_run:
        uploads.find(upload_id)
    else:
        uploads.remove(upload_id)
    return JsonAnswer({"id": upload_id, "removed": True})


def _uploads(services: RequestServices) -> PartialUploads:
    return PartialUploads(services.installation.media.ready_folder(), services.token.id)


def _upload_answer(services: RequestServices, upload: PartialUpload, status: int = 200, **more: Any) -> JsonAnswer:
    """Return an upload, with the media item that it has become. Raise NotFound if that is gone."""
    media = services.installation.media
    item = media.find_stored(upload.sha256, upload_name(upload.name)) if upload.sha256 else None
    if upload.sha256 and item is None:
        raise NotFound(f"the file of upload {upload.id} is gone, because no post has named it")
    shape = {"id": upload.id or None, "name": upload.name, "bytes": upload.bytes, "received": upload.received}
    return JsonAnswer({**shape, "media": None if item is None else media_json(item)}, status, **more)


async def _watch_client(request: Request) -> AsyncIterator[Callable[[float], None]]:
    """Yield a function that raises an error once the client has hung up and waits no longer."""
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    def stop(share: float) -> None:
        if gone.is_set():
            raise InvalidRequest("the client hung up")

    watching = asyncio.create_task(watch())
    try:
        yield stop
    finally:
        watching.cancel()


StopIfGone = Annotated[Callable[[float], None], Depends(_watch_client)]
"""Reports progress of work that ends when its client has hung up."""


def import_posts(
    services: ChangeServices,
    received: Received,
    stop: StopIfGone,
    accounts: Annotated[ShortText | None, Query(description="Accounts for rows without one.")] = None,
    timezone: RowZone = None,
    columns: Columns = None,
    dates: Dates = None,
    template: Annotated[ShortText | None, Query(description="A template for rows without one.")] = None,
    partial: Annotated[bool, Query(description="Import the rows without errors, and skip the rest.")] = False,
    spread: Annotated[PlanMethod | None, Query(description="Plan rows without a time.")] = None,
    from_: Annotated[ShortText | None, Query(alias="from", description="Plan from this time on.")] = None,
    days: Annotated[int | None, Query(ge=1, le=366)] = None,
    per_day: Annotated[int | None, Query(alias="perDay", ge=1, le=1000)] = None,
) -> JsonAnswer:
    """Import posts from CSV, JSON, JSON lines, a Markdown file, or a zip of a folder of Markdown files with their
    media. All rows or none; importing a file again changes only what differs. Media are web addresses, uploaded media
    or files of the zip."""
    rules, plan = ImportRules(accounts=split(accounts), tz=timezone, template=template), None
    if spread is not None:
        request = services.planning.request(days or USUAL_DAYS, start=from_, per_day=per_day, tz=timezone, way=spread)
        plan = ImportScheduler(services.posts, services.planning, request)
    elif from_ is not None or days is not None or per_day is not None:
        raise UsageError("from, days and perDay need spread")
    fields = {column: _post_field(name) for column, name in _pairs(columns).items()}
    _refuse_order(dates)
    try:
        with open_upload(received.name, received.file, fields, services.platforms, dates) as source:
            source.has_template = template is not None
            result = services.importer.run(
                source, rules, dry_run=services.dry_run, partial=partial, report=stop, spreading=plan
            )
    except TooManyRows as error:
        raise TooLarge(error.message) from None
    if result.refused and not partial:
        raise _refused(result)
    if plan and result.spread and result.spread.left_out and not partial:
        left = f"{len(result.spread.left_out)} of {len(result.spread.rows)} rows without a time do not fit"
        raise UsageError(f"{left}, so nothing was imported", *more_room(result.spread.proposal, plan.request))
    warnings = [problem.message for problem, _, _ in result.warnings.values()]
    return JsonAnswer(import_json(result, warnings), 201 if result.stored else 200)


def import_metrics(
    services: ChangeServices,
    received: Received,
    stop: StopIfGone,
    account: Annotated[ShortText | None, Query(description="The account of the posts, if no column names it.")] = None,
    timezone: FileZone = None,
    columns: Columns = None,
    dates: Dates = None,
    source: Annotated[ShortText | None, Query(description="The format, if the columns do not tell.")] = None,
) -> JsonAnswer:
    """Import numbers of posts: ttp's own format as CSV or JSON, or an export of a platform. Importing a file twice adds
    nothing; a row with errors is skipped. Accounts that do not exist are added, for analytics only."""
    _refuse_order(dates)
    options = ImportOptions(
        source=None if source is None else find_source(source, services.platforms),
        mapped=_pairs(columns) or None,
        account=None if account is None else "/".join(parse_account_name(account, services.platforms)),
        zone=None if timezone is None else parse_zone(timezone),
        order=dates,
    )
    with as_text(received.file) as text:
        result = services.metrics.import_file(text, options, dry_run=services.dry_run, report=stop)
    return JsonAnswer(metrics_import_json(result, dry_run=services.dry_run), 200 if services.dry_run else 201)


def _pairs(texts: Sequence[str] | None) -> Mapping[str, str]:
    """Parse `COLUMN=FIELD`. The name of a column may contain `=`."""
    fields = {}
    for text in texts or ():
        column, _, name = text.rpartition("=")
        if not column.strip() or not name.strip():
            raise InvalidRequest(f'map "{text}" is not COLUMN=FIELD')
        fields[column.strip()] = name.strip()
    return fields


def _post_field(name: str) -> str:
    field = LINK if name == LINK else find_field(name)
    if field is None:
        raise InvalidRequest(f'no field "{name}"', Hint("see", ", ".join((*FIELDS, LINK))))
    return field


def _refuse_order(dates: str | None) -> None:
    if dates is not None and dates not in ORDERS:
        raise InvalidRequest(f'dates is dmy or mdy, not "{dates}"')


def _refused(result: ImportResult) -> InvalidRequest:
    """Return the error with every row that has errors."""
    problems = [
        Problem(fault.field, "row", f"row {row}: {fault.problem}", hint=fault.fix) for row, fault in result.faults
    ]
    message = f"{result.refused} of {result.read} rows have errors; nothing was imported"
    return InvalidRequest(message, problems=problems)
