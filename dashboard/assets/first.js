/* Before all other scripts: what the browser does by itself is kept, and Plotly is fetched where figures will come. */
(function () {
  "use strict";

  // Dash's polyfill, written for browsers of 2015, takes today's parseFloat and trim for broken and puts its own in their
  // place, in which Plotly would spend a fifth of its time. base.js puts these back.
  window.turntoneNatives = {
    window: { parseFloat: window.parseFloat, parseInt: window.parseInt },
    Number: { parseFloat: Number.parseFloat, parseInt: Number.parseInt },
    String: Object.fromEntries(["trim", "trimStart", "trimEnd", "trimLeft", "trimRight"].map((name) => [name, String.prototype[name]])),
  };

  // Dash would load Plotly once the first figure is there, from an address that browsers do not keep. Where figures will
  // come it is fetched now, and run while the server makes the first of them (later.js).
  const address = document.currentScript.dataset.plotly;
  Object.defineProperty(window, "_dashPlotlyJSURL", { get: () => address, set() {} });
  if (!/^\/(session|case)\//.test(window.location.pathname) && !/[?&]b=/.test(window.location.search)) return;
  const link = document.createElement("link");
  Object.assign(link, { rel: "preload", as: "script", href: address, fetchPriority: "low" }); // after what draws the page
  document.head.append(link);
  window.turntonePlotly = () => {
    delete window.turntonePlotly;
    const script = document.createElement("script");
    Object.assign(script, { src: address, async: true });
    document.head.append(script);
  };
})();
