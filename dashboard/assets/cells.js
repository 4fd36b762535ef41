/* What stands in the cells of tables. */
(function () {
  "use strict";

  const { clock, visit, ask, say } = window.turntone;
  const formats = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...all) => window.React.createElement(...all);
  const missing = (value) => value === null || value === undefined;

  formats.clock = (value) => (missing(value) ? "" : clock(value));
  formats.decimals = (value, digits = 2) => (missing(value) ? "–" : Number(value).toFixed(digits).replace(/^-(?=0*\.?0*$)/, "").replace("-", "−"));
  formats.percent = (value) => (missing(value) ? "–" : `${Math.round(100 * value)} %`);

  cells.PageLink = ({ value, data, colDef }) => {
    if (!data) return null; // a row that is on its way
    const href = data.links[colDef.field];
    return href ? make("a", { href, onClick: visit }, value) : make("span", { className: "faint" }, value || "–");
  };

  cells.Dotted = ({ value, data, colDef, context }) => {
    if (!value) return make("span", { className: "faint" }, say("not scored"));
    const dot = make("span", { className: "dot", style: { background: context.colours[colDef.field][value] } });
    const said = data.said && data.said[colDef.field];
    const mark = said ? make("span", { className: "by-person", title: said }, say("corrected")) : null;
    return make("span", { className: "dotted" }, dot, value, mark);
  };

  cells.PlayButton = ({ value, data }) =>
    make(
      "button",
      { type: "button", className: "play", onClick: () => window.turntone.play(value), "aria-label": say("Play {who} from {time}", { who: data.speaker, time: clock(value) }), disabled: !document.getElementById("player") },
      make("span", { className: "triangle", "aria-hidden": true }),
      clock(value),
    );

  /* Flags and shapes of courses: drawn, and as a sentence for whoever does not see the drawing. */
  const SHAPES = { improving: "M1 10 L15 2", worsening: "M1 2 L15 10", recovered: "M1 2 L8 10 L15 2", flat: "M1 6 L15 6" };
  cells.Findings = ({ value, data }) => {
    if (!data) return null;
    if (!data.looked) return make("span", { className: "faint" }, value);
    if (!data.flags.length && !data.shapes.length) return make("span", { className: "faint" }, make("span", { "aria-hidden": true }, "–"), make("span", { className: "unseen" }, value));
    const flags = data.flags.length
      ? make(
          "span",
          { className: "raised" },
          make("svg", { width: 11, height: 12, viewBox: "0 0 11 12" }, make("path", { d: "M1.5 0.5 V12 M2 1 H10 L7.5 4 L10 7 H2", stroke: "currentColor", fill: "currentColor", strokeWidth: 1.4 })),
          make("span", { className: "long" }, data.flags[0]),
          data.flags.length > 1 ? make("span", { className: "long more" }, `+${data.flags.length - 1}`) : null,
          make("span", { className: "short" }, data.flags.length),
        )
      : null;
    const shapes = data.shapes.map(({ label, word, said }) =>
      make(
        "span",
        { key: label, className: "shape" },
        make("svg", { width: 16, height: 12 }, make("path", { d: SHAPES[word], stroke: data.colours[label], strokeWidth: 2, fill: "none", strokeLinecap: "round", strokeLinejoin: "round" })),
        make("span", { className: "long" }, said),
      ),
    );
    return make("span", { className: "findings" }, make("span", { className: "drawn", "aria-hidden": true }, flags, ...shapes), make("span", { className: "unseen" }, value));
  };

  // Courses are asked for together, for the rows that are shown, and kept while their sessions do not change.
  const known = new Map();
  let waiting = [];
  function course(id, changed) {
    const key = `${id} ${changed}`;
    if (!known.has(key)) known.set(key, new Promise((done) => waiting.push({ id, done })));
    if (waiting.length === 1) setTimeout(fetchCourses, 30);
    return known.get(key);
  }

  async function fetchCourses() {
    const now = waiting;
    waiting = [];
    for (let at = 0; at < now.length; at += 100) {
      const some = now.slice(at, at + 100);
      const found = await ask(`/api/sessions/courses?ids=${some.map((each) => each.id).join(",")}`).catch(() => ({}));
      some.forEach((each) => each.done(found[each.id] || {}));
    }
  }

  const WIDTH = 148;
  const HEIGHT = 30;
  const x = (index, count) => 3 + (index / Math.max(1, count - 1)) * (WIDTH - 6);
  const y = (valence) => HEIGHT / 2 - valence * (HEIGHT / 2 - 2);

  function line(values) {
    const points = values.map((value, index) => [x(index, values.length), value]).filter(([, value]) => !missing(value));
    return points.map(([at, value], index) => `${index ? "L" : "M"}${at.toFixed(1)} ${y(value).toFixed(1)}`).join("");
  }

  const dotAt = (values) => values.filter((value) => !missing(value)).length === 1;

  cells.Course = ({ data }) => (data ? make(Course, { data }) : null);

  function Course({ data }) {
    const [courses, setCourses] = window.React.useState(null);
    window.React.useEffect(() => {
      let shown = true;
      course(data.key, data.changed).then((found) => shown && setCourses(found));
      return () => { shown = false; };
    }, [data.key, data.changed]);
    const labels = courses ? Object.keys(courses).sort() : [];
    if (courses && !labels.length) return make("span", { className: "faint" }, say("not scored"));
    const label = say("Valence over time of {who}", { who: data.speakers });
    return make(
      "svg",
      { width: WIDTH, height: HEIGHT, role: "img", "aria-label": label, className: "course" },
      make("line", { x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2, className: "zero" }),
      ...labels.map((each) => {
        const colour = data.colours[each];
        const values = courses[each];
        if (!dotAt(values)) return make("path", { key: each, d: line(values), stroke: colour, fill: "none", strokeWidth: 2, strokeLinejoin: "round" });
        const index = values.findIndex((value) => !missing(value));
        return make("circle", { key: each, cx: x(index, values.length), cy: y(values[index]), r: 3, fill: colour });
      }),
    );
  }
})();
