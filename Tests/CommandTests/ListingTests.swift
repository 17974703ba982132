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

  /// A model that `apply` wrote says which eraser is in it, and every answer ends with the next command.
  @Test func doctorOfErasedModels() throws {
    let plain = try lethe("doctor", "Models/emoji")
    #expect(plain.out.contains("drawn from prompts") && !plain.out.contains("erased"))
    #expect(plain.error.contains("next: lethe erase Models/emoji --method uce --concept "))
    try Fixtures.temporaryFolder { folder in
      let (run, edited) = (folder.path + "/run", folder.path + "/edited")
      let erased = try lethe("erase", model, "--method", "uce", "--concept", "fox", "--out", run)
      #expect(erased.code == 0, "\(erased.error)")
      #expect(try lethe("apply", model, "--with", run, "--out", edited).code == 0)
      let after = try lethe("doctor", edited)
      #expect(after.out.contains("fox by uce, seed 0; in the weights of the model"))
      #expect(after.error.contains("next: lethe generate \(edited) --prompt fox"))
    }
  }

  /// Details have the meaning of each option, groups' too.
  @Test func meanings() throws {
    let listed = try lethe("list", "methods", "--verbose", "--json").out
    let methods = try #require(
      JSONSerialization.jsonObject(with: Data(listed.utf8)) as? [[String: Any]])
    for method in methods {
      let (details, meanings) = (
        method["details"] as? [String: Any] ?? [:], method["meanings"] as? [String: String] ?? [:]
      )
      for key in details.keys {
        #expect(meanings[key]?.isEmpty == false, "\(method["name"] ?? "") \(key)")
      }
      if details["training"] != nil { #expect(meanings["training.steps"]?.isEmpty == false) }
    }
    let attacks = try lethe("list", "attacks", "Models/emoji", "--verbose").out
    #expect(attacks.contains("random.tokens = ") || attacks.contains("tokens = "))
    #expect(try !lethe("list", "methods", "--json").out.contains("meanings"))
    // An attack without options has no line of them.
    let first = attacks.split(separator: "\n").filter { !$0.hasPrefix(" ") }.prefix(2)
    #expect(first.first?.hasPrefix("none ") == true && first.last?.hasPrefix("random ") == true)
    #expect(!attacks.contains("   = "))
  }

  @Test func catalogs() throws {
    #expect(try lethe("list", "methods").out.contains("esd "))
    #expect(try lethe("list", "attacks").out.contains("random "))
    // Every attack is told in a plain sentence below its name.
    let told = try lethe("list", "attacks").out.split(separator: "\n")
    for (name, summary) in zip(
      told.enumerated().filter { $0.offset % 2 == 0 },
      told.enumerated().filter { $0.offset % 2 == 1 })
    {
      #expect(!name.element.hasPrefix(" ") && summary.element.hasPrefix("  "), "\(name.element)")
    }
    #expect(told.count == 26)
    #expect(try lethe("list", "samplers").out.contains("dpm++2m"))
    #expect(try lethe("list", "metrics").out.contains("ua "))
    #expect(try lethe("list", "judges").out.contains("emoji"))
  }

  /// Measures that commands compute stand with those of the catalog, and no subject is called a theme.
  @Test func measuresOfCommands() throws {
    let text = try lethe("list", "metrics").out
    for name in ["unrecognised", "shown", "kept", "asr", "pre-asr", "success"] {
      #expect(
        text.split(separator: "\n").contains {
          $0.hasPrefix("\(name) ") && $0.contains("is better)")
        },
        "\(name)")
    }
    #expect(!text.lowercased().contains("theme"), "\(text)")
  }

  /// The concepts of a model, with those that its options were chosen on.
  @Test func conceptsOfAModel() throws {
    let text = try lethe("list", "concepts", "Models/emoji").out
    let lines = text.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true)
    }
    #expect(lines.count == 89)
    #expect(text.contains("noto style") && text.contains("four leaf clover"))
    let json = try #require(
      JSONSerialization.jsonObject(
        with: Data(try lethe("list", "concepts", "Models/emoji", "--json").out.utf8))
        as? [[String: Any]])
    func details(_ name: String) -> [String: Any]? {
      json.first { $0["name"] as? String == name }?["details"] as? [String: Any]
    }
    #expect(details("fox")?["development"] as? Bool == true)
    #expect(details("cat")?["development"] as? Bool == false)
    #expect(details("symbola style")?["kind"] as? String == "style")
    let none = try lethe("list", "concepts")
    #expect(none.code == 2 && none.error.contains("accepted: list concepts MODEL"), "\(none.error)")
    let bare = try lethe("list", "concepts", model)
    #expect(bare.code == 4 && bare.error.contains("themes.json"), "\(bare.error)")
  }

  /// Judges of every kind in a folder: a CLIP, a classifier, an ONNX file in a folder and one that lies open.
  @Test func judgesOfAFolder() throws {
    try Fixtures.temporaryFolder { folder in
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      for name in ["tiny-clip", "tiny-vit"] {
        try FileManager.default.copyItem(at: Fixtures.url(name), to: place(name))
      }
      try Data(#"{"licence": "MIT"}"#.utf8).write(to: place("tiny-vit/judge.json"))
      try FileManager.default.createDirectory(at: place("onnx"), withIntermediateDirectories: true)
      for name in ["onnx/model.onnx", "open.onnx"] {
        try FileManager.default.copyItem(
          at: Fixtures.url("onnx/classifier.onnx"), to: place(name))
      }
      let listed = try lethe("list", "judges", "--judges", folder.path, "--verbose").out
      for name in ["clip:", "classifier:"] {
        #expect(listed.contains("\(name)\(folder.path)/tiny-"), "\(listed)")
      }
      #expect(listed.contains("11 labels") && listed.contains("MIT"))
      for name in ["onnx/model.onnx", "open.onnx"] {
        #expect(listed.contains("onnx:\(folder.path)/\(name)"), "\(listed)")
      }
    }
  }
}
