// Pictures that can be pointed at and painted on: which tool is in hand, where a place lies, marks above the picture.

import { find } from "./actions.js";

export const pointable = "[data-answer][data-pointable]";

// What a click on a picture does: "look" (nothing in hand), "add", "remove", "box", "brush" or "erase".
export function tool() {
  return document.body.dataset.tool ?? "look";
}

export function isBrush() {
  return tool() === "brush" || tool() === "erase";
}

export function takeTool(name) {
  if (name === "look") delete document.body.dataset.tool;
  else document.body.dataset.tool = name;
  showTool();
}

export function showTool() {
  for (const button of document.querySelectorAll("[data-action='set-tool']")) {
    const isChosen = button.dataset.tool === tool();
    if (button.getAttribute("aria-pressed") !== String(isChosen)) button.setAttribute("aria-pressed", String(isChosen));
  }
}

export function pictureOf(target) {
  const picture = target.closest?.(".picture");
  return picture?.closest(pointable) ? picture : undefined;
}

export function answerOf(picture) {
  return picture.closest(pointable)?.dataset.answer;
}

// The picture that takes the place of one that was drawn anew: at full size where that is open, else the newest.
export function findNewestPicture() {
  const atFullSize = find("#zoom-dialog[open] .zoom-stage[data-pointable] .picture");
  return atFullSize ?? [...document.querySelectorAll(`#transcript ${pointable}`)].at(-1)?.querySelector(".picture");
}

// Where an event lies in a picture, as shares of its width and height; outside of 0..1 it lies beside the picture.
export function measureShare(picture, event) {
  const frame = picture.getBoundingClientRect();
  return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
}

export function clip(share) {
  return Math.min(Math.max(share, 0), 1);
}

// Width and height of the image itself, in its own pixels.
export function sizeOf(picture) {
  return ["width", "height"].map((name) => Number(picture.querySelector(".picture-base").getAttribute(name)));
}

export function mark(picture, className, [x, y], [right, bottom] = [x, y]) {
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

export function unmark(picture, selector) {
  for (const element of picture.querySelectorAll(selector)) element.remove();
}
