// What was pointed at and painted, on its way to the server: one change at a time, in the order in which it was done.
//
// What is done while an answer is under way is kept, and asked afterwards of the answer that came: clicks together,
// a box and what came before it together, strokes together.

import { isBusy, raise } from "./actions.js";
import { answerOf, pointable } from "./pictures.js";

const patienceMs = 4000; // after which a wish that the server did not take up no longer holds back the next

const waiting = []; // { picture, clicks, box, strokes }, the oldest first
let asked; // { newest, isRunning, since } while what was asked is not answered yet

export function add(picture, { click, box, stroke }) {
  const last = waiting.at(-1);
  const fits = last?.picture === picture && !last.box && last.strokes.length > 0 === Boolean(stroke);
  const change = fits ? last : { picture, clicks: [], box: undefined, strokes: [] };
  if (!fits) waiting.push(change);
  if (click) change.clicks.push(click);
  if (box) change.box = box;
  if (stroke) change.strokes.push(stroke);
  askNow();
}

function newestAnswer() {
  return [...document.querySelectorAll(`#transcript ${pointable}`)].at(-1)?.dataset.answer;
}

function isAnswered() {
  if (!asked) return true;
  if (isBusy()) asked.isRunning = true;
  const isOver = asked.isRunning || newestAnswer() !== asked.newest || Date.now() - asked.since > patienceMs;
  return isOver && !isBusy();
}

// Also called when the conversation changed: what was done meanwhile is asked then.
export function askNow() {
  if (!isAnswered()) return;
  asked = undefined;
  if (waiting.length === 0 || isBusy()) return;
  const { picture, clicks, box, strokes } = waiting.shift();
  const newest = newestAnswer();
  const message = (picture.isConnected ? answerOf(picture) : undefined) ?? newest;
  asked = { newest, isRunning: false, since: Date.now() };
  if (strokes.length > 0) raise("page_brush", { message_id: message, strokes });
  else raise("page_point", { message_id: message, clicks, box: box ?? null });
}
