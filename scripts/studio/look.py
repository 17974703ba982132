"""Looks at what a browser shows in two widths, light and dark."""

# Text on its background, control by control: the words that are too faint, the controls without a name.
CHECK = """(() => {
  const faults = [];
  const numbers = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".skip, noscript, option")) continue;
    const [a, b] = [numbers(getComputedStyle(element).color), behind(element)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`);
  }
  for (const element of document.querySelectorAll("main button, main input, main select, main textarea, main a, main iframe, main img")) {
    const name = element.getAttribute("aria-label") || element.alt || element.title || element.textContent.trim()
      || [...(element.labels ?? [])].map((label) => label.textContent.trim()).join("");
    if (!name) faults.push(`no name: ${element.outerHTML.slice(0, 120)}`);
  }
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`${wide} pixels reach over the edge: ` + [...document.querySelectorAll("main *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((element) => element.outerHTML.slice(0, 80)).join(" | "));
  return faults;
})()"""

LOADED = """[...document.images].filter((i) => i.checkVisibility() && i.getBoundingClientRect().top < innerHeight)
  .every((i) => i.complete)"""


def faults(browser, folder, name, more=""):
    """Screenshots in every size and theme; ends with the first faults.

    more: a further expression, a list of faults
    """
    for width in (1280, 390):
        for dark in (False, True):
            browser.size(width, 900 if width == 1280 else 844, dark)
            browser.until(LOADED, "pictures are there", 20)
            label = f"{name}-{width}-{'dark' if dark else 'light'}"
            browser.screenshot(folder / f"{label}.png")
            found = browser.value(CHECK) + (browser.value(more) if more else [])
            if found:
                raise AssertionError(f"{label}: " + "; ".join(found[:8]))
