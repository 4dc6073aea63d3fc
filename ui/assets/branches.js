// Back and forth among answers, branches of the conversation, and the comparison of two masks.

import { actions, find, isBusy, raise } from "./actions.js";

let edited; // message id of the question in the dialog

function move(kind) {
  const button = find(`#transcript [data-action="move"][data-kind="${kind}"]`);
  if (button && !button.disabled && !isBusy()) raise("page_move", { kind });
}

function editQuestion(button) {
  const dialog = find("#edit-dialog");
  edited = button.dataset.message;
  const field = dialog.querySelector("textarea");
  field.value = button.dataset.text;
  dialog.showModal();
  field.focus();
}

function confirmEdit() {
  const text = find("#edit-dialog textarea").value;
  if (text.trim() === "") return;
  raise("page_edit", { message_id: edited, text });
  find("#edit-dialog").close();
}

// --- Comparison ------------------------------------------------------------------------------------------------------

function slot(name) {
  return find(`#compare-dialog [data-slot="${name}"]`);
}

function openComparison(button) {
  const options = button.parentElement.querySelector("template").content;
  for (const name of ["before", "after"]) {
    slot(name).replaceChildren(options.cloneNode(true));
    slot(name).value = button.dataset[name];
  }
  const { width, height } = button.dataset;
  slot("stage").style.cssText = `--w:${Number(width)};--h:${Number(height)}`;
  find("#compare-dialog [data-control='swipe']").value = "0";
  find("#compare-dialog").showModal();
  showComparison();
}

function picture(source, className, alt) {
  const image = document.createElement("img");
  image.src = source;
  image.className = className;
  image.alt = alt;
  return image;
}

async function showComparison() {
  const [before, after] = [slot("before").value, slot("after").value].map(encodeURIComponent);
  const stage = slot("stage");
  stage.replaceChildren(
    picture(`artefacts/${after}/image`, "picture-base", "The image"),
    picture(`artefacts/${after}/difference/${before}/layer.png`, "picture-layer is-difference", "What changed"),
    picture(`artefacts/${before}/layer.png`, "picture-layer is-before", "The mask before"),
    picture(`artefacts/${after}/layer.png`, "picture-layer is-after", "The mask after"),
  );
  swipe();
  const answer = await fetch(`artefacts/${after}/difference/${before}`);
  const told = await answer.json();
  if (slot("after").value === decodeURIComponent(after)) slot("words").textContent = told.sentence ?? told.error;
}

// At the left end the difference is shown; further right, the mask before to the left of the edge and after to the right.
function swipe() {
  const share = Number(find("#compare-dialog [data-control='swipe']").value);
  const stage = slot("stage");
  stage.classList.toggle("is-swiping", share > 0);
  stage.style.setProperty("--swipe", `${share}%`);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("#compare-dialog select")) showComparison();
});

document.addEventListener("input", (event) => {
  if (event.target.matches?.("#compare-dialog [data-control='swipe']")) swipe();
});

Object.assign(actions, {
  move: (button) => move(button.dataset.kind),
  undo: () => move("undo"),
  redo: () => move("redo"),
  "switch-branch": (button) => raise("page_switch", { message_id: button.dataset.message }),
  "edit-question": editQuestion,
  "confirm-edit": confirmEdit,
  compare: openComparison,
});
