extension Page {
  /// Two runs side by side: the pictures of the same prompts and seeds, which scroll and light up together.
  static let scriptCompare = #"""
    // Scrolls each of two panes as far as the other.
    function scrollTogether(panes) {
      let leader = null;
      for (const [i, pane] of panes.entries()) {
        const lead = () => { leader = pane; };
        for (const event of ["pointerenter", "focusin", "touchstart", "wheel"]) pane.addEventListener(event, lead, { passive: true });
        pane.addEventListener("scroll", () => {
          if (leader && leader !== pane) return;
          panes[1 - i].scrollTop = pane.scrollTop;
        }, { passive: true });
      }
    }

    function sidePane(run, name, pairs, side, state) {
      const pane = el("div", { class: "pane", tabindex: "0", role: "group", "aria-label": `Pictures of ${name}; left and right go from one to the next` });
      pane.append(...pairs.map(([key, pair]) => {
        const one = pair[side];
        const colour = colours[one.outcome] ?? "";
        const file = state.original ? one.original : one.erased;
        const figure = el("figure", { class: state.original ? "" : colour, "data-key": key },
          file ? picture(run, file, `${state.original ? "original" : "erased"}: ${one.prompt}, seed ${one.seed}`) : "not drawn",
          el("figcaption", {},
            one.outcome && !state.original ? [el("b", { class: `mark ${colour}`, text: one.outcome }), el("br")] : null,
            one.seen && !state.original ? [`judge: ${one.seen}`, el("br")] : null, `${one.prompt} · seed ${one.seed}`));
        figure.addEventListener("pointerenter", () => light(key));
        return figure;
      }));
      // Left and right go from picture to picture, and the other side follows.
      pane.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const figures = [...pane.children];
        const place = figures.findIndex((figure) => figure.classList.contains("same")) + step;
        const next = figures[Math.min(figures.length - 1, Math.max(0, place))];
        if (!next) return;
        light(next.dataset.key);
        next.scrollIntoView({ block: "nearest" });
      });
      return pane;
    }

    function light(key) {
      for (const figure of main.querySelectorAll(".pane figure")) figure.classList.toggle("same", figure.dataset.key === key);
    }

    function measureTable(names, runs) {
      const rows = [
        ["Verdict", (run) => run.verdict ?? stateWords[run.state]], ["Method", (run) => run.method],
        ["UA ↑", (run) => run.ua === undefined ? "" : percent(run.ua)], ["IRA ↑", (run) => run.ira === undefined ? "" : percent(run.ira)],
        ["Fréchet ↓", (run) => run.frechet?.toFixed(2)],
        ["Comes back ↓", comesBack],
      ];
      return el("details", { open: innerWidth > 620 }, el("summary", { text: "Measures" }), el("div", { class: "scroll" }, el("table", { class: "measures", "aria-label": "Measures of both" },
        el("thead", {}, el("tr", {}, el("th"), names.map((name) => el("th", { scope: "col" }, el("a", { href: `#run=${encodeURIComponent(name)}`, text: name.replace(/^\d+\//, "") }))))),
        el("tbody", {}, rows.map(([title, value]) => el("tr", {}, el("th", { scope: "row", text: title }), runs.map((run) => el("td", { text: value(run) ?? "" }))))))));
    }

    async function showCompare(parameters) {
      const { runs } = await get("/api/runs");
      const measured = runs.filter((line) => line.state === "measured" && line.hasEraser);
      const options = measured.map((line) => [line.name, `${line.name.replace(/^\d+\//, "")} (${line.method}, ${line.subject})`]);
      const head = [el("h1", { text: "Compare two runs" })];
      if (measured.length < 2) {
        return [...head, el("p", {}, `${measured.length} measured run${measured.length === 1 ? "" : "s"} in the folders; a comparison needs two. `, el("a", { href: "#jobs", text: "Start one" }), ".")];
      }
      const known = (name) => measured.some((line) => line.name === name);
      const a = known(parameters.a) ? parameters.a : measured[0].name;
      const b = known(parameters.b) && parameters.b !== a ? parameters.b : measured.find((line) => line.name !== a).name;
      const [left, right] = await Promise.all([a, b].map((run) => get(query("/api/run", { run }))));
      const state = { original: false, differences: false };
      const place = el("div", { class: "sides" });
      const count = el("p", { class: "note", role: "status" });
      const selects = [[a, "Left"], [b, "Right"]].map(([value, name], i) => field(name, choice(options, value, {
        onchange: (event) => {
          const pair = [a, b];
          pair[i] = event.target.value;
          location.hash = `#compare=${new URLSearchParams({ a: pair[0], b: pair[1] })}`;
        } })));
      const pairs = new Map();
      for (const [side, run] of [["left", left], ["right", right]]) {
        for (const one of run.pictures) {
          const key = `${one.prompt}\n${one.seed}`;
          if (!pairs.has(key)) pairs.set(key, {});
          pairs.get(key)[side] ??= one;
        }
      }
      const shared = [...pairs].filter(([, pair]) => pair.left && pair.right);
      const order = (pair) => (pair.left.outcome !== pair.right.outcome ? 0 : ["came back", "damaged"].includes(pair.left.outcome) ? 1 : 2);
      shared.sort(([, x], [, y]) => order(x) - order(y));
      function fill() {
        const shown = shared.filter(([, pair]) => !state.differences || pair.left.outcome !== pair.right.outcome).slice(0, 400);
        const panes = [[a, "left"], [b, "right"]].map(([name, side]) => sidePane(name, name, shown, side, state));
        place.replaceChildren(...panes);
        scrollTogether(panes);
        const same = shared.filter(([, pair]) => pair.left.outcome === pair.right.outcome).length;
        count.textContent = shared.length
          ? `${shared.length} prompts and seeds are of both runs; the judge says the same of ${same}. Those that differ come first.`
          : "The runs share no prompt with the same seed.";
      }
      const box = (name, key) => el("label", { class: "beside" }, el("input", { type: "checkbox", onchange: (event) => { state[key] = event.target.checked; fill(); } }), name);
      fill();
      return [...head, el("div", { class: "row" }, selects, box("Only differences", "differences"), box("Originals", "original")),
        measureTable([a, b], [left, right]), count, place];
    }
    """#
}
