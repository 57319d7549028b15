"""The day of return: what absent people write in twelve languages, received on Wednesday, 29 April 2026."""

from datetime import date
from typing import Final

import pytest

from desktop.core.returning import return_date

RECEIVED_ON: Final = date(2026, 4, 29)
SENTENCES: Final = [
    ("I will be back in the office on Monday, 4 May 2026.", "2026-05-04"),
    ("I am back on May 4th.", "2026-05-04"),
    ("I'll return on 4 May", "2026-05-04"),
    ("I am out of the office until 3 May 2026 and will have no access", "2026-05-04"),
    ("I am out of the office until Monday, 4 May.", "2026-05-04"),
    ("I am out of the office until 5 May", None),
    ("I am on leave through May 8, 2026.", "2026-05-11"),
    ("out of office from 27 April to 5 May inclusive", "2026-05-06"),
    ("away from 27 April to 5 May", "2026-05-06"),
    ("I won't be back until 5 May.", "2026-05-05"),
    ("back on 05/06/2026", None),
    ("back on 25/05/2026", "2026-05-25"),
    ("back on 05/25/2026", "2026-05-25"),
    ("back on 06/06/2026", "2026-06-06"),
    ("Out from 25/05/2026 to 05/06/2026", "2026-06-08"),
    ("I'm back on 2026-05-04.", "2026-05-04"),
    ("I will be back on Monday.", "2026-05-04"),
    ("I will be back next Monday.", None),
    ("I will be back on Wednesday.", None),
    ("Back on Monday 5 May 2026", None),
    ("back 4 May 2099", None),
    ("back on 1 January 1970", None),
    ("I return on 4 May. I am back on 6 May.", None),
    ("Ich bin ab dem 4. Mai wieder für Sie da.", "2026-05-04"),
    ("Ich bin am 04.05.2026 wieder im Büro.", "2026-05-04"),
    ("Ich bin bis einschließlich 5. Mai nicht im Büro.", "2026-05-06"),
    ("Ich bin vom 27.04. bis 05.05.2026 im Urlaub.", "2026-05-06"),
    ("Ich bin ab dem 4. Mai im Urlaub.", None),
    ("Ich bin ab Montag wieder erreichbar.", "2026-05-04"),
    ("Ab Montag, den 4. Mai bin ich wieder da.", "2026-05-04"),
    ("Ich bin bis 05.05. nicht erreichbar", None),
    ("Wieder erreichbar bin ich ab 4.5.2026", "2026-05-04"),
    ("Je serai de retour le lundi 4 mai.", "2026-05-04"),
    ("Je suis absent jusqu'au 3 mai inclus.", "2026-05-04"),
    ("Je suis absente du 27 avril au 5 mai 2026.", "2026-05-06"),
    ("De retour au bureau le 04/05/2026", "2026-05-04"),
    ("Estaré de vuelta el lunes 4 de mayo de 2026.", "2026-05-04"),
    ("Estoy de vacaciones hasta el 5 de mayo inclusive", "2026-05-06"),
    ("Regreso el 4 de mayo", "2026-05-04"),
    ("Estaré fuera del 27 de abril al 5 de mayo.", "2026-05-06"),
    ("Sarò di nuovo in ufficio il 4 maggio 2026.", "2026-05-04"),
    ("Rientrerò lunedì 4 maggio", "2026-05-04"),
    ("Sono in ferie dal 27 aprile al 5 maggio", "2026-05-06"),
    ("Regresso ao escritório no dia 4 de maio.", "2026-05-04"),
    ("Estarei de volta em 04/05/2026", "2026-05-04"),
    ("Estou de férias de 27 de abril a 5 de maio", "2026-05-06"),
    ("Ik ben terug op maandag 4 mei.", "2026-05-04"),
    ("Ik ben afwezig t/m 5 mei 2026", "2026-05-06"),
    ("Ik ben vanaf 4 mei weer bereikbaar", "2026-05-04"),
    ("Ik ben op 04-05-2026 weer aanwezig.", "2026-05-04"),
    ("Wracam do biura 4 maja 2026.", "2026-05-04"),
    ("Jestem na urlopie od 27 kwietnia do 5 maja", "2026-05-06"),
    ("Będę dostępny od 4 maja", "2026-05-04"),
    ("Jag är tillbaka måndag den 4 maj.", "2026-05-04"),
    ("Jag är ledig t.o.m. 5 maj", "2026-05-06"),
    ("Åter på kontoret 2026-05-04", "2026-05-04"),
    ("Jeg er tilbage på kontoret den 4. maj 2026", "2026-05-04"),
    ("Jeg holder ferie til og med den 5. maj", "2026-05-06"),
    ("Jeg er tilbake på kontoret 4. mai", "2026-05-04"),
    ("Jeg har ferie fra 27. april til 5. mai", "2026-05-06"),
    ("Palaan töihin 4.5.2026", "2026-05-04"),
    ("Olen lomalla 3.5.2026 asti", "2026-05-04"),
    ("back at 4.30 pm on", None),
    ("back in 2 weeks", None),
    ("I'm back 3 May or 4 May", None),
    ("Our offer ends on 4 May. I am out of office.", None),
    ("I am out of office starting 4 May", None),
    ("on 4 May I will be back", "2026-05-04"),
    ("I will be out of the office 27 April - 5 May.", "2026-05-06"),
    ("I have been out since 20 April and return 4 May", "2026-05-04"),
    ("I am away from Monday 27 April until Friday 8 May, returning Monday 11 May.", "2026-05-11"),
    ("I am away until 8 May, returning Monday 11 May.", "2026-05-11"),
    ("I am away. My colleague Bo is back on 5 May.", None),
    ("Ich bin weg. Meine Kollegin ist ab dem 5. Mai wieder da.", None),
    ("Mi regreso está previsto para el 11 de mayo", "2026-05-11"),
    ("Il mio rientro è previsto per il 11/05/2026.", "2026-05-11"),
    ("I will be returning on Tuesday, May 5th. Call +44 20 7946 0018 on 30/04/2026.", "2026-05-05"),
    ("I'm OOO 4/27-5/1. Back 5/4.", None),
    ("Volveré a la oficina el próximo lunes", None),
    ("back at my desk 11th", None),
    ("I am on parental leave until January 2027.", None),
    ("Je serai de retour lundi", "2026-05-04"),
    ("Je serai de retour lundi prochain", None),
    ("Absent jusqu'au lundi 4 mai", None),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_a_sentence_states_its_day_or_none(text: str, expected: str | None) -> None:
    """A day beyond doubt is found, and a doubt is left open."""
    found = return_date("", text, received_on=RECEIVED_ON)
    assert expected == (None if found is None else found.isoformat())


@pytest.mark.parametrize(
    ("text", "received_on", "expected"),
    [
        ("back on 2 January", date(2026, 12, 20), date(2027, 1, 2)),
        ("back on 28 April", date(2026, 4, 29), None),
        ("back on 29 April", date(2026, 4, 29), date(2026, 4, 29)),
        ("back on 29 April 2027", date(2026, 4, 29), date(2027, 4, 29)),
        ("back on 30 April 2027", date(2026, 4, 29), None),
        ("back on 28 April 2026", date(2026, 4, 29), None),
        ("back on 31 June", date(2026, 4, 29), None),
        ("back on 29 February", date(2027, 12, 1), date(2028, 2, 29)),
        ("zurück am 4.5.26", date(2026, 4, 29), date(2026, 5, 4)),
    ],
)
def test_a_day_without_its_year_is_the_next_one(text: str, received_on: date, expected: date | None) -> None:
    """Half a year ahead at most without a year, a year with one, and never past."""
    assert expected == return_date("", text, received_on=received_on)


def test_the_subject_states_a_day_too() -> None:
    """A day in the subject counts, and one in the body that differs takes it back."""
    assert date(2026, 5, 4) == return_date("Out of office, back 4 May", "Sorry.", received_on=RECEIVED_ON)
    assert return_date("Out of office, back 4 May", "I am back on 6 May.", received_on=RECEIVED_ON) is None


def test_a_day_of_return_before_the_last_day_away_is_a_doubt() -> None:
    """Words that contradict each other state nothing, while words that fit do."""
    assert return_date("", "On leave through 8 May. Back on 5 May.", received_on=RECEIVED_ON) is None
    assert date(2026, 5, 11) == return_date("", "On leave through 8 May. Back on 11 May.", received_on=RECEIVED_ON)
