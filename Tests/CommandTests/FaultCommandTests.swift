// Exit codes and one-line errors.
import Foundation
import TestSupport
import Testing

@Suite struct FaultCommandTests: RunsProgram {
  /// Each failure has its exit code and one sentence, and leaves no half-written file.
  @Test func badDays() throws {
    try Fixtures.temporaryFolder { folder in
      func out(_ name: String) -> String { folder.appendingPathComponent(name).path }
      try Data("case_number,prompt,evaluation_seed\n0,a\n".utf8).write(
        to: folder.appendingPathComponent("bad.csv"))
      try Data("prompt,seed\n".utf8).write(to: folder.appendingPathComponent("head.csv"))
      try Data("prompt,height\na,8\nb,13\n".utf8).write(
        to: folder.appendingPathComponent("size.csv"))
      try Data("{\"kind\":\"stable-diffusion\",\"tokeniser\":{}}".utf8).write(
        to: folder.appendingPathComponent("bad.json"))
      try FileManager.default.createDirectory(
        atPath: out("full"), withIntermediateDirectories: true)
      let cases: [([String], Int32, String)] = [
        (
          ["generate", "/nonexistent", "--prompt", "x", "--out", out("a")], 2,
          "there is no folder /nonexistent"
        ),
        (
          ["generate", model, "--prompts", out("bad.csv"), "--out", out("a")], 4,
          "line 2: 2 fields; accepted: 3, as the header has"
        ),
        (
          ["generate", model, "--prompts", out("head.csv"), "--out", out("a")], 4,
          "head.csv: it has no rows; accepted: a CSV"
        ),
        (
          ["generate", model, "--prompts", out("size.csv"), "--dry-run", "--out", out("a")], 4,
          "size.csv: line 3: height '13'; accepted: multiples of"
        ),
        (
          [
            "erase", model, "--method", "uce", "--concept", "x", "--prompts", out("head.csv"),
            "--out", out("a"),
          ], 4, "head.csv: it has no rows; accepted: a CSV"
        ),
        (
          ["generate", model, "--prompt", "x", "--sampler", "dimm", "--out", out("a")], 2,
          "unknown sampler 'dimm'; did you mean 'ddim'? known: ddim"
        ),
        (
          ["generate", model, "--prompt", "x", "--out", "/proc/lethe/out"], 5,
          "cannot write /proc/lethe/out"
        ),
        (
          ["generate", model, "--prompt", "x", "--device", "tpu", "--out", out("a")], 2,
          "unknown device 'tpu'"
        ),
        (
          ["erase", model, "--method", "edd", "--concept", "x", "--out", out("b")], 2,
          "did you mean 'esd'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set", "training.step=1",
            "--out", out("b"),
          ], 2, "did you mean 'training.steps'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set", "parameters=xatn",
            "--out", out("c"),
          ], 2, "did you mean 'xattn'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set",
            "training.learningRate=1e30", "--set", "guarding.limit=0", "--set", "trajectorySteps=3",
            "--set", "trajectories=1", "--set", "training.steps=50", "--out", out("d"),
          ], 6, "no finite number at step"
        ),
        (
          ["train", out("bad.json"), "--out", out("e")], 2,
          "unknown key 'tokeniser'; did you mean 'tokenizer'"
        ),
        (["evaluate", out("nothing")], 2, "job.json"),
        (["erase", model, "--method", "esd"], 2, "--concept"),
        (
          [
            "generate", model, "--prompt", "x", "--seed", "18446744073709551614", "--count", "4",
            "--out", folder.appendingPathComponent("seeds").path,
          ], 2, "accepted: at most 18446744073709551612"
        ),
        (
          ["evaluate", model, "--prompts", "coco", "--out", out("pairs")], 2,
          "--prompts: it has no effect on a model, whose own subjects are drawn; accepted there: none of"
        ),
        (
          ["evaluate", model, "--with", "runs/none", "--active", "fox", "--out", out("sum")], 2,
          "--active: it has no effect on a model with erasers"
        ),
        (["evalute", "x"], 2, "unknown command 'evalute'; did you mean 'evaluate'?"),
        (
          [
            "generate", model, "--prompts", Fixtures.url("pictures/lossy.webp").path, "--out",
            out("a"),
          ], 4,
          "it is a WebP picture; accepted: a text in UTF-8"
        ),
        (["generate", model, "--prompt", "x", "--out", out("bad.csv")], 2, "is a text, no folder"),
        (
          ["show", "Models/emojy"], 2,
          "there is nothing at Models/emojy; did you mean 'Models/emoji'?"
        ),
      ]
      for (arguments, code, sentence) in cases {
        let result = try run(arguments)
        #expect(result.code == code, "\(arguments): \(result.error)")
        #expect(result.error.contains(sentence), "\(arguments): \(result.error)")
      }
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(
        left.filter {
          $0.hasSuffix(".tmp") || $0.contains("eraser.safetensors") || $0.hasSuffix(".png")
        }
        .isEmpty)
    }
  }

  /// A card of a stranger's eraser moves no cursor.
  @Test func namesReachTheTerminalWithoutEscapes() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let card =
        #"{\"base\":\"00\",\"concepts\":[\"fox\\u001b[2J\\nlethe: all is well\"],"#
        + #"\"method\":\"esd\",\"options\":{},\"seed\":0,\"version\":\"0.1.0\"}"#
      var header = Data(
        (#"{"__metadata__":{"format":"lethe-increment-1","lethe":"\#(card)"},"#
          + #""unet.conv_in.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#).utf8)
      while header.count % 8 != 0 { header.append(32) }
      var length = UInt64(header.count).littleEndian
      try (Data(bytes: &length, count: 8) + header + Data(count: 4)).write(to: file)
      let done = try lethe(
        "generate", model, "--with", file.path, "--prompt", "fox", "--steps", "1", "--out",
        folder.appendingPathComponent("out").path)
      #expect(done.code == 2 && done.error.contains("was made for model"), "\(done.error)")
      #expect(!done.error.contains("\u{1B}") && done.error.contains("\\u{1B}[2J"))
      #expect(done.error.split(separator: "\n").filter { $0.hasPrefix("lethe: ") }.count == 1)
    }
  }
}
