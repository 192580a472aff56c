"""For tests: scripted faults, and what the gateway has asked."""

from aiohttp import web

from sandbox.faults import FaultBook
from sandbox.journal import Journal

FILTERS = ("provider", "method", "verb", "path", "phone", "status")


class Controls:
    """`/sandbox/faults` and `/sandbox/requests`."""

    def __init__(self, faults: FaultBook, journal: Journal) -> None:
        self._faults = faults
        self._journal = journal

    def routes(self) -> list[web.RouteDef]:
        """Paths below /sandbox."""
        return [
            web.get("/sandbox/faults", self.list_faults),
            web.post("/sandbox/faults", self.add_fault),
            web.delete("/sandbox/faults", self.clear_faults),
            web.get("/sandbox/requests", self.requests),
            web.delete("/sandbox/requests", self.forget_requests),
        ]

    async def list_faults(self, _request: web.Request) -> web.Response:
        """The faults still to come."""
        return web.json_response({"faults": self._faults.view()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Script a fault; its fields are those of `sandbox.faults.Fault`."""
        try:
            self._faults.add(await request.json())
        except (TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"faults": self._faults.view()}, status=201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """Everything works again."""
        self._faults.clear()
        return web.json_response({"faults": []})

    async def requests(self, request: web.Request) -> web.Response:
        """`{"count", "requests"}`, narrowed by the query to a provider, method, verb, path, phone or status."""
        unknown = set(request.query) - set(FILTERS)
        if unknown:
            return web.json_response({"error": f"filters are {', '.join(FILTERS)}"}, status=400)
        return web.json_response(self._journal.view(dict(request.query)))

    async def forget_requests(self, _request: web.Request) -> web.Response:
        """Begin counting anew."""
        self._journal.clear()
        return web.json_response({"count": 0, "requests": []})
