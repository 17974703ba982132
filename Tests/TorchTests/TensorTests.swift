import Foundation
import TestSupport
import Testing
import Torch

@Suite struct TensorTests {
  @Test func numbersComeBack() {
    let x = Tensor([1.5, -2, 3] as [Float])
    #expect(x.shape == [3] && x.dtype == .float32 && x.floats == [1.5, -2, 3])
    #expect(Tensor([1, 2, 3, 4], [2, 2]).ints == [1, 2, 3, 4])
    #expect(x.to(.bfloat16).to(.float32).floats == [1.5, -2, 3])
    #expect((2 * x + 1).floats == [4, -3, 7])
    #expect((1 - x).floats == [-0.5, 3, -2])
    #expect((x / 2).floats == [0.75, -1, 1.5])
    #expect(x[0, at: 1].item == -2)
  }

  @Test func viewsShareMemory() {
    let x = Tensor.zeros([4])
    x.narrowed(0, 1, 2).add(Tensor.ones([2]))
    #expect(x.floats == [0, 1, 1, 0])
    #expect(x.narrowed(0, 0, 1).sharesMemory(with: x) && !x.cloned().sharesMemory(with: x))
  }

  /// The numbers of `torch.Generator().manual_seed(7)`, exactly.
  @Test func seedsMeanPythonsNumbers() throws {
    let golden = try Fixtures.tensors("numbers.safetensors")
    #expect(
      Tensor.randn([2, 20], Generator(seed: 7)).isIdentical(to: try #require(golden["randn.7"])))
    let ints = Tensor.randint(below: 1000, [10], Generator(seed: 7))
    #expect(ints.isIdentical(to: try #require(golden["randint.7"])))
  }

  @Test func generatorStateResumes() {
    let g = Generator(seed: 1)
    _ = Tensor.randn([5], g)
    let state = g.state
    let next = Tensor.randn([5], g)
    g.state = state
    #expect(Tensor.randn([5], g).isIdentical(to: next))
  }

  @Test func firstAndSecondDerivatives() {
    let x = Tensor([2, 3] as [Float])
    x.requiresGradient = true
    let g = gradients(of: x.pow(3), with: [x], createGraph: true)[0]
    #expect(g.floats == [12, 27])
    #expect(gradients(of: g, with: [x])[0].floats == [12, 18])
    let y = Tensor([1] as [Float])
    y.requiresGradient = true
    #expect(sparseGradients(of: x.sum(), with: [x, y])[1] == nil)
  }

  @Test func gradModeIsScoped() {
    let x = Tensor([1] as [Float])
    x.requiresGradient = true
    struct Stop: Error {}
    try? withoutGradients {
      #expect(!recordsGradients)
      withGradients { #expect(recordsGradients) }
      throw Stop()
    }
    #expect(recordsGradients)
  }

  /// Three 8-bit channels come down to one pixel, each to its own mean.
  @Test func picturesOfOnePixel() {
    let picture = (Tensor((0..<48).map { Float($0 * 5) }, [1, 3, 4, 4])).to(.uint8)
    for pixel in [picture.resizedBicubic(1, 1), picture.resized(1, 1)] {
      #expect(pixel.dtype == .uint8 && pixel.shape == [1, 3, 1, 1])
      #expect(pixel.reshaped(3).to(.float32).distance(to: Tensor([Float(38), 118, 198])) == 0)
    }
  }

  @Test func autocastComputesInBFloat16() {
    let a = Tensor.ones([4, 4])
    #expect(autocast(.bfloat16, on: .cpu) { a.matmul(a) }.dtype == .bfloat16)
    #expect(a.matmul(a).dtype == .float32)
  }

  @Test func devicesAreNamed() throws {
    #expect(try Device(parsing: "cpu") == .cpu)
    for text in ["gpu", "cuda:x", "cpu:1", "cuda:0:1", "cuda:99"] {
      #expect(throws: LetheError.self) { try Device(parsing: text) }
    }
    #expect(Device.cpu.peakMemory > 1 << 20)
    #expect(Runtime.version.hasPrefix("2."))
  }

  /// The words of libtorch about a device fit into a line: the first sentence, and libraries by their names.
  @Test func devicesThatCannotBeOpened() {
    #expect(
      Device.reason(
        "the CUDA half of libtorch could not be loaded: /a/b/../libtorch_cuda.so: cannot open shared object file: No such file or directory"
      ) == "the CUDA half of libtorch could not be loaded: libtorch_cuda.so is not there")
    #expect(
      Device.reason("Could not run 'aten::empty' with arguments from the 'MPS' backend. This\nx")
        == "this libtorch was built without it")
    #expect(Device.reason("no driver. Please check\nmore") == "no driver")
    #expect(Device.reason(String(repeating: "x", count: 900)).count == 160)
  }

  /// Reads of numbers are counted on the thread that asks: single ones, lists, and sizes that depend on numbers.
  @Test func hostCopiesAreCounted() {
    let (reads, writes) = (HostCopies.reads, HostCopies.writes)
    let x = Tensor([1, 0, 3] as [Float])
    #expect(HostCopies.writes == writes + 1)
    _ = (x * 2).sum().squared()
    _ = x.to(.cpu).to(.float64)
    #expect(HostCopies.reads == reads)
    _ = x.sum().item
    #expect(HostCopies.reads == reads + 1)
    _ = (x.floats, x.doubles, x.bytes)
    #expect(HostCopies.reads == reads + 4)
    _ = Operator("aten::nonzero")(x)
    #expect(HostCopies.reads == reads + 5)
  }

  /// On the CPU memory is not page-locked, and an upload copies nothing.
  @Test func uploadsToTheCPUAreTheTensorItself() {
    let x = Tensor([1, 2] as [Float])
    #expect(x.pinned(for: .cpu) === x && x.uploaded(to: .cpu).sharesMemory(with: x))
  }

  /// CUDA's allocator grows its segments unless the user says otherwise by either name.
  @Test func theAllocatorIsSetUpBeforeCUDA() {
    _ = Tensor.zeros([1])
    guard getenv("PYTORCH_CUDA_ALLOC_CONF") == nil else { return }
    let own = getenv("PYTORCH_ALLOC_CONF").map { String(cString: $0) }
    #expect(own?.isEmpty == false)
  }
}
