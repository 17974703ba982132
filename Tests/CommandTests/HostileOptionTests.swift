// Numbers on the command line that ended the program, and standard streams that are closed or full.
import Foundation
import TestSupport
import Testing
import Torch

@testable import LetheCommands

@Suite struct HostileOptionTests: RunsProgram {
  @Test(arguments: [
    ("--count=-1", "--count: -1; accepted: a whole number from 1 to 1000000"),
    ("--threads=2147483648", "--threads: 2147483648; accepted: a whole number from 0 to 1024"),
    (
      "--device=cuda:2147483648",
      "--device: unknown device 'cuda:2147483648'; accepted: cpu, cuda, cuda:N, mps"
    ),
    ("--width=4611686018427387904", "--width: 4611686018427387904; accepted: a whole number"),
    ("--guidance=nan", "--guidance: \"nan\"; accepted: a number from"),
    ("--eta=inf", "--eta: \"inf\"; accepted: a number from 0.0 to 1.0"),
  ]) func aNumberThatIsNotAcceptedIsNamed(option: String, sentence: String) throws {
    try Fixtures.temporaryFolder { folder in
      let (code, text) = try shell(
        "\"$LETHE\" generate \"$MODEL\" --prompt fox --out '\(folder.path)/g' '\(option)' 2>&1")
      #expect(code == 2)
      #expect(text.hasPrefix("lethe: \(sentence)"), "\(text)")
    }
  }

  /// Requests that would draw more pictures than a folder can list, lists without a member, options without effect, and
  /// a name so long that nobody finds the end of its sentence.
  @Test(arguments: [
    (
      "yes fox | head -300000 | lethe generate $MODEL --prompts - --out $OUT",
      "the request has 300001 pictures"
    ),
    ("yes fox | lethe generate $MODEL --prompts - --out $OUT", "standard input has"),
    (
      "yes fox | head -c 8000 | tr -d '\\n' | lethe generate $MODEL --prompts - --out $OUT",
      "the prompt 'foxfox"
    ),
    (
      "lethe generate $MODEL --prompt fox --negative $(printf 'fox%.0s' $(seq 2000)) --dry-run --out $OUT",
      "the prompt 'foxfox"
    ),
    (
      "lethe generate $MODEL --prompt fox --count 300000 --out $OUT",
      "the request has 300000 pictures"
    ),
    (
      "lethe generate $MODEL --prompt fox --strengths 1 --out $OUT",
      "--strengths: it belongs to --grid"
    ),
    ("lethe bench $MODEL --methods '' --concept fox --out $OUT", "--methods: '' names nothing"),
    ("lethe show $(head -c 5000 /dev/zero | tr '\\0' x)", "there is nothing at xxx"),
  ]) func requestsThatAreTooLargeOrEmpty(command: String, sentence: String) throws {
    try Fixtures.temporaryFolder { folder in
      let (code, text) = try shell(
        "lethe() { \"$LETHE\" \"$@\"; }; OUT='\(folder.path)/o'; set -o pipefail; \(command) 2>&1 | head -c 5000; exit ${PIPESTATUS[-2]}"
      )
      #expect(code == 2, "\(text)")
      #expect(text.hasPrefix("lethe: \(sentence)"), "\(text)")
      #expect(text.count < 1300 && text.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/o"))
    }
  }

  /// The results of a run stay in its folder: another one was named, and nothing was written there.
  @Test func aRunsResultsHaveNoOtherFolder() throws {
    try Fixtures.temporaryFolder { folder in
      let (code, text) = try shell(
        "cd '\(folder.path)' && \"$LETHE\" erase \"$MODEL\" --method uce --concept fox --kind object --quiet --out run && "
          + "\"$LETHE\" evaluate run --judge none --out other 2>&1")
      #expect(code == 2)
      #expect(
        text.hasPrefix("lethe: --out: run is a run, whose results stay in its folder"), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/other"))
    }
  }

  /// A server that does not close, since it reads a line without end for a client, is not waited for.
  @Test func waitingEnds() async throws {
    // Waiting keeps its thread, and the threads of tasks have to do the work.
    let found = await withCheckedContinuation { done in
      Thread.detachNewThread {
        let open = Result {
          try waiting(atMost: 0.01) { try await Task.sleep(for: .seconds(3600)) } == nil
        }
        let value = Result { try waiting(atMost: 3600) { 3 } }
        let failed = Result<Void, any Error> { try waiting { throw LetheError.interrupted } }
        done.resume(returning: (open, value, failed))
      }
    }
    #expect(try found.0.get())
    #expect(try found.1.get() == 3)
    #expect(throws: LetheError.self) { try found.2.get() }
  }

  #if os(Linux)
    /// 16384 x 16384 pixels take 69 GB, and the process may have 40.
    @Test func picturesThatDoNotFitAreRefusedBeforeTheyAreDrawn() throws {
      try Fixtures.temporaryFolder { folder in
        let (code, text) = try shell(
          "ulimit -v 40000000; \"$LETHE\" generate \"$MODEL\" --prompt fox --width 16384 --height 16384 --threads 1 -q --out '\(folder.path)/g' 2>&1"
        )
        #expect(code == 3)
        #expect(
          text.hasPrefix("lethe: a picture of 16384 x 16384 needs 68.7 GB of memory"), "\(text)")
      }
    }
  #endif

  @Test func aClosedStandardErrorTakesNoFilesPlace() throws {
    try Fixtures.temporaryFolder { folder in
      let (code, text) = try shell(
        "cd '\(folder.path)'; \"$LETHE\" generate \"$MODEL\" --prompt fox --steps 1 --threads 1 --quiet --out g 2>&- >&-; echo $?"
      )
      #expect(code == 0 && text == "0\n")
      let manifest = try Data(contentsOf: folder.appendingPathComponent("g/manifest.json"))
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: manifest) }
      let picture = try Data(contentsOf: folder.appendingPathComponent("g/0_0.png"))
      #expect(picture.starts(with: [0x89, 0x50]))
    }
  }

  @Test func aFullStandardErrorEndsNothing() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let (_, text) = try shell(
      "\"$LETHE\" generate nowhere --prompt fox --out g 2>/dev/full; echo $?")
    #expect(text == "2\n")
  }
}
