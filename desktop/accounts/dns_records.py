"""What DNS says about a domain's mail: SRV records (RFC 6186, RFC 8314) and MX.

DNS answers can be forged on the way.  Servers below the domain itself are safe all the same, as their certificates are
checked; others carry a mark to be confirmed by the user (RFC 6186 6).
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.SRV import SRV

from desktop.accounts.hostnames import checked_host, is_under
from desktop.accounts.servers import Found, Server, Source
from desktop.core.errors import Malformed, Unreachable
from desktop.store.accounts import Security

# RFC 6186 3 and RFC 8314 5.1; in the order of preference.
_INCOMING: Final = {"_imaps._tcp": Security.TLS, "_imap._tcp": Security.STARTTLS}
_OUTGOING: Final = {"_submissions._tcp": Security.TLS, "_submission._tcp": Security.STARTTLS}
_NO_ANSWER: Final = "The name servers do not answer."
_CHECK: Final = "Check your connection."


def found_by_srv(
    domain: str, address: str, resolver: dns.asyncresolver.Resolver | None, *, timeout_s: float
) -> Found | None:
    """Return the servers of a domain's SRV records, or None where it has none for outgoing mail.

    Raises Unreachable where no name server answers, and Malformed where only incoming servers are named.  The address
    is the user name (RFC 6186 4 tries it first).
    """
    answers = asyncio.run(_all_srv(domain, _running(resolver), timeout_s))
    outgoing = _best(_OUTGOING, answers, address)
    incoming = _best(_INCOMING, answers, address)
    if outgoing is None:
        if incoming is not None:
            raise Malformed("The domain's records name no server for outgoing mail.")
        return None
    hosts = [outgoing.host] if incoming is None else [outgoing.host, incoming.host]
    return Found(
        sources=(Source.SRV,),
        label=address.rpartition("@")[2],
        incoming=incoming,
        outgoing=outgoing,
        note="" if incoming is not None else "No server for incoming mail is named. Readback only sends here.",
        must_confirm=not all(is_under(host, domain) for host in hosts),
    )


async def _all_srv(domain: str, resolver: dns.asyncresolver.Resolver, timeout_s: float) -> dict[str, tuple[SRV, ...]]:
    services = [*_INCOMING, *_OUTGOING]
    asked = [_records(f"{service}.{domain}", "SRV", resolver, timeout_s) for service in services]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    failures = [each for each in answers if isinstance(each, BaseException)]
    for failure in failures:
        # One name server in front of four may drop a query; only where all are lost is nothing known.
        if not isinstance(failure, Unreachable) or len(failures) == len(answers):
            raise failure
    return {
        service: tuple(record for record in records if isinstance(record, SRV))
        for service, records in zip(services, answers, strict=True)
        if not isinstance(records, BaseException)
    }


def _best(services: Mapping[str, Security], answers: Mapping[str, tuple[SRV, ...]], user: str) -> Server | None:
    for service, security in services.items():
        # RFC 2782: the lowest priority; among equals the heaviest, where a client that sends much would draw lots.
        for record in sorted(answers.get(service, ()), key=lambda record: (record.priority, -record.weight)):
            host = None if record.target == dns.name.root else checked_host(record.target.to_text())
            if host is not None and record.port > 0:
                return Server(host=host, port=record.port, security=security, user=user)
    return None


def mx_hosts(domain: str, resolver: dns.asyncresolver.Resolver | None, *, timeout_s: float) -> tuple[str, ...]:
    """Return the hosts that take a domain's mail, the preferred first; empty where there are none.

    Raises Unreachable where no name server answers, and Malformed where the domain says that it takes no mail.
    """
    records = asyncio.run(_records(domain, "MX", _running(resolver), timeout_s))
    exchanges = sorted((each for each in records if isinstance(each, MX)), key=lambda each: each.preference)
    if [each.exchange for each in exchanges] == [dns.name.root]:  # RFC 7505
        raise Malformed("The domain says that it takes no mail.", "Check the address.")
    hosts = (checked_host(each.exchange.to_text()) for each in exchanges)
    return tuple(host for host in hosts if host is not None)


def _running(resolver: dns.asyncresolver.Resolver | None) -> dns.asyncresolver.Resolver:
    if resolver is None:
        raise Unreachable("This computer has no name server set up.", _CHECK)
    return resolver


async def _records(
    name: str, kind: str, resolver: dns.asyncresolver.Resolver, timeout_s: float
) -> tuple[dns.rdata.Rdata, ...]:
    """Return the records; empty where the name or the type does not exist; raise Unreachable for all else."""
    try:
        answer = await resolver.resolve(f"{name}.", kind, lifetime=timeout_s, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except dns.exception.Timeout as error:
        raise Unreachable("The name servers did not answer in time.", _CHECK) from error
    except (dns.exception.DNSException, OSError) as error:
        raise Unreachable(_NO_ANSWER, _CHECK) from error
    return tuple(answer)
