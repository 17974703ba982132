/// Element types, numbered as ATen's `ScalarType`.
public enum DType: Int32, Sendable, CaseIterable, Codable {
  case uint8 = 0
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case float16 = 5
  case float32 = 6
  case float64 = 7
  case bool = 11
  case bfloat16 = 15
  case float8e5m2 = 23
  case float8e4m3 = 24
  case uint16 = 27
  case uint32 = 28
  case uint64 = 29

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .uint8, .int8, .bool, .float8e5m2, .float8e4m3: 1
    case .int16, .float16, .bfloat16, .uint16: 2
    case .int32, .float32, .uint32: 4
    case .int64, .float64, .uint64: 8
    }
  }

  /// Whether elements are floating-point numbers, of 8 bits or more.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16, .float8e5m2, .float8e4m3: true
    default: false
    }
  }
}
