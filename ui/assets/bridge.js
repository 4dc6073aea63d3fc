// Hands what page.js reports (a DOM event "segearth") to Python as an event of the component that this script is
// loaded by. The names in quotes are the events that Python may listen to.
const names = [
  "page_open",
  "page_new",
  "page_delete",
  "page_rename",
  "page_retry",
  "page_suggest",
  "page_example",
  "page_stop",
  "page_step",
  "page_threshold",
  "page_point",
  "page_brush",
  "page_move",
  "page_switch",
  "page_edit",
  "page_choose",
];
document.addEventListener("segearth", (event) => {
  if (names.includes(event.detail.name)) {
    trigger(event.detail.name, event.detail.data);
  }
});
