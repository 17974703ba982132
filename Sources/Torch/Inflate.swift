// DEFLATE (RFC 1951): stored blocks, and blocks of Huffman codes, fixed or their own.
package import Foundation

/// Decompresses DEFLATE data, of which the caller knows the length after decompression.
package enum Inflate {
  struct Damaged: Error { var why: String }

  /// - Parameter count: bytes after decompression
  /// - Throws: ``LetheError`` of the kind `model` naming `file`, for data that are not `count` bytes of DEFLATE
  package static func bytes(_ data: Data, count: Int, of file: URL) throws -> [UInt8] {
    do {
      var decoder = Decoder(data: [UInt8](data), limit: count)
      try decoder.run()
      guard decoder.output.count == count else {
        throw Damaged(why: "\(decoder.output.count) bytes come out of it, \(count) are announced")
      }
      return decoder.output
    } catch let error as Damaged {
      throw LetheError.malformed(file, "its compressed data: \(error.why)")
    }
  }

  /// A canonical Huffman code (section 3.2.2): the number of codes of each length, and the symbols in the order of
  /// codes.
  private struct Huffman {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: ArraySlice<Int>) throws {
      for length in lengths where length > 0 { counts[length] += 1 }
      // More codes of a length than are left would make the code ambiguous.
      var left = 1
      for length in 1...15 {
        left = 2 * left - counts[length]
        guard left >= 0 else { throw Damaged(why: "a Huffman code has too many symbols") }
      }
      symbols = (1...15).flatMap { length in
        lengths.indices.filter { lengths[$0] == length }.map { $0 - lengths.startIndex }
      }
    }
  }

  private struct Decoder {
    let data: [UInt8]
    let limit: Int
    var output: [UInt8] = []
    private var place = 0
    private var buffer = 0
    private var bits = 0

    init(data: [UInt8], limit: Int) {
      (self.data, self.limit) = (data, limit)
      output.reserveCapacity(min(limit, 1 << 26))
    }

    mutating func run() throws {
      var isLast = false
      while !isLast {
        isLast = try take(1) == 1
        switch try take(2) {
        case 0: try stored()
        case 1:
          let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
          try block(Huffman(lengths[...]), Huffman([Int](repeating: 5, count: 30)[...]))
        case 2: try ownCodes()
        default: throw Damaged(why: "a block of an unknown type")
        }
      }
    }

    /// The next `count` bits, at most 16, lowest first.
    private mutating func take(_ count: Int) throws -> Int {
      while bits < count {
        guard place < data.count else { throw Damaged(why: "it is cut off") }
        buffer |= Int(data[place]) << bits
        place += 1
        bits += 8
      }
      defer {
        buffer >>= count
        bits -= count
      }
      return buffer & ((1 << count) - 1)
    }

    private mutating func symbol(_ huffman: Huffman) throws -> Int {
      var (code, first, index) = (0, 0, 0)
      for length in 1...15 {
        code |= try take(1)
        let count = huffman.counts[length]
        if code - first < count { return huffman.symbols[index + code - first] }
        index += count
        first = (first + count) << 1
        code <<= 1
      }
      throw Damaged(why: "a code that stands for nothing")
    }

    private func checkRoom(_ count: Int) throws {
      guard output.count + count <= limit else {
        throw Damaged(why: "more than the announced \(limit) bytes come out of it")
      }
    }

    private mutating func stored() throws {
      (buffer, bits) = (0, 0)
      guard place + 4 <= data.count else { throw Damaged(why: "it is cut off") }
      let count = Int(data[place]) | Int(data[place + 1]) << 8
      let check = Int(data[place + 2]) | Int(data[place + 3]) << 8
      place += 4
      guard count ^ 0xFFFF == check, place + count <= data.count else {
        throw Damaged(why: "a stored block's length is wrong")
      }
      try checkRoom(count)
      output.append(contentsOf: data[place..<(place + count)])
      place += count
    }

    private mutating func ownCodes() throws {
      let (literals, distances, lengthCodes) = (
        try take(5) + 257, try take(5) + 1, try take(4) + 4
      )
      let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
      var codeLengths = [Int](repeating: 0, count: 19)
      for i in order.prefix(lengthCodes) { codeLengths[i] = try take(3) }
      let code = try Huffman(codeLengths[...])
      var lengths: [Int] = []
      while lengths.count < literals + distances {
        switch try symbol(code) {
        case 16:
          guard let last = lengths.last else { throw Damaged(why: "it repeats no length") }
          lengths += [Int](repeating: last, count: try take(2) + 3)
        case 17: lengths += [Int](repeating: 0, count: try take(3) + 3)
        case 18: lengths += [Int](repeating: 0, count: try take(7) + 11)
        case let length: lengths.append(length)
        }
      }
      guard lengths.count == literals + distances else {
        throw Damaged(why: "its code lengths are too many")
      }
      try block(Huffman(lengths[..<literals]), Huffman(lengths[literals...]))
    }

    private mutating func block(_ literals: Huffman, _ distances: Huffman) throws {
      while true {
        let symbol = try symbol(literals)
        if symbol < 256 {
          try checkRoom(1)
          output.append(UInt8(symbol))
          continue
        }
        if symbol == 256 { return }
        guard symbol - 257 < Inflate.lengths.count else {
          throw Damaged(why: "an unknown length")
        }
        let (base, extra) = Inflate.lengths[symbol - 257]
        let count = base + (try take(extra))
        let code = try self.symbol(distances)
        guard code < Inflate.distances.count else { throw Damaged(why: "an unknown distance") }
        let distance = Inflate.distances[code].base + (try take(Inflate.distances[code].extra))
        guard distance <= output.count else {
          throw Damaged(why: "it copies from before its beginning")
        }
        try checkRoom(count)
        let start = output.count - distance
        for i in 0..<count { output.append(output[start + i]) }
      }
    }
  }

  /// Base and extra bits of the length symbols 257 ... 285 (section 3.2.5).
  private static let lengths: [(base: Int, extra: Int)] = {
    var base = 3
    var table: [(base: Int, extra: Int)] = []
    for i in 0..<28 {
      let extra = i < 8 ? 0 : (i - 4) / 4
      table.append((base, extra))
      base += 1 << extra
    }
    return table + [(258, 0)]
  }()

  /// Base and extra bits of the distance symbols 0 ... 29.
  private static let distances: [(base: Int, extra: Int)] = {
    var base = 1
    return (0..<30).map { i in
      let extra = i < 4 ? 0 : (i - 2) / 2
      defer { base += 1 << extra }
      return (base, extra)
    }
  }()
}
