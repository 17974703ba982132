extension Page {
  /// A table that is sorted by its headings, filtered by words, and walked through with the arrow keys.
  static let scriptTable = #"""
    // Columns: { name, title, value(line) for sorting, cell(line) for showing, isNumber }
    function sortableTable(columns, lines, options) {
      let sorted = options.sorted ?? { name: columns[0].name, down: false };
      let words = options.words ?? "";
      let order = null;
      const body = el("tbody");
      const head = el("tr");
      const table = el("table", { class: `cardlike ${options.type}`, "aria-label": options.label }, el("thead", {}, head), body);
      const count = el("p", { class: "note", role: "status" });

      function compare(a, b) {
        const column = columns.find((one) => one.name === sorted.name);
        const [x, y] = [column.value(a), column.value(b)];
        const isMissing = (v) => v === undefined || v === null || v === "";
        if (isMissing(x) || isMissing(y)) return isMissing(x) - isMissing(y);
        const order = typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return sorted.down ? -order : order;
      }

      function fill() {
        const asked = words.toLowerCase().split(/\s+/).filter(Boolean);
        const kept = lines
          .filter((line) => asked.every((word) => options.text(line).toLowerCase().includes(word)))
          .sort(compare);
        head.replaceChildren(...columns.map((column) => {
          const isSorted = column.name === sorted.name;
          const sort = !column.value ? null : isSorted ? (sorted.down ? "descending" : "ascending") : "none";
          const mark = isSorted ? (sorted.down ? " ▾" : " ▴") : "";
          const content = !column.value ? el("span", { text: column.title }) : el("button", {
            type: "button", text: column.title + mark, "data-sort": column.name,
            onclick: () => {
              sorted = { name: column.name, down: isSorted ? !sorted.down : column.isNumber === true };
              fill();
              head.querySelector(`[data-sort="${column.name}"]`)?.focus();
            },
          });
          return el("th", { scope: "col", "aria-sort": sort, class: column.isNumber ? "number" : "" }, content);
        }));
        body.replaceChildren(...kept.map((line) => el("tr", {}, columns.map((column) => {
          const cell = column.cell(line);
          const isEmpty = cell === undefined || cell === null || cell === "";
          return el("td", {
            class: `${column.isNumber ? "number" : ""} ${isEmpty ? "empty" : ""}`, "data-label": column.title,
          }, isEmpty ? "" : cell);
        }))));
        count.textContent = `${kept.length} of ${lines.length} ${options.noun}`;
        if (order) order.value = `${sorted.name} ${sorted.down ? "down" : "up"}`;
        options.onchange?.({ sorted, words });
      }

      // Up and down go from line to line, Home and End to the first and the last.
      body.addEventListener("keydown", (event) => {
        const links = [...body.querySelectorAll("[data-line]")];
        const own = event.target.closest("tr")?.querySelector("[data-line]");
        const place = links.indexOf(own);
        const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: links.length - 1 }[event.key];
        if (next === undefined || !links[next]) return;
        event.preventDefault();
        links[next].focus();
      });

      const search = el("input", {
        type: "search", value: words, placeholder: "fox esd forgotten", "aria-label": "Filter by words",
        oninput: () => { words = search.value; fill(); },
        onkeydown: (event) => {
          if (event.key === "Escape") { search.value = words = ""; fill(); }
          if (event.key === "ArrowDown") { event.preventDefault(); body.querySelector("[data-line]")?.focus(); }
        },
      });
      // On a phone the headings are not there, and a list sorts.
      const sortable = columns.filter((column) => column.value);
      order = choice(sortable.flatMap(({ name, title }) => [[`${name} up`, `${title} ▴`], [`${name} down`, `${title} ▾`]]), "", {
        onchange: () => {
          const [name, way] = order.value.split(" ");
          sorted = { name, down: way === "down" };
          fill();
        },
      });
      fill();
      return { table, search, count, order };
    }
    """#
}
