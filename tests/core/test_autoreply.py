"""Signs of automatic answers, each with the mail of a person that looks like it."""

import pytest

from desktop.core.arrival import ArrivalKind
from desktop.core.autoreply import decide, read_signs
from desktop.core.skim import read_head

PERSON = "We take your offer.\n"
AWAY = "I am out of the office this week.\n"


def judged(header: str, text: str = PERSON) -> tuple[str, bool]:
    head, _ = read_head(("From: ada@firm.example\n" + header + "\n\n").encode())
    answer = decide(read_signs(head), head.words("subject"), text)
    return answer.kind.value, answer.is_away


@pytest.mark.parametrize(
    ("header", "text", "expected"),
    [
        ("Auto-Submitted: auto-replied", PERSON, ("auto_reply", False)),
        ("Auto-Submitted: AUTO-GENERATED (x)", AWAY, ("auto_reply", True)),
        ("Auto-Submitted: no", AWAY, ("mail", False)),
        ("Auto-Submitted: No; by hand\nReturn-Path: <>", AWAY, ("mail", False)),
        ("Auto-Submitted:", PERSON, ("mail", False)),
        ("Auto-Submitted: auto-replied (vacation)", PERSON, ("auto_reply", True)),
        ("X-Autoreply: yes", PERSON, ("auto_reply", False)),
        ("X-Autoreply: no", PERSON, ("mail", False)),
        ("X-Vacation: 1", PERSON, ("auto_reply", True)),
        ("X-POST-MessageClass: 9; Autoresponder", PERSON, ("auto_reply", False)),
        ("X-POST-MessageClass: 1", PERSON, ("mail", False)),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", PERSON, ("auto_reply", False)),
        ("X-MS-Exchange-Generated-Message-Source: Other", PERSON, ("mail", False)),
        ("Precedence: auto-reply", PERSON, ("auto_reply", False)),
        ("Precedence: bulk", PERSON, ("bulk", False)),
        ("Precedence: bulk", AWAY, ("auto_reply", True)),
        ("Precedence: junk\nSubject: Out of office: x", PERSON, ("auto_reply", True)),
        ("Precedence: normal", PERSON, ("mail", False)),
        ("List-Id: <a.example>", PERSON, ("bulk", False)),
        ("List-Id: <a.example>\nIn-Reply-To: <o@s>", PERSON, ("mail", False)),
        ("List-Id: <a.example>\nAuto-Submitted: auto-generated", PERSON, ("bulk", False)),
        ("List-Id: <a.example>\nAuto-Submitted: auto-replied\nIn-Reply-To: <o@s>", PERSON, ("auto_reply", False)),
        ("X-Auto-Response-Suppress: All", PERSON, ("auto_reply", False)),
        ("X-Auto-Response-Suppress: All", "Yes.\n\n> Our offer\n", ("mail", False)),
        ("X-Auto-Response-Suppress: All", "Out of office.\n\n> Our offer\n", ("auto_reply", True)),
        ("X-Auto-Response-Suppress: None", PERSON, ("mail", False)),
        ("X-Auto-Response-Suppress: OOF, AutoReply", PERSON, ("mail", False)),
        ("X-Auto-Response-Suppress: OOF, AutoReply", AWAY, ("auto_reply", True)),
        ("Return-Path: <>", PERSON, ("mail", False)),
        ("Return-Path: <>", AWAY, ("auto_reply", True)),
        ("Return-Path: <ada@firm.example>", AWAY, ("mail", False)),
        ("Subject: Out of office: x", PERSON, ("mail", False)),
        ("Subject: Out of office: x", AWAY, ("auto_reply", True)),
        ("Subject: Out of office: x", "This is an automatically generated answer.", ("auto_reply", True)),
        ("Subject: Out of office: x\nReturn-Path: <>", PERSON, ("auto_reply", True)),
        ("Subject: Re: Out of office: x", AWAY, ("mail", False)),
        ("Subject: Out of office party", AWAY, ("mail", False)),
        ("Subject: Out of office: x", "Ich bin im Urlaub.", ("mail", False)),
        ("Subject: Out of office: x\nUser-Agent: Mozilla Thunderbird", AWAY, ("mail", False)),
        ("Subject: Vacation: x\nX-Mailer: Microsoft Outlook 16.0", AWAY, ("auto_reply", True)),
        ("Auto-Submitted: auto-replied", "Ada has left the company. I am out of the office.", ("auto_reply", False)),
        ("Subject: Re: Offer", AWAY, ("mail", False)),
        ("Subject: Our plan: out of office: x", AWAY, ("mail", False)),
        ("Subject: Plan for automatic reply: x", AWAY, ("mail", False)),
        ("Subject: Automatic reply: x", AWAY, ("auto_reply", True)),
    ],
)
def test_each_sign_weighs_what_it_proves(header: str, text: str, expected: tuple[str, bool]) -> None:
    """A strong sign decides, a weak one needs a second, and what a person may write stays mail."""
    assert expected == judged(header, text)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Out of the office until Monday", "I am on annual leave."),
        ("Abwesenheitsnotiz: Angebot", "Ich bin nicht im Büro."),
        ("Absence du bureau", "Je suis en congés."),
        ("Fuera de la oficina: Oferta", "Estoy de vacaciones."),
        ("Fuori ufficio", "Sono in ferie."),
        ("Fora do escritório", "Estou de férias."),
        ("Afwezig: Aanbod", "Ik ben op vakantie."),
        ("Nieobecność w biurze", "Jestem na urlopie."),
        ("Frånvaro: Anbud", "Jag är på semester."),
        ("Ikke på kontoret", "Jeg holder ferie."),
        ("Fravær", "Jeg er ikke på kontoret."),
        ("Poissa toimistosta", "Olen lomalla."),
    ],
)
def test_an_away_subject_needs_words_of_its_language(subject: str, text: str) -> None:
    """In each language subject and words together are an automatic answer, and each alone is a person's mail."""
    assert judged(f"Subject: {subject}", text) == ("auto_reply", True)
    assert judged(f"Subject: {subject}", PERSON) == ("mail", False)
    assert judged(f"Subject: Re: {subject}", text) == ("mail", False)
    assert judged("Subject: Offer", text) == ("mail", False)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Subject: Offer", False),
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no\nSubject: Out of office", False),
        ("Auto-Submitted: auto-generated\nList-Id: <a>", False),
        ("Auto-Submitted: auto-replied\nList-Id: <a>\nReferences: <o@s>", True),
        ("Precedence: bulk", False),
        ("Precedence: bulk\nIn-Reply-To: <o@s>", True),
        ("Precedence: bulk\nSubject: Abwesend: x", True),
        ("Subject: Abwesend: x", True),
        ("X-Auto-Response-Suppress: All", True),
    ],
)
def test_a_body_is_asked_for_only_where_words_have_a_say(header: str, expected: bool) -> None:
    """Ordinary mail and mail for many need no body; weak signs and automatic answers do."""
    head, _ = read_head((header + "\n\n").encode())
    assert expected == read_signs(head).needs_body


def test_a_decision_names_what_decided() -> None:
    """The clues are the signs by name."""
    head, _ = read_head(b"Subject: Abwesend: x\nReturn-Path: <>\n\n")
    answer = decide(read_signs(head), "Abwesend: x", "")
    assert (answer.kind, answer.clues) == (ArrivalKind.AUTO_REPLY, ("subject:de", "return-path"))
