import Foundation
import Reports
import Testing

@Suite struct PageTests {
  @Test func pageIsSelfContainedAndEscaped() throws {
    var content = ReportContent()
    content.title = "Forgetting <fox> & \"co\""
    content.commands = ["lethe erase m --concept \"<b>\""]
    content.charts = [Chart("Loss", xLabel: "step", [(0, 1), (10, 0.5), (20, 0.25)])]
    let picture = Data([1, 2, 3])
    content.grids = [
      .init(
        "Gone", columns: ["noto"],
        rows: [
          .init(
            "fox", [(original: picture, erased: picture, prompt: "a <fox>\u{1B}[31m", seed: 3)])
        ])
    ]
    let html = try content.html()
    #expect(html.contains("a &lt;fox&gt;\\u{1B}[31m") && !html.contains("\u{1B}"))
    #expect(html.contains("Forgetting &lt;fox&gt; &amp;") && !html.contains("<fox>"))
    #expect(html.contains("data:image/png;base64,AQID") && html.contains("<polyline"))
    #expect(!html.contains("http://") && !html.contains("https://"))
    #expect(html.contains("prefers-color-scheme:dark") && html.contains("width=device-width"))
  }
}
