"""The plane's sentences that a window shows, as templates: what is fixed, and named places.

A template is the English sentence as the plane builds it. A test holds each against the source, so
that a sentence that is worded anew is not left behind here. Most telling first in each part.
"""

from __future__ import annotations

from clawdesk.viewmodels.agent_words import PROMPTS
from clawdesk.viewmodels.language import marked
from clawdesk.viewmodels.merge_sentences import MERGES
from clawdesk.viewmodels.peer_sentences import PEERS
from clawdesk.viewmodels.plane_waits import WAITS

ASKS = (
    marked("The task asks for your approval here."),
    marked("{path} configures ClawDesk itself: changes there always need approval."),
    marked("The project's policy asks for approval of changes in {pattern} ({path})."),
    marked("{path} would run on your machine after a merge."),
    marked("{path} configures ClawDesk itself."),
    marked("weight {weight}: that many times the usual share of this machine"),
    marked("class {name}: its tasks go before those of other projects"),
    marked("network access to {hosts}"),
    marked("its agents get every permission they ask for, and you are not asked"),
    marked("your secrets {secrets} for its tasks"),
    marked("a budget of {amount} GPU hours"),
    marked("a budget of {amount} tokens"),
    marked("its prompts may leave this machine"),
    marked("it is not known which files it changes."),
)
"""Why a person is asked, and what a project's file asks for."""

ENDS = (
    marked("all steps done"),
    marked("{why} (not recorded: {error})"),
    marked("cancelled by {who} via {channel}"),
    marked("Step {step} exited with {code}."),
    marked("Step {step} exited with {code}.\n{output}"),
    marked("Step {step} exited with {code}. {why}"),
    marked("Step {step} exited with {code}. {why}\n{output}"),
    marked("Step {step} ran longer than its limit of {seconds} s."),
    marked("Step {step} ran longer than its limit of {seconds} s.\n{output}"),
    marked("Step {step} ran longer than its limit of {seconds} s. {why}"),
    marked("Step {step} ran longer than its limit of {seconds} s. {why}\n{output}"),
    marked(
        "Memory ran out: the machine has {mib} MiB, and its kernel ended {count} of the task's "
        "programs. Give the task more by memory_mib under [machine] in its file."
    ),
    marked("Step {step} ended after your rejection: {feedback}"),
    marked(
        "You asked back, and the step takes no question in return: to answer, go back to "
        "checkpoint {ordinal}."
    ),
    marked("Lost {count} machines: {why}"),
    marked("The machine did not start: {why}"),
    marked("The machine was lost: {why}"),
    marked("No model for it: {why}"),
    marked("The checkpoint could not be made: {why} Try again?"),
    marked("No safety checkpoint could be made: {why}"),
    marked("ClawDesk ended while the task ran."),
    marked("the guest ended by itself"),
    marked("somebody else destroyed the machine"),
    marked("the guest crashed"),
    marked("QEMU ended unexpectedly"),
    marked("the machine stopped"),
    marked("the machine ended"),
    marked("The task was ended while its image was being built."),
    marked("{why} The task starts again from its beginning."),
    marked("{why} The task starts again from its beginning; what it had done is lost."),
    marked("Given up after {count} attempts: {why}"),
    marked("its history was removed from Git by another program."),
    marked(
        "{why} The task starts again from its beginning. Checkpoint {ordinal} can be restored "
        "instead."
    ),
    marked("Nobody decided within {seconds} s; it stays held."),
)
"""How a task or an attempt came to its end."""

MACHINES = (
    marked("This checkpoint holds files only."),
    marked("Its machine was removed after the merge."),
    marked("Its machine was removed when the task was cancelled."),
    marked("Its machine was removed at the task's end: secrets were in its memory."),
    marked("Its machine was removed by prune."),
    marked("Its machine could not be shared with the fork."),
    marked("Its machine was given up: all snapshots have {size} GiB at most."),
    marked("Its machine was given up {days} days after the task had ended."),
    marked("A model call was still under way, so the memory could not be kept."),
    marked("Checkpoint {ordinal}: {why} Its files are used without memory."),
    marked("An earlier snapshot is still being written."),
    marked("Machines are emulated (TCG): correct, but several times slower."),
    marked(
        "Machines are emulated (TCG): correct, but several times slower. CLAWDESK_ACCEL=tcg asks "
        "for it."
    ),
    marked(
        "Machines are emulated (TCG): correct, but several times slower. This host has no {device}."
    ),
    marked("The guest image {name} is not built yet."),
    marked("There is no machine {machine} any more."),
    marked("The guest did not come up within {seconds} s."),
    marked("ClawDesk is being closed."),
    marked("Run: clawdesk doctor"),
    marked("Free disk space."),
    marked("Free some disk space."),
    marked("Run the task again."),
    marked("Go back to an earlier checkpoint, or run the task again."),
    marked("Try again."),
)
"""What became of machines and snapshots."""

ANSWERS = (
    marked("The ClawDesk that runs the tasks has ended meanwhile."),
    marked("See what was done (clawdesk tasks, clawdesk show TASK), then try again."),
    marked("Nothing was done; try again."),
    marked("There is no task {task}."),
    marked("The task is just changing; try again in a moment."),
    marked("The task is just changing."),
    marked("The task has already ended: {phase}."),
    marked("The task has ended: {why}"),
    marked("The task was cancelled meanwhile."),
    marked("The task was taken back meanwhile."),
    marked("Cancelled; its commits stay in Git."),
    marked("The task holds no machine it could give back."),
    marked("It keeps its machine: {why}"),
    marked(
        "It was to give its machine back, and keeps it: checkpoint {ordinal} holds files only "
        "({why}), and its step would begin again."
    ),
    marked(
        "It was to give its machine back, and keeps it: checkpoint {ordinal} holds files only "
        "({why}), and its step would begin again. It leaves at the next one that keeps its memory, "
        "or when its step ends."
    ),
    marked("Not recorded: {why}"),
    marked("Checkpoint {ordinal}"),
    marked("Question {key}"),
    marked("checkpoint {ordinal}"),
    marked("the question {key}"),
    marked("{what} was just answered by {who} via {channel}."),
    marked("{what} is not waiting."),
    marked("{what} is not waiting. The last decision was made by {who} via {channel}."),
    marked("{what} is not waiting; {name} is."),
    marked("{what} changed since it was shown to you; look at it again."),
    marked("An answer needs some text."),
    marked("A question back needs some text."),
    marked("ClawDesk asks this itself, so there is nobody to ask back."),
    marked("A rejection needs a note: the task gets it as feedback."),
    marked("Its machine is being looked for after a restart; try again in a moment."),
    marked("The task is being taken back to checkpoint {ordinal}."),
    marked("Checkpoint {ordinal} approved."),
    marked("Checkpoint {ordinal} rejected."),
    marked("Checkpoint {ordinal} approved as you want it; the task is told."),
    marked("Answered {key}."),
    marked("Asked back about {key}; the task may ask again."),
    marked("Trying the checkpoint again."),
    marked("The task is told, and goes on without it."),
    marked("The task ends here."),
    marked("No checkpoint {ordinal}; there are: {ordinals}."),
    marked("Going back to checkpoint {ordinal}."),
    marked("Going back to the start."),
    marked("The agent gets your prompt."),
    marked("before going back"),
    marked('Only an agent of kind "acp" can be prompted again; this task has none.'),
    marked("A prompt needs some text."),
    marked("The prompt has {count} characters; at most {most} are taken."),
    marked("Its agent has not ended a turn yet, so there is nowhere to prompt it."),
    marked("The agent is at its work; it can be prompted when it has ended its turn."),
    marked("The agent waits for your word on {what}; give that first."),
    marked("The project {path} is not open."),
    marked("Tasks of this project still run: {tasks}."),
    marked("The task has no forks, and is none."),
    marked("Kept: {task}. Others ended now: {count}; before: {before}. All commits stay."),
    marked("No ended task has a snapshot that old."),
    marked("Called off. Removed the snapshots of ended tasks: {done} of {count}."),
    marked("Removed the snapshots of ended tasks: {count}. Commits stay."),
    marked("No guest image was removed: each is gone, or needed by now."),
    marked("Removed guest images: {count}, {mib} MiB."),
    marked("Removed guest images: {count}, {mib} MiB. The others are gone, or needed by now."),
    marked("The guest image {name} is being built; nothing was removed."),
    marked("Try again when it is ready."),
    marked("The task has no checkpoint {ordinal}."),
    marked("The task has no checkpoint {ordinal}; there are: {ordinals}."),
    marked("The project is open read-only: {why}"),
    marked("Trusted: {file} of {path}, as it was shown."),
    marked("It was not trusted; nothing changed."),
    marked(
        "It is not trusted any more. Tasks that have a machine keep it until they next give it "
        "back; the others wait."
    ),
    marked("Images of agents may be set up from {hosts}."),
    marked("Images of agents may be set up from nowhere any more. Those that are built stay."),
    marked("No host was allowed for images of agents; nothing changed."),
    marked(
        "Where this computer gets packages is not what was shown any more; nothing is allowed. "
        "Look at it again: clawdesk images allow"
    ),
    marked("{path} is not changed, for it has a mistake: {mistake}. Mend it first."),
    marked("{path} is not changed: {why}."),
    marked("Your policy.toml is not changed: {why}. Write it into the file yourself: {lines}"),
    marked(
        "Your policy.toml is not changed: {why}. Remove the table {table} yourself; it begins on "
        "line {line}."
    ),
    marked("{model} is ready."),
    marked("{model} is unloaded."),
    marked("{model} is reserved."),
    marked("{model} may be unloaded again."),
    marked("{model} stays loaded until you unpin it."),
    marked("The reservation has ended."),
    marked("The budget counts from now on."),
    marked("The draft is too large to be kept."),
    marked("Answer before you close the window, or it is lost."),
)
"""What the plane answers to an act."""

PROJECTS = (
    marked("{path} does not exist."),
    marked("{path} is a file, not a folder."),
    marked("Choose a folder."),
    marked("{path} is not a Git repository."),
    marked("To make it one: git init {path}, then add and commit its files"),
    marked("{path} is a bare repository: it has no files to work on."),
    marked("Clone it and open the clone: git clone {path}"),
    marked("{path} has no commit yet, so there is nothing a task could start from."),
    marked('Make a first commit: git -C {path} add -A && git -C {same_path} commit -m "First"'),
    marked("{path} is a folder inside the repository {top}."),
    marked("Open {path} itself."),
    marked("{path} is not there any more: moved, deleted or unmounted."),
    marked("Bring it back to its place, or open it where it is now."),
    marked("{path} belongs to another user, who could have put settings into it that act on you."),
    marked("{path} was closed."),
    marked("Work there, or close it there first."),
    marked("another ClawDesk holds it"),
    marked("another ClawDesk holds it: process {process} of {who}"),
    marked("user {name} on {host}"),
    marked("its Git directory cannot be written (is its disk mounted read-only?)"),
    marked("Made the branch {branch}."),
    marked("{ref} was deleted by another program, and its commits are gone from {path}."),
    marked("If a backup has them, bring them back and try again; else submit it anew."),
    marked("{ref} was deleted by another program while its task went on; it was put back."),
    marked("Could not {doing}: the disk of {path} is full ({free} KiB free)."),
    marked("Free some space on that disk, then try again. Nothing was lost."),
    marked("The project has submodules: a task sees them as empty folders."),
    marked(
        "Some files pass through a filter (Git LFS?): a task sees what is stored in Git, and "
        "merges go to a branch of their own."
    ),
    marked("commit.gpgSign is on: commits made by a merge here are not signed yet."),
    marked("becomes executable"),
    marked("executable"),
    marked("no longer executable"),
    marked("a symbolic link: its text is where it points"),
    marked("long lines are cut"),
    marked("a line break at the end"),
    marked("no line break at the end any more"),
    marked("no content to show"),
    marked("binary, {before} → {after}"),
    marked("too large to show, {before} → {after}"),
    marked("not shown: the whole difference is over {count} lines"),
    marked("submodule {before} → {after}"),
)
"""What stands against opening, reading or merging a project."""

HOST_FILES = (
    marked("shell set-up"),
    marked("runs when you enter the folder or open a shell"),
    marked("Git hook"),
    marked("runs by itself at a commit, merge or push of yours"),
    marked("Git setting"),
    marked("Git obeys it in your copy"),
    marked("editor setting"),
    marked("your editor obeys it when it opens the folder"),
    marked("assistant setting"),
    marked("a coding assistant obeys it in your copy"),
    marked("CI setting"),
    marked("your CI service runs it after a push, with the secrets it has"),
    marked("ClawDesk setting"),
    marked("it is what later tasks do and what you are asked about"),
    marked("package script"),
    marked("runs when you install the project's packages"),
    marked("build file"),
    marked("runs when you build"),
    marked("container recipe"),
    marked("runs when you build or start the containers"),
    marked("test set-up"),
    marked("runs when you run the tests"),
    marked("tool setting"),
    marked("runs when you start that tool"),
    marked("program"),
    marked("is executable: it runs when you or a script starts it"),
)
"""What would run on the user's machine, and when."""

SHELLS = (
    marked("has no machine while it waits"),
    marked("has a machine that still starts: try again in a moment"),
    marked("has a machine that is being brought back: try again in a moment"),
    marked("takes a checkpoint: try again in a moment"),
    marked("stands still until you have answered"),
    marked("gives its machine back"),
    marked("has a machine that cannot be reached"),
    marked("has ended, and its machine is gone"),
)
"""Why there is no shell now, after a task's name."""

PARTS = (
    marked("The folder of machine files, {folder}, cannot be written; no machine can start."),
    marked("Make it a folder that you may write to, or name another one by CLAWDESK_DATA_DIR."),
    marked("none found"),
    marked("{name} did not answer."),
    marked("No machine can be started."),
    marked("Looking at, comparing and merging what was done. Tasks wait and run nowhere else."),
    marked("There is no screen in this session."),
    marked("`clawdesk run --headless` and all commands."),
    marked("ready at {address}"),
    marked("kvm, proven by booting a machine"),
    marked("Machines run under emulation, several times slower."),
    marked(
        "At a checkpoint machines may stand still for longer than they need to: the "
        "kernel keeps userfaultfd from ordinary accounts."
    ),
    marked("At a checkpoint machines may stand still for longer than they need to: {why}."),
    marked("{name} (emulation)"),
    marked("QEMU runs without privileges"),
    marked("QEMU runs with more rights than it needs: machines are not confined."),
    marked("guest image"),
    marked("machines"),
    marked("snapshots"),
    marked("confinement"),
    marked("models"),
    marked("host"),
    marked("disk"),
    marked("Machines have nothing to boot."),
    marked("not built"),
    marked("not running"),
    marked("libvirt does not open {uri}: {words}."),
    marked("libvirt does not answer at {uri}: {words}."),
    marked("{program} is not installed; machines cannot start without it."),
    marked("not installed"),
    marked("not set up (optional)"),
    marked("no engine"),
    marked("no answer"),
    marked("The Fabric did not answer"),
    marked("Tasks that call no model."),
    marked("Every request can be answered in ClawDesk."),
    marked("The catalog names no model."),
    marked("{count} CPUs, {size} GiB memory"),
    marked("{size} GiB free"),
    marked("{why}. Models run on the CPU."),
    marked("This GPU is simulated and computes nothing. Models run on the CPU."),
    marked("The Python package {name} is not installed."),
    marked("It did not answer within {seconds} s."),
    marked("the model service does not run"),
    marked("the model service refused: {why}"),
    marked("the model service cannot be reached: {why}"),
    marked("Nothing on this desktop shows notices."),
    marked("Notices need a notification server. Most desktops bring one, else install e.g. dunst."),
    marked("Notices are turned off."),
    marked("notifications"),
    marked("The OpenClaw gateway is not reachable: {why}."),
    marked("Look at the address ({address}), or start it: openclaw gateway start"),
    marked("The gateway does not know this ClawDesk yet."),
    marked("Where the gateway runs: openclaw devices approve {request}"),
    marked("The gateway is just starting."),
    marked("The gateway does not accept our token any more."),
    marked("it closed the connection"),
    marked("it does not answer in time"),
    marked("connecting"),
    marked("connected"),
    marked("not set up"),
    marked("pairing needed"),
    marked("refused"),
    marked("unreachable"),
    marked("waits"),
    marked("nobody there"),
    marked("delivered"),
    marked("seen"),
    marked("applied"),
    marked("to a chat"),
    marked("to the gateway's pages"),
    marked("The defaults are in force."),
    marked("The last rules without a mistake are in force."),
    marked("The rules read before stay in force."),
)
"""The parts of this machine: the doctor's findings, models, notices, channels, rules."""

MODELS = (
    marked("the budget of {project} is used up: {why}"),
    marked("{used} of {total} GPU-hours are used"),
    marked("{used} of {total} tokens are used"),
    marked("you raise the budget"),
    marked("the model is reserved for {project} now"),
    marked("the window ends"),
    marked("{model} is being loaded"),
    marked("{model} is being loaded: {what}"),
    marked("{model} is ready"),
    marked("{model} is being stopped and will start again"),
    marked("it is stopped"),
    marked("{model} was asked to unload"),
    marked("its calls in flight end"),
    marked("{model} makes room for {other}"),
    marked("{model} has been served"),
    marked("all {count} slots of {model} are in use"),
    marked("a call in flight ends"),
    marked("{model} failed and starts again in {seconds} s: {why}"),
    marked("{model} needs a GPU, and none can be used now"),
    marked("a GPU comes back"),
    marked("{model} needs {needed} MiB; other programs hold {others} MiB of GPU memory"),
    marked("{model} needs {needed} MiB; other programs hold {others} MiB"),
    marked("{model} needs {needed} MiB; other Fabrics of this machine promised {others} MiB"),
    marked("{gpu}, on which {model} ran, cannot be used: {why}"),
    marked("clawdesk-fabric load {model} starts it anew where there is room"),
    marked("{model} was removed from the list of models"),
    marked("other programs give memory back"),
    marked("{model} waits until {size} MiB are really free"),
    marked("the GPU shows it"),
    marked("{model} needs {needed} MiB; {used} of {total} MiB are in use by {holders}"),
    marked(
        "{model} needs {needed} MiB; {used} of {total} MiB of GPU memory are in use by {holders}"
    ),
    marked("{one} or {other}"),
    marked("{model} is no longer pinned"),
    marked("the leases of {model} are given back"),
    marked("{model} has served its turn"),
    marked("{model} leaves"),
    marked("GPU is lost: it does not answer its driver; restart this machine if it stays away"),
    marked("checking the model's files"),
    marked("starting the container"),
    marked("loading the model into memory"),
    marked("the container engine was not asked yet"),
    marked("Docker is not installed, and models run in its containers"),
    marked("no Docker engine answers at {address}"),
    marked("{model} was not ready after {seconds} s"),
    marked("{model} ended with exit code {code}"),
    marked("{model} ran out of memory: its limit is {size} MiB"),
    marked("{model} ran out of GPU memory: {size} MiB were set aside for it"),
    marked("the NVIDIA driver is not installed"),
    marked("the NVIDIA driver is not loaded"),
    marked(
        "the NVIDIA driver was updated, and the part that runs is still the old one; restart this "
        "machine"
    ),
    marked("no NVIDIA GPU: {why}"),
    marked("no NVIDIA GPU: the driver sees none"),
    marked("{model} needs the memory"),
    marked("asked to unload"),
    marked("{model} was unloaded"),
    marked("makes room for {model}"),
)
"""Why a model is not there yet, as the Fabric says it."""

TEMPLATES = (
    *PROMPTS,
    *WAITS,
    *ASKS,
    *ENDS,
    *MACHINES,
    *ANSWERS,
    *PROJECTS,
    *MERGES,
    *HOST_FILES,
    *SHELLS,
    *PARTS,
    *MODELS,
    *PEERS,
)
