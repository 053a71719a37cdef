// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
public import OpenAIBatchModels
internal import OpenAIBatchTransport

/// A file's content, in chunks, as it arrives. A slow reader slows the server down.
///
/// A transfer that breaks off is taken up again where it broke: by range where the server can, by skipping
/// what was read already where it cannot. A file's content never changes on the service.
public struct FileContent: AsyncSequence, Sendable {
  /// Some bytes of the file, never none.
  public typealias Element = ArraySlice<UInt8>

  let client: BatchClient
  let id: FileID
  let options: CallOptions
  /// Whether a file that the service is still writing will do.
  var takesIncomplete = true

  /// Starts the download.
  public func makeAsyncIterator() -> Iterator { Iterator(content: self) }

  /// A download under way.
  public struct Iterator: AsyncIteratorProtocol {
    private let content: FileContent
    private var reader: ResponseBodyReader?
    private var delivered: Int64 = 0
    /// The file's length, once a server has said it.
    private(set) var total: Int64?
    /// Whether the service said last that it is still writing the file.
    private(set) var isIncomplete = false
    /// The server's name for the state of the file that is being read.
    private var tag: String?
    private var toSkip: Int64 = 0
    /// Where the range ends that is being read, if it is one.
    private var rangeEnd: Int64?
    private var breaks = 0
    private var isFinished = false

    fileprivate init(content: FileContent) { self.content = content }

    /// The next bytes; `nil` at the end of the file.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> ArraySlice<UInt8>? {
      while !isFinished {
        do throws(BatchClientError) {
          guard let chunk = try await read() else { break }
          let fresh = chunk.dropFirst(Int(Swift.min(toSkip, Int64(chunk.count))))
          toSkip -= Int64(chunk.count - fresh.count)
          guard !fresh.isEmpty else { continue }
          delivered += Int64(fresh.count)
          if let total, delivered > total { throw changed("has more than its \(total) bytes") }
          breaks = 0
          return fresh
        } catch {
          isFinished = true
          throw error
        }
      }
      isFinished = true
      return nil
    }

    /// The next bytes; `nil` at the end of the file.
    public mutating func next() async throws(BatchClientError) -> ArraySlice<UInt8>? {
      try await next(isolation: nil)
    }

    /// The next bytes off the wire; empty when there is to be another try.
    nonisolated(nonsending) private mutating func read() async throws(BatchClientError) -> ArraySlice<UInt8>?
    {
      let reader = try await connected()
      let chunk: ArraySlice<UInt8>?
      do throws(TransportFailure) {
        chunk = try await reader.next()
      } catch {
        try await recover(from: error)
        return []
      }
      guard chunk == nil else { return chunk }
      if toSkip > 0 { throw changed("is shorter now than what had been read of it") }
      if let rangeEnd, delivered >= rangeEnd {
        // A server may give less than the rest of the file, and need not say how long that is.
        if delivered == total { return nil }
        self.reader = nil
        return []
      }
      guard let expected = total ?? rangeEnd, delivered < expected else { return nil }
      try await recover(from: TransportFailure(.truncated, "The file's content ended early."))
      return []
    }

    nonisolated(nonsending) private mutating func connected() async throws(BatchClientError)
      -> ResponseBodyReader
    {
      if let reader { return reader }
      let download = try await content.client.open(
        content.id, from: delivered, of: isIncomplete ? nil : tag, content.options)
      if download.isIncomplete, !content.takesIncomplete {
        throw BatchClientError(
          .notEnded, operation: "fileContent",
          "The service says that the file \(content.id) is not complete yet. Try again later, or take what there "
            + "is: partial results, or its content.")
      }
      // What is still being written grows, and each state of it has a name of its own.
      if !isIncomplete, let total, let now = download.total, now != total {
        throw changed("had \(total) bytes and has \(now)")
      }
      if !isIncomplete, let tag, let now = download.tag, !Self.isSame(now, tag), !download.isIncomplete {
        throw changed("is another one by its ETag")
      }
      tag = download.tag ?? tag
      total = (isIncomplete ? download.total : nil) ?? total ?? download.total
      isIncomplete = download.isIncomplete
      toSkip = delivered - download.start
      rangeEnd = download.end
      reader = download.reader
      return download.reader
    }

    /// Waits and connects anew at the next turn, unless the failure is final or the retries are used up.
    nonisolated(nonsending) private mutating func recover(from failure: TransportFailure)
      async throws(BatchClientError)
    {
      reader = nil
      breaks += 1
      let configuration = content.client.configuration
      let policy = content.options.retry ?? configuration.retry
      let isTransient = [.interrupted, .truncated, .timedOut, .notSent].contains(failure.kind)
      guard isTransient, breaks < policy.maxAttempts else {
        var error = BatchClientError(failure, operation: "fileContent", attempts: breaks)
        error.message += " \(delivered) bytes had been read."
        throw error
      }
      do {
        try await configuration.clock.sleep(
          policy.backoff.delay(after: breaks, random: configuration.random()))
      } catch {
        throw .cancelled("fileContent")
      }
    }

    /// As RFC 9110 §8.8.3.2 compares them where one may be weak.
    private static func isSame(_ one: String, _ other: String) -> Bool {
      one == other
        || one.hasPrefix("W/") != other.hasPrefix("W/") && (one == "W/" + other || other == "W/" + one)
    }

    private func changed(_ words: String) -> BatchClientError {
      BatchClientError(
        .malformedResponse, operation: "fileContent",
        "The file \(content.id) changed while it was being read: it \(words).")
    }
  }
}

@available(*, unavailable)
extension FileContent.Iterator: Sendable {}

extension BatchClient {
  /// A file's content: `GET /files/{file_id}/content`, streamed.
  ///
  /// ```swift
  /// for try await chunk in client.content(of: file.id) { consume(chunk) }
  /// ```
  public func content(of id: FileID, options: CallOptions = CallOptions()) -> FileContent {
    FileContent(client: self, id: id, options: options)
  }
}
