"""The catalog's words for people, and the plane's about prompts, in the window's language.

What the catalog says and is not named here, such as an agent's own name, is shown as it stands.
"""

from __future__ import annotations

from clawdesk.domain.agents import AgentKind
from clawdesk.viewmodels.language import marked, tr

WORDS = frozenset(
    {
        marked("A command of your own"),
        marked("An agent that speaks ACP"),
        marked("Any program that can be told what to do."),
        marked("Any agent of the Agent Client Protocol: what it asks for is asked of you."),
        marked("A small agent that works with one tool, the shell."),
        marked("An agent that works with a shell, and reads and patches files."),
        marked("An agent with tools for files and a shell."),
        marked("An agent that edits the files its prompt names."),
    }
)

PROMPTS = (
    marked("There is a file {file}."),
    marked("{file} could not be written: {why}."),
    marked("Look at what that is, or save under another name."),
    marked("A task's priority is {least} to {most}, not {priority}."),
    marked("A machine has {least} to {most} MiB of memory, not {mib}."),
    marked("{what} is empty: say what shall be done."),
    marked("{what} shows no text: say what shall be done."),
    marked("{what} has {count} characters; at most {limit} are allowed."),
    marked("{what} holds the character {code}; lines of plain text are allowed."),
    marked("The agent {kind} works with a model: name one."),
    marked("The prompt"),
    marked("The command of the agent {kind}"),
    marked("Name the hosts packages come from in {file}, under [network] allow."),
    marked("The image of this task needs packages, and its project may reach no host."),
    marked("The image of this agent was not built yet, and may be set up from no host."),
    marked("See which hosts it needs, and allow them once: clawdesk images allow"),
    marked("pip of this computer does not say where it looks."),
    marked("npm of this computer does not say where it looks."),
    marked("{address} names no host as rules do (example.org, example.org:8443)."),
    marked("{address} names no port that there is."),
    marked("{host} stands for {address}, which no machine may reach."),
)
"""What a person typed in and is not taken."""


def title_of(kind: AgentKind) -> str:
    """What a kind of agent is called."""
    return tr(kind.title) if kind.title in WORDS else kind.title


def about_of(kind: AgentKind) -> str:
    """What it is, to go on with behind its name and a colon."""
    said = tr(kind.about) if kind.about in WORDS else kind.about
    return f"{said[:1].lower()}{said[1:]}"
