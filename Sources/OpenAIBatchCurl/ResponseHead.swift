// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A checked response head, still in bytes: the engine's thread has better things to do than to make strings.
struct ResponseHead: Sendable, Equatable {
  var statusCode = 0
  /// The reason phrase, and then name and value of each field: each in four bytes its length, and then itself.
  private var parts: [UInt8] = []
  /// Where the last part begins.
  private var lastPart = 0

  var hasFields: Bool { lastPart > 0 }

  /// Forgets the block before.
  mutating func begin(statusCode: Int, reason: Span<UInt8>) {
    self.statusCode = statusCode
    parts.removeAll(keepingCapacity: true)
    parts.reserveCapacity(512)
    add(reason)
  }

  /// - Parameters:
  ///   - name: Of a form that HTTP allows.
  ///   - value: Without blanks around it.
  mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
    add(name)
    add(value)
  }

  /// Adds to the last field's value.
  mutating func fold(_ value: Span<UInt8>) {
    if parts.count > lastPart + Self.lengthBytes { parts.append(UInt8(ascii: " ")) }
    value.withUnsafeBufferPointer { parts.append(contentsOf: $0) }
    noteLength()
  }

  private static let lengthBytes = 4

  private mutating func add(_ part: Span<UInt8>) {
    lastPart = parts.count
    withUnsafeBytes(of: UInt32(part.count).littleEndian) { parts.append(contentsOf: $0) }
    part.withUnsafeBufferPointer { parts.append(contentsOf: $0) }
  }

  private mutating func noteLength() {
    let start = lastPart
    let length = UInt32(parts.count - start - Self.lengthBytes).littleEndian
    parts.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: UInt32.self) }
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
    parts.withUnsafeBytes { parts in
      var place = 0
      func next() -> UnsafeRawBufferPointer {
        let start = place + Self.lengthBytes
        place = start + Int(UInt32(littleEndian: parts.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
        return UnsafeRawBufferPointer(rebasing: parts[start..<place])
      }
      let reason = parts.isEmpty ? "" : String(decoding: next(), as: UTF8.self)
      var fields: [HTTPField] = []
      fields.reserveCapacity(16)
      while place < parts.count {
        let (name, value) = (next(), next())
        guard let name = Self.fieldName(String(decoding: name, as: UTF8.self)) else { continue }
        fields.append(HTTPField(name: name, value: Self.fieldValue(value)))
      }
      // In one go: one at a time, each is a replacement.
      var headerFields = HTTPFields()
      headerFields.reserveCapacity(fields.count)
      headerFields.replaceSubrange(0..<0, with: fields)
      return HTTPResponse(status: .init(code: statusCode, reasonPhrase: reason), headerFields: headerFields)
    }
  }

  private static func fieldValue(_ bytes: UnsafeRawBufferPointer) -> String {
    // Nearly all are, and no question is asked of the decoder then.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
