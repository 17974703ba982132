struct TokenGolden: Decodable {
  struct Row: Decodable {
    var text: String
    var ids: [Int]
  }
  var rows: [Row]
}
