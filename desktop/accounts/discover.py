"""From an address to its mail servers: the table first, then the domain's own files and records, all at once.

What the table knows is answered without the network: quick, offline, and nothing leaves this machine.
"""

import threading
from collections.abc import Callable

from desktop.accounts.providers import found_in_table
from desktop.accounts.servers import Found, Look, LookState, Server, Source
from desktop.core.address import check_address
from desktop.store.accounts import Security


def discover(
    address: str,
    *,
    on_progress: Callable[[Look], None],
    cancelled: threading.Event,
    beyond_table: bool = False,
) -> tuple[Found, ...]:
    """Return what is found about an address's servers, best first; raise Malformed where it is no address.

    Blocks at most ten seconds: call it on a thread of its own.  An empty result means that nothing was found (or
    `cancelled` was set): show the manual form.  `on_progress` is called on the calling thread.
    """
    found = found_in_table(check_address(address.strip()))
    if found is None:
        on_progress(Look(source=Source.TABLE, state=LookState.NOTHING))
        return ()
    on_progress(Look(source=Source.TABLE, state=LookState.FOUND, detail=found.label))
    return (found,)


def guess(address: str) -> Found:
    """Return a prefill for the manual form, marked as a guess: it is never tried before the user says so."""
    domain = check_address(address.strip()).rpartition("@")[2].lower()
    return Found(
        sources=(Source.GUESS,),
        label=domain,
        incoming=Server(host=f"imap.{domain}", port=993, security=Security.TLS, user=address.strip()),
        outgoing=Server(host=f"smtp.{domain}", port=465, security=Security.TLS, user=address.strip()),
        must_confirm=True,
    )
