"""Pages, styles, scripts: read once at start, served from memory with a digest for caches."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class File:
    body: bytes
    media_type: str
    etag: str


class Files:
    """What lies in ``pages`` and ``static`` beside this module; nothing else can be asked for."""

    def __init__(self) -> None:
        here = files("bot.console")
        self._pages = dict(_read(here / "pages"))
        self._static = dict(_read(here / "static"))

    def page(self, name: str) -> Endpoint:
        file = self._pages[name]

        async def endpoint(request: Request) -> Response:
            return _answer(request, file)

        return endpoint

    async def static(self, request: Request) -> Response:
        file = self._static.get(request.path_params["path"])
        if file is None:
            raise HTTPException(404, "there is no such file")
        return _answer(request, file)


def _answer(request: Request, file: File) -> Response:
    """Browsers ask each time and are told that nothing changed."""
    headers = {"etag": file.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def _read(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, File]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read(entry, f"{prefix}{entry.name}/")
        elif media_type := _TYPES.get(entry.name.rpartition(".")[2]):
            body = entry.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            yield prefix + entry.name, File(body, media_type, etag)
