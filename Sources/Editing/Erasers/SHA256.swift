#if canImport(CryptoKit)
  internal import CryptoKit
#else
  internal import CSHA256
#endif

/// SHA-256 of bytes that arrive in pieces: CryptoKit computes it on macOS, OpenSSL elsewhere.
package struct SHA256Stream: ~Copyable {
  #if canImport(CryptoKit)
    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      state.update(bufferPointer: bytes)
    }

    /// The digest of all bytes so far, as 64 hexadecimal digits.
    package consuming func hexadecimal() -> String { Self.hexadecimal(state.finalize()) }
  #else
    private let state: OpaquePointer

    package init() {
      guard let state = csha256_new() else { preconditionFailure("libcrypto offers no SHA-256") }
      self.state = state
    }

    deinit { csha256_free(state) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      csha256_update(state, bytes.baseAddress, bytes.count)
    }

    /// The digest of all bytes so far, as 64 hexadecimal digits.
    package consuming func hexadecimal() -> String {
      var digest = [UInt8](repeating: 0, count: 32)
      csha256_finish(state, &digest)
      return Self.hexadecimal(digest)
    }
  #endif

  private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
