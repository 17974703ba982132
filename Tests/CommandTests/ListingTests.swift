// `doctor` and `list`.
import Foundation
import TestSupport
import Testing

@Suite struct ListingTests: RunsProgram {
  /// The machine's findings come first. A folder that is no model is named, with the exit code of a model.
  @Test func doctor() throws {
    let well = try lethe("doctor", model, "--json")
    let findings = try #require(
      JSONSerialization.jsonObject(with: Data(well.out.utf8)) as? [[String: String]])
    #expect(well.code == 0)
    func state(_ name: String) -> String? { findings.first { $0["name"] == name }?["state"] }
    #expect(state("libtorch") == "fine" && state("model") == "fine")
    #expect(state("themes.json") == "absent")
    let ill = try lethe("doctor", "Sources")
    #expect(ill.code == 4 && ill.out.contains("broken"))
    #expect(ill.error.contains("Sources has no model_index.json"))
    let none = try lethe("doctor", "Models/emojy")
    #expect(none.code == 2 && none.error.contains("did you mean 'Models/emoji'?"), "\(none.error)")
  }

  @Test func catalogs() throws {
    #expect(try lethe("list", "methods").out.contains("esd "))
    #expect(try lethe("list", "attacks").out.contains("random "))
    #expect(try lethe("list", "samplers").out.contains("dpm++2m"))
    #expect(try lethe("list", "metrics").out.contains("ua "))
    #expect(try lethe("list", "judges").out.contains("emoji"))
  }
}
