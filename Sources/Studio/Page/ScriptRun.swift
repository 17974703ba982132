extension Page {
  /// A run: its page, its pictures, the transcripts of its attacks.
  static let scriptRun = #"""
    // Tabs as the pattern for them asks: one is in the order of focus, arrows go between them.
    function tabs(label, parts) {
      const list = el("div", { role: "tablist", "aria-label": label });
      const panel = el("div", { role: "tabpanel", tabindex: "0" });
      const buttons = parts.map(([name, make], i) => el("button", {
        type: "button", role: "tab", id: `tab-${i}`, text: name, onclick: () => open(i),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          const next = (i + step + parts.length) % parts.length;
          buttons[next].focus();
          open(next);
        },
      }));
      list.append(...buttons);
      async function open(i) {
        buttons.forEach((button, k) => {
          button.setAttribute("aria-selected", k === i);
          button.tabIndex = k === i ? 0 : -1;
        });
        panel.setAttribute("aria-labelledby", `tab-${i}`);
        panel.replaceChildren(el("p", { class: "note", text: "Reading…" }));
        const content = await trying(parts[i][1]);
        panel.replaceChildren(...(content ?? []));
      }
      open(0);
      return [list, panel];
    }

    // A frame sends no token, so that it is given a ticket for one look.
    async function frame(run, file, title) {
      let path = filePath(run, file);
      if (token) path += `?ticket=${(await post("/api/ticket", { path: ["files", ...fileParts(run, file)] })).ticket}`;
      return el("iframe", { src: path, title });
    }

    function pictureCard(run, one) {
      const colour = colours[one.outcome] ?? "";
      const said = one.seen ? `judge: ${one.seen}${one.probability === undefined ? "" : `, ${percent(one.probability)}`}` : "";
      return el("figure", { class: colour },
        el("div", { class: "pair" },
          one.original ? picture(run, one.original, `original: ${one.prompt}, seed ${one.seed}`) : null,
          one.isDrawn ? picture(run, one.erased, `erased: ${one.prompt}, seed ${one.seed}`) : el("span", { text: "not drawn yet" })),
        el("figcaption", {}, one.outcome ? el("b", { class: `mark ${colour}`, text: one.outcome }) : null, one.outcome ? el("br") : null,
          `${one.prompt} · seed ${one.seed}`, said ? el("br") : null, said));
    }

    function picturesPart(run, pictures) {
      if (!pictures.length) return [el("p", { text: "No picture is drawn yet: the run was not measured." })];
      const outcomes = [...new Set(pictures.map((one) => one.outcome).filter(Boolean))].sort();
      const cards = el("div", { class: "cards" });
      const order = ["came back", "damaged", "broken", "stayed away", "kept", "wrong before too"];
      const rank = (one) => (order.indexOf(one.outcome) + order.length + 1) % (order.length + 1);
      const filter = choice([["", "all"], ...outcomes.map((one) => [one, one])], "", { onchange: () => fill() });
      function fill() {
        cards.replaceChildren(...pictures
          .filter((one) => !filter.value || one.outcome === filter.value)
          .sort((a, b) => rank(a) - rank(b)).slice(0, 600).map((one) => pictureCard(run, one)));
      }
      fill();
      return [
        el("div", { class: "row" }, outcomes.length ? field("Outcome", filter) : null),
        el("p", { class: "note", text: "Left: the original model; right: the erased one, with the same prompt and seed. Failures come first." }), cards,
      ];
    }

    async function transcriptsPart(run) {
      const { attacks } = await get(query("/api/transcripts", { run }));
      if (!attacks.length) return [el("p", { text: "No attack was run on it yet." })];
      return attacks.flatMap(({ name, outcomes }) => {
        const won = outcomes.filter((one) => one.success).length;
        return [
          el("h2", { text: `${name}: ${won} of ${outcomes.length} prompts show what they ask for` }),
          el("div", { class: "scroll" }, el("table", { class: "cardlike attempt", "aria-label": `Attempts of ${name}` },
            el("thead", {}, el("tr", {}, ["Outcome", "Prompt", "Attempt", "Queries", "Seconds", "Pictures"].map((text) => el("th", { scope: "col", text, class: ["Queries", "Seconds"].includes(text) ? "number" : "" })))),
            el("tbody", {}, outcomes.map((one) => {
              const word = one.before ? "shown before" : !one.attackable ? "not attackable" : one.success ? "came back" : "withstood";
              return el("tr", {},
                el("td", { "data-label": "Outcome" }, el("span", { class: `mark ${one.success ? "back" : "away"}`, text: word })),
                el("td", { "data-label": "Prompt", class: "wrap", text: one.prompt ? `${one.prompt} · seed ${one.seed}` : `prompt ${one.index}` }),
                el("td", { "data-label": "Attempt", class: one.attempt || one.failed.length ? "wrap" : "empty" },
                  one.attempt ? el("span", { text: `${one.attempt} · seed ${one.attemptSeed}` }) : null,
                  one.failed.length ? el("details", {},
                    el("summary", { text: `${one.failed.length} that failed${one.queries > one.failed.length + 1 ? `, of ${one.queries} tried` : ""}` }),
                    el("ol", {}, one.failed.map((it) => el("li", { text: `${it.attempt} · seed ${it.seed}` })))) : null),
                el("td", { "data-label": "Queries", class: "number", text: `${one.queries ?? ""}` }),
                el("td", { "data-label": "Seconds", class: "number", text: one.seconds === undefined || one.seconds === null ? "" : one.seconds.toFixed(1) }),
                el("td", { "data-label": "Pictures" }, el("span", { class: "row" },
                  one.erased ? picture(run, one.erased, `erased: ${one.prompt}`, "small") : null,
                  one.picture ? picture(run, one.picture, `attacked: ${one.attempt ?? one.prompt}`, "small") : null)));
            })))),
        ];
      });
    }

    async function showRun(name) {
      const run = await get(query("/api/run", { run: name }));
      const parts = [];
      if (run.state === "measured" || run.command) parts.push(["Page", async () => [await frame(name, "report.html", `Page of ${name}`)]]);
      if (run.pictures.length) parts.push(["Pictures", async () => picturesPart(name, run.pictures)]);
      if (run.hasAttacks) parts.push(["Attacks", () => transcriptsPart(name)]);
      const begin = (command) => el("a", { class: "button", href: `#jobs=${new URLSearchParams({ command, run: name })}`,
        text: { evaluate: "Measure", attack: "Attack", run: "Run the recipe again" }[command] });
      return [
        el("h1", { text: name.includes("/") ? name.replace(/^\d+\//, "") : run.folder }),
        el("p", { class: "note", text: [run.method, run.subject && `forgets ${run.subject}`, run.model && `on ${run.model}`, run.path].filter(Boolean).join(" · ") }),
        run.fault ? el("p", { class: "verdict hurt", text: run.fault }) : null,
        run.sentence ? el("p", { class: `verdict ${run.colour ?? ""}`, text: run.sentence })
          : run.fault ? null : el("p", { class: "verdict", text: run.kind && run.kind !== "evaluation" ? `Results of ${run.kind}.` : `This run is ${stateWords[run.state]}.` }),
        el("div", { class: "row" },
          run.hasEraser ? el("a", { class: "button", href: `#draw=${new URLSearchParams({ eraser: `run:${name}` })}`, text: "Draw with its eraser" }) : null,
          run.hasEraser ? begin("evaluate") : null, run.hasEraser ? begin("attack") : null, run.command ? begin("run") : null,
          run.pictures.length ? el("a", { class: "button", href: `#compare=${new URLSearchParams({ a: name })}`, text: "Compare with…" }) : null),
        ...(parts.length ? tabs("Parts of the run", parts) : []),
        run.command ? el("pre", { text: run.command, "aria-label": "Command of the run" }) : null,
      ];
    }
    """#
}
