// Pictures at a time, by memory.
import Diffusion
import TestSupport
import Testing
import Torch

@Suite struct BatchSizeTests {
  /// Half of the memory, less the weights, holds pictures of 10 maps of 128 channels at their size.
  @Test func memoryDecides() {
    let pixels = 512 * 512
    let picture = pixels * 10 * 128 * 4
    func batch(_ limit: Int, memory: Int, weights: Int = 4 << 30) -> Int {
      DiffusionModel.batch(atMost: limit, pixels: pixels, weights: weights, memory: memory)
    }
    #expect(batch(16, memory: 80 << 30) == 16)
    #expect(batch(64, memory: 2 * (4 << 30) + 2 * 5 * picture) == 5)
    #expect(batch(64, memory: 2 * (4 << 30) + 2 * 5 * picture - 2) == 4)
    #expect(batch(64, memory: 2 * 5 * picture, weights: 0) == 5)
    // A device that does not say, or has too little, draws one by one.
    #expect(batch(16, memory: 0) == 1)
    #expect(Device.cpu.memory > 1 << 30)
  }

  /// Half of the memory, less the weights and what trains beside them, holds noisy pictures.
  @Test func memoryDecidesInTraining() throws {
    let picture = 64 * 64 * DiffusionModel.bytesOfLatent
    func together(_ memory: Int) -> Int {
      DiffusionModel.trainedAtOnce(latents: 64 * 64, weights: 16 << 30, memory: memory)
    }
    #expect(together(2 * (16 << 30) + 2 * 5 * picture) == 5)
    #expect(together(2 * (16 << 30) + 2 * 5 * picture - 2) == 4)
    #expect(together(0) == 1)
    #expect(try DiffusionModel.load(Fixtures.url("tiny-sd1")).trainedAtOnce == nil)
  }

  /// Activations are kept where half of the memory holds them beside the weights, and computed again where not.
  @Test func memoryDecidesWhetherBlocksAreComputedAgain() throws {
    let (latents, weights) = (8 * 64 * 64, 18 << 30)
    let needed = weights + latents * DiffusionModel.bytesOfKeptLatent
    func again(_ memory: Int) -> Bool {
      DiffusionModel.recomputes(latents: latents, weights: weights, memory: memory)
    }
    #expect(!again(2 * needed))
    #expect(again(2 * needed - 2) && again(0))
    #expect(try !DiffusionModel.load(Fixtures.url("tiny-sd1")).recomputes(pictures: 1 << 20))
  }

  /// The sentence has four bytes for each number that a training holds.
  @Test func theSentenceCountsTheTraining() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func sentence(_ numbers: Int) -> String {
      model.memorySentence(batch: 1, step: .init(pictures: 2, numbers: numbers))
    }
    #expect(sentence(1_250_000_000).contains("training 5.00 GB"), "\(sentence(1_250_000_000))")
    #expect(!sentence(0).contains("training") && sentence(0).contains("a step of 2 "))
    func whole(_ frozen: ComputeType?, _ passes: Int) -> String {
      model.memorySentence(batch: 1, frozen: frozen, step: .init(pictures: 2, passes: passes))
    }
    #expect(whole(.float16, 2).contains("a step of 2 x 2 "))
    #expect(whole(.float16, 1).contains("the original in float16 "))
    #expect(!whole(.float32, 1).contains("original") && !whole(nil, 1).contains("original"))
  }

  /// Small models take the limit, whatever the memory.
  @Test func smallModelsTakeTheLimit() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(!model.isLarge && model.batch(atMost: 7) == 7)
  }
}
