/* Parts of a page that are made when they come near the window (dashboard/layout/later.py). */
(function () {
  "use strict";

  const MARGIN = 500; // pixels below and above the window
  const watched = new WeakSet();
  const asked = new WeakSet();
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
    if (asked.has(place) || !place.isConnected) return;
    asked.add(place);
    const { part } = place.dataset;
    window.dash_clientside.set_props({ part, type: "wanted" }, { data: Date.now() });
  }

  function look() {
    document.querySelectorAll(".waiting-part").forEach((place) => {
      if (watched.has(place)) return;
      watched.add(place);
      near.observe(place);
      if (place.dataset.soon) setTimeout(() => want(place), SOON);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
