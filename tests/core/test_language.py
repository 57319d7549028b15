"""The language of a mail's own words: clear, or none of the four."""

import pytest

from desktop.core.language import language_of
from relay.wire.language import Language

ENGLISH, GERMAN, FRENCH, SPANISH = Language
THE_FOUR = {
    ENGLISH: "Hi Bob, thanks for the call yesterday. Please let me know what you think of the offer we talked about.",
    GERMAN: "Guten Tag Herr Müller, vielen Dank für das Gespräch. Anbei das Angebot, über das wir gesprochen haben.",
    FRENCH: "Bonjour, je vous remercie pour notre échange d'hier. Vous trouverez ci-joint l'offre dont nous parlions.",
    SPANISH: "Buenos días, muchas gracias por la llamada de ayer. Le adjunto la oferta de la que hablamos ayer.",
}
OTHERS = {
    "nl": "Beste Bob, bedankt voor het gesprek van gisteren. In de bijlage vindt u de offerte die we hebben besproken.",
    "it": "Buongiorno, la ringrazio per la telefonata di ieri. In allegato trova l'offerta di cui abbiamo parlato.",
    "pt": "Bom dia, muito obrigado pela chamada de ontem. Em anexo envio a proposta de que falámos. Fico à espera.",
    "ca": "Bon dia, moltes gràcies per la trucada d'ahir. T'adjunto l'oferta de la qual vam parlar. Quedo a l'espera.",
    "da": "Hej Bob, tak for samtalen i går. Jeg har vedhæftet det tilbud, vi talte om. Lad mig vide, hvad du synes.",
    "sv": "Hej Bob, tack för samtalet igår. Jag har bifogat offerten som vi pratade om. Hör av dig om du har frågor.",
    "no": "Hei Bob, takk for samtalen i går. Jeg har lagt ved tilbudet vi snakket om. Gi meg beskjed om hva du synes.",
    "pl": "Dzień dobry, dziękuję za rozmowę. W załączniku przesyłam ofertę, o której rozmawialiśmy. Proszę o opinię.",
    "fi": "Hei Bob, kiitos eilisestä puhelusta. Liitteenä on tarjous, josta puhuimme. Kerro mitä mieltä olet.",
}


@pytest.mark.parametrize(("language", "text"), list(THE_FOUR.items()))
def test_each_of_the_four_is_told(language: Language, text: str) -> None:
    """Two sentences are enough, typographic apostrophes or not."""
    assert language_of(text) is language
    assert language_of(text.replace("'", "\u2019")) is language


@pytest.mark.parametrize("name", OTHERS)
def test_another_language_is_none_of_the_four(name: str) -> None:
    """Neighbours of the four are not taken for them, whatever the mail program declares."""
    assert language_of(OTHERS[name]) is None


@pytest.mark.parametrize("text", ["", "OK", "12:30?", "Alice", "der die", "你好"])
def test_a_few_words_tell_nothing(text: str) -> None:
    """Without enough words there is no language, until one is declared."""
    assert language_of(text) is None
    assert language_of(text, declared="fr-CA") is Language.FRENCH


def test_words_go_before_what_the_program_declares() -> None:
    """A German mail from a program set up in English is German; an unclear or Dutch one keeps to the account's."""
    assert language_of(THE_FOUR[GERMAN], declared="en-US") is GERMAN
    assert language_of(OTHERS["nl"], declared="en-US") is None
    assert language_of(THE_FOUR[GERMAN] + THE_FOUR[ENGLISH], declared="en-US") is None


@pytest.mark.parametrize("declared", ["", "nl", "en, de", "x", "deutsch", "en-US;q=1"])
def test_what_is_declared_must_be_one_of_the_four(declared: str) -> None:
    """Several languages, another one, and what is no tag say nothing."""
    assert language_of("OK", declared=declared) is None
