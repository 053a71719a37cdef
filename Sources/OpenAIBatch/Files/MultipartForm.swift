// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchTransport
internal import Synchronization

/// A `multipart/form-data` body (RFC 7578) with a file as its last part: streamed, with its exact length, and
/// replayable.
struct MultipartForm: Sendable {
  let contentType: String
  let body: RequestBody

  /// The fields of an upload but the file, in the order in which the official SDK sends them.
  ///
  /// - Parameters:
  ///   - purpose: What the file is for.
  ///   - expiresAfter: When the service deletes it.
  ///   - filename: The file's name, for a provider that wants it as a field, too.
  ///   - provider: How the fields are spelled.
  ///   - extra: Fields of a provider's own.
  static func fields(
    purpose: FilePurpose, expiresAfter: FileExpiration?, filename: String, for provider: Provider,
    extra: [(name: String, value: String)] = []
  ) -> [(name: String, value: String)] {
    var fields = [(name: "purpose", value: purpose.rawValue)]
    if let field = provider.filenameField { fields.append((field, filename)) }
    if let expiresAfter {
      fields.append((provider.formNotation.name("expires_after", "anchor"), expiresAfter.anchor.rawValue))
      fields.append((provider.formNotation.name("expires_after", "seconds"), "\(expiresAfter.seconds)"))
    }
    return fields + extra
  }

  /// Creates a form.
  ///
  /// - Parameters:
  ///   - fields: Names and values, in order; the file comes after them.
  ///   - fileField: The name of the file's field.
  ///   - filename: The file's name for the server.
  ///   - file: The file's content; its length must be known.
  ///   - boundary: Text that does not occur in the parts: random, so that no content can contain it by design.
  init(
    fields: [(name: String, value: String)], fileField: String, filename: String, file: RequestBody,
    boundary: String = Self.randomBoundary()
  ) {
    var head = ""
    for field in fields {
      head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escape(field.name))\"\r\n\r\n"
      head += "\(field.value)\r\n"
    }
    head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(fileField)\"; "
    head += "filename=\"\(Self.escape(filename))\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    let start = Array(head.utf8)
    let end = Array("\r\n--\(boundary)--\r\n".utf8)
    contentType = "multipart/form-data; boundary=\(boundary)"
    body = .producer(
      length: file.length.map { $0 + Int64(start.count + end.count) }, isReplayable: file.isReplayable
    ) {
      JoinedReader([.bytes(start), file, .bytes(end)])
    }
  }

  /// As the WHATWG's HTML standard has browsers escape names: a quote or a line end would break out of the header.
  private static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "%22"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case "\0": result += "%00"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func randomBoundary() -> String {
    let words = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
    return "swift-openai-batch-\(words.joined())"
  }
}

extension Provider.FormNotation {
  fileprivate func name(_ object: String, _ member: String) -> String {
    switch self {
    case .brackets: "\(object)[\(member)]"
    case .dots: "\(object).\(member)"
    }
  }
}

/// Several bodies, one after the other.
private final class JoinedReader: RequestBodyReader {
  private struct State {
    var waiting: ArraySlice<RequestBody>
    var current: (any RequestBodyReader)?
  }
  private let state: Mutex<State>

  init(_ bodies: [RequestBody]) {
    state = Mutex(State(waiting: bodies[...]))
  }

  func next() async throws -> ArraySlice<UInt8>? {
    while true {
      if let current = state.withLock({ $0.current }) {
        if let chunk = try await current.next() { return chunk }
        state.withLock { $0.current = nil }
      } else if let body = state.withLock({ $0.waiting.popFirst() }) {
        let reader = try await body.open()
        state.withLock { $0.current = reader }
      } else {
        return nil
      }
    }
  }
}
