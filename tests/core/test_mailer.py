"""Which mail client wrote a mail, named as its requests for pictures are named."""

import pytest

from desktop.core.agents import Family, read_agent
from desktop.core.mailer import mail_program

THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)"


def written_with(*fields: str) -> bytes:
    """Return a mail with further header fields."""
    return "".join(f"{field}\r\n" for field in ("From: a@example.test", *fields, "", "X-Mailer: Foxmail 7")).encode()


@pytest.mark.parametrize(
    ("field", "requested"),
    [
        ("User-Agent: Mozilla Thunderbird", THUNDERBIRD),
        ("user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Thunderbird/91.4.0", THUNDERBIRD),
        ("User-Agent: Betterbird (Windows)", THUNDERBIRD),
        ("X-Mailer: Apple Mail (2.3774.300.61.1.2)", APPLE_MAIL),
        ("X-Mailer: iPhone Mail (21E236)", APPLE_MAIL),
        ("X-Mailer: Microsoft Outlook 16.0", OUTLOOK),
        ("X-MAILER: =?utf-8?q?Microsoft_Outlook?= 16.0", OUTLOOK),
        ("User-Agent: Evolution 3.46.4-2", "Evolution/3.46"),
        ("User-Agent: KMail/5.22.3", "KMail/5.22"),
        ("X-Mailer: eM_Client/9.2.2093.0", "eMClient/9.2"),
    ],
)
def test_a_mail_client_has_the_name_its_requests_have(field: str, requested: str) -> None:
    """However a mail spells its program, the name is that of the agent which loads its pictures."""
    assert read_agent(requested).family is Family.MAIL_CLIENT
    assert mail_program(written_with(field)) == read_agent(requested).name != ""


@pytest.mark.parametrize(
    "field",
    [
        "User-Agent: Roundcube Webmail/1.6.5",
        "X-Mailer: WebService/1.1.21797 YMailNorrin",
        "User-Agent: SOGoMail 5.8",
        "X-Mailer: Open-Xchange Mailer v7.10",
        "User-Agent: Mutt/2.2.9",
        "User-Agent: NeoMutt/20220429",
        "X-Mailer: git-send-email 2.39",
        "X-Mailer: PHPMailer 6.5 (https://github.com/PHPMailer/PHPMailer)",
        "X-Mailer: swaks v20201014.0",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
        "X-Other: Mozilla Thunderbird",
        "User-Agent: not Mozilla Thunderbird",
        "User-Agent:",
        "Subject: none",
    ],
)
def test_webmail_programs_and_text_readers_have_none(field: str) -> None:
    """What shows no pictures, or shows them in a browser, names no mail client; nor does a mail without the fields."""
    assert mail_program(written_with(field)) == ""


def test_of_two_fields_the_one_that_names_a_client_counts() -> None:
    """A field of an add-on beside the program's own changes nothing."""
    assert mail_program(written_with("X-Mailer: Some Add-on 1.0", "User-Agent: Mozilla Thunderbird")) == "Thunderbird"
