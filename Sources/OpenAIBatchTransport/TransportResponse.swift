// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A response whose head is there and whose body is still to be read.
///
/// Not copyable: the body can be read once, and a second read does not compile.
public struct TransportResponse: ~Copyable, Sendable {
  /// Status and header fields; duplicates are kept.
  public let head: HTTPResponse
  private let body: ResponseBody

  /// Creates a response.
  ///
  /// - Parameters:
  ///   - head: Status and header fields.
  ///   - body: The body, pulled by whoever reads it.
  public init(head: HTTPResponse, body: consuming ResponseBody) {
    self.head = head
    self.body = body
  }

  /// Takes the body out. (Another module cannot consume a field, so it leaves through this method.)
  public consuming func takeBody() -> ResponseBody { body }

  /// Reads the whole body.
  ///
  /// - Parameter limit: The most bytes to hold.
  /// - Throws: ``TransportFailure``: kind `tooLarge` when the body is longer than `limit`.
  public consuming func collect(upTo limit: Int) async throws(TransportFailure) -> [UInt8] {
    try await body.collect(upTo: limit)
  }
}
