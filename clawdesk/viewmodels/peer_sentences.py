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
    marked("{who} no longer lends anything to this machine: it revoked it"),
    marked("{who} answered with status {status}"),
    marked("{who} answered something that is no list of lent models"),
    marked("{who} answered something that is no JSON"),
    marked("{who} answered something that is no HTTP"),
    marked("what answers at {address} is not {who}: it shows another certificate"),
    marked("{who} did not answer at {address} within {seconds} s"),
    marked(
        "{who} closed the connection at {address}: it may have revoked this machine; if so, pair "
        "the two anew"
    ),
    marked("{who} does not answer at {address}: {error}"),
    marked("{peer} has asked nothing for {seconds} s"),
    marked("{peer} was not heard of yet since this Fabric began"),
    marked("the other machine"),
    marked("this is no invitation of a Fabric, or not the whole of it"),
    marked("this is this machine's own invitation"),
    marked("there is a peer {peer} already"),
    marked("the other machine refused: the invitation was used, is too old, or is not its latest"),
    marked("the other machine refused: the invitation has run out"),
    marked("the other machine answered the invitation wrongly, so it is not trusted"),
    marked("pairing was called off"),
    marked("{text} is no address"),
    marked("write HOST:PORT, such as 192.168.1.5:7000"),
    marked("{address} cannot be used: {error}"),
    marked("{name} cannot be the name of a peer"),
    marked("at most 32 small letters, digits, and . _ - between them"),
    marked("this Fabric does not listen for other machines, so none could come"),
    marked("{count} peers are the limit"),
    marked("this Fabric keeps nothing on disk, so it has no peers"),
    marked("{model} does not run on this machine, and only what runs here can be lent"),
    marked("the model service is of another version and tells of invitations otherwise"),
    marked("This machine listens for peers no longer."),
    marked("This machine listens for peers at {address}."),
    marked("A machine was invited as a peer."),
    marked("A machine was invited as peer {peer}."),
    marked("The invitation is withdrawn."),
    marked("Peer {peer} may use nothing of this machine."),
    marked("Peer {peer} may use {models}; calls at a time: {calls}."),
    marked("there is no peer {peer}; known: {known}"),
    marked("Peer {peer} is paired."),
    marked("Peer {peer} is paired: it followed an invitation of this machine."),
)
"""Who is away and why, who may borrow, what pairing meets, and what became of a peer."""
