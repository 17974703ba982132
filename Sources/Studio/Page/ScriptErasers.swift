extension Page {
  /// Erasers as switches with strengths, and the file of one more.
  static let scriptErasers = #"""
    // Lines of switches; `changed` is called whenever a picture would change.
    function switchList(erasers, on, changed) {
      const state = new Map(erasers.map(({ name }) => [name, { isOn: on.includes(name), strength: 1 }]));
      const list = el("ul", { class: "switches" }, erasers.map(({ name, label, detail }, i) => {
        const own = state.get(name);
        const output = el("output", { text: "100 %", for: `strength-${i}` });
        const slider = el("input", {
          type: "range", id: `strength-${i}`, min: "0", max: "2", step: "0.05", value: "1", disabled: !own.isOn,
          "aria-label": `Strength of ${label}`, "aria-valuetext": "100 percent",
          oninput: () => {
            own.strength = Number(slider.value);
            output.textContent = percent(own.strength);
            slider.setAttribute("aria-valuetext", `${Math.round(100 * own.strength)} percent`);
            changed();
          },
        });
        const toggle = el("input", {
          type: "checkbox", role: "switch", checked: own.isOn, "data-eraser": name,
          onchange: () => { own.isOn = toggle.checked; slider.disabled = !toggle.checked; changed(); },
        });
        return el("li", { class: "switch" },
          el("label", { class: "beside" }, toggle, el("span", {}, el("b", { text: label }), ` ${detail}`)),
          el("span", { class: "slide" }, slider, output));
      }));
      const chosen = () => erasers.filter(({ name }) => state.get(name).isOn)
        .map(({ name }) => ({ name, strength: state.get(name).strength }));
      return { list, chosen };
    }

    function uploadField(added) {
      const input = el("input", { type: "file", accept: ".safetensors", onchange: () => trying(async () => {
        const file = input.files[0];
        if (!file) return;
        if (file.size > 64 * 2 ** 20) throw new Error(`${file.name} has ${Math.ceil(file.size / 2 ** 20)} MB; accepted: at most 64. Put it into a folder of the studio.`);
        const eraser = await (await ask(query("/api/erasers", { name: file.name }), { method: "POST", body: await file.arrayBuffer() })).json();
        input.value = "";
        added(eraser.name);
      }) });
      return field("Eraser from a file (.safetensors, at most 64 MB)", input);
    }
    """#
}
