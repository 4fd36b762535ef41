/* The page of a review: the turn in hand, the queue, and the keyboard. */
(function () {
  "use strict";

  const { mount, make, ask, clock, say, typing } = window.turntone;
  let review = null;
  let place = 0; // in the queue
  let alike = false;
  let busy = false;
  let said = "";

  const session = () => document.getElementById("review").dataset.session;
  const turn = () => review && review.turns[place];
  const percent = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)} %`);
  const header = { "Content-Type": "application/json" };

  async function load(path, body) {
    if (busy) return;
    busy = true;
    try {
      const options = path === null ? undefined : { method: "POST", body: body && JSON.stringify(body), headers: header };
      const at = turn() && turn().turn;
      review = await ask(`/api/sessions/${session()}/review${path || ""}`, options);
      const same = review.turns.findIndex((each) => each.turn === at);
      place = same >= 0 ? same : 0;
      said = "";
    } catch (error) {
      said = error.message;
    } finally {
      busy = false;
    }
    draw();
  }

  async function answer(what) {
    const now = turn();
    if (!now || now.masked || busy) return;
    if (alike && what.speaker) await load("", { all_of: now.speaker, speaker: what.speaker });
    else await load("", { turns: [now.turn], ...what });
    alike = false;
    if (said) return;
    const done = turn();
    // A turn with an emotion is done once that is said; others once the speaker is.
    if (done.reviewed.includes(done.scored ? "emotion" : "speaker")) next();
    else draw();
  }

  /* A cut changes the rows: the turn in hand is found again by where it begins. */
  async function cut(body) {
    const now = turn();
    if (!now || now.masked || busy) return;
    await load("", body);
    if (said) return;
    const same = review.turns.findIndex((each) => each.start === now.start && each.speaker === now.speaker);
    place = same >= 0 ? same : place;
    draw();
  }

  const playhead = () => {
    const player = document.getElementById("player");
    return player ? player.currentTime : NaN;
  };
  function split() {
    const now = turn();
    const at = playhead();
    if (now && at > now.start + 0.1 && at < now.end - 0.1) return cut({ split: { turn: now.turn, at } });
    said = say("Play to where the turn is to be split, between {start} and {end}, then split it.", { start: clock(now.start), end: clock(now.end) });
    draw();
  }
  const next_of_speaker = (now) => review.turns.find((each) => each.turn > now.turn && each.speaker === now.speaker);
  const join = () => turn() && next_of_speaker(turn()) && cut({ join: turn().turn });

  const confirm = () => {
    const now = turn();
    if (!now) return;
    const emotion = now.scored && now.emotion !== "uncertain" ? { emotion: now.emotion } : {};
    answer({ speaker: now.speaker, ...emotion });
  };

  function next() {
    const from = place;
    const open = (each) => !each.reviewed.length && !each.masked;
    const after = review.turns.findIndex((each, index) => index > from && open(each));
    const any = review.turns.findIndex(open);
    if (after >= 0 || any >= 0) go(after >= 0 ? after : any);
    else {
      said = say("All turns are reviewed.");
      draw();
    }
  }

  function go(index) {
    place = Math.min(Math.max(0, index), review.turns.length - 1);
    alike = false;
    said = "";
    draw();
    hear();
  }

  // The turn is played to its end, not further.
  let stopAt = null;
  function hear() {
    const now = turn();
    if (!now || !document.getElementById("player")) return;
    stopAt = now.end;
    window.turntone.play(now.start);
  }
  document.addEventListener("timeupdate", (event) => {
    if (event.target.id !== "player" || stopAt === null || event.target.currentTime < stopAt) return;
    event.target.pause();
    stopAt = null;
  }, true);
  document.addEventListener("pause", () => { stopAt = null; }, true);

  // Drawing
  function draw() {
    const panel = document.getElementById("review");
    if (!panel) return;
    const key = panel.contains(document.activeElement) && document.activeElement.dataset.key;
    panel.replaceChildren(...(review ? inHand() : [make("p", {}, said || say("Loading …"))]));
    if (key) {
      const again = panel.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (again) again.focus();
    }
    if (review) {
      drawQueue();
      drawAgreement();
    }
  }

  function inHand() {
    const now = turn();
    if (!now) return [make("h2", {}, say("No speech was found")), make("p", {}, say("There is nothing to review in this session."))];
    const machine = now.machine;
    const unscored = now.scored ? null : make("p", { class: "about" }, say("Not scored: {reason}", { reason: now.reason }));
    return [
      make("div", { class: "in-hand" },
        make("h2", {}, say("{start} to {end}", { start: clock(now.start), end: clock(now.end) })),
        button("hear", say("Hear"), hear, { disabled: !document.getElementById("player"), class: "quiet" }),
        button("undo", say("Undo"), () => load("/undo"), { disabled: !review.steps.done, class: "quiet" }),
        button("redo", say("Redo"), () => load("/redo"), { disabled: !review.steps.undone, class: "quiet" })),
      now.text && make("p", { class: "words" }, now.text),
      make("p", { class: "about" }, say("The machine: {what}.", { what: `${machine.name} (${percent(machine.speaker_confidence)})${machine.emotion ? `, ${say(machine.emotion)} (${percent(machine.confidence)})` : ""}` })),
      make("h3", {}, say("Who speaks?")),
      make("div", { class: "answers", role: "group", "aria-label": say("Who speaks?") }, ...review.speakers.map((each, index) => choice("speaker", each.label, each.name, each.colour, index, `⇧${index + 1}`, now.masked || each.masked))),
      review.speakers.length > 1 && make("label", { class: "alike" }, alikeBox(now), ` ${say("All turns of {who} are this speaker's: the two are one", { who: now.name })}`),
      make("h3", {}, say("How does it sound?")),
      unscored || make("div", { class: "answers", role: "group", "aria-label": say("How does it sound?") }, ...review.emotions.map((each, index) => choice("emotion", each.label, say(each.label), each.colour, index, `${index + 1}`, now.masked, now.scores && now.scores[each.label]))),
      make("div", { class: "in-hand bottom" },
        button("confirm", say(now.scored && now.emotion === "uncertain" ? "The speaker is right" : "Right as it is"), confirm, { class: "button", disabled: now.masked }),
        button("skip", say("Next"), () => go(place + 1), { class: "quiet big" })),
      make("h3", {}, say("Where does it begin and end?")),
      make("div", { class: "answers" },
        button("split", say("Split here"), split, { class: "answer", disabled: now.masked || !document.getElementById("player"), title: say("Where the recording stands now") }),
        button("join", say("Join with {who}'s next turn", { who: now.name }), join, { class: "answer", disabled: now.masked || !next_of_speaker(now) }),
        now.cuts.length > 0 && make("span", { class: "by-person", title: say("The machine: {what}.", { what: machine.spans.map(([from, to]) => `${clock(from)}–${clock(to)}`).join(", ") }) }, now.cuts.map((each) => say({ split: "split by a person", join: "joined by a person" }[each])).join(", "))),
      make("p", { class: "said", role: "status" }, now.masked ? say("This speaker is masked: nothing is scored, and nothing can be corrected.") : said),
    ].filter(Boolean);
  }

  const button = (key, text, act, more) => make("button", { type: "button", "data-key": key, onclick: act, ...more }, text);

  function alikeBox(now) {
    const box = make("input", { type: "checkbox", "data-key": "alike", disabled: now.masked, onchange: () => { alike = box.checked; } });
    box.checked = alike;
    return box;
  }

  function choice(field, value, name, colour, index, key, disabled, share) {
    const now = turn();
    const chosen = now[field] === value;
    const by = chosen && now.reviewed.includes(field);
    return make("button", { type: "button", class: `answer${chosen ? " chosen" : ""}`, "data-key": `${field} ${value}`, "aria-pressed": String(chosen), disabled, onclick: () => answer({ [field]: value }) },
      make("span", { class: "dot", style: `background:${colour}` }), name,
      share !== undefined && share !== null && !now.reviewed.includes("emotion") ? make("span", { class: "share" }, percent(share)) : null,
      by ? make("span", { class: "share" }, say("✓ you")) : null,
      index < 9 ? make("kbd", { "aria-hidden": "true" }, key) : null);
  }

  function drawQueue() {
    const list = document.getElementById("review-queue");
    if (!list) return;
    const top = list.scrollTop;
    list.replaceChildren(...review.turns.map((each, index) =>
      make("li", {}, make("button", { type: "button", class: `queued${index === place ? " current" : ""}`, "aria-current": index === place ? "true" : null, onclick: () => go(index) },
        make("span", { class: "when" }, clock(each.start)),
        make("span", { class: "what" }, `${each.name}, ${say(each.emotion || "not scored")}`),
        make("span", { class: "share" }, each.masked ? say("masked") : each.reviewed.length ? say("✓ reviewed") : say("{share} sure", { share: percent(each.sure) }))))));
    list.scrollTop = top;
    const current = list.querySelector(".current");
    if (current) {
      const [low, high] = [current.offsetTop - list.offsetTop, current.offsetTop - list.offsetTop + current.offsetHeight];
      if (low < list.scrollTop) list.scrollTop = low;
      else if (high > list.scrollTop + list.clientHeight) list.scrollTop = high - list.clientHeight;
    }
  }

  function drawAgreement() {
    const place = document.getElementById("review-agreement");
    if (!place) return;
    const names = { speaker: say("Speakers"), emotion: say("Emotions") };
    const two = (value) => value.toFixed(2).replace("-", "−");
    place.replaceChildren(make("dl", { class: "facts" }, ...review.agreement.map((each) => {
      const alike = say("{same} of {all} turns alike", { same: each.num_same, all: each.num_turns });
      const few = say(each.num_turns < 10 ? "kappa from 10 reviewed turns on" : "no kappa: always one and the same answer");
      const kappa = each.kappa === null ? few : say("kappa {value} (95 % interval {low} to {high})", { value: two(each.kappa), low: two(each.low), high: two(each.high) });
      return make("div", {}, make("dt", {}, names[each.field]), make("dd", {}, `${alike}; ${kappa}`));
    })));
  }

  // The keyboard
  document.addEventListener("keydown", (event) => {
    if (!document.getElementById("review") || !review || !turn() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const act = digit ? byNumber(Number(digit[1]) - 1, event.shiftKey) : byLetter[event.key.toLowerCase()];
    if (!act || (event.key === "Enter" && event.target.closest("button, a, summary"))) return;
    event.preventDefault();
    act();
  });
  function byNumber(index, speaker) {
    const chosen = (speaker ? review.speakers : review.emotions)[index];
    if (!chosen || chosen.masked || (!speaker && !turn().scored)) return null;
    return () => answer({ [speaker ? "speaker" : "emotion"]: chosen.label });
  }
  const byLetter = {
    enter: () => confirm(),
    n: () => go(place + 1),
    p: () => go(place - 1),
    h: hear,
    s: split,
    m: join,
    a: () => { alike = !alike; draw(); },
    u: () => review.steps.done && load("/undo"),
    r: () => review.steps.undone && load("/redo"),
  };

  mount("review", () => {
    review = null;
    place = 0;
    said = "";
    load(null);
  });
})();
