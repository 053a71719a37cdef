// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchTransport
internal import Synchronization

/// The credentials that went out lately: a server that repeats what it was sent, as some proxies do, must not
/// get them into an error or a log.
final class SentSecrets: Sendable {
  private let values = Mutex<[String]>([])
  private static let capacity = 16
  /// Shorter ones are words: taking them out would garble what a server says.
  private static let leastLength = 8

  /// Ids of requests are there to be quoted.
  private static func isHarmless(_ name: HTTPField.Name) -> Bool {
    switch name {
    case .accept, .userAgent, .contentType, .range, .organization, .project: true
    default: name.canonicalName.hasSuffix("request-id")
    }
  }

  /// Remembers the values of an attempt's header fields that may be secret.
  func note(_ fields: HTTPFields) {
    for field in fields where !Self.isHarmless(field.name) {
      let value = field.value.utf8
      let end = value.lastIndex { $0 != UInt8(ascii: " ") }.map(value.index(after:)) ?? value.startIndex
      let start = value[..<end].lastIndex(of: UInt8(ascii: " ")).map(value.index(after:)) ?? value.startIndex
      note(field.value[start..<end])
    }
  }

  /// Remembers the values of query items that were set for all calls or for one: some services want the key there.
  func note(_ query: [(name: String, value: String)]) {
    // A version is no secret, and what a service says of it helps.
    for item in query where item.name != "api-version" {
      note(item.value[...])
      note(PathSegment.encode(item.value)[...])
    }
  }

  private func note(_ value: Substring) {
    guard value.utf8.count >= Self.leastLength else { return }
    values.withLock { values in
      if let last = values.last, last == value { return }
      // The one that was used last stays longest.
      values.removeAll { $0 == value }
      values.append(String(value))
      if values.count > Self.capacity { values.removeFirst() }
    }
  }

  /// The text with `<redacted>` in the place of each secret.
  func redacting(_ text: String) -> String {
    values.withLock { $0 }.reduce(text) { text, secret in
      text.contains(secret)
        ? text.split(separator: secret, omittingEmptySubsequences: false)
          .joined(separator: "<redacted>") : text
    }
  }

  /// The error with `<redacted>` in the place of each secret.
  func redacting(_ error: APIError) -> APIError {
    APIError(
      message: redacting(error.message), type: error.type.map { redacting($0) },
      param: error.param.map { redacting($0) }, code: error.code.map { ErrorCode(redacting($0.rawValue)) })
  }

  /// The head with `<redacted>` in the place of each secret.
  func redacting(_ head: HTTPResponse) -> HTTPResponse {
    var head = head
    head.headerFields = HTTPFields(
      head.headerFields.map { HTTPField(name: $0.name, value: redacting($0.value)) })
    return head
  }
}
