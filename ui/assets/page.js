// Everything that the page does by itself: one listener per kind of event, for elements that name what they do in
// data-action or data-control. Tools for masks have scripts of their own: steps.js, threshold.js, pointing.js, brush.js.

import { actions, find, raise } from "./actions.js";
import { askNow } from "./asking.js";
import "./branches.js";
import { showBrushSize } from "./brush.js";
import { followEnd } from "./following.js";
import { showPanels } from "./panels.js";
import { showTool } from "./pictures.js";
import { keepCursor } from "./pointing.js";
import "./steps.js";
import { showThresholds } from "./threshold.js";

const startOpacity = 80;
// What the person set for each answer's mask, by message id: { opacity, visible, hidden }; of a comparison's layers
// ("added", "removed", "unchanged") those in `hidden` are not seen.
const maskSettings = new Map();
const maskSheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, maskSheet];

// --- Masks: opacity and visibility -------------------------------------------------------------------------------

function settingOf(answer) {
  return maskSettings.get(answer) ?? { opacity: startOpacity, visible: true, hidden: [] };
}

function changeMask(answer, change) {
  maskSettings.set(answer, { ...settingOf(answer), ...change });
  // A style sheet and not style attributes: the server's next update of the messages would take those away.
  const rules = [...maskSettings].flatMap(([id, setting]) => {
    const opacity = setting.visible ? setting.opacity / 100 : 0;
    const layers = `[data-answer="${CSS.escape(id)}"] .picture-layer`;
    const hidden = setting.hidden.map((fate) => `${layers}[data-fate="${CSS.escape(fate)}"] { visibility: hidden; }`);
    return [`${layers} { opacity: ${opacity} !important; }`, ...hidden];
  });
  maskSheet.replaceSync(rules.join("\n"));
  showMaskControls();
}

function showMaskControls() {
  for (const figure of document.querySelectorAll("[data-answer]")) {
    const setting = settingOf(figure.dataset.answer);
    const slider = figure.querySelector("[data-control='opacity']");
    const box = figure.querySelector("[data-control='visible']");
    if (!slider || !box) continue;
    if (slider.value !== String(setting.opacity)) slider.value = String(setting.opacity);
    slider.disabled = !setting.visible;
    box.checked = setting.visible;
    for (const choice of figure.querySelectorAll("[data-control='fate']")) {
      choice.checked = !choice.disabled && !setting.hidden.includes(choice.value);
    }
    const output = slider.parentElement.querySelector("output");
    const label = `${setting.opacity}%`;
    if (output.textContent !== label) output.textContent = label;
  }
}

document.addEventListener("input", (event) => {
  const control = event.target.closest?.("[data-control]");
  const answer = control?.closest("[data-answer]")?.dataset.answer;
  if (!answer) return;
  if (control.dataset.control === "opacity") changeMask(answer, { opacity: Number(control.value) });
  if (control.dataset.control === "visible") changeMask(answer, { visible: control.checked });
  if (control.dataset.control === "fate") {
    const others = settingOf(answer).hidden.filter((fate) => fate !== control.value);
    changeMask(answer, { hidden: control.checked ? others : [...others, control.value] });
  }
});

// --- Full-size picture -------------------------------------------------------------------------------------------

function zoom(link) {
  const dialog = find("#zoom-dialog");
  const stage = dialog.querySelector(".zoom-stage");
  const figure = link.closest("[data-answer]");
  const answer = figure?.dataset.answer;
  const isPointable = figure?.matches("[data-pointable]") ?? false;
  stage.toggleAttribute("data-pointable", isPointable);
  dialog.querySelector(".zoom-tools").hidden = !isPointable;
  const picture = link.cloneNode(true);
  const frame = document.createElement("div");
  frame.className = "picture";
  frame.style.cssText = link.style.cssText;
  frame.tabIndex = isPointable ? 0 : -1;
  frame.append(...picture.childNodes);
  if (answer) stage.dataset.answer = answer;
  else delete stage.dataset.answer;
  stage.replaceChildren(frame);
  if (!dialog.open) dialog.showModal();
}

// Who points at the picture at full size goes on there with the answer that came.
function followInZoom() {
  const dialog = find("#zoom-dialog");
  const stage = dialog?.querySelector(".zoom-stage[data-pointable]");
  if (!dialog?.open || !stage || document.body.dataset.tool === undefined) return;
  const newest = [...document.querySelectorAll("#transcript [data-answer][data-pointable]")].at(-1);
  if (newest && newest.dataset.answer !== stage.dataset.answer) zoom(newest.querySelector(".picture"));
}

// --- Dialogs -----------------------------------------------------------------------------------------------------

function openDialog(id, conversation) {
  const dialog = find(id);
  dialog.dataset.conversationId = conversation?.conversationId ?? "";
  const slot = dialog.querySelector("[data-slot='title']");
  if (slot) slot.textContent = `“${conversation.title}”`;
  const field = dialog.querySelector("input");
  if (field) field.value = conversation.title;
  dialog.showModal();
  if (field) field.select();
}

function confirmDialog(dialog, name, data = {}) {
  raise(name, { conversation_id: dialog.dataset.conversationId, ...data });
  dialog.close();
}

// --- Sidebar, theme, clipboard -----------------------------------------------------------------------------------

function setSidebar(isOpen) {
  document.body.classList.toggle("sidebar-open", isOpen);
  for (const button of document.querySelectorAll("[data-action='open-sidebar']")) {
    button.setAttribute("aria-expanded", String(isOpen));
  }
  if (isOpen) find("#sidebar .new-chat")?.focus();
}

function switchTheme() {
  const isDark = document.body.classList.toggle("dark");
  localStorage.setItem("segearth-theme", isDark ? "dark" : "light");
}

function restoreTheme() {
  const chosen = localStorage.getItem("segearth-theme");
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
}

async function copyAnswer(button) {
  const text = button.closest(".answer").querySelector("[data-copy-source]").textContent;
  await navigator.clipboard.writeText(text);
  const label = button.querySelector("span");
  label.textContent = "Copied";
  window.setTimeout(() => (label.textContent = "Copy"), 1500);
}

// --- Clicks ------------------------------------------------------------------------------------------------------

Object.assign(actions, {
  new: () => {
    setSidebar(false);
    raise("page_new");
    focusComposer();
  },
  open: (link) => {
    setSidebar(false);
    raise("page_open", { conversation_id: link.dataset.conversationId });
  },
  rename: (button) => openDialog("#rename-dialog", button.dataset),
  delete: (button) => openDialog("#delete-dialog", button.dataset),
  "confirm-rename": (button) => {
    const dialog = button.closest("dialog");
    confirmDialog(dialog, "page_rename", { title: dialog.querySelector("input").value });
  },
  "confirm-delete": (button) => confirmDialog(button.closest("dialog"), "page_delete"),
  "close-dialog": (button) => button.closest("dialog").close(),
  shortcuts: () => openDialog("#shortcuts-dialog"),
  example: (card) => raise("page_example", { index: Number(card.dataset.index) }),
  suggest: (chip) => raise("page_suggest", { question: chip.dataset.question }),
  retry: (button) => raise("page_retry", { message_id: button.dataset.message }),
  choose: (chip) => raise("page_choose", { message_id: chip.dataset.message, number: Number(chip.dataset.number) }),
  copy: copyAnswer,
  zoom,
  theme: switchTheme,
  "open-sidebar": () => setSidebar(true),
  "close-sidebar": () => setSidebar(false),
});

document.addEventListener("click", (event) => {
  const element = event.target.closest?.("[data-action]");
  if (element) {
    // A link opened in another tab or window is the browser's business.
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey);
    if (element.tagName === "A" && !isPlain) return;
    event.preventDefault();
    actions[element.dataset.action]?.(element);
    return;
  }
  if (event.target.tagName === "DIALOG") event.target.close();
  if (document.body.classList.contains("sidebar-open") && !event.target.closest("#sidebar")) setSidebar(false);
});

// --- Keys --------------------------------------------------------------------------------------------------------

function focusComposer() {
  find("#composer textarea")?.focus();
}

function toggleLatestMask() {
  const figure = [...document.querySelectorAll("#transcript [data-answer]")].at(-1);
  if (figure) changeMask(figure.dataset.answer, { visible: !settingOf(figure.dataset.answer).visible });
}

const keys = {
  "?": () => openDialog("#shortcuts-dialog"),
  "/": focusComposer,
  n: () => actions.new(),
  s: () => {
    if (window.matchMedia("(max-width: 860px)").matches) setSidebar(true);
    find("#search input, #search textarea")?.focus();
  },
  m: toggleLatestMask,
  p: () => actions["toggle-pointing"](),
  u: () => actions.undo(),
  y: () => actions.redo(),
};

document.addEventListener("keydown", (event) => {
  if (find("dialog[open]")) {
    if (event.key === "Enter" && event.target.closest("#rename-dialog input")) {
      event.preventDefault();
      find("#rename-dialog [data-action='confirm-rename']").click();
    }
    if (find("#zoom-dialog[open] .zoom-stage[data-pointable]") && (event.key === "u" || event.key === "y")) keys[event.key]();
    return;
  }
  if (event.key === "Escape") {
    if (document.body.classList.contains("sidebar-open")) setSidebar(false);
    else if (find("#live .is-live")) raise("page_stop");
    else if (document.body.dataset.tool !== undefined) actions["toggle-pointing"]();
    return;
  }
  const isTyping = event.target.matches?.("input:not([type='range'], [type='checkbox']), textarea, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

// --- Address: the open conversation stands in ?c=, so that a reload comes back to it ---------------------------------

let shownConversation;

function keepAddress() {
  const shown = find("#transcript [data-conversation]")?.dataset.conversation;
  if (shown === undefined || shown === shownConversation) return;
  const isFirst = shownConversation === undefined;
  const address = new URL(window.location.href);
  const named = address.searchParams.get("c") ?? "";
  // The page is drawn empty before the server has said which conversation the address names.
  if (isFirst && shown === "" && named !== "") return;
  shownConversation = shown;
  markCurrent(shown);
  if (named === shown) return;
  if (shown === "") address.searchParams.delete("c");
  else address.searchParams.set("c", shown);
  window.history[isFirst ? "replaceState" : "pushState"](null, "", address);
}

function markCurrent(conversation) {
  for (const entry of document.querySelectorAll("[data-conversation-entry]")) {
    entry.classList.toggle("is-current", entry.dataset.conversationEntry === conversation);
  }
}

window.addEventListener("popstate", () => {
  const named = new URL(window.location.href).searchParams.get("c") ?? "";
  if (named === shownConversation) return;
  shownConversation = named;
  if (named === "") raise("page_new");
  else raise("page_open", { conversation_id: named });
});

// --- Following what changes ------------------------------------------------------------------------------------------

function followChanges() {
  keepAddress();
  showMaskControls();
  const conversation = find("#transcript [data-conversation]")?.dataset.conversation;
  const isEmpty = conversation === "";
  document.body.classList.toggle("is-empty", isEmpty);
  showTool();
  showPanels();
  showBrushSize();
  showThresholds();
  followInZoom();
  keepCursor();
  askNow();
  followEnd(conversation);
}

// A picture that cannot be shown says so instead of leaving a hole; browsers cannot show a TIFF about to be sent.
function noteBroken(event) {
  event.target.closest?.(".picture")?.classList.add("is-broken");
  event.target.closest?.("#composer .thumbnail-item")?.classList.add("is-unshowable");
}
document.addEventListener("error", noteBroken, { capture: true });

new MutationObserver((records) => {
  const isOurs = records.some((record) => {
    const element = record.target.nodeType === Node.ELEMENT_NODE ? record.target : record.target.parentElement;
    return element?.closest("#transcript, #live, #history") || element?.querySelector?.("#transcript");
  });
  if (isOurs) followChanges();
}).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["data-conversation", "data-answer"] });

// Gradio sets the class "dark" once when it starts; the person's own choice comes after it.
new MutationObserver((_, observer) => {
  if (!find("#transcript")) return;
  restoreTheme();
  observer.disconnect();
}).observe(document.body, { childList: true, subtree: true });
