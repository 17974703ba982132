package import Foundation
package import Torch
internal import Training

/// A network of an ONNX file, on libtorch's operators.
package final class ONNXNetwork {
  private let graph: ONNXGraph
  /// Tensors that no input decides, by name.
  private var constants: [String: Tensor]
  /// Nodes that need an input, in their order, each with its function.
  private var steps: [(node: ONNXNode, function: ONNXFunction)] = []

  package var metadata: [String: String] { graph.metadata }

  /// Reads a file, and computes all that needs no input.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is no graph, and for an operator that is missing, by
  ///   its name
  package init(contentsOf file: URL) throws {
    graph = try ONNXGraph(contentsOf: file)
    constants = graph.constants
    let missing = graph.nodes.filter {
      !["", "ai.onnx"].contains($0.domain) || ONNXOperators.all[$0.operation] == nil
    }.map { $0.domain.isEmpty ? $0.operation : "\($0.domain).\($0.operation)" }
    guard missing.isEmpty else {
      throw LetheError.unsupported(
        "\(file.path): the operators \(Set(missing).sorted().joined(separator: ", "))")
    }
    for node in graph.nodes {
      guard let function = ONNXOperators.all[node.operation] else { continue }
      guard node.inputs.allSatisfy({ $0.isEmpty || constants[$0] != nil }) else {
        steps.append((node, function))
        continue
      }
      try run(node, function, &constants)
    }
  }

  /// - Parameter x: the input
  /// - Returns: the outputs in the graph's order
  /// - Throws: ``LetheError`` of the kind `model` for a node that cannot take what it is given
  package func callAsFunction(_ x: Tensor) throws -> [Tensor] {
    guard graph.inputs.count == 1, let input = graph.inputs.first else {
      throw LetheError.unsupported(
        "\(graph.file.path): \(graph.inputs.count) inputs (\(graph.inputs.joined(separator: ", "))); one is accepted"
      )
    }
    try graph.check(x, for: input)
    return try withoutGradients {
      var values = constants
      values[input] = x
      for (node, function) in steps {
        try Interrupt.check()
        try run(node, function, &values, given: x.shape)
      }
      return try graph.outputs.map { name in
        guard let value = values[name] else {
          throw LetheError.malformed(graph.file, "no node makes its output '\(name)'")
        }
        return value
      }
    }
  }

  private func run(
    _ node: ONNXNode, _ function: ONNXFunction, _ values: inout [String: Tensor],
    given: [Int]? = nil
  ) throws {
    func refused(_ why: String) -> LetheError {
      .malformed(graph.file, "\(node.operation) '\(node.name)': \(why)")
    }
    let inputs = try node.inputs.map { name -> Tensor? in
      guard !name.isEmpty else { return nil }
      guard let value = values[name] else { throw refused("no earlier node makes '\(name)'") }
      return value
    }
    let found: [Tensor]
    do {
      found = try withoutGradients {
        try function(ONNXCall(node: node, inputs: inputs, opset: graph.opset, file: graph.file))
      }
    } catch let fault as Fault {
      guard !fault.isOutOfMemory else { throw refused("out of memory") }
      let tensors = inputs.map { $0.map { "\($0.dtype)\($0.shape)" } ?? "none" }
      let input = graph.inputs.first ?? ""
      let from = given.map {
        "; the input '\(input)' is \(graph.shape(of: input) ?? "of no stated shape"), and \($0) is given"
      }
      throw LetheError.wrong(
        graph.file,
        "\(node.operation) '\(node.name)' cannot take \(tensors.joined(separator: ", "))\(from ?? "")"
      )
    } catch let wrong as ONNXCall.Wrong {
      throw refused(wrong.why)
    }
    guard found.count >= node.outputs.count else {
      throw refused("\(node.outputs.count.counted("output")) asked for, \(found.count) there")
    }
    for (name, value) in zip(node.outputs, found) where !name.isEmpty {
      _ = try ONNXGraph.count(value.shape, of: graph.file)
      values[name] = value
    }
  }
}

/// The outputs of a node.
typealias ONNXFunction = @Sendable (ONNXCall) throws -> [Tensor]

/// A node with its inputs.
struct ONNXCall {
  /// Inputs or attributes that a node cannot have.
  struct Wrong: Error { let why: String }

  let node: ONNXNode
  let inputs: [Tensor?]
  let opset: Int
  let file: URL

  func wrong(_ why: String) -> Wrong { Wrong(why: why) }

  /// Input `i`, or nil where it is left out.
  func optional(_ i: Int) -> Tensor? { i < inputs.count ? inputs.dropFirst(i).first ?? nil : nil }

  func x(_ i: Int = 0) throws -> Tensor {
    guard let tensor = optional(i) else { throw wrong("input \(i + 1) is missing") }
    return tensor
  }

  /// The whole numbers of an input.
  func integers(_ i: Int) -> [Int]? { optional(i)?.to(.cpu, .int64).flattened().ints }

  // MARK: - Attributes

  func int(_ name: String, _ fallback: Int) -> Int {
    if case .int(let value) = node.attributes[name] { value } else { fallback }
  }
  func number(_ name: String, _ fallback: Double) -> Double {
    if case .number(let value) = node.attributes[name] { value } else { fallback }
  }
  func text(_ name: String, _ fallback: String) -> String {
    if case .text(let value) = node.attributes[name] { value } else { fallback }
  }
  func ints(_ name: String) -> [Int]? {
    if case .ints(let value) = node.attributes[name] { value } else { nil }
  }

  // MARK: - Axes

  /// An axis from the front: -1 is the last.
  func axis(_ axis: Int, _ rank: Int) throws -> Int {
    let found = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(found) else {
      throw wrong("the axis \(axis) of \(rank)")
    }
    return found
  }

  /// Axes of an attribute, which later versions have as an input.
  func axes(_ input: Int) -> [Int]? { ints("axes") ?? integers(input) }

  /// Calls an operator of ATen.
  func aten(_ name: String, _ overload: String = "", _ arguments: any Value...) throws -> Tensor {
    let results = try Operator.find("aten::\(name)", overload).call(arguments)
    guard let first = results.first, let first else { throw wrong("aten::\(name) gave nothing") }
    return first
  }

  /// Refuses a shape that no memory holds.
  @discardableResult
  func bounded(_ shape: [Int]) throws -> [Int] {
    _ = try ONNXGraph.count(shape, of: file)
    return shape
  }

  /// The shape that two broadcast to.
  @discardableResult
  func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
    let rank = max(a.count, b.count)
    let long = Array(repeating: 1, count: rank - a.count) + a
    let other = Array(repeating: 1, count: rank - b.count) + b
    return try bounded(zip(long, other).map { $0 == 1 ? $1 : $0 })
  }
}
