import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SafeTensorsTests {
  @Test func everyElementTypeComesBack() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("all.safetensors")
      let types: [DType] = [
        .float32, .float64, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint8, .bool,
      ]
      var tensors: [String: Tensor] = [:]
      for type in types {
        tensors["\(type)"] = Tensor([0, 1, 1, 0, 1, 1] as [Float], [2, 3]).to(type)
      }
      tensors["empty"] = Tensor.zeros([0, 4])
      tensors["scalar"] = Tensor.scalar(3)
      try SafeTensors.write(tensors, metadata: ["note": "hëllo \"x\""], to: file)
      let back = try SafeTensors(contentsOf: file)
      #expect(back.metadata == ["note": "hëllo \"x\""] && back.tensors.count == tensors.count)
      for (name, tensor) in tensors {
        #expect(back.tensors[name]?.isIdentical(to: tensor) == true, "\(name)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["all.safetensors"])
    }
  }

  /// Numbers written into mapped tensors never reach the file.
  @Test func mappingIsPrivate() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a.safetensors")
      try SafeTensors.write(["a": Tensor.zeros([8])], to: file)
      let before = try Data(contentsOf: file)
      let mapped = try #require(try SafeTensors.load(file)["a"])
      mapped.add(Tensor.ones([8]))
      #expect(mapped.floats[0] == 1)
      #expect(try Data(contentsOf: file) == before)
    }
  }

  static func file(_ header: String, data: Int = 8, length: UInt64? = nil) -> Data {
    var bytes = Data()
    var count = (length ?? UInt64(header.utf8.count)).littleEndian
    withUnsafeBytes(of: &count) { bytes.append(contentsOf: $0) }
    return bytes + Data(header.utf8) + Data(count: data)
  }

  static let hostile: [(String, Data, String)] = [
    ("short", Data([1, 2, 3]), "too few"),
    ("huge header", file("{}", length: 1 << 62), "at most"),
    ("cut header", file("{}", length: 5000), "ends after"),
    ("no json", file("{\"a\": nope}"), "no JSON object"),
    ("a list", file("[1, 2]"), "no JSON object"),
    (
      "offsets beyond", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#), "offsets"
    ),
    (
      "offsets backwards", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#),
      "offsets"
    ),
    (
      "negative offset", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#),
      "offsets"
    ),
    ("one offset", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#), "offsets"),
    (
      "wrong byte count", file(#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#),
      "has 8 bytes; accepted: 12"
    ),
    (
      "overflowing shape",
      file(#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#), "shape"
    ),
    (
      "strides of an empty array",
      file(#"{"a":{"dtype":"U8","shape":[0,9223372036854775807,2],"data_offsets":[0,0]}}"#), "shape"
    ),
    ("negative shape", file(#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#), "shape"),
    (
      "unknown type", file(#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#),
      "element type"
    ),
    (
      "overlap",
      file(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#
      ), "overlap"
    ),
    (
      "hole", file(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#),
      "8 bytes of data; accepted: 4"
    ),
    ("byte-order mark", file("\u{FEFF}{}", data: 0), "no JSON object"),
    ("leading blank", file(" {}", data: 0), "no JSON object"),
    (
      "trailing comma", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},}"#),
      "no JSON object"
    ),
    (
      "fraction in a shape", file(#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#),
      "whole numbers"
    ),
    ("number as metadata", file(#"{"__metadata__":{"a":1}}"#, data: 0), "__metadata__"),
    (
      "a pointer", Data("version https://git-lfs.github.com/spec/v1\noid sha256:1".utf8),
      "git lfs pull"
    ),
    (
      "duplicate",
      file(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
      ), "twice"
    ),
  ]

  @Test(arguments: hostile.indices) func hostileFilesGiveOneClearError(_ i: Int) throws {
    let (name, bytes, expected) = Self.hostile[i]
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.safetensors")
      try bytes.write(to: file)
      let error = try #require(throws: LetheError.self, "\(name)") {
        try SafeTensors(contentsOf: file)
      }
      #expect(error.description.contains(expected), "\(name): \(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  /// The reference reader takes a header whose metadata is null.
  @Test func metadataMayBeNull() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.safetensors")
      let header = #"{"__metadata__":null,"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
      try Self.file(header).write(to: file)
      #expect(try SafeTensors(contentsOf: file).tensors["a"]?.shape == [2])
    }
  }

  @Test func promisedFiniteIsChecked() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("nan.safetensors")
      try SafeTensors.write(["a": Tensor([1, .nan] as [Float])], to: file)
      _ = try SafeTensors(contentsOf: file)
      #expect(throws: LetheError.self) { try SafeTensors(contentsOf: file, finite: true) }
    }
  }

  @Test(arguments: ["model.bin", "model.pt", "sd.ckpt"]) func picklesAreRefused(_ name: String)
    throws
  {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent(name)
      try Data([0x80, 2]).write(to: file)
      let error = try #require(throws: LetheError.self) { try SafeTensors(contentsOf: file) }
      #expect(error.description.contains("runs code") && error.description.contains("save_file"))
    }
  }

  @Test func shardsAreJoinedAndChecked() throws {
    try Fixtures.temporaryFolder { folder in
      func url(_ name: String) -> URL { folder.appendingPathComponent(name) }
      try SafeTensors.write(["a": Tensor.ones([2])], to: url("m-1.safetensors"))
      try SafeTensors.write(["b": Tensor.ones([3])], to: url("m-2.safetensors"))
      func index(_ map: String) throws -> [String: Tensor] {
        try Data("{\"weight_map\":{\(map)}}".utf8).write(to: url("m.safetensors.index.json"))
        return try SafeTensors.load(url("m.safetensors.index.json"))
      }
      #expect(try index(#""a":"m-1.safetensors","b":"m-2.safetensors""#).count == 2)
      #expect(throws: LetheError.self) { try index(#""a":"../m-1.safetensors""#) }
      #expect(throws: LetheError.self) { try index(#""a":"m-2.safetensors""#) }
      #expect(throws: LetheError.self) {
        try index(#""a":"m-1.safetensors","c":"m-1.safetensors""#)
      }
    }
  }

  /// A file that cannot be written leaves what was there, and nothing beside it.
  @Test func failedWritesLeaveNothing() throws {
    let missing = URL(fileURLWithPath: "/nonexistent/folder/x.safetensors")
    #expect(throws: LetheError.self) { try SafeTensors.write(["a": Tensor.ones([1])], to: missing) }
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x")
      try AtomicFile.write(Data("old".utf8), to: file)
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try AtomicFile.write(file) { handle in
          try Data("new".utf8).withUnsafeBytes { try handle.append($0) }
          throw Stop()
        }
      }
      #expect(try String(contentsOf: file, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
    }
  }

  @Test func npyComesBack() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.npy")
      for tensor in [
        Tensor([1, 2, 3, 4, 5, 6] as [Float], [2, 3]), Tensor([7]), Tensor.scalar(2),
      ] {
        try NPY.write(tensor, to: file)
        #expect(try NPY.read(file).isIdentical(to: tensor))
      }
      var bytes = try Data(contentsOf: file)
      bytes.removeLast()
      try bytes.write(to: file)
      #expect(throws: LetheError.self) { try NPY.read(file) }
    }
  }
}
