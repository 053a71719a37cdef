// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport
internal import Synchronization

/// A promise that was not kept.
struct Violation: Error, CustomStringConvertible {
  let description: String
}

/// What one case works with: its servers, transports and events, all ended with it.
final class Bench: Sendable {
  private let suite: TransportConformance
  /// Within this time the event that the case is about must end.
  let bound: Duration
  private struct Things {
    var countsBefore: ProcessCounts?
    var transports: [TransportUnderTest] = []
    var servers: [LoopbackServer] = []
    var events: [Event] = []
    var isOver = false
  }
  private let things = Mutex(Things())

  init(_ suite: TransportConformance, promise: Duration) {
    self.suite = suite
    bound = promise * 10 * suite.slowdown
  }

  var repetitions: Int { suite.repetitions }
  var slowdown: Double { suite.slowdown }
  /// What slows a process down, such as a sanitizer, keeps memory of its own.
  var measuresMemory: Bool { suite.slowdown == 1 }
  func has(_ capability: TransportCapabilities) -> Bool { suite.capabilities.contains(capability) }

  /// Notes what the process has open.
  func begin() async {
    let counts = await counts()
    things.withLock { $0.countsBefore = counts }
  }

  /// What the case left behind, once everything has ended; `nil` for nothing.
  func growth() async -> String? {
    await things.withLock { $0.countsBefore }?.growth(within: .seconds(5) * slowdown)
  }

  /// Lets the runtime and libraries open what they keep for the life of the process, and then counts.
  func counts() async -> ProcessCounts {
    try? await Task.sleep(for: .milliseconds(1))
    let subject = unkeptTransport()
    if let server = try? LoopbackServer.answering({ _ in LoopbackAnswer() }) {
      _ = try? await subject.transport.exchange(server.request())
      await subject.shutdown()
      await server.end()
    }
    return ProcessCounts(threadName: subject.threadName)
  }

  /// Ends everything, and waits for that.
  ///
  /// - Parameter isInOrder: Whether no call is in flight any more: then the transports end before their servers do,
  ///   which would else break off what a transport is about to let go of. If not, only the servers' end is sure to
  ///   end the calls.
  func end(isInOrder: Bool) async {
    let things = things.withLock { things in
      defer { things = Things(countsBefore: things.countsBefore, isOver: true) }
      return things
    }
    for event in things.events { event.signal() }
    if !isInOrder { for server in things.servers { server.stop() } }
    for subject in things.transports { await subject.shutdown() }
    for server in things.servers { await server.end() }
  }

  // MARK: Things

  /// A transport that ends with the case.
  func transport(maxConnections: Int = 8, proxy: String? = nil) -> any Transport {
    let subject = unkeptTransport(maxConnections: maxConnections, proxy: proxy)
    things.withLock { if !$0.isOver { $0.transports.append(subject) } }
    return subject.transport
  }

  /// A transport that ends with its last reference, or as the case ends it.
  func unkeptTransport(maxConnections: Int = 8, proxy: String? = nil) -> TransportUnderTest {
    suite.makeTransport(TransportOptions(maxConnections: maxConnections, proxy: proxy))
  }

  func event() -> Event {
    let event = Event()
    let isOver = things.withLock { things in
      things.events.append(event)
      return things.isOver
    }
    if isOver { event.signal() }
    return event
  }

  func server(
    _ family: Socket.Family = .v4, _ script: @escaping @Sendable (LoopbackConnection) -> Void
  ) throws -> LoopbackServer {
    try keep(LoopbackServer(family, script: script))
  }

  func answering(
    _ respond: @escaping @Sendable (RecordedRequest) -> LoopbackAnswer
  ) throws -> LoopbackServer {
    try keep(LoopbackServer.answering(respond))
  }

  /// A server that reads one request from each connection, sends `text`, and closes.
  func sending(_ text: String) throws -> LoopbackServer {
    try server { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(text)
    }
  }

  /// A case that was given up may go on after its end: it must leave nothing to the next one.
  private func keep(_ server: LoopbackServer) throws -> LoopbackServer {
    let isOver = things.withLock { things in
      if !things.isOver { things.servers.append(server) }
      return things.isOver
    }
    guard isOver else { return server }
    server.stop()
    throw Violation(description: "The case was given up.")
  }

  // MARK: Promises

  func expect(_ isKept: Bool, _ message: @autoclosure () -> String) throws {
    guard isKept else { throw Violation(description: message()) }
  }

  /// Holds `body` to the case's time bound, from `least` on.
  @discardableResult
  func promptly<Value>(
    after least: Duration = .zero, _ body: () async throws -> Value
  ) async throws -> Value {
    let start = ContinuousClock.now
    let value = try await body()
    let time = ContinuousClock.now - start
    try expect(time <= least + bound, "It took \(time); the bound is \(least + bound).")
    try expect(time >= least * 0.9, "It took \(time), which is less than the \(least) that it had.")
    return value
  }

  /// Expects that sending `request`, or reading its response, fails with `kind`.
  @discardableResult
  func expectFailure(
    _ kinds: TransportFailure.Kind..., reached: Bool? = nil, about subject: String = "The call",
    of request: TransportRequest, on transport: any Transport
  ) async throws -> TransportFailure {
    try expect(await transport.failure(of: request), kinds, reached: reached, subject)
  }

  @discardableResult
  func expect(
    _ failure: TransportFailure?, _ kinds: [TransportFailure.Kind], reached: Bool? = nil,
    _ subject: String = "The call"
  ) throws -> TransportFailure {
    guard let failure else { throw Violation(description: "\(subject) did not fail.") }
    let wished = kinds.map(\.rawValue).joined(separator: " or ")
    try expect(kinds.contains(failure.kind), "\(subject) should fail as \(wished); got \(failure).")
    if let reached {
      try expect(
        failure.mayHaveReachedServer == reached,
        "\(subject): mayHaveReachedServer should be \(reached); got \(failure).")
    }
    return failure
  }
}

extension Transport {
  /// Sends, and reads the whole response.
  package func exchange(
    _ request: TransportRequest, upTo limit: Int = 64 << 20
  ) async throws(TransportFailure) -> (head: HTTPResponse, body: [UInt8]) {
    let response = try await send(request)
    let head = response.head
    return (head, try await response.collect(upTo: limit))
  }

  /// The failure of a call, wherever in it; `nil` when it succeeded.
  package func failure(of request: TransportRequest) async -> TransportFailure? {
    do throws(TransportFailure) {
      _ = try await exchange(request)
      return nil
    } catch {
      return error
    }
  }
}

extension LoopbackServer {
  /// A request to this server, with timeouts that end a case which hangs.
  package func request(
    _ method: HTTPRequest.Method = .get, _ path: String = "/", body: RequestBody = .empty,
    fields: HTTPFields = [:],
    timeouts: Timeouts = Timeouts(connect: .seconds(20), idle: .seconds(25), total: .seconds(30)),
    scheme: String = "http", host: String = "127.0.0.1"
  ) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: method, scheme: scheme, authority: "\(host):\(port)", path: path, headerFields: fields),
      body: body, timeouts: timeouts, operation: "conformance")
  }
}
