"""Sentences that say the same as a noun phrase, turned into one.

"Of all the ships, which lies furthest left" becomes "ships furthest left". Each rule matches a whole sentence
(normalised, without politeness). Where none matches, the sentence is its own phrase.
"""

import re
from collections.abc import Callable, Iterator

from assistant.routing.criteria import parse_qualifiers
from assistant.routing.vocabulary import CENTRE, COUNT, OF_IMAGE, ORDINAL, REGION, SIDES, read_sides

VERB = (
    r"(?:segment|outline|mark|show|find|highlight|point out|pick out|locate|identify|trace|extract|select|delineate"
    r"|draw|detect|display|give|get|see|map|single out|look for|search for|need|want|mean|indicate|pinpoint|choose"
    r"|isolate|take|pick|keep|leave|mask|circle|point to|point at|tell|name|colour|color|shade)"
)
LEAD = re.compile(
    rf"(?:only |just )?(?:(?:i|we) (?:only |just |would like |am looking for |am interested in )?)?(?:{VERB})?"
    r"(?: (?:me|us|for me))?(?: (?:only|just))?(?: (?:a|the) (?:mask|outline)(?: (?:of|over|around|for))?)? "
    r"|where(?: in (?:the|this) (?:image|picture|scene))? (?:is|are|do you see|can you see|would i find"
    r"|can i find|do i find) "
    r"|(?:which|what|who) (?:is|are) (?=the )|(?:only|just) |(?:i|we) am looking for |looking for "
)
_LIE = (
    r"(?:is|are|lies?|sits?|stands?|comes?|appears?|ranks?|takes?|covers?|has|have|occup(?:y|ies)|can be (?:found"
    r"|seen)"
    r"|(?:is|are) (?:found|located|situated|lying))"
)
_HEAD = r"(?P<head>[a-z' ]+?)"
_OTHER_VERB = rf"(?:{VERB}(?: (?:me|us|out))?(?: (?:only|just))? )"
_ONE = r"(?:(?:the |that |only the )?(?:single )?(?:ones?|those)(?: (?:that|which))?(?: (?:is|are|lies?))? )"

# Words around a region that say no more than "there".
_ATTENTION = (
    r"(?:(?:but|if|you|we|were|would|cropped|cut|the|image|picture|scene|photo|stick|sticking|when|then|than"
    r"|leave|leaving|skip"
    r"|skipping|those|ones|exclude|excluding|out|look|looking|only|just|solely|at|in|on|focus|focusing|focussing"
    r"|concentrate|concentrating"
    r"|consider|considering"
    r"|restrict|restricting|limit|limiting|limited|confine|confining|confined|yourself|your|search|attention|view|to"
    r"|within|inside|outside|ignore|ignoring|disregard|disregarding|everything|anything|all|of|take|for|crop|zoom"
    r"|into"
    r"|keep|stay|staying|work|check|examine|inspect|scan|with|regard|respect|what|that|lies|is|not|now|over|my"
    r"|interest"
    r"|interested|am|i|care|about|part|searching|using|use|answer|by|pay|turn|go) )*?"
)
_SIDE_OF_INTEREST = re.compile(
    rf"(?P<before>{_ATTENTION})(?P<region>{REGION}){OF_IMAGE}(?: (?:only|alone|matters|counts|is of interest))?"
)
_CASTS_OUT = re.compile(r"\b(?:ignor\w+|disregard\w*|not|skip\w*|exclud\w*|leav\w+|without|out)\b")
_OUTSIDE = re.compile(r"\boutside\b")

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def rephrase(words: str) -> Iterator[str]:
    """Yield the noun phrases that a sentence may stand for, the sentence itself first; each to be understood whole."""
    yield words
    for pattern, build in _RULES:
        match = pattern.fullmatch(words)
        if match:
            yield build(match)
    yield from _move_region(words)


def _move_region(words: str) -> Iterator[str]:
    """Yield the sentence with a region that stands before or after it, apart, put behind its noun."""
    for joint in re.finditer(r"[,;:.!]+ (?:and )?| and | - |(?= but only )", words):
        before, after = words[: joint.start()], words[joint.end() :].removeprefix(" but only ").strip()
        region = _read_region(before)
        if region is not None:
            yield f"{_bare(after)} in {region}"
        region = _read_region(after)
        if region is not None:
            yield f"{_bare(before)} in {region}"
        for pick, rest in ((before, after), (after, before)):
            if parse_qualifiers(pick) is not None:
                yield f"{_bare(rest)} {pick}"
    # "to the left of the pier mark the ships", without a comma; "... there are ships".
    for joint in re.finditer(rf" (?={VERB} |there (?:is|are) |(?:which|where|what) )", words):
        if parse_qualifiers(words[: joint.start()]) is not None:
            yield f"{_bare(words[joint.end() :])} {words[: joint.start()]}"
    # "in the left half mark the roads": a region in front, and nothing between.
    front = re.match(
        rf"(?:in|within|inside|on|at) (?P<region>{REGION}){OF_IMAGE} (?P<rest>{VERB} .+|(?:which|where) .+)", words
    )
    if front:
        yield f"{_bare(front['rest'])} in {front['region']}"


def _read_region(words: str) -> str | None:
    match = _SIDE_OF_INTEREST.fullmatch(words.strip(" ,"))
    if match is None:
        return None
    is_turned_away = _CASTS_OUT.search(match["before"]) is not None
    return match["region"] if is_turned_away == (_OUTSIDE.search(match["before"]) is not None) else None


def _bare(words: str) -> str:
    """Return a sentence without its verb and question word: "where are the roads" is "the roads"."""
    words = words.strip(" ,")
    lead = LEAD.match(words)
    bare = words[lead.end() :] if lead else words
    bare = re.sub(
        r"^(?:(?:which|what)(?: of the)? (?:(?:pixels|parts|areas) (?:are|show|belong to) )?|there (?:is|are) )",
        "",
        bare,
    )
    return re.sub(
        r"(?: (?:do|can|could) (?:you|i|we) (?:see|find|spot|make out)| (?:is|are) (?:there|visible|found))$", "", bare
    )


def _pick(words: str) -> str:
    return re.sub(r" ones?$", "", re.sub(rf"^(?:{_ONE}|the )", "", words))


def _mirror(match: re.Match[str]) -> str:
    """Return "A left of B" for "A with B to its right"."""
    (side,) = read_sides(match["side"])[:1]
    return f"{match['head']} {side.opposite} of {match['other']}"


_TURNED = {
    "above": "below", "below": "above", "under": "above", "beneath": "above", "over": "below",
    "north": "south of", "south": "north of", "east": "west of", "west": "east of",
}  # fmt: skip
_THE_CENTRE = rf"the {CENTRE}{OF_IMAGE}"
_AMONG = r"(?:of|among|amongst|out of|from|considering|comparing|taking)(?: all)?(?: of)?(?: the| these| those)?"
_SORT = r"(?:rank|sort|order|arrange|rank order|list|compare)"

_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        # "is the largest ship bigger than 2 ha": what is picked, and what is claimed of it.
        (
            r"(?:is|are) (?P<picked>the [a-z ]+?) (?P<claim>(?:bigger|larger|smaller) than .+)",
            lambda match: f"{match['picked']} {match['claim']}",
        ),
        # "of all the ships, which (one) lies furthest left"; "among the tanks, mark the largest". First with a comma,
        # which tells where a noun of several words ends.
        (
            rf"{_AMONG} {_HEAD}, (?:(?:which|what)(?: one| ones)?(?: {_LIE})?|{_OTHER_VERB}?) ?(?:the )?(?P<pick>.+)",
            lambda match: f"{match['head']} {_pick(match['pick'])}",
        ),
        (
            rf"{_AMONG} {_HEAD},? (?:(?:which|what)(?: one| ones)?(?: {_LIE})?"
            rf"|{_OTHER_VERB}?) ?(?:the )?(?P<pick>.+)",
            lambda match: f"{match['head']} {_pick(match['pick'])}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?P<pick>[a-z' ]+?)(?: ones?)?,? {_AMONG} {_HEAD}",
            lambda match: f"{match['head']} {_pick(match['pick'])}",
        ),
        (
            rf"(?:which|what)(?: one| ones)? {_AMONG} {_HEAD} {_LIE} (?P<pick>.+)",
            lambda match: f"{match['head']} {_pick(match['pick'])}",
        ),
        # "the ships, but only those near the pier"; "the tanks: the largest one".
        (
            rf"{_OTHER_VERB}?(?:all )?(?:the )?{_HEAD}(?:,|;|:| -)? (?:but )?(?:only|just|namely|i mean"
            rf"|specifically)?,? ?"
            rf"{_ONE}(?P<pick>.+)",
            lambda match: f"{match['head']} {match['pick']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:all )?(?:the )?{_HEAD}(?:,|;|:) (?:but )?(?:only|just) (?:the )?(?P<pick>[a-z0-9 ]+)",
            lambda match: f"{match['pick']} {match['head']}",
        ),
        # "which ships do you see in ..."; "are there any ships near ..."; "what ships are there in ...".
        (
            rf"(?:which|what) {_HEAD} (?:do|can|could) (?:you|we|i) (?:see|find|spot|make out"
            rf"|recognise) (?P<pick>.+)",
            lambda match: f"{match['head']} {match['pick']}",
        ),
        (
            rf"(?:which|what) {_HEAD} (?:are|is|can be) (?:there|visible|found|seen|present|located) (?P<pick>.+)",
            lambda match: f"{match['head']} {match['pick']}",
        ),
        (
            rf"(?:are|is) there (?:any |some |a |an )?{_HEAD} (?P<pick>(?:in|on|at|within|inside|near|to|left"
            rf"|right|above|below"
            r"|north|south|east|west) .+?)(?:[,;?]+ .*)?",
            lambda match: f"{match['head']} {match['pick']}",
        ),
        (
            rf"(?:do|can) you (?:see|find|spot) (?:any |some |a |an )?{_HEAD} (?P<pick>(?:in|on|at|within|inside"
            rf"|near|to|left"
            r"|right|above|below|north|south|east|west) .+?)(?:[,;?]+ .*)?",
            lambda match: f"{match['head']} {match['pick']}",
        ),
        (
            rf"does (?P<region>{REGION}){OF_IMAGE} (?:contain|have|hold|show|include) (?:any "
            rf"|some )?{_HEAD}(?:[,;?]+ .*)?",
            lambda match: f"{match['head']} in {match['region']}",
        ),
        # Orders: "rank the ships by size and mark the second"; "number the ships from the left; outline the third".
        (
            rf"{_SORT} (?:all )?(?:of )?(?:the )?{_HEAD} by (?:size|area)(?: from [a-z]+ to [a-z]+)?(?:,|;|:"
            rf"|\.)?(?: and| then)* "
            rf"{_OTHER_VERB}?(?:the )?(?:number )?(?P<order>{ORDINAL}|{COUNT})(?: one| largest| biggest| in the list)?",
            lambda match: f"{_to_ordinal(match['order'])} largest {match['head']}",
        ),
        (
            rf"(?:{_SORT}|number|count|read|go through|label) (?:all )?(?:the )?{_HEAD} "
            rf"from(?: the)? (?P<side>{SIDES})"
            rf"(?: to(?: the)? {SIDES})?(?:,|;|:|\.)?(?: and| then)* {_OTHER_VERB}?"
            rf"(?:the |number )?(?P<order>{ORDINAL}|{COUNT})(?: one)?",
            lambda match: f"{_to_ordinal(match['order'])} {match['head']} from the {match['side']}",
        ),
        (
            rf"(?:(?:counting|going|reading|moving|coming|starting|seen|looking|ordered"
            rf"|walking)(?: across)? )?from(?: the)? "
            rf"(?P<side>{SIDES})(?: (?:side|edge))?(?: to(?: the)? {SIDES})?(?:,|:)? {_OTHER_VERB}?"
            rf"(?:(?:which|what)(?: one)? is )?(?:the )?(?:number )?(?P<order>{ORDINAL}) {_HEAD}",
            lambda match: f"{match['order']} {match['head']} from the {match['side']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?P<order>{ORDINAL}) {_HEAD},? (?:when |if |as )?(?:counting|counted|going"
            rf"|reading|read"
            rf"|moving|ordered|numbered|sorted|seen|you (?:count|go|read))(?: across)?(?: from)?(?: "
            rf"the)? (?P<side>{SIDES})"
            rf"(?: (?:side|edge))?(?: (?:on|to(?: the)? {SIDES}))?",
            lambda match: f"{match['order']} {match['head']} from the {match['side']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?:number|no\.?) (?P<order>{COUNT}) from the (?P<side>{SIDES}),? "
            rf"{_AMONG} {_HEAD}",
            lambda match: f"{_to_ordinal(match['order'])} {match['head']} from the {match['side']}",
        ),
        # The first that one comes to: from a side, a corner or a thing.
        (
            rf"(?:starting|coming|going|walking|seen|beginning|moving|driving|approaching|entering)(?: (?:from|at"
            rf"|in|out from))? "
            rf"(?P<place>the [a-z ]+?)(?:,|:)? (?:(?:which|what) {_HEAD} (?:do|does|would|will|can|is|are) (?:you "
            rf"|one |we )?"
            r"(?:reach|meet|find|come to|come across|encounter|hit|pass|reached|met|encountered)?(?: first"
            r"| nearest| closest)?)",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        (
            rf"(?:starting |going |measured |seen |looking )?(?:from|at|near) (?P<place>the [a-z ]+?),? "
            rf"{_OTHER_VERB}?"
            rf"(?:the )?(?:first|nearest|closest|next) {_HEAD}",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?P<count>{COUNT} )?(?P<how>nearest|closest) {_HEAD} (?:to"
            rf"|from) (?P<other>(?:the|a|an) .+)",
            lambda match: f"{match['head']} {match['count'] or ''}nearest to {match['other']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?P<how>furthest|farthest) {_HEAD} (?:to|from) (?P<other>(?:the|a|an) .+)",
            lambda match: f"{match['head']} furthest from {match['other']}",
        ),
        (
            rf"(?P<other>(?:the|a|an) [a-z ]+?) (?:has|have) (?:a |an |some |any |several |one )?{_HEAD} (?:on|to"
            rf"|at) "
            rf"(?:its|their) (?P<side>{SIDES})(?: hand)?(?: side)?",
            lambda match: f"{match['head']} {match['side']} of {match['other']}",
        ),
        (
            rf"{_OTHER_VERB}?(?P<other>(?:the|a|an) [a-z ]+?)'s (?:nearest|closest) {_HEAD}",
            lambda match: f"{match['head']} nearest to {match['other']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?{_HEAD} (?:that |which )?(?P<other>(?:the|a|an) [a-z ]+?) (?:is"
            rf"|lies) (?:nearest|closest) to",
            lambda match: f"{match['head']} nearest to {match['other']}",
        ),
        # The other way round: "the ship with the pier to its right"; "looking from the pier, which ship lies left".
        (
            rf"{_OTHER_VERB}?(?:which )?(?:the )?{_HEAD} (?:that |which )?(?:has|have|having"
            rf"|with) (?P<other>(?:the|a|an) .+?) "
            rf"(?:on|to|at) (?:its|their|the) (?P<side>{SIDES})(?: hand)?(?: side)?",
            _mirror,
        ),
        (
            r"(?:seen|looking|viewed|as seen|going|relative|compared|with respect|in relation)(?: (?:from|to))? "
            rf"(?P<other>the [a-z ]+?)(?:,|:)? (?:which |{_OTHER_VERB})?(?:the )?{_HEAD} (?:that )?(?:is |are "
            rf"|lies? )?"
            rf"(?:to|on) (?:the|its) (?P<side>{SIDES})(?: hand)?(?: side)?",
            lambda match: f"{match['head']} {match['side']} of {match['other']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:which )?(?:the )?{_HEAD} (?:that |which )?(?:has|have|having"
            rf"|with) (?P<other>(?:the|a|an) .+?) "
            rf"(?P<where>above|below|under|beneath|over|north|south|east|west)(?: of)? (?:it|them)",
            lambda match: f"{match['head']} {_TURNED[match['where']]} {match['other']}",
        ),
        # "taking the track as reference, mask the courts above it"; "with the pier as a landmark, which boats ...".
        (
            rf"(?:taking|using|given|with|considering|having|take|use) (?P<other>(?:the|a|an) [a-z ]+?) as "
            rf"(?:(?:a|the|your|our) )?(?:reference|landmark|anchor|starting point|point of reference)(?: point)?"
            rf"(?:,|;|:| and)* (?:(?:which|what) |{_OTHER_VERB})?(?:all )?(?:the )?{_HEAD} (?:that |which )?"
            rf"(?:(?:is|are|lies?|sits?|stands?) )?(?:(?:to|on|at|in) the )?(?P<side>{SIDES}|above|below|beneath|under)"
            rf"(?: hand)?(?: side)?(?: of)? (?:it|them|that)",
            lambda match: f"{match['head']} {_place_beside(match['side'])} {match['other']}",
        ),
        # Something nearest to a place that was named before: "go to the top left corner and mark the nearest ship".
        (
            rf"(?:look|looking|go|going|start|starting|begin|move|head|measure|measured|seen|standing)"
            rf"(?: (?:at|from|to|in|into|towards))? (?P<place>the [a-z ]+?)(?:,|:| and)+ (?:then )?"
            rf"(?:which {_HEAD} (?:is|lies|sits|would be) (?:the )?(?:nearest|closest)(?: (?:one|by|to (?:it|that"
            rf"|you|there)"
            r"|to that corner))?)",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        (
            rf"(?:look|looking|go|going|start|starting|begin|move|head|measure|measured|seen|standing)"
            rf"(?: (?:at|from|to|in|into|towards))? (?P<place>the [a-z ]+?)(?:,|:| and)+ (?:then )?{_OTHER_VERB}"
            rf"(?:the )?(?:nearest|closest|first) {_HEAD}(?: (?:to (?:it|that|you|there)|to that corner))?",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        (
            rf"(?:which|what) {_HEAD} (?:would|will|do|does|can) (?:you|one|we) (?:reach|meet|find|come to"
            rf"|come across|encounter"
            rf"|hit|pass)(?: first)?,? (?:starting|coming|going|walking|when (?:starting|coming)|if you (?:start"
            rf"|come))"
            rf"(?: (?:at|in|from|out from))? (?P<place>the [a-z ]+)",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        # "starting at the pier, what is the first ship you come across".
        (
            rf"(?:start|starting|beginning|coming|going|walking|moving|looking|out)(?: (?:from|at|in|out from|near))? "
            rf"(?P<place>the [a-z ]+?)(?:,|:) (?:(?:what|which) is |{_OTHER_VERB})?the (?:first|next|nearest|closest) "
            rf"{_HEAD}(?: (?:that )?(?:you|one|we|i) (?:would |will )?(?:reach|meet|find|come to|come across|encounter"
            r"|hit|pass))?",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        # "if you drew a cross through the middle, which ship would be nearest to it".
        (
            rf"(?:if (?:you|one|we|i) (?:drew|draw|put|made|make|marked|set) |draw |put )(?:a|an) [a-z]+ "
            rf"(?:through|in|at|on) (?P<place>{_THE_CENTRE})(?:,| and)+ (?:which|what|{_OTHER_VERB})(?: the)? ?{_HEAD} "
            r"(?:would|will|might) (?:be |lie |come )?(?:the )?(?:nearest|closest)(?: to (?:it|that))?",
            lambda match: f"{match['head']} nearest to {match['place']}",
        ),
        # "which buildings remain if you remove the largest one".
        (
            rf"(?:which|what) {_HEAD} (?:(?:would |will )?(?:remain|stay)|are left)(?: over)? (?:if|when|once|after)"
            r" (?:you |one |we |i )?(?:remove|removing|take away|taking away|leave out|leaving out|ignore|drop|discard)"
            r" the (?P<rank>[a-z ]+?)(?: ones?)?",
            lambda match: f"{match['head']} except the {match['rank']}",
        ),
        # Sizes by comparing: "compare the ships and mark the largest"; "of these, number two in size".
        (
            rf"{_SORT} (?:all )?(?:of )?(?:the )?{_HEAD}(?: by (?:size|area))?(?:,|;|:|\.)?(?: and"
            rf"| then)* {_OTHER_VERB}"
            rf"(?:only |just )?(?:the )?(?P<pick>[a-z0-9 ]+)",
            lambda match: f"{match['head']} {_pick(re.sub('^(?:first|top) ', 'top ', match['pick']))}",
        ),
        (
            rf"{_OTHER_VERB}?(?:the )?(?P<rank>[a-z0-9 ]+?) {_HEAD} (?:by|in|judged by|measured by"
            rf"|in terms of) (?:size|area|extent)",
            lambda match: f"{match['rank']} {match['head']}",
        ),
        (
            rf"{_OTHER_VERB}?(?:only |just )?(?P<phrase>the .+?)(?:,|;| and)+ (?:(?:ignore|leave|skip"
            rf"|forget)(?: out)? (?:all )?(?:the )?"
            r"(?:others?|rest)(?: out| alone)?|nothing else|no others?|none of the others)",
            lambda match: match["phrase"],
        ),
        # "apart from the largest, mark all the ships".
        (
            rf"(?:except(?: for)?|apart from|leaving out|not counting|other than|without|with the exception of"
            rf"|excluding|but for)"
            rf" the (?P<rank>[a-z ]+?)(?: one)?,? {_OTHER_VERB}?(?:all|every|each)(?: of)?(?: the)? {_HEAD}",
            lambda match: f"{match['head']} except the {match['rank']}",
        ),
        # All but the foremost: "skip the largest tank and mark the others".
        (
            r"(?:leave out|skip|ignore|omit|drop|exclude|leaving out|forget|not) the (?P<rank>[a-z ]+?) "
            rf"(?P<head>[a-z]+(?: [a-z]+)?)(?:,|;| and| but)+ (?:then )?{_OTHER_VERB}?(?:all "
            rf")?(?:of )?the (?:others?|rest|remaining ones"
            r"|other ones)",
            lambda match: f"{match['head']} except the {match['rank']}",
        ),
    )
)


def _place_beside(side: str) -> str:
    """Return "left of" for "left", and "above" as it is."""
    return side if side in ("above", "below", "beneath", "under") else f"{side} of"


def _to_ordinal(text: str) -> str:
    names = {"one": "first", "two": "second", "three": "third", "four": "fourth", "five": "fifth", "six": "sixth"}
    return names.get(text, f"{text}th" if text.isdigit() else text)
