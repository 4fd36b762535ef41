/* The page of participants: names, matches by voice, and who is not known yet. */
(function () {
  "use strict";

  const { mount, make, ask, visit } = window.turntone;
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
    tell("Saving …");
    try {
      const sessions = await what();
      asked = null;
      said = `${done}${sessions.length > 1 ? `; ${sessions.length} sessions changed with it` : ""}.`;
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
    tell(said || (people.length ? "" : "Nobody is named yet: say below who the speakers are."));
    const cases = [...new Set(people.map((each) => each.case))];
    place.replaceChildren(...cases.flatMap((name) => [
      make("h2", { class: "above" }, name ? `Case ${name}` : "Sessions without a case"),
      make("div", { class: "columns" }, ...people.filter((each) => each.case === name).map(personCard)),
    ]));
    const rest = document.getElementById("unknown");
    if (rest) rest.replaceChildren(unknown.length ? make("ul", { class: "work" }, ...unknown.map(unknownRow)) : make("p", {}, "Everybody is known."));
    const first = document.querySelector("[data-first]");
    if (first) first.focus();
  }

  const quiet = (text, name, act) => make("button", { type: "button", class: "quiet", "aria-label": name, onclick: act }, text);

  function personCard(person) {
    const key = `${person.case} ${person.name}`;
    const facts = [person.role || "no role", `named in ${person.confirmed}`, `matched in ${person.matched}`, `${Math.round(person.voice_seconds)} s of voice`];
    return make("section", { class: "card person", "aria-label": `${person.name}, ${person.case ? `case ${person.case}` : person.appearances.map((each) => each.session).join(", ")}` },
      make("div", { class: "in-hand" },
        make("h3", {}, person.name),
        quiet("Rename", `Rename ${person.name}`, () => { asked = `rename ${key}`; draw(); }),
        quiet("Forget", `Forget ${person.name}`, () => { asked = `forget ${key}`; draw(); })),
      make("p", { class: "about" }, facts.join(" · ")),
      asked === `rename ${key}` && renaming(person),
      asked === `forget ${key}` && forgetting(person),
      make("ul", { class: "work" }, ...person.appearances.map((each) => appearance(person, each))));
  }

  function renaming(person) {
    const name = make("input", { class: "field", value: person.name, "aria-label": `New name of ${person.name}`, maxlength: 200, "data-first": true });
    const form = make("form", { class: "asked", onsubmit: (event) => {
      event.preventDefault();
      change(() => post("/api/participants/rename", { name: person.name, case: person.case, new: name.value }), `${person.name} is now called ${name.value}`);
    } }, name, make("button", { class: "button", type: "submit" }, "Rename"), quiet("Leave", "Leave the name", leave));
    return form;
  }

  function forgetting(person) {
    return make("div", { class: "asked" },
      make("p", {}, `All that is kept of ${person.name} is removed for good: name, voice, turns, and their stretches of the audio, which fall silent. What others said stays. Your own recording is not touched.`),
      make("button", { type: "button", class: "button wrong", "data-first": true, onclick: () => change(() => post("/api/participants/forget", { name: person.name, case: person.case }), `${person.name} is forgotten`) }, "Forget for good"),
      quiet("Keep", `Keep ${person.name}`, leave));
  }

  const leave = () => { asked = null; draw(); };

  function appearance(person, each) {
    const how = each.confirmed ? "said by a person" : `${each.counts ? "by voice" : "perhaps, by voice"}, ${Math.floor(100 * each.probability)} %`;
    const where = `${each.speaker} in the session of ${each.date || "no date"}`;
    return make("li", { class: "job" },
      make("div", { class: "job-name" }, make("a", { href: `/session/${each.session}`, onclick: visit }, each.date || `session ${each.session}`)),
      make("div", { class: "job-said" }, `${each.speaker}, ${Math.round(each.seconds)} s: ${how}`),
      make("div", { class: "job-actions" },
        !each.confirmed && quiet("Confirm", `Confirm that ${where} is ${person.name}`, () => change(() => post("/api/participants/confirm", { session: each.session, speakers: [each.speaker] }), `${each.speaker} is ${person.name}`)),
        quiet("Not them", `Say that ${where} is not ${person.name}`, () => change(() => post("/api/participants/unmatch", { session: each.session, speaker: each.speaker }), `${each.speaker} is not ${person.name}`))));
  }

  function unknownRow(each) {
    const label = `${each.speaker} of ${each.recording}`;
    const name = make("input", { class: "field", placeholder: "Name", "aria-label": `Name of ${label}`, maxlength: 200 });
    const role = make("input", { class: "field", placeholder: "Role", "aria-label": `Role of ${label}`, list: "roles", value: each.role || "" });
    return make("li", { class: "job" },
      make("div", { class: "job-name" }, make("a", { href: `/session/${each.session}`, onclick: visit }, each.recording)),
      make("div", { class: "job-said" }, [each.speaker, each.case, each.date].filter(Boolean).join(" · ")),
      make("form", { class: "job-actions", onsubmit: (event) => {
        event.preventDefault();
        if (!name.value && !role.value) return tell("A name or a role is needed.");
        const person = { participant: name.value || null, role: role.value || null };
        change(() => post(`/api/sessions/${each.session}/speakers`, { [each.speaker]: person }, "PATCH"), `${each.speaker} is ${name.value || role.value}`);
      } }, name, role, make("button", { type: "submit", class: "quiet" }, "Save")));
  }

  mount("people", () => { asked = null; said = ""; load(); });
})();
