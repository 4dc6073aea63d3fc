"""Text that asks for no mask: thanks and greetings, and what only a description of the whole image would answer."""

import re

from assistant.routing.sentences import normalise_sentence, strip_politeness

# Longer texts describe what to look for.
LONGEST_SMALL_TALK = 160

_CHATTER = re.compile(
    r"(?:(?:many )?(?:thanks|thank you|thx|cheers)(?: (?:a lot|so much|very much))?|hello|hi|hey|good (?:morning"
    r"|day|evening"
    r"|afternoon|night|job|work)|bye|goodbye|nice|great|cool|perfect|super|wow|awesome|excellent|brilliant|ok|okay"
    r"|yes|no"
    r"|well done|how are you|who are you|what are you|what (?:can|do) you do|how does (?:this|it) work"
    r"|how do i use (?:this|it)|what (?:can|should) i (?:ask|do|say)(?: here| now| you)?|help(?: me)?|lol|haha|hm+"
    r"|not sure|i see|sorry|test(?:ing)?|you are [a-z]+)(?: there| you)?"
)
_IMAGE = (
    r"(?:the |this |that |my )?(?:(?:aerial|satellite|whole|entire|drone) )?(?:image|picture|photo|photograph|scene"
    r"|view|map)"
)
_HERE = rf"(?: (?:here|there|(?:in|on|about|of|from) {_IMAGE}))?"
_ALL_THINGS = (
    r"(?:everything|all|anything|something"
    r"|(?:all )?(?:the )?(?:objects|things|classes|features|items|elements|stuff))"
)
_WHOLE_IMAGE = re.compile(
    rf"what (?:is|are|kind of (?:image|place|scene|area) is) (?:this|that|it|these|here|there|going on|happening|shown"
    rf"|visible|depicted|to be seen)?{_HERE}"
    rf"|what is (?:this|that|it) (?:an? )?{_IMAGE}(?: of| about| showing)?|what (?:is|are) (?:in|on) {_IMAGE}"
    rf"|what (?:do|can|could) (?:you|we|i) (?:see|find|detect|recognise|recognize|make out|tell)(?: me)?{_HERE}"
    rf"|what does {_IMAGE} (?:show|contain|depict|have)(?: us)?"
    rf"|what (?:objects|things|classes|features|kinds? of (?:things|objects))(?: (?:is|are|do|can|could|you|i|we"
    rf"|there|see|find|detect|visible|present|shown|seen|be))*{_HERE}"
    rf"|(?:describe|caption|explain|summarise|summarize|analyse|analyze|interpret|classify|annotate)"
    rf"(?: {_IMAGE}| everything| it| this| that)?{_HERE}"
    rf"|tell me (?:about|what is (?:in|on)|something about|everything about) {_IMAGE}"
    rf"|(?:segment|detect|find|mark|show|highlight|label|identify|outline|list|count)(?: me)? {_ALL_THINGS}"
    rf"(?: (?:interesting|unusual|special|important|relevant))?(?: you (?:can )?(?:see|find|know))?{_HERE}"
    rf"|(?:where|when) (?:is|was|were) (?:{_IMAGE}|this|it) (?:taken|made|shot|recorded|from)"
    rf"|(?:where|what (?:place|city|country|town|area)) is (?:this|that)(?: place| city| area)?"
)


def is_chatter(text: str) -> bool:
    """Return whether `text` is small talk and nothing else: thanks, a greeting, a word of praise, a call for help."""
    words = normalise_sentence(text)
    parts = [part for part in re.split(r"[,.!;?]\s*", words) if part]
    return bool(parts) and all(_CHATTER.fullmatch(strip_politeness(part)) or _CHATTER.fullmatch(part) for part in parts)


def asks_for_description(text: str) -> bool:
    """Return whether `text` wants to hear what the image shows, or all of it marked, and names nothing to look for."""
    if len(text) > LONGEST_SMALL_TALK:
        return False
    return _WHOLE_IMAGE.fullmatch(strip_politeness(normalise_sentence(text))) is not None
