// Models with classes, and options of methods by `--set` and methods.json.
import Foundation
import TestSupport
import Testing

@Suite struct ClassCommandTests: RunsProgram {
  /// A model with classes draws, erases, and refuses words and unknown classes.
  @Test func classes() throws {
    try Fixtures.temporaryFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let animals = "Models/animals"
      let drawn = try lethe(
        "generate", animals, "--prompt", "zebra", "--steps", "4", "--guidance", "1.5", "--out",
        path("zebra"))
      #expect(drawn.code == 0 && FileManager.default.fileExists(atPath: path("zebra/0_0.png")))
      let tiger = try lethe("generate", animals, "--prompt", "tiger", "--out", path("tiger"))
      #expect(tiger.code == 4 || tiger.code == 2)
      #expect(tiger.error.contains("no class 'tiger'") && tiger.error.contains("zebra"))
      let uce = try lethe(
        "erase", animals, "--method", "uce", "--concept", "zebra", "--out", path("uce"))
      #expect(uce.code != 0 && uce.error.contains("asked in words"))
      // --set overrides methods.json.
      let dry = try lethe(
        "erase", animals, "--method", "erasediff", "--concept", "zebra", "--data", path("zebra"),
        "--set",
        "training.steps=7", "--out", path("dry"), "--dry-run")
      #expect(dry.code == 0 && dry.out.contains("\"steps\" : 7"))
      #expect(!dry.out.contains("\"learningRate\" : 1e-05"))
      // The U-Net has 8,941,072 numbers of four bytes. Five copies stay in memory with offloading.
      let meta = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--concept", "fox", "--preserve", "others",
        "--set",
        "training.offload=true", "--set", "picturesInPass=1", "--out", path("meta"), "--dry-run")
      #expect(meta.code == 0 && meta.error.contains("memory: 179 MB for 5 copies"))
      // methods.json has options for the pair and for the inner method.
      let rece = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--set", "base=rece", "--concept", "fox",
        "--preserve", "others", "--out", path("rece"), "--dry-run")
      #expect(rece.out.contains("\"pull\" : 0.2") && rece.out.contains("\"keep\" : 1"))
      #expect(rece.out.contains("\"regularization\" : 0.0001"))
      let stray = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--set", "base=sdd", "--set",
        "options.walkz=3", "--concept", "fox", "--out", path("stray"), "--dry-run")
      #expect(stray.code == 2 && stray.error.contains("options of sdd: unknown key 'walkz'"))
      let bench = try lethe(
        "bench", "forgetting", animals, "--class", "tiger", "--data", "x", "--out",
        path("bench"))
      #expect(bench.code == 2 && bench.error.contains("'tiger' is no class"))
      let both = try lethe(
        "erase", animals, "--method", "erasediff", "--concept", "zebra", "--data", "x",
        "--retain-images", "y", "--out", path("both"))
      #expect(both.code == 2 && both.error.contains("--data"))
    }
  }
}
