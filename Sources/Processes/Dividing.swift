// Data-parallel work on a batch: each rank sends some rows through the network, and all get the outputs of all.
//
//   y = [ f(x_1), ..., f(x_W) ]        x_r: the rows of rank r; the others' outputs come without a graph
//   g = 1 / W  sum over r of g_r       g_r: the gradient on rank r, where own rows count W times
//
// Every rank then computes the same loss from the same y. A term of the loss that is no function of y, such as a norm
// of the weights, has the same gradient on every rank, and its mean is that gradient. So g is the gradient of one
// process, whatever the loss is made of.
package import Torch

extension Ranks {
  /// The ranks that batches are divided over; nil for none.
  @TaskLocal package static var dividing: Ranks?

  /// Runs `body` with batches divided over the ranks.
  package func dividing<R>(_ body: () throws -> R) rethrows -> R {
    isAlone ? try body() : try Self.$dividing.withValue(self, operation: body)
  }

  /// The rows of a batch that this rank computes: the r-th part of equal size, the last ones shorter or empty.
  package func rows(of count: Int) -> Range<Int> {
    let size = partSize(count)
    return min(rank * size, count)..<min((rank + 1) * size, count)
  }

  private func partSize(_ rows: Int) -> Int { (rows + count - 1) / count }

  /// f(x) for a batch x [B, ...] whose outputs have its shape.
  /// - Parameter f: the outputs of some rows of the batch
  package func divided(_ x: Tensor, _ f: (Range<Int>) -> Tensor) -> Tensor {
    let batch = x.size(0)
    guard let meeting, batch > 1 else { return f(0..<batch) }
    let own = rows(of: batch)
    let y = own.isEmpty ? nil : f(own)
    // Gloo adds no bfloat16; in float32 its numbers stay as they are.
    let sent = (y ?? x.narrowed(0, 0, 0)).detached().to(.float32)
    let missing = partSize(batch) - own.count
    let padded =
      missing == 0
      ? sent
      : Tensor.concatenate([sent, Tensor.zeros([missing] + x.shape.dropFirst()).to(x.device)])
    let all: Tensor
    do throws(Fault) { all = try meeting.group(for: padded.device).gather(padded) } catch {
      meeting.lost(error)
    }
    let type = y?.dtype ?? x.dtype
    func some(_ range: Range<Int>) -> Tensor {
      all.narrowed(0, range.lowerBound, range.count).to(type)
    }
    guard recordsGradients, let y, y.hasGraph else { return some(0..<batch) }
    // The value of y and W times its gradient.
    let weighted = y + Double(count - 1) * (y - y.detached())
    let parts = [0..<own.lowerBound, own.upperBound..<batch].map { $0.isEmpty ? nil : some($0) }
    return Tensor.concatenate([parts[0], weighted, parts[1]].compactMap(\.self))
  }

  /// Whether something holds on at least one rank.
  package func any(_ condition: Bool) -> Bool {
    guard let meeting else { return condition }
    let flag = Tensor([Float(condition ? 1 : 0)])
    do throws(Fault) { try meeting.group().sum(flag) } catch { meeting.lost(error) }
    return flag.item > 0
  }

  /// Makes the tensors those of rank `root`, in place, in one message.
  package func broadcast(_ tensors: [Tensor], from root: Int) {
    guard let meeting, !tensors.isEmpty else { return }
    let flat = Tensor.concatenate(tensors.map { $0.detached().flattened() })
    do throws(Fault) { try meeting.group(for: flat.device).broadcast(flat, from: root) } catch {
      meeting.lost(error)
    }
    guard rank != root else { return }
    withoutGradients {
      var start = 0
      for tensor in tensors {
        tensor.copy(from: flat.narrowed(0, start, tensor.count).reshaped(tensor.shape))
        start += tensor.count
      }
    }
  }
}

/// The factor by which losses are larger while they are differentiated, a power of two.
package enum GradientScale {
  @TaskLocal package static var factor = 1.0
}

/// d(`y`) / d(`xs`), zeros where `y` does not depend on an x. Where batches are divided, the mean over the ranks.
package func meanGradients(of y: Tensor, with xs: [Tensor]) -> [Tensor] {
  let factor = GradientScale.factor
  guard factor != 1 else { return unscaledGradients(of: y, with: xs) }
  let found = unscaledGradients(of: y * factor, with: xs)
  withoutGradients { Foreach.scale(found, by: 1 / factor) }
  return found
}

private func unscaledGradients(of y: Tensor, with xs: [Tensor]) -> [Tensor] {
  guard let meeting = Ranks.dividing?.meeting else { return gradients(of: y, with: xs) }
  do throws(Fault) {
    return try meeting.group(for: (xs.first ?? y).device).gradients(of: y, with: xs)
  } catch { meeting.lost(error) }
}
