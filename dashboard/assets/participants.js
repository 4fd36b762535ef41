/* The page of participants: names, matches by voice, and who is not known yet. */
(function () {
  "use strict";

  const { mount, make, ask, say, visit } = window.turntone;
  let people = [];
  let unknown = [];
  let asked = null; // key of what is asked about: a name to change, a person to forget
  let said = "";
  let busy = false;

  const post = (address, body, method) =>
    ask(address, { method: method || "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

  async function load() {
    try {
      [people, unknown] = await Promise.all([ask("/api/participants"), ask("/api/participants/unknown")]);
      draw();
    } catch (error) {
      tell(error.message);
    }
  }

  async function change(what, done) {
    if (busy) return;
    busy = true;
    tell(say("Saving …"));
    try {
      const sessions = await what();
      asked = null;
      said = sessions.length > 1 ? say("{done}; {count} sessions changed with it.", { done, count: sessions.length }) : say("{done}.", { done });
      await load();
      tell(said);
    } catch (error) {
      tell(error.message);
    } finally {
      busy = false;
    }
  }

  function tell(sentence) {
    const place = document.getElementById("people-said");
    if (place) place.textContent = sentence;
  }

  function draw() {
    const place = document.getElementById("people");
    if (!place) return;
    tell(said || (people.length ? "" : say("Nobody is named yet: say below who the speakers are.")));
    const cases = [...new Set(people.map((each) => each.case))];
    place.replaceChildren(...cases.flatMap((name) => [
      make("h2", { class: "above" }, name ? say("Case {name}", { name }) : say("Sessions without a case")),
      make("div", { class: "columns" }, ...people.filter((each) => each.case === name).map(personCard)),
    ]));
    const rest = document.getElementById("unknown");
    if (rest) rest.replaceChildren(unknown.length ? make("ul", { class: "work" }, ...unknown.map(unknownRow)) : make("p", {}, say("Everybody is known.")));
    const first = document.querySelector("[data-first]");
    if (first) first.focus();
  }

  const quiet = (text, name, act) => make("button", { type: "button", class: "quiet", "aria-label": name, onclick: act }, text);

  function personCard(person) {
    const key = `${person.case} ${person.name}`;
    const facts = [say(person.role || "no role"), say("named in {count}", { count: person.confirmed }), say("matched in {count}", { count: person.matched }), say("{seconds} s of voice", { seconds: Math.round(person.voice_seconds) })];
    return make("section", { class: "card person", "aria-label": `${person.name}, ${person.case ? say("Case {name}", { name: person.case }) : person.appearances.map((each) => each.session).join(", ")}` },
      make("div", { class: "in-hand" },
        make("h3", {}, person.name),
        quiet(say("Rename"), say("Rename {who}", { who: person.name }), () => { asked = `rename ${key}`; draw(); }),
        quiet(say("Forget"), say("Forget {who}", { who: person.name }), () => { asked = `forget ${key}`; draw(); })),
      make("p", { class: "about" }, facts.join(" · ")),
      asked === `rename ${key}` && renaming(person),
      asked === `forget ${key}` && forgetting(person),
      make("ul", { class: "work" }, ...person.appearances.map((each) => appearance(person, each))));
  }

  function renaming(person) {
    const name = make("input", { class: "field", value: person.name, "aria-label": say("New name of {who}", { who: person.name }), maxlength: 200, "data-first": true });
    const form = make("form", { class: "asked", onsubmit: (event) => {
      event.preventDefault();
      change(() => post("/api/participants/rename", { name: person.name, case: person.case, new: name.value }), say("{who} is now called {name}", { who: person.name, name: name.value }));
    } }, name, make("button", { class: "button", type: "submit" }, say("Rename")), quiet(say("Leave"), say("Leave the name"), leave));
    return form;
  }

  function forgetting(person) {
    return make("div", { class: "asked" },
      make("p", {}, say("All that is kept of {who} is removed for good: name, voice, turns, and their stretches of the audio, which fall silent. What others said stays. Your own recording is not touched.", { who: person.name })),
      make("button", { type: "button", class: "button wrong", "data-first": true, onclick: () => change(() => post("/api/participants/forget", { name: person.name, case: person.case }), say("{who} is forgotten", { who: person.name })) }, say("Forget for good")),
      quiet(say("Keep"), say("Keep {who}", { who: person.name }), leave));
  }

  const leave = () => { asked = null; draw(); };

  function appearance(person, each) {
    const how = each.confirmed ? say("said by a person") : `${say(each.counts ? "by voice" : "perhaps, by voice")}, ${Math.floor(100 * each.probability)} %`;
    const where = say("{speaker} in the session of {date}", { speaker: each.speaker, date: each.date || say("no date") });
    return make("li", { class: "job" },
      make("div", { class: "job-name" }, make("a", { href: `/session/${each.session}`, onclick: visit }, each.date || say("session {id}", { id: each.session }))),
      make("div", { class: "job-said" }, say("{speaker}, {seconds} s: {how}", { speaker: each.speaker, seconds: Math.round(each.seconds), how })),
      make("div", { class: "job-actions" },
        !each.confirmed && quiet(say("Confirm"), say("Confirm that {where} is {who}", { where, who: person.name }), () => change(() => post("/api/participants/confirm", { session: each.session, speakers: [each.speaker] }), say("{speaker} is {who}", { speaker: each.speaker, who: person.name }))),
        quiet(say("Not them"), say("Say that {where} is not {who}", { where, who: person.name }), () => change(() => post("/api/participants/unmatch", { session: each.session, speaker: each.speaker }), say("{speaker} is not {who}", { speaker: each.speaker, who: person.name })))));
  }

  function unknownRow(each) {
    const label = say("{speaker} of {recording}", { speaker: each.speaker, recording: each.recording });
    const name = make("input", { class: "field", placeholder: say("Name"), "aria-label": say("Name of {label}", { label }), maxlength: 200 });
    const role = make("input", { class: "field", placeholder: say("Role"), "aria-label": say("Role of {label}", { label }), list: "roles", value: each.role || "" });
    return make("li", { class: "job" },
      make("div", { class: "job-name" }, make("a", { href: `/session/${each.session}`, onclick: visit }, each.recording)),
      make("div", { class: "job-said" }, [each.speaker, each.case, each.date].filter(Boolean).join(" · ")),
      make("form", { class: "job-actions", onsubmit: (event) => {
        event.preventDefault();
        if (!name.value && !role.value) return tell(say("A name or a role is needed."));
        const person = { participant: name.value || null, role: role.value || null };
        change(() => post(`/api/sessions/${each.session}/speakers`, { [each.speaker]: person }, "PATCH"), say("{speaker} is {who}", { speaker: each.speaker, who: name.value || role.value }));
      } }, name, role, make("button", { type: "submit", class: "quiet" }, say("Save"))));
  }

  mount("people", () => { asked = null; said = ""; load(); });
})();
