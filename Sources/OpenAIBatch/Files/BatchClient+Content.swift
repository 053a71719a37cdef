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
  /// Where the range ends that the server sends, if it is one.
  let end: Int64?
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
  /// - Parameters:
  ///   - offset: Where to start, if the server honours ranges; see what comes back.
  ///   - tag: The server's name for the state of the file of which the bytes before are.
  func open(
    _ id: FileID, from offset: Int64, of tag: String?, _ options: CallOptions
  ) async throws(BatchClientError) -> ContentDownload {
    let deadline = deadline(options)
    do throws(BatchClientError) {
      return try await open(id, ContentRest(offset, of: tag), options, until: deadline)
    } catch  where offset > 0 && error.status == 416 {
      // There is nothing after the offset, or no range is served: the whole file shows which.
      return try await open(id, ContentRest(0, of: nil), options, until: deadline)
    } catch  where error.kind == .notFound && !error.message.contains(id.rawValue) {
      var error = error
      error.message = "The file \(id) is not there: \(error.message)"
      throw error
    }
  }

  private func open(
    _ id: FileID, _ rest: ContentRest, _ options: CallOptions, until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> ContentDownload {
    let operation = BatchOperation<[UInt8]>(
      name: "fileContent", effect: .safe, method: .get,
      path: "/files/\(try id.encoded(for: "fileContent"))/content",
      isTransfer: true, decode: { bytes throws(JSONFailure) in bytes })
    var request = try request(for: operation, options)
    rest.apply(to: &request.head.headerFields)
    do throws(BatchClientError) {
      return try Self.download(
        try await send(
          request, effect: .safe, options, until: deadline, collectLimit: nil,
          record: CallRecord(effect: .safe)),
        from: rest.offset)
    } catch {
      guard error.kind == .redirected, let failure = error.underlying as? StatusFailure else { throw error }
      return try await follow(failure.location, of: request, rest, options, until: deadline)
    }
  }

  /// Follows redirects with none of our headers: the target is someone else's host, and its URL is the key.
  private func follow(
    _ location: String?, of origin: TransportRequest, _ rest: ContentRest, _ options: CallOptions,
    until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> ContentDownload {
    var location = location
    var current = origin
    for _ in 0..<Self.maximumRedirects {
      current.head = try Self.storeHead(location, from: current.head)
      rest.apply(to: &current.head.headerFields)
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
      return try Self.download(response, from: rest.offset)
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
        start: 0, total: total, end: nil, isIncomplete: isIncomplete, tag: fields[.eTag],
        reader: response.takeBody().makeReader())
    }
    guard let range = ContentRange(fields[.contentRange] ?? ""), range.first <= offset, range.last >= offset
    else {
      throw BatchClientError(
        .malformedResponse, operation: "fileContent", "The server sent another range than it was asked for.")
    }
    return ContentDownload(
      start: range.first, total: range.total, end: range.last + 1, isIncomplete: isIncomplete,
      tag: fields[.eTag],
      reader: response.takeBody().makeReader())
  }
}

/// What is wanted of a file: all from an offset on, if it still is in the state in which it was.
private struct ContentRest {
  let offset: Int64
  private let tag: String?

  init(_ offset: Int64, of tag: String?) {
    self.offset = offset
    self.tag = tag
  }

  func apply(to fields: inout HTTPFields) {
    guard offset > 0 else { return }
    fields[.range] = "bytes=\(offset)-"
    // A weak name is none to compare parts of a file by (RFC 9110 §13.1.5).
    if let tag, !tag.hasPrefix("W/") { fields[.ifRange] = tag }
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
