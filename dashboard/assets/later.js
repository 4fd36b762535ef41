/* Parts of a page that are made when they come near the window (dashboard/layout/later.py). */
(function () {
  "use strict";

  const MARGIN = 500; // pixels below and above the window
  // By place, what it is watched and asked for: React may use a place again on the next page.
  const watched = new WeakMap();
  const asked = new WeakMap();
  const keyOf = (place) => `${place.dataset.of} ${place.dataset.part}`;
  const FIRST = 6000; // milliseconds after which nobody waits any longer for the part that comes first
  const opened = new Map(); // by page, when it was opened

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      want(entry.target);
    }),
    { rootMargin: `${MARGIN}px 0px` },
  );

  /* The part of a page that is drawn before all others, as long as it is not. */
  function first(of) {
    const since = opened.get(of) || Date.now();
    opened.set(of, since);
    if (Date.now() - since > FIRST) return null;
    const place = document.querySelector("[data-first]");
    if (!place || place.dataset.of !== of) return null;
    const drawn = place.closest(".first-part");
    return drawn && drawn.querySelector(".main-svg, .too-little, .wrong") ? null : place;
  }

  function want(place) {
    near.unobserve(place);
    if (asked.get(place) === keyOf(place) || !place.isConnected) return;
    const before = first(place.dataset.of);
    if (before && before !== place) {
      setTimeout(want, 50, place);
      return;
    }
    asked.set(place, keyOf(place));
    const { part, of } = place.dataset;
    window.dash_clientside.set_props({ of, part, type: "wanted" }, { data: Date.now() });
    if (window.turntonePlotly) setTimeout(window.turntonePlotly);
  }

  function look() {
    document.querySelectorAll(".waiting-part").forEach((place) => {
      if (watched.get(place) === keyOf(place)) return;
      watched.set(place, keyOf(place));
      near.unobserve(place);
      if (place.dataset.soon) want(place);
      else near.observe(place);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
