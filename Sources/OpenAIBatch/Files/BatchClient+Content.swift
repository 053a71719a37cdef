// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// A download that has begun.
struct ContentDownload: Sendable {
  /// Where in the file the bytes begin.
  let start: Int64
  /// The file's length, where the server says it.
  let total: Int64?
  /// Whether the server says that it is still writing the file.
  let isIncomplete: Bool
  /// The server's name for this state of the file.
  let tag: String?
  let reader: ResponseBodyReader
}

extension BatchClient {
  private static let maximumRedirects = 5

  /// Opens a file's content, following redirects: some providers keep files in a store of their own.
  ///
  /// - Parameter offset: Where to start, if the server honours ranges; see what comes back.
  func open(
    _ id: FileID, from offset: Int64, _ options: CallOptions
  ) async throws(BatchClientError) -> ContentDownload {
    let deadline = deadline(options)
    do throws(BatchClientError) {
      return try await open(id, from: offset, options, until: deadline)
    } catch  where offset > 0 && error.status == 416 {
      // There is nothing after the offset, or no range is served: the whole file shows which.
      return try await open(id, from: 0, options, until: deadline)
    } catch  where error.kind == .notFound && !error.message.contains(id.rawValue) {
      var error = error
      error.message = "The file \(id) is not there: \(error.message)"
      throw error
    }
  }

  private func open(
    _ id: FileID, from offset: Int64, _ options: CallOptions, until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> ContentDownload {
    let operation = BatchOperation<[UInt8]>(
      name: "fileContent", effect: .safe, method: .get,
      path: "/files/\(try id.encoded(for: "fileContent"))/content",
      isTransfer: true, decode: { bytes throws(JSONFailure) in bytes })
    var request = try request(for: operation, options)
    if offset > 0 { request.head.headerFields[.range] = "bytes=\(offset)-" }
    do throws(BatchClientError) {
      return try Self.download(
        try await send(
          request, effect: .safe, options, until: deadline, collectLimit: nil,
          record: CallRecord(effect: .safe)),
        from: offset)
    } catch {
      guard error.kind == .redirected, let failure = error.underlying as? StatusFailure else { throw error }
      return try await follow(failure.location, of: request, from: offset, options, until: deadline)
    }
  }

  /// Follows redirects with none of our headers: the target is someone else's host, and its URL is the key.
  private func follow(
    _ location: String?, of origin: TransportRequest, from offset: Int64, _ options: CallOptions,
    until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> ContentDownload {
    var location = location
    var current = origin
    for _ in 0..<Self.maximumRedirects {
      current.head = try Self.storeHead(location, from: current.head)
      if offset > 0 { current.head.headerFields[.range] = "bytes=\(offset)-" }
      let response: TransportResponse
      do throws(CallFailure) {
        response = try await sendToStore(current, options, until: deadline)
      } catch {
        guard case .status(let status) = error.reason, 300..<400 ~= status.status else {
          throw storeError(error, current)
        }
        location = status.location
        continue
      }
      return try Self.download(response, from: offset)
    }
    throw BatchClientError(
      .redirected, operation: "fileContent", "More than \(Self.maximumRedirects) redirects for one file.")
  }

  private static func storeHead(
    _ location: String?, from head: HTTPRequest
  ) throws(BatchClientError) -> HTTPRequest {
    let target = RedirectTarget(location, from: head)
    guard let target, target.isTrusted else {
      let place = target.map { "to \($0.address.scheme)://\($0.address.authority), which is not https" }
      throw BatchClientError(
        .redirected, operation: "fileContent",
        "The server redirects the file \(place ?? "without a usable address"); it was not followed.")
    }
    return HTTPRequest(
      method: .get, scheme: target.address.scheme, authority: target.address.authority, path: target.target)
  }

  /// A store's refusal says nothing of our key.
  private func storeError(_ failure: CallFailure, _ request: TransportRequest) -> BatchClientError {
    var error = BatchClientError(
      failure, of: request, wallTime: configuration.clock.wallTime(), secrets: secrets)
    if error.kind == .unauthorized { error.kind = .rejected }
    error.message = "The file store at \(request.head.authority ?? ""): \(error.message)"
    return error
  }

  private static func download(
    _ response: consuming TransportResponse, from offset: Int64
  ) throws(BatchClientError) -> ContentDownload {
    let fields = response.head.headerFields
    let isIncomplete = HTTPField.Name("X-Incomplete").flatMap { fields[$0] }?.lowercased() == "true"
    guard response.head.status.code == 206 else {
      let total = fields[.contentLength].flatMap { Int64($0) }
      return ContentDownload(
        start: 0, total: total, isIncomplete: isIncomplete, tag: fields[.eTag],
        reader: response.takeBody().makeReader())
    }
    guard let range = ContentRange(fields[.contentRange] ?? ""), range.first <= offset, range.last >= offset
    else {
      throw BatchClientError(
        .malformedResponse, operation: "fileContent", "The server sent another range than it was asked for.")
    }
    return ContentDownload(
      start: range.first, total: range.total, isIncomplete: isIncomplete, tag: fields[.eTag],
      reader: response.takeBody().makeReader())
  }
}

/// The value of a `Content-Range` header: `bytes 100-199/200`, the total being `*` where it is not known.
private struct ContentRange {
  let first: Int64
  let last: Int64
  let total: Int64?

  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    let bounds = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, bounds.count == 2, let first = Int64(bounds[0]), let last = Int64(bounds[1]),
      first <= last, parts[1] == "*" || (Int64(parts[1]).map { last < $0 } ?? false)
    else { return nil }
    self.first = first
    self.last = last
    total = Int64(parts[1])
  }
}
