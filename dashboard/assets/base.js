/* What the other scripts share: mounting into pages, making elements, asking the API, and the colour scheme. */
(function () {
  "use strict";

  // What Dash's polyfill replaced for nothing (first.js).
  const natives = window.turntoneNatives;
  Object.assign(window, natives.window);
  Object.assign(Number, natives.Number);
  Object.assign(String.prototype, natives.String);

  const builders = new Map();
  const built = new WeakSet();

  /* Calls build(element) once for each element of that id that a page brings. */
  function mount(id, build) {
    builders.set(id, build);
    look();
  }

  function look() {
    builders.forEach((build, id) => {
      const element = document.getElementById(id);
      if (!element || built.has(element)) return;
      built.add(element);
      build(element);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });

  /* make("button", {class: "quiet", onclick: f}, "text", child): texts are never read as markup. */
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    Object.entries(attributes || {}).forEach(([key, value]) => {
      if (value === null || value === undefined || value === false) return;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value === true ? "" : value);
    });
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }

  /* The JSON of an answer; what is wrong is thrown as an Error with the server's sentence and status. */
  async function ask(address, options) {
    let answer;
    try {
      answer = await fetch(address, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw Object.assign(new Error(say("the server does not answer")), { status: 0 });
    }
    if (answer.status === 204) return null;
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(body.detail || answer.statusText), { status: answer.status });
    return body;
  }

  /* What is said in the reader's language; the English text is the key, and its fields are filled in. */
  const known = document.getElementById("words");
  const words = known ? JSON.parse(known.textContent) : {};
  function say(english, values) {
    const text = words[english] || english;
    return values ? text.replace(/\{(\w+)\}/g, (field, name) => (name in values ? values[name] : field)) : text;
  }

  function clock(seconds) {
    const whole = Math.floor(seconds);
    const pad = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor((whole % 3600) / 60);
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  }

  /* Follow a link inside the application, without loading it anew. */
  function visit(event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(event.currentTarget.href);
  }

  function go(address) {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  const typing = (target) =>
    target instanceof Element && Boolean(target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=listbox]"));

  window.turntone = { mount, make, ask, clock, go, visit, typing, say };

  // The colour scheme: what the reader chose, else the system's.
  const KEY = "mantine-color-scheme-value";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    const known = localStorage.getItem(KEY);
    return known === "dark" || known === "light" ? known : dark.matches ? "dark" : "light";
  };
  let drawn = null;
  function apply() {
    const scheme = chosen();
    document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
    document.cookie = `turntone-scheme=${scheme}; path=/; max-age=31536000; samesite=strict`; // figures are drawn in it
    drawn = drawn || scheme;
    const button = document.getElementById("scheme");
    if (!button) return; // Dash has no page yet that could be told; this runs again when there is one
    if (drawn !== scheme) window.dash_clientside.set_props("scheme-now", { data: scheme });
    drawn = scheme;
    button.setAttribute("aria-pressed", String(scheme === "dark"));
    button.setAttribute("title", say(scheme === "dark" ? "Light colours" : "Dark colours"));
  }
  apply();
  dark.addEventListener("change", apply);
  mount("scheme", (button) => {
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, chosen() === "dark" ? "light" : "dark");
      apply();
    });
    apply();
  });
  window.addEventListener("storage", apply);

  // The language: what the reader chose, else the browser's; the server writes every page in it.
  mount("language", (button) => {
    button.addEventListener("click", () => {
      document.cookie = `turntone-language=${button.dataset.language}; path=/; max-age=31536000; samesite=strict`;
      window.location.reload();
    });
  });
})();
