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

  private struct Preset: Codable, Hashable, PresetOptions {
    var preset = "plain"
    var form = "a"
    var steps = 10
    var inner = Inner()
    static var presets: [(key: String, value: String, options: JSON)] {
      [
        ("preset", "fast", ["steps": 1, "inner": ["rate": 4]]),
        ("form", "b", ["inner": ["rate": 8]]),
      ]
    }
  }

  /// A layer that names a preset begins with its values, and goes over them where it says more.
  @Test func presetsComeFirst() throws {
    let fast = try (["preset": "fast"] as JSON).laid(over: Preset(), in: "x")
    #expect(fast.steps == 1 && fast.inner.rate == 4 && fast.inner.trajectories == 8)
    let own = try (["steps": 7, "preset": "fast"] as JSON).laid(over: Preset(), in: "x")
    #expect(own.steps == 7 && own.inner.rate == 4)
    let both = try (["form": "b", "preset": "fast"] as JSON).laid(over: Preset(), in: "x")
    #expect(both.steps == 1 && both.inner.rate == 8)
    #expect(try (["form": "a"] as JSON).laid(over: Preset(), in: "x") == Preset())
    // The whole of some options gives them back.
    #expect(try JSON(encoding: own).laid(over: Preset(), in: "x") == own)
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
        == "a.json: unknown key 'inner.ratio'; did you mean 'inner.rate'? known: rate, trajectories"
    )
    // A key that stands elsewhere is named with its path.
    let elsewhere = #expect(throws: LetheError.self) {
      try (["rat": 2] as JSON).laid(over: Options(), in: "a.json")
    }
    #expect(elsewhere?.sentence.contains("did you mean 'inner.rate'?") == true)
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
