"""How people and their servers say that nobody reads mail now, in twelve languages: subjects and phrases.

They are written folded (small letters, no accents).  A subject counts only at its beginning and only before a sign that
ends the words, for people write of parties out of the office too; and words alone never decide what a mail is.
"""

import re
from typing import Final

# Language → how an absence stands in a subject.
_AWAY_SUBJECTS: Final = {
    "en": r"(?:i am |i'm |we are |currently )?(?:out of (?:the )?office|away from (?:my |the )?(?:office|desk"
    r"|e-?mail)"
    r"|(?:away )?on (?:vacation|holidays?|leave|annual leave|parental leave|maternity leave|paternity leave|pto)"
    r"|annual leave|vacation|ooo|ooto|absence)(?: (?:auto ?-?)?(?:reply|response|notice|notification|message))?",
    "de": r"(?:ich bin )?(?:abwesenheit(?:s?-?(?:notiz|benachrichtigung|meldung|info|nachricht|assistent))?|abwesend"
    r"|nicht im (?:bu?e?ro|haus|hause)|(?:im )?urlaub(?:sabwesenheit|snotiz|smeldung)?|au(?:ss|s)er haus)",
    "fr": r"(?:je suis )?(?:absente?(?: du bureau)?|absence(?: du bureau)?|message d'absence|avis d'absence"
    r"|hors du bureau"
    r"|en (?:conges?|vacances))",
    "es": r"(?:estoy )?(?:fuera de (?:la )?oficina|ausente(?: de la oficina)?|ausencia(?: de la oficina)?"
    r"|de vacaciones)",
    "it": r"(?:sono )?(?:fuori (?:sede|ufficio)|assente(?: dall'ufficio)?|assenza(?: dall'ufficio)?|in ferie"
    r"|avviso di assenza)",
    "pt": r"(?:estou )?(?:fora do escritorio|ausente(?: do escritorio)?|ausencia(?: do escritorio| temporaria)?"
    r"|(?:de|em) ferias)",
    "nl": r"(?:ik ben )?(?:afwezig(?:heid(?:s(?:bericht|melding|assistent))?)?|niet aanwezig|niet op kantoor"
    r"|op vakantie"
    r"|met (?:verlof|vakantie)|buiten kantoor)",
    "pl": r"(?:jestem )?(?:poza biurem|nieobecn(?:osc|y|a)(?: w biurze)?|(?:na )?urlop(?:ie)?)",
    "sv": r"(?:jag ar )?(?:franvaro(?:meddelande)?|franvarande|(?:ej|inte) pa kontoret|(?:pa )?semester|ledig)",
    "da": r"(?:jeg er )?(?:ikke pa kontoret|fravaer(?:ende|sbesked|smeddelelse)?|(?:pa )?ferie|bortrejst)",
    "nb": r"(?:jeg er )?(?:ikke (?:til stede|pa kontoret)|fravaer(?:ende|smelding)?|(?:utenfor|borte fra) kontoret"
    r"|(?:pa )?ferie)",
    "fi": r"(?:olen )?(?:poissa(?: toimistosta)?|poissaolo(?:viesti|ilmoitus)?|lomalla|en ole (?:paikalla"
    r"|toimistolla))",
}
# Language → how a server's automatic answer begins; it may be about anything.
_AUTOMATIC_SUBJECTS: Final = {
    "en": r"auto(?:matic|mated|mat)?[- ]?(?:reply|response|answer|responder)(?: message)?|auto|auto ?-?re",
    "de": r"autom(?:atische|\.)? ?(?:antwort|ruckmeldung|ruckantwort|e-?mail-?antwort)|automatisch (?:generierte"
    r"|erstellte) antwort",
    "fr": r"(?:reponse|message) automatique",
    "es": r"respuesta automatica",
    "it": r"risposta automatica",
    "pt": r"resposta automatica",
    "nl": r"automatisch(?:e)? (?:antwoord|reactie|bericht)",
    "pl": r"automatyczna odpowiedz|odpowiedz automatyczna|autoodpowiedz|autoresponder",
    "sv": r"auto(?:matiskt )?svar|automatsvar",
    "da": r"auto(?:matisk )?svar",
    "nb": r"auto(?:matisk )?svar",
    "fi": r"automaatti(?:nen )?vastaus",
}
_SUBJECT_ENDS: Final = (
    r"(?=\s*(?:\Z|[:;,.!|/(\[<>\"]|- |-\Z|[-\s]?\d|re:|aw:|sv:|vs:|antw:|until|till|from |through|bis |vom |von |ab "
    r"|jusqu|du |"
    r"hasta|del? |desde |fino|dal |ate |a partir|tot |t/m|van |do |od |t\.?o\.?m|til |fra |asti|saakka))"
)
_LEAD: Final = r"(?:\[[^\]]{0,30}\]\s*|\*{2,}[^*]{1,30}\*{2,}\s*|auto(?:matic reply)?\s*:\s*)?"
# Language → what an absent person's answer says.
_AWAY_PHRASES: Final = {
    "en": r"out of (?:the |my |our )?office|not in the office|away from (?:my |the )?(?:office|desk|computer"
    r"|e-?mails?)"
    r"|(?:on|taking) (?:\w+ )?(?:leave|vacation|holidays?|pto|sabbatical)\b|(?:limited|no|without"
    r"|intermittent) access to (?:my )?e-?mail"
    r"|\b(?:am|i'm|will be|i'll be|we are) (?:currently |now )?(?:away|absent|unavailable|out until|travel+ing)\b"
    r"|(?:be |am )?back (?:in the office|at work)|(?:when|until) i (?:return|am back|get back)|\bi (?:will"
    r"|shall) (?:return|be back)"
    r"|office is closed|we are closed",
    "de": r"nicht im (?:bu?e?ro|hause?)|nicht am (?:arbeitsplatz|platz)|\babwesend\b|\bim urlaub\b|au(?:ss"
    r"|s)er ?haus\b|in elternzeit"
    r"|in mutterschutz|nicht erreichbar|(?:wieder|zuru?e?ck) (?:im bu?e?ro|erreichbar|im hause?|da\b)"
    r"|keinen zugriff auf meine e?-?mails?"
    r"|werden? nicht (?:gelesen|weitergeleitet)|betriebs(?:ferien|urlaub)",
    "fr": r"(?:suis|serai|est|sommes) (?:actuellement |absolument )?(?:absente?|indisponible|en (?:conges?|vacances"
    r"|deplacement))"
    r"|absente?s? (?:du bureau|jusqu|du \d)|hors du bureau|en conges?|de retour (?:au bureau|le )|mon retour"
    r"|pendant mon absence",
    "es": r"fuera de (?:la |mi )?oficina|(?:estoy|estare|me encuentro|encontrare) (?:actualmente )?(?:ausente"
    r"|de vacaciones|fuera)"
    r"|de vacaciones|(?:durante|en) mi ausencia|(?:de vuelta|regreso|volvere|estare de regreso)",
    "it": r"fuori (?:ufficio|sede)|(?:sono|saro) (?:attualmente )?(?:assente|in ferie|in vacanza|fuori)|in ferie"
    r"|(?:durante|in) mia assenza"
    r"|mio (?:rientro|ritorno)|assente (?:dall'ufficio|dal|fino)|ufficio (?:e )?chiuso",
    "pt": r"fora do escritorio|(?:estou|estarei|encontro-me) (?:atualmente |actualmente )?(?:ausente|de ferias"
    r"|em ferias|fora)|(?:de|em) ferias"
    r"|(?:durante|na) (?:a )?minha ausencia|meu (?:regresso|retorno)|ausente (?:do escritorio|ate)",
    "nl": r"niet (?:op kantoor|aanwezig|bereikbaar|op mijn werk)|\bafwezig\b|(?:op|met) (?:vakantie|verlof"
    r"|zwangerschapsverlof)"
    r"|(?:weer|terug) (?:op kantoor|aanwezig|bereikbaar)|buiten kantoor",
    "pl": r"poza biurem|nieobecn[aey]|(?:na|przebywam na) urlopie|nie ma mnie w (?:biurze|pracy)"
    r"|w czasie mojej nieobecnosci|po (?:moim )?powrocie"
    r"|nieobecnosci",
    "sv": r"(?:inte|ej) (?:pa kontoret|pa plats|i tjanst|anvanda e-?post)|franvarande|pa (?:semester|kontoret igen)"
    r"|har semester|foraldraledig"
    r"|tjanstledig|ater pa kontoret|tillbaka (?:pa kontoret|den|i tjanst)|ar (?:ledig|bortrest)",
    "da": r"ikke (?:pa kontoret|pa arbejde|til stede)|holder ferie|pa ferie|fravaerende|tilbage (?:pa kontoret"
    r"|pa arbejde|den|igen)"
    r"|pa (?:barsel|orlov)|er bortrejst",
    "nb": r"ikke (?:pa kontoret|pa jobb|til stede|tilgjengelig)|(?:har|pa|tar) ferie|fravaerende"
    r"|tilbake (?:pa kontoret|pa jobb|den|igjen)"
    r"|utenfor kontoret|i permisjon|borte fra kontoret",
    "fi": r"(?:olen|en ole) (?:poissa|lomalla|toimistolla|paikalla|toissa|tavoitettavissa)|poissa toimistosta"
    r"|vuosilomalla|vanhempainvapaalla"
    r"|palaan (?:toihin|toimistolle|lomalta)",
}
# What an automatic answer says whose writer is not away: received, registered, generated.
_AUTOMATIC_PHRASES: Final = (
    r"automatic(?:ally)?[- ](?:generated|created|sent|reply|response|answer|message|confirmation|e-?mail"
    r"|acknowledge?ment)"
    r"|auto-?(?:reply|response|generated|responder)\b|(?:do|please) not (?:reply|respond) to this|this (?:mailbox"
    r"|inbox|address) is not (?:monitored|read)"
    r"|received your (?:message|mail|e-?mail|request|enquiry|inquiry|ticket|support)|\b(?:ticket|case|reference"
    r"|request) (?:number|id|no\b|#)"
    r"|request has been (?:received|created|registered)|ticket has been (?:created|opened)"
    r"|automatisch (?:generiert|erstellt|erzeugt|versendet)e?|automatische (?:antwort|nachricht|e-?mail|bestatigung"
    r"|eingangsbestatigung)"
    r"|eingangsbestatigung|ticket-?nummer|vorgangsnummer|(?:nachricht|anfrage|e-?mail) (?:ist bei uns )?(?:erhalten"
    r"|eingegangen)|nicht auf diese (?:e-?mail|nachricht)"
    r"|(?:message|reponse|courriel) (?:est )?(?:un )?(?:genere )?automatique|accuse de reception|numero de (?:ticket"
    r"|dossier|demande)|ne pas repondre a ce"
    r"|(?:mensaje|respuesta|correo) (?:generad[oa] )?automatic[ao]|hemos recibido su|numero de (?:caso|incidencia)"
    r"|no responda a este"
    r"|(?:messaggio|risposta|email) (?:generat[oa] )?automatic[ao]|abbiamo ricevuto (?:la sua|il suo|la tua)"
    r"|numero (?:di )?(?:ticket|pratica)|non rispondere a quest"
    r"|(?:mensagem|resposta) (?:gerada )?automatica|recebemos (?:a sua|o seu|sua|seu)|nao responda a est"
    r"|automatisch (?:gegenereerd|verzonden)|automatisch(?:e)? (?:bericht|antwoord|ontvangstbevestiging)"
    r"|ontvangstbevestiging|hebben uw (?:bericht|vraag|e-?mail) ontvangen"
    r"|(?:wiadomosc|odpowiedz) (?:zostala )?(?:wygenerowana )?automatyczn|automatyczna (?:wiadomosc|odpowiedz)"
    r"|numer zgloszenia|prosimy nie odpowiadac"
    r"|autosvar|automatiskt (?:genererat|svar|meddelande)|arendenummer|automatisk (?:svar|genereret|generert|besked"
    r"|melding)|sagsnummer|saksnummer"
    r"|automaattinen (?:vastaus|viesti)|tikettinumero"
)
# Nobody comes back from having left.
_GONE_PHRASES: Final = (
    r"no longer (?:with|work|employed|at)|(?:has|have) left (?:the )?(?:company|organi[sz]ation|us)|nicht mehr (?:fur"
    r"|bei|im unternehmen|in unserem)"
    r"|unternehmen verlassen|ne (?:fait|travaille) plus|a quitte (?:la societe|l'entreprise|notre)|ya no (?:trabaj"
    r"|forma)|non lavor[ao] piu"
    r"|ja nao trabalh|nao trabalha mais|niet meer werkzaam|werkt niet (?:meer|langer)|juz nie pracuj|nie pracuje juz"
    r"|har slutat|arbetar inte langre"
    r"|er fratradt|arbejder ikke laengere|har sluttet|jobber ikke lenger|ei ole enaa"
)


def _anchored(patterns: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {language: re.compile(_LEAD + f"(?:{pattern})" + _SUBJECT_ENDS) for language, pattern in patterns.items()}


AWAY_SUBJECTS: Final = _anchored(_AWAY_SUBJECTS)
AUTOMATIC_SUBJECTS: Final = _anchored(_AUTOMATIC_SUBJECTS)
AWAY_PHRASES: Final = {language: re.compile(rf"\b(?:{pattern})") for language, pattern in _AWAY_PHRASES.items()}
AUTOMATIC_PHRASE: Final = re.compile(_AUTOMATIC_PHRASES)
GONE_PHRASE: Final = re.compile(_GONE_PHRASES)


def languages(patterns: dict[str, re.Pattern[str]], text: str, *, at_start: bool = False) -> frozenset[str]:
    """Return the languages whose words stand in the folded text, or at its start."""
    return frozenset(
        language
        for language, pattern in patterns.items()
        if (pattern.match(text) if at_start else pattern.search(text)) is not None
    )
