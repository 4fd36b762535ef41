/* Parts of a page that are made when they come near the window (dashboard/layout/later.py). */
(function () {
  "use strict";

  const MARGIN = 500; // pixels below and above the window
  // By place, what it is watched and asked for: React may use a place again on the next page.
  const watched = new WeakMap();
  const asked = new WeakMap();
  const keyOf = (place) => `${place.dataset.of} ${place.dataset.part}`;
  const SOON = 250; // milliseconds, so that what is in sight comes first

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      want(entry.target);
    }),
    { rootMargin: `${MARGIN}px 0px` },
  );

  function want(place) {
    near.unobserve(place);
    if (asked.get(place) === keyOf(place) || !place.isConnected) return;
    asked.set(place, keyOf(place));
    const { part, of } = place.dataset;
    window.dash_clientside.set_props({ of, part, type: "wanted" }, { data: Date.now() });
  }

  function look() {
    document.querySelectorAll(".waiting-part").forEach((place) => {
      if (watched.get(place) === keyOf(place)) return;
      watched.set(place, keyOf(place));
      near.unobserve(place);
      near.observe(place);
      if (place.dataset.soon) setTimeout(() => want(place), SOON);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
