"""Notices in memory: what was shown, taken back, and a button a test can press."""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.ports.notices import Notice, NoticeSupport


class FakeNotices:
    def __init__(self) -> None:
        self.standing: dict[str, Notice] = {}
        self.told: list[tuple[str, str]] = []
        self.found = NoticeSupport("Scripted 1.0", acts=True)
        self.closed = False
        self._acted: Callable[[str, str], None] = lambda key, token: None

    async def support(self) -> NoticeSupport:
        return self.found

    async def show(self, notice: Notice) -> bool:
        self.standing[notice.key] = notice
        self.told.append(("show", notice.key))
        return True

    async def withdraw(self, key: str) -> None:
        if self.standing.pop(key, None) is not None:
            self.told.append(("withdraw", key))

    def listen(self, acted: Callable[[str, str], None]) -> None:
        self._acted = acted

    def press(self, key: str, token: str = "") -> None:
        self._acted(key, token)

    async def close(self) -> None:
        self.closed = True
