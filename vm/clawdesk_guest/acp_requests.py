"""What an agent asks of its client, and the answers: permissions, questions, files, commands.

A permission is asked of the person unless a rule answers it. Whatever is malformed or unknown gets
an error of JSON-RPC, never silence: an agent that waits for ever would hold its task for ever.
"""

from collections.abc import Callable
from typing import Any

from clawdesk_guest import acp_wire
from clawdesk_guest.acp_files import Files, RefusedError
from clawdesk_guest.acp_forms import Form
from clawdesk_guest.acp_person import Person, Reply
from clawdesk_guest.acp_terminals import Exit, Terminals
from clawdesk_guest.acp_wire import Id, Params, Request, list_of, short, table_of, text_of
from clawdesk_guest.acp_words import Conversation, contents_of, plain
from clawdesk_guest.loop import Loop

CAPABILITIES = {
    "fs": {"readTextFile": True, "writeTextFile": True},
    "terminal": True,
    "elicitation": {"form": {}},
}
_OPTIONS_MAX = 16
_DETAIL_CHARS_MAX = 4000
_YES = {"y", "yes", "allow", "ok"}
_NO = {"n", "no", "reject", "deny"}
_ALLOWS = ("allow_once", "allow_always")
_REJECTS = ("reject_once", "reject_always")
_CANCELLED = {"outcome": {"outcome": "cancelled"}}


class Requests:
    """The client's side of an agent's requests.

    Args:
        send: takes a line for the agent.
        permissions: ask | allow | reject.
        prompt: takes what a person said that is no choice: the agent's next prompt.
    """

    def __init__(
        self,
        loop: Loop,
        person: Person,
        talk: Conversation,
        *,
        send: Callable[[bytes], None],
        permissions: str,
        prompt: Callable[[str], None],
        folder: str = ".",
    ) -> None:
        self._person = person
        self._talk = talk
        self._send = send
        self._permissions = permissions
        self._prompt = prompt
        self._files = Files(folder)
        self._terminals = Terminals(loop, self._files, self._command_ended)
        self._table: dict[str, Callable[[Id, Params], Params | None]] = {
            "session/request_permission": self._permission,
            "elicitation/create": self._question,
            "fs/read_text_file": lambda _, params: {"content": self._files.read(params)},
            "fs/write_text_file": self._write,
            "terminal/create": self._create,
            "terminal/output": lambda _, params: self._terminals.output(params),
            "terminal/wait_for_exit": self._wait,
            "terminal/kill": self._kill,
            "terminal/release": self._release,
        }

    def serve(self, request: Request) -> None:
        """Answer now, or as soon as there is an answer."""
        serve = self._table.get(request.method)
        if serve is None:
            words = f"this client does not know {short(request.method, 100)!r}"
            self._send(acp_wire.refusal(request.id, acp_wire.NO_METHOD, words))
            return
        try:
            result = serve(request.id, request.params)
        except RefusedError as error:
            self._send(acp_wire.refusal(request.id, acp_wire.BAD_PARAMS, str(error)))
            return
        if result is not None:
            self._send(acp_wire.answer(request.id, result))

    def close(self) -> None:
        self._terminals.close()

    # Permissions

    def _permission(self, id_: Id, params: Params) -> Params | None:
        tool = table_of(params.get("toolCall"))
        options = _options(params)
        if not options:
            raise RefusedError("a request for permission without options")
        known = self._talk.title_of(text_of(tool.get("toolCallId"), 200))
        title = plain(text_of(tool.get("title"), 400) or known or "something it does not name")
        by_rule = self._by_rule(options)
        if by_rule:
            self._talk.note("permission", f"{title}: {options[by_rule][0]} (by policy)")
            return _selected(by_rule)
        names = {name: option for option, (name, _) in options.items()}

        def told(reply: Reply) -> None:
            if "error" in reply:
                self._talk.note("permission", f"{title}: not asked, {text_of(reply['error'])}")
                self._send(acp_wire.answer(id_, _CANCELLED))
                return
            said = text_of(reply.get("text")).strip()
            is_back = reply.get("outcome") == "asked_back"
            chosen, is_choice = _chosen("" if is_back else said, names, options)
            what = options[chosen][0] if chosen else "cancelled"
            self._talk.note("permission", f"{title}: {what} (by you)")
            if not is_choice:
                self._prompt(said)  # in words of its own: a no, and what to do instead
            self._send(acp_wire.answer(id_, _selected(chosen) if chosen else _CANCELLED))

        text = f"The agent asks to be allowed: {title}{_detail(tool)}"
        if not self._person.ask(text, list(names), told, key="permission"):
            raise RefusedError("too many requests wait for a person already")
        self._talk.pause()
        return None

    def _by_rule(self, options: dict[str, tuple[str, str]]) -> str:
        """The option a rule takes, "" = a person decides."""
        wanted = {"allow": _ALLOWS, "reject": _REJECTS}.get(self._permissions, ())
        return next((o for kind in wanted for o in options if options[o][1] == kind), "")

    # Questions

    def _question(self, id_: Id, params: Params) -> Params | None:
        form = Form(params)

        def told(reply: Reply) -> None:
            if "error" in reply:
                self._send(acp_wire.answer(id_, {"action": "cancel"}))
                return
            said = text_of(reply.get("text")).strip()
            self._talk.note("you", said)
            if reply.get("outcome") == "asked_back":
                self._prompt(said)
                self._send(acp_wire.answer(id_, {"action": "decline"}))
                return
            form.answered(said)
            if not form.is_complete:
                ask()
            else:
                self._send(acp_wire.answer(id_, {"action": "accept", "content": form.content}))

        def ask() -> bool:
            text, choices, default = form.question
            self._talk.note("asks", text)
            return self._person.ask(text, choices, told, key="question", default=default)

        if not ask():
            raise RefusedError("too many requests wait for a person already")
        return None

    # Files and commands

    def _write(self, _: Id, params: Params) -> Params:
        self._files.write(params)
        self._talk.note("file", f"written: {text_of(params.get('path'), 400)}")
        return {}

    def _create(self, _: Id, params: Params) -> Params:
        name, line = self._terminals.create(params)
        self._talk.note(f"command {name}", f"$ {line}")
        return {"terminalId": name}

    def _command_ended(self, name: str, exit_: Exit, output: str) -> None:
        self._talk.command_ended(name, exit_["exitCode"], short(output, _DETAIL_CHARS_MAX))

    def _wait(self, id_: Id, params: Params) -> None:
        self._terminals.wait(params, lambda ended: self._send(acp_wire.answer(id_, dict(ended))))

    def _kill(self, _: Id, params: Params) -> Params:
        self._terminals.kill(params)
        return {}

    def _release(self, _: Id, params: Params) -> Params:
        self._terminals.release(params)
        return {}


def _options(params: Params) -> dict[str, tuple[str, str]]:
    """Of a request for permission: id → (name, kind). Names differ."""
    found: dict[str, tuple[str, str]] = {}
    names: set[str] = set()
    for item in list_of(params.get("options"), _OPTIONS_MAX):
        option = table_of(item)
        id_, kind = text_of(option.get("optionId"), 400), text_of(option.get("kind"), 40)
        name = plain(text_of(option.get("name"), 200)).strip() or kind.replace("_", " ")
        if name in names:
            name = f"{name} ({len(names) + 1})"
        if id_ and name and id_ not in found:
            found[id_] = (name, kind)
            names.add(name)
    return found


def _chosen(
    said: str, names: dict[str, str], options: dict[str, tuple[str, str]]
) -> tuple[str, bool]:
    """The option an answer means ("" = none), and whether it is one; other words mean no."""
    for name, option in names.items():
        if said.casefold() == name.casefold():
            return option, True
    word = said.casefold()
    kinds = _ALLOWS if word in _YES else _REJECTS
    chosen = next((o for kind in kinds for o in options if options[o][1] == kind), "")
    return chosen, word in _YES | _NO


def _selected(option: str) -> Params:
    return {"outcome": {"outcome": "selected", "optionId": option}}


def _detail(tool: dict[str, Any]) -> str:
    """What a person must see to decide: the call's texts and edits, or what it is called with."""
    shown = contents_of(tool.get("content"))
    if not shown and tool.get("rawInput") is not None:
        given = tool["rawInput"]
        pairs = given.items() if isinstance(given, dict) else (("", given),)
        lines = [f"{text_of(key, 100)}: {value}".removeprefix(": ") for key, value in pairs]
        shown = "\n".join(lines)
    lines = [plain(line) for line in short(shown, _DETAIL_CHARS_MAX).splitlines()]
    return "\n" + "\n".join(lines) if lines else ""
