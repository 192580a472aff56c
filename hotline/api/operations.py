"""The table of calls. It makes the routes and the OpenAPI document, so that neither can say what the other does not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from hotline.api import bodies, calls, views
from hotline.api.problems import Problem
from hotline.core.access import Permission

BASE = "/api/v1"
CONVERSATION_ID = "[A-Za-z0-9_-]{1,64}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `run` takes a `calls.Call` and, where `takes` is set, an instance of it.

    `takes` is read from the body of a POST and from the query of a GET. `empty` describes the 204 of a call that
    can have nothing to answer.
    """

    id: str
    method: str
    path: str
    summary: str
    run: Callable[..., Awaitable[BaseModel | None]]
    gives: type[BaseModel]
    detail: str = ""
    takes: type[BaseModel] | None = None
    status: int = 200
    empty: str | None = None
    permission: Permission = Permission.ANSWER
    problems: tuple[Problem, ...] = ()

    @property
    def about_one(self) -> bool:
        """Whether the path names a conversation."""
        return "{id}" in self.path

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Everything that can go wrong with this call, by status."""
        found = {Problem.UNAUTHORIZED, Problem.FORBIDDEN, Problem.INTERNAL, Problem.UNAVAILABLE, *self.problems}
        if self.about_one:
            found.add(Problem.NOT_FOUND)
        if self.takes:
            found.add(Problem.INVALID)
            if self.method == "POST":
                found |= {Problem.MALFORMED, Problem.TOO_LARGE, Problem.MEDIA}
        return tuple(problem for problem in Problem if problem in found)


_RENEWS = "A call about a conversation that you hold renews your claim."

OPERATIONS = (
    Operation(
        id="queue",
        method="GET",
        path="/queue",
        summary="Who waits, most urgent first",
        detail="Ordered by priority, then by who has waited longest.",
        takes=bodies.QueuePage,
        run=calls.queue,
        gives=views.Queue,
    ),
    Operation(
        id="claimNext",
        method="POST",
        path="/queue/claim",
        summary="Take the next conversation",
        detail="The most urgent one that nobody was faster to take.",
        run=calls.claim_next,
        gives=views.Conversation,
        empty="Nobody waits.",
        problems=(Problem.CONFLICT,),
    ),
    Operation(
        id="held",
        method="GET",
        path="/conversations",
        summary="The conversations that you hold",
        detail="All on one page: `cursor` is null. The way back to a claim whose answer was lost on the way.",
        run=calls.held,
        gives=views.Queue,
    ),
    Operation(
        id="conversation",
        method="GET",
        path="/conversations/{id}",
        summary="A conversation with its messages",
        detail=f"One that waits or that you hold; supervisors read every one. {_RENEWS}",
        takes=bodies.Newest,
        run=calls.conversation,
        gives=views.Conversation,
    ),
    Operation(
        id="claim",
        method="POST",
        path="/conversations/{id}/claim",
        summary="Take a conversation",
        detail="One winner, always. Claiming what you hold already renews the claim, which lapses after five minutes "
        "without a call about it; the conversation then goes back to the queue.",
        run=calls.claim,
        gives=views.Conversation,
        problems=(Problem.CONFLICT,),
    ),
    Operation(
        id="say",
        method="POST",
        path="/conversations/{id}/messages",
        summary="Answer the person",
        detail="Accepted means that it is kept and will be sent; its `status` in the conversation tells the rest. "
        f"With an `id` of your own it is safe to send again. {_RENEWS}",
        takes=bodies.Say,
        run=calls.say,
        gives=views.Accepted,
        status=202,
        problems=(Problem.CONFLICT, Problem.UNDELIVERABLE),
    ),
    Operation(
        id="release",
        method="POST",
        path="/conversations/{id}/release",
        summary="Hand a conversation back to the assistant",
        detail="The person is told.",
        takes=bodies.Release,
        run=calls.release,
        gives=views.Standing,
        problems=(Problem.CONFLICT,),
    ),
    Operation(
        id="transfer",
        method="POST",
        path="/conversations/{id}/transfer",
        summary="Pass a conversation on",
        detail="To a colleague, or back to the queue with the time already waited.",
        takes=bodies.Transfer,
        run=calls.transfer,
        gives=views.Standing,
        problems=(Problem.CONFLICT,),
    ),
    Operation(
        id="close",
        method="POST",
        path="/conversations/{id}/close",
        summary="End a conversation",
        detail="The person is told, and may write again at any time.",
        takes=bodies.Close,
        run=calls.close,
        gives=views.Standing,
        problems=(Problem.CONFLICT,),
    ),
    Operation(
        id="lookup",
        method="POST",
        path="/lookup",
        summary="Find the conversation of an address",
        detail="For supervisors. Every look-up is in the audit log with its reason; the address is not.",
        takes=bodies.Find,
        run=calls.find,
        gives=views.Found,
        permission=Permission.LOOK_UP,
        problems=(Problem.NOT_FOUND, Problem.TOO_MANY),
    ),
)
