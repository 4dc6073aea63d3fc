"""Text -> a move among the answers that were given ("undo that", "go back to the first"), by rules; or None."""

import re

from assistant.intents import Command, CommandKind
from assistant.routing.sentences import normalise_sentence, strip_politeness
from assistant.routing.vocabulary import COUNT, ORDINAL, read_count, read_ordinal

LONGEST_COMMAND = 100

_STEPS = r"(?:steps?|changes?|edits?|refinements?|times|operations?|turns?|things|ones?)"
_ANSWER = r"(?:one|mask|answer|result|version|image|selection|state|step|marks|try|attempt)"
_HOW_OFTEN = rf"(?: (?P<twice>twice)| (?P<times>{COUNT}) (?:times|steps?))?"
_WHAT = rf"(?: (?:that|it|this|the (?:last|latest)(?: {_STEPS})?|my last {_STEPS}|again))?"
_BACK = (
    r"(?:(?:go|get|take me|move|return|revert|jump|come) ?(?:back)? ?to|back to|return to|show(?: me)?(?: again)?"
    r"|restore)"
)

_UNDO = re.compile(
    rf"(?:undo|revert|roll back|cancel){_WHAT}{_HOW_OFTEN}"
    rf"|(?:undo|revert|roll back) the last (?P<last>{COUNT})(?: {_STEPS})?"
    rf"|(?:go |one step )?back(?: (?:one|a) step)?|(?:go )?back (?P<back>{COUNT}) {_STEPS}"
    r"|take (?:that|it) back|(?:go )?back to the (?:previous|last)(?: one| mask| answer| step| result| version)?"
    r"|step back|that was wrong,? undo(?: it| that)?"
)
_REDO = re.compile(
    rf"redo{_WHAT}{_HOW_OFTEN}|redo the last (?P<last>{COUNT})(?: {_STEPS})?"
    r"|(?:go |one step )?forward(?: (?:one|a) step)?|put (?:that|it) back(?: in)?|undo the undo|step forward"
)
_RESET = re.compile(
    r"reset(?: (?:it|everything|all|the mask|the conversation))?|start (?:over|again|afresh|anew)"
    r"(?: from (?:scratch|the beginning|zero))?"
    r"|clear|(?:remove|delete|erase) (?:everything|all|all (?:of it|of them|marks|masks|the marks|the masks))"
    r"|(?:clear|undo|discard|forget) (?:everything|all|all of it|all changes|the mask|it all)|from scratch"
)
_GO_BACK = re.compile(
    rf"{_BACK} (?:the )?(?!original (?:image|picture|photo))(?:(?P<order>{ORDINAL}|original|beginning|start"
    rf"|very first)(?: {_ANSWER})?"
    rf"|{_ANSWER} (?:number )?(?P<number>\d{{1,3}})|how it was (?:at|in) the (?:beginning|start))"
)


def parse_command(text: str) -> Command | None:
    """Return the move among earlier answers that `text` asks for, or None."""
    if len(text) > LONGEST_COMMAND:
        return None
    words = strip_politeness(normalise_sentence(text))
    match = _REDO.fullmatch(words)
    if match:
        return Command(CommandKind.REDO, steps=_read_steps(match))
    match = _UNDO.fullmatch(words)
    if match:
        return Command(CommandKind.UNDO, steps=_read_steps(match))
    if _RESET.fullmatch(words):
        return Command(CommandKind.RESET)
    match = _GO_BACK.fullmatch(words)
    if match is None:
        return None
    if match["number"]:
        return Command(CommandKind.GO_BACK, answer=max(1, int(match["number"])))
    order = match["order"]
    is_first = order is None or order in ("original", "beginning", "start", "very first")
    return Command(CommandKind.GO_BACK, answer=1 if is_first else read_ordinal(order))


def _read_steps(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("twice"):
        return 2
    count = groups.get("times") or groups.get("last") or groups.get("back")
    return read_count(count) if count else 1
