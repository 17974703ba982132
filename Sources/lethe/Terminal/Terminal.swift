// Every line that the program shows. Names, captions and cards come from files of strangers.
import Foundation
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
}

/// Writes one line to the standard error.
func warn(_ sentence: String) {
  ProgressLine.shared.clear()
  // What was printed before comes before, also where both go to one file.
  fflush(nil)
  StandardError.write(sentence.printable() + "\n")
}

/// The standard error. Nobody may read it and its disk may be full: what cannot be written there is lost, and the work
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
  /// number, and messages are written into that file.
  static func openClosedStreams() {
    for stream in 0...2 as ClosedRange<Int32> where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDWR)
    }
  }
}
