import Foundation
import TestSupport
import Testing
import Torch

@Suite struct OperatorTests {
  /// A wrapper names its operator in a string; libtorch must have every one of them.
  @Test func everyNamedOperatorExists() throws {
    let folder = Fixtures.package.appendingPathComponent("Sources/Torch/Ops")
    var found = 0
    for file in try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /Operator\("([^"]+)"(?:, "([^"]+)")?\)/) {
        let op = try Operator.find(String(match.1), match.2.map(String.init) ?? "")
        #expect(op.schema.hasPrefix(String(match.1)))
        found += 1
      }
    }
    #expect(found > 100)
  }

  @Test func unknownOperatorIsAnError() {
    #expect(throws: Fault.self) { try Operator.find("aten::no_such_operator") }
  }

  /// An exception of ATen becomes an error with its text, the operator and the shapes.
  @Test func faultsNameOperatorAndShapes() throws {
    let matmul = try Operator.find("aten::matmul")
    let error = try #require(throws: Fault.self) {
      try matmul.call([Tensor.zeros([2, 3]), Tensor.zeros([4, 5])])
    }
    #expect(error.description.contains("aten::matmul(float32[2, 3], float32[4, 5])"))
    #expect(error.description.contains("cannot be multiplied"))
    #expect(!error.isOutOfMemory)
  }

  @Test func tooManyArgumentsAreAnError() throws {
    let neg = try Operator.find("aten::neg")
    #expect(throws: Fault.self) { try neg.call([Tensor.zeros([1]), 1, 2]) }
    #expect(throws: Fault.self) { try neg.call([]) }
  }

  @Test func listsAndOptionalsReachTheOperator() {
    let x = Tensor((0..<24).map { Float($0) }, [2, 3, 4])
    #expect(x.sum(0, 2).floats == [60, 92, 124])
    #expect(Tensor.concatenate([x, x], 1).shape == [2, 6, 4])
    #expect(x.chunks(3, 1).map(\.shape) == [[2, 1, 4], [2, 1, 4], [2, 1, 4]])
    #expect(x.clamped(nil, 3).flattened().max(0).item == 3)
    #expect(Tensor.concatenate([Tensor](repeating: x, count: 100), 0).size(0) == 200)
    #expect(x.chunks(2, 0).count == 2)
    // More tensors than most operators give.
    #expect(Tensor.zeros([100, 1]).chunks(100).count == 100)
  }
}
