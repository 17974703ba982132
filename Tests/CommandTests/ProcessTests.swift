// Processes of the program beside each other: workers without a parent, and two that have to say the same.
import Foundation
import TestSupport
import Testing

@Suite struct ProcessTests {
  /// tiny-sd1 with the themes and the judge of version 0.1.
  private func themedModel(_ folder: URL) throws -> URL {
    let model = folder.appendingPathComponent("model")
    let old = Fixtures.url("version-0.1")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
    try FileManager.default.copyItem(
      at: old.appendingPathComponent("judge"), to: model.appendingPathComponent("judge"))
    let themes = try String(contentsOf: old.appendingPathComponent("themes.json"), encoding: .utf8)
    let own = themes.replacing(/"judge"\s*:\s*"[^"]*"/, with: "\"judge\": \"judge\"")
    try Data(own.utf8).write(to: model.appendingPathComponent("themes.json"))
    return model
  }

  /// Runs a script of the shell with the program as $1, the model as $2 and a folder as $3.
  /// - Returns: all that it and its children wrote, after the last of them has ended
  private func shell(_ script: String, _ model: URL, _ folder: URL) throws -> String {
    try TestedProgram().shell(
      "exec 2>&1\n" + script, ["bash", TestedProgram.program.path, model.path, folder.path]
    ).text
  }

  /// A shell starts a bench as its worker, or the only rank of a launch, and ends at once. By its steps alone the
  /// command would take minutes.
  @Test(arguments: ["bench", "erase"]) func aWorkerEndsWithItsParent(_ command: String) throws {
    let (methods, prefix) = command == "bench" ? ("--methods", "esd.") : ("--method", "")
    let size = ["training.steps=50000", "trajectories=1", "trajectorySteps=2", "guarding.limit=0"]
      .map { "--set \(prefix)\($0)" }.joined(separator: " ")
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        LETHE_PARENT=$$ "$1" \(command) "$2" \(methods) esd --concept fox \(size) \
          --threads 1 -q --out "$3/out" &
        """, themedModel(folder), folder)
      #expect(text.contains("interrupted"), "\(text)")
      let made = FileManager.default.enumerator(atPath: folder.path)
      while let name = made?.nextObject() as? String {
        #expect(!name.hasSuffix("eraser.safetensors"), "\(name)")
      }
    }
  }

  #if os(Linux)
    /// Standard output on a full disk is no success: a table or JSON would be missing without a word.
    @Test func fullStandardOutput() throws {
      try Fixtures.temporaryFolder { folder in
        let model = try themedModel(folder)
        let text = try shell("\"$1\" list methods > /dev/full; echo $?", model, folder)
        #expect(text.contains("cannot write /dev/stdout: the disk is full"), "\(text)")
        #expect(text.hasSuffix("\n5\n"), "\(text)")
        // Help and the version come from the parser.
        for words in ["--help", "--version", "erase --help", "--generate-completion-script bash"] {
          let text = try shell("\"$1\" \(words) > /dev/full; echo $?", model, folder)
          #expect(text.hasSuffix("\n5\n"), "\(words): \(text)")
        }
      }
    }
  #endif

  /// Dictionaries have another order in each process, and no number may tell.
  @Test func twoProcessesSayTheSame() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        for i in 1 2; do
          "$1" evaluate "$2" --steps 1 --seeds 1 --threads 1 -q --out "$3/out" || exit
          cp "$3/out/results.json" "$3/$i.json"
        done
        """, themedModel(folder), folder)
      let results = try [1, 2].map { i in
        try Data(contentsOf: folder.appendingPathComponent("\(i).json"))
      }
      #expect(results[0] == results[1], "\(text)")
    }
  }

  /// Two ranks draw the files of one process, and one of them speaks.
  @Test func launchedRanksDrawTheSame() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        draw() { "$@" --prompt "a fox" --count 4 --batch 1 --steps 1; }
        draw "$1" generate "$2" --threads 1 --out "$3/one" -q || exit
        draw "$1" launch -n 2 -- generate "$2" --out "$3/two" 2>"$3/errors" || cat "$3/errors"
        grep -c "^lethe\\|^note" "$3/errors"
        """, themedModel(folder), folder)
      #expect(text.split(separator: "\n") == ["4 pictures in \(folder.path)/two", "0"], "\(text)")
      let names = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("one").path)
      #expect(names.count == 5)
      for name in names {
        let files = try ["one", "two"].map {
          try Data(contentsOf: folder.appendingPathComponent("\($0)/\(name)"))
        }
        #expect(files[0] == files[1], "\(name)")
      }
    }
  }

  /// A command without work to share is the first rank's: the second one opens no folder that is taken, and no name is
  /// added twice.
  @Test func oneRankChangesASet() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        "$1" launch -n 2 -- eraser init "$3/set" "$2" -q && echo "code $?"
        "$1" launch -n 2 -- eraser add "$3/set" fox cat -q; echo "code $?"
        "$1" eraser list "$3/set" -q | grep -c .
        """, themedModel(folder), folder)
      #expect(text.split(separator: "\n") == ["code 0", "code 0", "2"], "\(text)")
    }
  }

  /// A rank without a store says so in one sentence, and libtorch's log stays out of it.
  @Test func aRankWithoutAStoreSaysSo() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        RANK=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=9 LETHE_PATIENCE=1 \
          "$1" generate "$2" --prompt fox --out "$3/out" 2>&1
        """, themedModel(folder), folder)
      #expect(text.split(separator: "\n").count == 1, "\(text)")
      #expect(text.contains("rank 1 finds no store at 127.0.0.1:9"), "\(text)")
    }
  }

  /// NCCL is for GPUs: ranks on the CPU that ask for it are refused before they compute.
  @Test func ranksOfTheCPUHaveNoNCCL() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        "$1" launch -n 2 --backend nccl -- generate "$2" --prompt fox --out "$3/out" -q 2>&1
        echo "code $?"
        """, themedModel(folder), folder)
      let lines = text.split(separator: "\n").map(String.init)
      #expect(
        lines.first?.hasPrefix("lethe: --backend: nccl, which takes tensors of NVIDIA's GPUs alone")
          == true, "\(text)")
      #expect(lines.count == 2 && lines.last == "code 2", "\(text)")
    }
  }

  /// A refusal that every process has is said once: of the words of the command, of a value, of a place, and of a command that
  /// is one process's alone. Nothing is left where the reasons were.
  @Test(arguments: [
    ("generate \"$2\" --prompt fox --stepz 3 --out \"$3/out\"", "unknown option '--stepz'", 2),
    ("generate \"$2\" --prompt fox --threads -1 --out \"$3/out\"", "--threads", 2),
    ("generate \"$2\" --prompt fox --steps 0 --out \"$3/out\"", "--steps: 0", 2),
    ("generate /nonexistent --prompt fox --out \"$3/out\"", "there is no folder /nonexistent", 2),
    ("eraser add /nonexistent fox", "there is no folder /nonexistent", 2),
    ("evaluate", "`lethe evaluate` needs", 2),
  ]) func launchSaysAReasonOnce(_ command: String, _ reason: String, _ code: Int) throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        mkdir "$3/tmp"
        TMPDIR="$3/tmp" "$1" launch -n 3 -- \(command) 2>&1
        echo "code $?"
        ls "$3/tmp"
        """, themedModel(folder), folder)
      let lines = text.split(separator: "\n").map(String.init)
      #expect(lines.count == 2 && lines.last == "code \(code)", "\(text)")
      #expect(
        lines.first?.hasPrefix("lethe: ") == true && lines.first?.contains(reason) == true
          && lines.first?.contains("rank ") == false, "\(text)")
    }
  }

  /// The value of a variable is blamed on the variable, once.
  @Test func launchNamesTheVariable() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        LETHE_BACKEND=mpi "$1" launch -n 2 -- generate "$2" --prompt fox --out "$3/out" 2>&1
        echo "code $?"
        """, themedModel(folder), folder)
      #expect(text == "lethe: LETHE_BACKEND: 'mpi'; accepted: gloo, nccl\ncode 2\n", "\(text)")
    }
  }

  #if os(Linux)
    /// A rank that is killed ends the others, and the reason is told. By its steps alone the training would take
    /// minutes.
    @Test func aKilledRankEndsTheOthers() throws {
      try Fixtures.temporaryFolder { folder in
        let text = try shell(
          """
          "$1" launch -n 2 -- erase "$2" --method esd --concept fox --set training.steps=500000 \
            --set trajectories=1 --set trajectorySteps=2 --set guarding.limit=0 --set training.logEvery=1 \
            -q --out "$3/out" &
          launcher=$!
          for i in $(seq 300); do
            sleep 0.1
            [ -e "$3/out/events.jsonl" ] && break
          done
          for process in $(cat /proc/$launcher/task/*/children); do
            tr '\\0' '\\n' < /proc/$process/environ | grep -qx RANK=1 && kill -9 $process
          done
          wait $launcher
          echo "code $?"
          """, themedModel(folder), folder)
        #expect(text.contains("code 1") && text.contains("rank 1"), "\(text)")
        #expect(text.contains("signal 9") && text.contains("finished work is kept"), "\(text)")
      }
    }

    /// Pictures that ranks finished before one was killed stay, and the same command goes on to the files of one process.
    @Test func workOfAKilledRankIsKept() throws {
      try Fixtures.temporaryFolder { folder in
        let text = try shell(
          """
          drawn="generate $2 --prompt fox --count 300 --steps 4 --seed 3 -q"
          "$1" launch -n 2 -- $drawn --out "$3/two" &
          launcher=$!
          for i in $(seq 600); do
            sleep 0.05
            [ -e "$3/two/0_3.png" ] && break
          done
          for process in $(cat /proc/$launcher/task/*/children); do
            tr '\\0' '\\n' < /proc/$process/environ | grep -qx RANK=1 && kill -9 $process
          done
          wait $launcher
          echo "code $?"
          ls "$3/two" | grep -c png
          cp "$3/two/0_3.png" "$3/before.png" && touch -r "$3/two/0_3.png" "$3/before.png"
          "$1" launch -n 2 -- $drawn --out "$3/two" && "$1" $drawn --threads 1 --out "$3/one" && echo drawn
          [ "$3/two/0_3.png" -nt "$3/before.png" ] || echo kept
          for picture in "$3"/one/*.png; do cmp -s $picture "$3/two/${picture##*/}" || echo differs; done
          """, themedModel(folder), folder)
        let lines = text.split(separator: "\n")
        let count = try #require(lines.firstIndex(of: "code 1").map { Int(lines[$0 + 1]) ?? 0 })
        #expect((4..<300).contains(count), "\(text)")
        #expect(lines.contains("drawn") && lines.contains("kept"), "\(text)")
        #expect(!lines.contains("differs"), "\(text)")
      }
    }
  #endif
}
