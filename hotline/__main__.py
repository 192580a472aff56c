"""The `hotline` command."""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from hotline.config import Settings, SettingsError, load
from hotline.core.errors import HotlineError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status. Errors are one sentence each on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options, load())
    except SettingsError as error:
        for problem in error.problems:
            print(f"hotline: {problem}", file=sys.stderr)
        return 2
    except HotlineError as error:
        print(f"hotline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hotline", description="A helpline gateway against human trafficking.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, said in _PROCESSES.items():
        commands.add_parser(name, help=said)
    commands.add_parser("up", help="everything on this machine, in the foreground")
    commands.add_parser("check", help="settings, keys, database, assistant and providers, a line each")
    user = commands.add_parser("user", help="people who sign in to the console").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    add = user.add_parser("add", help="make a user; prints a one-time password")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=_ROLES)
    add.add_argument("--languages", default="", help="languages they answer in, such as en,sw")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    token = commands.add_parser("token", help="bearer tokens of the API").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    create = token.add_parser("create", help="make a token; prints it once")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=_ROLES)
    token.add_parser("list", help="name, role, made and last used, without the secrets")
    revoke = token.add_parser("revoke", help="end all tokens of a name, at once")
    revoke.add_argument("name")
    commands.add_parser("triage", help="JSON lines in, what the gateway makes of each message out")
    commands.add_parser("detect", help="JSON lines in, the language of each text out")
    replay = commands.add_parser("replay", help="feed recorded webhooks through the real path")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE")
    return parser


_PROCESSES = {
    "web": "webhooks, console and API",
    "worker": "answers messages, sends, keeps time",
    "mongo": "the embedded database",
    "sandbox": "pretend providers and phones",
}
_ROLES = ("operator", "supervisor", "campaigns", "admin")


def _run(options: argparse.Namespace, settings: Settings) -> int:
    # each branch loads only what it needs: `hotline detect` must not wait for a web framework
    if options.command in _PROCESSES:
        from hotline import processes  # noqa: PLC0415

        run = {
            "web": processes.serve_web,
            "worker": processes.run_worker,
            "mongo": processes.run_mongo,
            "sandbox": processes.serve_sandbox,
        }[options.command]
        asyncio.run(run(settings))
        return 0
    if options.command == "up":
        from hotline.up import up  # noqa: PLC0415

        return up(settings)
    if options.command == "detect":
        from hotline.understanding import detect_lines  # noqa: PLC0415

        return detect_lines(sys.stdin, sys.stdout)
    if options.command == "triage":
        from hotline.understanding import triage_lines  # noqa: PLC0415

        return asyncio.run(triage_lines(settings, sys.stdin, sys.stdout))
    return _administer(options, settings)


def _administer(options: argparse.Namespace, settings: Settings) -> int:
    from hotline import commands  # noqa: PLC0415

    if options.command == "check":
        return asyncio.run(commands.check(settings))
    if options.command == "replay":
        return asyncio.run(commands.replay(settings, options.files))
    if options.command == "token":
        return asyncio.run(_tokens(options, settings))
    password = None
    if options.password_stdin:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    languages = tuple(filter(None, options.languages.split(",")))
    return asyncio.run(commands.add_user(settings, options.name, options.role, languages, password))


async def _tokens(options: argparse.Namespace, settings: Settings) -> int:
    from hotline import commands  # noqa: PLC0415

    match options.action:
        case "create":
            return await commands.create_token(settings, options.name, options.role)
        case "revoke":
            return await commands.revoke_tokens(settings, options.name)
    return await commands.list_tokens(settings)


if __name__ == "__main__":
    sys.exit(main())
