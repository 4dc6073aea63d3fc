"""Words that drop what was asked before and ask for something else: "forget that, find the tennis courts"."""

import re

from assistant.routing.sentences import normalise_sentence

# Longer texts describe what to look for.
LONGEST_OPENING = 200

_WISH = r"(?:show|find|mark|give|see|segment|look for|highlight|i (?:want|need|would like))"
_OPENING = re.compile(
    r"(?:(?:ok|okay|no|well|now|and|please),? )*"
    r"(?:"
    r"(?:forget|ignore|scrap) (?:about )?(?:that|it|this)(?: for now)?(?:[,.;:!] ?(?:and )?| and )"
    r"|never ?mind(?: that| them| it)?[,.;:!] ?"
    r"|(?:a )?(?:new|next|another|different) (?:question|task|search)(?:[,.;:] ?| )"
    r"|(?:actually )?(?:i|we) (?:actually |really )?(?:meant|mean|was looking for|were looking for) "
    r"(?!(?:the )?(?:\w+ )?ones?\b|(?:that|this|those|these|it|them)\b)"
    rf"|instead of [a-z ]+?,? (?={_WISH}\b)"
    r"|(?:(?:do|find|mark|show) )?the same(?: thing)? (?:for|with)(?: all)? (?=[a-z])"
    r")"
)


def strip_opening(text: str) -> str | None:
    """Return what is asked for in the place of what was asked before; None where `text` drops nothing."""
    if len(text) > LONGEST_OPENING:
        return None
    words = normalise_sentence(text)
    match = _OPENING.match(words)
    rest = "" if match is None else words[match.end() :].strip()
    return rest or None
