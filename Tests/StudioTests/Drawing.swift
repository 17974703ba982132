import Testing
import Workflows

@testable import Studio

/// The pictures of an order, by part, and the number of steps that were told.
func drawn(_ client: Client, _ change: [String: Any]) async throws -> (
  pictures: [String: String], steps: Int, fault: String
) {
  let form: [String: Any] = [
    "model": TinyRuns.model, "prompt": "a fox", "seed": "18446744073709551615", "steps": 3,
    "sampler": "ddim",
  ]
  let events = try await client.events(
    "POST", "/api/draw", form.merging(change) { $1 }, until: { _ in false })
  var pictures: [String: String] = [:]
  for event in events where event.name == "picture" {
    pictures[event.value["part"] as? String ?? ""] = event.value["png"] as? String
  }
  let steps = events.filter { $0.name == "part" && ($0.value["step"] as? Int ?? 0) > 0 }
  #expect(steps.allSatisfy { $0.value["of"] as? Int == 3 })
  let fault = events.first { $0.name == "fault" }?.value["error"] as? String
  return (pictures, steps.count, fault ?? "")
}
