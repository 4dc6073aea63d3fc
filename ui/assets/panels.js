// The panels of the bar below an answer: one is open at a time, and stays open while its answer is changed by hand.

import { actions } from "./actions.js";
import { takeTool, tool } from "./pictures.js";

const open = new Map(); // the answer in whose place the bar stands -> name of its open panel
let newest; // the last bar's place

function placeOf(element) {
  return element.closest("[data-root]").dataset.root;
}

export function showPanels() {
  const bars = [...document.querySelectorAll("#transcript .toolbar")];
  const last = bars.length > 0 ? placeOf(bars.at(-1)) : undefined;
  // Whoever has a tool in hand finds the tools at the answer that came, too.
  if (last !== newest && last !== undefined && tool() !== "look") open.set(last, "refine");
  newest = last;
  for (const bar of bars) {
    const name = open.get(placeOf(bar));
    for (const panel of bar.querySelectorAll(".panel")) panel.hidden = panel.dataset.panel !== name;
    for (const button of bar.querySelectorAll("[data-action='toggle-panel']")) {
      const isOpen = String(button.dataset.panel === name);
      if (button.getAttribute("aria-expanded") !== isOpen) button.setAttribute("aria-expanded", isOpen);
    }
  }
}

function setPanel(place, name) {
  // Whoever puts the tools away holds none.
  if (open.get(place) === "refine") takeTool("look");
  if (name) open.set(place, name);
  else open.delete(place);
  showPanels();
  document.querySelector(`[data-root="${CSS.escape(place)}"] .panel:not([hidden])`)?.scrollIntoView({ block: "nearest" });
}

// Open a panel of the newest answer that has it.
export function openPanel(name) {
  const button = [...document.querySelectorAll(`#transcript [data-action='toggle-panel'][data-panel='${name}']`)].at(-1);
  if (!button || open.get(placeOf(button)) === name) return;
  open.set(placeOf(button), name);
  showPanels();
}

Object.assign(actions, {
  "toggle-panel": (button) => {
    const place = placeOf(button);
    setPanel(place, open.get(place) === button.dataset.panel ? undefined : button.dataset.panel);
  },
});
