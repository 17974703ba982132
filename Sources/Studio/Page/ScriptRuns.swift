extension Page {
  /// All runs as a table, and the choice of two to compare.
  static let scriptRuns = #"""
    const chosen = new Set();
    let tableState = { sorted: { name: "date", down: true }, words: "" };

    const stateWords = { unfinished: "not finished", erased: "not measured", measured: "measured" };

    function verdictCell(line) {
      if (line.fault) return el("span", { class: "mark hurt", text: "damaged file", title: line.fault });
      if (line.stopped) return el("span", { class: "mark hurt", text: `${line.verdict ?? ""} stopped by its guard` });
      if (line.verdict) return el("span", { class: `mark ${line.colour ?? ""}`, title: line.sentence, text: line.verdict + (line.quick ? " (quick)" : "") });
      return el("span", { class: "mark", text: line.kind && line.kind !== "evaluation" ? line.kind : stateWords[line.state] });
    }

    // The rate of the strongest attack, with its name where it has one to its credit.
    const comesBack = (run) => run.attack === undefined ? "" : percent(run.attack) + (run.attack > 0 ? ` ${run.attackName}` : "");

    const runColumns = (onchoice) => [
      { name: "choice", title: "Compare", cell: (line) => line.state === "unfinished" ? "" : el("input", {
          type: "checkbox", checked: chosen.has(line.name), "aria-label": `Compare ${line.name}`,
          onchange: (event) => {
            if (event.target.checked) chosen.add(line.name); else chosen.delete(line.name);
            onchoice();
          } }) },
      { name: "name", title: "Run", value: (line) => line.name.replace(/^\d+\//, ""),
        cell: (line) => el("a", { href: `#run=${encodeURIComponent(line.name)}`, class: "name", "data-line": line.name,
          text: line.name.includes("/") ? line.name.replace(/^\d+\//, "") : line.folder }) },
      { name: "method", title: "Method", value: (line) => line.method, cell: (line) => line.method },
      { name: "subject", title: "Forgets", value: (line) => line.subject, cell: (line) => line.subject },
      { name: "model", title: "Model", value: (line) => line.model?.split("/").pop(), cell: (line) => line.model?.split("/").pop() },
      { name: "verdict", title: "Verdict", value: (line) => line.verdict ?? `~${line.state}`, cell: verdictCell },
      { name: "ua", title: "UA ↑", isNumber: true, value: (line) => line.ua, cell: (line) => line.ua === undefined ? "" : percent(line.ua) },
      { name: "ira", title: "IRA ↑", isNumber: true, value: (line) => line.ira, cell: (line) => line.ira === undefined ? "" : percent(line.ira) },
      { name: "attack", title: "Comes back ↓", isNumber: true, value: (line) => line.attack,
        cell: (line) => comesBack(line) },
      { name: "seconds", title: "Took, s", isNumber: true, value: (line) => line.seconds,
        cell: (line) => line.seconds === undefined ? "" : line.seconds.toFixed(line.seconds < 10 ? 1 : 0) },
      { name: "date", title: "Date (UTC)", value: (line) => line.date ?? line.measuredOn, cell: (line) => day(line.date ?? line.measuredOn) },
    ];

    async function showRuns() {
      const { runs } = await get("/api/runs");
      for (const name of [...chosen]) if (!runs.some((line) => line.name === name)) chosen.delete(name);
      const compare = el("button", { type: "button", class: "main", onclick: () => {
        const [a, b] = [...chosen];
        location.hash = `#compare=${new URLSearchParams({ a, b })}`;
      } });
      function onchoice() {
        compare.disabled = chosen.size !== 2;
        compare.textContent = chosen.size === 2 ? "Compare the two" : `Compare: ${chosen.size} of 2 chosen`;
      }
      onchoice();
      const parts = sortableTable(runColumns(onchoice), runs, {
        type: "runs", label: "Runs", noun: runs.length === 1 ? "run" : "runs", ...tableState,
        text: (line) => [line.name, line.method, line.subject, line.model, line.verdict, line.state, line.kind].join(" "),
        onchange: (state) => { tableState = state; },
      });
      parts.search.id = "filter";
      return [
        el("h1", { text: "Runs" }),
        el("div", { class: "row spread" }, field("Filter ( / )", parts.search), field("Sort by", parts.order, { class: "narrow-only" }), compare),
        parts.count,
        runs.length ? el("div", { class: "scroll" }, parts.table)
          : el("p", {}, "No run is in ", about.folders.join(", "), ". ", el("a", { href: "#jobs", text: "Start one" }), "."),
        el("p", { class: "note", text: "UA: pictures asked for with the concept that no longer show it. IRA: pictures of other subjects that still show theirs. Comes back: prompts for which the strongest attack brings it back. Space marks the run in focus, Enter opens it." }),
      ];
    }

    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest("input, textarea, select");
      if (event.key === "/" && !isTyping) {
        const search = document.getElementById("filter");
        if (search) { event.preventDefault(); search.focus(); }
      }
      const line = event.target.closest?.("[data-line]");
      if (event.key === " " && line) {
        event.preventDefault();
        line.closest("tr").querySelector("input[type=checkbox]")?.click();
      }
      if (event.key === "Escape" && !isTyping && !location.hash.startsWith("#runs")) location.hash = "#runs";
    });
    """#
}
