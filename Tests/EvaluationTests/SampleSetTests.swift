import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct SampleSetTests {
  @Test func manifestsDecideWhatIsMissing() throws {
    try Fixtures.temporaryFolder { folder in
      let a = SampleSet.Sample("0", 0, prompt: "a fox", seed: 1)
      var b = SampleSet.Sample("1", 0, prompt: "an owl", seed: 1)
      func manifest(_ samples: [SampleSet.Sample], _ model: String = "m") -> SampleSet.Manifest {
        .init(sampling: .init(), model: model, erasers: [], samples: samples)
      }
      let set = try SampleSet.create(folder, manifest([a, b]))
      for s in [a, b] {
        try PNG.write(
          Image.grey(2, 2), text: [("parameters", s.prompt)], to: set.url(s))
      }
      #expect(try SampleSet.create(folder, manifest([a, b])).missing.isEmpty)
      b.seed = 2
      #expect(try SampleSet.create(folder, manifest([a, b])).missing == [b])
      #expect(try SampleSet.create(folder, manifest([a, b], "other")).missing == [a, b])
    }
  }

  /// Names in a manifest reach no file outside of its folder.
  @Test(arguments: ["../album/photo", "/tmp/photo", "a/../b", "a/b"])
  func manifestsNameFilesOfTheirFolder(_ number: String) throws {
    try Fixtures.temporaryFolder { folder in
      let album = folder.appendingPathComponent("album")
      try FileManager.default.createDirectory(at: album, withIntermediateDirectories: true)
      let photo = album.appendingPathComponent("photo_1.png")
      try Data("precious".utf8).write(to: photo)
      func manifest(_ number: String) -> SampleSet.Manifest {
        let sample = SampleSet.Sample(number, 1, prompt: "a fox", seed: 1)
        return .init(sampling: .init(), model: "m", erasers: [], samples: [sample])
      }
      let out = folder.appendingPathComponent("out")
      #expect(throws: LetheError.self) { try SampleSet.create(out, manifest(number)) }
      _ = try SampleSet.create(out, manifest("photo"))
      let hostile = try JSON(encoding: manifest(number)).pretty
      try Data(hostile.utf8).write(to: out.appendingPathComponent("manifest.json"))
      let error = #expect(throws: LetheError.self) { try SampleSet(out) }
      #expect(error?.kind == .model && error?.sentence.contains("manifest.json") == true)
      _ = try? SampleSet.create(out, manifest("0"))
      #expect(try Data(contentsOf: photo) == Data("precious".utf8))
    }
  }
}
