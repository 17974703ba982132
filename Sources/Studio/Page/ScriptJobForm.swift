extension Page {
  /// The form of a new job.
  static let scriptJobForm = #"""
    const jobWords = {
      erase: "Erase a concept", run: "Run a recipe (job.json of a run) again", evaluate: "Measure a run", attack: "Attack a run",
    };

    async function jobForm(parameters, started) {
      const { runs } = await get("/api/runs");
      const withEraser = runs.filter((line) => line.hasEraser);
      const withJob = runs.filter((line) => line.method);
      const fields = el("div", { class: "fields" });
      const command = choice(Object.entries(jobWords), parameters.command ?? "erase", { onchange: () => fill() });
      let read = () => ({});

      const runChoice = (lines) => choice(lines.map((line) => [line.name, line.name.replace(/^\d+\//, "")]), lines.some((line) => line.name === parameters.run) ? parameters.run : lines[0]?.name);
      const box = (name, input) => el("label", { class: "beside" }, input, name);
      const check = (on) => el("input", { type: "checkbox", checked: on });

      const kinds = {
        erase() {
          const model = choice(about.models.map((one) => [one.path, one.path]), about.models[0]?.path, { onchange: () => name() });
          const method = choice(about.methods.map((one) => [one.name, `${one.name}: ${one.title}`]), "uce", { onchange: () => name() });
          const concepts = el("input", { list: "subjects", placeholder: "fox", required: true, oninput: () => name() });
          const subjects = el("datalist", { id: "subjects" });
          const others = check(true), seed = el("input", { inputmode: "numeric", value: "1" });
          const settings = el("textarea", { rows: 2, placeholder: "training.steps=100" });
          const out = el("input", { required: true, oninput: () => { isOwn = true; } });
          let isOwn = false;
          const list = () => concepts.value.split(",").map((text) => text.trim()).filter(Boolean);
          function name() {
            const own = about.models.find((one) => one.path === model.value) ?? {};
            subjects.replaceChildren(...[...(own.objects ?? []), ...(own.styles ?? [])].map((text) => el("option", { value: text })));
            if (!isOwn) out.value = [method.value, ...list()].join("-").replace(/[^A-Za-z0-9.-]+/g, "-");
          }
          name();
          read = () => ({ model: model.value, method: method.value, concepts: list(), preserve: others.checked ? ["others"] : [], seed: seed.value || "0",
            settings: settings.value.split("\n").map((text) => text.trim()).filter(Boolean), out: out.value });
          return [field("Model", model), field("Method", method), field("Concepts (a, b)", concepts), subjects, field("Seed", seed),
            field("Options, one a line", settings), field("Name of the run's folder", out), box("Keep every other subject", others)];
        },
        run() {
          const run = runChoice(withJob), out = el("input", { required: true, value: "again" });
          read = () => ({ run: run.value, out: out.value });
          return [field("Recipe of", run), field("Name of the new run's folder", out)];
        },
        evaluate() {
          const run = runChoice(withEraser), quick = check(true), overwrite = check(false);
          read = () => ({ run: run.value, quick: quick.checked, overwrite: overwrite.checked });
          return [field("Run", run), box("Quick: few pictures, wide intervals", quick), box("Replace other results", overwrite)];
        },
        attack() {
          const run = runChoice(withEraser), quick = check(true), limit = el("input", { type: "number", min: "1", placeholder: "all" });
          const attacks = el("select", { multiple: true, size: 5 }, about.attacks.map((name) => el("option", { value: name, text: name, selected: ["none", "random"].includes(name) })));
          read = () => ({ run: run.value, quick: quick.checked, attacks: [...attacks.selectedOptions].map((one) => one.value),
            ...(limit.value ? { limit: Number(limit.value) } : {}) });
          return [field("Run", run), field("Attacks", attacks), field("Most prompts", limit), box("Quick: few pictures, wide intervals", quick)];
        },
      };

      function fill() {
        const needs = { run: withJob, evaluate: withEraser, attack: withEraser }[command.value];
        fields.replaceChildren(...(needs && !needs.length ? [el("p", { class: "note", text: "No run is here that it could work on." })] : kinds[command.value]()));
      }
      fill();
      const form = el("form", { onsubmit: (event) => {
        event.preventDefault();
        trying(async () => {
          const job = await post("/api/jobs", { command: command.value, ...read() });
          await started();
          document.querySelector(`[data-job="${job.name}"] button`)?.focus();
        });
      } }, el("fieldset", {}, el("legend", { text: "New job" }), field("Work", command), fields,
        el("div", {}, el("button", { class: "main", text: "Start" }))));
      return form;
    }
    """#
}
