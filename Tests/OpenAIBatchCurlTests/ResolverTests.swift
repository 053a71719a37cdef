// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

#if os(Linux)
/// A name server that does not answer (row C2).
@Suite(.serialized)
struct ResolverTests {
  private func request(timeouts: Timeouts = Timeouts()) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(method: .post, scheme: "http", authority: "host.slow-resolver.invalid", path: "/"),
      body: .bytes([1]), timeouts: timeouts, operation: "test")
  }

  @Test func theConnectTimeoutEndsIt() async {
    let start = ContinuousClock.now
    let failure = await makeTransport().failure(of: request(timeouts: Timeouts(connect: .milliseconds(300))))
    let time = ContinuousClock.now - start
    #expect(failure?.kind == .notSent)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(time > .milliseconds(270) && time < .milliseconds(1_500))
  }

  @Test func aCancelEndsItAndOthersAreNotDisturbed() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "ok") }
    defer { server.stop() }
    let transport = makeTransport()
    let asked = ContinuousClock.now
    let task = Task { await transport.failure(of: request()) }
    while slowLookups.isEmpty(since: asked), ContinuousClock.now - asked < .seconds(2) { await Task.yield() }
    try #require(!slowLookups.isEmpty(since: asked))
    let start = ContinuousClock.now
    #expect(try await transport.text(of: server.request()) == "ok")
    task.cancel()
    let failure = await task.value
    #expect(failure?.kind == .cancelled)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(try await transport.text(of: server.request()) == "ok")
    #expect(ContinuousClock.now - start < .milliseconds(isSanitized ? 2_500 : 500))
  }
}

/// When lookups of slow names began.
private let slowLookups = SlowLookups()

private final class SlowLookups: Sendable {
  private let times = Mutex<[ContinuousClock.Instant]>([])
  func note() { times.withLock { $0.append(.now) } }
  func isEmpty(since start: ContinuousClock.Instant) -> Bool {
    times.withLock { !$0.contains { $0 >= start } }
  }
}

private typealias Lookup =
  @convention(c) (
    UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<addrinfo>?,
    UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
  ) -> CInt

/// Takes the place of the C library's for the whole process, libcurl included: names in `slow-resolver.invalid` take
/// three seconds and are then not found.
@_cdecl("getaddrinfo")
public func slowGetAddressInfo(
  _ name: UnsafePointer<CChar>?, _ service: UnsafePointer<CChar>?, _ hints: UnsafePointer<addrinfo>?,
  _ result: UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
) -> CInt {
  if let name, String(cString: name).hasSuffix(".slow-resolver.invalid") {
    slowLookups.note()
    sleep(3)
    return EAI_NONAME
  }
  // RTLD_NEXT, which Swift does not import.
  let next = UnsafeMutableRawPointer(bitPattern: -1)
  guard let symbol = dlsym(next, "getaddrinfo") else { return EAI_SYSTEM }
  return unsafeBitCast(symbol, to: Lookup.self)(name, service, hints, result)
}
#endif
