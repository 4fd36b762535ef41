/* Uploads in pieces, and the list of work: progress, cancel, retry, and the session that came of it. */
(function () {
  "use strict";

  const { mount, make, ask, say, visit } = window.turntone;
  const PIECE = 4 * 2 ** 20;
  const TRIES = 5;
  const AT_ONCE = 2;
  const STORE = "turntone-uploads";
  const STAGES = {
    read: "reading the sound",
    diarize: "finding who speaks when",
    turns: "joining turns",
    recognize: "hearing how each turn sounds",
    save: "saving",
  };

  const files = []; // uploads of this page: {key, file, upload, sent, state, reason, abort}
  let jobs = [];
  let wanted = null; // ids of jobs that this page has seen under way
  let stream = null;

  // What was begun is remembered, so that the same file goes on where it stopped after a reload.
  const remembered = () => JSON.parse(localStorage.getItem(STORE) || "{}");
  function remember(key, value) {
    const all = remembered();
    if (value) all[key] = value;
    else delete all[key];
    localStorage.setItem(STORE, JSON.stringify(all));
  }
  const keyOf = (file) => `${file.name}|${file.size}|${file.lastModified}`;
  const field = (id) => (document.getElementById(id) || { value: "" }).value.trim();

  function asked() {
    const facts = {};
    if (field("upload-case")) facts.case = field("upload-case");
    if (field("upload-date")) facts.date = field("upload-date");
    const consent = { [say("yes, also to a voiceprint")]: "yes", [say("to the analysis alone")]: "analysis" }[field("upload-consent")];
    if (consent) facts.consent = consent;
    if (field("upload-speakers")) facts.num_speakers = Number(field("upload-speakers"));
    return facts;
  }

  function take(list) {
    const facts = asked();
    Array.from(list).forEach((file) => {
      const key = keyOf(file);
      const there = files.find((each) => each.key === key);
      if (there && there.state === "sending") return;
      if (there) files.splice(files.indexOf(there), 1);
      const known = remembered()[key];
      files.push({ key, file, name: file.name, size: file.size, sent: 0, state: "waiting", facts: known ? known.facts : facts, id: known && known.id });
    });
    next();
  }

  function next() {
    draw();
    const busy = files.filter((each) => each.state === "sending").length;
    files
      .filter((each) => each.state === "waiting")
      .slice(0, Math.max(0, AT_ONCE - busy))
      .forEach((each) => send(each).finally(next));
  }

  async function send(item) {
    item.state = "sending";
    item.abort = new AbortController();
    draw();
    try {
      await begin(item);
      while (item.sent < item.size) await sendPiece(item);
      const body = JSON.stringify({ upload: item.id, ...item.facts });
      const job = await ask("/api/jobs", { method: "POST", body, headers: { "Content-Type": "application/json" }, signal: item.abort.signal });
      remember(item.key, null);
      files.splice(files.indexOf(item), 1);
      if (wanted) wanted.add(job.id);
      learn([...jobs.filter((each) => each.id !== job.id), job]);
      follow();
    } catch (error) {
      if (error.name === "AbortError") return;
      item.state = "failed";
      item.reason = error.message;
    }
  }

  async function begin(item) {
    if (item.id) {
      const known = await ask(`/api/uploads/${item.id}`).catch(() => null);
      if (known) {
        item.sent = known.offset;
        return;
      }
    }
    const body = JSON.stringify({ name: item.name, size: item.size });
    const upload = await ask("/api/uploads", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    item.id = upload.id;
    item.sent = upload.offset;
    remember(item.key, { id: item.id, name: item.name, size: item.size, facts: item.facts });
  }

  async function sendPiece(item) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const headers = { "Upload-Offset": String(item.sent), "Content-Type": "application/octet-stream" };
        const body = item.file.slice(item.sent, item.sent + PIECE);
        const here = await ask(`/api/uploads/${item.id}`, { method: "PATCH", body, headers, signal: item.abort.signal });
        item.sent = here.offset;
        draw();
        return;
      } catch (error) {
        const mendable = error.status === 0 || error.status === 409 || error.status >= 500;
        if (error.name === "AbortError" || !mendable || attempt === TRIES) throw error;
        await new Promise((done) => setTimeout(done, 400 * 2 ** attempt));
        const known = await ask(`/api/uploads/${item.id}`).catch(() => null);
        if (known) item.sent = known.offset;
      }
    }
  }

  function drop(item) {
    if (item.abort) item.abort.abort();
    remember(item.key, null);
    if (files.includes(item)) files.splice(files.indexOf(item), 1);
    if (item.id) ask(`/api/uploads/${item.id}`, { method: "DELETE" }).catch(() => {});
    next();
  }

  // The jobs, as the server tells them whenever one changes.
  function follow() {
    if (stream || document.hidden || !document.getElementById("work")) return;
    stream = new EventSource("/api/jobs/events");
    stream.addEventListener("jobs", (event) => learn(JSON.parse(event.data)));
  }

  function rest() {
    if (stream) stream.close();
    stream = null;
  }

  function learn(found) {
    const before = new Map(jobs.map((job) => [job.id, job.state]));
    jobs = found;
    if (!wanted) wanted = new Set();
    jobs.filter((job) => job.state === "queued" || job.state === "running").forEach((job) => wanted.add(job.id));
    const done = jobs.some((job) => job.state === "done" && before.has(job.id) && before.get(job.id) !== "done");
    if (done && document.getElementById("uploader")) {
      if (document.getElementById("sessions-table")) window.dash_clientside.set_props("sessions-stale", { data: Date.now() });
      else if (!files.length) window.location.reload(); // the first session brings the lists
    }
    draw();
  }

  async function change(job, action) {
    const options = action === "remove" ? { method: "DELETE" } : { method: "POST" };
    const address = action === "remove" ? `/api/jobs/${job.id}` : `/api/jobs/${job.id}/${action}`;
    try {
      const now = await ask(address, options);
      learn(now ? jobs.map((each) => (each.id === job.id ? now : each)) : jobs.filter((each) => each.id !== job.id));
    } catch (error) {
      tell(error.message);
    }
    follow();
  }

  function tell(sentence) {
    const place = document.getElementById("work-said");
    if (place) place.textContent = sentence;
  }

  // Drawing
  let drawing = 0;
  function draw() {
    if (!drawing) drawing = window.requestAnimationFrame(() => { drawing = 0; drawNow(); });
  }

  function drawNow() {
    const place = document.getElementById("work");
    if (!place) return;
    const all = place.dataset.scope === "all";
    const shown = jobs.filter((job) => all || (wanted && wanted.has(job.id)) || job.state === "failed").reverse();
    const focus = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const rows = [...files.map(fileRow), ...brokenOff().map(brokenRow), ...shown.map(jobRow)];
    place.replaceChildren(...rows);
    const none = document.getElementById("work-none");
    if (none) none.hidden = rows.length > 0 || !all;
    const card = place.closest(".card");
    if (card && !all) card.hidden = rows.length === 0;
    const again = focus && place.querySelector(`[data-key="${CSS.escape(focus)}"]`);
    if (again) again.focus();
  }

  const brokenOff = () =>
    Object.entries(remembered())
      .filter(([key]) => !files.some((each) => each.key === key))
      .map(([key, value]) => ({ key, ...value }));

  const action = (key, text, name, act) => make("button", { class: "quiet", type: "button", "data-key": key, "aria-label": `${say(text)} ${name}`, onclick: act }, say(text));

  function row(name, state, said, share, actions) {
    const bar = share === null ? null : make("div", { class: "bar-outer", role: "progressbar", "aria-label": say("Progress of {name}", { name }), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * share) }, make("div", { class: "bar-inner", style: `width:${(100 * share).toFixed(1)}%` }));
    return make("li", { class: `job ${state}` }, make("div", { class: "job-name" }, name), make("div", { class: "job-said" }, said), bar, make("div", { class: "job-actions" }, ...actions));
  }

  function fileRow(item) {
    const share = item.size ? item.sent / item.size : 0;
    const said = { waiting: say("waits to be uploaded"), sending: say("uploading, {share} %", { share: Math.round(100 * share) }), failed: say("not uploaded: {reason}", { reason: item.reason }) }[item.state];
    const again = item.state === "failed" && action(`again ${item.key}`, "Retry", item.name, () => { item.state = "waiting"; next(); });
    return row(item.name, item.state, said, item.state === "failed" ? null : share, [again, action(`stop ${item.key}`, item.state === "failed" ? "Remove" : "Cancel", item.name, () => drop(item))]);
  }

  function brokenRow(item) {
    return row(item.name, "failed", say("the upload broke off: choose the same file again and it goes on where it stopped"), null, [action(`stop ${item.key}`, "Remove", item.name, () => drop(item))]);
  }

  function jobRow(job) {
    const stage = say(STAGES[job.stage] || "starting");
    const said = {
      queued: say(job.attempts ? "waits to be tried again" : "waits for its turn"),
      running: say("{stage}, {share} % of all", { stage, share: Math.round(100 * job.progress) }),
      done: say("done"),
      failed: job.reason || say("failed"),
      cancelled: say("cancelled"),
    }[job.state];
    const buttons = [];
    if (job.state === "done" && job.session) buttons.push(make("a", { class: "quiet", href: `/session/${job.session}`, "data-key": `open ${job.id}`, onclick: visit, "aria-label": say("Open the session of {name}", { name: job.title }) }, say("Open")));
    if (job.state === "queued" || job.state === "running") buttons.push(action(`cancel ${job.id}`, "Cancel", job.title, () => change(job, "cancel")));
    if (job.state === "failed" || job.state === "cancelled") buttons.push(action(`retry ${job.id}`, "Retry", job.title, () => change(job, "retry")));
    if (["done", "failed", "cancelled"].includes(job.state)) buttons.push(action(`remove ${job.id}`, "Remove", job.title, () => change(job, "remove")));
    return row(job.title, job.state, said, job.state === "running" ? job.progress : job.state === "queued" ? 0 : null, buttons);
  }

  // Connecting
  mount("work", () => { rest(); follow(); draw(); });
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
  setInterval(() => { if (stream && !document.getElementById("work")) rest(); }, 2000);

  mount("uploader", (zone) => {
    const input = make("input", { type: "file", multiple: true, class: "hidden-input", tabindex: -1, "aria-label": say("Recordings to upload"), id: "upload-files" });
    input.addEventListener("change", () => { take(input.files); input.value = ""; });
    zone.append(input);
    const button = document.getElementById("upload-choose");
    if (button) button.addEventListener("click", () => input.click());
    const mark = (on) => (event) => { event.preventDefault(); zone.classList.toggle("over", on); };
    zone.addEventListener("dragover", mark(true));
    zone.addEventListener("dragleave", mark(false));
    zone.addEventListener("drop", (event) => { mark(false)(event); take(event.dataTransfer.files); });
  });
  // A file dropped beside the zone must not replace the page.
  ["dragover", "drop"].forEach((name) => window.addEventListener(name, (event) => event.preventDefault()));
})();
