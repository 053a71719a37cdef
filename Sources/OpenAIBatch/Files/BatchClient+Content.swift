// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// A download that has begun: where in the file it starts, and its bytes.
struct ContentDownload: Sendable {
  let start: Int64
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
    let operation = BatchOperation<[UInt8]>(
      name: "fileContent", effect: .safe, method: .get,
      path: "/files/\(try id.encoded(for: "fileContent"))/content",
      isTransfer: true, decode: { bytes throws(JSONFailure) in bytes })
    var options = options
    let range = "bytes=\(offset)-"
    if offset > 0 { options.headers[.range] = range }
    let origin = try request(for: operation, options)
    do throws(BatchClientError) {
      return try Self.download(try await send(operation, options, collectLimit: nil), from: offset)
    } catch {
      guard error.kind == .redirected, let failure = error.underlying as? StatusFailure else { throw error }
      return try await follow(failure.location, of: origin, from: offset)
    }
  }

  /// Follows redirects with none of our headers: the target is someone else's host, and its URL is the key.
  private func follow(
    _ location: String?, of origin: TransportRequest, from offset: Int64
  ) async throws(BatchClientError) -> ContentDownload {
    var location = location
    var current = origin
    for _ in 0..<Self.maximumRedirects {
      current.head = try Self.target(of: location, from: current.head)
      if offset > 0 { current.head.headerFields[.range] = "bytes=\(offset)-" }
      let response: TransportResponse
      do throws(TransportFailure) {
        response = try await transport.send(current)
      } catch {
        throw BatchClientError(
          BatchClientError.kind(of: error), operation: "fileContent", error.message, attempts: 1,
          underlying: error)
      }
      switch response.head.status.kind {
      case .successful: return try Self.download(response, from: offset)
      case .redirection: location = response.head.headerFields[.location]
      default:
        let status = response.head.status.code
        var error = BatchClientError(
          status == 404 ? .notFound : status >= 500 ? .serverError : .rejected, operation: "fileContent",
          "The file store at \(current.head.authority ?? "") answered with status \(status).", attempts: 1)
        error.status = status
        throw error
      }
    }
    throw BatchClientError(
      .redirected, operation: "fileContent", "More than \(Self.maximumRedirects) redirects for one file.")
  }

  private static func target(
    of location: String?, from head: HTTPRequest
  ) throws(BatchClientError) -> HTTPRequest {
    let origin = "\(head.scheme ?? "https")://\(head.authority ?? "")"
    let text = location.map { $0.hasPrefix("/") && !$0.hasPrefix("//") ? origin + $0 : $0 } ?? ""
    // A signed URL ends in characters of its own; the fragment is never sent.
    let bare = String(text.prefix { $0 != "#" })
    guard let address = try? WebAddress(bare), address.scheme == "https" || address.isLoopback else {
      throw BatchClientError(
        .redirected, operation: "fileContent",
        "The server redirects the file to an address that is not https; it was not followed.")
    }
    let path = bare.dropFirst(address.scheme.count + 3 + address.authority.utf8.count)
    return HTTPRequest(
      method: .get, scheme: address.scheme, authority: address.authority,
      path: path.hasPrefix("/") ? String(path) : "/\(path)")
  }

  private static func download(
    _ response: consuming TransportResponse, from offset: Int64
  ) throws(BatchClientError) -> ContentDownload {
    var start: Int64 = 0
    if response.head.status.code == 206 {
      // "bytes 100-199/200"
      let range = response.head.headerFields[.contentRange] ?? ""
      guard let first = range.split(separator: " ").last?.split(separator: "-").first.flatMap({ Int64($0) }),
        first <= offset
      else {
        throw BatchClientError(
          .malformedResponse, operation: "fileContent", "The server sent another range than it was asked for."
        )
      }
      start = first
    }
    return ContentDownload(start: start, reader: response.takeBody().makeReader())
  }
}
