internal import CTorch

/// Bytes by key that several processes share (c10d's TCPStore), safe to use from several threads.
package final class SharedStore: Sendable {
  nonisolated(unsafe) let handle: OpaquePointer

  /// - Parameters:
  ///   - port: 0 takes a free one where the store lives in this process
  ///   - serves: whether it lives in this process
  ///   - seconds: the time for which a connection is tried
  package init(host: String, port: Int, serves: Bool, seconds: Double) throws(Fault) {
    var result: OpaquePointer?
    try Fault.check(
      ct_store_open(host, Int32(port), serves, seconds, &result), "store", "\(host):\(port)")
    guard let result else { throw Fault(operation: "store", text: "no store", arguments: "") }
    handle = result
  }

  deinit { ct_store_close(handle) }

  package var port: Int { Int(ct_store_port(handle)) }

  package func set(_ key: String, _ bytes: some Collection<UInt8>) throws(Fault) {
    let bytes = Array(bytes)
    try Fault.check(ct_store_set(handle, key, bytes, Int64(bytes.count)), "store", key)
  }

  /// - Returns: nil where nobody has set the key yet
  package func get(_ key: String) throws(Fault) -> [UInt8]? {
    var result: OpaquePointer?
    try Fault.check(ct_store_get(handle, key, &result), "store", key)
    return result.map { Tensor(owning: $0).bytes }
  }

  /// - Returns: the sum of all amounts so far
  @discardableResult
  package func add(_ key: String, _ amount: Int) throws(Fault) -> Int {
    var sum: Int64 = 0
    try Fault.check(ct_store_add(handle, key, Int64(amount), &sum), "store", key)
    return Int(sum)
  }
}
