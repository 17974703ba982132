// The folder of --out: previews refuse what the command refuses, a folder of other work is left alone, and a refused command
// leaves nothing.
import Foundation
import TestSupport
import Testing
import Torch

@testable import LetheCommands

@Suite struct OutPlaceTests: RunsProgram {
  private static let clip = "clip:" + Fixtures.url("tiny-clip").path

  private func run(_ words: [String]) throws -> (code: Int32, error: String) {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = words
    process.currentDirectoryURL = Fixtures.package
    let error = Pipe()
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, error)
    try process.run()
    let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  private func show(_ place: String) throws -> [String: String] {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = ["show", place, "--json"]
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let data = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode([String: String].self, from: data)
  }

  /// A run of a closed form on the tiny model.
  private func erased(_ folder: URL, _ name: String = "run") throws -> String {
    let out = folder.path + "/" + name
    let words = [
      "erase", model, "--method", "uce", "--concept", "fox", "--kind", "object", "--threads", "1",
      "--out", out,
    ]
    #expect(try run(words).code == 0)
    return out
  }

  /// Every file with its content, and every folder.
  private func tree(_ folder: URL) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data())
      })
  }

  /// Commands that make a folder of their own.
  private func making(_ run: String) -> [[String]] {
    let fox = ["--concept", "fox", "--kind", "object"]
    let small = ["--judge", Self.clip, "--steps", "1"]
    return [
      ["erase", model, "--method", "uce"] + fox, ["generate", model, "--prompt", "x"],
      ["make-set", model] + fox, ["evaluate", model],
      ["evaluate", model, "--with", run] + small,
      ["evaluate", Fixtures.url("pictures").path, "--concept", "fox", "--judge", Self.clip],
      ["audit", model, "--with", run, "--judge", Self.clip],
      ["bench", model, "--methods", "uce"] + fox + small,
      ["bench", "robustness", model, "--methods", "uce", "--attacks", "none"] + fox + small,
      ["bench", "relearning", model, "--methods", "uce"] + fox + small,
      [
        "train", Fixtures.package.appendingPathComponent("Models/judges/emoji/recipe.json").path,
      ],
    ]
  }

  @Test func previewsRefusePlacesLikeTheCommand() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      let file = folder.path + "/letter.txt"
      try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
      let places: [(String, Int32)] = [(file, 2), (file + "/runs/x", 5), ("/proc/lethe/x", 5)]
      for words in making(run) {
        for (place, code) in places {
          let real = try self.run(words + ["--out", place])
          let preview = try self.run(words + ["--out", place, "--dry-run"])
          #expect(real.code == code && preview.code == code, "\(words): \(real), \(preview)")
          #expect(
            preview.error.split(separator: "\n").last == real.error.split(separator: "\n").last)
        }
      }
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    }
  }

  /// A file, or a link that leads elsewhere, where the pictures or results of a run belong.
  @Test func previewsRefusePartsLikeTheCommand() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      let small = ["--judge", Self.clip, "--quick"]
      let commands: [(words: [String], part: String)] = [
        (["evaluate", run] + small, "original"), (["evaluate", run] + small, "erased"),
        (["attack", run, "--attack", "none"] + small, "attack"),
        (["relearn", run] + small, "relearn"),
      ]
      for (words, part) in commands {
        let place = URL(fileURLWithPath: run).appendingPathComponent(part)
        for (code, make) in [
          (5, { try Data().write(to: place) }),
          (
            4,
            {
              try FileManager.default.createSymbolicLink(
                at: place, withDestinationURL: folder)
            }
          ),
        ] as [(Int32, () throws -> Void)] {
          try make()
          let (real, preview) = (try self.run(words), try self.run(words + ["--dry-run"]))
          #expect(real.code == code && preview.code == code, "\(words): \(real), \(preview)")
          #expect(real.error == preview.error)
          try FileManager.default.removeItem(at: place)
        }
      }
    }
  }

  /// A command goes on with its own work alone, and nothing is written into a model.
  @Test func foldersOfOtherWork() throws {
    try Fixtures.temporaryFolder { folder in
      func made(_ name: String, _ files: [String: String]) throws -> String {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (file, text) in files {
          try Data(text.utf8).write(to: place.appendingPathComponent(file))
        }
        return place.path
      }
      func identity(_ command: String) -> String {
        "{\"command\": \"\(command)\", \"request\": {}, \"hash\": \"0\"}"
      }
      let copy = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: URL(fileURLWithPath: model), to: copy)
      let link = folder.appendingPathComponent("link")
      try FileManager.default.createSymbolicLink(
        at: link, withDestinationURL: copy.appendingPathComponent("unet"))
      let run = try erased(folder)
      let audit = try made("audit", ["identity.json": identity("audit"), "results.json": "{}"])
      let bench = try made("bench", ["results.json": "{\"kind\": \"bench methods\"}"])
      let set = try made("set", ["erasers.json": "{}"])
      let before = try tree(folder)
      for (place, what) in [
        (run, "a run of `lethe erase`"), (audit, "an audit of `lethe audit`"),
        (bench, "a benchmark of `lethe bench`"), (set, "a set of erasers"),
        (copy.path, "a model"), (copy.path + "/unet", "in the folder of the model \(copy.path)"),
        (copy.path + "/runs/x", "in the folder of the model \(copy.path)"),
        (link.path + "/x", "in the folder of the model \(copy.path)"),
      ] {
        let all = making(run) + [["compare", run, run], ["apply", model, "--with", run]]
        // Each command once in an audit; a few of them in the other places.
        for (i, words) in all.enumerated() where place == audit || i % 5 == 2 {
          let isOwn =
            words[0] == "erase" && place == run || words[0] == "audit" && place == audit
            || words[0] == "bench" && place == bench || words[0] == "apply" && place == copy.path
          guard !isOwn else { continue }
          let refused = try self.run(words + ["--out", place])
          #expect(
            refused.code == 2 && refused.error.hasPrefix("lethe: --out: \(place) is \(what)"),
            "\(words) \(place): \(refused)")
        }
      }
      #expect(try tree(folder) == before)
    }
  }

  /// A folder that holds a run's part or a picture beside files of other programs is nobody's own; the folder of a request
  /// stays that request's.
  @Test func foldersWithStrangeFiles() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      func made(_ name: String, _ copies: [String: URL]) throws {
        try FileManager.default.createDirectory(at: place(name), withIntermediateDirectories: true)
        for note in ["notes.txt", "taxes.ods", "z.csv", "zz.csv"] {
          try Data("mine".utf8).write(to: place("\(name)/\(note)"))
        }
        for (file, source) in copies {
          try FileManager.default.copyItem(at: source, to: place("\(name)/\(file)"))
        }
      }
      let picture = Fixtures.url("version-0.1/picture.png")
      try made("beside", ["fox": URL(fileURLWithPath: run)])
      try made("picture", ["0_0.png": picture])
      try made("both", ["fox": URL(fileURLWithPath: run), "0_0.png": picture])
      for name in ["beside", "picture", "both"] {
        let before = try tree(place(name))
        for words in making(run) + [["compare", run, run]] {
          let refused = try self.run(words + ["--out", place(name).path])
          #expect(refused.code == 2, "\(words): \(refused)")
          #expect(
            refused.error.contains("notes.txt") || refused.error.contains("such as fox, notes.txt"),
            "\(refused)")
        }
        #expect(try tree(place(name)) == before)
      }
      let refused = try self.run(making(run)[4] + ["--out", place("both").path])
      #expect(
        refused.error
          == "lethe: --out: \(place("both").path) holds files that lethe did not write, such as notes.txt, taxes.ods, z.csv "
          + "and 1 more, beside some that it did; accepted: a new folder, an empty one, or one that lethe made\n",
        "\(refused)")
      // A run goes on beside a note of its owner.
      try Data("mine".utf8).write(to: URL(fileURLWithPath: run).appendingPathComponent("notes.txt"))
      _ = try erased(folder)
      #expect(FileManager.default.fileExists(atPath: run + "/notes.txt"))
    }
  }

  /// A model, or a file, that `apply` did not write for the same request stays as it is without --overwrite, and a file of
  /// somebody else stays with it.
  @Test func appliedModelsReplaceNoOthers() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      func apply(_ more: String...) throws -> (code: Int32, error: String) {
        try self.run(["apply", model, "--with", run, "--threads", "1", "-q"] + more)
      }
      let mine = place("mine")
      try FileManager.default.copyItem(at: URL(fileURLWithPath: model), to: mine)
      try Data("mine".utf8).write(to: mine.appendingPathComponent("unet/notes.txt"))
      let before = try tree(mine)
      let refused = try apply("--out", mine.path)
      #expect(
        refused.code == 2
          && refused.error
            == "lethe: --out: \(mine.path) holds a model of another request; choose another folder, or give --overwrite "
            + "to replace it\n",
        "\(refused)")
      #expect(try tree(mine) == before)
      // Weights that would stay, such as those of the model before in half precision.
      let weights = mine.appendingPathComponent("unet/diffusion_pytorch_model.safetensors")
      let half = mine.appendingPathComponent("unet/diffusion_pytorch_model.fp16.safetensors")
      try FileManager.default.copyItem(at: weights, to: half)
      let stays = try apply("--out", mine.path, "--overwrite")
      #expect(
        stays.code == 2
          && stays.error.hasPrefix("lethe: --overwrite: \(half.path) is of the model"),
        "\(stays)")
      try FileManager.default.removeItem(at: half)
      #expect(try tree(mine) == before)
      #expect(try apply("--out", mine.path, "--overwrite").code == 0)
      let after = try tree(mine)
      #expect(Set(before.keys).subtracting(after.keys).isEmpty)
      #expect(after["unet/notes.txt"] == Data("mine".utf8) && after["erased.json"] != nil)
      // The same request again, and one that a kill left unfinished.
      #expect(try apply("--out", mine.path).code == 0)
      try FileManager.default.removeItem(at: mine.appendingPathComponent("model_index.json"))
      #expect(try apply("--out", mine.path).code == 0)
      #expect(try tree(mine) == after)
      // Another strength is another request.
      let other = try self.run(
        ["apply", model, "--with", run + ":0.5", "--out", mine.path, "--threads", "1"])
      #expect(other.code == 2 && other.error.contains("holds a model of another request"))
      // A model of another kind, whose second tokenizer and text encoder, and words of the first, would stay.
      let strange = place("strange")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sdxl"), to: strange)
      let all = try tree(strange)
      let kind = try apply("--out", strange.path, "--overwrite")
      #expect(
        kind.code == 2 && kind.error.contains("\(strange.path)/text_encoder_2/config.json is of"),
        "\(kind)")
      for name in ["text_encoder_2", "tokenizer_2"] {
        try FileManager.default.removeItem(at: strange.appendingPathComponent(name))
      }
      let words = try apply("--out", strange.path, "--overwrite")
      #expect(words.code == 2 && words.error.contains("/tokenizer/"), "\(words)")
      #expect(try tree(strange).count < all.count)
      // Files.
      for option in ["--out", "--lora"] {
        let file = place("file\(option).safetensors")
        try Data("mine".utf8).write(to: file)
        let refused = try apply(option, file.path)
        #expect(
          refused.code == 2
            && refused.error
              == "lethe: \(option): \(file.path) is there already and has other contents; choose another file, or give "
              + "--overwrite to replace it\n",
          "\(refused)")
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
        #expect(try apply(option, file.path, "--overwrite").code == 0)
        #expect(try apply(option, file.path).code == 0)
      }
    }
  }

  /// Names that no file system takes are refused before anything looks at them, and hints can be typed again.
  @Test func strangeNames() throws {
    let long = String(repeating: "a", count: 256)
    let deep = String(repeating: "a/", count: 2100)
    for words in making("x").prefix(3) + [["apply", model, "--with", "x"], ["compare", "x", "y"]] {
      let name = try run(words + ["--out", long])
      #expect(
        name.code == 2 && name.error.hasPrefix("lethe: --out: a name of 256 bytes, 'aaaa"),
        "\(name)")
      let path = try run(words + ["--out=" + deep])
      #expect(
        path.code == 2 && path.error.hasPrefix("lethe: --out: a path of 4200 bytes, 'a/a/"),
        "\(path)")
    }
    try Fixtures.temporaryFolder { folder in
      let process = Process()
      process.executableURL = Self.program
      process.arguments = [
        "erase", model, "--method", "uce", "--concept", "fox", "--kind", "object", "--threads", "1",
        "--out=-x",
      ]
      process.currentDirectoryURL = folder
      let error = Pipe()
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, error)
      try process.run()
      let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let hint = text.split(separator: "\n").first { $0.hasPrefix("next: lethe ") }
      #expect(hint?.contains(" ./-x") == true, "\(text)")
    }
  }

  /// A command that is refused late, after its folder was claimed, leaves no file and no folder.
  @Test func refusedCommandsLeaveNothing() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      let empty = folder.path + "/empty"
      try FileManager.default.createDirectory(
        atPath: empty, withIntermediateDirectories: true)
      let (judge, out) = (["--judge", Self.clip], ["--out", folder.path + "/new/out"])
      let fox = ["--concept", "fox", "--kind", "object"]
      let nowhere = folder.path + "/nowhere"
      let commands: [[String]] = [
        ["relearn", run, "--data", empty] + judge, ["relearn", run, "--data", nowhere] + judge,
        ["relearn", run, "--judge", "clip:" + empty],
        ["relearn", run, "--set", "pictures=0"] + judge,
        ["attack", run, "--attack", "ringabell", "--pairs", nowhere] + judge,
        ["attack", run, "--attack", "none", "--judge", "clip:" + empty],
        ["attack", run, "--attack", "none", "--prompts", nowhere] + judge,
        ["evaluate", run, "--judge", "clip:" + empty],
        ["evaluate", run, "--measure", "inception:" + nowhere] + judge,
        ["evaluate", model, "--with", run, "--measure", "inception:" + nowhere] + judge + out,
        ["evaluate", model] + out,
        ["audit", model, "--with", run, "--measure", "inception:" + nowhere] + judge + out,
        ["audit", model, "--with", run, "--prompts", nowhere] + judge + out,
        ["bench", model, "--methods", "uce", "--judge", "clip:" + empty] + fox + out,
        ["bench", model, "--methods", "esd", "--set", "esd.training.steps=-1"] + fox + judge + out,
        ["make-set", model, "--others", "cat"] + out, ["make-set", model] + out,
        ["generate", model, "--prompt", "x", "--width", "7"] + out,
        ["erase", model, "--method", "erasediff", "--forget-images", empty] + fox + out,
        ["erase", model, "--method", "esd", "--set", "training.steps=-1"] + fox + out,
        ["compare", run, nowhere] + out, ["report", empty],
        ["apply", model, "--with", empty] + out,
        [
          "train", Fixtures.package.appendingPathComponent("Models/judges/emoji/recipe.json").path,
          "--data", empty,
        ] + out,
      ]
      let before = try tree(folder)
      for words in commands {
        let refused = try self.run(words + ["--threads", "1"])
        #expect([2, 4].contains(refused.code), "\(words): \(refused)")
        let after = try tree(folder)
        let more = Set(after.keys).subtracting(before.keys).sorted()
        #expect(after == before, "\(words): \(more), \(refused.error)")
        for name in more { try? FileManager.default.removeItem(atPath: folder.path + "/" + name) }
      }
    }
  }

  /// A record that is cut off is named by every command that reads the run, with the way out of it.
  @Test func aBrokenIdentityIsNamed() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try erased(folder)
      let file = URL(fileURLWithPath: run).appendingPathComponent("identity.json")
      let whole = try Data(contentsOf: file)
      for data in [Data(), whole.prefix(100), Data("[]".utf8)] {
        try data.write(to: file)
        for words in [
          ["evaluate", run, "--judge", Self.clip, "--dry-run"],
          ["attack", run, "--attack", "none", "--judge", Self.clip, "--dry-run"],
          [
            "erase", model, "--method", "uce", "--concept", "fox", "--kind", "object", "--out", run,
          ],
        ] {
          let refused = try self.run(words + ["-q"])
          #expect(
            refused.code == 4 && refused.error.hasPrefix("lethe: \(file.path): ")
              && refused.error.hasSuffix("; remove it, then give the same command again\n")
              && refused.error.split(separator: "\n").count == 1,
            "\(refused)")
        }
        // Everything that can be read is shown.
        let shown = try show(run)
        #expect(shown["identity"]?.hasPrefix("broken: \(file.path): ") == true, "\(shown)")
        #expect(shown["concepts"] == "fox" && shown["method"] == "uce" && shown["changes"] != nil)
      }
      // The way out of it: the record is written anew, and is the same.
      try FileManager.default.removeItem(at: file)
      _ = try erased(folder)
      #expect(try Data(contentsOf: file) == whole)
    }
  }
}
