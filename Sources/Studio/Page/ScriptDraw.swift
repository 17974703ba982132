extension Page {
  /// A prompt, the original's picture and the erased model's, drawn anew whenever something changes.
  static let scriptDraw = #"""
    let drawing = { model: null, prompt: null, seed: "1", steps: "25", guidance: "4", on: [] };

    function canvas(title) {
      const image = el("img", { alt: `${title}: not drawn yet`, width: 256, height: 256, hidden: true });
      const bar = el("progress", { max: 1, value: "0", "aria-label": `Steps of the picture: ${title}`, hidden: true });
      const seen = el("span", { class: "note" });
      const figure = el("figure", { "aria-busy": "false" }, image, bar, el("figcaption", {}, el("b", { text: title }), " ", seen));
      return {
        figure,
        step(step, of) { bar.hidden = false; bar.max = of; bar.value = step; figure.setAttribute("aria-busy", "true"); },
        show(png, said, alt) {
          image.src = `data:image/png;base64,${png}`;
          image.alt = alt;
          image.hidden = false;
          seen.textContent = said ? `judge: ${said}` : "";
          this.rest();
        },
        rest() { bar.hidden = true; figure.setAttribute("aria-busy", "false"); },
      };
    }

    async function showDraw(parameters) {
      if (!about.models.length) {
        return [el("h1", { text: "Draw" }), el("p", { text: "No model is here: name its folder beside those of the runs, `lethe studio runs Models/emoji`." })];
      }
      if (parameters.eraser) {
        drawing.on = [parameters.eraser];
        const run = await trying(() => get(query("/api/run", { run: parameters.eraser.replace(/^run:/, "") })));
        if (run?.model) { drawing.model = run.model; drawing.prompt = run.pictures?.[0]?.prompt ?? drawing.prompt; }
      }
      const model = about.models.find((one) => one.path === drawing.model) ?? about.models[0];
      drawing.model = model.path;
      const { erasers } = await get(query("/api/erasers", { model: model.path }));
      drawing.prompt ??= model.prompts?.[0] ?? "";

      const parts = { original: canvas("Original"), erased: canvas("Erased") };
      const status = el("p", { class: "note", role: "status" });
      let abort = null, timer = null;

      async function draw() {
        abort?.abort();
        const own = abort = new AbortController();
        const chosen = switches.chosen();
        drawing.on = chosen.map((one) => one.name);
        const form = { model: model.path, prompt: prompt.value, seed: seed.value, steps: Number(steps.value), guidance: Number(guidance.value), erasers: chosen };
        status.textContent = "Drawing…";
        const start = performance.now();
        try {
          notice();
          for await (const { name, data } of events("/api/draw", { method: "POST", body: JSON.stringify(form), signal: own.signal })) {
            if (own !== abort) return;
            if (name === "part") parts[data.part].step(data.step, data.of);
            if (name === "picture") parts[data.part].show(data.png, data.seen, `${data.part}: ${form.prompt}, seed ${form.seed}`);
            if (name === "fault") throw new Error(data.error);
            if (name === "done") {
              const words = chosen.length ? `${chosen.length} eraser${chosen.length === 1 ? "" : "s"} on` : "no eraser on";
              status.textContent = `Drawn in ${((performance.now() - start) / 1000).toFixed(1)} s, ${words}.`;
            }
          }
        } catch (error) {
          if (error.name === "AbortError" || own !== abort) return;
          status.textContent = "";
          Object.values(parts).forEach((part) => part.rest());
          notice(error.message);
        }
      }
      function soon() {
        clearTimeout(timer);
        timer = setTimeout(draw, 250);
      }
      leaving = () => { clearTimeout(timer); abort?.abort(); abort = null; };

      const remember = (key) => (event) => { drawing[key] = event.target.value; soon(); };
      const names = el("datalist", { id: "prompts" }, (model.prompts ?? []).map((text) => el("option", { value: text })));
      const prompt = el("input", { id: "prompt", list: "prompts", value: drawing.prompt, autocomplete: "off", maxlength: "5000", oninput: remember("prompt") });
      const seed = el("input", { inputmode: "numeric", value: drawing.seed, size: "8", oninput: remember("seed") });
      const steps = el("input", { type: "number", min: "1", max: "1000", value: drawing.steps, oninput: remember("steps") });
      const guidance = el("input", { type: "number", min: "-100", max: "100", step: "0.5", value: drawing.guidance, oninput: remember("guidance") });
      const next = el("button", { type: "button", text: "Next seed", onclick: () => {
        try { seed.value = drawing.seed = `${BigInt(seed.value || 0) + 1n}`; } catch { seed.value = drawing.seed = "1"; }
        soon();
      } });
      const switches = switchList(erasers, drawing.on, soon);
      const models = choice(about.models.map((one) => [one.path, one.path]), model.path, { onchange: (event) => {
        Object.assign(drawing, { model: event.target.value, prompt: null, on: [] });
        route();
      } });
      soon();
      return [
        el("h1", { text: "Draw" }),
        el("div", { class: "easel" },
          el("form", { onsubmit: (event) => { event.preventDefault(); draw(); } },
            field("Model", models), field("Prompt", prompt), names,
            el("div", { class: "row" }, field("Seed", seed), next), 
            el("div", { class: "fields" }, field("Steps", steps), field("Guidance", guidance)),
            el("button", { class: "main", text: "Draw" }),
            el("h2", { text: "Erasers" }),
            erasers.length ? switches.list : el("p", { class: "note" }, "No run of this model has an eraser yet. ", el("a", { href: "#jobs", text: "Start one" }), "."),
            uploadField((name) => { drawing.on = [...switches.chosen().map((one) => one.name), name]; route(); })),
          el("div", { class: "shown" }, el("div", { class: "canvas" }, parts.original.figure, parts.erased.figure), status)),
      ];
    }
    """#
}
