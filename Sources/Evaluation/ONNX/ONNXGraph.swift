// A graph of ONNX (Open Neural Network Exchange) as its files have it: onnx.proto's messages ModelProto, GraphProto,
// NodeProto, AttributeProto and TensorProto.
//
// A reader of the needed fields stands here in the place of swift-protobuf, whose runtime would be a dependency as large as
// the whole reader is small.
internal import Foundation
internal import Torch

/// An operation of a graph.
struct ONNXNode {
  enum Attribute {
    case number(Double)
    case int(Int)
    case text(String)
    case tensor(Tensor)
    case numbers([Double])
    case ints([Int])
  }
  var name = ""
  var operation = ""
  var domain = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: Attribute] = [:]
}

/// Nodes in their order, and the tensors that the file holds.
struct ONNXGraph {
  private(set) var nodes: [ONNXNode] = []
  private(set) var constants: [String: Tensor] = [:]
  private(set) var inputs: [String] = []
  /// The shape of each input, as far as the file says it; nil is a length that may be any.
  private(set) var shapes: [String: [Int?]] = [:]
  private(set) var outputs: [String] = []
  /// The version of the operators' definitions.
  private(set) var opset = 0
  /// Names and values that the exporter wrote, e.g. `names` for labels.
  private(set) var metadata: [String: String] = [:]
  let file: URL

  /// Nodes that a graph may have: an export of Swin has 2,000.
  private static let most = Limit(100_000, "nodes")
  private static let size = Limit(2 << 30, "bytes of a graph")
  /// - Throws: ``LetheError`` of the kind `model` for a file that is no graph
  init(contentsOf file: URL) throws {
    self.file = file
    let bytes = try InputFile.data(file, Self.size)
    do { try readModel(bytes) } catch let error as LetheError {
      throw LetheError.strange(file, bytes, accepted: "a graph of ONNX", else: error)
    }
    let given = Set(constants.keys)
    inputs.removeAll(where: given.contains)
    guard !nodes.isEmpty, !inputs.isEmpty, !outputs.isEmpty else {
      throw LetheError.malformed(file, "its graph has no nodes, inputs or outputs")
    }
  }

  private mutating func readModel(_ bytes: Data) throws {
    var model = ProtobufMessage(bytes, of: file)
    var graph: Data?
    while let (number, value) = try model.next() {
      switch number {
      case 7: graph = value.data
      case 8:
        let (domain, version) = try version(value.data ?? Data())
        if ["", "ai.onnx"].contains(domain) { opset = version }
      case 14:
        let (key, text) = try pair(value.data ?? Data())
        metadata[key] = text
      case 25:
        throw LetheError.unsupported(
          "\(file.path): functions of a model's own; export without them")
      default: continue
      }
    }
    guard let graph else { throw LetheError.malformed(file, "it holds no graph of ONNX") }
    try read(graph)
  }

  private mutating func read(_ bytes: Data) throws {
    var message = ProtobufMessage(bytes, of: file)
    while let (number, value) = try message.next() {
      let data = value.data ?? Data()
      switch number {
      case 1:
        nodes.append(try readNode(data))
        try Self.most.check(nodes.count, file)
      case 5:
        let (name, tensor) = try readTensor(data)
        constants[name] = tensor
      case 11:
        let (name, shape) = try readInput(data)
        inputs.append(name)
        shapes[name] = shape
      case 12: outputs.append(try firstText(data))
      case 15: throw LetheError.unsupported("\(file.path): sparse tensors")
      default: continue
      }
    }
  }

  // MARK: - Messages

  private func firstText(_ bytes: Data) throws -> String {
    var message = ProtobufMessage(bytes, of: file)
    while let (number, value) = try message.next() {
      if number == 1, let text = value.text { return text }
    }
    return ""
  }

  private func version(_ bytes: Data) throws -> (String, Int) {
    var (message, domain, version) = (ProtobufMessage(bytes, of: file), "", 0)
    while let (number, value) = try message.next() {
      if number == 1 { domain = value.text ?? "" }
      if number == 2 { version = value.int ?? 0 }
    }
    return (domain, version)
  }

  private func pair(_ bytes: Data) throws -> (String, String) {
    var (message, key, text) = (ProtobufMessage(bytes, of: file), "", "")
    while let (number, value) = try message.next() {
      if number == 1 { key = value.text ?? "" }
      if number == 2 { text = value.text ?? "" }
    }
    return (key, text)
  }

  private func readNode(_ bytes: Data) throws -> ONNXNode {
    var (message, node) = (ProtobufMessage(bytes, of: file), ONNXNode())
    while let (number, value) = try message.next() {
      switch number {
      case 1: node.inputs.append(value.text ?? "")
      case 2: node.outputs.append(value.text ?? "")
      case 3: node.name = value.text ?? ""
      case 4: node.operation = value.text ?? ""
      case 5:
        let (name, attribute) = try readAttribute(value.data ?? Data())
        node.attributes[name] = attribute
      case 7: node.domain = value.text ?? ""
      default: continue
      }
    }
    return node
  }

  private func readAttribute(_ bytes: Data) throws -> (String, ONNXNode.Attribute?) {
    var (message, name) = (ProtobufMessage(bytes, of: file), "")
    var found: ONNXNode.Attribute?
    var (ints, numbers) = ([Int](), [Double]())
    while let (number, value) = try message.next() {
      switch number {
      case 1: name = value.text ?? ""
      case 2: found = value.float.map { .number($0) }
      case 3: found = value.int.map { .int($0) }
      case 4: found = value.text.map { .text($0) }
      case 5: found = .tensor(try readTensor(value.data ?? Data()).tensor)
      case 6: throw LetheError.unsupported("\(file.path): '\(name)', a graph inside a node")
      case 7: numbers += value.floats()
      case 8: ints += try value.ints(of: file)
      default: continue
      }
    }
    if !ints.isEmpty { return (name, .ints(ints)) }
    if !numbers.isEmpty { return (name, .numbers(numbers)) }
    return (name, found)
  }
}
