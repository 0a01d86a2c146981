"""Runs a command of a fresh clone on a small system of another release: `try_on.py trixie`.

As root, with mmdebstrap. The system lies in the cache, with no more than Git, make and Python; it
is made once and kept with what a run installs. Mounts are this command's own and end with it.
Kernel, network and processes are this machine's, so systemd and AppArmor are not tried.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "somebody"
_PACKAGES = "apt,ca-certificates,git,make,python3"
_OWN_ENGINE = "docker.io rootlesskit uidmap"
_SETTINGS = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
)
_GIT = ("git", "-c", "safe.directory=*")  # the clone may be the account's
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
# A root of its own, not a chroot: in a chroot the kernel lets nobody make user namespaces.
_ENTER = """\
set -e
mount --make-rprivate /
mount --bind {root} {root}
cd {root}
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
pivot_root . .before
umount -l /.before
exec sh -c {command}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", help="bookworm, trixie, noble, ...")
    parser.add_argument("--mirror", action="append", default=[], help='"deb ADDRESS SUITE PARTS"')
    parser.add_argument(
        "--account", action="store_true", help="as an ordinary account, not as root"
    )
    parser.add_argument("--run", default="make demo", help="in the clone (default: make demo)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("Only root can make a system. Next: sudo " + " ".join(sys.argv), file=sys.stderr)
        return 5
    root = system(options.suite, options.mirror)
    home = Path("/home", ACCOUNT) if options.account else Path("/root")
    renew(root, home)
    if options.account:
        prepare(root, home)
    return enter(root, home, options.run, ACCOUNT if options.account else "")


def system(suite: str, mirrors: list[str]) -> Path:
    """The folder of that release's system, made now if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "clawdesk/systems")
    root = cache / suite
    if not root.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = cache / f".{suite}.part"
        shutil.rmtree(part, ignore_errors=True)
        wanted = ["--variant=minbase", "--components=main,universe", f"--include={_PACKAGES}"]
        subprocess.run(["mmdebstrap", *wanted, suite, str(part), *mirrors], check=True)
        part.rename(root)
    return root


def renew(root: Path, home: Path) -> None:
    """A clone of what is committed here, and what this machine needs to reach the network."""
    (root / ".before").mkdir(exist_ok=True)
    for path in map(Path, _SETTINGS):
        if path.exists():
            shutil.copy(path, root / path.relative_to("/"))
    own = Path.home() / ".config/pip/pip.conf"
    inside = root / home.relative_to("/")
    if own.exists():
        (inside / ".config/pip").mkdir(parents=True, exist_ok=True)
        shutil.copy(own, inside / ".config/pip")
    clone = inside / "clawdesk"
    if clone.exists():
        subprocess.run([*_GIT, "-C", str(clone), "pull", "--quiet", str(ROOT)], check=True)
    else:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)


def prepare(root: Path, home: Path) -> None:
    """An ordinary account, and what only root can install for it."""
    made = f"id {ACCOUNT} >/dev/null 2>&1 || useradd -m -s /bin/bash {ACCOUNT}"
    install = f"apt-get install -qq -y --no-install-recommends {_OWN_ENGINE}"
    steps = f"{made}; chown -R {ACCOUNT}: {home}; apt-get update -qq && {install}"
    folder = f"install -d -m 700 -o {ACCOUNT} /run/user/$(id -u {ACCOUNT})"
    code = enter(root, home, f"{steps} && python3 packaging/setup.py --only system && {folder}", "")
    if code:
        raise SystemExit(code)


def enter(root: Path, home: Path, command: str, account: str) -> int:
    """Run the command in the clone, with that system as the root; its exit code."""
    words = [f"{name}=/etc/ssl/certs/ca-certificates.crt" for name in _CERTIFICATES]
    words += [f"HOME={home}", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
    words += ["PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"]
    clean = "env -i " + shlex.join(words)
    if account:
        become = f"setpriv --reuid {account} --regid {account} --init-groups --inh-caps=-all"
        clean = f"{become} {clean} USER={account} XDG_RUNTIME_DIR=/run/user/$(id -u {account})"
    inside = f"cd {home}/clawdesk && exec {clean} sh -c {shlex.quote(command)}"
    script = _ENTER.format(root=shlex.quote(str(root)), command=shlex.quote(inside))
    return subprocess.run(["unshare", "--mount", "bash", "-c", script], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
