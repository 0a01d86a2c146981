"""Requests on a chat channel: what is shown there, when it is shown again, which answer counts.

`book` is the pure core (events in, effects out), `rhythm` the times, `words` the texts. Truth lies
in Git: the book can be thrown away at any moment and is made anew from what waits there and what
stands on the channel's gateway.
"""
