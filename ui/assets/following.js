// The end of the conversation stays in sight while it grows, unless a person looks elsewhere or changes a mask by hand.

import { find } from "./actions.js";

let isFollowing = true;
let lastTop = 0;
let followed; // the conversation

// Where the end of the conversation is read from: its last line, but never below the start of the last message.
function endOf(scroller) {
  const last = [...scroller.querySelectorAll(".message.is-assistant")].at(-1);
  const bottom = scroller.scrollHeight - scroller.clientHeight;
  if (!last) return bottom;
  const top = last.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  return Math.max(0, Math.min(bottom, top - 8));
}

function scrollToEnd() {
  const scroller = find("#scroller");
  if (!scroller) return;
  isFollowing = true;
  scroller.scrollTop = endOf(scroller);
  lastTop = scroller.scrollTop;
}

function noteScroll(event) {
  const scroller = event.target;
  if (scroller.id !== "scroller") return;
  // Only a person scrolls up; what is drawn makes the conversation longer below.
  const isAtEnd = scroller.scrollTop >= endOf(scroller) - 80;
  isFollowing = isAtEnd || (isFollowing && scroller.scrollTop >= lastTop);
  lastTop = scroller.scrollTop;
}
document.addEventListener("scroll", noteScroll, { capture: true, passive: true });

// Whoever changes a mask by hand looks at one place, which must not move: neither while that is done nor when the new
// state has taken the old one's place.
const byHand = ["page_point", "page_brush", "page_step", "page_threshold", "page_move"];
let isHeldStill = false;
let shownPlace;

document.addEventListener("segearth", (event) => {
  if (byHand.includes(event.detail.name)) isHeldStill = true;
});

function noteByHand() {
  const place = [...document.querySelectorAll("#transcript .message.is-assistant")].at(-1)?.dataset.root;
  const isIdle = find("#live .is-live") === null;
  isHeldStill = find("#live .is-by-hand") !== null || (isHeldStill && isIdle && place === shownPlace);
  if (isIdle) shownPlace = place;
}

// Called when the conversation changed; `conversation` is the open one, "" for the empty page.
export function followEnd(conversation) {
  noteByHand();
  const isNew = conversation !== followed || find("#live .is-live") !== null;
  followed = conversation;
  if (conversation === "") find("#scroller")?.scrollTo(0, 0);
  else if (!isHeldStill && (isFollowing || isNew)) scrollToEnd();
}

// A picture that arrives makes the conversation longer; whoever was at its end stays there.
document.addEventListener(
  "load",
  (event) => event.target.tagName === "IMG" && isFollowing && !isHeldStill && scrollToEnd(),
  true,
);
