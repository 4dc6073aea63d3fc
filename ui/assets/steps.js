// The steps that made a mask, as chips: change, move, remove. The server does them again from the mask before.

import { actions, find, raise } from "./actions.js";

let open; // { message, index } of the step in the dialog

function placeOf(element) {
  const chip = element.closest("[data-step]");
  return { message: chip.closest("[data-steps]").dataset.steps, index: Number(chip.dataset.step) };
}

function report({ message, index }, change, data = {}) {
  raise("page_step", { message_id: message, index, change, ...data });
}

function openStep(button) {
  const dialog = find("#step-dialog");
  open = placeOf(button);
  const form = button.parentElement.querySelector("template").content.cloneNode(true);
  dialog.querySelector("[data-slot='step']").replaceChildren(form);
  find("#step-dialog [data-action='confirm-step']").hidden = !dialog.querySelector(".step-fields :is(input, select)");
  dialog.showModal();
  dialog.querySelector(".step-fields input")?.select();
}

function confirmStep() {
  const dialog = find("#step-dialog");
  const controls = [...dialog.querySelectorAll(".step-fields :is(input, select)")];
  if (!controls.every((control) => control.reportValidity())) return;
  report(open, "set", { values: Object.fromEntries(controls.map((control) => [control.name, control.value])) });
  dialog.close();
}

Object.assign(actions, {
  "edit-step": openStep,
  "remove-step": (button) => report(placeOf(button), "remove"),
  "move-step": (button) => {
    report(open, "move", { to: Number(button.dataset.to) });
    find("#step-dialog").close();
  },
  "drop-step": () => {
    report(open, "remove");
    find("#step-dialog").close();
  },
  "confirm-step": confirmStep,
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest?.("#step-dialog input")) return;
  event.preventDefault();
  confirmStep();
});

// --- Moving a chip by dragging it onto another one -------------------------------------------------------------------

let dragged;

document.addEventListener("dragstart", (event) => {
  const chip = event.target.closest?.("[data-step][draggable]");
  if (!chip) return;
  dragged = chip;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", chip.querySelector(".step-words").textContent);
});

function goalOf(event) {
  const chip = event.target.closest?.("[data-step][draggable]");
  return dragged && chip && chip !== dragged && chip.parentElement === dragged.parentElement ? chip : undefined;
}

document.addEventListener("dragover", (event) => {
  const goal = goalOf(event);
  for (const chip of document.querySelectorAll(".step.is-goal")) chip.classList.toggle("is-goal", chip === goal);
  if (!goal) return;
  goal.classList.add("is-goal");
  event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const goal = goalOf(event);
  if (!goal) return;
  event.preventDefault();
  report(placeOf(dragged), "move", { to: Number(goal.dataset.step) });
});

document.addEventListener("dragend", () => {
  dragged = undefined;
  for (const chip of document.querySelectorAll(".step.is-goal")) chip.classList.remove("is-goal");
});
