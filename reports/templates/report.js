// Each figure is here twice, for light and for dark; on paper it is light and as wide as A4.
(function () {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const config = { displaylogo: false, responsive: true, displayModeBar: false, plotlyServerURL: "" };
  const places = Array.from(document.querySelectorAll(".figure"));
  const known = (place, theme) => JSON.parse(document.getElementById(`${place.id}-${theme}`).textContent);

  function draw(paper) {
    places.forEach((place) => {
      const drawn = known(place, dark.matches && !paper ? "dark" : "light");
      const layout = paper ? { ...drawn.layout, width: 700, autosize: false } : { ...drawn.layout, autosize: true };
      Plotly.react(place, drawn.data, layout, config);
    });
  }

  const printing = window.matchMedia("print");
  draw(printing.matches);
  dark.addEventListener("change", () => draw(printing.matches));
  printing.addEventListener("change", () => draw(printing.matches));
  window.addEventListener("beforeprint", () => draw(true));
  window.addEventListener("afterprint", () => draw(false));
})();
