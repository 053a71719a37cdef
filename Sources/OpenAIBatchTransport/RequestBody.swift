// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The bytes of a request, how many they are, and whether they can be sent again.
public struct RequestBody: Sendable {
  /// Where the bytes come from. A transport may take a shortcut for the first three; ``RequestBody/open()``
  /// serves all four.
  public enum Source: Sendable {
    /// No body at all.
    case empty
    /// Bytes in memory.
    case bytes([UInt8])
    /// A whole regular file.
    case file(path: String)
    /// A function that starts the bytes anew at each call.
    case producer(@Sendable () async throws -> any RequestBodyReader)
  }

  /// Where the bytes come from.
  public let source: Source
  /// The exact number of bytes, or `nil` when it is not known (sent chunked).
  public let length: Int64?
  /// Whether ``open()`` can be called again and gives the same bytes. A body that cannot be replayed is never
  /// retried.
  public let isReplayable: Bool

  private init(source: Source, length: Int64?, isReplayable: Bool) {
    self.source = source
    self.length = length
    self.isReplayable = isReplayable
  }

  /// No body.
  public static let empty = RequestBody(source: .empty, length: 0, isReplayable: true)

  /// A body in memory.
  public static func bytes(_ bytes: [UInt8]) -> RequestBody {
    RequestBody(source: .bytes(bytes), length: Int64(bytes.count), isReplayable: true)
  }

  /// A file's content, streamed from disk.
  ///
  /// The length is taken now. A file that cannot be read, or that has another length when it is sent, fails
  /// with the kind `body`.
  public static func file(_ path: String) -> RequestBody {
    RequestBody(source: .file(path: path), length: FileBytes.length(of: path), isReplayable: true)
  }

  /// Bytes made on demand.
  ///
  /// - Parameters:
  ///   - length: The exact number of bytes, if known. A producer that gives fewer or more fails with the kind
  ///     `body`.
  ///   - isReplayable: Whether each call of `open` gives the same bytes again.
  ///   - open: Starts the bytes. Called once for each attempt.
  public static func producer(
    length: Int64?, isReplayable: Bool, open: @escaping @Sendable () async throws -> any RequestBodyReader
  ) -> RequestBody {
    RequestBody(source: .producer(open), length: length, isReplayable: isReplayable)
  }

  /// Starts the bytes from the beginning, checked against ``length`` as they are read.
  ///
  /// - Throws: ``TransportFailure`` of kind `body`, with the source's own error as its cause.
  public func open() async throws(TransportFailure) -> LengthCheckedReader {
    let reader: any RequestBodyReader
    do {
      switch source {
      case .empty: reader = ChunkReader([])
      case .bytes(let bytes): reader = ChunkReader(bytes[...])
      case .file(let path): reader = try FileBytes(path: path)
      case .producer(let open): reader = try await open()
      }
    } catch {
      throw TransportFailure(
        ofSource: error, "The request body could not be opened.", mayHaveReachedServer: false)
    }
    return LengthCheckedReader(reader, length: length)
  }
}

/// Pulls the bytes of a request body.
///
/// One reader serves one attempt and is read by one task at a time. Asking for bytes is the back-pressure.
/// Dropping the reader must release what it holds.
public protocol RequestBodyReader: AnyObject, Sendable {
  /// The next bytes, never empty; `nil` at the end.
  func next() async throws -> ArraySlice<UInt8>?
}
