import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct InputFileTests {
  @Test func aPipeIsRefusedAtOnce() throws {
    try Fixtures.temporaryFolder { folder in
      let pipe = folder.appendingPathComponent("pipe.safetensors")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      let refused = LetheError.unreadable(pipe, "it is not a regular file")
      #expect(throws: refused) { try InputFile.data(pipe, .json) }
      #expect(throws: refused) { try SafeTensors(contentsOf: pipe) }
      #expect(throws: refused) { try InputFile.beginning(pipe, 3) }
    }
  }

  @Test func aFileBeyondTheLimitIsNotRead() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("large.json")
      try Data("{}".utf8).write(to: file)
      // A hole: no bytes on the disk.
      #expect(truncate(file.path, Int(5) << 30) == 0)
      #expect(
        throws: LetheError.model(
          "\(file.path) has 5368709120 bytes of JSON; accepted: at most 67108864")
      ) { try JSON(contentsOf: file) }
    }
  }

  @Test func aFileIsReadWhole() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a")
      let bytes = Data((0..<70_000).map { UInt8($0 & 255) })
      try bytes.write(to: file)
      #expect(try InputFile.data(file, .text) == bytes)
      #expect(try InputFile.beginning(file, 3) == [0, 1, 2])
    }
  }

  @Test func aHeaderOfAMillionTensorsIsRefusedUnread() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      var length = UInt64(63_000_000).littleEndian
      try Data(bytes: &length, count: 8).write(to: file)
      #expect(truncate(file.path, 63_000_008) == 0)
      #expect(
        throws: LetheError.malformed(
          file, "a header of 63000000 bytes; accepted: at most \(Limit.header.most)")
      ) { try SafeTensors(contentsOf: file) }
    }
  }

  @Test func longPromptsAreNamed() {
    #expect(throws: LetheError.self) {
      try Limit.check(prompts: ["fox", String(repeating: "<|endoftext|>", count: 77_000)])
    }
    #expect(throws: Never.self) { try Limit.check(prompts: [String(repeating: "x", count: 5000)]) }
  }

  @Test func sizesOfShapes() {
    #expect(DType.float32.bytes(of: []) == 4 && DType.uint8.bytes(of: [2, 3]) == 6)
    #expect(DType.float32.bytes(of: [2, 0, 3]) == 0)
    #expect(DType.float32.bytes(of: [2, -1]) == nil && DType.float32.bytes(of: [0, -1]) == nil)
    #expect(DType.float32.bytes(of: [1 << 61, 2]) == nil)
    #expect(DType.uint8.bytes(of: [64, 0, .max, .max]) == nil)
  }
}
