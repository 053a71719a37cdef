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

  private static func fieldName(_ bytes: UnsafeRawBufferPointer) -> HTTPField.Name {
    let text = String(decoding: bytes, as: UTF8.self)
    return knownNames[text] ?? HTTPField.Name(text) ?? unnamed
  }

  /// In place of a name that HTTP does not allow, of which the parser lets none through.
  private static let unnamed = HTTPField.Name("X-Unnamed") ?? .server

  /// The head with its strings: UTF-8 where the bytes are, else Latin-1.
  var response: HTTPResponse {
    parts.withUnsafeBytes { parts in
      guard !parts.isEmpty else { return HTTPResponse(status: .init(code: statusCode)) }
      let (reason, end) = Self.part(at: 0, in: parts)
      let fields = FieldList(parts: parts, startIndex: end)
      var headerFields = HTTPFields()
      headerFields.reserveCapacity(16)
      // In one go: one at a time, each is a replacement.
      headerFields.replaceSubrange(0..<0, with: fields)
      return HTTPResponse(
        status: .init(code: statusCode, reasonPhrase: String(decoding: reason, as: UTF8.self)),
        headerFields: headerFields)
    }
  }

  /// The part that begins at `place`, and where the next one does.
  private static func part(
    at place: Int, in parts: UnsafeRawBufferPointer
  ) -> (UnsafeRawBufferPointer, next: Int) {
    let start = place + lengthBytes
    let end = start + Int(UInt32(littleEndian: parts.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    return (UnsafeRawBufferPointer(rebasing: parts[start..<end]), end)
  }

  /// The fields, each made of its bytes when it is asked for: not an array, which would only be copied.
  private struct FieldList: Collection {
    let parts: UnsafeRawBufferPointer
    let startIndex: Int

    var endIndex: Int { parts.count }

    func index(after place: Int) -> Int { field(at: place).next }

    subscript(place: Int) -> HTTPField {
      let field = field(at: place)
      return HTTPField(name: fieldName(field.name), value: fieldValue(field.value))
    }

    private func field(at place: Int) -> (
      name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, next: Int
    ) {
      let (name, middle) = part(at: place, in: parts)
      let (value, end) = part(at: middle, in: parts)
      return (name, value, end)
    }

    /// The library calls it without knowing the type; one of its own is called at once.
    struct Iterator: IteratorProtocol {
      let fields: FieldList
      var place: Int

      mutating func next() -> HTTPField? {
        guard place < fields.endIndex else { return nil }
        defer { place = fields.index(after: place) }
        return fields[place]
      }
    }

    func makeIterator() -> Iterator { Iterator(fields: self, place: startIndex) }
  }

  private static func fieldValue(_ bytes: UnsafeRawBufferPointer) -> String {
    // Nearly all are, and no question is asked of the decoder then.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
