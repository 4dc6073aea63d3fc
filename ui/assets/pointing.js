// Pointing at a picture: clicks that say "this too" or "not this", and a box around a thing, in pixels of the image;
// and the keys that do with every tool what a hand does.
//
// With a tool in hand (body[data-tool]) a click adds or removes, with Shift or Alt it removes, and a drag draws a box.
// Fingers draw a box with the box tool alone, so that they can scroll with the others. The brush is in brush.js.

import { actions } from "./actions.js";
import { add } from "./asking.js";
import { beginStroke, dropStroke, endStroke, extendStroke, isDrawing } from "./brush.js";
import { openPanel } from "./panels.js";
import { clip, findNewestPicture, isBrush, mark, measureShare, pictureOf, sizeOf, takeTool, tool, unmark } from "./pictures.js";

const dragPx = 6; // less is a click with an unsteady hand
const stepShare = 0.02; // of the picture's width and height, for the arrow keys

let drag; // { picture, pointer, start, end, isRemoving } while a button or a finger is down
let cursor; // { picture, at, corner } of the keyboard; at is [x, y] as shares of the picture

function setTool(name) {
  if (isDrawing()) dropStroke();
  forgetCursor();
  takeTool(name);
}

function shareOf(picture, event) {
  return measureShare(picture, event).map(clip);
}

// A share of the picture in pixels of the image; the far edge itself belongs to no pixel.
function toNative(picture, [x, y], { isEdge = false } = {}) {
  const size = sizeOf(picture);
  const least = isEdge ? 0 : 0.01;
  return [Math.min(x * size[0], size[0] - least), Math.min(y * size[1], size[1] - least)];
}

function forgetCursor() {
  if (cursor) unmark(cursor.picture, ".point-cursor, .point-box.is-drawn");
  cursor = undefined;
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
  if (!picture || tool() === "look" || isBrush() || event.button !== 0) return;
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

function showCursor() {
  const { picture, at, corner } = cursor;
  unmark(picture, ".point-cursor, .point-box.is-drawn");
  mark(picture, "point-cursor", at);
  if (corner) mark(picture, "point-box is-drawn", corner, at);
}

function moveCursor(picture, [across, down]) {
  if (cursor?.picture !== picture) {
    forgetCursor();
    cursor = { picture, at: [0.5, 0.5], corner: undefined };
  }
  cursor.at = [clip(cursor.at[0] + across * stepShare), clip(cursor.at[1] + down * stepShare)];
  showCursor();
  if (isDrawing()) extendStroke(cursor.at);
}

// With the brush, one press puts it down, the arrows draw, the next press lifts it.
function pressCursor(picture, event) {
  if (cursor?.picture !== picture) {
    moveCursor(picture, [0, 0]);
    return;
  }
  const { at, corner } = cursor;
  if (isDrawing()) endStroke();
  else if (isBrush()) beginStroke(picture, at, { isErasing: event.shiftKey || tool() === "erase" });
  else if (tool() !== "box") point(picture, at, event.shiftKey || tool() === "remove");
  else if (corner) {
    cursor.corner = undefined;
    enclose(picture, corner, at);
  } else cursor.corner = at;
}

// A picture that was drawn anew under the keyboard's cursor is pointed at where the old one was.
export function keepCursor() {
  if (!cursor || cursor.picture.isConnected) return;
  const picture = findNewestPicture();
  if (!picture) {
    cursor = undefined;
    return;
  }
  cursor.picture = picture;
  if (document.activeElement === document.body) picture.focus({ preventScroll: true });
  showCursor();
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

function togglePointing() {
  setTool(tool() === "look" ? "add" : "look");
  if (tool() !== "look") openPanel("refine");
}

Object.assign(actions, {
  "set-tool": (button) => setTool(button.dataset.tool),
  "toggle-pointing": togglePointing,
});
