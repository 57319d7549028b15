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
        "you needlessly. None of that is recorded unless you say yes."
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
            "you already have too. The links in it go on working. By the same link you can have deleted what was "
            "recorded."
        ),
        (
            "If you say no, none of this is recorded. Only the no itself is kept: {sender} is told of it, and it "
            "stays so that you are not asked again. The program asks anew only if {sender} states that you wish to be "
            "asked, and after 180 days at the earliest."
        ),
        (
            "What is recorded is the time; your network, shortened so that it is not your own address, and whether it "
            "is on published lists of mail services and data centres; what the mail program or browser says of "
            "itself, and which language it prefers; and a mark by which requests from one place can be recognised as "
            "such for a day. It is sealed so that only the sender can read it. This server learns neither your mail "
            "address nor the subject, and does not keep the sender’s name."
        ),
        (
            "What the sender’s program has not fetched is deleted here after 14 days; only a number for each day is "
            "left of it, for 90 days. Your answer waits here for a year at most; a no stays for good, under a number "
            "that names nobody. The sender’s program keeps the details for a year, or for another time of at most two "
            "years that the sender sets; how far each mail got, and on what day, stays after that, and so does your "
            "answer."
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
        "unnötig zu behelligen. Nichts davon wird aufgezeichnet, solange Sie nicht Ja sagen."
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
            "Link, der das beendet, auch für E-Mails, die Sie schon haben. Die Links darin funktionieren weiter. Über "
            "denselben Link können Sie löschen lassen, was aufgezeichnet wurde."
        ),
        (
            "Wenn Sie Nein sagen, wird nichts davon aufgezeichnet. Gespeichert wird nur das Nein selbst: {sender} "
            "erfährt es, und es bleibt, damit Sie nicht wieder gefragt werden. Das Programm fragt nur dann noch "
            "einmal, wenn {sender} angibt, dass Sie gefragt werden möchten, und frühestens nach 180 Tagen."
        ),
        (
            "Aufgezeichnet werden der Zeitpunkt; Ihr Netzwerk, so gekürzt, dass es nicht Ihre eigene Adresse ist, und "
            "ob es auf veröffentlichten Listen von Maildiensten und Rechenzentren steht; was das Mailprogramm oder "
            "der Browser über sich angibt und welche Sprache dort bevorzugt wird; und ein Merkmal, an dem sich einen "
            "Tag lang erkennen lässt, dass Abrufe von derselben Stelle kamen. Das wird so versiegelt, dass nur der "
            "Absender es lesen kann. Dieser Server erfährt weder Ihre E-Mail-Adresse noch den Betreff und speichert "
            "den Namen des Absenders nicht."
        ),
        (
            "Was das Programm des Absenders nicht abgeholt hat, wird hier nach 14 Tagen gelöscht; davon bleibt 90 "
            "Tage lang nur eine Anzahl je Tag. Ihre Antwort wartet hier höchstens ein Jahr; ein Nein bleibt für immer "
            "gespeichert, unter einer Nummer, die niemanden benennt. Das Programm des Absenders behält die "
            "Einzelheiten ein Jahr lang oder so lange, wie der Absender es einstellt, höchstens zwei Jahre; wie weit "
            "jede E-Mail kam und an welchem Tag, bleibt auch danach, ebenso Ihre Antwort."
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
        "moment et de ne pas vous déranger inutilement. Rien de tout cela n’est enregistré si vous ne dites pas oui."
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
            "fonctionner. Par le même lien, vous pouvez faire supprimer ce qui a été enregistré."
        ),
        (
            "Si vous dites non, rien de tout cela n’est enregistré. Seul le non lui-même est conservé\u00a0: {sender} "
            "l’apprend, et il reste noté pour que la question ne vous soit plus posée. Le logiciel ne la pose de "
            "nouveau que si {sender} indique que vous le souhaitez, et au plus tôt après 180 jours."
        ),
        (
            "Sont enregistrés le moment\u00a0; votre réseau, abrégé de sorte que ce ne soit pas votre propre adresse, "
            "et sa présence éventuelle sur des listes publiées de services de messagerie et de centres de "
            "données\u00a0; ce que le logiciel de messagerie ou le navigateur indique sur lui-même, et la langue qu’il "
            "préfère\u00a0; et une marque qui permet de reconnaître, pendant un jour, que des requêtes viennent du "
            "même endroit. Le tout est scellé de sorte que seul l’expéditeur puisse le lire. Ce serveur n’apprend ni "
            "votre adresse e-mail ni l’objet, et ne conserve pas le nom de l’expéditeur."
        ),
        (
            "Ce que le logiciel de l’expéditeur n’a pas récupéré est supprimé ici au bout de 14 jours\u00a0; il n’en "
            "reste, pendant 90 jours, qu’un nombre par jour. Votre réponse attend ici un an au plus\u00a0; un non est "
            "conservé pour toujours, sous un numéro qui ne désigne personne. Le logiciel de l’expéditeur conserve les "
            "détails pendant un an, ou pendant une autre durée fixée par l’expéditeur, de deux ans au plus\u00a0; "
            "ensuite, il garde encore jusqu’où chaque e-mail est allé, et quel jour, ainsi que votre réponse."
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
        "momento y no molestarle sin necesidad. Nada de eso se registra si usted no dice que sí."
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
            "para detenerlo, también para los correos que ya tiene. Los enlaces siguen funcionando. Con el mismo "
            "enlace puede hacer que se borre lo registrado."
        ),
        (
            "Si dice que no, nada de eso se registra. Solo se conserva el propio «no»: se comunica a {sender} y queda "
            "guardado para que no se le pregunte de nuevo a usted. El programa solo vuelve a preguntar si {sender} "
            "indica que usted lo desea, y como muy pronto a los 180 días."
        ),
        (
            "Se registran el momento; su red, abreviada de modo que no sea su propia dirección, y si figura en listas "
            "publicadas de servicios de correo y centros de datos; lo que el programa de correo o el navegador "
            "indica sobre sí mismo y qué idioma prefiere; y una marca que permite reconocer durante un día que varias "
            "peticiones vienen del mismo lugar. Todo ello se sella para que solo el remitente pueda leerlo. Este "
            "servidor no llega a conocer su dirección de correo ni el asunto, y no guarda el nombre del remitente."
        ),
        (
            "Lo que el programa del remitente no haya recogido se borra aquí a los 14 días; de ello solo queda, "
            "durante 90 días, un número por día. Su respuesta espera aquí un año como máximo; un no se conserva para "
            "siempre, bajo un número que no nombra a nadie. El programa del remitente conserva los detalles durante "
            "un año, o durante otro plazo que fije el remitente, de dos años como máximo; después aún conserva hasta "
            "dónde llegó cada correo y qué día, y también su respuesta."
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
