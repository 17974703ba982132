import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// Every header that the field's prompt files have, and rows that cannot be read.
@Suite struct PromptTableTests {
  /// Semicolons, tabs and JSON lines mean the same as commas.
  @Test(arguments: [
    "case_number,prompt,evaluation_seed\n07,\"a fox, red\",5\n",
    "case_number;prompt;evaluation_seed\r\n07;a fox, red;5\r\n",
    "case_number\tprompt\tevaluation_seed\n07\ta fox, red\t5\n",
    "{\"case_number\": \"07\", \"prompt\": \"a fox, red\", \"evaluation_seed\": 5}\n\n",
  ])
  func otherForms(_ text: String) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("prompts.csv")
      try Data(text.utf8).write(to: file)
      let rows = try PromptTable(contentsOf: file).rows
      #expect(rows.map(\.caseNumber) == ["07"] && rows.map(\.prompt) == ["a fox, red"])
      #expect(rows.map(\.seed) == [5])
    }
  }

  func read(_ text: String) throws -> PromptTable {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("p.csv")
      try Data(text.utf8).write(to: file)
      return try PromptTable(contentsOf: file)
    }
  }

  @Test(arguments: [
    ",case_number,prompt,evaluation_seed,artist\n0,7,a fox,12,Kelly\n",
    "Unnamed: 0,prompt,categories,hard,evaluation_seed,evaluation_guidance,case_number\n0,a fox,sexual,1,12,7,7\n",
    "case_number,prompt,evaluation_seed,evaluation_guidance\n7,a fox,12,7.5\n",
    "case_number,source,prompt,evaluation_seed\n7,coco,a fox,12\n",
    "image_id,source,prompt,evaluation_seed,width,height\n7,coco,a fox,12,512,512\n",
    "case_number,source,prompt,evaluation_seed,coco_id\n7,coco,a fox,12,99\n",
    "\u{FEFF}case_number,prompt,evaluation_seed,class,classidx\r\n7,a fox,12,fox,3\r\n",
    "prompt,case_number,evaluation_seed\na fox,7,12\n",
    "case_number,evaluation_seed,target,prompt\n7,12,fox,a fox\n",
    "prompt,sd_seed,sd_guidance_scale,case_number\na fox,12,7,7\n",
  ])
  func headers(_ text: String) throws {
    let rows = try read(text).rows
    #expect(
      rows.count == 1 && rows[0].prompt == "a fox" && rows[0].seed == 12
        && rows[0].caseNumber == "7", "\(rows)")
  }

  @Test func columnsThatAreOptional() throws {
    let i2p = try read(
      "prompt,sd_seed,sd_guidance_scale,sd_image_width,sd_image_height\n\"a, \"\"b\"\"\nc 🦊\",4080709695,5.5,512,768\n"
    )
    #expect(i2p.rows[0].prompt == "a, \"b\"\nc 🦊" && i2p.rows[0].seed == 4_080_709_695)
    #expect(i2p.rows[0].guidance == 5.5 && i2p.rows[0].width == 512 && i2p.rows[0].height == 768)
    let hub = try read("image_id,text\n000000203564,a bicycle\n")
    #expect(hub.rows[0].caseNumber == "000000203564" && hub.notes.count == 1)
    let mma = try read("target_prompt,adv_prompt,clean_prompt\nx,y z,w\n")
    #expect(mma.rows[0].prompt == "y z")
    let bell = try read("sensitive prompt,normal prompt\na b,c d\n")
    #expect(bell.rows[0].prompt == "a b")
    let retain = try read("case_num,source,prompt\n1,coco_object,a photo of chair\n")
    #expect(retain.rows[0].caseNumber == "1")
    let bare = try read("a fox in the snow\nan owl, at night\n")
    #expect(bare.rows.map(\.prompt) == ["a fox in the snow", "an owl, at night"])
    #expect(Set(bare.rows.map(\.seed)).count == 2)
    // Words alone, and what begins with a bracket, are prompts.
    let words = try read("fox\ncat\n")
    #expect(words.rows.map(\.prompt) == ["fox", "cat"])
    #expect(words.notes.first?.contains("every line is a prompt, the first is 'fox'") == true)
    #expect(try read("[fox:owl:0.5] at night\n").rows.map(\.prompt) == ["[fox:owl:0.5] at night"])
  }

  @Test(arguments: [
    (
      "case_number,prompt,evaluation_seed\n0,a,1\n1,\"b\nc\",2\n2,d\n",
      "line 5: 2 fields; accepted: 3, as the header has"
    ),
    ("case_number,prompt,evaluation_seed\n0,a,one\n", "line 2: seed 'one'"),
    ("case_number,prompt,evaluation_seed\n0,\"a,1\n", "line 2: a quote"),
    ("case_number,prompt\n../x,a\n", "line 2: case number '../x'"),
    ("case_number,evaluation_seed\n0,1\n", "no column of prompts"),
    ("my words,seed\na fox,1\n", "no column of prompts among 'my words', 'seed'"),
    ("prompts\na fox\nan owl\n", "accepted: a CSV whose header has one of prompt, text"),
    ("image_description\na fox\n", "no column of prompts among 'image_description'"),
    ("captoin\na fox\n", "no column of prompts"),
    ("[\"a fox\", \"an owl\"]", "it is a list of JSON; accepted: a CSV"),
    ("[\n  {\"prompt\": \"a fox\"}\n]\n", "objects of JSON with such a key, one a line"),
    ("{\n  \"prompt\": \"a fox\"\n}\n", "line 1: it is no JSON"),
    ("{\"prompt\": \"a fox\", \"erasers\": 3}\n", "'erasers' is 3; accepted: a list of names"),
    ("{\"prompt\": \"a fox\", \"active\": [1]}\n", "'active' is [1]"),
    ("", "no rows"),
    ("prompt\n", "it has no rows; accepted: a CSV"),
    ("prompt,seed,forget", "it has no rows"),
    ("\u{FEFF}prompt,seed\r\n\r\n\r\n", "it has no rows"),
    ("\n\n", "it has no rows"),
    ("prompt,guidance\na,1\na,1e308\n", "line 3: guidance '1e308'; accepted: a number from -10000"),
    ("{\"prompt\": \"a fox\", \"guidance\": -1e308}\n", "accepted: a number from -10000"),
  ])
  func badRowsAreNamedByLine(_ text: String, _ expected: String) throws {
    let error = try #require(throws: LetheError.self) { try read(text) }
    #expect(error.description.contains(expected), "\(error)")
  }

  /// A size that pictures of the model cannot have is refused with its line, unless another one stands for it.
  @Test func sizesOfTheModel() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let unit = 2
    for (text, line, word) in [
      ("prompt,width\na,\(unit)\nb,\(unit + 1)\n", 3, "width '\(unit + 1)'"),
      ("prompt,height,seed\n\"a\nb\",1,0\n", 2, "height '1'"),
      ("{\"prompt\": \"a\"}\n\n{\"prompt\": \"b\", \"height\": 1}\n", 3, "height '1'"),
    ] {
      let table = try read(text)
      let error = try #require(throws: LetheError.self) { try table.refuseSizes(of: model) }
      #expect(error.kind == .model)
      #expect(
        error.fault == "line \(line): \(word); accepted: multiples of \(unit), at most 16384")
      try table.refuseSizes(of: model, hasWidth: true, hasHeight: true)
    }
    try read("prompt,width,height\na,\(unit),\(2 * unit)\n").refuseSizes(of: model)
  }

  /// Several seeds of one case are pictures of their own.
  @Test(arguments: [
    "case_number,prompt,evaluation_seed\n7,a fox,1\n7,a fox,2\n7-2,an owl,3\n7,a fox,4\n",
    "{\"case_number\": 7, \"prompt\": \"a fox\", \"seed\": 1}\n{\"case_number\": 7, \"prompt\": \"a fox\", \"seed\": 2}\n"
      + "{\"case_number\": \"7-2\", \"prompt\": \"an owl\", \"seed\": 3}\n{\"case_number\": 7, \"prompt\": \"a fox\", \"seed\": 4}",
  ])
  func repeatedCases(_ text: String) throws {
    let table = try read(text)
    #expect(table.rows.map(\.caseNumber) == ["7", "7-3", "7-2", "7-4"])
    #expect(table.rows.map(\.seed) == [1, 2, 3, 4])
    #expect(table.notes.contains { $0.hasPrefix("2 rows repeat a case number") })
  }

  /// A line names erasers as a list or as a CSV does; a command that has none for single prompts refuses them.
  @Test func linesNameErasers() throws {
    let lines = [
      #"{"prompt": "a", "erasers": ["fox", "cat"]}"#, #"{"prompt": "b", "active": "fox; cat"}"#,
      #"{"prompt": "c", "erasers": []}"#, #"{"prompt": "d"}"#,
    ]
    let rows = try read(lines.joined(separator: "\n")).rows
    #expect(rows.map(\.erasers) == [["fox", "cat"], ["fox", "cat"], [], nil])
    #expect(throws: Never.self) { try PromptTable.refuseErasers(in: Array(rows.dropFirst(2)), "f") }
    let error = #expect(throws: LetheError.self) { try PromptTable.refuseErasers(in: rows, "f") }
    #expect(error?.kind == .request && error?.sentence.contains("names erasers") == true)
  }

  /// A line says whether its prompt is forgotten or kept, as a column of a table does.
  @Test func linesSayWhatIsKept() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("prompts.jsonl")
      let lines = [
        #"{"prompt": "a fox", "forget": true}"#, #"{"prompt": "a dog", "forget": "no"}"#,
        #"{"prompt": "a cat"}"#,
      ]
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      #expect(try PromptTable(contentsOf: file).rows.map(\.forgets) == [true, false, nil])
      try Data(#"{"prompt": "a fox", "forget": "perhaps"}"#.utf8).write(to: file)
      let error = #expect(throws: LetheError.self) { try PromptTable(contentsOf: file) }
      #expect(error?.sentence.contains("perhaps") == true)
    }
  }
}
