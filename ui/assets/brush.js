// The brush: strokes in pixels of the image, exactly as wide as they are seen; Shift or Alt erases with it.

import { add } from "./asking.js";
import { isBrush, measureShare, pictureOf, sizeOf, tool } from "./pictures.js";

const startPx = 12; // half the brush's width on the screen, as the slider begins
const largestPx = 60;
const stepPx = 3; // of the keys [ and ]
const spacing = 0.2; // of the radius between two points of a path; closer ones change nothing that is seen
const svg = "http://www.w3.org/2000/svg";

let radiusPx = startPx;
let stroke; // { picture, pointer, path, radius, isErasing, line } while the brush is down
let ring; // the circle that shows the brush's size under the pointer

// --- Size ------------------------------------------------------------------------------------------------------------

function setRadius(wanted) {
  radiusPx = Math.min(Math.max(wanted, 1), largestPx);
  showBrushSize();
}

// Sliders that are drawn anew stand where the person left them.
export function showBrushSize() {
  for (const control of document.querySelectorAll("[data-control='brush-size']")) {
    if (control.value !== String(radiusPx)) control.value = String(radiusPx);
    const output = control.parentElement.querySelector("output");
    if (output.textContent !== control.value) output.textContent = control.value;
  }
}

document.addEventListener("input", (event) => {
  if (event.target.dataset?.control === "brush-size") setRadius(Number(event.target.value));
});

function nativeRadius(picture) {
  return (radiusPx * sizeOf(picture)[0]) / picture.getBoundingClientRect().width;
}

function toNative(picture, [x, y]) {
  const [width, height] = sizeOf(picture);
  return [x * width, y * height];
}

// --- A stroke --------------------------------------------------------------------------------------------------------

function element(name, attributes) {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function beginStroke(picture, share, { isErasing, pointer }) {
  const [width, height] = sizeOf(picture);
  const radius = nativeRadius(picture);
  const kind = isErasing ? "is-erasing" : "is-adding";
  const sheet = element("svg", { class: `brush-stroke ${kind}`, viewBox: `0 0 ${width} ${height}` });
  const line = element("polyline", { "stroke-width": String(2 * radius) });
  sheet.append(line);
  picture.append(sheet);
  stroke = { picture, pointer, path: [], radius, isErasing, line };
  extendStroke(share);
}

export function extendStroke(share) {
  const at = toNative(stroke.picture, share);
  const last = stroke.path.at(-1);
  if (last && Math.hypot(at[0] - last[0], at[1] - last[1]) < spacing * stroke.radius) return;
  stroke.path.push(at);
  const points = stroke.path.length === 1 ? [at, at] : stroke.path;
  stroke.line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
}

export function endStroke() {
  const { picture, path, radius, isErasing } = stroke;
  stroke = undefined;
  add(picture, { stroke: { path, radius, is_adding: !isErasing } });
}

export function dropStroke() {
  stroke.line.parentElement.remove();
  stroke = undefined;
}

export function isDrawing() {
  return stroke !== undefined;
}

// --- Mouse, pen and finger -------------------------------------------------------------------------------------------

document.addEventListener("pointerdown", (event) => {
  const picture = pictureOf(event.target);
  if (!picture || !isBrush() || event.button !== 0 || stroke) return;
  // The stroke goes on where the pointer leaves the picture, and ends wherever it is let go.
  picture.setPointerCapture(event.pointerId);
  const isErasing = event.shiftKey || event.altKey || tool() === "erase";
  beginStroke(picture, measureShare(picture, event), { isErasing, pointer: event.pointerId });
});

function showRing(picture, event) {
  if (ring?.parentElement !== picture) {
    ring?.remove();
    ring = document.createElement("span");
    ring.className = "brush-ring";
    picture.append(ring);
  }
  const [x, y] = measureShare(picture, event);
  ring.style.cssText = `left:${x * 100}%;top:${y * 100}%;width:${2 * radiusPx}px;height:${2 * radiusPx}px;`;
}

document.addEventListener("pointermove", (event) => {
  const picture = isBrush() ? pictureOf(event.target) : undefined;
  if (picture && event.pointerType !== "touch") showRing(picture, event);
  else ring?.remove();
  if (stroke?.pointer !== event.pointerId) return;
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const move of moves.length > 0 ? moves : [event]) extendStroke(measureShare(stroke.picture, move));
});

document.addEventListener("pointerup", (event) => {
  if (stroke?.pointer !== event.pointerId) return;
  extendStroke(measureShare(stroke.picture, event));
  endStroke();
});

document.addEventListener("pointercancel", (event) => {
  if (stroke?.pointer === event.pointerId) dropStroke();
});

// --- Keys ------------------------------------------------------------------------------------------------------------

document.addEventListener(
  "keydown",
  (event) => {
    const isTyping = event.target.matches?.("input, textarea");
    if (event.key === "Escape" && stroke) dropStroke();
    else if (isBrush() && !isTyping && event.key === "[") setRadius(radiusPx - stepPx);
    else if (isBrush() && !isTyping && event.key === "]") setRadius(radiusPx + stepPx);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation(); // in pointing.js Escape puts the tool away
  },
  true,
);
