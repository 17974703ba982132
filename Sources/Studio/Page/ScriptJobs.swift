extension Page {
  /// Running and finished jobs, watched as they go.
  static let scriptJobs = #"""
    const jobColours = { running: "", done: "away", stopped: "hurt", failed: "back" };

    // The loss as a line: steps to the right, the numbers of the first and the last beside it.
    function lossChart() {
      const space = "http://www.w3.org/2000/svg";
      const svg = document.createElementNS(space, "svg");
      const line = document.createElementNS(space, "polyline");
      svg.setAttribute("viewBox", "0 0 400 100");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("role", "img");
      svg.append(line);
      const words = el("p", { class: "note" });
      const figure = el("div", { hidden: true }, svg, words);
      let points = [];
      return {
        figure,
        clear() { points = []; },
        add(step, loss) {
          points.push([step, loss]);
          if (points.length < 2) return;
          const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
          const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
          line.setAttribute("points", points.map(([x, y]) => `${(400 * (x - x0)) / (x1 - x0 || 1)},${95 - (90 * (y - y0)) / (y1 - y0 || 1)}`).join(" "));
          words.textContent = `Loss ${loss.toPrecision(3)} at step ${step}; from ${y0.toPrecision(3)} to ${y1.toPrecision(3)} so far.`;
          svg.setAttribute("aria-label", words.textContent);
          figure.hidden = false;
        },
      };
    }

    function jobCard(job, changed) {
      const state = el("b"), words = el("p", { class: "note wrap" }), buttons = el("div", { class: "row" });
      const log = el("pre", { hidden: true, tabindex: "0", "aria-label": `What job ${job.name} said` });
      const chart = lossChart();
      let watching = null;
      const card = el("article", { class: "job", "aria-label": `Job ${job.name}`, "data-job": job.name },
        el("div", { class: "row spread" }, el("span", {}, el("b", { text: `${job.name} ${job.command} ` }), el("span", { class: "note", text: day(job.started) })), state),
        el("code", { text: job.line }), words, buttons, chart.figure, log);
      const button = (text, action, type = "") => el("button", { type: "button", text, class: type, onclick: () => trying(action) });

      function show(now) {
        card.dataset.state = now.state;
        state.className = `mark ${jobColours[now.state]}`;
        state.textContent = now.state + (now.code !== undefined ? `, exit code ${now.code}` : "");
        words.textContent = now.words ?? "";
        words.hidden = !now.words;
        const hadFocus = buttons.contains(document.activeElement);
        buttons.replaceChildren(...[
          now.state === "running" ? button("Stop", async () => show(await post("/api/jobs/stop", { job: job.name }))) : null,
          now.state === "running" && isStopAsked ? button("Kill", async () => show(await post("/api/jobs/stop", { job: job.name, kills: true }))) : null,
          now.state !== "running" && now.state !== "done" ? button("Go on", async () => { await post("/api/jobs/again", { job: job.name }); changed(); }) : null,
          watching ? null : button("Watch", watch),
          now.run ? el("a", { class: "button", href: `#run=${encodeURIComponent(now.run)}`, text: "Open the run" }) : null,
          now.state !== "running" ? button("Remove from the list", async () => { await post("/api/jobs/forget", { job: job.name }); changed(); }) : null,
        ].filter(Boolean));
        if (hadFocus) buttons.querySelector("button, a")?.focus();
      }
      let isStopAsked = false;
      buttons.addEventListener("click", (event) => { if (event.target.textContent === "Stop") isStopAsked = true; }, true);

      async function watch() {
        watching = new AbortController();
        log.hidden = false;
        show(job);
        stops.add(watching);
        for await (const { name, data } of events(query("/api/jobs/watch", { job: job.name }), { signal: watching.signal })) {
          if (name === "state") { job = data; show(data); }
          if (name === "anew") chart.clear();
          if (name === "event" && typeof data.loss === "number" && typeof data.step === "number") chart.add(data.step, data.loss);
          if (name === "log") {
            const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
            log.textContent = (log.textContent + data.text).slice(-40000);
            if (atEnd) log.scrollTop = log.scrollHeight;
          }
        }
      }
      show(job);
      if (job.state === "running") trying(watch);
      return card;
    }

    const stops = new Set();

    async function showJobs(parameters) {
      const list = el("div", {});
      async function fill() {
        stops.forEach((stop) => stop.abort());
        stops.clear();
        const { jobs } = await get("/api/jobs");
        list.replaceChildren(...(jobs.length ? jobs.map((job) => jobCard(job, () => trying(fill)))
          : [el("p", { class: "note", text: "No job was started here yet." })]));
      }
      leaving = () => { stops.forEach((stop) => stop.abort()); stops.clear(); };
      const form = await jobForm(parameters, () => trying(fill));
      await fill();
      return [
        el("h1", { text: "Jobs" }), form, el("h2", { text: "Started here" }),
        el("p", { class: "note", text: "A job goes on when this page or the studio is closed. Stopped ones go on where they were." }), list,
      ];
    }
    """#
}
