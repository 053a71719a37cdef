// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// Cancelling in each phase ends the call at once and closes its connection.
struct CancellationTests {
  /// Cancels `task`, and holds it to a bound that a sanitizer on a busy machine keeps too.
  private func cancel(_ task: Task<TransportFailure?, Never>) async -> TransportFailure? {
    let start = ContinuousClock.now
    task.cancel()
    let failure = await task.value
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(failure?.kind == .cancelled)
    return failure
  }

  @Test func beforeSending() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let transport = makeTransport()
    let mayStart = Event()
    let task = Task {
      await mayStart.wait()
      return await transport.failure(of: server.request())
    }
    task.cancel()
    mayStart.signal()
    let failure = await task.value
    #expect(failure?.kind == .cancelled)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(server.connectionCount == 0)
  }

  @Test func whileQueued() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    let first = Task { await transport.failure(of: server.request(.get, "/first")) }
    while server.requests.isEmpty { await Task.yield() }
    let queued = (0..<200).map { _ in Task { await transport.failure(of: server.request(.get, "/queued")) } }
    for task in queued { #expect(await cancel(task)?.mayHaveReachedServer == false) }
    #expect(await cancel(first)?.mayHaveReachedServer == true)
    #expect(server.requests.map(\.target) == ["/first"])
  }

  @Test func whileConnecting() async throws {
    let accepted = Event()
    let server = try LoopbackServer { connection in
      accepted.signal()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let transport = makeTransport()
    var request = server.request()
    request.head.scheme = "https"
    let task = Task { [request] in await transport.failure(of: request) }
    await accepted.wait()
    #expect(await cancel(task)?.mayHaveReachedServer == false)
  }

  @Test func whileTheServerIsSilent() async throws {
    let read = Event()
    let closed = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      read.signal()
      connection.waitForPeerToClose()
      closed.signal()
    }
    defer { server.stop() }
    let transport = makeTransport()
    let task = Task { await transport.failure(of: server.request()) }
    await read.wait()
    #expect(await cancel(task)?.mayHaveReachedServer == true)
    await closed.wait()
  }

  @Test func whileSending() async throws {
    let started = Event()
    let stop = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      started.signal()
      stop.wait()
    }
    defer {
      stop.signal()
      server.stop()
    }
    let transport = makeTransport()
    let body = RequestBody.producer(length: nil, isReplayable: false) { pieces(1_000_000, of: 100_000) }
    let task = Task { await transport.failure(of: server.request(.post, body: body)) }
    await started.wait()
    _ = await cancel(task)
  }

  @Test(arguments: [true, false])
  func whileTheBodySourceIsAsked(opening: Bool) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let asked = Event()
    let released = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      if opening {
        asked.signal()
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(60))
        } onCancel: {
          released.signal()
        }
      }
      return PieceReader {
        asked.signal()
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(60))
        } onCancel: {
          released.signal()
        }
        return nil
      }
    }
    let transport = makeTransport()
    let task = Task { await transport.failure(of: server.request(.post, body: body)) }
    await asked.wait()
    #expect(await cancel(task)?.mayHaveReachedServer == false)
    await released.wait()
    #expect(server.requests.isEmpty)
  }

  @Test func whileTheBodyArrives() async throws {
    let closed = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForPeerToClose()
      closed.signal()
    }
    defer { server.stop() }
    let transport = makeTransport()
    let reader = try await transport.send(server.request()).takeBody().makeReader()
    #expect(try await reader.next() == Array("abc".utf8)[...])
    let task = Task { () -> TransportFailure? in
      do throws(TransportFailure) {
        _ = try await reader.next()
        return nil
      } catch {
        return error
      }
    }
    await Task.yield()
    _ = await cancel(task)
    await closed.wait()
    let again = await #expect(throws: TransportFailure.self) { try await reader.next() }
    #expect(again?.kind == .cancelled)
  }

  @Test func droppingTheBodyClosesTheConnection() async throws {
    let closed = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForPeerToClose()
      closed.signal()
    }
    defer { server.stop() }
    let transport = makeTransport()
    do { _ = try await transport.send(server.request()) }
    await closed.wait()
  }

  @Test func droppingTheBodyWhilePausedClosesTheConnection() async throws {
    let closed = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
      let piece = [UInt8](repeating: 1, count: 1 << 20)
      while connection.send(piece) {}
      closed.signal()
    }
    defer { server.stop() }
    let transport = makeTransport()
    do {
      var body = try await transport.send(server.request()).takeBody()
      _ = try await body.next()
    }
    await closed.wait()
  }

  @Test func aFinishedCallIsNotDisturbed() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "ok") }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<50 {
      let task = Task { try await transport.receive(server.request()).text }
      #expect(try await task.value == "ok")
      task.cancel()
    }
    #expect(server.connectionCount == 1)
  }

  @Test func aSecondReaderFailsAndTheFirstGoesOn() async throws {
    let asked = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
      asked.wait()
      connection.send("abc")
    }
    defer { server.stop() }
    let transport = makeTransport()
    let reader = try await transport.send(server.request()).takeBody().makeReader()
    let results = await withTaskGroup(of: Result<Int?, TransportFailure>.self) { group in
      for _ in 0..<2 {
        group.addTask {
          do throws(TransportFailure) {
            return .success(try await reader.next()?.count)
          } catch {
            asked.signal()
            return .failure(error)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let failures = results.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    #expect(failures.map(\.kind) == [.invalid])
    #expect(results.contains { if case .success(3) = $0 { true } else { false } })
  }

  @Test func aStormOfRandomCancels() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 16)
    let counts = await withTaskGroup(of: TransportFailure.Kind?.self) { group in
      for index in 0..<1_000 {
        group.addTask {
          let task = Task { await transport.failure(of: server.request(.post, body: .bytes([1, 2, 3]))) }
          if index % 4 != 0 {
            for _ in 0..<Int.random(in: 0..<200) { await Task.yield() }
            task.cancel()
          }
          return await task.value?.kind
        }
      }
      return await group.reduce(into: [TransportFailure.Kind?: Int]()) { $0[$1, default: 0] += 1 }
    }
    #expect(Set(counts.keys).isSubset(of: [nil, .cancelled]))
    #expect(counts.values.reduce(0, +) == 1_000)
    #expect(counts[nil, default: 0] >= 250)
    #expect(try await transport.receive(server.request(.post, body: .bytes([7]))).body == [7])
  }
}
