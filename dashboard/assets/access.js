/* Who is signed in: every request of these pages says that it is theirs, and whoever is signed out is led to sign in. */
(function () {
  "use strict";

  const port = window.location.port;
  const COOKIE = `turntone-csrf${port ? `-${port}` : ""}=`;
  const token = () => {
    const found = document.cookie.split("; ").find((each) => each.startsWith(COOKIE));
    return found ? found.slice(COOKIE.length) : "";
  };
  const here = () => window.location.pathname + window.location.search;
  const signIn = () => window.location.assign(`/sign-in?next=${encodeURIComponent(here())}`);

  const plain = window.fetch.bind(window);
  window.fetch = async function (resource, options) {
    const request = new Request(resource, options);
    const own = new URL(request.url).origin === window.location.origin;
    if (own && !["GET", "HEAD"].includes(request.method) && token()) request.headers.set("X-CSRFToken", token());
    const answer = await plain(request);
    if (own && answer.status === 401) signIn();
    return answer;
  };

  async function signOut() {
    await window.fetch("/sign-out", { method: "POST" });
    window.location.assign("/sign-in");
  }

  function show(who) {
    const bar = document.querySelector(".top .bar");
    if (!bar) return false;
    const place = document.createElement("div");
    place.className = "visitor";
    const name = document.createElement("span");
    name.className = "visitor-name";
    name.textContent = who.name;
    name.title = who.role;
    const button = document.createElement("button");
    button.type = "button";
    button.id = "sign-out";
    button.className = "quiet";
    button.textContent = who.words.sign_out;
    button.addEventListener("click", signOut);
    place.append(name, button);
    bar.append(place);
    return true;
  }

  async function learn() {
    if (!token()) return; // nobody signs in here
    const answer = await window.fetch("/api/me");
    if (!answer.ok) return;
    const who = await answer.json();
    document.documentElement.dataset.role = who.role;
    if (show(who)) return;
    const watching = new MutationObserver(() => show(who) && watching.disconnect());
    watching.observe(document.documentElement, { childList: true, subtree: true });
  }

  learn();
})();
