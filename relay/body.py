"""Reading a request's body up to a limit: what is larger is refused before it is held."""

from starlette.requests import Request


async def read_body(request: Request, limit_bytes: int) -> bytes | None:
    """Return the body, or None as soon as it is known to be larger than `limit_bytes`."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced) > limit_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)
