"""Whether text that no rule understands may be about the marks that are there, rather than a new question.

Only words that point at the marks, complain about them or wish them otherwise raise a doubt. What names a thing of the
world, or asks for one, is a new question, and nobody is asked back.
"""

import re

from assistant.routing.candidates import has_cue_of_marks
from assistant.routing.decomposition import decompose
from assistant.routing.sentences import normalise_sentence, strip_politeness
from assistant.routing.sequences import read_sequence
from assistant.routing.several_things import read_several
from assistant.routing.whole_class import read_whole_class

# Longer texts describe what to look for.
LONGEST_DOUBTFUL = 160
SHORTEST_SENTENCE = 3  # words

# "where", "find", "is there": what follows is to be looked for in the image.
_LOOKING = re.compile(
    r"(?:where|which|what|who|whose|why|when|find|show|mark|segment|highlight|locate|identify|detect|outline"
    r"|delineate"
    r"|spot|point out|search|look(?:ing)? for|i am (?:looking|searching|mapping|interested)|let me see|are there"
    r"|is there"
    r"|is this|is that|are those|are these|do you see|can you see|any|anything|something|somewhere|a place"
    r"|how many|count"
    r"|tell me|give me an?|give an?|extract|draw|check|select|pick out|trace|label|taking|from (?:this|the)"
    r"|(?:with)?in (?:this|the)"
    r"|if|mask|every|an?|of all|estimate|how much of|give the|for|suppose|imagine|help me|need"
    r"|could|can|would|does|do|next|now|what about|let us talk about)\b"
)
# "all ships except those near the pier": those are ships.
_EXCEPTED = re.compile(r" (?:except(?: for)?|apart from|other than|besides|but not|without) (?:those|the ones) .*")
_SENTENCE_END = re.compile(r"[.!?;] ")
# What refers to the marks whatever else is said.
_OF_THE_MARKS = re.compile(
    r"\b(?:of (?:them|these|those)|which ones?|the (?:mask|outline|contours?|selection|marks|result)"
    r"|(?:ones|those|these) (?:next|near|nearest|in|inside|on|at|by|along|within|beside|around|behind|left|right"
    r"|above"
    r"|below|cut)|you (?:also |just |have )*(?:marked|missed|forgot|took|included|left)|do we have|(?:can|let"
    r"|may) (?:we|us|i) (?:begin|start|restart)"
    r"|(?:focus|concentrate) on|(?:does|do) (?:that|it|they) (?:amount|come|add|cover)|can it be|could it be (?:a "
    r"|less|more))\b"
)
_ABOUT_MARKS = re.compile(
    r"\b(?:those|these|that|this|ones?|masks?|marks?|marked|unmarked|outlines?|contours?|selection"
    r"|selected|shapes?|you (?:missed|forgot|took|included|left|overlooked)|i (?:meant|mean|asked|only|do not"
    r"|don't|did not"
    r"|didn't|want|liked|prefer)|too (?:much|many|little|few|big|small|large|fat|thin|tight|loose|wide|narrow|rough)"
    r"|not what|do not|don't|does not|doesn't|did not|didn't|should(?: not|n't)?|is not|isn't|are not|aren't|enough"
    r"|better|worse|wrong|previous|before|again|back|oops|more strict|stricter|less strict|sloppy|generous|forget"
    r"|concentrate|focus|missing|missed|mistake|opposite|other way|swap|exchange|belongs?|would do|will do|crumbs"
    r"|jagged"
    r"|irrelevant|not interesting|useless)\b"
)
# "the ship and its wake": what is named first is what the pronoun means.
_PRONOUN = re.compile(r"(?P<before>.*?)\b(?:it|its|they|them)\b")
_NAMED = re.compile(r"\b(?:the|an?|one|any|each|every|all)\s+[a-z]+")
_IN_THE_IMAGE = re.compile(
    r"\b(?:(?:in|on|from|of|at|across) )?(?:this|that) (?:\w+ )?(?:image|picture|shot|photo|photograph|scene|view"
    r"|frame|map|place)\b"
)


def is_question_to_image(text: str) -> bool:
    """Return whether the rules read `text` as a wish for something in the image."""
    return any(read(text) is not None for read in (decompose, read_sequence, read_several, read_whole_class))


def begins_with_looking(text: str) -> bool:
    """Return whether `text` begins like a wish to look for something in the image ("show", "where", "are there")."""
    return _LOOKING.match(_read_words(text)) is not None


def is_doubtful(text: str) -> bool:
    """Return whether `text`, which no rule understands, may be about the marks.

    Args:
        text: what the person typed, while a mask is there.
    """
    words = _read_words(text)
    if len(text) > LONGEST_DOUBTFUL or not words or read_sequence(text) is not None:
        return False
    if _OF_THE_MARKS.search(_EXCEPTED.sub("", words)):
        return True
    # "Firefighters worry about fuel. Where would it be held?": the last sentence asks.
    asked = _SENTENCE_END.split(words)[-1]
    if _LOOKING.match(words) or _LOOKING.match(asked) or decompose(text) is not None:
        return False
    pronoun = _PRONOUN.match(words)
    is_unnamed = pronoun is not None and _NAMED.search(pronoun["before"]) is None
    if is_unnamed or _ABOUT_MARKS.search(words) is not None:
        return True
    # "broken roofs" are things; "it is broken up" is a sentence.
    return len(words.split()) >= SHORTEST_SENTENCE and has_cue_of_marks(words)


def _read_words(text: str) -> str:
    """Return the words of a text, without politeness and without "in this image"."""
    return _IN_THE_IMAGE.sub("", strip_politeness(normalise_sentence(text)))
