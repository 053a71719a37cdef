// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import OpenAIBatchSimulator
internal import OpenAIBatchTransport

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
  private let listening: Task<Void, Never>

  private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

  init(transport: some Transport, port: Int) async throws {
    let listener = try await Self.listener(port: port)
    self.port = listener.channel.localAddress?.port ?? port
    listening = Task { await Self.accept(listener, transport) }
  }

  deinit {
    listening.cancel()
  }

  /// The base URL for a client, such as `http://127.0.0.1:8080/v1`.
  public var baseURL: String { "http://127.0.0.1:\(port)/v1" }

  /// Stops listening and breaks the connections that are open; returns when all is closed.
  public func stop() async {
    listening.cancel()
    await listening.value
  }

  /// Returns when the server has stopped.
  public func waitUntilStopped() async {
    await listening.value
  }

  private static func listener(port: Int) async throws -> NIOAsyncChannel<Connection, Never> {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .bind(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  private static func accept(_ listener: NIOAsyncChannel<Connection, Never>, _ transport: some Transport)
    async
  {
    // What ends the listener ends the server, and there is nobody left to tell.
    try? await listener.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in connections {
          group.addTask { await ServerConnection(transport).run(connection) }
        }
      }
    }
  }
}
#endif
