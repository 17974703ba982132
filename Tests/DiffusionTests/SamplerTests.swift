// Golden numbers computed in fp64 from the formulas (SD 1.4: scaled linear, 0.00085 to 0.012).
import Testing
import Torch

@testable import Diffusion

@Suite struct SamplerTests {
  let schedule: NoiseSchedule
  init() throws { schedule = try .stableDiffusion() }

  @Test func timesteps() throws {
    #expect(try DDIM(schedule, steps: 50).timesteps.prefix(3) == [981, 961, 941])
    let pndm = try PNDM(schedule, steps: 50).timesteps
    #expect(pndm.count == 51 && pndm.prefix(4) == [981, 961, 961, 941] && pndm.last == 1)
    let lms = try LMS(schedule, steps: 50)
    #expect(abs(lms.timesteps[1] - 978.6122) < 1e-3 && abs(lms.initialScale - 14.61464) < 1e-4)
  }

  /// Every count of steps gives as many timesteps, all of them in the schedule; 12 trailing ones once gave 13.
  @Test(arguments: ["leading", "trailing", "linspace"]) func everyCount(_ kind: String) throws {
    var config = schedule.config
    config["timestep_spacing"] = .string(kind)
    let spacing = try Spacing(NoiseSchedule(config), fallback: "leading")
    for count in 1...(kind == "leading" ? 999 : 1000) {
      let found = try spacing.timesteps(count)
      #expect(found.count == count && found.allSatisfy { (0...999).contains($0) }, "\(count)")
    }
    if kind == "trailing" {
      #expect(try spacing.timesteps(12).prefix(3) == [999, 916, 832])
    }
  }

  @Test func unknownNamesAndCounts() {
    #expect(throws: LetheError.self) { try Samplers.named("dimm") }
    #expect(throws: LetheError.self) { try DDIM(schedule, steps: 0) }
    #expect(throws: LetheError.self) { try DDIM(schedule, steps: 1001) }
  }
}
