"""Which of the four languages a mail is written in, where that is clear: by its small words, else by what it says.

The small words come first, since what a mail declares is often its program's language and not its own.  Other languages
are counted too, so that Dutch is not taken for German; what is not clear has no language, and the account's is used.
"""

import re
from collections.abc import Mapping
from typing import Final

from relay.wire.language import Language

# As much as tells a language for sure; nobody waits for the rest.
_MAX_CHARS: Final = 2_000
# So much by small words, and so many times what the next language has, is clear.
_ENOUGH: Final = 4.0
_LEAD: Final = 1.7
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019](?=[^\W\d_]))?")
_TAG: Final = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*\s*\Z")
# Frequent small words; of the other languages those above all that could be taken for words of the four.
_SMALL: Final[Mapping[str, str]] = {
    "en": "the and of to is are you your for with that this have has was were will would can could been be it we they"
    " from about please let my our not but if when what which there here just thanks thank me an by at or as do so"
    " hi hello dear regards kind best see attached",
    "de": "der die das und ist nicht ein eine einen einem einer mit für auf von zu den dem des sie ich wir ihr ihre"
    " ihnen ihren im am auch als aber oder wenn wie noch nach bei aus sind wird werden haben hat kann können bitte"
    " mir mich uns es sich zum zur über dass vielen dank man nur schon sehr"
    " viele grüße grüßen hallo anbei herr frau",
    "fr": "le la les des et est une un vous nous je que qui pour dans avec sur pas ce cette ces votre vos notre nos de"
    " au aux du sont avons avez ai été être bien si plus mais ou comme merci l' d' j' n' s' c' qu' y il elle en leur"
    " bonjour cordialement madame monsieur",
    "es": "el la los las y es un una que de en por para con no se su sus al del lo como más pero si sobre este esta"
    " estos está están hay tengo tiene tenemos usted ustedes le les me mi nos nuestro nuestra gracias muy ya también"
    " cuando quedo adjunto ha he"
    " hola saludo saludos estimado estimada buenos buenas días",
    "nl": "de het een en van is niet ik je u wij we uw dat die voor met op aan te zijn heeft hebben kan kunnen wordt"
    " bij ook als maar of naar nog uit om er deze dit graag bedankt zal in was over door",
    "it": "il lo la gli le e di che è un una per con non sono del della dei delle nel al alla si ci come più ma anche"
    " questo questa grazie ho ha hai abbiamo vi mi sua suo l' d' dell' all' un' se da in i o",
    "pt": "o os a as e é um uma que de do da dos das em no na nos nas para por com não se ao mais mas como você está"
    " são foi tem temos obrigado obrigada isso este esta seu sua meu minha à muito também me",
    "ca": "el els la les i és un una que de en per amb no se al del dels com més però si aquest aquesta gràcies molt"
    " també què són l' d' ha he",
    "ro": "și în la cu pe nu este un o care pentru din mai sunt că ce de dar vă noi mulțumesc a le se",
    "da": "og i at det en er til af på den med for de ikke der var jeg vi du har kan vil skal om som et fra eller men"
    " også hvis når så nu hej",
    "sv": "och i att det en är till av på den med för de inte som jag vi du har kan vill ska om ett från eller men så"
    " också när nu hej",
    "no": "og i å det en er til av på den med for de ikke som jeg vi du har kan vil skal om et fra eller men også når"
    " dere så nå hei",
    "pl": "i w na z że się do nie jest o jak to po co dla od są czy ale proszę dziękuję za by przez już pan pani a so",
    "cs": "a v na se že je to s z do ve pro jsem jsou by jako ale od po za děkuji prosím i o si",
    "hu": "a az és hogy nem is egy van ez de meg ha köszönöm vagy csak kell el be le",
    "tr": "ve bir bu için ile da de mi ne çok olarak gibi ama ben en o on",
    "fi": "ja on ei se että hän mutta kun niin kuin myös tai jos ole olen voi kiitos me he",
}


def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    """Return for each small word its languages; one that several share says that much less of each."""
    found: dict[str, list[str]] = {}
    for name, words in _SMALL.items():
        for word in words.split():
            found.setdefault(word, []).append(name)
    return {word: tuple((name, 1 / len(names)) for name in names) for word, names in found.items()}


_WEIGHTS: Final = _weights()


def language_of(text: str, *, declared: str = "") -> Language | None:
    """Return the language of a mail's own words, where it is one of the four beyond doubt.

    `declared` is what Content-Language or the HTML says, and is believed where the words do not tell.
    """
    scores: dict[str, float] = dict.fromkeys(_SMALL, 0.0)
    for word in _WORD.findall(text[:_MAX_CHARS].lower().replace("\u2019", "'")):
        for name, weight in _WEIGHTS.get(word, ()):
            scores[name] += weight
    second, first = sorted(scores, key=scores.__getitem__)[-2:]
    if scores[first] < _ENOUGH:
        return _by_tag(declared)
    # Words that are another language's, or not clear, leave it to the account, whatever was declared.
    return _of(first) if scores[first] >= _LEAD * scores[second] else None


def _by_tag(declared: str) -> Language | None:
    """Return the language of a BCP 47 tag; None for none, for several, and for another language."""
    match = _TAG.match(declared)
    return None if match is None else _of(match[1].lower())


def _of(name: str) -> Language | None:
    return Language(name) if name in set(Language) else None
