"""What the plane and the Fabric say of other machines, as templates: see `plane_sentences`."""

from __future__ import annotations

from clawdesk.viewmodels.language import marked

PEERS = (
    marked("peer {peer} is away, last seen {time} ago"),
    marked("peer {peer} is away, not seen since the Fabric began"),
    marked("peer {peer} is back"),
    marked("Peer {peer} is revoked: nothing is lent to it or borrowed of it any more."),
    marked("Peer {peer} is not revoked: {why}"),
    marked(
        'The model {model} is on another machine, and [peers] use in your own {file} is "never".'
    ),
    marked('The model {model} is on another machine, and [peers] use in {file} is "never".'),
    marked('Say "trusted" there, or name a model of this machine.'),
    marked(
        'Say "trusted" there, where your own {file} allows it, or name a model of this machine.'
    ),
    marked("No peer called {peer} is paired with this machine. See: clawdesk-fabric peers list."),
    marked("Peer {peer} lends no {model}; it lends: {models}."),
    marked("Peer {peer} is away, last seen {time} ago."),
    marked("Peer {peer} is away, not seen since the Fabric began."),
    marked("{peer} no longer lends anything to this machine: it revoked it"),
    marked("{peer} answered with status {status}"),
    marked("{peer} answered something that is no list of lent models"),
    marked("{peer} answered something that is no JSON"),
    marked("{peer} answered something that is no HTTP"),
    marked("what answers at {address} is not {peer}: it shows another certificate"),
    marked("{peer} did not answer at {address} within {seconds} s"),
    marked(
        "{peer} closed the connection at {address}: it may have revoked this machine; if so, pair "
        "the two anew"
    ),
    marked("{peer} does not answer at {address}: {error}"),
    marked("{peer} has asked nothing for {seconds} s"),
    marked("{peer} was not heard of yet since this Fabric began"),
)
"""Who is away and why, who may borrow, and what became of a peer."""
