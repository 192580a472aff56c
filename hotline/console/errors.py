"""What a person reads when something goes wrong: what happened, what was kept, what to do."""

from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from hotline.console.pages import render
from hotline.console.sessions import SignedOut, drop_session, secret_of, signin_address
from hotline.console.words import N_, _
from hotline.core.errors import Conflict, Forbidden, HotlineError, NotFound, Unavailable, Undeliverable
from hotline.logs import where

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer that says no. `advice` is what to do now."""

    status: int
    title: str
    detail: str
    advice: str


_PLAIN = {
    403: Trouble(
        403, N_("Not allowed"), N_("Your role does not allow this page."),
        N_("If you need it for your work, ask an administrator."),
    ),
    404: Trouble(
        404, N_("Nothing here"), N_("There is no such page, or it is no longer there."), N_("Go back to the queue.")
    ),
    405: Trouble(405, N_("Not this way"), N_("This address cannot be asked like that."), N_("Go back to the queue.")),
    413: Trouble(413, N_("Too much"), N_("What you sent is too large."), N_("Make it shorter and try again.")),
    500: Trouble(
        500, N_("A mistake of ours"), N_("Something unexpected happened. It has been noted, without any text."),
        N_("What you typed is still in this page. Try again; if it stays, tell whoever runs this helpline."),
    ),
    503: Trouble(
        503, N_("The database does not answer"), N_("Nothing could be read or saved just now."),
        N_("Messages of people are kept and wait. What you typed is still in this page: try again in a few seconds."),
    ),
}  # fmt: skip


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into a page, or into a line where a fragment was asked for."""
    try:
        return await handler(request)
    except SignedOut:
        return _signed_out(request)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return say(request, _PLAIN.get(error.status, _PLAIN[404]))
    except HotlineError as error:
        return say(request, trouble(error))
    except (ConnectionResetError, TimeoutError):
        raise
    except Exception as error:  # noqa: BLE001 -- the last line: its text may quote a person, so only its kind is logged
        log.error("console_defect", error=type(error).__name__, part=where(error))  # noqa: TRY400
        return say(request, _PLAIN[500])


def trouble(error: HotlineError) -> Trouble:
    """What an error of the use cases means to the person at the screen."""
    match error:
        case Conflict() if error.holder:
            holder = _("{name} has this conversation.").format(name=error.holder)
            return Trouble(409, N_("Somebody was faster"), holder, N_("Take another one from the queue."))
        case Conflict():
            return Trouble(409, N_("It has changed meanwhile"), _sentence(error.reason), N_("Reload and look again."))
        case Undeliverable():
            return Trouble(422, N_("This cannot be sent"), _sentence(error.reason), N_("Your text is still here."))
        case Forbidden():
            return Trouble(403, _PLAIN[403].title, _sentence(str(error)), _PLAIN[403].advice)
        case NotFound():
            return _PLAIN[404]
        case Unavailable():
            return _PLAIN[503]
    log.error("console_defect", error=type(error).__name__, part=where(error))
    return _PLAIN[500]


def say(request: web.Request, what: Trouble) -> web.Response:
    """`what` as a page, or as a line for htmx."""
    if not request.headers.get("HX-Request"):
        return render(request, "error.html", what.status, trouble=what)
    response = render(request, "problem.html", what.status, trouble=what)
    response.headers["X-Console"] = "problem"  # so that a proxy's own error page is never taken for ours
    return response


def _signed_out(request: web.Request) -> web.Response:
    if request.headers.get("HX-Request") or "text/event-stream" in request.headers.get("Accept", ""):
        detail = N_("Your sign-in has ended.")
        advice = N_("Your text is still here. Sign in again in another tab, then send it once more.")
        return say(request, Trouble(401, N_("Signed out"), detail, advice))
    response = web.HTTPSeeOther(signin_address(request))
    if secret_of(request):
        drop_session(request, response)
    raise response


def _sentence(reason: str) -> str:
    text = _(reason)
    return f"{text[:1].upper()}{text[1:]}."
