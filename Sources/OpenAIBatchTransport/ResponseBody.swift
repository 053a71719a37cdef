// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The bytes of a response, read once.
///
/// ``next()`` is the back-pressure: if nobody calls it, the server has to wait. Dropping the body aborts the
/// transfer.
public struct ResponseBody: ~Copyable, Sendable {
  private enum Content {
    case bytes([UInt8])
    case reader(ResponseBodyReader)
  }
  private var content: Content

  /// Creates a body over `source`, which is abandoned when the body is dropped.
  public init(_ source: any ResponseBodySource) {
    content = .reader(ResponseBodyReader(source))
  }

  /// Creates a body of bytes that are already there.
  public init(bytes: [UInt8] = []) {
    content = .bytes(bytes)
  }

  /// The next bytes, never empty; `nil` at the end.
  ///
  /// - Throws: ``TransportFailure``, also after bytes were delivered; kind `cancelled` when the task is.
  public mutating func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    switch content {
    case .bytes(let bytes):
      content = .bytes([])
      return bytes.isEmpty ? nil : bytes[...]
    case .reader(let reader):
      return try await reader.next()
    }
  }

  /// Reads all bytes that are left.
  ///
  /// - Parameter limit: The most bytes to hold.
  /// - Throws: ``TransportFailure``: kind `tooLarge` when there are more than `limit`.
  public consuming func collect(upTo limit: Int) async throws(TransportFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    while let chunk = try await next() {
      guard chunk.count <= limit - bytes.count else {
        throw TransportFailure(.tooLarge, "The response body is longer than \(limit) bytes.")
      }
      if bytes.isEmpty, chunk.startIndex == 0 {
        bytes = Array(chunk)
      } else {
        bytes.append(contentsOf: chunk)
      }
    }
    return bytes
  }

  /// Turns the body into a shared reader, for code that must store it in a copyable value such as an
  /// iterator. One task at a time may read.
  public consuming func makeReader() -> ResponseBodyReader {
    switch content {
    case .bytes(let bytes): ResponseBodyReader(ChunkReader(bytes[...]))
    case .reader(let reader): reader
    }
  }
}

/// What a transport implements to deliver a response body.
public protocol ResponseBodySource: AnyObject, Sendable {
  /// The next bytes, never empty; `nil` at the end. Called by one task at a time.
  func next() async throws(TransportFailure) -> ArraySlice<UInt8>?
  /// Gives up on the rest. Called once, when the reader goes away, also after the end.
  func abandon()
}

/// A response body that can be stored: the last reference gone aborts the transfer.
public final class ResponseBodyReader: Sendable {
  private let source: any ResponseBodySource

  init(_ source: any ResponseBodySource) {
    self.source = source
  }

  deinit {
    source.abandon()
  }

  /// The next bytes, never empty; `nil` at the end.
  public func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    try await source.next()
  }
}

extension ChunkReader: ResponseBodySource {
  package func abandon() {}
}
