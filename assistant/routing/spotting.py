"""Questions in an order of words that no rule foresees: one thing, one pick, and only words that say nothing else.

A pick is spotted anywhere ("the left half", "second largest", "the top left corner" with "nearest"). What is left must
be words of asking, and one run of other words, which then names the thing. Two such runs ("where could the largest
crowd gather") mean that more was said than is understood, and nothing is spotted. Words that turn a pick round
("without", "except") are not spotted either.
"""

import re
from collections.abc import Iterator

from assistant.routing.nouns import pluralise
from assistant.routing.vocabulary import COUNT, OF_IMAGE, ORDINAL, SIDES

_TURNED_ROUND = re.compile(
    r"\b(?:except\w*|without|but|not|apart|other|others|rest|ignor\w+|skip\w*|exclud\w*|outside|opposite"
    r"|everything|no"
    r"|none|never|leave|leaving|omit|drop|unless|else|besides|remaining|minus)\b"
)
# Words of asking, pointing and placing. None of them names a thing in an image.
_SAYING_NOTHING = re.compile(
    r"(?:judging|relative|respect|relation|reference|direction|perspective|viewed|placed|dead|stands|"
    r"a|about|across|actually|aerial|after|all|alone|along|also|am|among|amongst|an|and|any|anything|appear|"
    r"appears|are|area|area's|arrange|arranged|arrive|as|ascending|assume|assuming|at|attention|be|before|"
    r"begin|beginning|being|belong|belonging|belongs|bigger|biggest|border|both|bounds|by|call|can|care|check|"
    r"choose|circle|close|closest|colou?r|comes?|coming|compare|compared|comparing|confine|confined|consider|"
    r"considered|considering|contains?|corner|could|count|counted|counts?|cover|covering|covers|crop|cropped|"
    r"cut|decreasing|delineate|delineated|depict|descending|detect|did|display|distance|divide|divided|"
    r"dividing|do|does|down|draw|drop|each|edge|encounter|entire|every|exactly|examine|exclusively|extensive|"
    r"extent|extract|fall|falling|falls|farther|find|first|focus|focusing|follows?|footprint|for|found|four|"
    r"frame|from|fully|further|get|give|given|go|goes|going|greatest|ground|had|halves|happen|happens|has|have|"
    r"having|head|heading|here|highlight|highlighted|hold|holds|how|however|i|identify|if|image|"
    r"(?:image|picture|scene)'s|imagine|in|increasing|indicate|inside|inspect|instead|interested|into|is|"
    r"isolate|it|its|judged|just|keep|keeping|kept|kindly|larger|largest|least|leaves|left|less|let|lie|lies|"
    r"like|limit|list|locate|located|lone|long|look|looking|lying|made|make|map|mark|marked|mask|maximum|may|"
    r"me|measured|meet|meeting|merely|might|minimal|minimum|more|most|move|moved|moving|must|my|name|near|"
    r"nearby|nearest|need|next|nothing|now|number|of|off|on|one|ones|only|onto|order|ordered|our|out|outline|"
    r"outlined|over|overall|own|part|parts|photo|pick|picture|piece|pixels|place|placed|please|point|portion|"
    r"position|positioned|present|provided|purely|quarters|question|rank|ranks|reach|reached|read|really|"
    r"region|relevant|required|restrict|restricted|right|same|satellite|scan|scanning|scene|search|section|see|"
    r"seen|segment|segmented|select|separate|shall|share|shortest|should|show|shown|side|simply|single|sit|"
    r"sits|situated|size|smaller|so|solely|some|sort|sorted|space|split|splitting|spot|spots|stand|standing|"
    r"stands|start|starting|stay|strictly|such|suppose|surface|take|takes|target|tell|terms|than|that|the|"
    r"their|them|then|there|these|they|thing|things|this|those|to|too|top|towards?|trace|travel|two|up|upon|us|"
    r"view|visible|walk|walking|want|wanted|we|were|what|whatever|when|where|whether|which|whichever|who|whole|"
    r"whose|will|wish|with|within|would|yes|you|your|zoom"
    r")"
)
_REGION_NOUN = r"(?:half|quarter|quadrant|third)"
_EXPLICIT_REGION = re.compile(
    rf"(?:the )?(?P<region>{SIDES} (?:hand )?{_REGION_NOUN}){OF_IMAGE}"
    rf"|(?:the )?(?P<noun>{_REGION_NOUN}){OF_IMAGE} (?:that is |which is |that lies |lying )?(?:on|at|to|towards"
    rf"|in) the "
    rf"(?P<side>{SIDES})(?: side)?"
)
_SIZE = re.compile(r"\b(?:(?P<large>largest|biggest)|smallest|tiniest)\b")
_MOST_AREA = re.compile(
    r"\b(?:most|greatest|first|maximum|top|least|smallest|minimum|last|lowest)\b.*\b(?:area|size|extent|surface"
    r"|footprint|ground"
    r"|space|room|pixels)\b|\b(?:area|size|extent|surface|footprint|ground)\b.*\b(?:most|greatest|first|maximum"
    r"|top|least"
    r"|minimum|last|lowest)\b"
)
_LITTLE = re.compile(r"\b(?:least|minimum|last|lowest|smallest)\b")
_ONE_BEFORE = re.compile(
    r"\b(?:runner up|next in size|next largest|next biggest|number two|comes next|next one"
    r"|(?:after|behind|following|below|than|by|to) the (?:very )?(?:largest|biggest))\b"
)
_ORDER = re.compile(rf"\b(?!first\b)(?P<order>{ORDINAL})\b")
# "first and second": two of an order, which is more than one pick.
_FIRST_TOO = re.compile(rf"\bfirst (?:and|or|to) (?:the )?{ORDINAL}\b")
_NUMBER = re.compile(rf"\b(?!one\b)(?P<count>{COUNT})\b")
_CORNER = re.compile(rf"(?:the )?(?P<place>{SIDES} corner){OF_IMAGE}")
_MIDDLE = re.compile(
    rf"(?:the )?(?:very |exact )?\b(?:centre|center|middle|heart|midpoint)\b(?: point)?{OF_IMAGE}"
    r"|\b(?:most central(?:ly)?|centremost|centermost|middlemost)\b"
)
_NEARNESS = re.compile(r"\b(?:nearest|closest|first|next|shortest|near|close|least|smallest|minimal|minimum)\b|most$")
_SIDE_FROM = re.compile(
    rf"\b(?:(?:to|on|at|towards) the )?(?P<side>{SIDES}|above|below|beneath)(?: hand)?(?: side)?\b(?: of| from)?"
)
_BEFORE_ANCHOR = r"\b(?:of|from|to|than|at|above|below|beneath|nearest|closest)"
_CLOSEST = re.compile(r"\b(?:nearest|closest|shortest)\b")
_SIDE_NAMES = {"above": "above", "below": "below", "beneath": "below"}
ORDINAL_NAMES = {"two": "second", "2": "second", "three": "third", "3": "third", "four": "fourth", "4": "fourth"}
LONGEST_NAME_WORDS = 4

# Endings that only stress what was said, and double turns that come to none.
_STRESS = re.compile(
    r"[,;:.]? ?(?:and |but )?(?:(?:ignore|leave|skip|forget|disregard|omit|discard|drop|leaving|ignoring)(?: out"
    r"| aside)? "
    r"(?:all )?(?:the )?(?:rest|others?|remainder|remaining ones|everything else|anything else|all else)"
    r"(?: out| alone| aside| unmarked| away)?|(?:nothing|nowhere|no one) else|no others?)\b"
)
_INSIDE_ONLY = re.compile(
    r"\b(?:ignor\w+|disregard\w*|nothing|not(?: mark)?|no|exclud\w+|discard\w*|leav\w+ out|skip\w*|omit\w*"
    r"|without|drop\w*)"
    r"(?: anything| everything| those| what| all| any| the ones| whatever| ones?)?(?: that| which)?(?: is| are"
    r"| lies?| falls?)?"
    r" (?:outside|beyond|out of)(?: of)?"
)
_MORE_THAN_OTHERS = re.compile(
    r"\b(?:larger|bigger|greater|more (?:extensive|area|ground|space|surface|room))(?: in size| in area)? than "
    r"(?:any|all|every|each|the)(?: of)?(?: the)? (?:others?|rest)(?: ones?| one)?"
)


def spot(words: str) -> Iterator[str]:
    """Yield the noun phrases ("ships in the left half") that a normalised sentence may come to."""
    words = words.replace("'s ", " ")
    words = _MORE_THAN_OTHERS.sub("largest", _INSIDE_ONLY.sub("in", _STRESS.sub("", words)))
    if _TURNED_ROUND.search(words):
        return
    yield from _spot_region(words)
    yield from _spot_place(words)
    yield from _spot_relation(words)
    yield from _spot_size(words)


def _spot_region(words: str) -> Iterator[str]:
    match, name = _take_out(_EXPLICIT_REGION, words)
    if match is not None and name is not None:
        yield f"{name} in the {match['region'] or match['side'] + ' ' + match['noun']}"


def _spot_place(words: str) -> Iterator[str]:
    for pattern in (_CORNER, _MIDDLE):
        match, name = _take_out(pattern, words)
        if match is None or name is None:
            continue
        if pattern is _CORNER and _NEARNESS.search(words):
            yield f"{name} nearest to the {match['place']}"
        elif pattern is _MIDDLE and (_NEARNESS.search(words) or "most" in match[0]):
            yield f"{name} nearest to the centre"


def _spot_size(words: str) -> Iterator[str]:
    sized = _SIZE.search(words)
    if sized is None and _MOST_AREA.search(words) is None and _ONE_BEFORE.search(words) is None:
        return
    is_small = sized["large"] is None if sized else _LITTLE.search(words) is not None
    if _FIRST_TOO.search(words):
        return
    bare = _ONE_BEFORE.sub(",", words)
    orders, counts = list(_ORDER.finditer(bare)), list(_NUMBER.finditer(bare))
    is_next = bare != words
    if is_next and [match[0] for match in orders] == ["second"]:
        orders = []  # "second only to the largest" says it twice
    if len(orders) + len(counts) + is_next > 1:
        return
    runs = _find_names(_NUMBER.sub(",", _ORDER.sub(",", _SIZE.sub(",", bare))))
    if len(runs) != 1:
        return
    number = "second " if is_next else ""
    if orders or counts:
        number = f"{(orders or counts)[0][0]} "
    if counts and pluralise(runs[0]) != runs[0]:
        # One ship cannot be two: "the ship that is number two in size" is the second.
        number = f"{ORDINAL_NAMES.get(counts[0][0], counts[0][0])} "
    yield f"{number}{'smallest' if is_small else 'largest'} {runs[0]}"


def _spot_relation(words: str) -> Iterator[str]:
    """Yield "ship left of the pier" for two names and one side, or two names and nearness."""
    if re.search(r"\b(?:it|its|their|them|image|picture)\b", words):
        return
    sides = list(_SIDE_FROM.finditer(words))
    bare = _SIDE_FROM.sub(" , ", words, count=1) if len(sides) == 1 else words
    names = _find_names(bare)
    if len(names) != 2:
        return
    anchors = [name for name in names if re.search(rf"{_BEFORE_ANCHOR} (?:the|a|an) {name}\b", words)]
    if len(anchors) != 1:
        return
    (other,) = anchors
    (thing,) = [name for name in names if name != other]
    if len(sides) == 1:
        side = sides[0]["side"]
        yield f"{thing} {_SIDE_NAMES.get(side, f'{side} of')} the {other}"
    elif not sides and _CLOSEST.search(words):
        yield f"{thing} nearest to the {other}"


def _take_out(pattern: re.Pattern[str], words: str) -> tuple[re.Match[str] | None, str | None]:
    """Return the only match of `pattern` and the only name beside it; None for what is missing or not the only one."""
    found = list(pattern.finditer(words))
    if len(found) != 1:
        return None, None
    names = _find_names(f"{words[: found[0].start()]} , {words[found[0].end() :]}")
    return found[0], names[0] if len(names) == 1 else None


def _find_names(words: str) -> list[str]:
    """Return the runs of words that say something, each once; none where one of them is too long for a name."""
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[a-z']+|[^a-z' ]+", words):
        if _SAYING_NOTHING.fullmatch(word) or not word[0].isalpha():
            runs.append([])
        else:
            runs[-1].append(word)
    names = list(dict.fromkeys(" ".join(run) for run in runs if run))
    return names if all(len(name.split()) <= LONGEST_NAME_WORDS for name in names) else []
