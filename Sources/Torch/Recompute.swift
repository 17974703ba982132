// Gradients for less memory (Chen et al., 2016): a chain of parts keeps only the tensors between them,
// and the backward pass computes each part again. A third more time for a part's share of the memory.
internal import CTorch

/// A step of a chain: tensors in, tensors out.
package typealias ChainStage = ([Tensor]) -> [Tensor]

/// The first tensor that comes out of the chain `parts`, with gradients that reach `inputs` and `parameters`.
/// - Parameter parameters: every tensor that requires a gradient and that a part uses without being given it
/// - Precondition: second derivatives are not asked for
package func recomputed(_ parts: [ChainStage], _ inputs: [Tensor], parameters: [Tensor]) -> Tensor {
  var states = [inputs]
  withoutGradients {
    for part in parts { states.append(part(states[states.count - 1])) }
  }
  let output = states[parts.count][0]
  guard recordsGradients else { return output }
  states.removeLast()
  let chain = Chain(parts, states, parameters)
  let leaves = inputs + parameters
  return unfailing { () throws(Fault) in
    var result: OpaquePointer?
    try Fault.check(
      ct_custom_node(
        leaves.map { $0.handle }, Int64(leaves.count), output.handle,
        { context, gradient, _, results in
          guard let context, let gradient, let results else { return nil }
          Unmanaged<Chain>.fromOpaque(context).takeUnretainedValue()
            .backward(Tensor(retaining: gradient), into: results)
          return nil
        },
        Unmanaged.passRetained(chain).toOpaque(),
        { context in if let context { Unmanaged<Chain>.fromOpaque(context).release() } }, &result),
      "recomputed")
    return Tensor(owning: result)
  }
}

/// The tensors between the parts, waiting for the backward pass.
private final class Chain {
  private let parts: [ChainStage]
  private var states: [[Tensor]]
  private let parameters: [Tensor]

  init(_ parts: [ChainStage], _ states: [[Tensor]], _ parameters: [Tensor]) {
    (self.parts, self.states, self.parameters) = (parts, states, parameters)
  }

  func backward(_ gradient: Tensor, into results: UnsafeMutablePointer<OpaquePointer?>) {
    var arriving: [Tensor?] = [gradient]
    var total = [Tensor?](repeating: nil, count: parameters.count)
    for (part, state) in zip(parts, states).reversed() {
      let inputs = state.map { tensor -> Tensor in
        let leaf = tensor.detached()
        leaf.requiresGradient = tensor.dtype.isFloatingPoint
        return leaf
      }
      let outputs = withGradients { part(inputs) }
      let reached = zip(outputs, arriving).compactMap { output, gradient in
        gradient.map { (output, $0) }
      }
      // Integers, timesteps say, are handed on and have no gradient.
      let leaves = inputs.indices.filter { inputs[$0].requiresGradient }
      let found = sparseGradients(
        of: reached.map(\.0), weighted: reached.map(\.1),
        with: leaves.map { inputs[$0] } + parameters)
      for (i, part) in found.dropFirst(leaves.count).enumerated() {
        if let part { total[i] = total[i].map { $0 + part } ?? part }
      }
      arriving = inputs.map { _ in nil }
      for (i, gradient) in zip(leaves, found) { arriving[i] = gradient }
    }
    for (i, tensor) in (arriving + total).enumerated() { results[i] = tensor?.released() }
  }
}
