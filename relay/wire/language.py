"""The languages that recipients are spoken to in."""

from enum import StrEnum


class Language(StrEnum):
    """A language of the visible line, the question and the pages, as BCP 47 names it."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
