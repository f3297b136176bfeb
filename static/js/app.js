// Behaviour the server cannot give: shortcuts, toasts, copying, confirmation, theme.
// Every page works without this file. No inline code, no eval: the content policy forbids both.
"use strict";

const byId = (id) => document.getElementById(id);
const isShown = (element) => element.getClientRects().length > 0;
const announce = (text) => { byId("announcer").textContent = text; };

// Theme: the cookie lets the server render the choice, so that no page flashes.
const chooseTheme = (choice) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  const age = choice === "auto" ? 0 : 31536000;
  document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
};

// Toasts: good news leaves by itself unless it is being read; warnings and errors stay.
const TOAST_MS = 8000;
const expireToast = (toast) => {
  if (toast.dataset.timed || ["error", "warning"].includes(toast.dataset.toast)) return;
  toast.dataset.timed = "yes";
  let timer;
  const stop = () => clearTimeout(timer);
  const start = () => { stop(); timer = setTimeout(() => toast.remove(), TOAST_MS); };
  toast.addEventListener("mouseenter", stop);
  toast.addEventListener("mouseleave", start);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", start);
  start();
};
const expireToasts = () => document.querySelectorAll("[data-toast]").forEach(expireToast);

const dismissToast = (toast) => {
  const next = toast.nextElementSibling ?? toast.previousElementSibling;
  toast.remove();
  (next?.querySelector("[data-dismiss]") ?? byId("main"))?.focus();
};

// Copy: data-copy names the element whose text is copied.
const copy = async (button) => {
  const source = document.querySelector(button.dataset.copy);
  const label = button.querySelector("[data-copy-label]");
  try {
    await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
    label.textContent = "Copied";
    announce("Copied to the clipboard");
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  } catch {
    getSelection().selectAllChildren(source);
    announce("Copying was refused. The text is selected: press Ctrl or Command and C");
    label.textContent = "Selected";
  }
};

// Confirmation: data-confirm asks first. The form then carries confirmed=yes, so that the
// server need not show its own confirmation page, which is what happens without this script.
const approved = new WeakSet();
const askFirst = (event) => {
  const form = event.target;
  if (!form.dataset.confirm || approved.has(form)) { approved.delete(form); return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  const dialog = byId("confirm-dialog");
  byId("confirm-title").textContent = form.dataset.confirmTitle ?? "Are you sure?";
  byId("confirm-text").textContent = form.dataset.confirm;
  byId("confirm-accept").textContent = form.dataset.confirmAction ?? submitter?.textContent.trim() ?? "Continue";
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "confirm") submitApproved(form, submitter);
    else submitter?.focus();
  }, { once: true });
  dialog.showModal();
};
const submitApproved = (form, submitter) => {
  if (!form.elements.namedItem("confirmed")) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "yes" }));
  }
  approved.add(form);
  form.requestSubmit(submitter);
};

// Following: data-follows names a list whose data-source has its rows, and says 204 when they are
// the same. Asked again every two seconds while the page is seen; a mistake ends it.
const FOLLOW_MS = 2000;
const refresh = async (list) => {
  const source = new URL(list.dataset.source, location.href);
  source.searchParams.set("known", list.dataset.known);
  const response = await fetch(source);
  if (response.status === 204) return true;
  if (!response.ok || response.redirected) return false;
  list.innerHTML = await response.text();
  list.dataset.known = response.headers.get("Netra-Known");
  return true;
};
const keepFollowing = async (button) => {
  const turn = String(performance.now());
  button.dataset.turn = turn;
  while (button.dataset.turn === turn && button.getAttribute("aria-pressed") === "true") {
    const goesOn = document.hidden || await refresh(byId(button.dataset.follows)).catch(() => true);
    if (!goesOn) { button.setAttribute("aria-pressed", "false"); announce("Following has ended"); }
    await new Promise((resolve) => { setTimeout(resolve, FOLLOW_MS); });
  }
};
const toggleFollowing = (button) => {
  const isOn = button.getAttribute("aria-pressed") === "true";
  button.setAttribute("aria-pressed", String(!isOn));
  announce(isOn ? "Following has ended" : "New rows show by themselves");
  if (!isOn) keepFollowing(button);
};

// Menus: one press elsewhere or Escape closes them.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
};
const closeMenuByKey = () => {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
};

// Shortcuts: can be turned off in their dialog (WCAG 2.1.4), and never fire while one types.
const shortcutsAreOn = () => localStorage.getItem("shortcuts") !== "off";
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const openShortcuts = () => {
  byId("shortcuts-enabled").checked = shortcutsAreOn();
  byId("shortcuts-dialog").showModal();
};
const focusSearch = () => [...document.querySelectorAll("[data-search]")].find(isShown)?.focus();
const CHORD_MS = 1500;
let chordAt = -Infinity;
const follow = (key) => document.querySelector(`[data-shortcut="${CSS.escape(key)}"]`)?.click();

const onKey = (event) => {
  if (event.key === "Escape") { closeMenuByKey(); return; }
  const blocked = event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target);
  if (blocked || document.querySelector("dialog[open]")) return;
  if (!shortcutsAreOn()) return;
  if (event.key === "?") { event.preventDefault(); openShortcuts(); return; }
  if (event.timeStamp - chordAt < CHORD_MS) { chordAt = -Infinity; follow(event.key); return; }
  if (event.key === "g") chordAt = event.timeStamp;
  if (event.key === "/") { event.preventDefault(); focusSearch(); }
};

const onClick = (event) => {
  const { target } = event;
  closeMenus(target.closest("details.menu"));
  const theme = target.closest("[data-theme-choice]");
  if (theme) chooseTheme(theme.dataset.themeChoice);
  const button = target.closest("[data-copy]");
  if (button) copy(button);
  const following = target.closest("[data-follows]");
  if (following) toggleFollowing(following);
  const dismiss = target.closest("[data-dismiss]");
  if (dismiss) dismissToast(dismiss.closest("[data-toast]"));
  if (target.closest("[data-show-shortcuts]")) openShortcuts();
};

document.addEventListener("submit", askFirst, true);
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:afterSettle", expireToasts);
document.addEventListener("htmx:oobAfterSwap", expireToasts);
byId("shortcuts-enabled").addEventListener("change", (event) => {
  localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
});
for (const button of document.querySelectorAll("[data-follows]")) button.hidden = false;
expireToasts();
