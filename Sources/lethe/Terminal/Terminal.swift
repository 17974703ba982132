// Every line that the program shows. Names, captions and cards come from files of strangers.
import Foundation
import Synchronization
import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes lines to the standard output.
func print(_ text: String, terminator: String = "\n") {
  ProgressLine.shared.clear()
  Swift.print(text.printable(hasLines: true), terminator: terminator)
  StandardOutput.flush()
}

/// The standard output. A table or JSON that its disk has no place for is missing, which the program must not end
/// without a word about.
enum StandardOutput {
  /// The first `errno` of a write that failed; 0 for none.
  private static let fault = Atomic(Int32(0))

  static func flush() {
    guard fflush(nil) != 0 else { return }
    _ = fault.compareExchange(expected: 0, desired: errno, ordering: .sequentiallyConsistent)
  }

  /// The fault of a write that failed, if one did.
  static var failure: LetheError? {
    flush()
    let code = fault.load(ordering: .sequentiallyConsistent)
    switch code {
    // The reader of a pipe left when it had enough.
    case 0, EPIPE: return nil
    case EBADF:
      return LetheError(
        .disk,
        "the standard output is closed, and lines of this command are lost; accepted: --quiet, or a place for them"
      )
    default: return .unwritable(URL(fileURLWithPath: "/dev/stdout"), errno: code)
    }
  }
}

/// Writes one line to the standard error.
func warn(_ sentence: String) {
  ProgressLine.shared.clear()
  // Earlier output comes first, also where both go to one file.
  StandardOutput.flush()
  StandardError.write(sentence.printable() + "\n")
}

/// The standard error. Nobody may read it and its disk may be full. A line that cannot be written is lost, and the work
/// goes on.
enum StandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let written = bytes[done...].withUnsafeBytes { Self.posixWrite($0) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return }
      done += written
    }
  }

  private static func posixWrite(_ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(2, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(2, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Opens /dev/null for each standard stream that the caller closed. Otherwise the first file that is opened takes its
  /// number, and messages are written into that file. A standard output that cannot be written to stays one, so that
  /// lost lines are noticed.
  static func openClosedStreams() {
    for stream in 0...2 as ClosedRange<Int32> where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", stream == 1 ? O_RDONLY : O_RDWR)
    }
  }
}
