"""The variables that a step or a person's shell finds. They hold no secret of this program."""


def of_step(name: str, more: dict[str, str], relay_port: int, proxy_port: int) -> dict[str, str]:
    """All of them, those the host adds included.

    Args:
        name: of the step, "" for a person's shell.
        more: what the host adds; it outranks ours.
        relay_port: where model calls go.
        proxy_port: the way out, named only where the machine has one.
    """
    env = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONUNBUFFERED": "1",  # a step's output is shown while it runs
        "OPENAI_BASE_URL": f"http://127.0.0.1:{relay_port}/v1",
        "OPENAI_API_KEY": "clawdesk",
        "CLAWDESK_STEP": name,
        **more,
    }
    if "CLAWDESK_NETWORK" in env:
        env.update(_way_out(proxy_port))
    return env


def _way_out(port: int) -> dict[str, str]:
    """What programs go by to find a proxy. Without network none is named: they fail at once."""
    proxy = f"http://127.0.0.1:{port}"
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
    local = "127.0.0.1,localhost"
    return {**dict.fromkeys(names, proxy), "no_proxy": local, "NO_PROXY": local}
