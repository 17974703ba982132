internal import Reports

/// The page: one document, one style sheet and one script, all of this server. Nothing else is loaded.
enum Page {
  static let html = """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
    <title>lethe studio</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/studio.css">
    <script type="module" src="/studio.js"></script></head><body>
    <a class="skip" href="#main">Skip to the content</a>
    <header><a class="brand" href="#runs">lethe studio</a>
    <nav aria-label="Views"><a href="#runs">Runs</a><a href="#compare">Compare</a><a href="#draw">Draw</a><a href="#jobs">Jobs</a></nav></header>
    <p id="notice" role="alert" hidden></p>
    <main id="main" tabindex="-1"><noscript><p>The studio needs the script of this server.</p></noscript></main>
    </body></html>
    """

  static let style = Palette.css + sheet

  /// One module: the parts share what the first of them defines.
  static let script = [
    scriptBase, scriptTable, scriptRuns, scriptRun, scriptCompare, scriptDraw, scriptErasers,
    scriptJobs, scriptJobForm, scriptMain,
  ].joined(separator: "\n")
}
