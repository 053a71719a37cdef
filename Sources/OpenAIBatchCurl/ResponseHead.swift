// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A checked response head, still in bytes: the engine's thread has better things to do than to make strings.
struct ResponseHead: Sendable, Equatable {
  var statusCode = 0
  /// The reason phrase, and then name and value of each field.
  private var text: [UInt8] = []
  /// Where the parts of ``text`` end.
  private var ends: [Int] = []

  var hasFields: Bool { ends.count > 1 }

  /// Forgets the block before.
  mutating func begin(statusCode: Int, reason: some Collection<UInt8>) {
    self.statusCode = statusCode
    text.removeAll(keepingCapacity: true)
    text.reserveCapacity(512)
    ends.removeAll(keepingCapacity: true)
    ends.reserveCapacity(32)
    add(reason)
  }

  /// - Parameters:
  ///   - name: Of a form that HTTP allows.
  ///   - value: Without blanks around it.
  mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
    add(name)
    add(value)
  }

  /// Adds to the last field's value.
  mutating func fold(_ value: some Collection<UInt8>) {
    ends.removeLast()
    if ends.last != text.count { text.append(UInt8(ascii: " ")) }
    add(value)
  }

  private mutating func add(_ part: some Collection<UInt8>) {
    text.append(contentsOf: part)
    ends.append(text.count)
  }

  /// Names as servers write them: checking a name, and writing it in lower case, takes several times as long as to find
  /// it here.
  private static let knownNames: [String: HTTPField.Name] = {
    let names = [
      "Server", "Date", "Content-Type", "Content-Length", "Content-Disposition", "Content-Encoding",
      "Content-Range", "Connection", "Keep-Alive", "Transfer-Encoding", "Accept-Ranges", "Cache-Control",
      "Etag", "ETag", "Last-Modified", "Location", "Retry-After", "Set-Cookie", "Strict-Transport-Security",
      "Vary", "Via", "Alt-Svc", "CF-Cache-Status", "CF-RAY", "X-Content-Type-Options", "X-Request-ID",
      "X-Request-Id", "OpenAI-Organization", "OpenAI-Processing-Ms", "OpenAI-Project", "OpenAI-Version",
      "X-Envoy-Upstream-Service-Time", "X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests",
      "X-Ratelimit-Reset-Requests",
    ]
    let spellings = Set(names + names.map { $0.lowercased() })
    return Dictionary(
      uniqueKeysWithValues: spellings.compactMap { name in HTTPField.Name(name).map { (name, $0) } })
  }()

  private static func fieldName(_ text: String) -> HTTPField.Name? {
    knownNames[text] ?? HTTPField.Name(text)
  }

  /// The head with its strings: UTF-8 where the bytes are, else Latin-1.
  var response: HTTPResponse {
    text.withUnsafeBufferPointer { text in
      func part(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: text[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
      }
      let fields = stride(from: 1, to: ends.count, by: 2).compactMap { index in
        Self.fieldName(String(decoding: part(index), as: UTF8.self))
          .map { HTTPField(name: $0, value: Self.fieldValue(part(index + 1))) }
      }
      var headerFields = HTTPFields()
      headerFields.reserveCapacity(fields.count)
      // In one go: one at a time, each is a replacement.
      headerFields.replaceSubrange(0..<0, with: fields)
      let reason = ends.isEmpty ? "" : String(decoding: part(0), as: UTF8.self)
      return HTTPResponse(status: .init(code: statusCode, reasonPhrase: reason), headerFields: headerFields)
    }
  }

  private static func fieldValue(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    // Nearly all are, and no question is asked of the decoder then.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
