"""What the user is asked about a mail that came in, in words; nothing a stranger wrote is shown but on one line."""

from desktop.store.questions import Question, QuestionKind
from desktop.ui.words import names_line, one_line, quoted


def is_bounce(question: Question) -> bool:
    """Say whether it is asked if a mail was not delivered, else if it is a reply."""
    return question.kind is QuestionKind.BOUNCE


def sender_of(question: Question) -> str:
    """Return who wrote the mail: their name and address, or what there is."""
    name, address = one_line(question.sender.name), one_line(question.sender.address)
    return f"{name} ({address})" if name and address else name or address or "Somebody"


def asked(question: Question) -> str:
    """Return the question."""
    if is_bounce(question):
        return f"Looks like a bounce, from {sender_of(question)}. Was your mail not delivered?"
    whose = possessive(people_of(question)) if len(question.candidates) == 1 else f"{people_of(question, 'or')}'s"
    return f"Is this {whose} reply? It came from {sender_of(question)}"


def people_of(question: Question, joint: str = "and") -> str:
    """Return whom the answer may be about."""
    names = [one_line(each.name) or each.address for each in question.candidates]
    if joint == "or" and len(names) > 1:
        return f"{', '.join(names[:-1])} or {names[-1]}"
    return names_line(names) or "somebody"


def possessive(name: str) -> str:
    """Return a name as an owner's: "Anna's", "Chris'"."""
    return f"{name}'" if name.endswith(("s", "S", "z", "x")) else f"{name}'s"


def answered(question: Question, copy_id: int | None) -> str:
    """Return what was answered, as it stands beside its undo."""
    what = "bounce" if is_bounce(question) else "reply"
    if copy_id is None:
        return f"Not a {what} to your mail: {quoted(question.subject)}"
    chosen = next((each for each in question.candidates if each.copy_id == copy_id), None)
    who = (one_line(chosen.name) or chosen.address) if chosen is not None else "them"
    if is_bounce(question):
        return f"Not delivered to {who}"
    return f"Kept: {sender_of(question)} is {who}"
