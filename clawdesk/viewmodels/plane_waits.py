"""Why a task waits, and what frees it, as templates: see `plane_sentences`."""

from __future__ import annotations

from clawdesk.viewmodels.language import marked

WAITS = (
    marked("ClawDesk is starting."),
    marked("ClawDesk is closing."),
    marked("There is no guest image to boot."),
    marked("the next start"),
    marked("No ClawDesk is running that could go on with it."),
    marked("starts with the next change"),
    marked("nothing"),
    marked("is being taken back to checkpoint {ordinal}"),
    marked(
        "more than {count} tasks wait on this host; it needs {cpus} CPUs and {memory} of memory, "
        "and has {points} points"
    ),
    marked("its turn; `clawdesk why {task}` counts it out"),
    marked("needs {wanted} {what}, this host gives {given} to machines"),
    marked("a smaller [machine] table in the task file, or a larger host"),
    marked("its project's policy asks for more than you have allowed: {what}"),
    marked("its project may hold {limit}, and holds {used} in {machines} machines"),
    marked("another task of its project ends, or a larger quota in policy.toml"),
    marked("needs {wanted} {what}, {free} of {total} are free"),
    marked("needs {wanted} {what}, {free} of {total} are free; held by {names}"),
    marked("needs {wanted} {what}, {free} of {total} are free; {tasks} was asked to yield"),
    marked(
        "needs {wanted} {what}, {free} of {total} are free; held by {names}; {tasks} was asked to "
        "yield"
    ),
    marked("{names} ends, yields, or waits for you"),
    marked("{frees}; estimate: within {time}, if {task} takes as long as its last run"),
    marked(
        "{frees}; estimate: within {time}, if {task} takes as long as its last {runs} runs, in the "
        "median"
    ),
    marked("the next checkpoint of {tasks}, expected every {seconds} s"),
    marked("would fit, but what is free is set aside for {names}"),
    marked("{names} starts"),
    marked("{names} and {count} more"),
    marked("GiB of memory"),
    marked("MiB of memory"),
    marked("machine slots"),
    marked("the model {model} is being asked for"),
    marked("the Fabric answers"),
    marked("{task} gets back what its project lent"),
    marked("{task} is more important ({points} against {own} points)"),
    marked("another task needs its memory"),
    marked("it waited for you for {seconds} s"),
    marked("Its image is being built: {step}, {seconds} s."),
    marked("it is built once"),
    marked("{path} is open read-only: {who}."),
    marked("its holder ends or gives the project up"),
    marked("bring the folder back"),
    marked("The project {path} is closed."),
    marked("it is opened again"),
    marked("The disk of {path} has {free} GiB free; machines start with at least {needed} GiB."),
    marked("free space there, e.g. by `clawdesk prune`; waiting tasks then start by themselves"),
)
"""Why a task waits, what frees it, and why one must give its machine back."""
