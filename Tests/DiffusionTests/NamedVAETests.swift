// A VAE beside a model, and checkpoints that come without one.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct NamedVAETests {
  /// A checkpoint without a VAE is read, draws nothing alone, and draws the folder's pictures with the folder's VAE, in
  /// whichever form that is named.
  @Test func withoutVAE() throws {
    let model = try SingleFileTests.small()
    try Fixtures.temporaryFolder { folder in
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      let (file, own) = (place("m.safetensors"), place("model"))
      try model.writeSingleFile(to: file, dtype: .float32, title: "small")
      try model.save(to: own)
      let all = try SafeTensors.load(file)
      let prefix = "first_stage_model."
      let original = all.filter { $0.key.hasPrefix(prefix) }
      try SafeTensors.write(all.filter { !$0.key.hasPrefix(prefix) }, to: file)
      var options = SamplingOptions()
      (options.sampler, options.steps, options.width, options.height) = ("model", 2, 16, 16)
      func pictures(_ model: DiffusionModel) throws -> [Image] {
        try model.images(["a cat"], seeds: [1], options)
      }
      let alone = try DiffusionModel.load(file)
      #expect(alone.layout.index["vae"] == [.null, .null])
      #expect(
        alone.parameters.paths == model.parameters.paths.filter { $0.components.first != "vae" })
      for refused in [{ _ = try pictures(alone) }, { try alone.save(to: place("no")) }] {
        let error = #expect(throws: LetheError.self) { try refused() }
        #expect(error?.kind == .request && error?.sentence.contains("--vae") == true)
      }
      #expect(!FileManager.default.fileExists(atPath: place("no").path))
      // Written as it came.
      try alone.writeSingleFile(to: place("again.safetensors"), dtype: .float32, title: "again")
      let again = try DiffusionModel.load(place("again.safetensors"))
      #expect(again.parameters.paths == alone.parameters.paths)
      let bare = place("bare.safetensors")
      try SafeTensors.write(
        Dictionary(
          uniqueKeysWithValues: original.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        ).merging(["loss.logvar": Tensor.zeros([])]) { $1 }, to: bare)
      try SafeTensors.write(original, to: place("checkpoint.safetensors"))
      for vae in [
        own.appendingPathComponent("vae"), own, bare, place("checkpoint.safetensors"),
        own.appendingPathComponent("vae/diffusion_pytorch_model.safetensors"),
      ] {
        #expect(
          try pictures(DiffusionModel.load(file, vae: vae)) == pictures(model), "\(vae.path)")
      }
      // Another VAE in the place of a folder's own is another model, with the scale of the model's latents.
      var changed = try SafeTensors.load(bare)
      changed["decoder.conv_out.bias"] = Tensor.full([3], 0.5)
      try SafeTensors.write(changed, to: bare)
      let scale = own.appendingPathComponent("vae/config.json")
      var config = try JSON(contentsOf: scale)
      config["scaling_factor"] = 0.5
      try Data(config.pretty.utf8).write(to: scale)
      let other = try DiffusionModel.load(own, vae: bare)
      #expect(try other.codec.scalingFactor == 0.5 && pictures(other) != pictures(model))
      func sentence(_ vae: URL) -> String {
        (#expect(throws: LetheError.self) { try DiffusionModel.load(file, vae: vae) })?.sentence
          ?? ""
      }
      changed["encoder.extra"] = Tensor.zeros([1])
      try SafeTensors.write(changed, to: bare)
      #expect(sentence(bare).contains("'encoder.extra'"))
      #expect(sentence(file).contains("has no VAE"))
      #expect(sentence(place("nowhere")).contains("--vae: there is no file"))
      #expect(sentence(folder).contains("has no config.json"))
      #expect(sentence(own.appendingPathComponent("unet")).contains("UNet2DConditionModel"))
    }
  }
}
