"""The rows of the table of large providers; `providers` looks things up in it.

The servers are those of the providers' own help pages and of Mozilla's ISPDB.  A provider whose name for signing in
cannot be told from the address (iCloud with a domain of one's own) is not found by its MX: half an answer misleads.
"""

from dataclasses import dataclass
from typing import Final

from desktop.accounts.servers import POP_ONLY, Found, Server, Source
from desktop.store.accounts import Auth, Security

_ADDRESS: Final = "%EMAILADDRESS%"
_LOCAL_PART: Final = "%EMAILLOCALPART%"
_PASSWORD: Final = (Auth.PASSWORD,)
_OAUTH_OR_PASSWORD: Final = (Auth.OAUTH2, Auth.PASSWORD)
_OAUTH: Final = (Auth.OAUTH2,)
_TLS_PORTS: Final = frozenset({993, 465})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider: the domains of its addresses, the ends of its MX hosts, and the finding for any of its users."""

    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    found: Found


def _server(host: str, port: int, user: str, auth: tuple[Auth, ...]) -> Server:
    security = Security.TLS if port in _TLS_PORTS else Security.STARTTLS
    return Server(host=host, port=port, security=security, user=user, auth=auth)


def _provider(
    label: str,
    domains: str,
    imap: str,
    smtp: str,
    *,
    mx: str = "",
    imap_port: int = 993,
    smtp_port: int = 465,
    user: str = _ADDRESS,
    smtp_user: str = "",
    auth: tuple[Auth, ...] = _PASSWORD,
    oauth: str = "",
    page: str = "",
    todo: str = "",
    note: str = "",
    shared_copy_only: bool = False,
) -> Provider:
    """Return one row; `page` and `todo` are for providers that want a password of their own for programs."""
    found = Found(
        sources=(Source.TABLE,),
        label=label,
        incoming=_server(imap, imap_port, user, auth) if imap else None,
        outgoing=_server(smtp, smtp_port, smtp_user or user, auth),
        oauth_provider=oauth,
        app_password_page=page,
        app_password_note=todo,
        note=note,
        shared_copy_only=shared_copy_only,
    )
    return Provider(domains=tuple(domains.split()), mx=tuple(mx.split()), found=found)


_GOOGLE_PAGE: Final = "https://myaccount.google.com/apppasswords"
_GOOGLE_TODO: Final = (
    "Without Google's own sign-in page, an app password is needed: the account's password is refused. "
    "2-Step Verification has to be on."
)
_ZOHO_NOTE: Final = (
    "Switch IMAP on in Zoho Mail's settings first (www.zoho.com/mail/help/imap-access.html); with two-factor sign-in, "
    "use an app-specific password."
)
_GMX_NOTE: Final = (
    "Allow POP3 and IMAP once in the settings of GMX's web page; with two-factor sign-in, use an app-specific password."
)
_CODE_TODO: Final = (
    "Switch IMAP and SMTP on in the settings of the web page first; it gives out an authorization code, which is the "
    "password here."
)
_BRIDGE_NOTE: Final = (
    "Proton has no IMAP of its own: install Proton Mail Bridge (part of its paid plans), keep it running, and use the "
    "password it shows. Its certificate is its own: export it in Bridge, press “Change servers or certificate…” and "
    "choose that file there. If Bridge shows other ports, enter them there too."
)

PROVIDERS: Final[tuple[Provider, ...]] = (
    _provider(
        "Gmail",
        "gmail.com googlemail.com",
        "imap.gmail.com",
        "smtp.gmail.com",
        auth=_OAUTH_OR_PASSWORD,
        oauth="google",
        page=_GOOGLE_PAGE,
        todo=_GOOGLE_TODO,
    ),
    _provider(
        "Google Workspace",
        "",
        "imap.gmail.com",
        "smtp.gmail.com",
        mx="google.com googlemail.com",
        auth=_OAUTH_OR_PASSWORD,
        oauth="google",
        page=_GOOGLE_PAGE,
        todo=_GOOGLE_TODO,
        note="Your administrator may have to allow IMAP or this program first.",
    ),
    _provider(
        "Outlook.com",
        "outlook.com hotmail.com live.com msn.com windowslive.com passport.com"
        " outlook.at outlook.be outlook.cl outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu outlook.ie"
        " outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph outlook.pt outlook.sa outlook.sg"
        " outlook.sk outlook.co.id outlook.co.il outlook.co.th outlook.com.ar outlook.com.au outlook.com.br"
        " outlook.com.gr outlook.com.tr outlook.com.vn"
        " hotmail.be hotmail.ca hotmail.cl hotmail.cz hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr hotmail.gr"
        " hotmail.hu hotmail.it hotmail.lt hotmail.lv hotmail.my hotmail.nl hotmail.no hotmail.ph hotmail.rs hotmail.se"
        " hotmail.sg hotmail.sk hotmail.co.id hotmail.co.il hotmail.co.in hotmail.co.jp hotmail.co.kr hotmail.co.th"
        " hotmail.co.uk hotmail.co.za hotmail.com.ar hotmail.com.au hotmail.com.br hotmail.com.hk hotmail.com.tr"
        " hotmail.com.tw hotmail.com.vn"
        " live.at live.be live.ca live.cl live.cn live.de live.dk live.fi live.fr live.hk live.ie live.in live.it"
        " live.jp live.nl live.no live.ru live.se live.co.jp live.co.kr live.co.uk live.co.za live.com.ar live.com.au"
        " live.com.mx live.com.my live.com.ph live.com.pt live.com.sg livemail.tw",
        "outlook.office365.com",
        "smtp.office365.com",
        smtp_port=587,
        mx="olc.protection.outlook.com",
        auth=_OAUTH,
        oauth="microsoft",
        note="Microsoft takes no passwords from mail programs here: you sign in on its own page.",
        shared_copy_only=True,
    ),
    _provider(
        "Microsoft 365",
        "onmicrosoft.com office365.com",
        "outlook.office365.com",
        "smtp.office365.com",
        smtp_port=587,
        mx="mail.protection.outlook.com mx.microsoft",
        auth=_OAUTH,
        oauth="microsoft",
        note="Your administrator may have to allow IMAP, SMTP AUTH or this program first.",
        shared_copy_only=True,
    ),
    _provider(
        "Yahoo",
        "yahoo.com ymail.com rocketmail.com myyahoo.com yahoo.ca yahoo.de yahoo.it yahoo.fr yahoo.es yahoo.se yahoo.in"
        " yahoo.ie yahoo.gr yahoo.pl yahoo.ro yahoo.no yahoo.dk yahoo.co.in yahoo.co.uk yahoo.co.nz yahoo.com.au"
        " yahoo.com.ar yahoo.com.br yahoo.com.mx",
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        page="https://login.yahoo.com/account/security",
        todo="Yahoo takes no account password here: create an app password under Account Security.",
    ),
    _provider(
        "AOL",
        "aol.com aim.com netscape.net netscape.com compuserve.com cs.com wmconnect.com aol.de aol.it aol.fr aol.es"
        " aol.se aol.co.uk aol.co.nz aol.com.au aol.com.ar aol.com.br aol.com.mx",
        "imap.aol.com",
        "smtp.aol.com",
        page="https://login.aol.com/account/security",
        todo="AOL takes no account password here: create an app password under Account Security.",
    ),
    _provider(
        "iCloud",
        "icloud.com me.com mac.com",
        "imap.mail.me.com",
        "smtp.mail.me.com",
        smtp_port=587,
        user=_LOCAL_PART,
        smtp_user=_ADDRESS,
        page="https://account.apple.com/account/manage",
        todo="Apple takes no account password here: create an app-specific password (two-factor sign-in has to be on).",
        note="Use the main address of the mailbox; an alias cannot sign in.",
    ),
    _provider(
        "Fastmail",
        "fastmail.com fastmail.fm fastmail.net fastmail.org sent.com messagingengine.com",
        "imap.fastmail.com",
        "smtp.fastmail.com",
        mx="messagingengine.com",
        page="https://www.fastmail.com/help/clients/apppassword.html",
        todo="Fastmail takes no account password here: create an app password in its settings. Basic plans have none.",
    ),
    _provider(
        "GMX",
        "gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.biz gmx.org gmx.info mein.gmx mail.gmx email.gmx",
        "imap.gmx.net",
        "mail.gmx.net",
        mx="gmx.net",
        note=_GMX_NOTE,
    ),
    _provider(
        "GMX",
        "gmx.com gmx.us gmx.tm gmx.co.uk gmx.es gmx.fr gmx.ca gmx.cn gmx.co.in gmx.com.br gmx.com.my gmx.hk gmx.ie"
        " gmx.ph gmx.pt gmx.ru gmx.se gmx.sg gmx.tw gmx.com.tr gmx.it gmx.li",
        "imap.gmx.com",
        "mail.gmx.com",
        note=_GMX_NOTE,
    ),
    _provider(
        "mail.com",
        "mail.com email.com post.com usa.com consultant.com engineer.com europe.com london.com myself.com",
        "imap.mail.com",
        "smtp.mail.com",
        note="Allow POP3 and IMAP once in the settings of mail.com's web page.",
    ),
    _provider(
        "WEB.DE",
        "web.de",
        "imap.web.de",
        "smtp.web.de",
        user=_LOCAL_PART,
        note="Allow POP3 and IMAP once in the settings of WEB.DE's web page; with two-factor sign-in, use an"
        " app-specific password.",
    ),
    _provider(
        "mailbox.org",
        "mailbox.org",
        "imap.mailbox.org",
        "smtp.mailbox.org",
        mx="mailbox.org",
        note="With two-factor sign-in, create an application password in mailbox.org's settings and use that.",
    ),
    _provider(
        "Posteo",
        "posteo.de posteo.at posteo.be posteo.ca posteo.ch posteo.co posteo.co.uk posteo.com posteo.cz posteo.dk"
        " posteo.es posteo.eu posteo.fi posteo.gr posteo.hu posteo.ie posteo.is posteo.it posteo.jp posteo.li posteo.lu"
        " posteo.me posteo.mx posteo.net posteo.nl posteo.no posteo.nz posteo.org posteo.pl posteo.pt posteo.ro"
        " posteo.se posteo.si posteo.uk posteo.us",
        "posteo.de",
        "posteo.de",
    ),
    _provider(
        "T-Online",
        "t-online.de magenta.de",
        "secureimap.t-online.de",
        "securesmtp.t-online.de",
        page="https://www.telekom.de/hilfe/apps-dienste/e-mail/programme/passwort-verwalten",
        todo="Telekom wants its separate e-mail password here; the one for its web pages is refused.",
    ),
    _provider(
        "freenet",
        "freenet.de",
        "mx.freenet.de",
        "mx.freenet.de",
        note="Switch POP3, IMAP and SMTP on once in the settings of the freenet mailbox.",
    ),
    _provider(
        "Proton Mail",
        "proton.me protonmail.com protonmail.ch pm.me",
        "127.0.0.1",
        "127.0.0.1",
        imap_port=1143,
        smtp_port=1025,
        mx="protonmail.ch",
        page="https://proton.me/mail/bridge",
        todo="Bridge shows the password for mail programs; Proton's own is refused.",
        note=_BRIDGE_NOTE,
    ),
    _provider("Zoho Mail", "zoho.com zohomail.com", "imap.zoho.com", "smtp.zoho.com", note=_ZOHO_NOTE),
    _provider("Zoho Mail", "zohomail.eu zoho.eu", "imap.zoho.eu", "smtp.zoho.eu", note=_ZOHO_NOTE),
    _provider("Zoho Mail", "zohomail.in", "imap.zoho.in", "smtp.zoho.in", note=_ZOHO_NOTE),
    *(
        _provider(
            "Zoho Mail",
            "",
            f"imappro.{region}",
            f"smtppro.{region}",
            mx=region,
            note=_ZOHO_NOTE,
        )
        for region in ("zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp")
    ),
    _provider(
        "Yandex",
        "yandex.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru narod.ru",
        "imap.yandex.com",
        "smtp.yandex.com",
        mx="mx.yandex.net mx.yandex.ru",
        page="https://yandex.com/support/passport/authorization/app-passwords.html",
        todo="Allow IMAP in Yandex Mail's settings and create an app password there.",
    ),
    _provider(
        "Mail.ru",
        "mail.ru inbox.ru list.ru bk.ru internet.ru",
        "imap.mail.ru",
        "smtp.mail.ru",
        mx="mail.ru",
        page="https://account.mail.ru/user/2-step-auth/passwords",
        todo="Mail.ru takes no account password here: create a password for external applications.",
    ),
    _provider("Orange", "orange.fr wanadoo.fr", "imap.orange.fr", "smtp.orange.fr"),
    _provider("Free", "free.fr", "imap.free.fr", "smtp.free.fr", user=_LOCAL_PART),
    _provider("La Poste", "laposte.net", "imap.laposte.net", "smtp.laposte.net", user=_LOCAL_PART),
    _provider("SFR", "sfr.fr neuf.fr", "imap.sfr.fr", "smtp.sfr.fr"),
    _provider("Libero", "libero.it", "imapmail.libero.it", "smtp.libero.it"),
    _provider("Virgilio", "virgilio.it", "in.virgilio.it", "out.virgilio.it"),
    _provider("Aruba", "aruba.it", "imaps.aruba.it", "smtps.aruba.it"),
    _provider(
        "OVHcloud",
        "",
        "ssl0.ovh.net",
        "ssl0.ovh.net",
        mx="mx0.mail.ovh.net mx1.mail.ovh.net mx2.mail.ovh.net mx3.mail.ovh.net mx4.mail.ovh.net",
    ),
    *(
        _provider("IONOS", "", f"imap.ionos.{country}", f"smtp.ionos.{country}", mx=f"ionos.{country}")
        for country in ("de", "com", "co.uk", "fr", "es", "it")
    ),
    _provider(
        "1&1",
        "online.de onlinehome.de sofortstart.de sofort-start.de sofortsurf.de sofort-surf.de go4more.de",
        "imap.1und1.de",
        "smtp.1und1.de",
        mx="kundenserver.de schlund.de",
    ),
    _provider("STRATO", "strato.de", "imap.strato.de", "smtp.strato.de", mx="rzone.de"),
    _provider(
        "Infomaniak",
        "ik.me ikmail.com etik.com",
        "mail.infomaniak.com",
        "mail.infomaniak.com",
        mx="infomaniak.ch infomaniak.com",
    ),
    _provider("Bluewin", "bluewin.ch bluemail.ch", "imaps.bluewin.ch", "smtpauths.bluewin.ch"),
    _provider("Gandi", "", "mail.gandi.net", "mail.gandi.net", mx="mail.gandi.net"),
    _provider("Migadu", "", "imap.migadu.com", "smtp.migadu.com", mx="migadu.com"),
    _provider("Hostinger", "", "imap.hostinger.com", "smtp.hostinger.com", mx="hostinger.com"),
    _provider("Rackspace", "", "secure.emailsrvr.com", "secure.emailsrvr.com", mx="emailsrvr.com"),
    _provider("Seznam", "seznam.cz email.cz post.cz", "imap.seznam.cz", "smtp.seznam.cz"),
    _provider("WP", "wp.pl", "imap.wp.pl", "smtp.wp.pl", note="Allow mail programs once in WP's settings."),
    _provider(
        "Comcast Xfinity",
        "comcast.net",
        "imap.comcast.net",
        "smtp.comcast.net",
        note="Allow third-party access in Xfinity's email settings first"
        " (www.xfinity.com/support/articles/third-party-email-access).",
    ),
    _provider(
        "AT&T",
        "att.net ameritech.net bellsouth.net currently.com flash.net nvbell.net pacbell.net prodigy.net sbcglobal.net"
        " snet.net swbell.net wans.net",
        "imap.mail.att.net",
        "smtp.mail.att.net",
        page="https://www.att.com/support/article/email-support/KM1010523/",
        todo="AT&T takes no account password here: create a secure mail key in your AT&T profile.",
    ),
    _provider("Rediffmail", "rediffmail.com", "", "smtp.rediffmail.com", note=POP_ONLY),
    _provider(
        "QQ Mail",
        "qq.com foxmail.com",
        "imap.qq.com",
        "smtp.qq.com",
        page="https://mail.qq.com",
        todo=_CODE_TODO,
    ),
    *(
        _provider("NetEase", domain, f"imap.{domain}", f"smtp.{domain}", page=f"https://mail.{domain}", todo=_CODE_TODO)
        for domain in ("163.com", "126.com", "yeah.net")
    ),
)
