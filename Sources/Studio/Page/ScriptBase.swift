extension Page {
  /// Elements, calls and streams. Text goes into elements as text alone, never as markup.
  static let scriptBase = #"""
    const address = new URL(location.href);
    // The token comes with the address once. It stays in this page's memory: no cookie and no storage has it.
    let token = address.searchParams.get("token");
    if (token) history.replaceState(null, "", location.pathname + location.hash);
    let about = null;

    const main = document.getElementById("main");
    const noticeLine = document.getElementById("notice");

    function el(name, properties = {}, ...children) {
      const element = document.createElement(name);
      for (const [key, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key in element && !["list", "role"].includes(key) && typeof value !== "string") element[key] = value;
        else if (key === "text") element.textContent = value;
        else if (key === "value") element.value = value;
        else element.setAttribute(key, value === true ? "" : value);
      }
      element.append(...children.flat().filter((child) => child !== null && child !== undefined));
      return element;
    }

    function notice(sentence) {
      noticeLine.textContent = sentence ?? "";
      noticeLine.hidden = !sentence;
    }

    async function ask(path, options = {}) {
      const headers = { ...(options.headers ?? {}) };
      if (token) headers["Authorization"] = `Bearer ${token}`;
      if (options.method === "POST") headers["X-Lethe-Key"] = about.key;
      const response = await fetch(path, { ...options, headers, credentials: "omit", cache: "no-store" });
      if (response.ok) return response;
      let sentence = `the server answered ${response.status}`;
      try { sentence = (await response.json()).error ?? sentence; } catch { /* The answer is no JSON. */ }
      if (response.status === 403 && options.method === "POST" && !options.again) {
        about = await (await ask("/api/studio")).json();
        return ask(path, { ...options, again: true });
      }
      const error = new Error(sentence);
      error.status = response.status;
      throw error;
    }

    const get = async (path) => (await ask(path)).json();
    const post = async (path, form) => (await ask(path, { method: "POST", body: JSON.stringify(form) })).json();
    const query = (path, values) => `${path}?${new URLSearchParams(values)}`;

    // Server-sent events by fetch: an EventSource can send no header.
    async function* events(path, options) {
      const reader = (await ask(path, options)).body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
          const lines = text.slice(0, end).split("\n");
          const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
          const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
          if (name) yield { name, data: JSON.parse(data) };
        }
      }
    }

    // Tries an action of a person, and says its fault at the top of the page.
    async function trying(action) {
      try {
        notice();
        return await action();
      } catch (error) {
        if (error.name !== "AbortError") notice(error.message);
      }
    }

    const fileParts = (run, file) => `${run}/${file}`.split("/");
    const filePath = (run, file) => "/files/" + fileParts(run, file).map(encodeURIComponent).join("/");

    const waiting = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        waiting.unobserve(target);
        load(target);
      }
    }, { rootMargin: "300px" });

    async function load(image) {
      const path = image.dataset.path;
      if (!token) { image.src = path; return; }
      try {
        image.src = URL.createObjectURL(await (await ask(path)).blob());
        image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
      } catch { image.alt = `${image.alt} (not to be had)`; }
    }

    // A picture of a run, which is loaded when it comes into view.
    function picture(run, file, alt, type = "") {
      const image = el("img", { alt, class: type, width: 128, height: 128 });
      image.dataset.path = filePath(run, file);
      waiting.observe(image);
      return image;
    }

    const colours = { "came back": "back", "shows it": "even", "shows something else": "even", "stayed away": "away", kept: "away", damaged: "hurt", broken: "hurt", "wrong before too": "even" };
    const percent = (share) => `${Math.round(100 * share)} %`;
    const day = (date) => (date ? date.slice(0, 16).replace("T", " ").replace("Z", "") : "");

    function field(name, input, more = {}) {
      return el("label", more, name, input);
    }

    function choice(options, value, more = {}) {
      const select = el("select", more, options.map(([name, text]) => el("option", { value: name, text })));
      if (value !== undefined) select.value = value;
      return select;
    }
    """#
}
