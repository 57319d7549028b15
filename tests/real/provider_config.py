"""What Postfix and Dovecot are told: one mail domain, everything on loopback, nothing outside a folder of its own.

Postfix delivers with virtual(8) instead of Dovecot's LMTP, because Dovecot 2.3 offers no SMTPUTF8 there.
Doors with a bad certificate, or with no TLS at all, are services of their own, so that no test restarts the provider.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.certificates import EXPIRED_IMAP_HOST, Certificates, Pair

DOMAIN: Final = "example.test"
GONE: Final = "gone"  # Postfix takes mail for this name and finds later that nobody is there
SIEVED: Final = ("frank", "greta")  # their mail is delivered by Dovecot, which runs ~/.dovecot.sieve
MAIL_UID: Final = 5000  # owns the maildirs; no account of that number is needed
WRONG_IMAP_HOST: Final = "127.0.0.6"
PLAIN_IMAP_HOST: Final = "127.0.0.7"  # Dovecot offers no STARTTLS there
# Local part as written → name of the maildir.
MAILBOXES: Final = {
    **{
        name: name
        for name in ("alice", "bob", "carol", "dave", "erin", "heidi", "ivy", "newcomer", "nora", "olga", *SIEVED)
    },
    "jürgen": "juergen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each service of the provider listens on 127.0.0.1 (Dovecot's IMAP also on the three bad addresses).

    At `submission_spoken` Postfix logs every word, and `inside` it takes mail from Dovecot without a sign-in.
    """

    submission: int
    submissions: int
    submission_expired: int
    submission_wrong_host: int
    submission_without_tls: int
    submission_spoken: int
    inside: int
    imap: int
    imaps: int
    lmtp: int
    policy: int


def _transports(ports: Ports) -> str:
    return ", ".join(f"{{ {name}@{DOMAIN} = lmtp:inet:127.0.0.1:{ports.lmtp} }}" for name in SIEVED)


def main_cf(root: Path, ports: Ports, certificates: Certificates) -> str:
    """Return Postfix's main.cf for the folder `root`."""
    postfix = root / "postfix"
    policy = f"check_policy_service {{ inet:127.0.0.1:{ports.policy}, default_action=DUNNO, timeout=60s }}"
    return f"""\
compatibility_level = 3.6
queue_directory = {postfix}/spool
data_directory = {postfix}/data
maillog_file = {root}/log/postfix.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.{DOMAIN}
mydomain = {DOMAIN}
mydestination =
mynetworks = 192.0.2.255/32
local_recipient_maps =
local_transport = error:no local accounts
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {root}/home
virtual_mailbox_maps = texthash:{postfix}/etc/mailboxes
virtual_uid_maps = static:{MAIL_UID}
virtual_gid_maps = static:{MAIL_UID}
default_transport = error:5.4.4 no route in the test world
transport_maps = inline:{{ {_transports(ports)} }}
virtual_alias_maps = inline:{{ {{ {GONE}@{DOMAIN} = nobody.here@{DOMAIN} }} }}
notify_classes =
smtpd_tls_cert_file = {certificates.good.chain}
smtpd_tls_key_file = {certificates.good.key}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_delay_reject = no
smtpd_sender_restrictions = {policy}
smtpd_recipient_restrictions = reject_unlisted_recipient, {policy}
smtpd_data_restrictions = {policy}
smtpd_end_of_data_restrictions = {policy}
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
message_size_limit = 10485760
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtputf8_enable = yes
"""


def _door(port: int, name: str, *options: str) -> str:
    head = f"127.0.0.1:{port} inet n - n - - smtpd\n  -o syslog_name=postfix/{name}\n"
    return head + "".join(f"  -o {option}\n" for option in options)


def _certificate(pair: Pair) -> tuple[str, str]:
    return f"smtpd_tls_cert_file={pair.chain}", f"smtpd_tls_key_file={pair.key}"


def master_cf(ports: Ports, certificates: Certificates) -> str:
    """Return Postfix's master.cf: the doors and the usual services behind them."""
    starttls = ("smtpd_tls_security_level=encrypt", "smtpd_sasl_auth_enable=yes")
    doors = (
        _door(ports.submission, "submission", *starttls),
        _door(ports.submissions, "submissions", "smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes"),
        _door(ports.submission_expired, "expired", *starttls, *_certificate(certificates.expired)),
        _door(ports.submission_wrong_host, "wrong-host", *starttls, *_certificate(certificates.wrong_host)),
        _door(
            ports.submission_without_tls,
            "without-tls",
            "smtpd_tls_security_level=none",
            "smtpd_tls_auth_only=no",
            "smtpd_sasl_auth_enable=yes",
        ),
        _door(ports.submission_spoken, "spoken", *starttls).replace(" smtpd\n", " smtpd -v\n"),
        _door(
            ports.inside,
            "inside",
            "mynetworks=127.0.0.0/8",
            "smtpd_relay_restrictions=permit_mynetworks,reject",
            "smtpd_sender_restrictions=",
            "smtpd_recipient_restrictions=reject_unlisted_recipient",
            "smtpd_data_restrictions=",
            "smtpd_end_of_data_restrictions=",
        ),
    )
    return "".join(doors) + _SERVICES


_SERVICES: Final = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def oauth2_conf(introspection_url: str) -> str:
    """Return how Dovecot asks a sign-in server whose a token is (RFC 7662)."""
    return f"""\
introspection_mode = post
introspection_url = {introspection_url}
active_attribute = active
active_value = true
username_attribute = username
username_format = %Lu
"""


def _token_passdb(root: Path) -> str:
    return f"""\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/dovecot/oauth2.conf
}}
"""


def dovecot_conf(root: Path, ports: Ports, certificates: Certificates, *, takes_tokens: bool = False) -> str:
    """Return Dovecot's configuration: IMAP, LMTP with Sieve, and the sign-in that Postfix asks for.

    With `takes_tokens` its folder holds an `oauth2.conf` besides.
    """
    dovecot = root / "dovecot"
    expired, wrong = certificates.expired, certificates.wrong_host
    return f"""\
base_dir = {dovecot}/run
state_dir = {dovecot}/state
instance_name = {root.name}
log_path = {root}/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1, {EXPIRED_IMAP_HOST}, {WRONG_IMAP_HOST}, {PLAIN_IMAP_HOST}
ssl = required
ssl_cert = <{certificates.good.chain}
ssl_key = <{certificates.good.key}
local {EXPIRED_IMAP_HOST} {{
  ssl_cert = <{expired.chain}
  ssl_key = <{expired.key}
}}
local {WRONG_IMAP_HOST} {{
  ssl_cert = <{wrong.chain}
  ssl_key = <{wrong.key}
}}
local {PLAIN_IMAP_HOST} {{
  ssl = no
}}
disable_plaintext_auth = yes
auth_mechanisms = plain login{" xoauth2 oauthbearer" if takes_tokens else ""}
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_uid = {MAIL_UID}
mail_gid = {MAIL_UID}
first_valid_uid = {MAIL_UID}
first_valid_gid = {MAIL_UID}
{_token_passdb(root) if takes_tokens else ""}\
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%Lu {root}/users
}}
userdb {{
  driver = static
  args = uid={MAIL_UID} gid={MAIL_UID} home={root}/home/%Ln allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {ports.lmtp}
  }}
}}
submission_host = 127.0.0.1:{ports.inside}
protocol lmtp {{
  mail_plugins = sieve
  postmaster_address = postmaster@{DOMAIN}
}}
plugin {{
  sieve = file:~/.dovecot.sieve
}}
service auth {{
  unix_listener {root}/postfix/spool/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol imap {{
  mail_max_userip_connections = 50
}}
"""
