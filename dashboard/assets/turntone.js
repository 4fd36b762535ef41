/* The player: turns and times that are clicked, the playhead, the turn that is heard, and the keyboard. */
(function () {
  "use strict";

  const { clock, go, mount, say, typing } = window.turntone;
  let turns = [];
  let appeared = {}; // the choices of a page as it was drawn, and its address
  let titles = {}; // of the sessions of a page of several
  let current = null;

  const player = () => document.getElementById("player");
  const plot = () => document.querySelector("#session-map .js-plotly-plot");

  function play(start) {
    const audio = player();
    if (!audio || !Number.isFinite(start)) return;
    audio.currentTime = start;
    // A browser may refuse to start by itself; the position is set all the same.
    audio.play().catch(() => {});
  }
  window.turntone.play = play;

  /* Of a page with several sessions: the player takes the one that is asked for. */
  function playOf(session, start, what) {
    const audio = player();
    if (!audio || !Number.isFinite(start)) return;
    document.getElementById("now-playing").textContent = [titles[session], clock(start), what].filter(Boolean).join(" · ");
    if (audio.dataset.session !== session) {
      audio.dataset.session = session;
      audio.src = `/audio/${session}`;
    }
    play(start); // a position that is set before the sound is known counts once it is
  }
  window.turntone.playOf = playOf;

  /* Buttons that lead to a turn: it is lit in the map and in the table, and played. */
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest(".to-turn");
    if (!button) return;
    const { turn, start, session } = button.dataset;
    if (session) return playOf(session, Number(start), "");
    const drawn = plot();
    if (drawn) drawn.scrollIntoView({ block: "center", behavior: "smooth" });
    markTurn(Number(turn));
    if (player()) return play(Number(start));
    lightRow(turns[Number(turn)]);
  });

  /* A frame in the map around a turn that somebody was led to. */
  let marked = null;
  function markTurn(index) {
    marked = turns[index] || null;
    drawMark();
  }

  function drawMark() {
    const drawn = plot();
    if (!drawn || !drawn._fullLayout || !drawn._fullLayout.xaxis) return;
    let frame = drawn.querySelector(".turn-mark");
    if (!frame) {
      frame = document.createElement("div");
      frame.className = "turn-mark";
      drawn.appendChild(frame);
    }
    frame.hidden = !marked;
    if (!marked) return;
    const axis = drawn._fullLayout.xaxis;
    const area = drawn._fullLayout._size;
    const from = Math.max(0, axis.d2p(marked.start));
    const to = Math.min(axis._length, axis.d2p(marked.end));
    frame.hidden = to < from;
    frame.style.transform = `translateX(${axis._offset + from}px)`;
    frame.style.width = `${Math.max(4, to - from)}px`;
    frame.style.top = `${area.t}px`;
    frame.style.height = `${area.h}px`;
  }

  /* The index of the turn that began last at a time, -1 before the first. */
  function lastBegun(time) {
    let low = 0;
    let high = turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (turns[middle].start <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /* The turn that is heard at a time: of those under way, the one that began last. */
  function turnAt(time) {
    const last = lastBegun(time);
    for (let index = last; index >= Math.max(0, last - 7); index -= 1) {
      if (time < turns[index].end) return turns[index];
    }
    return null;
  }

  function lightRow(turn) {
    const grid = window.dash_ag_grid && document.getElementById("turns-table") ? window.dash_ag_grid.getApi("turns-table") : null;
    if (!grid) return;
    const row = turn ? grid.getRowNode(String(turn.turn)) : null;
    if (!row) return grid.deselectAll();
    row.setSelected(true, true);
    grid.ensureNodeVisible(row);
  }

  function tell(turn, time) {
    const place = document.getElementById("now-playing");
    if (!place) return;
    const how = turn && turn.emotion ? say("{who}, sounds {emotion}", { who: turn.speaker, emotion: say(turn.emotion) }) : turn && say("{who}, not scored", { who: turn.speaker });
    const what = how || say("nobody speaks");
    place.textContent = `${clock(time)} · ${what}`;
  }

  function movePlayhead() {
    const audio = player();
    const drawn = plot();
    if (!audio || !drawn || !drawn._fullLayout || !drawn._fullLayout.xaxis) return;
    let line = drawn.querySelector(".playhead");
    if (!line) {
      line = document.createElement("div");
      line.className = "playhead";
      drawn.appendChild(line);
    }
    const axis = drawn._fullLayout.xaxis;
    const area = drawn._fullLayout._size;
    const x = axis.d2p(audio.currentTime);
    line.hidden = x < 0 || x > axis._length;
    line.style.transform = `translateX(${axis._offset + x}px)`;
    line.style.top = `${area.t}px`;
    line.style.height = `${area.h}px`;
    drawMark();
  }

  function follow(audio) {
    if (audio.dataset.many) return;
    const turn = turnAt(audio.currentTime);
    tell(turn, audio.currentTime);
    movePlayhead();
    if (turn !== current) {
      current = turn;
      lightRow(turn);
    }
  }

  function glide() {
    const audio = player();
    if (!audio) return;
    movePlayhead();
    if (!audio.paused) window.requestAnimationFrame(glide);
  }

  // Media events do not bubble; they are caught on their way down.
  const on = (name, action) =>
    document.addEventListener(name, (event) => event.target.id === "player" && action(event.target), true);
  on("timeupdate", follow);
  on("seeking", follow);
  on("play", glide);

  /* A click in a figure over time, beside its turns, plays from that time. */
  let pressed = null;
  document.addEventListener("pointerdown", (event) => { pressed = { x: event.clientX, y: event.clientY }; }, true);
  document.addEventListener(
    "pointerup",
    (event) => {
      const drawn = player() && document.elementsFromPoint(event.clientX, event.clientY).map((each) => each.closest("#session-map .js-plotly-plot, #trajectories .js-plotly-plot, #frames .js-plotly-plot")).find(Boolean);
      if (!drawn || !pressed || event.button || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4) return;
      const onTurn = (drawn._hoverdata || []).some((point) => Array.isArray(point.customdata));
      const axis = drawn._fullLayout && drawn._fullLayout.xaxis;
      if (onTurn || !axis) return;
      const box = drawn.getBoundingClientRect();
      const area = drawn._fullLayout._size;
      const [x, y] = [event.clientX - box.x - axis._offset, event.clientY - box.y - area.t];
      if (x >= 0 && x <= axis._length && y >= 0 && y <= area.h) play(axis.p2d(x));
    },
    true,
  );

  /* A click on a cell of a matrix of sessions opens both side by side; on one with itself, that session. */
  document.addEventListener("pointerup", (event) => {
    // While a button is down, Plotly lays a cover of its own over the page.
    const drawn = document.elementsFromPoint(event.clientX, event.clientY).map((each) => each.closest(".js-plotly-plot")).find(Boolean);
    const place = drawn && drawn.closest('[id*=\'"type":"pairs"\']');
    const over = place && drawn._hoverdata && drawn._hoverdata[0];
    if (!over || !pressed || event.button || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4) return;
    const [row, column] = over.pointNumber;
    const [a, b] = drawn.data[over.curveNumber].customdata[row][column];
    go(a === b ? `/session/${a}` : `/compare?${new URLSearchParams({ a, b, who: JSON.parse(place.id).part })}`);
  }, true);

  // The keyboard
  const seek = (seconds) => {
    const audio = player();
    audio.currentTime = Math.min(Math.max(0, audio.currentTime + seconds), audio.duration || Infinity);
  };
  const toTurn = (step) => {
    if (!turns.length) return;
    const time = player().currentTime;
    let index = lastBegun(time + 0.05);
    if (step < 0 && index >= 0 && time - turns[index].start > 1.5) index += 1; // first back to where this one began
    const turn = turns[Math.min(Math.max(0, index + step), turns.length - 1)];
    player().currentTime = turn.start;
  };
  const toggle = () => (player().paused ? player().play().catch(() => {}) : player().pause());
  const faster = (factor) => {
    player().playbackRate = Math.min(3, Math.max(0.5, player().playbackRate * factor));
  };
  const keys = {
    " ": toggle,
    k: toggle,
    arrowleft: () => seek(-5),
    arrowright: () => seek(5),
    j: () => toTurn(-1),
    l: () => toTurn(1),
    "<": () => faster(0.8),
    ">": () => faster(1.25),
    home: () => { player().currentTime = 0; },
  };

  document.addEventListener("keydown", (event) => {
    if (!player() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") return help(event);
    // Space presses the button that has the focus; arrows move within tables.
    const own = event.target.closest("button, a, summary, audio, [role=button]");
    if (event.key === " " && own) return;
    if (event.key.startsWith("Arrow") && event.target.closest(".ag-root, audio, [role=radiogroup]")) return;
    if (event.key === "Home" && event.target.closest(".ag-root")) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  function help(event) {
    const place = document.getElementById("keys");
    if (!place) return;
    event.preventDefault();
    place.open = !place.open;
  }

  mount("player", () => { current = null; });

  /* The field for a table of one's own is reached by the keyboard and has a name; Dash's own has neither. */
  mount("own-file", (zone) => {
    const input = zone.querySelector("input");
    if (!input) return;
    input.setAttribute("aria-label", zone.textContent);
    input.removeAttribute("style");
    input.className = "hidden-input";
    input.tabIndex = 0;
  });

  window.dash_clientside = window.dash_clientside || {};
  const same = () => window.dash_clientside.no_update;

  window.dash_clientside.turntone = {
    show_title(title) {
      if (title) document.title = `${title} – Turntone`;
      const here = window.location.pathname;
      document.querySelectorAll(".place").forEach((link) => {
        const own = link.getAttribute("href");
        const inside = own === "/" ? /^\/($|session\/|case\/)/.test(here) : here === own || here.startsWith(`${own}/`);
        if (inside) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      });
      return same();
    },
    know_titles(known) {
      titles = known || {};
      return same();
    },
    /* What is chosen stands in the address, which shows it. */
    ask_for(values, ids, search) {
      // Choices that have just appeared call as well: what they are then is what the address stands for.
      const now = JSON.stringify(values);
      if (appeared.search !== search || appeared.now === now) {
        appeared = { search, now };
        return same();
      }
      const next = new URLSearchParams(search || "");
      ids.forEach((id, index) => {
        if (values[index]) next.set(id.name, values[index]);
        else next.delete(id.name);
      });
      const text = next.toString();
      return text === new URLSearchParams(search || "").toString() ? same() : `?${text}`;
    },
    know_turns(known) {
      const count = known ? known.start.length : 0;
      turns = Array.from({ length: count }, (_, turn) => ({ turn, start: known.start[turn], end: known.end[turn], speaker: known.speaker[turn], emotion: known.emotion[turn] }));
      current = null;
      marked = null;
      return same();
    },
    play_clicked(click) {
      const point = click && click.points && click.points.find((each) => Array.isArray(each.customdata));
      if (point && point.customdata[2]) playOf(point.customdata[2], Number(point.customdata[1]), "");
      else play(point ? Number(point.customdata[1]) : NaN);
      // Forgotten at once, so that a second click on the same turn plays it again.
      return click ? null : same();
    },
    /* What is chosen above the table goes with what its columns are filtered by (dashboard/listing.py). */
    filter(words, name, participant, role, voices, flag, shape, from, to, model) {
      const next = { ...(model || {}) };
      Object.entries({ words, only: name, participant, role, voices, flag, shape, from, to }).forEach(([field, value]) => {
        if (value) next[field] = { filterType: "text", type: "equals", filter: String(value) };
        else delete next[field];
      });
      return next;
    },
    /* Something was analysed or looked through (of which none may be left): the table asks for its rows again. */
    look_again(news) {
      const grid = news !== null && news !== undefined && document.getElementById("sessions-table") && window.dash_ag_grid.getApi("sessions-table");
      if (grid) grid.refreshInfiniteCache();
      return same();
    },
  };
})();
