"""The page with three phones."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.config import SandboxConfig
from sandbox.page.hints import HINTS

_FOLDER = Path(__file__).parent


class Page:
    """`GET /` and its style sheet and scripts."""

    def __init__(self, config: SandboxConfig) -> None:
        loader = FileSystemLoader(_FOLDER / "templates")
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        template = environment.get_template("phones.html")
        self._html = template.render(
            sms_number=config.sms_from,
            whatsapp_number=config.whatsapp_from.removeprefix("whatsapp:"),
            console_url=config.gateway_url.rstrip("/") + "/console/",
            hints=HINTS,
        )

    def routes(self) -> list[web.AbstractRouteDef]:
        """The page, and its files below /static."""
        return [web.get("/", self.show), web.static("/static", _FOLDER / "static")]

    async def show(self, _request: web.Request) -> web.Response:
        """The page is the same for everybody; what the phones show, its script fetches."""
        return web.Response(text=self._html, content_type="text/html", headers={"Cache-Control": "no-cache"})
