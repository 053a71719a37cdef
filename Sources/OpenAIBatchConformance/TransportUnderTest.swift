// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// How a case wants its transport.
public struct TransportOptions: Sendable, Hashable {
  /// How many requests may run at once; others wait, first in, first out.
  public var maxConnections: Int
  /// The proxy to use, such as `http://127.0.0.1:3128`; `nil` for none, whatever the environment says.
  public var proxy: String?
}

/// A transport made for one case, and how to end it.
public struct TransportUnderTest: Sendable {
  /// The transport.
  public let transport: any Transport
  let threadName: String?
  let shutdown: @Sendable () async -> Void

  /// Creates one.
  ///
  /// - Parameters:
  ///   - transport: The transport.
  ///   - threadName: The name of the threads that are the transport's own, at most 15 bytes; `nil` for none.
  ///   - shutdown: Ends it, and returns when its threads and descriptors are gone. May be called more than once.
  public init(
    _ transport: any Transport, threadName: String? = nil, shutdown: @escaping @Sendable () async -> Void
  ) {
    self.transport = transport
    self.threadName = threadName
    self.shutdown = shutdown
  }
}
