import Testing
import Torch

@testable import Training

@Suite struct EventTableTests {
  @Test func tables() {
    let csv = EventTable.csv([
      ["stage": "esd", "step": 1, "loss": 0.5], ["step": 2, "stage": "a,b", "note": "\"x\""],
    ])
    #expect(csv == "stage,step,loss,note\r\nesd,1,0.5,\r\n\"a,b\",2,,\"\"\"x\"\"\"\r\n")
  }
}
