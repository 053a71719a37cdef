// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How long the phases of one request may take.
public struct Timeouts: Sendable, Hashable {
  /// Name resolution, TCP and TLS together. A connection that takes longer fails as `notSent`. 10 s by default.
  public var connect: Duration
  /// The longest silence on an open connection, in either direction. Time during which our own reader or body
  /// source is paused does not count. Half a header line is silence until it is whole. 120 s by default.
  public var idle: Duration
  /// From the start of the request to the last byte of the response, our own pauses included. `nil` means no
  /// limit: right for uploads and file content. 120 s by default.
  public var total: Duration?

  /// Creates timeouts; the defaults suit a JSON call.
  ///
  /// - Parameters:
  ///   - connect: For name resolution, TCP and TLS.
  ///   - idle: The longest silence on an open connection.
  ///   - total: For the whole exchange; `nil` for none.
  public init(
    connect: Duration = .seconds(10), idle: Duration = .seconds(120), total: Duration? = .seconds(120)
  ) {
    self.connect = connect
    self.idle = idle
    self.total = total
  }

  /// For uploads and file content: no total, because it would grow with the data.
  public static let transfer = Timeouts(total: nil)
}
