"""Who runs, who is asked to leave, and why everybody else waits (docs/adr/0012-scheduling.md).

`plan` decides, `explain` tells one task's wait in numbers from the same parts, `Index` keeps what
both need up to date at a cost that does not grow with the queue.
"""

from clawdesk.domain.scheduling.index import Index, index_of
from clawdesk.domain.scheduling.plan import Plan, Yield, explain, plan
from clawdesk.domain.scheduling.pressure import may_park
from clawdesk.domain.scheduling.resources import Need, holds_machine, in_use, need_of
from clawdesk.domain.scheduling.scores import Score, score_of

__all__ = [
    "Index",
    "Need",
    "Plan",
    "Score",
    "Yield",
    "explain",
    "holds_machine",
    "in_use",
    "index_of",
    "may_park",
    "need_of",
    "plan",
    "score_of",
]
