"""What is said instead of marking something: to text that asks for no mask, or where something is missing."""

WHAT_I_DO = (
    "I mark things in this image. Ask for something (“where are the roads?”), or say how the marks should change "
    "(“only the largest”, “a bit bigger”, “undo that”)."
)
NAME_SOMETHING = (
    "I do not describe images; I mark in them what you name or hint at. What I know best are buildings, roads, "
    "water, fields, trees, vehicles, ships, airplanes, storage tanks, sports grounds, swimming pools and solar "
    "panels. For example: “where are the buildings?”, “the largest field” or “where could a plane land?”"
)
USE_THE_BUTTONS = (
    "There are buttons for that under an answer: “Export” saves mask and picture in every form, coordinates "
    "included; “Mask” hides it and changes its opacity; “Compare” shows two answers side by side; “Retry” asks "
    "again. A click on the picture opens it at full size."
)
CORRECT_IT = (
    "Please show me: under “Refine” a click adds what is missing or takes away what is wrong, a box or the brush "
    "does it by hand, and the threshold marks more or less. Or say what should change: “remove the smallest”, “only "
    "those in the upper half”, “and the ships too”, “undo that”."
)
ONE_AT_A_TIME = (
    "One answer is marked at a time. “And the ships too” adds a thing to it, “only where it overlaps the road” takes "
    "what both have, and “Compare” shows two answers side by side."
)
ABOUT_ME = (
    "I am SegEarth Chat. A language model reads your question, a vision model finds what it means, and what I say of "
    "it is measured from the marks; both run on the machine that serves this page, where conversations are kept "
    "until you delete them. I understand English, and PNG, JPEG, WebP, TIFF and GeoTIFF images. Outlines can be "
    "wrong: please check them."
)
NOT_MEASURED = (
    "That cannot be measured from the marks. What can: how many there are, how large, where and how far apart they "
    "are, what share of the image they cover, and how sure the model is."
)
NO_REASONS = (
    "I cannot give reasons: the model only says how likely each pixel is to be meant. “How sure are you?” tells its "
    "confidence, and under “Refine” you can move the threshold or correct the mask by a click."
)
POINT_AT_IT = (
    "Which one do you mean? Click on it in the image and say it again, or describe it (for example: the largest one, "
    "or the one nearest the top edge)."
)
ADD_AN_IMAGE = (
    "There is only one image in this conversation, so there is nothing to compare it with. Please add the other "
    "image of the same place, then ask again. (Two answers about one image are compared with the button “Compare”.)"
)
NAME_THE_IMAGE = (
    "I do not know when an image was taken. Please name the image to compare with by its number in this "
    "conversation, for example: what is new since the first image?"
)
NOTHING_MARKED = (
    "Nothing is marked in this image yet. Please ask for something first, for example: where are the buildings?"
)
