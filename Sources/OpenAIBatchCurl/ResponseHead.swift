// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A checked response head, still in bytes: the engine's thread has better things to do than to make strings.
struct ResponseHead: Sendable, Equatable {
  var statusCode = 0
  /// The reason phrase, and then each field as `name:value`, each ended by a line feed, which none of them has.
  private var text: [UInt8] = []
  private var fieldCount = 0

  var hasFields: Bool { fieldCount > 0 }

  /// Forgets the block before.
  mutating func begin(statusCode: Int, reason: some Collection<UInt8>) {
    self.statusCode = statusCode
    fieldCount = 0
    text.removeAll(keepingCapacity: true)
    text.reserveCapacity(512)
    text.append(contentsOf: reason)
    text.append(UInt8(ascii: "\n"))
  }

  /// - Parameters:
  ///   - name: Of a form that HTTP allows.
  ///   - value: Without blanks around it.
  mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
    text.append(contentsOf: name)
    text.append(UInt8(ascii: ":"))
    text.append(contentsOf: value)
    text.append(UInt8(ascii: "\n"))
    fieldCount += 1
  }

  /// Adds to the last field's value.
  mutating func fold(_ value: some Collection<UInt8>) {
    text.removeLast()
    let start = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let isEmpty = text[start...].firstIndex(of: UInt8(ascii: ":")) == text.count - 1
    if !isEmpty { text.append(UInt8(ascii: " ")) }
    text.append(contentsOf: value)
    text.append(UInt8(ascii: "\n"))
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
    var reason = ""
    var fields = HTTPFields()
    fields.reserveCapacity(fieldCount)
    var start = 0
    while let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = text[start..<end]
      defer { start = end + 1 }
      guard start > 0 else {
        reason = String(decoding: line, as: UTF8.self)
        continue
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let name = Self.fieldName(String(decoding: line[..<colon], as: UTF8.self))
      else { continue }
      fields.append(HTTPField(name: name, value: Self.fieldValue(line[(colon + 1)...])))
    }
    return HTTPResponse(status: .init(code: statusCode, reasonPhrase: reason), headerFields: fields)
  }

  private static func fieldValue(_ bytes: ArraySlice<UInt8>) -> String {
    // Nearly all are, and no question is asked of the decoder then.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
