package import Torch

/// The calling thread's requests of the device so far, or between two moments.
package struct DeviceCopies: Equatable, CustomStringConvertible {
  /// Times that the device was waited for.
  package var waits = 0
  /// Tensors that were made of numbers of the program.
  package var writes = 0
  /// Copies to the device. They are counted on ``Device/rehearsal`` alone.
  package var uploads = 0
  package var bytes = 0

  package init(waits: Int = 0, writes: Int = 0, uploads: Int = 0, bytes: Int = 0) {
    (self.waits, self.writes, self.uploads, self.bytes) = (waits, writes, uploads, bytes)
  }

  package static var now: DeviceCopies {
    DeviceCopies(
      waits: HostCopies.waits, writes: HostCopies.writes, uploads: HostCopies.uploads,
      bytes: HostCopies.uploadedBytes)
  }

  package static func - (a: DeviceCopies, b: DeviceCopies) -> DeviceCopies {
    DeviceCopies(
      waits: a.waits - b.waits, writes: a.writes - b.writes, uploads: a.uploads - b.uploads,
      bytes: a.bytes - b.bytes)
  }

  /// Whether no count is above that of `bound`.
  package func isWithin(_ bound: DeviceCopies) -> Bool {
    waits <= bound.waits && writes <= bound.writes && uploads <= bound.uploads
      && bytes <= bound.bytes
  }

  package var description: String {
    "waits \(waits), writes \(writes), uploads \(uploads), bytes \(bytes)"
  }
}
