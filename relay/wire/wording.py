"""What a person is shown when they are asked, word for word: the relay's page shows it, both sides hash it.

The text follows from the claims alone, so that the desktop knows what its recipient read without asking the relay.  It
is a part of the wire: another word is another hash, and answers to questions already sent would no longer count.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose

_SENDER: Final = "{sender}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One box: what it allows, in the person's own voice, and how that is seen."""

    purpose: Purpose
    label: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that the page says to someone who is asked, top to bottom."""

    title: str
    why: str
    asked: str
    invitation: str
    choices: tuple[Choice, ...]
    yes: str
    no: str
    meaning: str
    notes: tuple[str, ...]


def question_of(claims: Claims) -> Question:
    """Return the question in the claims' language, with the sender's name and the purposes offered, in fixed order."""
    wording = _WORDINGS[claims.language]

    def named(text: str) -> str:
        return text.replace(_SENDER, claims.sender)

    return replace(
        wording,
        title=named(wording.title),
        why=named(wording.why),
        asked=named(wording.asked),
        choices=tuple(choice for choice in wording.choices if choice.purpose in claims.purposes),
        notes=tuple(named(note) for note in wording.notes),
    )


def asked_text(claims: Claims) -> str:
    """Return the whole text that the page shows, line by line, as it is kept beside an agreement."""
    question = question_of(claims)
    boxes = [line for choice in question.choices for line in (f"[ ] {choice.label}", choice.hint)]
    before = [question.title, question.why, question.asked, question.invitation]
    after = [f"[{question.yes}] [{question.no}]", question.meaning, *question.notes]
    return "\n".join([*before, *boxes, *after])


def wording_hash(text: str) -> bytes:
    """Return the 32 octets of SHA-256 by which a wording is known."""
    return hashlib.sha256(text.encode()).digest()


def label_of(purpose: Purpose, language: Language) -> str:
    """Return what a box of the question says."""
    return next(choice.label for choice in _WORDINGS[language].choices if choice.purpose is purpose)


def _choices(*texts: tuple[Purpose, str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(purpose=purpose, label=label, hint=hint) for purpose, label, hint in texts)


_ENGLISH: Final = Question(
    title="A question from {sender}",
    why=(
        "{sender} would like to see what becomes of mail to you, so as to follow up at a good time and not to chase "
        "you needlessly. Nothing is recorded unless you say yes."
    ),
    asked="What may {sender} see?",
    invitation="Tick only what you allow. Nothing is ticked for you.",
    choices=_choices(
        (
            Purpose.OPENS,
            "When I open a mail from this sender",
            "A small picture is loaded from this server when the mail is opened.",
        ),
        (
            Purpose.CLICKS,
            "When I use a link in it",
            "The links in the mail lead to their destination by way of this server.",
        ),
        (
            Purpose.READING,
            "About how long I read it",
            (
                "At least how many minutes lay between opening a mail and using a link in it. This is possible only if "
                "you allow both: opening and links."
            ),
        ),
        (
            Purpose.PLACE,
            "Roughly where I am and on what device",
            (
                "The country or region, judged by the shortened network address, and the kind of device and program. "
                "This is possible only together with opening or links."
            ),
        ),
    ),
    yes="Yes, allow what I ticked",
    no="No, and do not ask again",
    meaning="What this means",
    notes=(
        "Your answer holds for mail from {sender} to you. {sender} is told what you chose, and when.",
        (
            "You can change your mind at any time: every mail that is recorded has a link that stops it, for the mail "
            "you already have too. The links in it go on working."
        ),
        "If you say no, nothing is recorded, and the program does not ask you again of its own accord.",
        (
            "What is recorded is the time, your network, shortened so that it is not your own address, and what the "
            "mail program or browser says of itself. It is sealed so that only the sender can read it. This server "
            "learns neither your mail address nor the subject, and does not keep the sender’s name."
        ),
        (
            "What the sender’s program has not fetched is deleted here after 14 days; your answer waits for a year at "
            "most. The sender’s program keeps the details for a year, or for another time of at most two years that "
            "the sender sets."
        ),
        (
            "If your mail program or browser sends “Global Privacy Control” or “Do Not Track”, nothing is recorded, "
            "even after a yes."
        ),
        "The name is as the sender gave it; this server has not checked it.",
    ),
)

_GERMAN: Final = Question(
    title="Eine Frage von {sender}",
    why=(
        "{sender} möchte sehen, was aus E-Mails an Sie wird, um zu einem guten Zeitpunkt nachzufragen und Sie nicht "
        "unnötig zu behelligen. Es wird nichts aufgezeichnet, solange Sie nicht Ja sagen."
    ),
    asked="Was darf {sender} sehen?",
    invitation="Bitte kreuzen Sie nur an, was Sie erlauben. Von vornherein ist nichts angekreuzt.",
    choices=_choices(
        (
            Purpose.OPENS,
            "Wann ich eine E-Mail von diesem Absender öffne",
            "Beim Öffnen der E-Mail wird ein kleines Bild von diesem Server geladen.",
        ),
        (
            Purpose.CLICKS,
            "Wann ich einen Link darin benutze",
            "Die Links in der E-Mail führen über diesen Server zu ihrem Ziel.",
        ),
        (
            Purpose.READING,
            "Etwa wie lange ich sie lese",
            (
                "Wie viele Minuten mindestens zwischen dem Öffnen einer E-Mail und dem Benutzen eines Links darin "
                "lagen. Das ist nur möglich, wenn Sie beides erlauben: Öffnen und Links."
            ),
        ),
        (
            Purpose.PLACE,
            "Ungefähr wo und mit welchem Gerät",
            (
                "Land oder Region, geschätzt nach der gekürzten Netzwerkadresse, sowie die Art des Geräts und des "
                "Programms. Das ist nur zusammen mit Öffnen oder Links möglich."
            ),
        ),
    ),
    yes="Ja, Angekreuztes erlauben",
    no="Nein, und nicht wieder fragen",
    meaning="Was das bedeutet",
    notes=(
        "Ihre Antwort gilt für E-Mails von {sender} an Sie. {sender} erfährt, was Sie gewählt haben und wann.",
        (
            "Sie können Ihre Meinung jederzeit ändern: In jeder E-Mail, bei der etwas aufgezeichnet wird, steht ein "
            "Link, der das beendet, auch für E-Mails, die Sie schon haben. Die Links darin funktionieren weiter."
        ),
        "Wenn Sie Nein sagen, wird nichts aufgezeichnet, und das Programm fragt Sie nicht von sich aus noch einmal.",
        (
            "Aufgezeichnet werden die Uhrzeit, Ihr Netzwerk, so gekürzt, dass es nicht Ihre eigene Adresse ist, und "
            "was das Mailprogramm oder der Browser über sich angibt. Das wird so versiegelt, dass nur der Absender es "
            "lesen kann. Dieser Server erfährt weder Ihre E-Mail-Adresse noch den Betreff und speichert den Namen des "
            "Absenders nicht."
        ),
        (
            "Was das Programm des Absenders nicht abgeholt hat, wird hier nach 14 Tagen gelöscht; Ihre Antwort wartet "
            "höchstens ein Jahr. Das Programm des Absenders behält die Einzelheiten ein Jahr lang oder so lange, wie "
            "der Absender es einstellt, höchstens zwei Jahre."
        ),
        (
            "Wenn Ihr Mailprogramm oder Ihr Browser „Global Privacy Control“ oder „Do Not Track“ sendet, wird nichts "
            "aufgezeichnet, auch nicht nach einem Ja."
        ),
        "Der Name ist so, wie der Absender ihn angegeben hat; dieser Server hat ihn nicht geprüft.",
    ),
)

_FRENCH: Final = Question(
    title="{sender} vous pose une question",
    why=(
        "{sender} aimerait savoir ce que deviennent les e-mails qui vous sont adressés, afin de vous relancer au bon "
        "moment et de ne pas vous déranger inutilement. Rien n’est enregistré si vous ne dites pas oui."
    ),
    asked="Que peut voir {sender}\u00a0?",
    invitation="Ne cochez que ce que vous autorisez. Rien n’est coché d’avance.",
    choices=_choices(
        (
            Purpose.OPENS,
            "Quand j’ouvre un e-mail de cet expéditeur",
            "À l’ouverture de l’e-mail, une petite image est chargée depuis ce serveur.",
        ),
        (
            Purpose.CLICKS,
            "Quand j’utilise un lien qu’il contient",
            "Les liens de l’e-mail passent par ce serveur avant d’arriver à leur destination.",
        ),
        (
            Purpose.READING,
            "Combien de temps environ je le lis",
            (
                "Combien de minutes au moins se sont écoulées entre l’ouverture d’un e-mail et l’utilisation d’un lien "
                "qu’il contient. Ce n’est possible que si vous autorisez les deux\u00a0: l’ouverture et les liens."
            ),
        ),
        (
            Purpose.PLACE,
            "À peu près où je suis et sur quel appareil",
            (
                "Le pays ou la région, estimés d’après l’adresse réseau abrégée, et le type d’appareil et de logiciel. "
                "Ce n’est possible qu’avec l’ouverture ou les liens."
            ),
        ),
    ),
    yes="Oui, autoriser ce que j’ai coché",
    no="Non, et ne plus me le demander",
    meaning="Ce que cela signifie",
    notes=(
        (
            "Votre réponse vaut pour les e-mails que vous envoie {sender}. {sender} apprend ce que vous avez choisi, "
            "et quand."
        ),
        (
            "Vous pouvez changer d’avis à tout moment\u00a0: chaque e-mail concerné contient un lien qui met fin à "
            "l’enregistrement, y compris pour les e-mails que vous avez déjà reçus. Les liens continuent de "
            "fonctionner."
        ),
        "Si vous dites non, rien n’est enregistré et le logiciel ne vous le redemande pas de lui-même.",
        (
            "Sont enregistrés l’heure, votre réseau, abrégé de sorte que ce ne soit pas votre propre adresse, et ce "
            "que le logiciel de messagerie ou le navigateur indique sur lui-même. Le tout est scellé de sorte que seul "
            "l’expéditeur puisse le lire. Ce serveur n’apprend ni votre adresse e-mail ni l’objet, et ne conserve pas "
            "le nom de l’expéditeur."
        ),
        (
            "Ce que le logiciel de l’expéditeur n’a pas récupéré est supprimé ici au bout de 14 jours\u00a0; votre "
            "réponse attend un an au plus. Le logiciel de l’expéditeur conserve les détails pendant un an, ou pendant "
            "une autre durée fixée par l’expéditeur, de deux ans au plus."
        ),
        (
            "Si votre logiciel de messagerie ou votre navigateur envoie «\u00a0Global Privacy Control\u00a0» ou "
            "«\u00a0Do Not Track\u00a0», rien n’est enregistré, même après un oui."
        ),
        "Le nom est celui que l’expéditeur a indiqué\u00a0; ce serveur ne l’a pas vérifié.",
    ),
)

_SPANISH: Final = Question(
    title="{sender} le hace una pregunta",
    why=(
        "A {sender} le gustaría saber qué ocurre con los correos que le envía, para escribirle de nuevo en un buen "
        "momento y no molestarle sin necesidad. No se registra nada si usted no dice que sí."
    ),
    asked="¿Qué puede ver {sender}?",
    invitation="Marque solo lo que autoriza. No hay nada marcado de antemano.",
    choices=_choices(
        (
            Purpose.OPENS,
            "Cuándo abro un correo de este remitente",
            "Al abrir el correo se carga una pequeña imagen desde este servidor.",
        ),
        (
            Purpose.CLICKS,
            "Cuándo uso un enlace que contiene",
            "Los enlaces del correo pasan por este servidor antes de llegar a su destino.",
        ),
        (
            Purpose.READING,
            "Cuánto tiempo lo leo, aproximadamente",
            (
                "Cuántos minutos pasaron, como mínimo, entre abrir un correo y usar un enlace que contiene. Solo es "
                "posible si autoriza ambas cosas: la apertura y los enlaces."
            ),
        ),
        (
            Purpose.PLACE,
            "Dónde estoy, aproximadamente, y con qué dispositivo",
            (
                "El país o la región, estimados a partir de la dirección de red abreviada, y el tipo de dispositivo y "
                "de programa. Solo es posible junto con la apertura o los enlaces."
            ),
        ),
    ),
    yes="Sí, autorizar lo que he marcado",
    no="No, y no volver a preguntarme",
    meaning="Qué significa esto",
    notes=(
        (
            "Su respuesta vale para los correos que {sender} le envía. A {sender} se le comunica qué ha elegido usted "
            "y cuándo."
        ),
        (
            "Puede cambiar de opinión en cualquier momento: cada correo del que se registra algo contiene un enlace "
            "para detenerlo, también para los correos que ya tiene. Los enlaces siguen funcionando."
        ),
        "Si dice que no, no se registra nada y el programa no vuelve a preguntarle por iniciativa propia.",
        (
            "Se registran la hora, su red, abreviada de modo que no sea su propia dirección, y lo que el programa de "
            "correo o el navegador indica sobre sí mismo. Todo ello se sella para que solo el remitente pueda leerlo. "
            "Este servidor no llega a conocer su dirección de correo ni el asunto, y no guarda el nombre del remitente."
        ),
        (
            "Lo que el programa del remitente no haya recogido se borra aquí a los 14 días; su respuesta espera un año "
            "como máximo. El programa del remitente conserva los detalles durante un año, o durante otro plazo que "
            "fije el remitente, de dos años como máximo."
        ),
        (
            "Si su programa de correo o su navegador envía «Global Privacy Control» o «Do Not Track», no se registra "
            "nada, ni siquiera después de un sí."
        ),
        "El nombre es el que ha indicado el remitente; este servidor no lo ha comprobado.",
    ),
)

_WORDINGS: Final[Mapping[Language, Question]] = {
    Language.ENGLISH: _ENGLISH,
    Language.GERMAN: _GERMAN,
    Language.FRENCH: _FRENCH,
    Language.SPANISH: _SPANISH,
}
