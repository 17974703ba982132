// A studio whose sockets the system tells nothing about any more says so, and does not wait for nobody.
import FlyingSocks
import Foundation
import TestSupport
import Testing
import Torch
import Workbench

@testable import Studio

@Suite struct ServerEndTests {
  /// A list of sockets that the system refuses to tell about.
  private struct Refusing: EventQueue {
    func open() {}
    func stop() {}
    func close() {}
    func addEvents(_ events: Socket.Events, for socket: Socket.FileDescriptor) {}
    func removeEvents(_ events: Socket.Events, for socket: Socket.FileDescriptor) {}
    func getNotifications() throws -> [EventNotification] {
      throw SocketError.failed(type: "epoll wait", errno: EBADF, message: "bad file descriptor")
    }
  }

  @Test func theFaultIsTold() async throws {
    let folder = Fixtures.scratch.appendingPathComponent("lethe-studio-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var broken = Studio.Options([folder.path], program: folder)
    broken.port = 0
    let studio = try Studio(broken)
    _ = try await studio.open(waitingIn: SocketPool(queue: Refusing()))
    while studio.failure == nil { try await Task.sleep(for: .milliseconds(5)) }
    let sentence = studio.failure?.sentence ?? ""
    #expect(sentence.contains("answers nobody any more") && sentence.contains("start it again"))
    await studio.close()
    // A studio that is closed has no fault.
    let well = try Studio(broken)
    _ = try await well.open()
    await well.close()
    #expect(well.failure == nil)
  }
}
