// The threshold of a mask: moving the slider shows what the server would mark, "Keep" makes it an answer.

import { actions, raise } from "./actions.js";

let wanted; // the preview to show next: { answer, level }
let isLoading = false;

function layersOf(answer) {
  return document.querySelectorAll(`[data-answer="${CSS.escape(answer)}"] .picture-layer`);
}

function show(answer, address) {
  for (const layer of layersOf(answer)) layer.src = address;
}

// One preview is on its way at a time: what the slider passes over meanwhile is never asked for.
function loadNext() {
  if (isLoading || !wanted) return;
  const { answer, level } = wanted;
  wanted = undefined;
  isLoading = true;
  const picture = new Image();
  const finish = () => {
    isLoading = false;
    const control = controlOf(answer);
    if (picture.naturalWidth > 0 && control && isMoved(control)) show(answer, picture.src);
    loadNext();
  };
  picture.addEventListener("load", finish);
  picture.addEventListener("error", finish);
  picture.src = `artefacts/${encodeURIComponent(answer)}/threshold/${level}/layer.png`;
}

function controlOf(answer) {
  return document.querySelector(`[data-answer="${CSS.escape(answer)}"] [data-control="threshold"]`);
}

function isMoved(control) {
  return control.value !== control.dataset.level;
}

function label(control) {
  const output = control.parentElement.querySelector("output");
  if (output.textContent !== `${control.value}%`) output.textContent = `${control.value}%`;
  const moved = isMoved(control);
  for (const button of control.closest(".threshold").querySelectorAll("button")) button.hidden = !moved;
}

const shown = new WeakMap(); // slider -> the answer and level that it stands for

// The page changes what a slider stands for, but leaves it where somebody moved it.
export function showThresholds() {
  for (const control of document.querySelectorAll("[data-control='threshold']")) {
    const meaning = `${control.closest("[data-answer]").dataset.answer} ${control.dataset.level}`;
    if (shown.get(control) === meaning) continue;
    shown.set(control, meaning);
    control.value = control.dataset.level;
    label(control);
  }
}

function reset(control) {
  const { answer } = control.closest("[data-answer]").dataset;
  control.value = control.dataset.level;
  label(control);
  wanted = undefined;
  show(answer, `artefacts/${answer}/layer.png`);
}

document.addEventListener("input", (event) => {
  const control = event.target.closest?.("[data-control='threshold']");
  if (!control) return;
  label(control);
  if (!isMoved(control)) {
    reset(control);
    return;
  }
  wanted = { answer: control.closest("[data-answer]").dataset.answer, level: Number(control.value) };
  loadNext();
});

function nearestControl(button) {
  return button.closest(".threshold").querySelector("[data-control='threshold']");
}

Object.assign(actions, {
  "keep-threshold": (button) => {
    const control = nearestControl(button);
    const { answer } = control.closest("[data-answer]").dataset;
    raise("page_threshold", { message_id: answer, percent: Number(control.value) });
    reset(control); // the new mask is an answer of its own; this one stays as it is
  },
  "reset-threshold": (button) => {
    const control = nearestControl(button);
    reset(control);
    control.focus();
  },
});
