// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Synchronization

extension BatchSimulator {
  /// Opens the simulator to HTTP/1.1 clients of this machine, on 127.0.0.1.
  ///
  /// - Parameter port: The port to listen on; 0, the default, takes a free one.
  /// - Returns: The server, which runs until it is stopped or its last reference goes away.
  /// - Throws: The system's error when the port cannot be had.
  public func serve(port: Int = 0) async throws -> SimulatorServer {
    try await SimulatorServer(transport: transport, port: port)
  }
}

/// A simulator behind a real HTTP/1.1 socket.
///
/// It speaks keep-alive, chunked bodies both ways and `Expect: 100-continue`, and holds no more of a body than a
/// few reads of its socket.
public final class SimulatorServer: Sendable {
  /// The port it listens on.
  public let port: Int
  private let listener: any Channel
  private let connections: Connections

  init(transport: some Transport, port: Int) async throws {
    let connections = Connections()
    self.connections = connections
    // Each connection is served from its beginning: of one that waited in a stream of connections, and was dropped with
    // it when the server stops, NIO says that it must not be.
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
          let connection = try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
            wrappingChannelSynchronously: channel)
          connections.serve { await ServerConnection(transport).run(connection) }
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    self.port = listener.localAddress?.port ?? port
  }

  deinit {
    listener.close(promise: nil)
    connections.breakAll()
  }

  /// The base URL for a client, such as `http://127.0.0.1:8080/v1`.
  public var baseURL: String { "http://127.0.0.1:\(port)/v1" }

  /// Stops listening and breaks the connections that are open; returns when all is closed.
  public func stop() async {
    listener.close(promise: nil)
    connections.breakAll()
    await waitUntilStopped()
  }

  /// Returns when the server has stopped.
  public func waitUntilStopped() async {
    try? await listener.closeFuture.get()
    await connections.waitUntilClosed()
  }
}

/// The tasks that serve a server's connections.
private final class Connections: Sendable {
  private struct State {
    var tasks: [Int: Task<Void, Never>] = [:]
    var count = 0
    var areBroken = false
  }
  private let state = Mutex(State())

  /// Serves a connection, which is broken at once when all are.
  func serve(_ body: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      let number = state.count
      state.count += 1
      let task = Task {
        await body()
        _ = self.state.withLock { $0.tasks.removeValue(forKey: number) }
      }
      if state.areBroken { task.cancel() }
      state.tasks[number] = task
    }
  }

  /// Breaks the connections that are open, and those that come.
  func breakAll() {
    let tasks = state.withLock { state in
      state.areBroken = true
      return state.tasks.values
    }
    for task in tasks { task.cancel() }
  }

  func waitUntilClosed() async {
    while let task = state.withLock({ $0.tasks.values.first }) { await task.value }
  }
}
#endif
