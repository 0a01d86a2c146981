"""Scripted demonstrations on real machines: `python -m tests.stories.preemption` tells one."""
