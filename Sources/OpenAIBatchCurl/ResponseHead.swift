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

  /// The head with its strings: UTF-8 where the bytes are, else Latin-1.
  var response: HTTPResponse {
    var rest = text[...]
    func nextLine() -> ArraySlice<UInt8>? {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return rest[..<end]
    }
    let reason = String(decoding: nextLine() ?? [], as: UTF8.self)
    var fields = HTTPFields()
    fields.reserveCapacity(fieldCount)
    while let line = nextLine() {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
      else { continue }
      let value = line[(colon + 1)...]
      let string =
        String(validating: value, as: UTF8.self)
        ?? String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
      fields.append(HTTPField(name: name, value: string))
    }
    return HTTPResponse(status: .init(code: statusCode, reasonPhrase: reason), headerFields: fields)
  }
}
