"""From an address to its mail servers: the table first, then the domain's own files and records, all at once.

What the table knows is answered without the network: quick, offline, and nothing leaves this machine.  The sources run
on threads of their own that nobody waits for once their time is over, so that a slow server costs no more than that.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from desktop.accounts import sources
from desktop.accounts.hostnames import ascii_domain
from desktop.accounts.providers import completed, found_in_table, without_imap
from desktop.accounts.reach import Connections, Reach, system_reach
from desktop.accounts.servers import Found, Look, LookState, Server, Source
from desktop.core.address import check_address
from desktop.core.errors import Malformed, Trouble, Unreachable
from desktop.store.accounts import Security

# In the order of their rank.
_ASKED: Final[tuple[tuple[Source, sources.Ask], ...]] = (
    (Source.AUTOCONFIG, sources.ask_own_server),
    (Source.AUTOCONFIG, sources.ask_well_known),
    (Source.ISPDB, sources.ask_ispdb),
    (Source.SRV, sources.ask_srv),
    (Source.MX, sources.ask_mx),
    (Source.AUTOCONFIG_HTTP, sources.ask_own_server_in_the_clear),
    (Source.AUTOCONFIG_HTTP, sources.ask_well_known_in_the_clear),
)
_RANK: Final = {source: rank for rank, source in enumerate(Source)}
# How long a set cancel flag may go unseen: it cannot be waited for together with the answers.
_GLANCE_S: Final = 0.05
# A step that ends by its own timeout says better what was waited for than one that is cut off.
_PATIENCE: Final = 0.9
_LATE: Final = "It did not answer in time."
_NOT_AWAITED: Final = "It was not waited for: a better source had answered."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: for one step of a source, for all of it, and for the lesser sources once a better one has spoken."""

    step_s: float = 5.0
    whole_s: float = 10.0
    grace_s: float = 1.0


def discover(
    address: str,
    *,
    on_progress: Callable[[Look], None],
    cancelled: threading.Event,
    beyond_table: bool = False,
    reach: Reach | None = None,
    limits: Limits | None = None,
) -> tuple[Found, ...]:
    """Return what is found about an address's servers, best first; raise Malformed where it is no address.

    Blocks, at most ten seconds: call it on a thread of its own.  An empty result means that nothing was found (or that
    `cancelled` was set): show the manual form.  `on_progress` is called on the calling thread; a source that is still
    running when the search ends without it is told of as failed.  `beyond_table` asks the network even where the table
    knows the domain.  Raises StoreTrouble where this machine's certificate authorities cannot be read.
    """
    address = check_address(address.strip())
    domain = _domain_of(address)
    in_table = _look_in_table(address, domain, on_progress)
    if "." not in domain or without_imap(domain) or (in_table and not beyond_table):
        return in_table
    search = _Search(address, domain, reach or system_reach(), limits or Limits(), on_progress)
    return _merged([*in_table, *search.run(cancelled)])


def guess(address: str) -> Found:
    """Return a prefill for the manual form, marked as a guess; raise Malformed.

    It is never tried, with or without the password, before the user says so: nobody vouches for these names.
    """
    address = check_address(address.strip())
    domain = _domain_of(address)
    return Found(
        sources=(Source.GUESS,),
        label=domain,
        incoming=Server(host=f"imap.{domain}", port=993, security=Security.TLS, user=address),
        outgoing=Server(host=f"smtp.{domain}", port=465, security=Security.TLS, user=address),
        must_confirm=True,
    )


def _domain_of(address: str) -> str:
    """Return the address's domain in its ASCII form; raise Malformed where it can be none."""
    try:
        domain = ascii_domain(address.rpartition("@")[2])
    except ValueError:
        domain = ""
    if not domain or domain.rpartition(".")[2].isdigit():
        raise Malformed("There can be no such domain.", "Look at the part of the address after the @.")
    return domain


def _look_in_table(address: str, domain: str, on_progress: Callable[[Look], None]) -> tuple[Found, ...]:
    found = found_in_table(address)
    if found is None:
        on_progress(Look(source=Source.TABLE, state=LookState.NOTHING, detail=without_imap(domain)))
        return ()
    on_progress(Look(source=Source.TABLE, state=LookState.FOUND, detail=f"{found.label} is known."))
    return (found,)


@dataclass(slots=True, kw_only=True)
class _Task:
    """One question to one source, on a thread of its own; `outcome` is None while it runs."""

    source: Source
    connections: Connections = field(default_factory=Connections)
    is_done: bool = False
    outcome: Found | Trouble | None = None


class _Search:
    """All questions about one address, put at once; lives as long as `run`."""

    def __init__(
        self, address: str, domain: str, reach: Reach, limits: Limits, on_progress: Callable[[Look], None]
    ) -> None:
        self._limits = limits
        self._on_progress = on_progress
        self._question = sources.Question(
            address=address, domain=domain, reach=reach, connections=Connections(), timeout_s=limits.step_s * _PATIENCE
        )
        self._tasks = [_Task(source=source) for source, _ask in _ASKED]
        self._answers: queue.SimpleQueue[tuple[_Task, Found | Trouble | None]] = queue.SimpleQueue()
        self._told: set[Source] = set()

    def run(self, cancelled: threading.Event) -> list[Found]:
        """Ask all sources and return what they found by the time that matters; cut off the rest."""
        started = time.monotonic()
        for source in dict.fromkeys(task.source for task in self._tasks):
            self._on_progress(Look(source=source, state=LookState.RUNNING))
        for task, (source, ask) in zip(self._tasks, _ASKED, strict=True):
            threading.Thread(target=self._ask, args=(task, ask), name=f"discover {source}", daemon=True).start()
        try:
            self._collect(started, cancelled)
        finally:
            for task in self._tasks:
                task.connections.cut()
        if cancelled.is_set():
            return []
        self._tell_of_the_late()
        return [task.outcome for task in self._tasks if isinstance(task.outcome, Found)]

    def _ask(self, task: _Task, ask: sources.Ask) -> None:
        """Put one question; runs on the task's thread."""
        try:
            outcome: Found | Trouble | None = ask(replace(self._question, connections=task.connections))
        except Trouble as trouble:
            outcome = trouble
        self._answers.put((task, outcome))

    def _collect(self, started: float, cancelled: threading.Event) -> None:
        settled_at: float | None = None
        while not cancelled.is_set() and not all(task.is_done for task in self._tasks):
            now = time.monotonic()
            if settled_at is None and self._is_settled():
                settled_at = now
            if now - started > self._limits.whole_s:
                return
            if settled_at is not None and now - settled_at > self._limits.grace_s:
                return
            if now - started > self._limits.step_s:
                self._cut_the_slow()
            try:
                task, outcome = self._answers.get(timeout=_GLANCE_S)
            except queue.Empty:
                continue
            if not task.is_done:
                self._settle(task, outcome)

    def _is_settled(self) -> bool:
        """Say whether something is found that no source still running could outrank."""
        found = [_RANK[task.source] for task in self._tasks if isinstance(task.outcome, Found)]
        running = [_RANK[task.source] for task in self._tasks if not task.is_done]
        return bool(found) and all(min(found) <= rank for rank in running)

    def _cut_the_slow(self) -> None:
        """Cut off what a step's timeout does not end (a server that trickles); MX has two steps, and is left alone."""
        for task in self._tasks:
            if not task.is_done and task.source is not Source.MX:
                task.connections.cut()
                self._settle(task, Unreachable(_LATE))

    def _settle(self, task: _Task, outcome: Found | Trouble | None) -> None:
        task.outcome, task.is_done = outcome, True
        self._tell(task.source)

    def _tell(self, source: Source) -> None:
        """Tell of a source at its first finding, else once all of its questions are answered."""
        tasks = [task for task in self._tasks if task.source is source]
        is_found = any(isinstance(task.outcome, Found) for task in tasks)
        if source in self._told or not (is_found or all(task.is_done for task in tasks)):
            return
        self._told.add(source)
        if is_found:
            self._on_progress(Look(source=source, state=LookState.FOUND))
        else:
            self._on_progress(_look_without(source, [task.outcome for task in tasks]))

    def _tell_of_the_late(self) -> None:
        detail = _NOT_AWAITED if self._is_settled() else _LATE
        for source in dict.fromkeys(task.source for task in self._tasks if not task.is_done):
            if source not in self._told:
                self._on_progress(Look(source=source, state=LookState.FAILED, detail=detail))


def _look_without(source: Source, outcomes: Sequence[Found | Trouble | None]) -> Look:
    """Return how a source ended that found nothing: unanswered is a failure, an unusable answer is nothing."""
    troubles = [each for each in outcomes if isinstance(each, Trouble)]
    failures = [each for each in troubles if not isinstance(each, Malformed)]
    state = LookState.FAILED if failures else LookState.NOTHING
    detail = next((each.sentence for each in (*failures, *troubles)), "")
    return Look(source=source, state=state, detail=detail)


def _merged(found: Sequence[Found]) -> tuple[Found, ...]:
    """Return findings, which stand by rank, with the same servers as one that names every source.

    It is the best source's finding: what that one need not have confirmed, a lesser one cannot make doubtful.
    """
    by_servers: dict[object, Found] = {}
    for each in found:
        key = tuple(
            None if server is None else (server.host, server.port, server.security)
            for server in (each.incoming, each.outgoing)
        )
        first = by_servers.get(key)
        if first is None:
            by_servers[key] = completed(each)
        else:
            by_servers[key] = replace(first, sources=tuple(dict.fromkeys((*first.sources, *each.sources))))
    return tuple(by_servers.values())
