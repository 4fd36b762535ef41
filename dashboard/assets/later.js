/* Parts of a page that are made when they come near the window (dashboard/layout/later.py). */
(function () {
  "use strict";

  const MARGIN = 500; // pixels below and above the window
  // By place, what it is watched and asked for: React may use a place again on the next page.
  const watched = new WeakMap();
  const asked = new WeakMap();
  const keyOf = (place) => `${place.dataset.of} ${place.dataset.part}`;
  const FIRST = 6000; // milliseconds after which nobody waits any longer for the part that comes first
  let begun = 0; // when the last page appeared that has such a part

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      want(entry.target);
    }),
    { rootMargin: `${MARGIN}px 0px` },
  );

  /* Where the part goes that is drawn before all others of its page, as long as it is not. */
  function first(of) {
    const outer = [...document.querySelectorAll(".later[data-first]")].find((each) => each.dataset.of === of);
    const drawn = !outer || outer.querySelector(".main-svg, .too-little, .wrong");
    return drawn || Date.now() - begun > FIRST ? null : outer;
  }

  function want(place) {
    near.unobserve(place);
    if (asked.get(place) === keyOf(place) || !place.isConnected) return;
    const before = first(place.dataset.of);
    if (before && !before.contains(place)) {
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
      if (place.closest("[data-first]")) begun = Date.now();
      near.unobserve(place);
      if (place.dataset.soon) want(place);
      else near.observe(place);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
