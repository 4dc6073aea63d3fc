// Pointing at a picture: clicks that say "this too" or "not this", and a box around a thing, in pixels of the image.
//
// With a tool in hand (body[data-tool]) a click adds or removes, with Shift or Alt it removes, and a drag draws a box.
// Fingers draw a box with the box tool alone, so that they can scroll with the others. What is pointed at while an
// answer is under way is kept, and asked all at once afterwards, of the answer that came.

import { actions, find, isBusy, raise } from "./actions.js";

const dragPx = 6; // less is a click with an unsteady hand
const stepShare = 0.02; // of the picture's width and height, for the arrow keys
const patienceMs = 4000; // after which a wish that the server did not take up no longer holds back the next
const pointable = "[data-answer][data-pointable]";

let waiting; // { picture, clicks, box } not asked yet
let asked; // { newest, isRunning, since } while what was asked is not answered yet
let drag; // { picture, pointer, start, end, isRemoving } while a button or a finger is down
let cursor; // { picture, at, corner } of the keyboard; at is [x, y] as shares of the picture

function tool() {
  return document.body.dataset.tool ?? "look";
}

function setTool(name) {
  if (name === "look") delete document.body.dataset.tool;
  else document.body.dataset.tool = name;
  forgetCursor();
  showTool();
}

export function showTool() {
  for (const button of document.querySelectorAll("[data-action='set-tool']")) {
    const isChosen = button.dataset.tool === tool();
    if (button.getAttribute("aria-pressed") !== String(isChosen)) button.setAttribute("aria-pressed", String(isChosen));
  }
}

function pictureOf(target) {
  const picture = target.closest?.(".picture");
  return picture?.closest(pointable) ? picture : undefined;
}

function shareOf(picture, event) {
  const frame = picture.getBoundingClientRect();
  const clip = (share) => Math.min(Math.max(share, 0), 1);
  return [clip((event.clientX - frame.left) / frame.width), clip((event.clientY - frame.top) / frame.height)];
}

// A share of the picture in pixels of the image; the far edge itself belongs to no pixel.
function toNative(picture, [x, y], { isEdge = false } = {}) {
  const size = ["width", "height"].map((name) => Number(picture.querySelector(".picture-base").getAttribute(name)));
  const least = isEdge ? 0 : 0.01;
  return [Math.min(x * size[0], size[0] - least), Math.min(y * size[1], size[1] - least)];
}

// --- Marks on the picture --------------------------------------------------------------------------------------------

function mark(picture, className, [x, y], [right, bottom] = [x, y]) {
  const element = document.createElement("span");
  element.className = className;
  const percent = (share) => `${share * 100}%`;
  element.style.cssText = `left:${percent(Math.min(x, right))};top:${percent(Math.min(y, bottom))};`;
  if (right !== x || bottom !== y) {
    element.style.cssText += `width:${percent(Math.abs(right - x))};height:${percent(Math.abs(bottom - y))};`;
  }
  picture.append(element);
  return element;
}

function unmark(picture, selector) {
  for (const element of picture.querySelectorAll(selector)) element.remove();
}

function forgetCursor() {
  if (cursor) unmark(cursor.picture, ".point-cursor, .point-box.is-drawn");
  cursor = undefined;
}

// --- Asking ----------------------------------------------------------------------------------------------------------

function add(picture, { click, box }) {
  if (waiting?.picture.isConnected !== true) waiting = { picture, clicks: [] };
  if (click) waiting.clicks.push(click);
  if (box) waiting.box = box;
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

// Also called when the conversation changed: what was pointed at meanwhile is asked then.
export function askNow() {
  if (!isAnswered()) return;
  asked = undefined;
  if (!waiting || isBusy()) return;
  const { picture, clicks, box } = waiting;
  waiting = undefined;
  const own = picture.isConnected ? picture.closest(pointable)?.dataset.answer : undefined;
  const newest = newestAnswer();
  asked = { newest, isRunning: false, since: Date.now() };
  raise("page_point", { message_id: own ?? newest, clicks, box: box ?? null });
}

function point(picture, share, isRemoving) {
  const [x, y] = toNative(picture, share);
  mark(picture, `point-mark ${isRemoving ? "is-removing" : "is-adding"}`, share);
  add(picture, { click: { x, y, is_positive: !isRemoving } });
}

function enclose(picture, start, end) {
  const [first, last] = [toNative(picture, start, { isEdge: true }), toNative(picture, end, { isEdge: true })];
  const [left, right] = [first[0], last[0]].sort((one, other) => one - other);
  const [top, bottom] = [first[1], last[1]].sort((one, other) => one - other);
  if (right - left < 1 || bottom - top < 1) return;
  unmark(picture, ".point-box.is-drawn");
  mark(picture, "point-box", start, end);
  add(picture, { box: [left, top, right, bottom] });
}

// --- Mouse, pen and finger -------------------------------------------------------------------------------------------

document.addEventListener("pointerdown", (event) => {
  const picture = pictureOf(event.target);
  if (!picture || tool() === "look" || event.button !== 0) return;
  const isRemoving = event.shiftKey || event.altKey || tool() === "remove";
  const canDrag = event.pointerType !== "touch" || tool() === "box";
  const start = shareOf(picture, event);
  drag = { picture, pointer: event.pointerId, start, from: [event.clientX, event.clientY], isRemoving, canDrag };
});

function hasMoved(event) {
  return Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]) >= dragPx;
}

document.addEventListener("pointermove", (event) => {
  if (drag?.pointer !== event.pointerId || !drag.canDrag || !hasMoved(event)) return;
  unmark(drag.picture, ".point-box.is-drawn");
  mark(drag.picture, "point-box is-drawn", drag.start, shareOf(drag.picture, event));
});

document.addEventListener("pointerup", (event) => {
  if (drag?.pointer !== event.pointerId) return;
  const { picture, start, isRemoving, canDrag } = drag;
  const moved = hasMoved(event);
  drag = undefined;
  unmark(picture, ".point-box.is-drawn");
  if (moved && canDrag) enclose(picture, start, shareOf(picture, event));
  else if (!moved && tool() !== "box") point(picture, start, isRemoving);
});

document.addEventListener("pointercancel", (event) => {
  if (drag?.pointer !== event.pointerId) return;
  unmark(drag.picture, ".point-box.is-drawn");
  drag = undefined;
});

// Pictures are links and can be dragged out of the page; not with a tool in hand.
document.addEventListener("dragstart", (event) => {
  if (tool() !== "look" && pictureOf(event.target)) event.preventDefault();
});

// With a tool in hand a click on a picture opens nothing; it comes before the listener in page.js.
document.addEventListener(
  "click",
  (event) => {
    if (tool() === "look" || !pictureOf(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

// --- Keys on a picture -----------------------------------------------------------------------------------------------

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function moveCursor(picture, [across, down]) {
  const clip = (share) => Math.min(Math.max(share, 0), 1);
  const at = cursor?.picture === picture ? cursor.at : [0.5, 0.5];
  const corner = cursor?.picture === picture ? cursor.corner : undefined;
  const moved = [clip(at[0] + across * stepShare), clip(at[1] + down * stepShare)];
  forgetCursor();
  cursor = { picture, at: moved, corner };
  mark(picture, "point-cursor", moved);
  if (corner) mark(picture, "point-box is-drawn", corner, moved);
}

function pressCursor(picture, event) {
  if (cursor?.picture !== picture) {
    moveCursor(picture, [0, 0]);
    return;
  }
  const { at, corner } = cursor;
  if (tool() !== "box") point(picture, at, event.shiftKey || tool() === "remove");
  else if (corner) {
    cursor.corner = undefined;
    enclose(picture, corner, at);
  } else cursor.corner = at;
}

document.addEventListener(
  "keydown",
  (event) => {
    const picture = pictureOf(event.target);
    if (!picture || tool() === "look") return;
    if (event.key in arrows) moveCursor(picture, arrows[event.key]);
    else if (event.key === "Enter" || event.key === " ") pressCursor(picture, event);
    else if (event.key === "Escape") setTool("look");
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

Object.assign(actions, {
  "set-tool": (button) => setTool(button.dataset.tool),
  "toggle-pointing": () => setTool(tool() === "look" ? "add" : "look"),
});
