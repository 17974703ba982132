import Foundation
import TestSupport
import Testing
import WorkbenchSupport

@testable import LetheCommands
@testable import Workbench
@testable import Workflows

@Suite struct CompletionsTests: RunsProgram {
  @Test func listsGoOnAfterTheirCommas() {
    let names = ["random", "seeds", "ringabell"]
    #expect(Completions.list(names, "ri") == names)
    #expect(Completions.list(names, "random,ri") == ["random,seeds", "random,ringabell"])
    #expect(Completions.list(names, "random,seeds,") == ["random,seeds,ringabell"])
    #expect(Completions.methods.contains("esd-x") && Completions.methods.contains("uce"))
  }

  /// The first model, run or set on the line knows the concepts.
  @Test func conceptsAreThoseOfTheLine() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = folder.appendingPathComponent("run")
      let job = Tiny.job(model, "uce", "fox")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      try RunFolder(run).write(job, to: "job.json")
      let all = ["fox", "cat", "owl", "noto", "symbola"]
      #expect(Completions.concepts(["lethe", "erase", model.path, "--concept", "fo"]) == all)
      #expect(Completions.concepts(["lethe", "evaluate", run.path, "--concept"]) == all)
      #expect(Completions.concepts(["lethe", "evaluate", "/nowhere", "--concept"]) == [])
      #expect(Completions.setConcepts(["lethe", "eraser", "restore", run.path]) == [])
    }
  }

  /// `bench MODEL` is completed as `bench methods MODEL` in each shell: the parser's scripts know no default subcommand.
  @Test func benchesOfAModel() throws {
    func script(_ shell: String) throws -> String {
      let text = try lethe("--generate-completion-script", shell).out
      #expect(text.contains("A model stands in the place of a subcommand"), "\(shell)")
      return text
    }
    let zsh = try script("zsh")
    #expect(zsh.contains("words=('methods' \"${words[@]}\")"))
    let fish = try script("fish")
    #expect(
      fish.contains(
        "case 'methods' 'separability' 'forgetting' 'robustness' 'relearning' ''\n            case '*'"
      ))
    // Every block of fish that is opened is closed.
    let words = fish.split(separator: "\n").compactMap { line in
      line.split(separator: " ").first.map(String.init)
    }
    let opened = words.count { ["function", "if", "while", "for", "switch", "begin"].contains($0) }
    #expect(opened == words.count { $0 == "end" })
    #if os(Linux)
      try Fixtures.temporaryFolder { folder in
        let file = folder.appendingPathComponent("lethe.bash")
        try Data(try script("bash").utf8).write(to: file)
        func offered(_ line: String) throws -> [String] {
          let words =
            [Self.program.path]
            + line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
          let line = words.joined(separator: " ")
          let text = """
            source '\(file.path)'
            COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
            COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9; COMPREPLY=()
            _lethe '\(words[0])' "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; printf '%s\\n' "${COMPREPLY[@]}"
            """
          let process = Process()
          process.executableURL = URL(fileURLWithPath: "/bin/bash")
          process.arguments = ["-c", text]
          process.currentDirectoryURL = Fixtures.package
          let pipe = Pipe()
          (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
          try process.run()
          let read = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
          process.waitUntilExit()
          return read.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
          }
        }
        for command in ["bench", "bench methods"] {
          #expect(try offered("\(command) Models/emoji --concept fo").contains("fox"), "\(command)")
          #expect(try offered("\(command) Models/emoji --kind st") == ["style"], "\(command)")
          #expect(try offered("\(command) Models/emoji --meth").contains("--methods"))
        }
        #expect(try offered("bench rob").contains("robustness"))
      }
    #endif
  }

  /// A colon ends a value in zsh, and in no other shell.
  @Test func colonsAreQuotedForZsh() {
    #expect(Completions.quoted(["own:a", "none"], forZsh: true) == ["own\\:a", "none"])
    #expect(Completions.quoted(["own:a"], forZsh: false) == ["own:a"])
  }

  /// The judges of this repository stand whole before the beginnings of others.
  @Test func judgesAreThere() {
    #expect(Completions.judges.contains("clip:") && Completions.judges.contains("none"))
  }
}
