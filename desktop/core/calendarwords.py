"""Months, weekdays, and the words that say "back on" and "until", in twelve languages, all folded.

One table of months and one of weekdays serve all: no name means two of them in two languages.
"""

import re
from typing import Final

_MONTHS: Final = (
    (
        "january jan januar janner januari janvier janv enero ene gennaio gen janeiro stycznia styczen sty "
        "tammikuuta tammikuun"
    ),
    (
        "february feb februar februari fevrier fevr fev febrero febbraio febb fevereiro lutego luty lut "
        "helmikuuta helmikuun"
    ),
    "march mar marz maerz mrz maart mrt mars marzo marco marca marzec marts maaliskuuta maaliskuun",
    "april apr avril avr abril abr aprile kwietnia kwiecien kwi huhtikuuta huhtikuun",
    "may mai mei mayo maggio magg mag maio maja maj toukokuuta toukokuun",
    "june jun juni juin junio giugno giu junho czerwca czerwiec cze kesakuuta kesakuun",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec lip heinakuuta heinakuun",
    "august aug augustus aout agosto ago augusti sierpnia sierpien sie elokuuta elokuun",
    "september sep sept septembre septiembre settembre sett set setembro wrzesnia wrzesien wrz syyskuuta syyskuun",
    "october oct oktober okt octobre octubre ottobre ott outubro out pazdziernika pazdziernik paz lokakuuta lokakuun",
    "november nov novembre noviembre novembro listopada listopad lis marraskuuta marraskuun",
    (
        "december dec dezember dez decembre diciembre dic dicembre dezembro desember des grudnia grudzien gru "
        "joulukuuta joulukuun"
    ),
)
_WEEKDAYS: Final = (
    (
        "monday montag lundi lunes lunedi segunda-feira segunda maandag poniedzialek poniedzialku mandag "
        "maanantaina maanantai"
    ),
    "tuesday dienstag mardi martes martedi terca-feira terca dinsdag wtorek wtorku tisdag tirsdag tiistaina tiistai",
    (
        "wednesday mittwoch mercredi miercoles mercoledi quarta-feira quarta woensdag sroda srode srody "
        "onsdag keskiviikkona keskiviikko"
    ),
    (
        "thursday donnerstag jeudi jueves giovedi quinta-feira quinta donderdag czwartek czwartku torsdag "
        "torstaina torstai"
    ),
    "friday freitag vendredi viernes venerdi sexta-feira sexta vrijdag piatek piatku fredag perjantaina perjantai",
    "saturday samstag sonnabend samedi sabado sabato zaterdag sobota sobote soboty lordag lauantaina lauantai",
    "sunday sonntag dimanche domingo domenica zondag niedziela niedziele niedzieli sondag sunnuntaina sunnuntai",
)
_ENGLISH_SHORT: Final = ("mon", "tues tue", "wed", "thurs thur thu", "fri", "sat", "sun")
MONTHS: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
WEEKDAYS: Final = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
SHORT_WEEKDAYS: Final = {name: number for number, names in enumerate(_ENGLISH_SHORT) for name in names.split()}

# Language → the words between which and the date only filling words stand: the date is the first day back.
_BACK: Final = {
    "en": r"(?:\bback|\breturn(?:ing|s)?|(?:available|reachable|in the office) again|resume (?:work|my duties)"
    r"|reopen(?:ing|s)?)",
    "de": r"(?:\bwieder|\bzuru?e?ck|ruckkehr|\berreichbar)",
    "fr": r"(?:de retour|\bretour|reviens|reviendrai|reprendrai|a nouveau (?:disponible|joignable)|rentre(?:rai)?)",
    "es": r"(?:\bregres\w+|\bvuelv[oe]|volver[ae]?|\bvuelta|reincorpor\w+|retorn\w+|de nuevo (?:disponible"
    r"|en la oficina))",
    "it": r"(?:\brientr\w+|\britorn\w+|di nuovo (?:disponibile|in ufficio|reperibile)|\btorn(?:o|ero))",
    "pt": r"(?:\bregress\w+|\bretorn\w+|\bvolt(?:o|a|arei)|de volta|novamente disponivel)",
    "nl": r"(?:\bterug|\bweer)",
    "pl": r"(?:\bwracam|\bwroce|\bpowrot\w*|\bponownie|\bbede dostepn[ay]|z powrotem)",
    "sv": r"(?:\btillbaka|\bater\b|atergar|atervander|pa plats igen)",
    "da": r"(?:\btilbage|\bigen|vender retur)",
    "nb": r"(?:\btilbake|\bigjen)",
    "fi": r"(?:\bpalaan|takaisin|\bjalleen)",
}
# Words that may stand between "back" and the day; another word breaks the bond.
_FILL: Final = {
    "en": (
        "in the my our at office work desk again on to from as of and will be available full-time fully "
        "starting - : , date is"
    ),
    "de": (
        "im buero buro am ab an zum dem den der fur sie da hause haus erreichbar verfugbar ist ich bin "
        "personlich und gerne - : ,"
    ),
    "fr": "au bureau le a partir du des sera est prevu prevue disponible joignable travail parmi vous - : ,",
    "es": (
        "a la al el dia en oficina trabajo de mi disponible a partir del sera estare esta previsto prevista para - : ,"
    ),
    "it": "in ufficio il dal a al giorno lavoro sara disponibile e previsto per reperibile operativo - : ,",
    "pt": "ao o a no na em dia escritorio trabalho partir de do sera disponivel as minhas funcoes previsto para - : ,",
    "nl": "op kantoor vanaf aanwezig bereikbaar werk het ben ik beschikbaar te per aan - : ,",
    "pl": "do biura pracy w od dnia dostepny dostepna bede na - : ,",
    "sv": "pa kontoret den igen i tjanst fran och med jobbet arbetet fr.o.m. - : ,",
    "da": "pa kontoret den igen fra d. arbejde til i - : ,",
    "nb": "pa kontoret den igjen fra jobb jobben og med i - : ,",
    "fi": "toihin toimistolle tyohon lomalta toissa viimeistaan - : ,",
}
# Language → "from", which is the first day back only where words of return follow; else an absence begins.
_FROM: Final = {
    "en": r"(?:\bfrom|\bas of|\bstarting|\bon)(?: the)?",
    "de": r"(?:\bab|\bam)(?: dem)?",
    "fr": r"(?:a partir du|\bdes le|\ble)",
    "es": r"(?:a partir del?|desde el|\bel)(?: dia)?",
    "it": r"(?:a partire dal|\bdal|\bil)(?: giorno)?",
    "pt": r"(?:a partir de|\bem|\bno dia|\ba)(?: dia)?",
    "nl": r"(?:\bvanaf|\bop)",
    "pl": r"(?:\bod(?: dnia)?|\bw dniu|\bw)",
    "sv": r"(?:fran och med|fr\.o\.m\.|\bfran)(?: den)?|\bden",
    "da": r"(?:\bfra|\bden|\bd\.)(?: den| d\.)?",
    "nb": r"(?:fra og med|\bfra|\bden)(?: den)?",
    "fi": r"(?:alkaen)",
}
# Language → "until": what is said of the last day away, or of the first one back.
_UNTIL: Final = {
    "en": r"\b(?:until|till|up until|up to)",
    "de": r"\bbis(?: zum| inklusive| einschl\w*\.?| inkl\.)*",
    "fr": r"\bjusqu'?(?:au|a|en)\b(?: le)?",
    "es": r"\bhasta(?: el| inclusive)*",
    "it": r"\bfino (?:al?|a tutto il|a)\b(?: giorno)?",
    "pt": r"\bate(?: ao?| o| dia)*",
    "nl": r"\btot(?: aan)?",
    "pl": r"\bdo(?: dnia)?",
    "sv": r"\btill(?: den)?",
    "da": r"\b(?:ind)?til(?: den| d\.)?",
    "nb": r"\b(?:inn)?til(?: den)?",
}
# Language → "to" between two days, both of which belong to the absence.
_TO: Final = {
    "en": r"(?:\bto|-)",
    "de": r"(?:\bbis(?: zum)?|-)",
    "fr": r"(?:\bau|-)",
    "es": r"(?:\bal?|-)(?: el)?",
    "it": r"(?:\bal|-)",
    "pt": r"(?:\ba(?:o|te)?|-)(?: dia)?",
    "pl": r"(?:\bdo|-)",
    "sv": r"(?:\btill|-)(?: den)?",
    "da": r"(?:\btil|-)(?: den)?",
    "nb": r"(?:\btil|-)(?: den)?",
    "fi": r"-",
}
# Language → the same with the last day away named as such.
_THROUGH: Final = {
    "en": r"\b(?:through|thru|up to and including|until and including|to and including)",
    "de": r"\bbis (?:und mit|einschl\w*\.?|inkl(?:\.|usive)?)(?: zum| dem| den)?",
    "fr": r"\bjusqu'?au(?= ?\d[^.;]{0,20} (?:inclus|compris))",
    "nl": r"(?:\btot en met|\bt/m|\bt\.e\.m\.)",
    "pl": r"\bwlacznie do(?: dnia)?",
    "sv": r"(?:\btill och med|\bt\.? ?o\.? ?m\.?)(?: den)?",
    "da": r"(?:\btil og med|\bt\.o\.m\.)(?: den| d\.)?",
    "nb": r"(?:\btil og med|\bt\.o\.m\.)(?: den)?",
}
# After a day: it belongs to the absence.
INCLUSIVE: Final = re.compile(
    r"[\s,]*\(?(?:inclusive|inclus|included|incl\b|inkl|inclusief|einschliesslich|incluido|incluida|compreso|incluso"
    r"|wlacznie|medregnet|mukaan lukien|asti mukaan)"
)
FINNISH_UNTIL: Final = re.compile(r"\s?(?:asti|saakka)\b")
# After a day that "from" or "on" led to: it is the first day back.
RETURN_AFTER: Final = re.compile(
    r"[\s,]*(?:\w+[\s,]+){0,5}?(?:wieder|zuruck|back\b|return|available|reachable|again|de retour|disponible"
    r"|joignable|nuevo|regres|disponibile|reperibile"
    r"|di nuovo|rientr|de volta|novamente|disponivel|weer|terug|bereikbaar|ponownie|z powrotem|dostepn|tillbaka"
    r"|ater\b|igen\b|tilbage|tilbake|igjen\b)"
)
ABSENCE: Final = re.compile(
    r"(?:urlaub|abwesend|nicht|\bout\b|away|\bleave|absen|vacation|holiday|conges?|vacaciones|fuera|ferie"
    r"|ferias|fora\b|fuori|vakantie|afwezig|verlof"
    r"|urlop|nieobecn|semester|ledig|franvar|fravaer|\bnot\b|\bne\b|\bno\b|\bnon\b|\bnao\b|\bniet\b|\bnie\b|\binte\b"
    r"|\bikke\b)"
)


def _filled(language: str) -> str:
    words = "|".join(re.escape(word) for word in sorted(_FILL[language].split(), key=len, reverse=True))
    return rf"(?:[\s,]+(?:{words})(?=[\s,]|\Z))" + r"{0,8}[\s,]*\Z"


_END: Final = r"(?: the| dem| den| le| el| il| o)?[\s,]*\Z"
BACK: Final = {language: re.compile(words + _filled(language)) for language, words in _BACK.items()}
FROM: Final = {language: re.compile(f"(?:{words}){_END}") for language, words in _FROM.items()}
UNTIL: Final = {language: re.compile(f"(?:{words}){_END}") for language, words in _UNTIL.items()}
TO: Final = {language: re.compile(rf"\s?(?:{words}){_END}") for language, words in _TO.items()}
THROUGH: Final = {language: re.compile(f"(?:{words}){_END}") for language, words in _THROUGH.items()}
