extension Page {
  /// The way from the address to a view.
  static let scriptMain = #"""
    const views = { runs: showRuns, run: showRun, compare: showCompare, draw: showDraw, jobs: showJobs };
    let leaving = null;
    let visit = 0;

    // The token that a person types where the address had none.
    function askToken(sentence) {
      const input = el("input", { type: "password", autocomplete: "off", required: true });
      return [el("h1", { text: "Token" }), el("p", { text: sentence }),
        el("form", { class: "row", onsubmit: (event) => { event.preventDefault(); token = input.value.trim(); route(); } }, field("Token", input), el("button", { class: "main", text: "Open" }))];
    }

    async function route(event) {
      const own = ++visit;
      const [name, rest = ""] = (location.hash.slice(1) || "runs").split(/=(.*)/s);
      const view = views[name] ? name : "runs";
      leaving?.();
      leaving = null;
      notice();
      for (const link of document.querySelectorAll("nav a")) {
        if (link.hash === `#${view === "run" ? "runs" : view}`) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      main.setAttribute("aria-busy", "true");
      let content;
      try {
        about = await get("/api/studio");
        content = view === "run" ? await showRun(decodeURIComponent(rest)) : await views[view](Object.fromEntries(new URLSearchParams(rest)));
      } catch (error) {
        content = error.status === 401 ? askToken(error.message) : [el("h1", { text: "This cannot be shown" }), el("p", { text: error.message })];
      }
      if (own !== visit) return;
      main.replaceChildren(...content.filter(Boolean));
      main.removeAttribute("aria-busy");
      const title = main.querySelector("h1");
      document.title = `${title?.textContent ?? view} · lethe studio`;
      // A person who came by a link hears and sees the new view from its beginning.
      if (event) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
    }

    document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
    addEventListener("hashchange", route);
    route();
    """#
}
