"""Style sheets, scripts and icons: few and small, so they live in memory, compressed, under a hash of their content."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from hotline.core.errors import HotlineError

_ROOT = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_YEAR = "public, max-age=31536000, immutable"
VENDOR = ("htmx.min.js", "sse.min.js", "idiomorph-ext.min.js")
"""Libraries that ``ops/frontend.py`` brings from the npm registry."""


class AssetsMissing(HotlineError):
    """The console's front-end libraries have not been built."""


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    compressed: bytes
    content_type: str
    digest: str


class Assets:
    def __init__(self, root: Path = _ROOT) -> None:
        if missing := [name for name in VENDOR if not (root / "vendor" / name).is_file()]:
            raise AssetsMissing(f"front-end libraries are missing ({', '.join(missing)}): run `python -m ops.frontend`")
        self._assets = {
            path.relative_to(root).as_posix(): _asset(path) for path in sorted(root.rglob("*")) if path.suffix in _TYPES
        }

    def url(self, name: str) -> str:
        """The address of an asset; it changes with the content, so that it may be cached for a year."""
        return f"/console/static/{name}?v={self._assets[name].digest}"

    async def serve(self, request: web.Request) -> web.Response:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {
            "Cache-Control": _YEAR if request.query.get("v") == asset.digest else "no-cache",
            "Vary": "Accept-Encoding",
        }
        body = asset.content
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = asset.compressed
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content, gzip.compress(content, 9, mtime=0), _TYPES[path.suffix], digest)


ASSETS = web.AppKey("assets", Assets)
