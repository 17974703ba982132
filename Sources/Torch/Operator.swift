internal import CTorch

/// One ATen operator. The schema is looked up once, when the operator is first used.
///
/// Declared beside its wrapper: `extension Operator { static let groupNorm = Operator("aten::group_norm") }`.
/// A test asks the dispatcher for every name that the sources mention, so a typo cannot hide.
package struct Operator: Sendable {
  package let name: String
  private let address: UInt

  /// - Precondition: libtorch has the operator; ``find(_:_:)`` throws instead.
  package init(_ name: String, _ overload: String = "") {
    self = unfailing { () throws(Fault) in try Operator.find(name, overload) }
  }

  private init(name: String, address: UInt) {
    self.name = name
    self.address = address
  }

  /// Looks an operator up by name and overload, e.g. `aten::add`, `Tensor`.
  package static func find(_ name: String, _ overload: String = "") throws(Fault) -> Operator {
    var found: OpaquePointer?
    try Fault.check(ct_operator_find(name, overload, &found), name)
    return Operator(name: name, address: UInt(bitPattern: found))
  }

  /// The schema as ATen prints it.
  package var schema: String {
    guard let text = ct_operator_schema(OpaquePointer(bitPattern: address)) else { return name }
    defer { ct_string_free(text) }
    return String(cString: text)
  }

  /// Calls the operator and returns every tensor of its result; an undefined one is `nil`.
  /// Arguments left out take the schema's defaults.
  /// - Parameter most: the most tensors of the result, where they may be more than 64 and than the arguments' tensors
  package func call(_ arguments: [any Value], atMost most: Int = 64) throws(Fault) -> [Tensor?] {
    var frame = Frame()
    for argument in arguments { argument.push(to: &frame) }
    let capacity = max(64, most, frame.tensors.count)
    var results = [OpaquePointer?](repeating: nil, count: capacity)
    var count: Int64 = 0
    let fault = ct_operator_call(
      OpaquePointer(bitPattern: address), frame.values, Int64(frame.values.count), frame.integers,
      frame.tensors, &results, Int64(capacity), &count)
    if fault != nil {
      try Fault.check(fault, name, arguments.map(Operator.brief).joined(separator: ", "))
    }
    return results.prefix(Int(count)).map { $0.map { Tensor(owning: $0) } }
  }

  /// The first tensor of the result; ends the process when the operator refuses.
  @discardableResult
  package func callAsFunction(_ arguments: any Value...) -> Tensor {
    let results = unfailing { () throws(Fault) in try call(arguments) }
    guard let first = results.first, let first else {
      preconditionFailure("\(name) gave no tensor")
    }
    return first
  }

  /// Every tensor of the result; ends the process when the operator refuses.
  @discardableResult
  package func all(_ arguments: any Value...) -> [Tensor] {
    unfailing { () throws(Fault) in try call(arguments) }.compactMap { $0 }
  }

  private static func brief(_ argument: any Value) -> String {
    switch argument {
    case let tensor as Tensor: "\(tensor.dtype)\(tensor.shape)"
    case let list as [Tensor]: "[\(list.map { "\($0.shape)" }.joined(separator: ", "))]"
    case let text as String: "'\(text)'"
    case is Generator: "generator"
    default: "\(argument)"
    }
  }
}
