"""Text -> topic of a question about what is already marked, by rules; None where the rules are silent.

A follow-up refers to the marks by a pronoun or by a word for the marks themselves ("it", "they", "the mask", "the
marked areas"). As soon as it names a thing of the world ("how many ships are there?") it is none: it asks for new
marks. The rules therefore match a whole sentence, never a part of one.
"""

import re

from assistant.intents import Topic

# Longer than any follow-up; also bounds the work of matching.
LONGEST_FOLLOW_UP = 160

_MARKS = (
    r"(?:(?:the|your|this|that|these|those) )?(?:(?:marked|found|highlighted|outlined|masked) )?"
    r"(?:mask|masks|marks|area|areas|region|regions|part|parts|result|results|selection|outline|outlines)"
)
_IT = rf"(?:it|that|this|they|these|those|them|all of (?:it|that|this|these|those|them)|{_MARKS})"
_BE = r"(?:is|are|was|were)"
_DO = r"(?:do|does|did)"
_COVER = r"(?:cover|covers|take up|takes up|occupy|occupies|fill|fills|make up|makes up|span|spans)"
_IMAGE = r"(?:the|this|my) (?:whole |entire )?(?:image|picture|photo|scene|view)"
_IN_IMAGE = rf"(?: (?:in|on|of) {_IMAGE}| here| there)?"
_FOUND = r"(?:find|found|mark|marked|detect|detected|see|highlight|highlighted|outline|outlined|spot)"
_YOU_FOUND = rf"(?:(?:did|do|have|could|can) you {_FOUND}|you {_FOUND}|{_BE} (?:marked|found|highlighted|outlined))"
_THINGS = (
    r"(?:of them|of those|of these|(?:(?:separate|different|single|marked) )?"
    r"(?:objects|things|items|instances|parts|pieces|areas|regions|ones|matches))"
)
_SIZE_UNIT = r"(?:square (?:metres|meters|kilometres|kilometers|feet)|sq m|m2|m²|km2|km²|hectares|ha|acres|pixels)"
_EACH = r"(?:each(?: one| of (?:them|these|those))?|every one|all of (?:them|these|those))"
_HALF = (
    r"(?:the )?(?:left|right|upper|lower|top|bottom|northern|southern|eastern|western)"
    r"(?: (?:half|side|part)| hand side)?"
)
_SHARE = r"(?:share|fraction|percentage|percent|per cent|proportion|portion|part)"

_RULES: tuple[tuple[Topic, tuple[str, ...]], ...] = (
    (
        Topic.COUNT,
        (
            r"how many",
            rf"how many(?: {_THINGS})? (?:are|were) (?:there|they|those|these)(?: in total| all together)?{_IN_IMAGE}",
            rf"how many(?: {_THINGS})? {_YOU_FOUND}(?: (?:them|there))?{_IN_IMAGE}",
            rf"how many {_THINGS}{_IN_IMAGE}",
            rf"how many {_THINGS} {_DO} {_IT} (?:have|contain)",
            rf"count (?:{_IT}|them all)(?: again)?|count again|recount(?: {_IT})?",
            rf"(?:give me |what is )?(?:the |their )?(?:count|total count|number|total number)(?: of {_IT})?",
        ),
    ),
    (
        Topic.AREA,
        (
            rf"how (?:big|large|small|extensive|wide|much) {_BE} {_IT}",
            rf"how (?:big|large|much) {_BE} (?:the|their|its) (?:total |marked |covered )?(?:area|size|extent)",
            rf"(?:in|as) {_SIZE_UNIT}",
            rf"(?:what|which|how much|how large an?|how big an?)(?: is the)?(?: total| ground)? "
            rf"(?:area|ground|land|space|surface|size) {_DO} {_IT} (?:{_COVER}|have)(?: in total| altogether)?",
            rf"what (?:area|size) {_BE} {_IT}",
            rf"(?:(?:and )?what {_BE} )?(?:the|their|its) (?:(?:total|whole|overall|covered|marked|exact|combined) )*"
            rf"(?:area|size|extent|surface)(?: of {_IT})?(?: in {_SIZE_UNIT})?",
            rf"how many {_SIZE_UNIT}(?: {_BE} {_IT}| {_DO} {_IT} {_COVER})?",
            rf"how much {_DO} {_IT} cover",
            rf"(?:measure|size up) {_IT}",
        ),
    ),
    (
        Topic.SHARE,
        (
            rf"(?:what|which|how big an?|how large an?)(?: {_BE} the)? {_SHARE}(?: of {_IMAGE})?"
            rf"(?: {_BE} {_IT}| {_DO} {_IT} {_COVER}| {_BE} (?:covered|marked)(?: by {_IT})?)?",
            rf"how much {_BE} (?:covered|marked)(?: by {_IT})?",
            rf"how much of {_IMAGE} (?:{_BE} {_IT}|{_DO} {_IT} {_COVER}|{_BE} (?:covered|marked)(?: by {_IT})?)",
            rf"how much of {_IMAGE}",
            rf"what {_BE} (?:the|their|its) {_SHARE}(?: of (?:{_IT}|{_IMAGE}))?",
            rf"(?:what|which) {_SHARE} {_DO} {_IT} {_COVER}(?: of {_IMAGE})?",
        ),
    ),
    (
        Topic.POSITION,
        (
            rf"where(?: exactly| about| roughly)? {_BE} {_IT}(?: exactly| located| situated| lying)?{_IN_IMAGE}",
            rf"where(?: exactly)? {_DO} {_IT} lie{_IN_IMAGE}",
            rf"where(?: exactly)? in {_IMAGE} (?:{_BE} {_IT}|{_DO} {_IT} lie)",
            rf"where did you {_FOUND} {_IT}",
            r"where(?: exactly| precisely)?",
            rf"(?:in )?(?:what|which) (?:part|corner|half|side|area|quarter)(?: of {_IMAGE})? {_BE} {_IT}(?: in| on)?",
            rf"what {_BE} (?:the|their|its) (?:position|location|centre|center|centroid|whereabouts)(?: of {_IT})?",
        ),
    ),
    (
        Topic.CONFIDENCE,
        (
            r"how (?:sure|certain|confident) (?:are you|is the model|were you)"
            rf"(?: (?:of|about|in|with) {_IT}| (?:that )?{_IT} {_BE} (?:right|correct|true|accurate))?",
            r"(?:are|were) you (?:really |quite |very )?(?:sure|certain|confident)"
            rf"(?: (?:of|about) {_IT}| (?:that )?{_IT} {_BE} (?:right|correct|true|accurate))?",
            rf"(?:what {_BE} )?(?:your|the|its)(?: level of)? (?:confidence|certainty|score)(?: level| score)?"
            rf"(?: (?:of|in|about) {_IT})?",
            rf"how (?:reliable|accurate|trustworthy|good|certain|sure) {_BE} {_IT}",
            rf"can i (?:trust|rely on) {_IT}",
            rf"{_BE} {_IT} (?:right|correct|accurate|reliable)",
        ),
    ),
    (
        Topic.SUMMARY,
        (
            rf"what (?:did|have) you {_FOUND}{_IN_IMAGE}",
            rf"(?:what|which areas|which parts) {_BE} (?:marked|highlighted|outlined|found)(?: now)?{_IN_IMAGE}",
            rf"(?:summari[sz]e|describe|sum up) {_IT}",
            rf"tell me (?:more )?about {_IT}",
            rf"(?:give me |what are |show me )?(?:the |all )?(?:facts|numbers|measurements|statistics|figures)"
            rf"(?: (?:of|about|for) {_IT})?",
            r"(?:a |the )?summary",
        ),
    ),
    (
        Topic.PARTS,
        (
            rf"(?:list|number|label|enumerate|itemi[sz]e|rank|sort|order) (?:{_IT}|{_EACH}|(?:the )?{_THINGS})"
            r"(?: (?:by|according to) (?:their )?(?:size|area))?(?: in a (?:list|table))?",
            r"(?:list|rank|sort|order)(?: by| according to) (?:size|area)",
            rf"(?:make|give me|show me|show|create|draw up) (?:a|the) (?:table|list)(?: (?:of|with) (?:{_IT}|{_EACH}"
            rf"|(?:the|their) sizes))?",
            r"(?:what are|list|show me|give me)(?: all)? (?:the|their) (?:individual |single |separate )*"
            rf"(?:sizes|areas|extents|positions)(?: of (?:{_IT}|{_EACH}))?",
            rf"(?:how (?:big|large)|where) is {_EACH}",
            rf"(?:the )?(?:size|area|position)s? of {_EACH}",
        ),
    ),
    (
        Topic.SIZES,
        (
            rf"(?:what is )?(?:the|their) (?:average|mean) (?:size|area|extent)(?: of {_IT}"
            rf"| of {_EACH})?",
            rf"how (?:big|large) {_BE} {_IT} on average",
            rf"{_BE} {_IT} (?:all )?(?:(?:of )?(?:the same|equal|similar|different)(?: (?:size|area|extent))?"
            r"|equally (?:big|large)|the same size|alike in size)",
            rf"how (?:much )?{_DO} {_IT} (?:differ|vary)(?: in size)?|how different {_BE} {_IT}(?: in size)?",
            r"(?:what is )?(?:the )?(?:range|distribution|spread) of (?:the |their )?(?:sizes?|areas?)",
            r"(?:what is )?(?:the |their )?size (?:range|distribution)",
        ),
    ),
    (
        Topic.SPACING,
        (
            rf"how (?:far|close)(?: apart| together| away)? {_BE} {_IT}(?: (?:from|to) (?:each other|one another))",
            rf"how (?:far apart|close together) {_BE} {_IT}",
            r"(?:what is )?(?:the )?(?:smallest |minimum |nearest |closest |shortest |least )?"
            rf"(?:distance|gap|spacing|space) between (?:{_IT}|(?:the )?{_THINGS}|each of them)",
        ),
    ),
    (
        Topic.BOUNDS,
        (
            rf"(?:what (?:is|are) |give me |show me |tell me )?(?:the |its |their )?"
            rf"(?:coordinates?|bounds|bounding box(?:es)?|bbox(?:es)?|lat(?:itude)? and lon(?:gitude)?)(?: of {_IT})?",
        ),
    ),
    (
        Topic.HALVES,
        (
            rf"{_BE} (?:there|they|it|these|those|most of them) (?:more |mostly )?(?:of them |of these )?(?:on|in|at"
            rf"|to) {_HALF} (?:or|than) "
            rf"(?:on |in |at |to )?{_HALF}",
            rf"(?:which|what) (?:half|side)(?: of {_IMAGE})? (?:has|holds|contains|shows)(?: the)? (?:more|most)"
            r"(?: of (?:them|these|it|those))?",
            r"how many (?:are|lie) (?:on|in) (?:each|either) (?:side|half)",
            rf"how {_BE} {_IT} (?:distributed|spread|spread out|arranged)",
        ),
    ),
)

_PATTERNS = tuple((topic, tuple(re.compile(rule) for rule in rules)) for topic, rules in _RULES)

_FILLERS = r"(?:(?:and|so|ok|okay|now|then|please|also|hey|hi|thanks|thank you|great|but|well|hmm|just)(?:\s+|$))*"
_ASKING = (
    r"(?:(?:can|could|would|will) you (?:please )?(?:(?:tell me|say|estimate)\s+)?|tell me\s+(?!more|about)"
    r"|do you know\s+|i want to know\s+|i would like to know\s+)?"
)
_OPENING = re.compile(rf"^{_FILLERS}{_ASKING}(?:(?:and|also|please|exactly|roughly|approximately)\s+)*")
# "(tell me) where they are": the order of an indirect question.
_INDIRECT = re.compile(rf"^(where|how big|how large|how sure|how many) ({_IT}|you|there) (is|are)$")
_CLOSING = re.compile(
    r"(?:\s+(?:please|then|now|thanks|thank you|in total|altogether|overall|exactly|roughly|approximately))+$"
)
_SENTENCE_END = re.compile(r"[.?!;,]+(?:\s+|$)|\s+and\s+(?=how|what|where|which)")
_CONTRACTIONS = (("'s ", " is "), ("'re ", " are "), ("'ve ", " have "), ("%", " percent "))


def parse_follow_up(text: str) -> Topic | None:
    """Return what `text` wants to know about the marks that are there, or None when it is no such question.

    Several follow-ups in one text ("how many are there, and how big are they?") ask for the summary.
    """
    if len(text) > LONGEST_FOLLOW_UP:
        return None
    topics: set[Topic] = set()
    for sentence in _split_sentences(text):
        core = _strip_politeness(sentence)
        if not core:
            continue
        topic = _parse_sentence(core)
        if topic is None:
            return None
        topics.add(topic)
    if not topics:
        return None
    return topics.pop() if len(topics) == 1 else Topic.SUMMARY


def _split_sentences(text: str) -> list[str]:
    words = text.lower().replace("’", "'")
    for short, full in _CONTRACTIONS:
        words = words.replace(short, full)
    return [" ".join(part.split()) for part in _SENTENCE_END.split(words) if part.strip()]


def _strip_politeness(sentence: str) -> str:
    """Return the words that carry the question; none of "ok", "please" or "thank you" is left."""
    return _CLOSING.sub("", _OPENING.sub("", sentence)).strip()


def _parse_sentence(core: str) -> Topic | None:
    direct = _INDIRECT.sub(r"\1 \3 \2", core)
    for topic, patterns in _PATTERNS:
        if any(pattern.fullmatch(direct) for pattern in patterns):
            return topic
    return None
