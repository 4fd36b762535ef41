/* Parts of a page that are made when they come near the window (dashboard/layout/later.py). */
(function () {
  "use strict";

  const MARGIN = 500; // pixels below and above the window
  const watched = new WeakSet();

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      near.unobserve(entry.target);
      want(entry.target.dataset.part);
    }),
    { rootMargin: `${MARGIN}px 0px` },
  );

  function want(part) {
    window.dash_clientside.set_props({ part, type: "wanted" }, { data: Date.now() });
  }

  function look() {
    document.querySelectorAll(".waiting-part").forEach((place) => {
      if (watched.has(place)) return;
      watched.add(place);
      near.observe(place);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
})();
