// The choice between Gloo and NCCL, and NCCL itself where there are two GPUs.
import Foundation
import TestSupport
import Testing
import Torch

@testable import Processes

@Suite struct RankBackendTests {
  private func place(_ machine: String, _ card: String?, _ hasNCCL: Bool = true)
    -> RankBackend.Place
  {
    RankBackend.Place(machine: machine, card: card, hasNCCL: hasNCCL)
  }

  /// NCCL where each rank has a GPU of its own, on one machine or on several.
  @Test func everyRankHasAGPU() throws {
    for places in [
      [place("a", "01:00.0"), place("a", "02:00.0")],
      [place("a", "01:00.0"), place("b", "01:00.0")],
    ] {
      for asked in [nil, RankBackend.nccl] {
        let found = try RankBackend.chosen(asked, for: places)
        #expect(found.backend == .nccl && found.note == nil)
      }
      let asked = try RankBackend.chosen(.gloo, for: places)
      #expect(asked.backend == .gloo && asked.note == nil)
    }
  }

  /// Gloo elsewhere, with the reason; whoever asked for NCCL is refused with it.
  @Test func theReasonIsTold() throws {
    let cases: [([RankBackend.Place], String)] = [
      (
        [place("a", "01:00.0"), place("a", "02:00.0"), place("a", "01:00.0")],
        "ranks 0 and 2 share a GPU, which NCCL refuses"
      ),
      ([place("a", "01:00.0"), place("a", nil)], "rank 1 computes on no NVIDIA GPU"),
      (
        [place("a", "01:00.0"), place("a", "02:00.0", false)],
        "the libtorch of rank 1 has no NCCL"
      ),
    ]
    for (places, reason) in cases {
      let found = try RankBackend.chosen(nil, for: places)
      #expect(found.backend == .gloo && found.note?.hasSuffix("(Gloo): \(reason)") == true)
      #expect(try RankBackend.chosen(.gloo, for: places).note == nil)
      let error = #expect(throws: LetheError.self) { try RankBackend.chosen(.nccl, for: places) }
      #expect(error?.sentence == "LETHE_BACKEND: nccl; \(reason); accepted: gloo")
      #expect(error?.kind == .request)
    }
  }

  @Test func theEnvironmentAsks() throws {
    var variables = [
      "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1", "LETHE_BACKEND": "",
    ]
    #expect(try RankEnvironment(variables)?.backend == nil)
    variables["LETHE_BACKEND"] = "nccl"
    #expect(try RankEnvironment(variables)?.backend == .nccl)
    variables["LETHE_BACKEND"] = "NCCL"
    let error = #expect(throws: LetheError.self) { try RankEnvironment(variables) }
    #expect(error?.sentence == "LETHE_BACKEND: 'NCCL'; accepted: gloo, nccl")
  }

  /// A device of the CPU has no name among GPUs. A libtorch without a CUDA half says that it has no NCCL, and goes on over
  /// Gloo.
  @Test(.enabled(if: !RankBackendTests.hasTwoGPUs)) func aBuildWithoutGPUs() throws {
    #expect(RankBackend.Place(of: .cpu).card == nil)
    let found = try RanksInThreads.run(2) { ranks -> [Float] in
      let group = try #require(ranks.meeting).group()
      if !TensorGroup.hasNCCL {
        let fault = #expect(throws: Fault.self) { try group.useNCCL() }
        #expect(fault?.description.contains("this libtorch has no NCCL") == true)
      }
      try group.leaveNCCL()
      let sum = Tensor([Float(ranks.rank + 1)])
      try group.sum(sum)
      return sum.floats
    }
    #expect(found == [[3], [3]])
  }

  private static let hasTwoGPUs =
    ProcessInfo.processInfo.environment["LETHE_TEST_DEVICE"]?.hasPrefix("cuda") == true
    && Device.cuda(1).fault == nil

  /// For a machine with two GPUs: LETHE_TEST_DEVICE=cuda make test FILTER=RankBackendTests. Threads of one process are no
  /// ranks for NCCL on two GPUs unless each has its own, as here.
  @Test(.enabled(if: hasTwoGPUs)) func twoGPUs() throws {
    let found = try RanksInThreads.run(2) { ranks -> [Float] in
      let device = try Device(parsing: "cuda:\(ranks.rank)")
      let group = try #require(ranks.meeting).group(for: device)
      let sum = Tensor([Float(ranks.rank + 1)]).to(device)
      try group.sum(sum)
      let sent = Tensor([Float(ranks.rank)]).to(device)
      try group.broadcast(sent, from: 1)
      let all = try group.gather(Tensor([Float(ranks.rank)]).to(device))
      let weight = Tensor([Float(2)]).to(device)
      weight.requiresGradient = true
      let slope = try group.gradients(of: Double(ranks.rank + 1) * weight, with: [weight])
      return sum.floats + sent.floats + all.floats + slope[0].floats
    }
    #expect(found == Array(repeating: [3, 1, 0, 1, 1.5], count: 2))
  }
}
