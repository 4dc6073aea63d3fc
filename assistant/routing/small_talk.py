"""Text that asks for no mask: thanks and greetings, and what only a description of the whole image would answer."""

import re

from assistant.routing.sentences import is_whole, normalise_sentence

# Longer texts describe what to look for.
LONGEST_SMALL_TALK = 160

_CHATTER = re.compile(
    r"(?:(?:many )?(?:thanks|thank you|thx|cheers)(?: (?:a lot|so much|very much))?|hello|hi|hey"
    r"|good (?:morning|day|evening|afternoon|night|job|work)|bye|goodbye|nice|great|cool|perfect|super|wow|awesome"
    r"|excellent|brilliant|ok|okay|yes|no|well done|how are you|what (?:can|do) you do"
    r"|how does (?:this|it) work|how do i use (?:this|it)|what (?:can|should) i (?:ask|do|say)(?: here| now| you)?"
    r"|help(?: me)?|lol|haha|hm+|not sure|i see|sorry|test(?:ing)?|you are [a-z]+)(?: there| you)?"
)
_ASSISTANT = re.compile(
    r"(?:who|what) are you|(?:who|what) (?:made|built|trained) you|(?:which|what) model (?:are you|is this|do you use)"
    r"|are you (?:chat ?gpt|an? (?:ai|robot|bot|human|person|real person|machine))"
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
    r"|what (?:season|time(?: of (?:day|year))?|year|month|day|weather|temperature) is (?:it|this)"
    r"|what is the weather(?: like)?"
    rf"|(?:where|when) (?:is|was|were) (?:{_IMAGE}|this|it) (?:taken|made|shot|recorded|from)"
    rf"|(?:where|what (?:place|city|country|town|area)) is (?:this|that)(?: place| city| area)?"
)
_MARKS = (
    r"(?:the |this |that |my |your |all )?(?:masks?|marks?|outlines?|overlay|results?|it|them|this|that|answer"
    r"|everything|file)"
)
_FORM = r"(?: (?:as|to|in|into|for) (?:an? |my )?[a-z0-9 ]{1,30})?"
_COLOUR = r"(?:red|green|blue|yellow|orange|purple|pink|white|black|cyan|magenta|transparent|brighter|darker|visible)"
_BUTTON = re.compile(
    rf"(?:how (?:do|can|could) (?:i|we|you) )?(?:export|save|download|share|print)(?: {_MARKS})?{_FORM}"
    rf"|(?:hide|show|display|toggle|switch (?:off|on)|turn (?:off|on)) (?:the |this )?(?:masks?|overlay"
    rf"|marks)(?: again)?"
    rf"|(?:make|paint|colou?r|draw|show) {_MARKS} (?:in )?(?:a )?(?:more |less |different )?{_COLOUR}"
    rf"|(?:highlight|display) (?!everything){_MARKS} (?:in )?(?:a )?(?:more |less |different )?{_COLOUR}"
    rf"|(?:show|see|display)(?: me)? (?:only )?(?:the original(?: {_IMAGE})?|the plain {_IMAGE}"
    rf"|{_IMAGE} (?:alone|only|without .{{1,20}}))"
    r"|(?:can|could|may) (?:i|we) (?:get|have|see|download|export|save) (?:it |them |that )?(?:as )?(?:an? |the )?"
    r"(?:shape ?file|geo ?json|geo ?package|geotiff|tiff?|kml|csv|png|coco|zip|file|polygons?|vectors?)"
    rf"|(?:change|pick|choose) (?:the |its )?colou?r(?: .{{1,20}})?"
    rf"|zoom(?: (?:in|out|into|to|on))?(?: .{{1,40}})?|(?:enlarge|magnify) {_IMAGE}"
    r"|(?:give me |show(?: me)? |what are )?(?:the |their |its )?(?:coordinates?|geo ?json|bounding box(?:es)?"
    r"|shape ?file)"
    r"|(?:(?:can|could|would) you )?(?:try|ask|run|check|look|do)(?: (?:it|that|them))? again|retry"
    r"|compare (?:it )?(?:with|to) the (?:previous|last|first) (?:one|answer|mask)"
)
_WHY = re.compile(
    r"(?:but )?why(?: not| so| that| this| is that)?"
    r"|(?:but )?why (?:did|do|have|are|is) (?:you|it|that|this|they) .{1,80}"
    r"|how (?:did|do) you know(?: (?:that|this|it))?|explain (?:that|this|it|why|your answer)"
)


_WRONG = re.compile(
    r"(?:but |no,? )?you (?:have |just |also )*(?:missed|forgot|forgotten|overlooked|skipped|left out) "
    r"(?:one|some|a few|a couple|several|many|two|three|another(?: one)?|it|this one|that one|the ones?)\b.{0,60}"
    r"|(?:but )?(?:there (?:is|are)|i (?:can )?see) (?:still )?(?:one more|another(?: one)?|two more|some more"
    r"|more(?: of them)?|others)"
    r"(?: (?:in|at|on|near|to|left|right|above|below|here|there)\b.{0,60})?"
    r"|(?:that|this|it|the .{1,30} one)(?: one)? is (?:not|no) (?:an? |really an? )[a-z ]{3,30}"
    r"|(?:that|this)(?: one)? is (?:not|no) (?:water|grass|forest|farmland|vegetation|land|sand|soil|snow|ice|built up)"
    r"|(?:these|those|they) are (?:not|no) (?!enough|all|what|the ones)[a-z]{3,20}s(?:,? (?:but|they are) .{1,40})?"
    r"|(?:that|this|it|all of (?:it|that)) (?:is|looks|was) (?:all |completely |totally )?(?:wrong|incorrect|false"
    r"|not (?:right|correct))"
    r"|(?:no,? )?(?:not that|the other) (?:one|ones)|wrong (?:one|place|thing)"
)
_ANSWERS = r"(?:answers|results|masks|marks|everything you (?:have )?found)"
_SEVERAL_ANSWERS = re.compile(
    rf"(?:show|mark|display|combine|merge|join|unite|overlay|export)(?: me)? (?:(?:all|both)(?: of)?(?: the"
    rf"| my)? {_ANSWERS}"
    r"|everything you (?:have )?found)"
    r"(?: so far| together| at once| in one)?"
    r"|(?:the )?(?:union|intersection|difference|sum|overlap) (?:of|between) (?:the |all )?(?:last|first|both|two"
    r"|all|previous).{0,60}"
)


def says_it_is_wrong(text: str) -> bool:
    """Return whether `text` says that something is missing or marked wrongly, and not what is to become of it."""
    return _matches(_WRONG, text)


def asks_for_several_answers(text: str) -> bool:
    """Return whether `text` wishes to see several answers as one."""
    return _matches(_SEVERAL_ANSWERS, text)


def asks_for_button(text: str) -> bool:
    """Return whether `text` wishes for something that the buttons under an answer do: exports, colours, zooming."""
    return _matches(_BUTTON, text)


def asks_why(text: str) -> bool:
    """Return whether `text` asks for a reason."""
    return _matches(_WHY, text)


def is_chatter(text: str) -> bool:
    """Return whether `text` is small talk and nothing else: thanks, a greeting, a word of praise, a call for help."""
    parts = [part for part in re.split(r"[,.!;?]\s*", normalise_sentence(text)) if part]
    return bool(parts) and all(is_whole(_CHATTER, part) for part in parts)


def asks_about_assistant(text: str) -> bool:
    """Return whether `text` asks who answers."""
    return _matches(_ASSISTANT, text)


def asks_for_description(text: str) -> bool:
    """Return whether `text` wants to hear what the image shows, or all of it marked, and names nothing to look for."""
    return _matches(_WHOLE_IMAGE, text)


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= LONGEST_SMALL_TALK and is_whole(pattern, text)
