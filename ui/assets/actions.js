// What the page's scripts share: the list of what a click on [data-action] does, and the way to the server.

// Name in data-action -> function of the element that was clicked. Each script adds its own.
export const actions = {};

// What only the server can do is raised as the DOM event "segearth" (see bridge.js).
export function raise(name, data = {}) {
  document.dispatchEvent(new CustomEvent("segearth", { detail: { name, data } }));
}

export function find(selector) {
  return document.querySelector(selector);
}

// Whether a turn is in flight: the live region says so.
export function isBusy() {
  return find("#live .is-live") !== null;
}
