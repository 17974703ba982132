#!/usr/bin/env python3
"""Looks at pages of reports in a headless Chromium: two widths, light and dark, every folded part open.

    scripts/studio/pages.py PAGE.html [PAGE.html ...]      screenshots into runs/studio/pages

Text has a contrast of 4.5, nothing reaches over the edge, intervals stay on one line at 1280 pixels, the first column of a
wide table stays at 390, pictures side by side have words of their own, nothing is asked of a server, and the page says its
verdict before its first table and picture.
"""
import sys
from pathlib import Path

import chromium, devtools, look

PLACE = Path(__file__).resolve().parent.parent.parent / "runs" / "studio" / "pages"

OPEN = "document.querySelectorAll('details').forEach((one) => one.open = true)"

TABLES = """(() => {
  const faults = [];
  for (const cell of document.querySelectorAll("td, th")) {
    const text = cell.textContent.trim();
    if (innerWidth < 1280 || !/\\[[^\\]]*\\d, /.test(text) || text.length > 60 || !cell.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(cell);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top / 8)));
    if (lines.size > 1) faults.push(`an interval wraps: ${text}`);
  }
  for (const table of document.querySelectorAll("table")) {
    const box = [...(function* (one) { for (; one; one = one.parentElement) yield one; })(table)]
      .find((one) => one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(one).overflowX));
    const first = table.querySelector("tbody tr > *");
    if (!box || !first) continue;
    box.scrollLeft = 10000;
    const left = first.getBoundingClientRect().left - box.getBoundingClientRect().left;
    box.scrollLeft = 0;
    if (Math.abs(left) > 2) faults.push(`the first column leaves: ${table.textContent.trim().slice(0, 40)}`);
  }
  for (const figure of document.querySelectorAll("figure")) {
    const words = [...figure.querySelectorAll("img")].map((one) => one.alt);
    if (new Set(words).size < words.length) faults.push(`pictures of the same words: ${words[0]}`);
  }
  const verdict = document.querySelector(".verdict");
  for (const other of document.querySelectorAll("table, figure, img, svg")) {
    if (verdict && verdict.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING) {
      faults.push(`before the verdict: ${other.outerHTML.slice(0, 60)}`);
    }
  }
  return faults;
})()"""


def main(pages):
    PLACE.mkdir(parents=True, exist_ok=True)
    failed = 0
    for page in map(Path, pages):
        name = "-".join(page.resolve().parent.parts[-2:])
        browser = devtools.Browser(*chromium.program(), page.resolve().as_uri())
        try:
            browser.until("document.readyState === 'complete'", "the page is there")
            browser.value(OPEN)
            look.faults(browser, PLACE, name, TABLES)
            strange = [url for url in browser.requests if not url.startswith(("file:", "data:"))]
            assert not strange, f"{name}: asked of a server: {strange[:3]}"
            assert not browser.faults, f"{name}: the browser's log: {browser.faults[:3]}"
            print(f"{name}: 4 views, verdict: {browser.value('document.querySelector(`.verdict`)?.textContent.trim().slice(0, 100) ?? `none`')}")
        except AssertionError as fault:
            failed += 1
            print(fault, file=sys.stderr)
        finally:
            browser.close()
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else __doc__)
