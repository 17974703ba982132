import Testing
import Torch

struct StrictOverlayTests {
  private struct Inner: Codable, Hashable {
    var rate = 0.5
    var trajectories = 8
  }
  private struct Options: Codable, Hashable {
    var steps = 10
    var inner = Inner()
    var other = JSON.object([:])
  }

  @Test func laysMembersOverDefaults() throws {
    let json: JSON = ["inner": ["rate": 2]]
    let found = try json.laid(over: Options(), in: "file")
    #expect(found.inner.rate == 2 && found.inner.trajectories == 8 && found.steps == 10)
  }

  @Test func namesTheUnknownKeyAndTheNearest() {
    let near = #expect(throws: LetheError.self) {
      try (["inner": ["ratio": 2]] as JSON).laid(over: Options(), in: "a.json")
    }
    #expect(
      near?.sentence
        == "a.json: unknown key 'inner.ratio'; did you mean 'rate'? known: rate, trajectories")
    let far = #expect(throws: LetheError.self) {
      try (["zzzzzzzzz": 2] as JSON).laid(over: Options(), in: "a.json")
    }
    #expect(far?.sentence == "a.json: unknown key 'zzzzzzzzz'; known: inner, other, steps")
    #expect(far?.kind == .request)
  }

  @Test func readsKeysOfVersion01() throws {
    let found = try (["inner": ["walks": 3]] as JSON).laid(over: Options(), in: "job.json")
    #expect(found.inner.trajectories == 3)
  }

  @Test func namesTheValueOfAnotherType() {
    let error = #expect(throws: LetheError.self) {
      try (["steps": "many"] as JSON).laid(over: Options(), in: "--set")
    }
    #expect(error?.sentence == "--set: 'steps' is \"many\"; accepted: a whole number")
  }

  @Test func leavesOtherPeoplesObjectsAlone() throws {
    let found = try (["other": ["anything": 1]] as JSON).laid(over: Options(), in: "x")
    #expect(found.other["anything"]?.int == 1)
  }
}
