"""Reading a request's body up to a limit of size and time: what is larger is refused before it is held."""

import asyncio
import json
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_WAIT_S: Final = 20.0
_HANG_UP: Final = {"Connection": "close"}


async def read_body(request: Request, limit_bytes: int, *, wait_s: float = BODY_WAIT_S) -> bytes:
    """Return the body; raise HTTPException 413 once it is known to be too large, 408 when it does not come."""
    if int(request.headers.get("content-length", "0")) > limit_bytes:
        raise HTTPException(413, headers=_HANG_UP)
    body = bytearray()
    try:
        async with asyncio.timeout(wait_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit_bytes:
                    raise HTTPException(413, headers=_HANG_UP)
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, headers=_HANG_UP) from error
    return bytes(body)


def fields_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body; raise ValueError for anything else."""
    try:
        fields = json.loads(body)
    except RecursionError as error:  # What is nested a thousand deep, which four kilobytes suffice for.
        raise ValueError("nested too deep") from error
    if not isinstance(fields, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of refusal for all that is wrong
    return fields
