import Testing

@testable import Torch

@Suite struct OptionPathTests {
  private let options: JSON = ["training": ["steps": 3, "rate": 0.5], "eta": 1]

  @Test func paths() {
    let path: OptionPath = "training.steps"
    #expect(path.keys == ["training", "steps"] && "\(path)" == "training.steps")
    #expect(options.value(at: path) == 3 && options.value(at: "training.batch") == nil)
    #expect(options.value(at: "eta.x") == nil)
    #expect(options.without(path) == ["training": ["rate": 0.5], "eta": 1])
    #expect(options.without("eta") == ["training": ["steps": 3, "rate": 0.5]])
    #expect(options.without("absent.key") == options && options.without("eta.x") == options)
  }

  /// The sentence is made of the place and the fault, and a place can be put in another's place.
  @Test func placesOfErrors() {
    var error = LetheError.badValue("--judge", "'x'; accepted: none")
    #expect(error.sentence == "--judge: 'x'; accepted: none")
    error.place = "LETHE_JUDGE"
    #expect(error.sentence == "LETHE_JUDGE: 'x'; accepted: none")
    #expect(LetheError.request("a\nb").sentence == "a b")
    let long = LetheError(.model, in: "file", String(repeating: "x", count: 9000)).sentence
    #expect(long.hasPrefix("file: xxx") && long.utf8.count < 1600)
    #expect(LetheError.unknown("key", "a.b", known: ["b"], in: "f", key: "a.b").key == "a.b")
  }
}
