// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One HTTP request on its way to a ``Transport``.
///
/// Its descriptions name the method, the host and the operation, and never a header's value: headers carry
/// credentials.
public struct TransportRequest: Sendable {
  /// Method, scheme, authority, path (with its query) and header fields.
  public var head: HTTPRequest
  /// The bytes to send.
  public var body: RequestBody
  /// How long each phase may take.
  public var timeouts: Timeouts
  /// The operation's name, such as `createBatch`: for logs and metrics.
  public var operation: String
  /// Whether the response is likely long, such as a file's content: a hint, by which a transport may choose its
  /// buffers.
  public var expectsLongResponse = false

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - head: Method, scheme, authority, path and header fields.
  ///   - body: The bytes to send; empty by default.
  ///   - timeouts: How long each phase may take.
  ///   - operation: The operation's name, for logs and metrics.
  public init(
    head: HTTPRequest, body: RequestBody = .empty, timeouts: Timeouts = Timeouts(), operation: String
  ) {
    self.head = head
    self.body = body
    self.timeouts = timeouts
    self.operation = operation
  }
}

extension TransportRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Method, host and operation.
  public var description: String {
    "\(head.method.rawValue) \(head.scheme ?? "")://\(head.authority ?? "") (\(operation))"
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows nothing that could be a secret.
  public var customMirror: Mirror {
    Mirror(self, children: ["operation": operation, "timeouts": timeouts], displayStyle: .struct)
  }
}
