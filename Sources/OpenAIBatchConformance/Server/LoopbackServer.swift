// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Dispatch
internal import Synchronization

/// A raw-socket HTTP/1.1 server on the loopback interface: each connection runs a script on a thread of its own, so
/// a test can say any bytes at any time, and break off as it likes.
package final class LoopbackServer: Sendable {
  /// The port that the system chose.
  package let port: Int
  /// All requests read so far, in the order in which they were complete.
  package var requests: [RecordedRequest] { log.withLock { $0 } }
  /// How many connections were accepted so far.
  package var connectionCount: Int { connections.withLock { $0.total } }
  /// How many connections the script has not ended yet.
  package var openConnectionCount: Int { connections.withLock { $0.open.count } }
  /// The most connections that were open at once.
  package var mostConnections: Int { connections.withLock { $0.most } }

  private struct Connections {
    var open: [ObjectIdentifier: Socket] = [:]
    var total = 0
    var most = 0
    var isStopped = false
  }
  private let listener: Socket
  private let log = Mutex<[RecordedRequest]>([])
  private let connections = Mutex(Connections())
  private let threads = DispatchGroup()

  /// Starts a server that runs `script` for each connection, and closes the connection after it.
  package convenience init(script: @escaping @Sendable (LoopbackConnection) -> Void) throws {
    try self.init(.v4, script: script)
  }

  init(_ family: Socket.Family, script: @escaping @Sendable (LoopbackConnection) -> Void)
    throws(SystemFailure)
  {
    listener = try Socket.listening(family)
    port = listener.port
    run { [self] in accept(script) }
  }

  /// Starts a server that reads each request whole and answers it with what `respond` returns, keeping the
  /// connection open.
  package static func answering(
    _ respond: @escaping @Sendable (RecordedRequest) -> LoopbackAnswer
  ) throws -> LoopbackServer {
    try LoopbackServer { connection in
      while let request = connection.readRequest() {
        guard connection.send(respond(request).serialized(isHead: request.method == "HEAD")) else { return }
      }
    }
  }

  /// Ends the server and all its connections, without waiting for that.
  package func stop() {
    let open = connections.withLock { connections in
      connections.isStopped = true
      return Array(connections.open.values)
    }
    listener.interrupt()
    for socket in open { socket.interrupt() }
  }

  /// Ends the server and waits until its threads and descriptors are gone.
  package func end() async {
    stop()
    await withCheckedContinuation { ended in
      threads.notify(queue: .global()) { ended.resume() }
    }
  }

  private func accept(_ script: @escaping @Sendable (LoopbackConnection) -> Void) {
    while let socket = listener.accept() {
      let isWanted = connections.withLock { connections in
        guard !connections.isStopped else { return false }
        connections.open[ObjectIdentifier(socket)] = socket
        connections.total += 1
        connections.most = max(connections.most, connections.open.count)
        return true
      }
      guard isWanted else { break }
      run { [self] in
        script(LoopbackConnection(socket) { [self] request in log.withLock { $0.append(request) } })
        socket.close()
        connections.withLock { $0.open[ObjectIdentifier(socket)] = nil }
      }
    }
    listener.close()
  }

  private func run(_ body: @escaping @Sendable () -> Void) {
    let threads = threads
    threads.enter()
    startThread {
      body()
      threads.leave()
    }
  }
}
