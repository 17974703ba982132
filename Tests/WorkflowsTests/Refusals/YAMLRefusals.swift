// Requests in YAML: words that readers take differently, hostile texts, and values of another type with their lines.
import Foundation
import TestSupport
import Torch
import YAML

@testable import Workbench
@testable import Workflows

extension Refusal {
  /// - Parameter lines: the lines of a request after model and method
  private static func request(_ fault: String, _ lines: String) -> Refusal {
    text("request.yaml", fault, "model: m\nmethod: esd\n" + lines) { file in
      let text = try YAMLText(contentsOf: file)
      do { _ = try EraseJob.read(file, text.json) } catch let error as LetheError {
        throw text.located(error)
      }
    }
  }

  static var yaml: [Refusal] {
    let laughs = (1..<10).map { i in
      "a\(i): &a\(i) [\(i == 1 ? "lol, lol" : "*a\(i - 1), *a\(i - 1)")]\n"
    }.joined()
    return [
      request("with a key twice", "method: uce"),
      request("with concepts as a text", "concepts: fox"),
      request("with a seed as a text", "concepts: [fox]\nseed: one"),
      request("with yes", "holdsOutJudgedCaption: yes"),
      request("with an octal number", "seed: 010"),
      request("with digits in groups", "seed: 1_000"), request("with a huge number", "seed: 1e999"),
      request("with an unknown key", "concept: [fox]"), request("with a tag", "seed: !!int 1"),
      request("with a tab", "\tseed: 1"), request("cut off", "concepts: [fox"),
      request("with two documents", "---\nseed: 1"), request("with aliases of aliases", laughs),
      request("with an alias of nothing", "concepts: *all"),
      request(
        "33 deep",
        "wording: " + String(repeating: "[", count: 33)
          + String(repeating: "]", count: 33)),
      text("request.yaml", "as a list", "- fox\n") { _ = try YAMLText(contentsOf: $0) },
      Refusal("request.yaml of no UTF-8") {
        _ = try YAMLText(contentsOf: $0.write(Data([0x61, 0x3A, 0x20, 0xFF]), "request.yaml"))
      },
      text("request.yaml", "of 70 kB", "a: '" + String(repeating: "x", count: 70_000) + "'") {
        _ = try YAMLText(contentsOf: $0)
      },
    ]
  }
}
